//! The three system calls for those who drive a ring by hand: `io_uring_setup`, `io_uring_enter2`, `io_uring_register`; and any other, for the shims.

use crate::sys;
use crate::uapi::*;

pub use crate::sys::KERNEL_SIGSET_SIZE;

/// `io_uring_setup(2)`: a descriptor or -errno.
///
/// # Safety
///
/// User addresses in `p` are memory that belongs to the ring.
pub unsafe fn setup(entries: c_uint, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { sys::setup(entries, p) }
}

/// `io_uring_enter(2)`.
///
/// # Safety
///
/// `arg` is what `flags` and `size` say; queued requests use memory that is theirs.
pub unsafe fn enter(
    fd: c_uint,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    arg: *const c_void,
    size: size_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { sys::enter(fd as c_int, to_submit, min_complete, flags, arg, size) }
}

/// `io_uring_register(2)`.
///
/// # Safety
///
/// `arg` and `nr` fit `opcode`.
pub unsafe fn register(fd: c_uint, opcode: c_uint, arg: *const c_void, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { sys::register(fd as c_int, opcode, arg, nr) }
}

/// Any system call: its result or -errno.
///
/// # Safety
///
/// The arguments are right for the call.
pub unsafe fn syscall(number: usize, arguments: [usize; 6]) -> isize {
    // SAFETY: the caller's promise.
    unsafe { sys::call6(number, arguments) }
}
