//! Cancelling from outside of the queue.

use super::io_uring;
use crate::notif;
use crate::ring::Ring;
use crate::uapi::*;

/// `io_uring_register_sync_cancel`.
///
/// # Safety
///
/// As for [`call`](super::call).
pub unsafe fn sync_cancel(ring: *mut io_uring, reg: *mut io_uring_sync_cancel_reg) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { Ring::checked(ring) } {
        // SAFETY: the caller's promise.
        Ok(ring) if ring.has_notif() => unsafe { notif::sync_cancel(ring, reg) },
        // SAFETY: the caller's promise.
        Ok(ring) => unsafe { ring.register(IORING_REGISTER_SYNC_CANCEL, reg.cast_const().cast(), 1) },
        Err(error) => error,
    }
}
