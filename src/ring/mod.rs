//! A ring, cut by phase of life.
//!
//! | file | phase |
//! |---|---|
//! | `memory` | how large the rings are, and memory for rings that bring their own |
//! | `mapping` | mapping the rings, unmapping them, pointers into them |
//! | `setup` | making a ring, ending it |
//! | `sq` | getting SQEs, publishing them |
//! | `submit` | `io_uring_enter` for submission |
//! | `cq` | reading CQEs, consuming them |
//! | `wait` | waiting, with and without timeouts |
//! | `resize` | changing the sizes of a live ring |
//! | `probe` | what the kernel supports |
//! | `calls` | the calls between exported functions, which a program may interpose |

pub mod calls;
mod cq;
mod empty;
#[cfg(all(any(test, feature = "fuzzing"), not(loom)))]
pub(crate) mod fake_ring;
pub(crate) mod int_flags;
#[cfg(all(test, loom))]
pub(crate) mod loom_tests;
mod mapping;
pub mod memory;
pub mod probe;
mod resize;
pub mod setup;
mod sq;
mod submit;
#[cfg(all(test, not(loom)))]
mod tests;
pub mod types;
pub mod wait;
mod word;

use core::ptr::NonNull;

use crate::sys::{self, EFAULT, EINVAL};
use crate::uapi::*;
pub(crate) use sq::is_linked;
pub use sq::sqe_shift_from_flags;
use types::io_uring;
pub(crate) use word::{full_fence, Half, Word};

/// Version of liburing whose interface this is.
pub const VERSION_MAJOR: c_int = 2;
/// See [`VERSION_MAJOR`].
pub const VERSION_MINOR: c_int = 15;

/// A handle on a C-layout ring: a pointer under the crate's [safety contract](crate#safety-contract).
///
/// It is not a reference, because the submitting and the reaping thread, and C code besides, use different members of the
/// structure at the same time.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Ring(NonNull<io_uring>);

/// Reads a member of the ring's structure: `get!(ring, sq.sqe_tail)`.
macro_rules! get {
    ($ring:expr, $($member:ident).+) => {
        // SAFETY: `Ring::from_raw` and `Ring::checked` were promised a valid structure; by the crate's contract no other
        // thread writes this member now.
        unsafe { (*$ring.as_ptr()).$($member).+ }
    };
}
pub(crate) use get;

/// Writes a member of the ring's structure: `set!(ring, sq.sqe_tail = tail)`.
macro_rules! set {
    ($ring:expr, $($member:ident).+ = $value:expr) => {{
        let value = $value;
        // SAFETY: as for `get!`; by the crate's contract no other thread uses this member now.
        unsafe { (*$ring.as_ptr()).$($member).+ = value }
    }};
}
pub(crate) use set;

impl Ring {
    /// A handle without a check, for the functions whose speed is measured in instructions.
    ///
    /// # Safety
    ///
    /// `ring` is not null, and the crate's [contract](crate#safety-contract) holds for it.
    #[inline(always)]
    pub unsafe fn from_raw(ring: *mut io_uring) -> Self {
        // SAFETY: the caller rules null out.
        Self(unsafe { NonNull::new_unchecked(ring) })
    }

    /// A handle for setup and registration: the pointers that a program passes by mistake are -EINVAL or -EFAULT.
    ///
    /// # Safety
    ///
    /// The crate's [contract](crate#safety-contract) holds for `ring` if it passes [`check_ptr`].
    #[inline]
    pub unsafe fn checked(ring: *mut io_uring) -> Result<Self, c_int> {
        check_ptr(ring)?;
        // SAFETY: not null, and the rest is the caller's promise.
        Ok(unsafe { Self::from_raw(ring) })
    }

    /// The structure.
    #[inline(always)]
    pub fn as_ptr(self) -> *mut io_uring {
        self.0.as_ptr()
    }

    /// The flags that every `io_uring_enter` of this ring carries.
    #[inline(always)]
    pub(crate) fn enter_flags(self) -> c_uint {
        c_uint::from(get!(self, int_flags)) & int_flags::ENTER_MASK
    }

    /// One `io_uring_enter(2)` for this ring.
    #[inline(always)]
    pub(crate) fn enter(
        self,
        to_submit: c_uint,
        min_complete: c_uint,
        flags: c_uint,
        arg: *const c_void,
        size: usize,
    ) -> c_int {
        let fd = get!(self, enter_ring_fd);
        // SAFETY: what was queued is the program's; `arg` points to what `flags` say, see the callers in `submit` and `wait`.
        unsafe { sys::enter(fd, to_submit, min_complete, flags, arg, size) }
    }

    /// `io_uring_set_iowait`: whether a waiting task counts as waiting for I/O in the kernel's statistics.
    pub fn set_iowait(self, enable_iowait: bool) -> c_int {
        if get!(self, features) & IORING_FEAT_NO_IOWAIT == 0 {
            return -sys::EOPNOTSUPP;
        }
        let flags = get!(self, int_flags);
        set!(
            self,
            int_flags = if enable_iowait { flags & !int_flags::NO_IOWAIT } else { flags | int_flags::NO_IOWAIT }
        );
        0
    }
}

/// Refuses the pointers that can only be mistakes: null with -EINVAL; the zero page, the kernel's half and misaligned ones
/// with -EFAULT, as the kernel would. Costs three instructions and no system call, so only pointers into unmapped memory
/// remain the program's problem.
#[inline]
pub fn check_ptr<T>(p: *const T) -> Result<(), c_int> {
    const FIRST_PAGE: usize = 4096;
    let address = p as usize;
    if p.is_null() {
        return Err(-EINVAL);
    }
    if address < FIRST_PAGE || address as isize <= 0 || address % align_of::<T>() != 0 {
        return Err(-EFAULT);
    }
    Ok(())
}
