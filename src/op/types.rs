//! Types of arguments that are not the ring's own.
//!
//! C's names, so that the header generator can print them. Structures that the library only passes on are opaque, as
//! the C header only declares them.

#![allow(non_camel_case_types, reason = "the names of the C types")]

pub use libc::{id_t, idtype_t, iovec, loff_t, mode_t, msghdr, off_t, siginfo_t, sockaddr, socklen_t};

/// `uint32_t`.
pub type uint32_t = u32;
/// `uint64_t`.
pub type uint64_t = u64;
/// `int64_t`.
pub type int64_t = i64;

macro_rules! opaque {
    ($($(#[$meta:meta])* $name:ident)+) => {
        $(
            $(#[$meta])*
            #[repr(C)]
            #[derive(Debug)]
            pub struct $name {
                _opaque: [u8; 0],
            }
        )+
    };
}

opaque! {
    /// `struct epoll_event` of `<sys/epoll.h>`.
    epoll_event
    /// `struct statx` of `<sys/stat.h>`.
    statx
    /// `struct futex_waitv` of `<linux/futex.h>`.
    futex_waitv
}

/// `struct open_how` of `<linux/openat2.h>`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct open_how {
    /// `O_*`.
    pub flags: u64,
    /// Permissions of a new file.
    pub mode: u64,
    /// `RESOLVE_*`.
    pub resolve: u64,
}
