//! From an iocb to a request of the engine, or the error that kernel AIO has for it.
//!
//! What kernel AIO refuses in io_submit is refused there, in the kernel's order, and nothing that follows is looked at. io_uring would say it
//! in the event, and carry out what follows.

use crate::abi::{Iocb, FDSYNC, FSYNC, IOCB_FLAG_IOPRIO, IOCB_FLAG_RESFD, POLL, PREAD, PREADV, PWRITE, PWRITEV};
use crate::context::{Means, Own, Request, Shared};
use crate::user::{Asked, TASK_SIZE};
use crate::{at_once, rw_flags};
use libc::c_int;
use oxiring::op;
use oxiring::uapi::io_uring_sqe;
use oxiring_aio::file::{flags_of, is_direct, mode_and_size_of};
use oxiring_aio::Issue;
use std::mem::{offset_of, size_of};

/// What the kernel reads or writes at most in one call.
pub(crate) const MAX_RW_COUNT: u64 = 0x7fff_f000;
const UIO_MAXIOV: u64 = 1024;

/// How a request is carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// By the engine.
    Engine,
    /// By the engine: a direct read or write, or one that is large.
    Disk,
    /// By the thread that submits it, if it does not block.
    ReadAtOnce,
    WriteAtOnce,
    /// A write that the kernel does not begin before those before it are done: by the thread, though it may block.
    AppendAtOnce,
    /// A write to the page cache that takes its time: those that follow wait for it.
    WriteInOrder,
    /// A direct write that makes the file longer. Kernel AIO has done it when io_submit returns; here only a sync waits for it.
    Extend,
    /// A sync: of what was written before as well.
    Sync,
    /// What never blocks, a pipe or a socket as a rule, and where io_uring would wait all the same.
    NonblockAtOnce,
    /// A pipe or a socket that blocks: by the engine, one after the other.
    Stream,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) how: How,
    /// The bytes of a file that it reads or writes, from and to: all when it is not known which.
    pub(crate) range: (u64, u64),
}

/// What becomes of an iocb.
struct Plan {
    how: How,
    range: (u64, u64),
    /// The thread may issue it, if it waits for it.
    here: bool,
    writes: bool,
    means: Means,
}

impl Default for Plan {
    fn default() -> Self {
        Self { how: How::Engine, range: (0, 0), here: false, writes: false, means: Means::Itself }
    }
}

/// What is known of a file in one call.
#[derive(Clone, Copy)]
struct File {
    fd: c_int,
    flags: c_int,
    mode_and_size: Option<(libc::mode_t, u64)>,
}

impl File {
    fn mode_and_size(&mut self) -> (libc::mode_t, u64) {
        *self.mode_and_size.get_or_insert_with(|| mode_and_size_of(self.fd))
    }

    fn mode(&mut self) -> libc::mode_t {
        self.mode_and_size().0
    }

    /// Whether a write that ends there makes it longer.
    fn is_shorter_than(&mut self, end: u64) -> bool {
        let (mode, size) = self.mode_and_size();
        mode == libc::S_IFREG && size < end
    }

    /// A file that has its own queue or a page cache, and ends what was begun.
    fn is_of_disk(&mut self) -> bool {
        matches!(self.mode(), libc::S_IFREG | libc::S_IFBLK)
    }
}

/// One call of io_submit.
pub(crate) struct Submission<'a> {
    shared: &'a Shared,
    asked: Asked,
    /// The last file.
    file: Option<File>,
    /// The thread may issue requests itself.
    attended: bool,
}

