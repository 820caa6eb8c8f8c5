//! Submitting.

use oxiring::ring::types::io_uring;
use oxiring::ring::Ring;
use oxiring::uapi::*;

/// Submit what io_uring_get_sqe() handed out.
///
/// Makes no system call when nothing is pending and the kernel holds no completions back, nor with `IORING_SETUP_SQPOLL` while the
/// kernel's thread is awake. Only the submitting thread may call it.
///
/// Returns the number of entries submitted (with SQPOLL: pending), which may be fewer than there are: the rest goes with the next call.
/// Or -errno: -EAGAIN, -EBUSY (completions wait outside the ring: reap first), -EINTR, -EBADR, -EEXIST (wrong task for a ring with one issuer), -ENXIO (the ring
/// is being ended). See io_uring_submit(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.submit()
}

/// Submit, and wait for `wait_nr` completions in the same system call.
///
/// Returns the number submitted, also when a signal ended the wait after something was submitted; or -errno as io_uring_submit(). See
/// io_uring_submit_and_wait(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait(ring: *mut io_uring, wait_nr: c_uint) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.submit_and_wait(wait_nr)
}

/// Submit, and have the kernel run pending task work and flush overflowed completions, without waiting.
///
/// Returns as io_uring_submit(). See io_uring_submit_and_get_events(3).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_get_events(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.submit_and_get_events()
}

/// Have the kernel run pending task work and flush overflowed completions; submits nothing, does not wait.
///
/// Returns 0 or -errno. See io_uring_get_events(3).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_events(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.get_events()
}

/// The system call of io_uring_sqring_wait(), unconditionally.
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_sqring_wait(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.sqring_enter_wait()
}

/// Whether waits of this ring count as waiting for I/O in the kernel's CPU statistics; they do at first.
///
/// Returns 0, or -EOPNOTSUPP without `IORING_FEAT_NO_IOWAIT` (Linux 6.15). See io_uring_set_iowait(3).
///
/// Symbol version: LIBURING_2.10, ffi LIBURING_2.10.
#[no_mangle]
pub unsafe extern "C" fn io_uring_set_iowait(ring: *mut io_uring, enable_iowait: bool) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::checked(ring) }.map_or_else(|error| error, |ring| ring.set_iowait(enable_iowait))
}
