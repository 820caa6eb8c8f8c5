//! Who issues a request.
//!
//! Direct I/O is issued by the thread that submits it, on the context's own ring: it costs no hand-over. What a read finds in the page cache that
//! thread copies. Everything else goes to the issuer, because the kernel would cancel it with the thread. The call returns when the kernel
//! has taken all requests.

use crate::complete::{finish, Batch};
use crate::context::Context;
use crate::file::{kind_of, Kind};
use crate::held;
use crate::issuer::Issuer;
use crate::req::{file_of, is_plain_io, Issue};
use crate::table::Slot;
use crate::word::Word;
use crate::{thread, Req};
use libc::{c_int, c_void};
use oxiring::uapi::{io_uring_sqe, IORING_OP_READ};
use std::cell::Cell;
use std::ptr::{from_ref, null_mut, NonNull};
use std::sync::atomic::Ordering;

/// The slot's request is carried out by the program.
pub(crate) const STARTED: u32 = 1;
/// The slot's request is on the context's own ring.
pub(crate) const OWN_RING: u32 = 2;
/// A bit beside these: the end of the context waits for it.
pub(crate) const FINISHES: u32 = 4;

/// What was found out in this call.
#[derive(Default)]
struct Found {
    /// About the last descriptor.
    file: Option<(c_int, Kind)>,
    /// By what requests are counted that this thread issues itself, if it may issue any.
    issued: Option<Option<NonNull<()>>>,
}

impl Found {
    fn kind(&mut self, fd: c_int) -> Kind {
        match self.file {
            Some((known, kind)) if known == fd => kind,
            _ => self.file.insert((fd, kind_of(fd))).1,
        }
    }

    fn issued_on(&mut self, context: &'static Context) -> Option<NonNull<()>> {
        *self.issued.get_or_insert_with(|| context.ring_or_make().and_then(|_| thread::issued_on(context)))
    }
}

/// Reads what is in the page cache. Copying is all that such a read costs, and waking a thread for it costs several times as much.
///
/// -EAGAIN, and whatever else the kernel says here, means that the request goes the usual way: what is read of a part may be read again.
fn read_cached(sqe: &io_uring_sqe) -> Option<c_int> {
    // At the file's position reading again would be reading on.
    if u32::from(sqe.opcode) != IORING_OP_READ || sqe.off == u64::MAX || sqe.ioprio != 0 || sqe.len == 0 {
        return None;
    }
    let vector = libc::iovec { iov_base: sqe.addr as *mut c_void, iov_len: sqe.len as usize };
    let flags = sqe.rw_flags as c_int | libc::RWF_NOWAIT;
    // SAFETY: a vector of this frame, and the program's buffer.
    let read = unsafe { libc::preadv2(sqe.fd, &vector, 1, sqe.off as libc::off_t, flags) };
    (read == sqe.len as isize).then_some(read as c_int)
}

/// What becomes of a request.
#[derive(Clone, Copy)]
enum Way {
    /// This thread issues it on the context's ring.
    OwnRing,
    Issuer,
    /// It is done, with this result.
    Done(c_int),
}

/// A request that is ready to be issued.
pub(crate) struct Ready<'a> {
    slot: &'a Slot,
    request: &'a Req,
    way: Way,
}

