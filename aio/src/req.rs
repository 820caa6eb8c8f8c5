//! What a program fills in, and what it may ask for.

use crate::table::hash;
use crate::Context;
use libc::c_int;
use oxiring::uapi::*;
use std::mem::transmute;
use std::ptr::{from_ref, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// `io_uring_aio_cancel_fn`.
pub type CancelFn = unsafe extern "C" fn(*mut Req) -> c_int;
/// `io_uring_aio_complete_fn`.
pub type CompleteFn = unsafe extern "C" fn(*const Context, *mut Req, i32);

/// `IO_URING_AIO_DSYNC`: the data is durable, and what is needed to read it.
pub const DSYNC: u32 = 1;
/// `IO_URING_AIO_SYNC`: the file's attributes as well.
pub const SYNC: u32 = 2;

/// Who issues a read or write of a file, where the submitter knows better than the library.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
pub enum Issue {
    /// The thread that submits it, if the context has a ring. The thread is going to wait for events, and what it sleeps in is interrupted when
    /// the request is done; at its end it waits for it.
    Here = 1,
    /// The issuer: no thread of the program's hears of it, and it is completed though none may ask for events.
    Issuer = 2,
}

/// A request, in memory of the program. C has a `struct io_uring_aio_req`.
#[repr(C)]
#[derive(Debug)]
pub struct Req {
    /// What is to be done.
    pub sqe: io_uring_sqe,
    /// [`IDLE`] or [`LIVE`], mixed with the address.
    state: AtomicU64,
    complete: AtomicPtr<()>,
    sync: AtomicU32,
    /// An [`Issue`], or 0 where the library finds out; and [`FINISHES`].
    issue: AtomicU32,
    /// Of the SQE as it was submitted.
    user_data: AtomicU64,
    resv: [u64; 4],
}

/// The end of the context does not cancel it.
const FINISHES: u32 = 1 << 31;

/// Initialised, and not in flight.
const IDLE: u64 = 0x6f78_6972_696e_6700;
/// Given to a context, and its event not delivered.
const LIVE: u64 = IDLE + 1;

impl Req {
    fn mark(&self, mark: u64) -> u64 {
        // A copy of a request is not a request.
        mark ^ from_ref(self) as u64
    }

    fn is_marked(&self, mark: u64) -> bool {
        self.state.load(Ordering::Relaxed) == self.mark(mark)
    }

    /// `io_uring_aio_req_init`: -EBUSY for a request that is in flight.
    ///
    /// # Safety
    ///
    /// `req` points to memory of that size.
    pub unsafe fn init(req: *mut Self) -> c_int {
        // SAFETY: the caller's promise; all bits are values of the member.
        if is_live(req, || unsafe { (*req).is_marked(LIVE) }) {
            return -libc::EBUSY;
        }
        // SAFETY: the caller's promise. What a helper that prepares an SQE leaves alone is zero.
        unsafe { req.write_bytes(0, 1) };
        // SAFETY: zeros are values of all members.
        let req = unsafe { &*req };
        req.state.store(req.mark(IDLE), Ordering::Relaxed);
        0
    }

    /// Takes the request for a context: -EINVAL when it was not initialised, -EBUSY when it is in flight.
    pub(crate) fn take(&self) -> Result<(), c_int> {
        // Acquire: what the last life of the request left is over; pairs with `give_back`.
        let taken = self.state.compare_exchange(self.mark(IDLE), self.mark(LIVE), Ordering::Acquire, Ordering::Relaxed);
        match taken {
            Ok(_) => {
                self.user_data.store(self.sqe.user_data, Ordering::Relaxed);
                count(self, 1);
                Ok(())
            }
            Err(state) if state == self.mark(LIVE) => Err(-libc::EBUSY),
            Err(_) => Err(-libc::EINVAL),
        }
    }

    pub(crate) fn user_data(&self) -> u64 {
        self.user_data.load(Ordering::Relaxed)
    }

    /// The request is the program's again.
    pub(crate) fn give_back(&self) {
        count(self, -1);
        self.state.store(self.mark(IDLE), Ordering::Release);
    }

    fn check_idle(&self) -> Result<(), c_int> {
        if self.is_marked(IDLE) {
            Ok(())
        } else {
            Err(if self.is_marked(LIVE) { -libc::EBUSY } else { -libc::EINVAL })
        }
    }

    /// `io_uring_aio_req_defer`.
    pub fn defer(&self, function: Option<CompleteFn>) -> Result<(), c_int> {
        self.check_idle()?;
        self.complete.store(function.map_or(null_mut(), |function| function as *mut ()), Ordering::Relaxed);
        Ok(())
    }

    /// Who is to issue the request, and whether it is waited for at the end of its context and not cancelled; until the next init or until it is
    /// said again.
    pub fn set_issue(&self, issue: Issue, finishes: bool) -> Result<(), c_int> {
        self.check_idle()?;
        self.issue.store(issue as u32 | if finishes { FINISHES } else { 0 }, Ordering::Relaxed);
        Ok(())
    }

    /// What [`set_issue`](Self::set_issue) has said, if anything.
    pub(crate) fn issue(&self) -> Option<Issue> {
        match self.issue.load(Ordering::Relaxed) & !FINISHES {
            here if here == Issue::Here as u32 => Some(Issue::Here),
            issuer if issuer == Issue::Issuer as u32 => Some(Issue::Issuer),
            _ => None,
        }
    }

    pub(crate) fn finishes(&self) -> bool {
        self.issue.load(Ordering::Relaxed) & FINISHES != 0
    }

    pub(crate) fn complete_fn(&self) -> *mut () {
        self.complete.load(Ordering::Relaxed)
    }

    /// `io_uring_aio_req_sync`: -EOPNOTSUPP for what is no write.
    pub fn sync(&self, flags: u32) -> Result<(), c_int> {
        self.check_idle()?;
        if flags & !(DSYNC | SYNC) != 0 {
            return Err(-libc::EINVAL);
        }
        if flags != 0 && !is_write(&self.sqe) {
            return Err(-libc::EOPNOTSUPP);
        }
        self.sync.store(flags, Ordering::Relaxed);
        Ok(())
    }

    /// Whether it may be submitted.
    pub(crate) fn check(&self) -> Result<(), c_int> {
        check(&self.sqe)?;
        if self.sync.load(Ordering::Relaxed) != 0 && !is_write(&self.sqe) {
            return Err(-libc::EOPNOTSUPP);
        }
        Ok(())
    }

    /// What is submitted for the request, but for the user_data.
    pub(crate) fn prepared(&self) -> io_uring_sqe {
        let mut sqe = self.sqe;
        let sync = self.sync.load(Ordering::Relaxed);
        if sync != 0 {
            // The kernel syncs before it posts the CQE.
            sqe.rw_flags |= if sync & SYNC != 0 { libc::RWF_SYNC } else { libc::RWF_DSYNC } as u32;
        }
        sqe
    }
}

// ---- whether memory is a request in flight, as a rule without looking into it -----------------------------------------------------------
//
// What a program has initialised for the first time may contain anything, and a checker of memory takes offence when a decision depends on it. So
// init asks here. Requests are sorted by their address into classes, and a class knows how many it has in flight, and which if it is one.
// Only where there are several does the memory itself have to be asked, and the tables of all contexts only before a request is refused.

const CLASSES: usize = 1024;

/// | bits | meaning |
/// |---|---|
/// | 0–47 | the exclusive or of the addresses of the requests in flight, without their lowest three bits, which are 0 |
/// | 48–63 | how many they are |
static IN_FLIGHT: [AtomicU64; CLASSES] = [const { AtomicU64::new(0) }; CLASSES];

const COUNT_SHIFT: u32 = 48;
const ADDRESSES: u64 = (1 << COUNT_SHIFT) - 1;

fn class_of(req: *const Req) -> &'static AtomicU64 {
    &IN_FLIGHT[hash(req, CLASSES)]
}

