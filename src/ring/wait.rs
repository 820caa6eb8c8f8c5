//! Waiting for completions.
//!
//! | kernel | how a timeout reaches it |
//! |---|---|
//! | 5.11 and later (`IORING_FEAT_EXT_ARG`) | in the argument of `io_uring_enter`; the SQ is not touched, so one thread may submit while another waits |
//! | before | as a timeout request that the library queues and submits, with the `user_data` [`LIBURING_UDATA_TIMEOUT`] |

use super::calls::Calls;
use super::{get, Ring};
use crate::notif;
use crate::op;
use crate::sys::{EAGAIN, EINTR, EINVAL, ETIME, KERNEL_SIGSET_SIZE};
use crate::uapi::*;
use core::ptr::null;
use libc::sigset_t;

pub use super::cq::{cqe_iter_next, cqe_shift_from_flags, cqe_slots, LIBURING_UDATA_TIMEOUT};

/// What one waiting call asks for.
pub(crate) struct Wait {
    pub(crate) submit: c_uint,
    pub(crate) wait_nr: c_uint,
    /// Enter flags of `arg`.
    pub(crate) flags: c_uint,
    pub(crate) arg: *const c_void,
    pub(crate) size: usize,
    /// The kernel ends the wait by itself.
    pub(crate) bounded: bool,
}

impl Wait {
    /// Waits with a signal mask and nothing else, in the form that all kernels take.
    fn with_mask(submit: c_uint, wait_nr: c_uint, sigmask: *const sigset_t) -> Self {
        Self { submit, wait_nr, flags: 0, arg: sigmask.cast(), size: KERNEL_SIGSET_SIZE, bounded: false }
    }

    /// Waits with an extended argument.
    fn with_ext_arg(submit: c_uint, wait_nr: c_uint, arg: &io_uring_getevents_arg) -> Self {
        Self {
            submit,
            wait_nr,
            flags: IORING_ENTER_EXT_ARG,
            arg: (&raw const *arg).cast(),
            size: size_of::<io_uring_getevents_arg>(),
            bounded: arg.ts != 0,
        }
    }
}

/// How a timed wait with the library's own timeout ended. `submitted` counts the program's entries.
enum TimedWait {
    TimedOut {
        submitted: c_int,
    },
    /// Nothing completed: -EINTR, or -EAGAIN where nothing was waited for.
    Empty {
        submitted: c_int,
        error: c_int,
    },
    Completed {
        submitted: c_int,
    },
    Failed(c_int),
}
use TimedWait::{Completed, Empty, Failed, TimedOut};

fn ext_arg(sigmask: *const sigset_t, min_wait_usec: c_uint, ts: *const __kernel_timespec) -> io_uring_getevents_arg {
    io_uring_getevents_arg {
        sigmask: sigmask as usize as __u64,
        sigmask_sz: KERNEL_SIGSET_SIZE as __u32,
        min_wait_usec,
        ts: ts as usize as __u64,
    }
}