thread_local! {
    /// Empty: for the memory of the lists of a submission, those for the context's ring and those for the issuer.
    static LISTS: Cell<(Vec<Ready<'static>>, Vec<Ready<'static>>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Requests of which a thread keeps the memory of the lists.
const KEPT: usize = 256;

impl Context {
    /// A place for a request: -EINVAL, -EBUSY, -EAGAIN.
    fn place(&'static self, req: *mut Req) -> Result<&'static Slot, c_int> {
        // SAFETY: the caller's request.
        let request = unsafe { req.as_ref() }.ok_or(-libc::EINVAL)?;
        request.take()?;
        let slot = self.table().insert(req).inspect_err(|_| request.give_back())?;
        slot.context.store(from_ref(self).cast_mut().cast(), Ordering::Relaxed);
        slot.flags.store(0, Ordering::Relaxed);
        slot.thread.store(null_mut(), Ordering::Relaxed);
        Ok(slot)
    }

    fn refuse(&'static self, slot: &Slot, error: c_int) -> c_int {
        held::release(slot);
        let req = self.table().req(slot);
        self.table().remove(slot);
        // SAFETY: taken by `place`.
        unsafe { (*req).give_back() };
        error
    }

    fn prepare(&'static self, req: *mut Req, found: &mut Found) -> Result<Ready<'static>, c_int> {
        let slot = self.place(req)?;
        // SAFETY: the caller's request, which the library has taken.
        let request = unsafe { &*req };
        request.check().map_err(|error| self.refuse(slot, error))?;
        let function = request.complete_fn();
        if !function.is_null() {
            self.worker().map_err(|error| self.refuse(slot, error))?;
        }
        slot.function.store(function, Ordering::Relaxed);
        slot.fd.store(file_of(&request.sqe), Ordering::Relaxed);
        let mut way = Way::Issuer;
        if is_plain_io(&request.sqe) && !self.leaves_all_to_issuer() {
            way = self.way_of_plain_io(request, found);
        }
        let own_ring = matches!(way, Way::OwnRing);
        let thread = found.issued.flatten().filter(|_| own_ring);
        slot.thread.store(thread.map_or(null_mut(), NonNull::as_ptr), Ordering::Relaxed);
        let kind = if own_ring { OWN_RING } else { 0 };
        slot.kind.store(kind | if request.finishes() { FINISHES } else { 0 }, Ordering::Relaxed);
        if matches!(way, Way::Issuer) {
            Issuer::get()
                .and_then(|issuer| held::hold(issuer, request, slot))
                .map_err(|error| self.refuse(slot, error))?;
        }
        Ok(Ready { slot, request, way })
    }

    fn way_of_plain_io(&'static self, request: &Req, found: &mut Found) -> Way {
        let here = match request.issue() {
            Some(issue) => issue == Issue::Here,
            None => match found.kind(request.sqe.fd) {
                Kind::Cached => return read_cached(&request.sqe).map_or(Way::Issuer, Way::Done),
                kind => kind == Kind::Direct,
            },
        };
        if here && found.issued_on(self).is_some() {
            Way::OwnRing
        } else {
            Way::Issuer
        }
    }

    /// `io_uring_aio_submit`: how many were accepted, or -errno of the first.
    ///
    /// # Safety
    ///
    /// Each pointer is null or to a request whose memory, and what its SQE points to, stays until its event.
    pub unsafe fn submit(&'static self, reqs: &[*mut Req]) -> Result<usize, c_int> {
        let (mut own, mut rest) = LISTS.try_with(Cell::take).unwrap_or_default();
        let most = reqs.len().min(self.table().limit() as usize);
        own.try_reserve(most).map_err(|_| -libc::ENOMEM)?;
        rest.try_reserve(most).map_err(|_| -libc::ENOMEM)?;
        let mut found = Found::default();
        let mut done = (0, Batch::default());
        let mut error = -libc::EINVAL;
        for &req in reqs {
            match self.prepare(req, &mut found) {
                Ok(ready) => match ready.way {
                    Way::OwnRing => own.push(ready),
                    Way::Issuer => rest.push(ready),
                    Way::Done(res) => {
                        self.events.opened(1);
                        ready.slot.owned(Word::run);
                        finish(ready.slot, res, &mut done.1);
                        done.0 += 1;
                    }
                },
                Err(refused) => {
                    error = refused;
                    break;
                }
            }
        }
        let accepted = own.len() + rest.len() + done.0;
        if done.0 != 0 {
            done.1.flush();
            self.notify();
        }
        if let (false, Some(issuer)) = (rest.is_empty(), Issuer::there_is()) {
            self.events.opened(rest.len() as u32);
            issuer.issue(&rest);
        }
        if let (false, Some(ring), Some(Some(thread))) = (own.is_empty(), self.ring(), found.issued) {
            self.events.opened(own.len() as u32);
            // SAFETY: asked for in this call.
            unsafe { thread::count(thread, own.len() as u32) };
            let drained = ring.issue(own.iter().map(Ready::run));
            self.events.sleepers.tell_of_ring();
            if drained {
                self.notify();
            }
            // One that was registered since `prepare` looked has perhaps not found the ring; there is a fence in `tell_of_ring`.
            if self.events.needs_reaper() {
                self.watch_ring();
            }
        }
        if most <= KEPT {
            own.clear();
            rest.clear();
            // At the end of a thread they are gone already.
            let _ = LISTS.try_with(|lists| lists.set((own, rest)));
        }
        if accepted == 0 {
            Err(error)
        } else {
            Ok(accepted)
        }
    }

    /// `io_uring_aio_start`.
    ///
    /// # Safety
    ///
    /// As for [`submit`](Self::submit).
    pub unsafe fn start(&'static self, req: *mut Req) -> Result<(), c_int> {
        let slot = self.place(req)?;
        slot.function.store(null_mut(), Ordering::Relaxed);
        slot.fd.store(-1, Ordering::Relaxed);
        slot.kind.store(STARTED, Ordering::Relaxed);
        self.events.opened(1);
        slot.owned(Word::run);
        Ok(())
    }
}

impl Ready<'_> {
    /// The SQE, of a request that can be cancelled as soon as it is issued.
    pub(crate) fn run(&self) -> io_uring_sqe {
        let mut sqe = self.request.prepared();
        sqe.user_data = self.slot.name(self.slot.word());
        if matches!(self.way, Way::Issuer) {
            held::name(&mut sqe, self.slot);
        }
        self.slot.owned(Word::run);
        sqe
    }
}