impl<'a> Submission<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self { shared, asked: Asked::default(), file: None, attended: shared.is_attended() }
    }

    /// A request for the iocb that the list's entry at `entry` points to, not submitted yet.
    pub(crate) fn prepare(&mut self, entry: u64) -> Result<(&'a Request, Task), c_int> {
        self.asked.readable(entry, size_of::<*const Iocb>())?;
        // SAFETY: the kernel has read it.
        let address = unsafe { (entry as *const u64).read_unaligned() };
        // The kernel writes to the member, and nearly always it is in the page of the rest.
        let key = address.wrapping_add(offset_of!(Iocb, key) as u64);
        let writable = self.asked.writable(key);
        self.asked.readable(address, size_of::<Iocb>())?;
        // SAFETY: the kernel has read it.
        let iocb = unsafe { (address as *const Iocb).read_unaligned() };
        if iocb.reserved2 != 0 || (iocb.nbytes as i64) < 0 {
            return Err(-libc::EINVAL);
        }
        let request = self.shared.get(address)?;
        let task = self.describe(request, &iocb, writable, key);
        task.map(|task| (request, task)).inspect_err(|_| self.shared.put_back(request))
    }

    fn describe(
        &mut self,
        request: &Request,
        iocb: &Iocb,
        writable: Result<(), c_int>,
        key: u64,
    ) -> Result<Task, c_int> {
        let fd = iocb.fildes as c_int;
        let mut file = match self.file {
            Some(file) if file.fd == fd => file,
            _ => File { fd, flags: flags_of(fd), mode_and_size: None },
        };
        if file.flags < 0 || file.flags & libc::O_PATH != 0 {
            return Err(-libc::EBADF);
        }
        let resfd =
            if iocb.flags & IOCB_FLAG_RESFD == 0 { None } else { Some(self.shared.eventfd(iocb.resfd as c_int)?) };
        writable?;
        if iocb.key != 0 {
            // SAFETY: the kernel has written there.
            unsafe { (key as *mut u32).write_unaligned(0) };
        }
        // SAFETY: nobody else has the request.
        let req = unsafe { &mut *request.req.get() };
        req.sqe = io_uring_sqe::EMPTY;
        let plan = self.fill(&mut req.sqe, iocb, &mut file)?;
        self.file = Some(file);
        let here = plan.here && self.attended && resfd.is_none();
        req.set_issue(if here { Issue::Here } else { Issue::Issuer }, plan.writes)?;
        // SAFETY: as above.
        unsafe { request.describe(Own { data: iocb.data, means: plan.means, resfd, ..Own::default() }, plan.writes) };
        let how = if here && plan.how == How::ReadAtOnce { How::Disk } else { plan.how };
        Ok(Task { how, range: plan.range })
    }

    fn fill(&mut self, sqe: &mut io_uring_sqe, iocb: &Iocb, file: &mut File) -> Result<Plan, c_int> {
        match iocb.opcode {
            PREAD | PWRITE | PREADV | PWRITEV => self.fill_rw(sqe, iocb, file),
            FSYNC | FDSYNC => {
                let can_sync = matches!(file.mode(), libc::S_IFREG | libc::S_IFBLK | libc::S_IFDIR);
                if iocb.buf != 0 || iocb.offset != 0 || iocb.nbytes != 0 || iocb.rw_flags != 0 || !can_sync {
                    return Err(-libc::EINVAL);
                }
                let datasync = if iocb.opcode == FDSYNC { oxiring::uapi::IORING_FSYNC_DATASYNC } else { 0 };
                // SAFETY: an SQE.
                unsafe { op::prep_fsync(sqe, file.fd, datasync) };
                Ok(Plan { how: How::Sync, writes: true, ..Plan::default() })
            }
            POLL => {
                if iocb.buf > 0xffff || iocb.offset != 0 || iocb.nbytes != 0 || iocb.rw_flags != 0 {
                    return Err(-libc::EINVAL);
                }
                // SAFETY: as above.
                unsafe { op::prep_poll_add(sqe, file.fd, iocb.buf as u32) };
                Ok(Plan { means: Means::Poll, ..Plan::default() })
            }
            _ => Err(-libc::EINVAL),
        }
    }

    fn fill_rw(&mut self, sqe: &mut io_uring_sqe, iocb: &Iocb, file: &mut File) -> Result<Plan, c_int> {
        let (fd, flags) = (file.fd, file.flags);
        let (write, vectors) = match iocb.opcode {
            PREAD => (false, false),
            PWRITE => (true, false),
            PREADV => (false, true),
            _ => (true, true),
        };
        let ioprio = if iocb.flags & IOCB_FLAG_IOPRIO == 0 { 0 } else { priority(iocb.reqprio)? };
        rw_flags::check(iocb.rw_flags, write, fd, flags)?;
        let refuses_nowait = rw_flags::refuses_nowait(iocb.rw_flags, write, fd, flags)?;
        if flags & libc::O_ACCMODE == if write { libc::O_RDONLY } else { libc::O_WRONLY } {
            return Err(-libc::EBADF);
        }
        let direct = is_direct(fd, flags);
        if !write && !direct && (file.mode() == libc::S_IFDIR || file.mode() == 0 && is_epoll(fd)) {
            return Err(-libc::EINVAL);
        }
        let bytes = if vectors {
            self.bytes_of_vectors(iocb.buf, iocb.nbytes)?
        } else {
            let bytes = iocb.nbytes.min(MAX_RW_COUNT);
            check_range(iocb.buf, bytes)?;
            bytes
        };
        if iocb.offset < 0 || iocb.offset.checked_add(bytes as i64).is_none() {
            return Err(-libc::EINVAL);
        }
        let len = iocb.nbytes.min(MAX_RW_COUNT) as u32;
        let (buf, offset) = (iocb.buf as *mut libc::c_void, iocb.offset as u64);
        // SAFETY: an SQE; the kernel looks at the buffer, or at the vectors.
        unsafe {
            match (write, vectors) {
                (false, false) => op::prep_read(sqe, fd, buf, len, offset),
                (true, false) => op::prep_write(sqe, fd, buf, len, offset),
                (false, true) => op::prep_readv(sqe, fd, buf.cast(), len, offset),
                (true, true) => op::prep_writev(sqe, fd, buf.cast(), len, offset),
            }
        }
        sqe.rw_flags = rw_flags::to_submit(iocb.rw_flags);
        sqe.ioprio = ioprio;
        let of_disk = direct || file.is_of_disk();
        let how = match (of_disk, direct, write) {
            (true, false, false) if bytes <= at_once::MOST => How::ReadAtOnce,
            // Each of them makes the file longer, and where it ends the kernel knows when the one before is done.
            (true, true, true) if rw_flags::appends(iocb.rw_flags, flags) => How::AppendAtOnce,
            (true, true, true) if file.is_shorter_than(offset + bytes) => How::Extend,
            (true, false, true) if rw_flags::syncs(iocb.rw_flags, flags) => How::WriteInOrder,
            (true, false, true) => How::WriteAtOnce,
            (true, ..) => How::Disk,
            (false, ..) if flags & libc::O_NONBLOCK != 0 => How::NonblockAtOnce,
            (false, ..) if rw_flags::waits(iocb.rw_flags) && matches!(file.mode(), libc::S_IFIFO | libc::S_IFSOCK) => {
                How::Stream
            }
            _ => How::Engine,
        };
        let appends = write && rw_flags::appends(iocb.rw_flags, flags);
        Ok(Plan {
            how,
            range: match (of_disk, appends) {
                (false, _) => (0, 0),
                (true, false) => (offset, offset + bytes),
                (true, true) => (0, u64::MAX),
            },
            here: matches!(how, How::Disk | How::Extend | How::ReadAtOnce),
            writes: of_disk && write,
            means: if refuses_nowait { Means::NowaitRefused } else { Means::Itself },
        })
    }

    /// What vectors add up to. Each has to be right, also of those that are too much.
    fn bytes_of_vectors(&mut self, vectors: u64, nr: u64) -> Result<u64, c_int> {
        if nr > UIO_MAXIOV {
            return Err(-libc::EINVAL);
        }
        let nr = nr as usize;
        self.asked.readable(vectors, nr * size_of::<libc::iovec>())?;
        let mut bytes = 0u64;
        for i in 0..nr {
            // SAFETY: the kernel has read it.
            let vector = unsafe { (vectors as *const libc::iovec).add(i).read_unaligned() };
            let (base, len) = (vector.iov_base as u64, vector.iov_len as u64);
            if (len as i64) < 0 {
                return Err(-libc::EINVAL);
            }
            // Of several the kernel looks at all that they say.
            check_range(base, if nr == 1 { len.min(MAX_RW_COUNT) } else { len })?;
            bytes = bytes.saturating_add(len).min(MAX_RW_COUNT);
        }
        Ok(bytes)
    }
}

/// -EFAULT for what is beyond a program's addresses.
fn check_range(base: u64, len: u64) -> Result<(), c_int> {
    base.checked_add(len).filter(|&end| end <= TASK_SIZE).map(|_| ()).ok_or(-libc::EFAULT)
}

/// What cannot be read io_uring would wait for.
fn is_epoll(fd: c_int) -> bool {
    std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|name| name.to_string_lossy().contains("[eventpoll"))
}

/// A priority that this thread may ask for: -EINVAL, -EPERM.
fn priority(ioprio: u16) -> Result<u16, c_int> {
    const IOPRIO_WHO_PROCESS: usize = 1;
    // The kernel looks at the priority first, and there is no such process.
    // SAFETY: numbers.
    let ret = unsafe {
        let nobody = c_int::MAX as usize;
        oxiring::raw::syscall(libc::SYS_ioprio_set as usize, [IOPRIO_WHO_PROCESS, nobody, ioprio.into(), 0, 0, 0])
    };
    match ret as c_int {
        error if error == -libc::EINVAL || error == -libc::EPERM => Err(error),
        _ => Ok(ioprio),
    }
}
