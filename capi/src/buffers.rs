//! Registered ("fixed") buffers.

use crate::plt::plt_clone_buffers_offset;
use core::ptr::null;
use libc::iovec;
use oxiring::register::{buffers, call};
use oxiring::ring::types::io_uring;
use oxiring::uapi::*;

/// The argument of registrations that take none.
const NULL: *const c_void = null();

/// Register `nr_iovecs` buffers, which the *_fixed operations then name by index.
///
/// The kernel pins the memory until it is unregistered; `iovecs` itself is not needed afterwards. 16384 buffers of 1 GiB each at most.
///
/// Returns 0 or -errno: -EBUSY when buffers are registered already, -EFAULT, -EINVAL, -ENOMEM (RLIMIT_MEMLOCK), -EOPNOTSUPP (file-backed memory). See io_uring_register_buffers(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers(
    ring: *mut io_uring,
    iovecs: *const iovec,
    nr_iovecs: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_REGISTER_BUFFERS, iovecs, nr_iovecs) }
}

/// Unregister all buffers. Requests in flight keep theirs until they are done.
///
/// Returns 0, or -ENXIO when none are registered. See io_uring_unregister_buffers(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_buffers(ring: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_UNREGISTER_BUFFERS, NULL, 0) }
}

/// As io_uring_register_buffers(), with a tag for each buffer: where it is not 0, a CQE with it as user_data is posted when the kernel
/// no longer uses the buffer after its unregistration or replacement.
///
/// Since Linux 5.13. See io_uring_register_buffers_tags(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers_tags(
    ring: *mut io_uring,
    iovecs: *const iovec,
    tags: *const __u64,
    nr: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buffers::register2(ring, iovecs, tags, nr, 0) }
}

/// Register a table of `nr` empty slots, to be filled with io_uring_register_buffers_update_tag() or io_uring_clone_buffers().
///
/// Returns 0 or -errno as io_uring_register_buffers(). Since Linux 5.19. See io_uring_register_buffers_sparse(3).
///
/// Symbol version: LIBURING_2.2, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers_sparse(ring: *mut io_uring, nr: c_uint) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buffers::register2(ring, null(), null(), nr, IORING_RSRC_REGISTER_SPARSE) }
}

/// Replace `nr` registered buffers from slot `off` on. A NULL address with length 0 empties the slot.
///
/// Returns the number replaced, or -errno: -ENXIO without a table, -EINVAL outside of it. Since Linux 5.13. See io_uring_register_buffers_update_tag(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers_update_tag(
    ring: *mut io_uring,
    off: c_uint,
    iovecs: *const iovec,
    tags: *const __u64,
    nr: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buffers::update_tag(ring, IORING_REGISTER_BUFFERS_UPDATE, off, iovecs, tags, nr) }
}

/// Give `dst` the registered buffers of `src` without pinning them again. `dst` must have none.
///
/// Returns 0 or -errno: -EBUSY (`dst` has buffers), -ENXIO (`src` has none), -EINVAL, -ENOMEM. Since Linux 6.12. See io_uring_clone_buffers(3).
///
/// Symbol version: LIBURING_2.8, ffi LIBURING_2.8.
#[no_mangle]
pub unsafe extern "C" fn io_uring_clone_buffers(dst: *mut io_uring, src: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { plt_clone_buffers_offset(dst, src, 0, 0, 0, IORING_REGISTER_SRC_REGISTERED) }
}

/// As io_uring_clone_buffers(), with `flags` taken as they are: without `IORING_REGISTER_SRC_REGISTERED` the source is named by its descriptor
/// also where it has a registered index.
///
/// Symbol version: LIBURING_2.10, ffi LIBURING_2.10.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_clone_buffers(dst: *mut io_uring, src: *mut io_uring, flags: c_uint) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { plt_clone_buffers_offset(dst, src, 0, 0, 0, flags) }
}

/// Give slots `dst_off` and following of `dst` the `nr` buffers of `src` from `src_off` on; 0 means all that follow.
///
/// With `IORING_REGISTER_DST_REPLACE` in `flags` buffers that `dst` has there are replaced.
///
/// Returns 0 or -errno: -EBUSY, -ENXIO, -EINVAL, -EOVERFLOW (range), -ENOMEM. Since Linux 6.13. See io_uring_clone_buffers_offset(3).
///
/// Symbol version: LIBURING_2.9, ffi LIBURING_2.9.
#[no_mangle]
pub unsafe extern "C" fn io_uring_clone_buffers_offset(
    dst: *mut io_uring,
    src: *mut io_uring,
    dst_off: c_uint,
    src_off: c_uint,
    nr: c_uint,
    flags: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { plt_clone_buffers_offset(dst, src, dst_off, src_off, nr, flags | IORING_REGISTER_SRC_REGISTERED) }
}

/// As io_uring_clone_buffers_offset(), with `flags` taken as they are. `IORING_REGISTER_SRC_REGISTERED` is dropped where the source has no index that
/// registrations can use.
///
/// Symbol version: LIBURING_2.10, ffi LIBURING_2.10.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_clone_buffers_offset(
    dst: *mut io_uring,
    src: *mut io_uring,
    dst_off: c_uint,
    src_off: c_uint,
    nr: c_uint,
    flags: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buffers::clone_offset(dst, src, dst_off, src_off, nr, flags) }
}
