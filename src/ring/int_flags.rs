//! The bits of `io_uring.int_flags`, the library's own byte in the ring.
//!
//! | bit | name | set when | meaning |
//! |---|---|---|---|
//! | 0 | [`REG_REG_RING`] | the ring's index is registered and the kernel takes it in `io_uring_register` | registrations go by index |
//! | 1 | [`APP_MEM`] | the ring lives in memory of the program | teardown unmaps nothing |
//! | 2 | [`CQ_ENTER`] | IOPOLL without SQPOLL | completions appear only by entering the kernel |
//! | 3 | [`NOTIF`] | the ring has or had notification slots | `cq.pad` holds the address of `crate::notif`'s state; `liburing.h` tests this bit |
//! | 4 | [`REG_RING`] | `enter_ring_fd` is a registered index | is `IORING_ENTER_REGISTERED_RING` |
//! | 7 | [`NO_IOWAIT`] | `io_uring_set_iowait(ring, false)` | is `IORING_ENTER_NO_IOWAIT` |
//!
//! Bits 4 and 7 have the values of the enter flags, so that every enter takes them over with one AND. Bits 5 and 6 are
//! free. One thread writes the byte at a time: the functions that change it are setup, registration and `set_iowait`.

use crate::uapi::{__u8, c_uint, IORING_ENTER_NO_IOWAIT, IORING_ENTER_REGISTERED_RING};

pub(crate) const REG_REG_RING: __u8 = 1 << 0;
pub(crate) const APP_MEM: __u8 = 1 << 1;
pub(crate) const CQ_ENTER: __u8 = 1 << 2;
pub(crate) const NOTIF: __u8 = 1 << 3;
pub(crate) const REG_RING: __u8 = IORING_ENTER_REGISTERED_RING as __u8;
pub(crate) const NO_IOWAIT: __u8 = IORING_ENTER_NO_IOWAIT as __u8;

/// The bits that are enter flags.
pub(crate) const ENTER_MASK: c_uint = IORING_ENTER_REGISTERED_RING | IORING_ENTER_NO_IOWAIT;
