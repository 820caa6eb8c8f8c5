//! Registered ("fixed") buffers.

use super::{call, io_uring, sizeof_arg};
use crate::ring::{get, int_flags, Ring};
use crate::uapi::*;

/// `io_uring_register_buffers_tags`, and with null `iovecs` and [`IORING_RSRC_REGISTER_SPARSE`] `io_uring_register_buffers_sparse`.
///
/// # Safety
///
/// As for [`call`]; `iovecs` and `tags` have `nr` entries each, or are null.
pub unsafe fn register2(
    ring: *mut io_uring,
    iovecs: *const libc::iovec,
    tags: *const __u64,
    nr: c_uint,
    flags: c_uint,
) -> c_int {
    let reg =
        io_uring_rsrc_register { nr, flags, resv2: 0, data: iovecs as usize as __u64, tags: tags as usize as __u64 };
    // SAFETY: the caller's promise.
    unsafe { call(ring, IORING_REGISTER_BUFFERS2, &reg, sizeof_arg::<io_uring_rsrc_register>()) }
}

/// `io_uring_register_buffers_update_tag` and `io_uring_register_files_update_tag`, by `opcode`: `data` are iovecs or descriptors.
///
/// # Safety
///
/// As for [`call`]; `data` and `tags` have `nr` entries each, or are null.
pub unsafe fn update_tag<T>(
    ring: *mut io_uring,
    opcode: c_uint,
    off: c_uint,
    data: *const T,
    tags: *const __u64,
    nr: c_uint,
) -> c_int {
    let up = io_uring_rsrc_update2 {
        offset: off,
        resv: 0,
        data: data as usize as __u64,
        tags: tags as usize as __u64,
        nr,
        resv2: 0,
    };
    // SAFETY: the caller's promise.
    unsafe { call(ring, opcode, &up, sizeof_arg::<io_uring_rsrc_update2>()) }
}

/// `__io_uring_clone_buffers_offset`.
///
/// [`IORING_REGISTER_SRC_REGISTERED`] asks to name the source by its registered index; it is dropped where the source has none that
/// registrations take.
///
/// # Safety
///
/// The crate's contract holds for both rings.
pub unsafe fn clone_offset(
    dst: *mut io_uring,
    src: *mut io_uring,
    dst_off: c_uint,
    src_off: c_uint,
    nr: c_uint,
    mut flags: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    let src = match unsafe { Ring::checked(src) } {
        Ok(src) => src,
        Err(error) => return error,
    };
    if get!(src, int_flags) & int_flags::REG_REG_RING == 0 {
        flags &= !IORING_REGISTER_SRC_REGISTERED;
    }
    let by_index = flags & IORING_REGISTER_SRC_REGISTERED != 0;
    let src_fd = if by_index { get!(src, enter_ring_fd) } else { get!(src, ring_fd) } as __u32;
    let arg = io_uring_clone_buffers { src_fd, flags, src_off, dst_off, nr, pad: [0; 3] };
    // SAFETY: the caller's promise.
    unsafe { call(dst, IORING_REGISTER_CLONE_BUFFERS, &arg, 1) }
}
