//! Registered ("direct") files.

use super::{call, io_uring, sizeof_arg};
use crate::sys::{self, EMFILE};
use crate::uapi::*;

/// Runs a registration of `nr` files, once more with a higher soft limit if the kernel counts them against it.
///
/// Raising `RLIMIT_NOFILE` is a side effect for the whole process; it is the original's, and programs that register more
/// files than their limit rely on it.
fn with_raised_limit(nr: c_uint, register: impl Fn() -> c_int) -> c_int {
    let ret = register();
    if ret == -EMFILE {
        sys::raise_nofile_limit(nr);
        return register();
    }
    ret
}

/// `io_uring_register_files`.
///
/// # Safety
///
/// As for [`call`]; `files` has `nr` descriptors.
pub unsafe fn register(ring: *mut io_uring, files: *const c_int, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    with_raised_limit(nr, || unsafe { call(ring, IORING_REGISTER_FILES, files, nr) })
}

/// `io_uring_register_files_tags`, and with null `files` and [`IORING_RSRC_REGISTER_SPARSE`] `io_uring_register_files_sparse`.
///
/// # Safety
///
/// As for [`call`]; `files` and `tags` have `nr` entries each, or are null.
pub unsafe fn register2(
    ring: *mut io_uring,
    files: *const c_int,
    tags: *const __u64,
    nr: c_uint,
    flags: c_uint,
) -> c_int {
    let reg =
        io_uring_rsrc_register { nr, flags, resv2: 0, data: files as usize as __u64, tags: tags as usize as __u64 };
    // SAFETY: the caller's promise.
    with_raised_limit(nr, || unsafe {
        call(ring, IORING_REGISTER_FILES2, &reg, sizeof_arg::<io_uring_rsrc_register>())
    })
}

/// `io_uring_register_files_update`.
///
/// # Safety
///
/// As for [`register`].
pub unsafe fn update(ring: *mut io_uring, off: c_uint, files: *const c_int, nr: c_uint) -> c_int {
    let up = io_uring_files_update { offset: off, resv: 0, fds: files as usize as __u64 };
    // SAFETY: the caller's promise.
    unsafe { call(ring, IORING_REGISTER_FILES_UPDATE, &up, nr) }
}

/// `io_uring_register_file_alloc_range`.
///
/// # Safety
///
/// As for [`call`].
pub unsafe fn alloc_range(ring: *mut io_uring, off: c_uint, len: c_uint) -> c_int {
    let range = io_uring_file_index_range { off, len, resv: 0 };
    // SAFETY: the caller's promise.
    unsafe { call(ring, IORING_REGISTER_FILE_ALLOC_RANGE, &range, 0) }
}
