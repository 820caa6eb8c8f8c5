//! The structures of a ring that is none. Apart from [`types`](super::types), because the header generator reads that file.

use super::types::{io_uring, io_uring_cq, io_uring_sq};
use core::ptr::null_mut;

impl io_uring_sq {
    /// No queue: null pointers and zeros.
    pub const EMPTY: Self = Self {
        khead: null_mut(),
        ktail: null_mut(),
        kring_mask: null_mut(),
        kring_entries: null_mut(),
        kflags: null_mut(),
        kdropped: null_mut(),
        array: null_mut(),
        sqes: null_mut(),
        sqe_head: 0,
        sqe_tail: 0,
        ring_sz: 0,
        ring_ptr: null_mut(),
        ring_mask: 0,
        ring_entries: 0,
        sqes_sz: 0,
        pad: 0,
    };
}

impl io_uring_cq {
    /// No queue: null pointers and zeros.
    pub const EMPTY: Self = Self {
        khead: null_mut(),
        ktail: null_mut(),
        kring_mask: null_mut(),
        kring_entries: null_mut(),
        kflags: null_mut(),
        koverflow: null_mut(),
        cqes: null_mut(),
        ring_sz: 0,
        ring_ptr: null_mut(),
        ring_mask: 0,
        ring_entries: 0,
        pad: [0; 2],
    };
}

impl io_uring {
    /// No ring: null pointers and zeros.
    pub const EMPTY: Self = Self {
        sq: io_uring_sq::EMPTY,
        cq: io_uring_cq::EMPTY,
        flags: 0,
        ring_fd: 0,
        features: 0,
        enter_ring_fd: 0,
        int_flags: 0,
        pad: [0; 3],
        pad2: 0,
    };
}
