//! The logic of liburing: rings, operations and registrations on the C-layout `struct io_uring`.
//!
//! | module | what it knows |
//! |---|---|
//! | [`uapi`] | the kernel's structures and constants, nothing else |
//! | `sys` | system calls; nothing above it knows a number or a register |
//! | [`ring`] | setup, submission, completion, waiting, memory, teardown |
//! | [`op`] | the operation table: one row per helper that fills an SQE |
//! | [`register`] | `io_uring_register(2)`, one file per family |
//! | [`notif`] | notification slots for zero-copy sends |
//! | [`poll`] | poll watches |
//! | [`raw`] | the system calls themselves, for programs that drive a ring by hand |
//! | [`recvmsg`] | the layout of a multishot receive's buffer |
//!
//! # Safety contract
//!
//! The caller of this crate is C code or a thin layer over it, so its pointers cannot be checked. One rule carries
//! everything: a [`ring::Ring`] is only made from a pointer to a `struct io_uring` that stays valid for as long as the
//! handle is used, and whose pointer members are either null or were set by the functions of this crate (or by a program
//! that follows the same rules). At most one thread at a time submits on a ring, and at most one thread at a time consumes
//! completions; those two may be different threads. Results are 0 or positive, or a negated errno; `errno` itself does not
//! exist for this crate.
//!
//! The crate exports no symbols. The C functions are in `capi/`.

#![cfg_attr(not(any(test, loom, feature = "fuzzing")), no_std)]

#[cfg(all(any(test, feature = "fuzzing"), not(loom)))]
pub mod fuzzing;
pub mod notif;
pub mod op;
pub mod poll;
pub mod raw;
pub mod recvmsg;
pub mod register;
pub mod ring;
pub(crate) mod sys;
pub mod uapi;
