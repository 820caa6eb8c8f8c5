//! `io_uring_register(2)`.
//!
//! Most registrations are one call with an opcode, an argument and a count: those are rows in `capi/src/register.rs` that use
//! [`call`] or [`call_without_ring`]. The files here hold the families that need more than that.

pub mod buf_ring;
pub mod buffers;
pub mod cancel;
pub mod files;
mod ring_fd;

use crate::ring::{get, int_flags, Ring};
use crate::sys;
use crate::uapi::*;

pub use crate::ring::types::io_uring;

impl Ring {
    /// One `io_uring_register(2)`; by the registered index where the kernel takes one, so that it works after the
    /// descriptor was closed.
    ///
    /// # Safety
    ///
    /// `arg` and `nr` fit `opcode`, and what the kernel keeps of them stays valid until it is unregistered.
    pub(crate) unsafe fn register(self, opcode: c_uint, arg: *const c_void, nr: c_uint) -> c_int {
        let by_index = get!(self, int_flags) & int_flags::REG_REG_RING != 0;
        let (fd, opcode) = if by_index {
            (get!(self, enter_ring_fd), opcode | IORING_REGISTER_USE_REGISTERED_RING)
        } else {
            (get!(self, ring_fd), opcode)
        };
        // SAFETY: the caller's promise.
        unsafe { sys::register(fd, opcode, arg, nr) }
    }
}

/// A registration on `ring`; -EINVAL or -EFAULT for pointers that cannot be rings.
///
/// # Safety
///
/// The crate's contract holds for `ring`; `arg` and `nr` fit `opcode`, and what the kernel keeps of them stays valid until it
/// is unregistered. An `arg` that is not readable is the kernel's -EFAULT.
pub unsafe fn call<T>(ring: *mut io_uring, opcode: c_uint, arg: *const T, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { Ring::checked(ring) } {
        // SAFETY: the caller's promise.
        Ok(ring) => unsafe { ring.register(opcode, arg.cast(), nr) },
        Err(error) => error,
    }
}

/// A registration that concerns the task and not one ring.
///
/// # Safety
///
/// As for [`call`].
pub unsafe fn call_without_ring<T>(opcode: c_uint, arg: *const T, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { sys::register(-1, opcode, arg.cast(), nr) }
}

/// The count of the registrations that pass a structure by its size.
pub(crate) const fn sizeof_arg<T>() -> c_uint {
    size_of::<T>() as c_uint
}
