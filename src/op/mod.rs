//! The operation table: one row per helper that fills an SQE.
//!
//! A row gives the Rust function of this module, the exported function of `liburing-ffi.so.2`, the C inline of
//! `liburing.h`, the version-script line, the documentation and the tests. Nothing about an operation is written down
//! a second time.
//!
//! A row reads
//!
//! ```text
//! /// Documentation, for Rust and for the C header.
//! [2.6 gnu] fn prep_ftruncate(fd: c_int, len: loff_t) {
//!     prep_rw(IORING_OP_FTRUNCATE, fd, NULL, 0, len);
//! }
//! ```
//!
//! - The brackets name the version node: `[2.6]` is `LIBURING_2.6` of the ffi library, `[oxiring]` is `OXIRING_1.0`, and
//!   `[local]` is exported nowhere and `_LOCAL_INLINE` in C. `gnu` puts the C inline under `#ifdef _GNU_SOURCE`.
//! - The C name has `io_uring_` where the Rust name has nothing, after leading underscores.
//! - Arguments that C has before the SQE stand in brackets after the name.
//! - The body is made of `member = value;`, `member |= value;` and `other_row(arguments);`, with the members' names from the C
//!   structure. Values convert to the type of their place as they do in C. Besides operators and constants a
//!   value may use what `src/op/fields.rs` defines, `size_of`, `wrapping_add` and `if`: that is what the header generator
//!   knows how to say in C.

mod fields;
mod types;

#[macro_use]
mod sqe;
#[macro_use]
mod rw;
#[macro_use]
mod fs;
#[macro_use]
mod net;
#[macro_use]
mod notif;
#[macro_use]
mod wait;
#[macro_use]
mod ring;

use crate::uapi::*;
use core::mem::size_of;
use fields::{body, poll_events, ptr, sqe_field, AT_FDCWD, BLOCK_URING_CMD_DISCARD, NULL};
pub use types::*;

/// Calls the macro `$callback` with the rows of each family in turn. A row comes after those that it uses.
#[macro_export]
macro_rules! for_each_op {
    ($callback:ident) => {
        $crate::sqe_ops!($callback);
        $crate::rw_ops!($callback);
        $crate::fs_ops!($callback);
        $crate::net_ops!($callback);
        $crate::notif_ops!($callback);
        $crate::wait_ops!($callback);
        $crate::ring_ops!($callback);
    };
}

/// Expands the table to the functions of this module.
macro_rules! define {
    ($(
        $(#[doc = $doc:literal])*
        [$($node:tt)+] fn $name:ident $([$($lead:ident: $lead_ty:ty),*])? ($($arg:ident: $ty:ty),*) { $($body:tt)* }
    )+) => {
        $(
            $(#[doc = $doc])*
            ///
            /// # Safety
            ///
            /// `sqe` points to a writable submission queue entry, in the ring or outside of it. What the operation
            /// does with the pointers among its arguments is the kernel's business, once the entry is submitted.
            #[inline]
            #[allow(clippy::too_many_arguments, reason = "the helpers' arguments are the C interface")]
            pub unsafe fn $name(sqe: *mut io_uring_sqe $($(, $lead: $lead_ty)*)? $(, $arg: $ty)*) {
                body! { sqe; $($body)* }
            }
        )+
    };
}

for_each_op!(define);

/// A row as data, for the header generator.
#[cfg(feature = "tables")]
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Lines of documentation.
    pub docs: &'static [&'static str],
    /// What stands in the brackets.
    pub node: &'static str,
    /// Name without `io_uring_`.
    pub name: &'static str,
    /// Arguments before the SQE: name and Rust type.
    pub lead: &'static [(&'static str, &'static str)],
    /// Arguments after the SQE: name and Rust type.
    pub args: &'static [(&'static str, &'static str)],
    /// The tokens of the body.
    pub body: &'static str,
}

#[cfg(feature = "tables")]
macro_rules! describe {
    ($(
        $(#[doc = $doc:literal])*
        [$($node:tt)+] fn $name:ident $([$($lead:ident: $lead_ty:ty),*])? ($($arg:ident: $ty:ty),*) { $($body:tt)* }
    )+) => {
        &[$(Row {
            docs: &[$($doc),*],
            node: stringify!($($node)+),
            name: stringify!($name),
            lead: &[$($((stringify!($lead), stringify!($lead_ty))),*)?],
            args: &[$((stringify!($arg), stringify!($ty))),*],
            body: stringify!($($body)*),
        }),+]
    };
}

/// The whole table as data, by family.
#[cfg(feature = "tables")]
pub const FAMILIES: &[(&str, &[Row])] = &[
    ("Members of an SQE", sqe_ops!(describe)),
    ("Reading, writing, moving data", rw_ops!(describe)),
    ("Files and directories", fs_ops!(describe)),
    ("Sockets", net_ops!(describe)),
    ("Notification slots", notif_ops!(describe)),
    ("Polling, timeouts, cancellation, waiting", wait_ops!(describe)),
    ("Resources of the ring, messages, commands", ring_ops!(describe)),
];

#[cfg(test)]
mod tests;