impl Ring {
    /// Submits, waits, and looks at the head of the CQ.
    ///
    /// Returns what the first enter submitted, 0 without one or where a CQE was there before, or -errno; `*cqe_ptr` is a CQE or
    /// null.
    ///
    /// # Safety
    ///
    /// `cqe_ptr` is writable; `wait.arg` is what `wait.flags` say.
    #[inline(never)]
    unsafe fn wait_for_cqe(self, cqe_ptr: *mut *mut io_uring_cqe, wait: Wait) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { self.wait_loop(cqe_ptr, wait) }
    }

    /// The body of [`wait_for_cqe`](Self::wait_for_cqe), which is inlined only where each instruction counts.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    unsafe fn wait_loop(self, cqe_ptr: *mut *mut io_uring_cqe, mut wait: Wait) -> c_int {
        if self.has_notif() {
            // SAFETY: the caller's promise.
            return unsafe { notif::wait_for_cqe(self, cqe_ptr, wait, false) };
        }
        let mut result = 0;
        let mut looped = false;
        let cqe = loop {
            let peek = self.peek_kernel();
            if peek.error != 0 {
                // The end of the library's own timeout counts for more than the number submitted, in which it is.
                result = peek.error;
                break peek.cqe;
            }
            let mut flags = self.enter_flags();
            let mut need_enter = false;
            if peek.cqe.is_null() && wait.wait_nr == 0 && wait.submit == 0 {
                // Nothing to wait for: at most one look at what the kernel holds back.
                if looped || !self.cq_needs_enter() {
                    if result == 0 {
                        result = -EAGAIN;
                    }
                    break peek.cqe;
                }
                need_enter = true;
            }
            if wait.wait_nr > peek.available || need_enter {
                flags |= IORING_ENTER_GETEVENTS | wait.flags;
                need_enter = true;
            }
            if self.sq_needs_enter(wait.submit, &mut flags) {
                need_enter = true;
            }
            if !need_enter {
                break peek.cqe;
            }
            if looped {
                if wait.bounded {
                    if peek.cqe.is_null() && result == 0 {
                        result = -ETIME;
                    }
                    break peek.cqe;
                }
                // All is submitted, the kernel has waited, and nothing came: a signal ended the wait, which the kernel does not say
                // beside the number that it submitted. To wait again would swallow the signal. With SQPOLL the end of a timeout
                // wakes the waiter before the thread has posted its CQE, so nothing is known there.
                if result > 0 && wait.submit == 0 && peek.cqe.is_null() && !peek.consumed && !self.is_sqpoll() {
                    break peek.cqe;
                }
            }
            let ret = self.enter(wait.submit, wait.wait_nr, flags, wait.arg, wait.size);
            if ret < 0 {
                if result == 0 {
                    result = ret;
                }
                break peek.cqe;
            }
            wait.submit = wait.submit.wrapping_sub(ret as c_uint);
            // With a CQE from before the call the result is 0, whatever was submitted: so does the original, and programs that
            // test for 0 have been written against it.
            if !peek.cqe.is_null() {
                break peek.cqe;
            }
            if !looped {
                looped = true;
                result = ret;
            }
        };
        // SAFETY: the caller's promise.
        unsafe { cqe_ptr.write(cqe) };
        result
    }

    /// `__io_uring_get_cqe`.
    ///
    /// # Safety
    ///
    /// `cqe_ptr` is writable, `sigmask` null or readable.
    #[inline]
    pub unsafe fn get_cqe(
        self,
        cqe_ptr: *mut *mut io_uring_cqe,
        submit: c_uint,
        wait_nr: c_uint,
        sigmask: *const sigset_t,
    ) -> c_int {
        // SAFETY: the caller's promise.
        unsafe { self.wait_loop(cqe_ptr, Wait::with_mask(submit, wait_nr, sigmask)) }
    }

    /// `__io_uring_peek_cqe`: 0 or the negative result of the library's own timeout.
    ///
    /// # Safety
    ///
    /// `cqe_ptr` is writable, `nr_available` null or writable.
    pub unsafe fn peek_cqe_raw(self, cqe_ptr: *mut *mut io_uring_cqe, nr_available: *mut c_uint) -> c_int {
        let peek = self.peek();
        // SAFETY: the caller's promise.
        unsafe { cqe_ptr.write(peek.cqe) };
        if !nr_available.is_null() {
            // SAFETY: the caller's promise.
            unsafe { nr_available.write(peek.available) };
        }
        peek.error
    }

    /// `io_uring_peek_cqe`: 0, -EAGAIN when there is nothing, or -errno.
    ///
    /// # Safety
    ///
    /// `cqe_ptr` is writable.
    pub unsafe fn peek_cqe<C: Calls>(self, cqe_ptr: *mut *mut io_uring_cqe) -> c_int {
        // SAFETY: the caller's promise.
        let error = unsafe { self.peek_cqe_raw(cqe_ptr, core::ptr::null_mut()) };
        // SAFETY: as above; it was just written.
        if error == 0 && !unsafe { *cqe_ptr }.is_null() {
            return 0;
        }
        // Behind the library's own timeout there may be CQEs of the program, so its error is not the result here.
        if error == 0 && !self.peek_needs_enter() {
            return -EAGAIN;
        }
        // SAFETY: as above.
        unsafe { C::get_cqe(self.as_ptr(), cqe_ptr, 0, 0, core::ptr::null_mut()) }
    }

    /// `io_uring_wait_cqe`: 0 with a CQE, or -errno.
    ///
    /// # Safety
    ///
    /// `cqe_ptr` is writable.
    pub unsafe fn wait_cqe<C: Calls>(self, cqe_ptr: *mut *mut io_uring_cqe) -> c_int {
        // SAFETY: the caller's promise.
        let error = unsafe { self.peek_cqe_raw(cqe_ptr, core::ptr::null_mut()) };
        // SAFETY: as above; it was just written.
        if error == 0 && !unsafe { *cqe_ptr }.is_null() {
            return 0;
        }
        // SAFETY: as above.
        unsafe { C::get_cqe(self.as_ptr(), cqe_ptr, 0, 1, core::ptr::null_mut()) }
    }

    /// `io_uring_peek_batch_cqe`: fills `cqes`, after one look at what the kernel holds back if there is nothing.
    ///
    /// # Safety
    ///
    /// `cqes` has room for `count` pointers.
    #[inline]
    pub unsafe fn peek_batch_cqe<C: Calls>(self, cqes: *mut *mut io_uring_cqe, count: c_uint) -> c_uint {
        // SAFETY: the caller's promise.
        let nr = unsafe { self.peek_batch_run(cqes, count) };
        if nr != 0 {
            return nr;
        }
        // SAFETY: the caller's promise.
        unsafe { self.peek_batch_slow::<C>(cqes, count) }
    }

    /// # Safety
    ///
    /// As for [`peek_batch_cqe`](Self::peek_batch_cqe).
    #[inline(never)]
    unsafe fn peek_batch_slow<C: Calls>(self, cqes: *mut *mut io_uring_cqe, count: c_uint) -> c_uint {
        // SAFETY: the caller's promise.
        let nr = unsafe { self.peek_batch_once(cqes, count) };
        if nr != 0 || !self.cq_needs_flush() {
            return nr;
        }
        // SAFETY: the crate's contract holds for the ring.
        unsafe { C::get_events(self.as_ptr()) };
        // SAFETY: the caller's promise.
        unsafe { self.peek_batch_once(cqes, count) }
    }

    /// `io_uring_wait_cqes`.
    ///
    /// # Safety
    ///
    /// `cqe_ptr` is writable; `ts` and `sigmask` are null or readable.
    pub unsafe fn wait_cqes<C: Calls>(
        self,
        cqe_ptr: *mut *mut io_uring_cqe,
        wait_nr: c_uint,
        ts: *const __kernel_timespec,
        sigmask: *mut sigset_t,
    ) -> c_int {
        if ts.is_null() {
            // SAFETY: the caller's promise.
            return unsafe { C::get_cqe(self.as_ptr(), cqe_ptr, 0, wait_nr, sigmask) };
        }
        if get!(self, features) & IORING_FEAT_EXT_ARG == 0 {
            // SAFETY: the caller's promise.
            return match unsafe { self.wait_with_timeout::<C>(cqe_ptr, wait_nr, ts, sigmask) } {
                TimedOut { .. } => -ETIME,
                Empty { error, .. } => error,
                Completed { .. } => 0,
                Failed(error) => error,
            };
        }
        let arg = ext_arg(sigmask, 0, ts);
        // SAFETY: the caller's promise; `arg` lives through the call.
        unsafe { self.wait_for_cqe(cqe_ptr, Wait::with_ext_arg(0, wait_nr, &arg)) }
    }

    /// `io_uring_submit_and_wait_timeout`.
    ///
    /// # Safety
    ///
    /// As for [`wait_cqes`](Self::wait_cqes).
    pub unsafe fn submit_and_wait_timeout<C: Calls>(
        self,
        cqe_ptr: *mut *mut io_uring_cqe,
        wait_nr: c_uint,
        ts: *const __kernel_timespec,
        sigmask: *mut sigset_t,
    ) -> c_int {
        if ts.is_null() {
            return match self.rewrite_and_flush_sq() {
                Ok(pending) => {
                    // SAFETY: the caller's promise.
                    let ret = unsafe { C::get_cqe(self.as_ptr(), cqe_ptr, pending, wait_nr, sigmask) };
                    self.count_submitted(ret)
                }
                Err(error) => error,
            };
        }
        if get!(self, features) & IORING_FEAT_EXT_ARG == 0 {
            // SAFETY: the caller's promise.
            return match unsafe { self.wait_with_timeout::<C>(cqe_ptr, wait_nr, ts, sigmask) } {
                TimedOut { submitted: 0 } => -ETIME,
                Empty { submitted: 0, error } => error,
                TimedOut { submitted } | Empty { submitted, .. } | Completed { submitted } => submitted,
                Failed(error) => error,
            };
        }
        let arg = ext_arg(sigmask, 0, ts);
        match self.rewrite_and_flush_sq() {
            Ok(pending) => {
                // SAFETY: the caller's promise; `arg` lives through the call.
                let ret = unsafe { self.wait_for_cqe(cqe_ptr, Wait::with_ext_arg(pending, wait_nr, &arg)) };
                self.count_submitted(ret)
            }
            Err(error) => error,
        }
    }

    /// `io_uring_wait_cqes_min_timeout` and `io_uring_submit_and_wait_min_timeout`.
    ///
    /// # Safety
    ///
    /// As for [`wait_cqes`](Self::wait_cqes).
    pub unsafe fn wait_min_timeout(
        self,
        cqe_ptr: *mut *mut io_uring_cqe,
        submit: bool,
        wait_nr: c_uint,
        ts: *const __kernel_timespec,
        min_wait_usec: c_uint,
        sigmask: *const sigset_t,
    ) -> c_int {
        if get!(self, features) & IORING_FEAT_MIN_TIMEOUT == 0 {
            return -EINVAL;
        }
        let pending = match if submit { self.rewrite_and_flush_sq() } else { Ok(0) } {
            Ok(pending) => pending,
            Err(error) => return error,
        };
        let arg = ext_arg(sigmask, min_wait_usec, ts);
        let mut wait = Wait::with_ext_arg(pending, wait_nr, &arg);
        // One call waits long enough: another would wait as long again for what is still missing.
        wait.bounded |= min_wait_usec != 0;
        // SAFETY: the caller's promise; `arg` lives through the call.
        let ret = unsafe { self.wait_for_cqe(cqe_ptr, wait) };
        if submit {
            return self.count_submitted(ret);
        }
        ret
    }

    /// `io_uring_submit_and_wait_reg`: the wait's arguments are entry `reg_index` of the registered wait region.
    ///
    /// # Safety
    ///
    /// `cqe_ptr` is writable.
    pub unsafe fn submit_and_wait_reg(
        self,
        cqe_ptr: *mut *mut io_uring_cqe,
        wait_nr: c_uint,
        reg_index: c_int,
    ) -> c_int {
        if get!(self, features) & IORING_FEAT_EXT_ARG == 0 {
            return -EINVAL;
        }
        let size = size_of::<io_uring_reg_wait>();
        // Not an address: the kernel takes the offset of the entry in the region here.
        let offset = null::<c_void>().wrapping_byte_offset((reg_index as isize).wrapping_mul(size as isize));
        let flags = IORING_ENTER_EXT_ARG | IORING_ENTER_EXT_ARG_REG;
        let submit = match self.rewrite_and_flush_sq() {
            Ok(pending) => pending,
            Err(error) => return error,
        };
        let wait = Wait { submit, wait_nr, flags, arg: offset, size, bounded: true };
        // SAFETY: the caller's promise; the kernel checks the offset.
        let ret = unsafe { self.wait_for_cqe(cqe_ptr, wait) };
        self.count_submitted(ret)
    }

    /// A timed wait on kernels before 5.11: the library's own timeout is submitted together with what is pending.
    ///
    /// # Safety
    ///
    /// As for [`wait_cqes`](Self::wait_cqes); `ts` is not null.
    #[cold]
    #[inline(never)]
    unsafe fn wait_with_timeout<C: Calls>(
        self,
        cqe_ptr: *mut *mut io_uring_cqe,
        wait_nr: c_uint,
        ts: *const __kernel_timespec,
        sigmask: *mut sigset_t,
    ) -> TimedWait {
        // SAFETY: the caller's promise.
        let pending = match unsafe { self.queue_timeout::<C>(wait_nr, ts) } {
            Ok(pending) => pending,
            Err(error) => return Failed(error),
        };
        // SAFETY: the caller's promise.
        let ret = unsafe { C::get_cqe(self.as_ptr(), cqe_ptr, pending, wait_nr, sigmask) };
        // The timeout was queued last: it is among what was submitted only when that is everything.
        let programs = pending as c_int - 1;
        match ret {
            _ if ret == -ETIME => TimedOut { submitted: programs },
            _ if ret < 0 => Failed(ret),
            // SAFETY: the caller's place; it was just written.
            _ if unsafe { *cqe_ptr }.is_null() => {
                Empty { submitted: ret.min(programs), error: if wait_nr == 0 { -EAGAIN } else { -EINTR } }
            }
            // 0: a CQE was there before, and the number is not known.
            _ => Completed { submitted: ret.min(programs) },
        }
    }

    /// Queues the timeout that stands in for a timed wait on kernels before 5.11; returns what is to be submitted.
    ///
    /// # Safety
    ///
    /// `ts` is readable until the submission that follows.
    #[cold]
    unsafe fn queue_timeout<C: Calls>(self, wait_nr: c_uint, ts: *const __kernel_timespec) -> Result<c_uint, c_int> {
        let ring = self.as_ptr();
        // SAFETY: the crate's contract holds for the ring.
        let mut sqe = unsafe { C::get_sqe(ring) };
        if sqe.is_null() {
            // SAFETY: as above.
            let ret = unsafe { C::submit(ring) };
            if ret < 0 {
                return Err(ret);
            }
            // SAFETY: as above.
            sqe = unsafe { C::get_sqe(ring) };
            if sqe.is_null() {
                return Err(-EAGAIN);
            }
        }
        // SAFETY: a fresh SQE; the kernel reads `ts` when it is submitted, before the caller returns.
        unsafe { op::prep_timeout(sqe, ts.cast_mut(), wait_nr, 0) };
        // SAFETY: as above.
        unsafe { op::sqe_set_data64(sqe, LIBURING_UDATA_TIMEOUT) };
        self.rewrite_and_flush_sq()
    }
}
