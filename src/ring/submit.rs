//! Entering the kernel to submit.

use super::wait::Wait;
use super::{get, int_flags, Ring};
use crate::notif;
use crate::uapi::*;
use core::ptr::{null, null_mut};

/// The kernel ignores the size when no argument is passed; it is what the original passes, so system-call traces agree.
const NO_ARG_SIZE: usize = crate::sys::KERNEL_SIGSET_SIZE;

impl Ring {
    /// Whether completions can be had only by entering: they wait outside the ring, or nobody else polls for them.
    #[inline(always)]
    pub(crate) fn cq_needs_enter(self) -> bool {
        get!(self, int_flags) & int_flags::CQ_ENTER != 0 || self.cq_needs_flush()
    }

    /// Whether the kernel holds completions back: the CQ overflowed, or task work has to run in this thread.
    ///
    /// Relaxed: the flags are hints. Whoever finds no completion and a stale flags word waits in the kernel, which looks
    /// for itself.
    #[inline(always)]
    pub fn cq_needs_flush(self) -> bool {
        self.sq_kflags().load_relaxed() & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN) != 0
    }

    /// The result `ret` of a function that has submitted what [`rewrite_and_flush_sq`](Self::rewrite_and_flush_sq) published.
    pub(super) fn count_submitted(self, ret: c_int) -> c_int {
        if self.has_notif() {
            return notif::add_submitted(self, ret);
        }
        ret
    }

    /// Publishes what was queued, after slot requests have become what the kernel knows.
    pub(super) fn rewrite_and_flush_sq(self) -> Result<c_uint, c_int> {
        if self.has_notif() {
            notif::rewrite(self)?;
        }
        Ok(self.flush_sq())
    }

    /// Submits on every kind of ring. `get_events`: also where nothing is to submit.
    ///
    /// The two functions below it are this one for plain rings, with what they know worked in: they are what the
    /// instruction counts of a round trip are made of.
    #[inline(never)]
    fn submit_any(self, wait_nr: c_uint, get_events: bool) -> c_int {
        if self.has_notif() {
            return self.submit_with_notif(wait_nr, get_events);
        }
        self.submit_pending(self.flush_sq(), wait_nr, get_events)
    }

    /// Submits `pending` published entries.
    pub(crate) fn submit_pending(self, pending: c_uint, wait_nr: c_uint, get_events: bool) -> c_int {
        let want_events = get_events || wait_nr != 0 || self.cq_needs_enter();
        let mut flags = self.enter_flags();
        if !self.sq_needs_enter(pending, &mut flags) && !want_events {
            return pending as c_int;
        }
        if want_events {
            flags |= IORING_ENTER_GETEVENTS;
        }
        self.enter(pending, wait_nr, flags, null(), NO_ARG_SIZE)
    }

    /// Submits on a ring with notification slots.
    #[cold]
    #[inline(never)]
    fn submit_with_notif(self, wait_nr: c_uint, get_events: bool) -> c_int {
        match self.rewrite_and_flush_sq() {
            Ok(submit) if wait_nr != 0 => {
                let wait = Wait { submit, wait_nr, flags: 0, arg: null(), size: NO_ARG_SIZE, bounded: false };
                let mut cqe = null_mut();
                // SAFETY: a local place, and no argument.
                notif::add_submitted(self, unsafe { notif::wait_for_cqe(self, &mut cqe, wait, true) })
            }
            Ok(pending) => notif::add_submitted(self, self.submit_pending(pending, 0, get_events)),
            Err(error) => error,
        }
    }

    /// `io_uring_submit`: entries submitted, or -errno.
    #[inline]
    pub fn submit(self) -> c_int {
        // One branch for the two kinds of ring that the library's byte knows.
        if !self.sq_is_plain() || get!(self, int_flags) & (int_flags::CQ_ENTER | int_flags::NOTIF) != 0 {
            return self.submit_any(0, false);
        }
        let pending = self.publish();
        let mut flags = self.enter_flags();
        if self.cq_needs_flush() {
            flags |= IORING_ENTER_GETEVENTS;
        } else if pending == 0 {
            return 0;
        }
        self.enter(pending, 0, flags, null(), NO_ARG_SIZE)
    }

    /// `io_uring_submit_and_wait`.
    #[inline]
    pub fn submit_and_wait(self, wait_nr: c_uint) -> c_int {
        if !self.sq_is_plain() || wait_nr == 0 {
            return self.submit_any(wait_nr, false);
        }
        if self.has_notif() {
            return self.submit_with_notif(wait_nr, false);
        }
        let flags = self.enter_flags() | IORING_ENTER_GETEVENTS;
        self.enter(self.publish(), wait_nr, flags, null(), NO_ARG_SIZE)
    }

    /// `io_uring_submit_and_get_events`: runs the pending task work also where nothing is to submit.
    pub fn submit_and_get_events(self) -> c_int {
        self.submit_any(0, true)
    }

    /// `io_uring_get_events`: runs the pending task work, submits nothing.
    pub fn get_events(self) -> c_int {
        self.enter(0, 0, self.enter_flags() | IORING_ENTER_GETEVENTS, null(), NO_ARG_SIZE)
    }

    /// `__io_uring_sqring_wait`: sleeps until the kernel's thread has made room in the SQ.
    pub fn sqring_enter_wait(self) -> c_int {
        self.enter(0, 0, self.enter_flags() | IORING_ENTER_SQ_WAIT, null(), NO_ARG_SIZE)
    }

    /// `io_uring_sqring_wait`: as above, but only for SQPOLL rings that are full; 0 for all others.
    pub fn sqring_wait(self) -> c_int {
        if !self.is_sqpoll() || self.sq_space_left() != 0 {
            return 0;
        }
        self.sqring_enter_wait()
    }
}
