//! The submission queue.

use oxiring::ring::types::io_uring;
use oxiring::ring::{self, Ring};
use oxiring::uapi::*;

/// The next free SQE, to be filled with an io_uring_prep_*() function, or NULL when the queue is full (submit first).
///
/// Cleared are `flags`, `ioprio`, `rw_flags`, `buf_index`, `personality`, `file_index`, `addr3` and `__pad2`; `user_data` and the rest are what
/// the last user of the slot left. The SQE is the caller's until it is submitted, which happens also when it was not filled. Only the
/// submitting thread may call it. See io_uring_get_sqe(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_sqe(ring: *mut io_uring) -> *mut io_uring_sqe {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.get_sqe()
}

/// What io_uring_get_sqe() does, under the name of the header's inline body.
///
/// Symbol version: ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn _io_uring_get_sqe(ring: *mut io_uring) -> *mut io_uring_sqe {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.get_sqe()
}

/// The next free SQE for a 128-byte operation, or NULL.
///
/// On rings with `IORING_SETUP_SQE128` it is io_uring_get_sqe(). On rings with `IORING_SETUP_SQE_MIXED` it takes two neighbouring slots, and fills
/// the last slot of the ring with a NOP without completion when it stands there. NULL when there is no room, or the ring has no 128-byte
/// entries. The caller must use a 128-byte opcode on a mixed ring. See io_uring_get_sqe128(3).
///
/// Symbol version: ffi LIBURING_2.13.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_sqe128(ring: *mut io_uring) -> *mut io_uring_sqe {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.get_sqe128()
}

/// SQEs that were handed out and that the kernel has not consumed yet. See io_uring_sq_ready(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sq_ready(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.sq_ready()
}

/// SQEs that io_uring_get_sqe() can still hand out. See io_uring_sq_space_left(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sq_space_left(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.sq_space_left()
}

/// Wait until the kernel's thread has made room in a full submission queue.
///
/// Returns 0 at once on rings without `IORING_SETUP_SQPOLL` and when there is room; otherwise what the kernel returned, 0 or -errno. Since Linux
/// 5.10. See io_uring_sqring_wait(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqring_wait(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.sqring_wait()
}

/// The kernel's position in the submission queue: entries before it have been consumed.
///
/// Symbol version: ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_load_sq_head(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.load_sq_head()
}

/// 1 when the setup `flags` say that SQEs have 128 bytes, else 0: what an index is shifted by.
///
/// Symbol version: ffi OXIRING_1.0.
#[no_mangle]
pub extern "C" fn io_uring_sqe_shift_from_flags(flags: c_uint) -> c_uint {
    ring::sqe_shift_from_flags(flags)
}

/// 1 when the SQEs of `ring` have 128 bytes, else 0.
///
/// Symbol version: ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqe_shift(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.sqe_shift()
}
