//! Waiting.

use crate::plt::{plt_get_cqe, plt_wait_cqes, Plt};
use core::ptr::null_mut;
use libc::sigset_t;
use oxiring::ring::types::io_uring;
use oxiring::ring::Ring;
use oxiring::uapi::*;

/// Submit `submit` pending entries, wait for `wait_nr` completions, and look at the first: what the waiting inlines are made of.
///
/// `sigmask` replaces the signal mask during the wait, or is NULL.
///
/// Returns what the first system call returned (the number submitted), 0 when a CQE was visible before, or -errno; `*cqe_ptr` is a CQE or NULL. -EAGAIN when there is neither a CQE nor
/// anything to wait for.
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_get_cqe(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    submit: c_uint,
    wait_nr: c_uint,
    sigmask: *mut sigset_t,
) -> c_int {
    // SAFETY: the caller's ring, place and mask.
    unsafe { Ring::from_raw(ring).get_cqe(cqe_ptr, submit, wait_nr, sigmask) }
}

/// Wait for a CQE.
///
/// Returns 0 and `*cqe_ptr`, or -errno and NULL: -EINTR when a signal came first. The CQE stays in the ring until io_uring_cqe_seen(). Only the
/// reaping thread may call it. See io_uring_wait_cqe(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqe(ring: *mut io_uring, cqe_ptr: *mut *mut io_uring_cqe) -> c_int {
    // SAFETY: the caller's ring and place.
    unsafe { Ring::from_raw(ring).wait_cqe::<Plt>(cqe_ptr) }
}

/// Wait until `wait_nr` CQEs are visible; `*cqe_ptr` is the first. Submits nothing.
///
/// Returns 0 or -errno as io_uring_wait_cqe(); with `wait_nr` 0 and no CQE -EAGAIN. See io_uring_wait_cqe_nr(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqe_nr(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
) -> c_int {
    // SAFETY: the caller's ring and place.
    unsafe { plt_get_cqe(ring, cqe_ptr, 0, wait_nr, null_mut()) }
}

/// Wait for a CQE for `ts` at most; NULL waits without a limit.
///
/// Returns 0 and `*cqe_ptr`, -ETIME when the time is over, or another -errno as io_uring_wait_cqes(). See io_uring_wait_cqe_timeout(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqe_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    ts: *mut __kernel_timespec,
) -> c_int {
    // SAFETY: the caller's ring, place and time.
    unsafe { plt_wait_cqes(ring, cqe_ptr, 1, ts, null_mut()) }
}

/// Wait until `wait_nr` CQEs are visible, for `ts` at most, with the signal mask `sigmask`; both may be NULL.
///
/// Since Linux 5.11 (`IORING_FEAT_EXT_ARG`) the submission queue is not touched, so another thread may submit meanwhile. Before, a timed wait queues
/// and submits a timeout request, and with it whatever is pending; no other thread may submit then.
///
/// Returns 0 and the first CQE in `*cqe_ptr`; -ETIME when the time is over, -EINTR, -EAGAIN (before 5.11: no room for the timeout), or another -errno, with NULL. See
/// io_uring_wait_cqes(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqes(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    sigmask: *mut sigset_t,
) -> c_int {
    // SAFETY: the caller's ring, place, time and mask.
    unsafe { Ring::from_raw(ring).wait_cqes::<Plt>(cqe_ptr, wait_nr, ts, sigmask) }
}

/// As io_uring_wait_cqes(), but after `min_wait_usec` microseconds any number of completions is enough; `ts` bounds the wait when there is none.
///
/// Returns as io_uring_wait_cqes(); -EINVAL without `IORING_FEAT_MIN_TIMEOUT` (Linux 6.12). See io_uring_wait_cqes_min_timeout(3).
///
/// Symbol version: LIBURING_2.8, ffi LIBURING_2.8.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqes_min_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    min_ts_usec: c_uint,
    sigmask: *mut sigset_t,
) -> c_int {
    // SAFETY: the caller's ring, place, time and mask.
    unsafe { Ring::from_raw(ring).wait_min_timeout(cqe_ptr, false, wait_nr, ts, min_ts_usec, sigmask) }
}

/// Submit, and wait as io_uring_wait_cqes() does, in one system call.
///
/// Returns 0 when a CQE was visible before the call, whatever was submitted. Otherwise the number submitted when anything was, also when the wait then ended by its time
/// or by a signal: `*cqe_ptr` is NULL in that case. Otherwise -ETIME, -EINTR or another -errno. See io_uring_submit_and_wait_timeout(3).
///
/// Symbol version: LIBURING_2.2, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    sigmask: *mut sigset_t,
) -> c_int {
    // SAFETY: the caller's ring, place, time and mask.
    unsafe { Ring::from_raw(ring).submit_and_wait_timeout::<Plt>(cqe_ptr, wait_nr, ts, sigmask) }
}

/// Submit, and wait as io_uring_wait_cqes_min_timeout() does, in one system call. `min_wait` counts also where `ts` is NULL.
///
/// Returns as io_uring_submit_and_wait_timeout(); -EINVAL without `IORING_FEAT_MIN_TIMEOUT` (Linux 6.12), with nothing submitted. See
/// io_uring_submit_and_wait_min_timeout(3).
///
/// Symbol version: LIBURING_2.8, ffi LIBURING_2.8.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait_min_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    min_wait: c_uint,
    sigmask: *mut sigset_t,
) -> c_int {
    // SAFETY: the caller's ring, place, time and mask.
    unsafe { Ring::from_raw(ring).wait_min_timeout(cqe_ptr, true, wait_nr, ts, min_wait, sigmask) }
}

/// Submit and wait, with time and signal mask from entry `reg_index` of a registered region of `struct io_uring_reg_wait`
/// (io_uring_register_region() with `IORING_MEM_REGION_REG_WAIT_ARG`).
///
/// Returns as io_uring_submit_and_wait_timeout(); -EINVAL without `IORING_FEAT_EXT_ARG`, with nothing submitted; -EFAULT for an index outside the
/// region. Since Linux 6.13. See io_uring_submit_and_wait_reg(3).
///
/// Symbol version: LIBURING_2.9, ffi LIBURING_2.9.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait_reg(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    reg_index: c_int,
) -> c_int {
    // SAFETY: the caller's ring and place.
    unsafe { Ring::from_raw(ring).submit_and_wait_reg(cqe_ptr, wait_nr, reg_index) }
}
