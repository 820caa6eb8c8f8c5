//! Making a ring, ending it, changing its size.

use crate::plt::{plt_memory_size_params, plt_mlock_size_params, Plt};
use oxiring::ring::types::io_uring;
use oxiring::ring::{check_ptr, memory, probe, setup, Ring};
use oxiring::uapi::*;

/// Make a ring with room for `entries` submissions.
///
/// `entries` is rounded up to a power of two, 32768 at most; the completion queue gets twice as many. `flags` are `IORING_SETUP_*`.
/// `ring` is the caller's memory and is overwritten; it may be copied or lie in shared memory. The ring is ended with
/// io_uring_queue_exit().
///
/// Returns 0 or -errno, with nothing left open or mapped: -EINVAL (entries, flags, NULL), -EFAULT, -ENOSYS (no io_uring in the
/// kernel), -EPERM (forbidden by seccomp or the sysctl kernel.io_uring_disabled), -EMFILE, -ENFILE, -ENOMEM. Since Linux 5.1. See
/// io_uring_queue_init(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_init(entries: c_uint, ring: *mut io_uring, flags: c_uint) -> c_int {
    // SAFETY: the caller's structure.
    unsafe { setup::queue_init::<Plt>(entries, ring, flags) }
}

/// As io_uring_queue_init(), with all parameters.
///
/// `p` must be zero but for what is asked; the kernel fills in the sizes, offsets and features. On kernels that know it (6.6), and
/// where the caller did not ask otherwise, `IORING_SETUP_NO_SQARRAY` is added and shows in `p->flags` and `ring->flags`. With
/// `IORING_SETUP_NO_MMAP` the library allocates the memory: a page or a huge page of 2 MiB each for SQEs and rings (-ENOMEM when
/// that is not enough or no huge page is free); to bring memory along, use io_uring_queue_init_mem().
/// `IORING_SETUP_REGISTERED_FD_ONLY` needs `IORING_SETUP_NO_MMAP`.
///
/// Returns as io_uring_queue_init(). See io_uring_queue_init_params(3), io_uring_setup(2).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_init_params(
    entries: c_uint,
    ring: *mut io_uring,
    p: *mut io_uring_params,
) -> c_int {
    // SAFETY: the caller's structures.
    unsafe { setup::queue_init_params(entries, ring, p) }
}

/// As io_uring_queue_init_params(), in `buf_size` bytes of the caller's memory at `buf`, which must be page-aligned and, before Linux
/// 6.10, physically contiguous.
///
/// `IORING_SETUP_NO_MMAP` is added. The memory belongs to the ring until io_uring_queue_exit(), which does not free it. With `buf` NULL the library
/// allocates, as io_uring_queue_init_params() does with that flag.
///
/// Returns the bytes used, whole pages, so that rings can be packed one behind the other; or -errno as io_uring_queue_init_params(),
/// -ENOMEM when `buf_size` is too small. io_uring_memory_size() tells beforehand. Since Linux 6.5. See
/// io_uring_queue_init_mem(3).
///
/// Symbol version: LIBURING_2.5, ffi LIBURING_2.5.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_init_mem(
    entries: c_uint,
    ring: *mut io_uring,
    p: *mut io_uring_params,
    buf: *mut c_void,
    buf_size: size_t,
) -> c_int {
    // SAFETY: the caller's structures and memory.
    unsafe { setup::queue_init_mem(entries, ring, p, buf, buf_size) }
}

/// Map a ring that exists already: `fd` is its descriptor, `p` what its setup returned.
///
/// `ring` is overwritten; it does not own `fd` more than any other copy does.
///
/// Returns 0 or -errno with nothing mapped. See io_uring_queue_mmap(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_mmap(fd: c_int, p: *mut io_uring_params, ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's structures.
    unsafe { setup::queue_mmap(fd, p, ring) }
}

