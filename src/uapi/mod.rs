//! What the kernel defines: structures and constants of the io_uring user API, nothing else.
//!
//! Names are the kernel's, so that this module can be read beside `linux/io_uring.h`. The installed
//! `liburing/io_uring.h` is generated from these files.

#![allow(non_camel_case_types, reason = "the kernel's names")]

/// A C enumeration: the generated header has the `enum`, Rust has one constant per enumerator.
///
/// A macro and not a Rust `enum`, because the kernel may hand us numbers that have no name yet.
macro_rules! c_enum {
    ($(#[$meta:meta])* pub enum $($tag:ident)? { $($(#[$vmeta:meta])* $name:ident = $value:literal,)+ }) => {
        $($(#[$vmeta])* pub const $name: __u32 = $value;)+
    };
}

mod bpf;
mod cqe;
mod empty;
mod layout;
mod notif;
mod op;
mod poll_watch;
mod query;
mod register;
mod setup;
mod sqe;
mod types;
mod zcrx;

pub use bpf::*;
pub use cqe::*;
pub use notif::*;
pub use op::*;
pub use poll_watch::*;
pub use query::*;
pub use register::*;
pub use setup::*;
pub use sqe::*;
pub use types::*;
pub use zcrx::*;
