//! Provided-buffer rings.

use crate::plt::Plt;
use core::ptr::null_mut;
use oxiring::register::buf_ring::{self, BufRing};
use oxiring::ring::types::io_uring;
use oxiring::ring::Ring;
use oxiring::uapi::*;

/// Register the buffer ring that `reg` describes as group `reg->bgid`. `flags` (`IOU_PBUF_RING_*`) are ORed into `reg->flags`.
///
/// The memory at `reg->ring_addr` is page-aligned, has 16 bytes an entry, and belongs to the ring until it is unregistered. With `IOU_PBUF_RING_MMAP` the kernel
/// brings it along, at mmap offset `IORING_OFF_PBUF_RING | bgid << IORING_OFF_PBUF_SHIFT`.
///
/// Returns 0 or -errno: -EEXIST (group is taken), -EINVAL (not a power of two, above 32768), -EFAULT, -ENOMEM. Since Linux 5.19. See io_uring_register_buf_ring(3).
///
/// Symbol version: LIBURING_2.2, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buf_ring(
    ring: *mut io_uring,
    reg: *mut io_uring_buf_reg,
    flags: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buf_ring::register(ring, reg, flags) }
}

/// Unregister the buffer ring of group `bgid`.
///
/// Returns 0, or -ENOENT for a group that is not there, or -EINVAL for one that has no ring. See io_uring_unregister_buf_ring(3).
///
/// Symbol version: LIBURING_2.2, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_buf_ring(ring: *mut io_uring, bgid: c_int) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buf_ring::unregister(ring, bgid) }
}

/// Store the kernel's position in the buffer ring of group `buf_group` to `*head`: buffers before it have been consumed.
///
/// Returns 0 or -errno: -ENOENT, -EINVAL. Since Linux 6.8.
///
/// Symbol version: LIBURING_2.6, ffi OXIRING_1.0.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_head(ring: *mut io_uring, buf_group: c_int, head: *mut u16) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buf_ring::head(ring, buf_group, head) }
}

/// Unregister and unmap a buffer ring of io_uring_setup_buf_ring(). When unregistering fails, it stays mapped.
///
/// Returns 0 or -errno as io_uring_unregister_buf_ring(). See io_uring_free_buf_ring(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_free_buf_ring(
    ring: *mut io_uring,
    br: *mut io_uring_buf_ring,
    nentries: c_uint,
    bgid: c_int,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buf_ring::free::<Plt>(ring, br, nentries, bgid) }
}

/// Allocate a buffer ring of `nentries` (a power of two, 32768 at most), and register it as group `bgid`.
///
/// It is empty; fill it with io_uring_buf_ring_add() and io_uring_buf_ring_advance(). It is given back with io_uring_free_buf_ring().
///
/// Returns NULL on failure and stores -errno to `*err` as io_uring_register_buf_ring(). Since Linux 5.19. See io_uring_setup_buf_ring(3).
///
/// Symbol version: LIBURING_2.4, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_setup_buf_ring(
    ring: *mut io_uring,
    nentries: c_uint,
    bgid: c_int,
    flags: c_uint,
    err: *mut c_int,
) -> *mut io_uring_buf_ring {
    // SAFETY: the contract above is the callee's.
    let (br, error) = match unsafe { buf_ring::setup::<Plt>(ring, nentries, bgid, flags) } {
        Ok(br) => (br, 0),
        Err(error) => (null_mut(), error),
    };
    if !err.is_null() {
        // SAFETY: the caller's place for the error.
        unsafe { err.write(error) };
    }
    br
}

/// What a buffer ring's index is masked with: `ring_entries` - 1. See io_uring_buf_ring_mask(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub extern "C" fn io_uring_buf_ring_mask(ring_entries: __u32) -> c_int {
    buf_ring::mask(ring_entries)
}

/// Empty a buffer ring before it is registered. See io_uring_buf_ring_init(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_init(br: *mut io_uring_buf_ring) {
    // SAFETY: the caller's buffer ring.
    unsafe { BufRing::from_raw(br) }.init();
}

/// Write a buffer of `len` bytes at `addr` with the id `bid`, `buf_offset` entries behind the tail. The kernel sees it after
/// io_uring_buf_ring_advance().
///
/// `mask` is io_uring_buf_ring_mask(). One thread adds at a time; there is no check for room. See io_uring_buf_ring_add(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_add(
    br: *mut io_uring_buf_ring,
    addr: *mut c_void,
    len: c_uint,
    bid: c_ushort,
    mask: c_int,
    buf_offset: c_int,
) {
    // SAFETY: the caller's buffer ring.
    unsafe { BufRing::from_raw(br) }.add(addr, len, bid, mask, buf_offset);
}

/// Publish `count` added buffers. See io_uring_buf_ring_advance(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_advance(br: *mut io_uring_buf_ring, count: c_int) {
    // SAFETY: the caller's buffer ring.
    unsafe { BufRing::from_raw(br) }.advance(count);
}

/// Publish `count` added buffers and give as many completion slots back. See io_uring_buf_ring_cq_advance(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_cq_advance(ring: *mut io_uring, br: *mut io_uring_buf_ring, count: c_int) {
    // SAFETY: the caller's ring and buffer ring.
    unsafe { __io_uring_buf_ring_cq_advance(ring, br, count, count) };
}

/// Publish `buf_count` added buffers and give `cq_count` completion slots back: for bundles, whose CQEs stand for several buffers. See
/// __io_uring_buf_ring_cq_advance(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_buf_ring_cq_advance(
    ring: *mut io_uring,
    br: *mut io_uring_buf_ring,
    cq_count: c_int,
    buf_count: c_int,
) {
    // SAFETY: the caller's ring and buffer ring.
    unsafe { BufRing::from_raw(br).cq_advance(Ring::from_raw(ring), cq_count, buf_count) };
}

/// Buffers in the ring of group `bgid` that the kernel has not consumed yet, or -errno as io_uring_buf_ring_head(). See
/// io_uring_buf_ring_available(3).
///
/// Symbol version: ffi LIBURING_2.6.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_available(
    ring: *mut io_uring,
    br: *mut io_uring_buf_ring,
    bgid: c_ushort,
) -> c_int {
    // SAFETY: the caller's ring and buffer ring.
    unsafe { BufRing::from_raw(br).available(ring, bgid) }
}