/// End a ring: unmap it, unregister its registered index, close its descriptor unless that is -1.
///
/// Requests in flight are cancelled by the kernel in the background; their buffers must stay valid until then. The members of
/// `ring` keep their values. No other thread may use the ring. NULL is ignored. See io_uring_queue_exit(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_exit(ring: *mut io_uring) {
    // SAFETY: the caller's ring.
    if let Ok(ring) = unsafe { Ring::checked(ring) } {
        // SAFETY: as above.
        unsafe { setup::queue_exit::<Plt>(ring) };
    }
}

/// Keep the ring's mappings from children of fork(2).
///
/// Returns 0 or -errno: -EINVAL when the ring is not mapped. See io_uring_ring_dontfork(3).
///
/// Symbol version: LIBURING_2.0, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_ring_dontfork(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's ring.
    unsafe { Ring::checked(ring) }.map_or_else(|error| error, Ring::dontfork)
}

/// Change the number of entries of a live ring to `p->sq_entries` and, with `IORING_SETUP_CQSIZE` in `p->flags`, `p->cq_entries`.
///
/// Unsubmitted SQEs and unread CQEs are kept; pointers into the old ring are not valid afterwards. The ring needs
/// `IORING_SETUP_DEFER_TASKRUN`, its own descriptor, and its submitting thread as the caller; no other thread may use it meanwhile.
/// `p->flags` is 0 afterwards.
///
/// Returns 0 or -errno: -EINVAL (kind of ring), -EOVERFLOW (the new ring cannot hold what is pending), -EEXIST, -ENOMEM. Since
/// Linux 6.13. See io_uring_resize_rings(3).
///
/// Symbol version: LIBURING_2.9, ffi LIBURING_2.9.
#[no_mangle]
pub unsafe extern "C" fn io_uring_resize_rings(ring: *mut io_uring, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's ring and parameters.
    unsafe { Ring::checked(ring) }.map_or_else(|error| error, |ring| unsafe { ring.resize(p) })
}

/// Bytes that a ring of `entries` and `flags` takes, whole pages: what io_uring_queue_init_mem() wants at least.
///
/// The result counts the index array of the submission queue unless `IORING_SETUP_NO_SQARRAY` is in `flags`.
///
/// Returns -EINVAL for entries that the kernel refuses. No system call is made.
///
/// Symbol version: LIBURING_2.11, ffi LIBURING_2.11.
#[no_mangle]
pub unsafe extern "C" fn io_uring_memory_size(entries: c_uint, flags: c_uint) -> ssize_t {
    let mut p = io_uring_params { flags, ..io_uring_params::EMPTY };
    // SAFETY: a local structure.
    unsafe { plt_memory_size_params(entries, &mut p) }
}

/// As io_uring_memory_size(), by parameters, of which `flags` and `cq_entries` are read.
///
/// Symbol version: LIBURING_2.11, ffi LIBURING_2.11.
#[no_mangle]
pub unsafe extern "C" fn io_uring_memory_size_params(entries: c_uint, p: *mut io_uring_params) -> ssize_t {
    if let Err(error) = check_ptr(p) {
        return error as ssize_t;
    }
    // SAFETY: the caller's parameters.
    memory::memory_size(entries, unsafe { &*p })
}

/// Bytes of locked memory (RLIMIT_MEMLOCK) that a ring of `entries` and `flags` is charged: 0 on kernels since 5.12.
///
/// Makes a ring and ends it again to tell the kernels apart.
///
/// Returns -EINVAL for entries that the kernel refuses. See io_uring_mlock_size(3).
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_mlock_size(entries: c_uint, flags: c_uint) -> ssize_t {
    let mut p = io_uring_params { flags, ..io_uring_params::EMPTY };
    // SAFETY: a local structure.
    unsafe { plt_mlock_size_params(entries, &mut p) }
}

/// As io_uring_mlock_size(), by parameters.
///
/// Symbol version: LIBURING_2.1, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_mlock_size_params(entries: c_uint, p: *mut io_uring_params) -> ssize_t {
    // SAFETY: the caller's parameters.
    unsafe { probe::mlock_size::<Plt>(entries, p) }
}
