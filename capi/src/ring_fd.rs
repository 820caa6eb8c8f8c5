//! The ring's descriptor as a registered index.

use oxiring::ring::types::io_uring;
use oxiring::ring::Ring;
use oxiring::uapi::*;

/// Register the ring's own descriptor with the calling task, so that entering needs no descriptor look-up.
///
/// The index belongs to the task: other threads must not enter the ring afterwards.
///
/// Returns 1, or -errno: -EEXIST when it is registered already, -EINVAL before Linux 5.18, -EBUSY when all 16 indices are taken. See
/// io_uring_register_ring_fd(3).
///
/// Symbol version: LIBURING_2.2, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_ring_fd(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::checked(ring) }.map_or_else(|error| error, Ring::register_ring_fd)
}

/// Undo io_uring_register_ring_fd(). After io_uring_close_ring_fd() the ring cannot be used any more.
///
/// Returns 1, or -EINVAL when nothing is registered, or another -errno. See io_uring_unregister_ring_fd(3).
///
/// Symbol version: LIBURING_2.2, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_ring_fd(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::checked(ring) }.map_or_else(|error| error, Ring::unregister_ring_fd)
}

/// Close the descriptor of a ring whose index is registered; everything goes by the index then.
///
/// Returns 1, or -EOPNOTSUPP without `IORING_FEAT_REG_REG_RING` (Linux 6.3), -EINVAL when no index is registered, -EBADF when it is closed already. See
/// io_uring_close_ring_fd(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_close_ring_fd(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::checked(ring) }.map_or_else(|error| error, Ring::close_ring_fd)
}
