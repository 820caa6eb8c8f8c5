//! The helpers that fill an SQE: one exported function per row of the operation table.
//!
//! They are inlines in C, so `liburing.so.2` has none of them; `liburing-ffi.so.2` has all. Calls from row to row are bound here and
//! not interposable: a program that replaces `io_uring_prep_rw` does not see the calls that `io_uring_prep_readv` makes.

use core::ffi::{c_char, c_int, c_uint, c_void};
use oxiring::op::{self, *};
use oxiring::uapi::{__kernel_timespec, __u16, __u32, __u64, io_uring_sqe, size_t};

/// The C name of a row.
macro_rules! c_name {
    (__prep_uring_cmd) => {
        "__io_uring_prep_uring_cmd"
    };
    ($name:ident) => {
        concat!("io_uring_", stringify!($name))
    };
}

/// One exported function per row. Rows marked `[local]` are exported nowhere.
macro_rules! export {
    () => {};
    (
        $(#[doc = $doc:literal])*
        [local] fn $name:ident ($($arg:ident: $ty:ty),*) { $($body:tt)* }
        $($rest:tt)*
    ) => {
        export! { $($rest)* }
    };
    (
        $(#[doc = $doc:literal])*
        [$($node:tt)+] fn $name:ident $([$($lead:ident: $lead_ty:ty),*])? ($($arg:ident: $ty:ty),*) { $($body:tt)* }
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])*
        #[export_name = c_name!($name)]
        unsafe extern "C" fn $name($($($lead: $lead_ty,)*)? sqe: *mut io_uring_sqe $(, $arg: $ty)*) {
            // SAFETY: the contract of the row is the caller's.
            unsafe { op::$name(sqe $($(, $lead)*)? $(, $arg)*) }
        }
        export! { $($rest)* }
    };
}

oxiring::for_each_op!(export);
