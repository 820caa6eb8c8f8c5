//! A ring of a context: for what its threads issue themselves.

use crate::complete::{completed, Batch};
use crate::context::Context;
use crate::futex::{Deadline, Woken};
use libc::c_int;
use oxiring::op;
use oxiring::ring::calls::Direct;
use oxiring::ring::types::io_uring;
use oxiring::ring::wait::cqe_iter_next;
use oxiring::ring::{setup, Ring};
use oxiring::uapi::*;
use std::cell::UnsafeCell;
use std::mem::size_of;
use std::ptr::{from_ref, null};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bits of a CQE's user_data below the address of a slot.
pub(crate) const TAGS: u64 = 63;
/// The answer to a cancellation of the slot's request.
pub(crate) const TAG_CANCEL: u64 = 1;
/// user_data below this is of no slot: the lowest pages of an address space are not mapped.
pub(crate) const OWN: u64 = 1 << 16;
/// Of no slot: somebody is to look at the queue.
pub(crate) const KICK: u64 = 0;

/// Most SQEs that are issued at once.
const ENTRIES: u32 = 64;
/// The largest CQ that the kernel makes. It keeps what does not fit, which is slow, but all at once they are done hardly ever.
const MAX_CQ_ENTRIES: u32 = 1 << 16;

/// SQEs that are issued first: the device works on them while the next ones, twice as many each time, are filled in.
const FIRST: u32 = 4;

/// Contexts that have a ring of their own, at most. Others leave everything to the issuer.
const MAX_RINGS: u32 = 64;

/// How rings are set up: with the first of these that the kernel knows. Not with deferred task work: what polls such a ring is not woken by it,
/// and only the thread that submitted can reap.
const FLAGS: [u32; 2] = [IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN, 0];

/// A ring whose sides have a lock each.
#[derive(Debug)]
pub(crate) struct Shared {
    ring: Box<UnsafeCell<io_uring>>,
    sq: Mutex<()>,
    cq: Mutex<()>,
}

// SAFETY: the submitting side is used under `sq`, the reaping side under `cq`; the rest does not change.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// Locks what no thread leaves half done.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Panics end the process.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// CQEs for a context with so many requests, each of which may have a second one.
fn cq_entries(limit: u32) -> u32 {
    limit.saturating_mul(2).min(MAX_CQ_ENTRIES)
}

/// What rings of this kernel can do, known from the first, which is the issuer's.
static FEATURES: AtomicU32 = AtomicU32::new(0);

/// Sets up a ring.
pub(crate) fn make(entries: u32, cq_entries: u32) -> Result<Box<UnsafeCell<io_uring>>, c_int> {
    let mut error = -libc::EINVAL;
    for flags in FLAGS {
        let ring = Box::new(UnsafeCell::new(io_uring::EMPTY));
        // SAFETY: zeros are a value of the structure.
        let mut params: io_uring_params = unsafe { std::mem::zeroed() };
        params.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        params.cq_entries = cq_entries;
        // SAFETY: a structure for the ring, and parameters.
        error = unsafe { setup::queue_init_params(entries, ring.get(), &mut params) };
        if error == 0 {
            // Relaxed: a number, always the same.
            // SAFETY: set up above.
            FEATURES.store(unsafe { (*ring.get()).features }, Ordering::Relaxed);
            return Ok(ring);
        }
        if error != -libc::EINVAL {
            break;
        }
    }
    Err(error)
}

/// The limit that holds for this process, of a resource that there is.
pub(crate) fn soft_limit(resource: libc::__rlimit_resource_t) -> libc::rlim_t {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a structure to write to.
    unsafe { libc::getrlimit(resource, &mut limit) };
    limit.rlim_cur
}

/// Kernel AIO needs no descriptors, and a program may have few: most are left to it.
pub(crate) fn max_rings() -> u32 {
    (soft_limit(libc::RLIMIT_NOFILE) / 16).min(u64::from(MAX_RINGS)) as u32
}

impl Shared {
    /// A ring for as many requests as the context has; -errno where there is to be none.
    pub(crate) fn new(limit: u32) -> Result<Box<Self>, c_int> {
        // Asked before one is made: when it is closed the kernel interrupts what the thread sleeps in by then.
        let needed = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE;
        if FEATURES.load(Ordering::Relaxed) & needed != needed {
            return Err(-libc::EOPNOTSUPP);
        }
        Ok(Box::new(Self {
            ring: make(limit.min(ENTRIES), cq_entries(limit))?,
            sq: Mutex::new(()),
            cq: Mutex::new(()),
        }))
    }

    /// Whether it is large enough for so many requests. How many SQEs it takes at once does not matter.
    pub(crate) fn is_for(&self, limit: u32) -> bool {
        // SAFETY: does not change.
        unsafe { (*self.ring.get()).cq.ring_entries >= cq_entries(limit) }
    }

    pub(crate) fn end(self) {
        // SAFETY: nobody else uses the ring.
        unsafe { setup::queue_exit::<Direct>(self.ring()) };
    }

    fn ring(&self) -> Ring {
        // SAFETY: set up for as long as `self` lives.
        unsafe { Ring::from_raw(self.ring.get()) }
    }

    pub(crate) fn fd(&self) -> c_int {
        // SAFETY: does not change.
        unsafe { (*self.ring.get()).ring_fd }
    }

