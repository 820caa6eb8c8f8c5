//! Waiting on a ring with slots, where the kernel counts CQEs that the program does not see.

use super::Notif;
use crate::ring::wait::Wait;
use crate::ring::{get, Ring};
use crate::sys::{monotonic_ns, EAGAIN, EINTR, ETIME};
use crate::uapi::*;

/// The time limit of a wait that takes more than one system call.
struct Limit {
    arg: io_uring_getevents_arg,
    rest: __kernel_timespec,
    started: u64,
    /// Nanoseconds; the largest value without a limit.
    ns: u64,
    /// The minimum that was asked for; `arg` has what is left of it.
    min_usec: u32,
}

impl Limit {
    /// # Safety
    ///
    /// The argument of `wait` is what its flags say, and readable.
    unsafe fn of(wait: &Wait) -> Self {
        let mut limit = Self {
            arg: io_uring_getevents_arg { sigmask: 0, sigmask_sz: 0, min_wait_usec: 0, ts: 0 },
            rest: __kernel_timespec { tv_sec: 0, tv_nsec: 0 },
            started: 0,
            ns: u64::MAX,
            min_usec: 0,
        };
        if wait.flags == IORING_ENTER_EXT_ARG && wait.bounded {
            // SAFETY: the caller's promise.
            limit.arg = unsafe { wait.arg.cast::<io_uring_getevents_arg>().read() };
            limit.min_usec = limit.arg.min_wait_usec;
            limit.started = monotonic_ns();
            let ts = limit.arg.ts as usize as *const __kernel_timespec;
            if !ts.is_null() {
                // SAFETY: as above. What is no time is left to the kernel, which refuses it in the first call.
                let ts = unsafe { ts.read() };
                limit.ns = (ts.tv_sec as u64).saturating_mul(NS_PER_S).saturating_add(ts.tv_nsec as u64);
            }
        }
        limit
    }

    fn passed(&self) -> u64 {
        if self.started == 0 {
            return 0;
        }
        monotonic_ns() - self.started
    }

    /// Puts what is left of the time into the argument of `wait`.
    fn shorten(&mut self, wait: &mut Wait) {
        if self.started == 0 {
            return;
        }
        let passed = self.passed();
        if self.ns != u64::MAX {
            let rest = self.ns.saturating_sub(passed);
            self.rest.tv_sec = (rest / NS_PER_S) as _;
            self.rest.tv_nsec = (rest % NS_PER_S) as _;
            self.arg.ts = &raw const self.rest as usize as __u64;
        }
        self.arg.min_wait_usec = u64::from(self.min_usec).saturating_sub(passed / 1000) as u32;
        wait.arg = (&raw const self.arg).cast();
    }
}

const NS_PER_S: u64 = 1_000_000_000;

/// `wait_for_cqe` of `ring/wait.rs`, for visible CQEs. With `counts` it is `submit_any` of `ring/submit.rs`: it enters the kernel once at least, submits
/// once, and the result is the number submitted also where CQEs were there before.
///
/// # Safety
///
/// As there.
#[cold]
#[inline(never)]
pub(crate) unsafe fn wait_for_cqe(ring: Ring, cqe_ptr: *mut *mut io_uring_cqe, mut wait: Wait, counts: bool) -> c_int {
    // SAFETY: the caller's promise.
    let mut limit = unsafe { Limit::of(&wait) };
    let (mut result, mut entered) = (0, false);
    // What the last call should have brought, and what was there when it returned.
    let (mut wanted, mut brought) = (0, 0);
    let cqe = loop {
        let peek = ring.peek_view();
        let mut error = peek.error;
        if error != 0 {
            result = error;
            break peek.cqe;
        }
        let nothing = peek.cqe.is_null();
        let missing = wait.wait_nr.saturating_sub(peek.available);
        let queued = Notif::of(ring).reaper().kernel_counts().0;
        let mut flags = ring.enter_flags();
        let mut need_enter = missing != 0 || counts && !entered;
        if nothing && wait.wait_nr == 0 && wait.submit == 0 {
            need_enter = !entered && ring.cq_needs_enter();
            error = -EAGAIN;
        }
        if need_enter {
            flags |= IORING_ENTER_GETEVENTS | wait.flags;
        }
        if !ring.sq_needs_enter(wait.submit, &mut flags) && !need_enter {
            result = if result == 0 { error } else { result };
            break peek.cqe;
        }
        error = 0;
        if entered && wait.submit == 0 {
            let over = limit.passed() >= limit.ns;
            // A wait with a minimum of time may end with fewer than it was for, but not with hidden ones only.
            let early = match brought {
                // With SQPOLL the end of a timeout wakes the waiter before its CQE is there.
                0 => wanted != 0 && !ring.is_sqpoll(),
                _ => brought < wanted && (limit.arg.min_wait_usec == 0 || !nothing),
            };
            if peek.available >= get!(ring, cq.ring_entries) {
                // Nothing more fits.
                break peek.cqe;
            }
            if over || wait.flags & IORING_ENTER_EXT_ARG_REG != 0 {
                error = -ETIME;
            } else if early {
                error = -EINTR;
            }
        }
        if error != 0 {
            result = if result == 0 && nothing { error } else { result };
            break peek.cqe;
        }
        if entered {
            limit.shorten(&mut wait);
        }
        // Some of what is missing the kernel may not post before it is asked to, after this wait: the notifiers.
        let missing = if missing == 0 { 0 } else { missing.saturating_sub(Notif::of(ring).reaper().slots.live).max(1) };
        wanted = (queued + missing).min(get!(ring, cq.ring_entries));
        let ret = ring.enter(wait.submit, wanted, flags, wait.arg, wait.size);
        if ret < 0 {
            result = if result == 0 { ret } else { result };
            break peek.cqe;
        }
        brought = Notif::of(ring).reaper().kernel_counts().1;
        wait.submit = wait.submit.wrapping_sub(ret as c_uint);
        if !entered {
            entered = true;
            result = if counts || nothing { ret } else { 0 };
            if counts && wait.submit != 0 {
                // The rest is for the next call.
                break peek.cqe;
            }
        }
    };
    // SAFETY: the caller's promise.
    unsafe { cqe_ptr.write(cqe) };
    result
}