fn address_of(req: *const Req) -> u64 {
    req as u64 >> 3 & ADDRESSES
}

/// The request's flight begins (1) or is over (-1). Relaxed, as below: who asks about a request that another thread is just submitting gets one
/// answer or the other.
fn count(req: *const Req, by: i64) {
    let class = class_of(req);
    let mut word = class.load(Ordering::Relaxed);
    loop {
        let new = (word ^ address_of(req)).wrapping_add_signed(by << COUNT_SHIFT);
        match class.compare_exchange_weak(word, new, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => word = other,
        }
    }
}

/// Whether the request is in flight; `marked` says whether its memory says so.
fn is_live(req: *const Req, marked: impl FnOnce() -> bool) -> bool {
    let word = class_of(req).load(Ordering::Relaxed);
    let maybe = match word >> COUNT_SHIFT {
        0 => false,
        1 => word & ADDRESSES == address_of(req),
        _ => marked(),
    };
    maybe && Context::any_has(req)
}

// ---- what a request may be --------------------------------------------------------------------------------------------------------------

/// The function of a request, from the slot.
///
/// # Safety
///
/// The pointer is not null and came from [`Req::complete_fn`].
pub(crate) unsafe fn complete_fn(function: *mut ()) -> CompleteFn {
    // SAFETY: the caller's promise.
    unsafe { transmute::<*mut (), CompleteFn>(function) }
}

