//! The completion queue.

use crate::plt::Plt;
use oxiring::ring::types::{io_uring, io_uring_cqe_iter};
use oxiring::ring::{wait, Ring};
use oxiring::uapi::*;

/// The program's value of a completion, as a pointer. See io_uring_cqe_get_data(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_get_data(cqe: *const io_uring_cqe) -> *mut c_void {
    // SAFETY: the caller's CQE.
    unsafe { (*cqe).user_data as usize as *mut c_void }
}

/// The program's value of a completion, as an integer. See io_uring_cqe_get_data64(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_get_data64(cqe: *const io_uring_cqe) -> __u64 {
    // SAFETY: the caller's CQE.
    unsafe { (*cqe).user_data }
}

/// 1 when the setup `flags` say that every CQE has 32 bytes, else 0: what an index is shifted by.
///
/// Symbol version: ffi OXIRING_1.0.
#[no_mangle]
pub extern "C" fn io_uring_cqe_shift_from_flags(flags: c_uint) -> c_uint {
    wait::cqe_shift_from_flags(flags)
}

/// 1 when every CQE of `ring` has 32 bytes, else 0.
///
/// Symbol version: ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_shift(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.cqe_shift()
}

/// Slots that a CQE takes in the ring: 2 for a 32-byte CQE of a ring with `IORING_SETUP_CQE_MIXED`, else 1.
///
/// It goes by the CQE alone (`IORING_CQE_F_32`), because it has no ring to ask: the CQE of a notifier, see io_uring_register_notifications(), has its
/// generation for flags and takes one slot, also where this says 2. io_uring_cqe_seen() and the iterators know the ring.
///
/// Symbol version: ffi LIBURING_2.12.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_nr(cqe: *const io_uring_cqe) -> c_uint {
    // SAFETY: the caller's CQE.
    wait::cqe_slots(unsafe { (*cqe).flags })
}

/// Start an iteration over the CQEs that are visible now. Nothing is consumed; use io_uring_cq_advance() afterwards.
///
/// Symbol version: ffi LIBURING_2.15.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_iter_init(ring: *const io_uring) -> io_uring_cqe_iter {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.cqe_iter()
}

/// The next CQE of an iteration: true and `*cqe`, or false at its end.
///
/// Fillers with `IORING_CQE_F_SKIP` are shown as well, so that slots can be counted.
///
/// Symbol version: ffi LIBURING_2.15.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_iter_next(iter: *mut io_uring_cqe_iter, cqe: *mut *mut io_uring_cqe) -> bool {
    // SAFETY: the caller's iterator.
    let next = unsafe { wait::cqe_iter_next(&mut *iter) };
    if next.is_null() {
        return false;
    }
    // SAFETY: the caller's place for the result.
    unsafe { cqe.write(next) };
    true
}

/// Slots of unconsumed CQEs in the ring. Completions that the kernel holds back are not counted. See io_uring_cq_ready(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_ready(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.cq_ready()
}

/// Whether completions wait outside the ring because it was full; io_uring_get_events() brings them in. See
/// io_uring_cq_has_overflow(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_has_overflow(ring: *const io_uring) -> bool {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.cq_has_overflow()
}

/// Give `nr` slots of the completion queue back to the kernel; their CQEs must not be looked at afterwards.
///
/// Only the reaping thread may call it. See io_uring_cq_advance(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_advance(ring: *mut io_uring, nr: c_uint) {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.cq_advance(nr);
}

/// Give the slot or slots of one CQE back. NULL is ignored. See io_uring_cqe_seen(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_seen(ring: *mut io_uring, cqe: *mut io_uring_cqe) {
    if !cqe.is_null() {
        // SAFETY: the caller's ring and CQE.
        unsafe { Ring::from_raw(ring).cqe_seen((*cqe).flags) };
    }
}

/// Whether completions signal the registered eventfd. See io_uring_cq_eventfd_enabled(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_eventfd_enabled(ring: *const io_uring) -> bool {
    // SAFETY: the caller's ring; only read.
    unsafe { Ring::from_raw(ring.cast_mut()) }.cq_eventfd_enabled()
}

/// Switch the signalling of the registered eventfd on or off.
///
/// Returns 0, or -EOPNOTSUPP on kernels before 5.8. See io_uring_cq_eventfd_toggle(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_eventfd_toggle(ring: *mut io_uring, enabled: bool) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::from_raw(ring) }.cq_eventfd_toggle(enabled)
}

/// Look for a CQE without entering the kernel: `*cqe_ptr` is the first one or NULL, `*nr_available` (unless NULL) the number of slots.
///
/// Returns 0, or the negative result of the library's own timeout on kernels without `IORING_FEAT_EXT_ARG`.
///
/// Symbol version: ffi LIBURING_2.15.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_peek_cqe(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    nr_available: *mut c_uint,
) -> c_int {
    // SAFETY: the caller's ring and places.
    unsafe { Ring::from_raw(ring).peek_cqe_raw(cqe_ptr, nr_available) }
}

/// Look for a CQE; enters the kernel only where it holds completions back.
///
/// Returns 0 and `*cqe_ptr`, or -EAGAIN and NULL, or another -errno. The CQE stays in the ring until io_uring_cqe_seen(). Only the reaping thread
/// may call it. See io_uring_peek_cqe(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_peek_cqe(ring: *mut io_uring, cqe_ptr: *mut *mut io_uring_cqe) -> c_int {
    // SAFETY: the caller's ring and place.
    unsafe { Ring::from_raw(ring).peek_cqe::<Plt>(cqe_ptr) }
}

/// Fill `cqes` with pointers to the first visible CQEs, `count` at most, without waiting.
///
/// Where there are none it looks once at what the kernel holds back. On rings with `IORING_SETUP_CQE_MIXED` a filler ends the batch, and the CQEs must be
/// given back by slots (io_uring_cqe_nr()).
///
/// Returns how many. See io_uring_peek_batch_cqe(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_peek_batch_cqe(
    ring: *mut io_uring,
    cqes: *mut *mut io_uring_cqe,
    count: c_uint,
) -> c_uint {
    // SAFETY: the caller's ring and array.
    unsafe { Ring::from_raw(ring).peek_batch_cqe::<Plt>(cqes, count) }
}
