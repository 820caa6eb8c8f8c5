//! Every exported C function of `liburing.so.2` and `liburing-ffi.so.2`, and nothing else.
//!
//! A function here takes C's arguments, makes handles of them and calls the root crate. Its documentation is the text of the C
//! header: `tools/headers` copies it, and builds the version scripts from the line `Symbol version:` that ends it. "ffi" stands
//! for `liburing-ffi.so.2`; a function that names no other library is an inline in C.
//!
//! The crate is a static library on purpose: rustc's own shared libraries cannot carry symbol versions. The Makefile links the
//! installed ones from it.

#![cfg_attr(not(test), no_std)]
#![allow(non_camel_case_types, reason = "the names of the C structures")]
#![allow(unreachable_pub, reason = "the linker reaches what Rust does not; cbindgen reads only what is pub")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the documentation of a function is its contract, and the C header's text; the common part is oxiring's"
)]

mod buf_ring;
mod buffers;
mod complete;
mod enter;
mod files;
mod notif;
mod plt;
mod poll_watch;
mod prep;
mod probe;
mod queue;
mod recvmsg;
mod register;
mod ring_fd;
mod rt;
mod setup;
mod submit;
mod version;
mod wait;