/// Likewise of [`CancelFn`].
///
/// # Safety
///
/// The pointer is not null and was made of a `CancelFn`.
pub(crate) unsafe fn cancel_fn(function: *mut ()) -> CancelFn {
    // SAFETY: the caller's promise.
    unsafe { transmute::<*mut (), CancelFn>(function) }
}

fn is_write(sqe: &io_uring_sqe) -> bool {
    matches!(u32::from(sqe.opcode), IORING_OP_WRITE | IORING_OP_WRITEV)
}

/// Flags of an SQE that a request may have.
const SQE_FLAGS: u32 = IOSQE_ASYNC;

/// -EINVAL for what a request cannot be: more than one completion, a place in the ring's order, what is registered with a ring, and what
/// is aimed at other requests of the ring, which the program does not see.
fn check(sqe: &io_uring_sqe) -> Result<(), c_int> {
    let ioprio = u32::from(sqe.ioprio);
    let good = match u32::from(sqe.opcode) {
        IORING_OP_READ_FIXED | IORING_OP_WRITE_FIXED | IORING_OP_READV_FIXED | IORING_OP_WRITEV_FIXED => false,
        IORING_OP_FILES_UPDATE | IORING_OP_PROVIDE_BUFFERS | IORING_OP_REMOVE_BUFFERS | IORING_OP_MSG_RING => false,
        IORING_OP_FIXED_FD_INSTALL | IORING_OP_READ_MULTISHOT | IORING_OP_RECV_ZC | IORING_OP_URING_CMD128 => false,
        IORING_OP_ASYNC_CANCEL | IORING_OP_POLL_REMOVE | IORING_OP_TIMEOUT_REMOVE | IORING_OP_LINK_TIMEOUT => false,
        IORING_OP_NOP128 => false,
        IORING_OP_POLL_ADD => sqe.len == 0,
        IORING_OP_TIMEOUT => sqe.off == 0 && sqe.rw_flags & IORING_TIMEOUT_MULTISHOT == 0,
        IORING_OP_ACCEPT => ioprio & IORING_ACCEPT_MULTISHOT == 0 && sqe.file_index == 0,
        IORING_OP_OPENAT | IORING_OP_OPENAT2 | IORING_OP_CLOSE | IORING_OP_SOCKET | IORING_OP_PIPE => {
            sqe.file_index == 0
        }
        IORING_OP_RECV | IORING_OP_RECVMSG => ioprio & (IORING_RECV_MULTISHOT | IORING_RECVSEND_BUNDLE) == 0,
        IORING_OP_SEND | IORING_OP_SENDMSG | IORING_OP_SEND_ZC | IORING_OP_SENDMSG_ZC => {
            ioprio & (IORING_RECVSEND_FIXED_BUF | IORING_RECVSEND_BUNDLE) == 0
        }
        IORING_OP_SPLICE | IORING_OP_TEE => sqe.rw_flags & SPLICE_F_FD_IN_FIXED == 0,
        IORING_OP_URING_CMD => sqe.rw_flags == 0,
        // Later its numbers may mean other files.
        IORING_OP_EPOLL_CTL => u32::from(sqe.flags) & IOSQE_ASYNC == 0,
        _ => true,
    };
    if good && u32::from(sqe.flags) & !SQE_FLAGS == 0 && sqe.personality == 0 {
        Ok(())
    } else {
        Err(-libc::EINVAL)
    }
}

