//! The system calls themselves, for programs that drive a ring by hand.

use oxiring::raw;
use oxiring::uapi::*;

/// io_uring_setup(2), with -errno as its result.
///
/// Returns a descriptor or -errno. The caller maps the rings, for instance with io_uring_queue_mmap(). See io_uring_setup(2).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_setup(entries: c_uint, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's parameters.
    unsafe { raw::setup(entries, p) }
}

/// io_uring_enter(2), with -errno as its result.
///
/// `sig` is a signal mask for the wait, or NULL.
///
/// Returns the number of entries consumed, or -errno: -EINTR, -EAGAIN, -EBUSY (completions wait outside the ring: reap first), -EBADF, -EBADR,
/// -EEXIST (wrong task for a ring with one issuer), -EINVAL. See io_uring_enter(2).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_enter(
    fd: c_uint,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    sig: *mut libc::sigset_t,
) -> c_int {
    // SAFETY: the caller's mask.
    unsafe { raw::enter(fd, to_submit, min_complete, flags, sig.cast(), raw::KERNEL_SIGSET_SIZE) }
}

/// io_uring_enter(2) with its last argument in full: `arg` of `sz` bytes is a signal mask, or what the `IORING_ENTER_EXT_ARG*` flags say.
///
/// Returns as io_uring_enter(). See io_uring_enter2(2).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_enter2(
    fd: c_uint,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    arg: *mut c_void,
    sz: size_t,
) -> c_int {
    // SAFETY: the caller's argument.
    unsafe { raw::enter(fd, to_submit, min_complete, flags, arg, sz) }
}

/// io_uring_register(2), with -errno as its result.
///
/// Returns 0 or a positive value as the opcode says, or -errno. See io_uring_register(2).
///
/// Symbol version: LIBURING_2.3, ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register(fd: c_uint, opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
    // SAFETY: the caller's argument.
    unsafe { raw::register(fd, opcode, arg, nr_args) }
}
