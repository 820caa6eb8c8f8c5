//! Scalar type names of the kernel headers, and their time structure

pub use core::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_ushort, c_void};
pub use libc::{size_t, ssize_t};

/// 8 bits.
pub type __u8 = u8;
/// 16 bits.
pub type __u16 = u16;
/// 32 bits.
pub type __u32 = u32;
/// 64 bits.
pub type __u64 = u64;
/// 32 bits, signed.
pub type __s32 = i32;
/// 64 bits, signed.
pub type __s64 = i64;
/// `RWF_*`.
pub type __kernel_rwf_t = c_int;

/// A time, with 64 bits for the seconds on every architecture.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct __kernel_timespec {
    /// Seconds.
    pub tv_sec: i64,
    /// Nanoseconds.
    pub tv_nsec: i64,
}