/// A member that names a file which the kernel looks up when it carries the request out, and not when it takes it.
#[derive(Debug)]
pub(crate) enum Late<'a> {
    /// That a path begins at.
    Directory(&'a mut u32),
    SplicedFrom(&'a mut u32),
    /// Of a request that a thread of the kernel's is to carry out, because it may block or because `IOSQE_ASYNC` says so.
    Itself(&'a mut u32),
}

impl Late<'_> {
    pub(crate) fn number(&mut self) -> &mut u32 {
        match self {
            Self::Directory(number) | Self::SplicedFrom(number) | Self::Itself(number) => number,
        }
    }
}

/// Those of an SQE. What epoll_ctl is about are alike, but there it is the number that counts.
pub(crate) fn late_files(sqe: &mut io_uring_sqe) -> [Option<Late<'_>>; 2] {
    let is_late = u32::from(sqe.flags) & IOSQE_ASYNC != 0 && file_of(sqe) >= 0;
    // SAFETY: an i32 is as good as a u32.
    let fd = unsafe { &mut *(&raw mut sqe.fd).cast::<u32>() };
    match u32::from(sqe.opcode) {
        IORING_OP_OPENAT | IORING_OP_OPENAT2 | IORING_OP_STATX | IORING_OP_UNLINKAT | IORING_OP_MKDIRAT => {
            [Some(Late::Directory(fd)), None]
        }
        IORING_OP_SYMLINKAT => [Some(Late::Directory(fd)), None],
        IORING_OP_RENAMEAT | IORING_OP_LINKAT => [Some(Late::Directory(fd)), Some(Late::Directory(&mut sqe.len))],
        IORING_OP_SPLICE | IORING_OP_TEE => [Some(Late::Itself(fd)), Some(Late::SplicedFrom(&mut sqe.file_index))],
        IORING_OP_FSYNC | IORING_OP_SYNC_FILE_RANGE | IORING_OP_FALLOCATE | IORING_OP_FADVISE => {
            [Some(Late::Itself(fd)), None]
        }
        IORING_OP_FTRUNCATE | IORING_OP_FSETXATTR | IORING_OP_FGETXATTR | IORING_OP_SHUTDOWN => {
            [Some(Late::Itself(fd)), None]
        }
        _ if is_late => [Some(Late::Itself(fd)), None],
        _ => [None, None],
    }
}

/// Whether a read or write that a file's own queue may carry out.
pub(crate) fn is_plain_io(sqe: &io_uring_sqe) -> bool {
    let opcode = u32::from(sqe.opcode);
    matches!(opcode, IORING_OP_READ | IORING_OP_WRITE | IORING_OP_READV | IORING_OP_WRITEV) && sqe.flags == 0
}

/// The file that a request is for, by its number; -1 for what is for none, or for a directory to begin a path at.
pub(crate) fn file_of(sqe: &io_uring_sqe) -> c_int {
    match u32::from(sqe.opcode) {
        IORING_OP_READV | IORING_OP_WRITEV | IORING_OP_READ | IORING_OP_WRITE | IORING_OP_FSYNC => sqe.fd,
        IORING_OP_SYNC_FILE_RANGE | IORING_OP_FALLOCATE | IORING_OP_FADVISE | IORING_OP_FTRUNCATE => sqe.fd,
        IORING_OP_SENDMSG | IORING_OP_RECVMSG | IORING_OP_SEND | IORING_OP_RECV | IORING_OP_SEND_ZC => sqe.fd,
        IORING_OP_SENDMSG_ZC | IORING_OP_ACCEPT | IORING_OP_CONNECT | IORING_OP_SHUTDOWN | IORING_OP_BIND => sqe.fd,
        IORING_OP_LISTEN | IORING_OP_POLL_ADD | IORING_OP_EPOLL_WAIT | IORING_OP_SPLICE | IORING_OP_TEE => sqe.fd,
        IORING_OP_FSETXATTR | IORING_OP_FGETXATTR | IORING_OP_URING_CMD => sqe.fd,
        _ => -1,
    }
}