    /// Issues what `sqes` fills in, until it has no more.
    ///
    /// They are filled in under the lock, so that who cancels one finds it issued as soon as it gets the lock. Whether something was taken
    /// out of the ring meanwhile, of which the context is to be told.
    #[must_use]
    pub(crate) fn issue(&self, sqes: impl IntoIterator<Item = io_uring_sqe>) -> bool {
        let _sq = lock(&self.sq);
        let ring = self.ring();
        let mut drained = false;
        let (mut queued, mut most) = (0, FIRST);
        for sqe in sqes {
            let place = loop {
                let place = ring.get_sqe();
                if !place.is_null() {
                    break place;
                }
                drained |= self.submit_all();
            };
            // SAFETY: an entry of this thread's.
            unsafe { place.write(sqe) };
            queued += 1;
            if queued == most {
                drained |= self.submit_all();
                (queued, most) = (0, most.saturating_mul(2));
            }
        }
        drained | self.submit_all()
    }

    /// Submits until the kernel has taken everything; whether something was taken out of the ring meanwhile.
    fn submit_all(&self) -> bool {
        let mut drained = false;
        submit_all(self.ring(), || drained |= self.drain());
        drained
    }

    /// Wakes the thread that waits in the ring; as [`issue`](Self::issue).
    #[must_use]
    pub(crate) fn kick(&self) -> bool {
        let mut sqe = io_uring_sqe::EMPTY;
        // SAFETY: an SQE.
        unsafe { op::prep_nop(&mut sqe) };
        sqe.user_data = KICK;
        self.issue([sqe])
    }

    /// Whether there is something to complete. Without the lock: who is told that there is nothing, and goes to sleep, does so where the kernel
    /// looks again.
    fn is_empty(&self) -> bool {
        let ring = self.ring();
        ring.cq_ready() == 0 && !ring.cq_has_overflow()
    }

    /// Completes what the kernel has completed; whether there was anything, an event or what may have been meant to wake the leader. The caller
    /// tells the context, when it holds no lock.
    pub(crate) fn drain(&self) -> bool {
        if self.is_empty() {
            return false;
        }
        let _cq = lock(&self.cq);
        let (mut events, mut others) = (false, false);
        drain(self.ring(), |_| events = true, |_| others = true);
        events || others
    }

    /// Sleeps until there is a CQE.
    pub(crate) fn wait(&self, deadline: Option<&Deadline>) -> Woken {
        let left = match deadline.map(Deadline::left) {
            Some(None) => return Woken::TimedOut,
            Some(left) => left,
            None => None,
        };
        let arg = io_uring_getevents_arg {
            sigmask: 0,
            sigmask_sz: 0,
            min_wait_usec: 0,
            ts: left.as_ref().map_or(null(), from_ref) as u64,
        };
        // SAFETY: the kernel reads the argument in the call.
        let ret = unsafe {
            oxiring::raw::enter(
                self.fd() as c_uint,
                0,
                1,
                IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                from_ref(&arg).cast(),
                size_of::<io_uring_getevents_arg>(),
            )
        };
        match -ret {
            libc::ETIME => Woken::TimedOut,
            libc::EINTR => Woken::Interrupted,
            _ => Woken::Look,
        }
    }
}

/// Submits until the kernel has taken everything from a ring of which the caller has the submitting side.
pub(crate) fn submit_all(ring: Ring, mut reap: impl FnMut()) {
    while ring.sq_ready() != 0 {
        let ret = ring.submit();
        if ret < 0 && ret != -libc::EINTR {
            // Completions have to be reaped first, or memory is short. Both pass.
            reap();
            std::thread::yield_now();
        }
    }
}

/// Completes what is in the CQ of a ring of which the caller has the reaping side. `told` gets the context of each request, which is to be told
/// after this returns; `own` gets what is of no request.
pub(crate) fn drain(ring: Ring, mut told: impl FnMut(&'static Context), mut own: impl FnMut(&io_uring_cqe)) {
    let mut batch = Batch::default();
    loop {
        let mut iter = ring.cqe_iter();
        let mut nr = 0;
        loop {
            // SAFETY: the iterator is of a ring that is mapped.
            let cqe = unsafe { cqe_iter_next(&mut iter) };
            if cqe.is_null() {
                break;
            }
            // SAFETY: between head and tail.
            let cqe = unsafe { &*cqe };
            if cqe.user_data < OWN || cqe.user_data & TAGS == TAG_CANCEL {
                own(cqe);
            // SAFETY: this crate gave the user_data to a request in flight.
            } else if let Some(context) = unsafe { completed(cqe, &mut batch) } {
                told(context);
            }
            nr += 1;
        }
        ring.cq_advance(nr);
        batch.flush();
        if ring.cq_has_overflow() {
            ring.get_events();
        } else if ring.cq_ready() == 0 {
            return;
        }
    }
}

/// The request to cancel the one of that name.
pub(crate) fn cancellation(name: u64) -> io_uring_sqe {
    let mut sqe = io_uring_sqe::EMPTY;
    // SAFETY: an SQE.
    unsafe { op::prep_cancel64(&mut sqe, name, 0) };
    sqe.user_data = name | TAG_CANCEL;
    sqe
}
