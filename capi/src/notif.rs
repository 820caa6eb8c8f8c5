//! Notification slots for zero-copy sends.

use oxiring::notif;
use oxiring::ring::types::io_uring;
use oxiring::uapi::*;

/// Give the ring `nr` notification slots, with the tags at `slots`, for io_uring_prep_sendzc() and its relatives.
///
/// A slot has a notifier from the first send that names it. The notifier covers that send and those that follow, until the slot is flushed: by
/// a send with `IORING_RECVSEND_NOTIF_FLUSH` that succeeds (with `MSG_WAITALL`: sends everything), or by io_uring_prep_notif_update(). When the network needs none of their
/// buffers any more, the flushed notifier posts one CQE: user_data is the tag that the slot had when the notifier came to be, res is 0, and
/// flags are the generation, which counts the notifiers of the slot from 0. Any 32 bits may stand there, so only the tag tells such a
/// CQE. The next send on the slot starts the next notifier. Attaching and flushing take effect in the order of submission.
///
/// From now on and until io_uring_queue_exit() the ring belongs to one process and to this copy of the structure. One thread may submit while another
/// reaps, as on any ring; io_uring_cq_ready() and io_uring_submit_and_wait() with a number are for the one that reaps. No other thread may use the ring during this call. The user_data from
/// `LIBURING_UDATA_NOTIF` on are the library's, see there. `slots` is copied.
///
/// A wait for a number of completions counts those that the program sees; io_uring_submit_and_wait_reg() may return early. The kernel's CQ holds two entries for
/// a zero-copy send until they are looked at, so it should have room for twice the sends in flight.
///
/// Where a notifier has no completion of the kernel left to become, the library has the kernel post one, since Linux 5.18; where that is not possible the notifier is
/// there for whoever looks next, and nobody is woken.
///
/// Returns 0 or -errno: -EBUSY (has slots already), -EINVAL (no slots, more than `IO_NOTIF_MAX_SLOTS`, resv not zero, a ring with
/// `IORING_SETUP_CQE_MIXED` or `IORING_SETUP_SQ_REWIND`), -EFAULT, -ENOMEM; -EBADF and -EMFILE when the ring has no descriptor to be duplicated. Works on every kernel; zero-copy needs Linux 6.0, and
/// 6.1 for the message and vector forms.
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_notifications(
    ring: *mut io_uring,
    nr: c_uint,
    slots: *mut io_uring_notification_slot,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { notif::register(ring, nr, slots) }
}

/// Flush all slots of the ring and take them away.
///
/// The CQEs of notifiers that are in flight still arrive. Slots may be registered again at once. Called by the submitting thread; another may be
/// reaping.
///
/// Returns 0, or -ENXIO when the ring has no slots, or -ENOMEM.
///
/// Symbol version: OXIRING_1.0, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_notifications(ring: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { notif::unregister(ring) }
}
