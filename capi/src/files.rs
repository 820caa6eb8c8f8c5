//! Registered ("direct") files.

use core::ptr::null;
use oxiring::register::{buffers, call, files};
use oxiring::ring::types::io_uring;
use oxiring::uapi::*;

/// Register `nr_files` descriptors, which requests with `IOSQE_FIXED_FILE` then name by index. -1 leaves a slot empty.
///
/// The descriptors may be closed afterwards. When the kernel counts them against RLIMIT_NOFILE (-EMFILE), the soft limit of the process is raised by
/// `nr_files` and the call made once more.
///
/// Returns 0 or -errno: -EBUSY when files are registered already, -EBADF, -EFAULT, -EINVAL, -EMFILE, -ENOMEM. See io_uring_register_files(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files(ring: *mut io_uring, files: *const c_int, nr_files: c_uint) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { files::register(ring, files, nr_files) }
}

/// As io_uring_register_files(), with a tag for each file: where it is not 0, a CQE with it as user_data is posted when the kernel no longer uses
/// the file after its unregistration or replacement.
///
/// Since Linux 5.13. See io_uring_register_files_tags(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_tags(
    ring: *mut io_uring,
    files: *const c_int,
    tags: *const __u64,
    nr: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { files::register2(ring, files, tags, nr, 0) }
}

/// Register a table of `nr` empty slots.
///
/// Returns 0 or -errno as io_uring_register_files(). Since Linux 5.19. See io_uring_register_files_sparse(3).
///
/// Symbol version: LIBURING_2.2, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_sparse(ring: *mut io_uring, nr: c_uint) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { files::register2(ring, null(), null(), nr, IORING_RSRC_REGISTER_SPARSE) }
}

/// Replace `nr_files` registered files from slot `off` on: -1 empties a slot, `IORING_REGISTER_FILES_SKIP` leaves it alone.
///
/// Returns the number replaced, or -errno: -ENXIO without a table, -EINVAL outside of it, -EBADF. Since Linux 5.5. See io_uring_register_files_update(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_update(
    ring: *mut io_uring,
    off: c_uint,
    files: *const c_int,
    nr_files: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { files::update(ring, off, files, nr_files) }
}

/// As io_uring_register_files_update(), with tags as of io_uring_register_files_tags().
///
/// Since Linux 5.13. See io_uring_register_files_update_tag(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_update_tag(
    ring: *mut io_uring,
    off: c_uint,
    files: *const c_int,
    tags: *const __u64,
    nr_files: c_uint,
) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { buffers::update_tag(ring, IORING_REGISTER_FILES_UPDATE2, off, files, tags, nr_files) }
}

/// Unregister all files. Requests in flight keep theirs until they are done.
///
/// Returns 0, or -ENXIO when none are registered. See io_uring_unregister_files(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_files(ring: *mut io_uring) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { call(ring, IORING_UNREGISTER_FILES, null::<c_int>(), 0) }
}

/// Restrict the slots that the kernel picks for `IORING_FILE_INDEX_ALLOC` to `len` slots from `off` on.
///
/// Returns 0, or -errno: -EINVAL outside the table, -EOVERFLOW. Since Linux 6.0. See io_uring_register_file_alloc_range(3).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_file_alloc_range(ring: *mut io_uring, off: c_uint, len: c_uint) -> c_int {
    // SAFETY: the contract above is the callee's.
    unsafe { files::alloc_range(ring, off, len) }
}
