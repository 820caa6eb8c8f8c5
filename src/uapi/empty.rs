//! Argument structures with nothing asked for, to be used with struct update syntax.

use super::*;

impl io_sqring_offsets {
    /// All zero.
    pub const EMPTY: Self = Self {
        head: 0,
        tail: 0,
        ring_mask: 0,
        ring_entries: 0,
        flags: 0,
        dropped: 0,
        array: 0,
        resv1: 0,
        user_addr: 0,
    };
}

impl io_cqring_offsets {
    /// All zero.
    pub const EMPTY: Self = Self {
        head: 0,
        tail: 0,
        ring_mask: 0,
        ring_entries: 0,
        overflow: 0,
        cqes: 0,
        flags: 0,
        resv1: 0,
        user_addr: 0,
    };
}

impl io_uring_params {
    /// All zero.
    pub const EMPTY: Self = Self {
        sq_entries: 0,
        cq_entries: 0,
        flags: 0,
        sq_thread_cpu: 0,
        sq_thread_idle: 0,
        features: 0,
        wq_fd: 0,
        resv: [0; 3],
        sq_off: io_sqring_offsets::EMPTY,
        cq_off: io_cqring_offsets::EMPTY,
    };
}

impl io_uring_buf_reg {
    /// All zero.
    pub const EMPTY: Self = Self { ring_addr: 0, ring_entries: 0, bgid: 0, flags: 0, min_left: 0, resv: [0; 5] };
}

impl io_uring_sqe {
    /// All zero: a NOP.
    pub const EMPTY: Self = Self {
        opcode: 0,
        flags: 0,
        ioprio: 0,
        fd: 0,
        off: 0,
        addr: 0,
        len: 0,
        rw_flags: 0,
        user_data: 0,
        buf_index: 0,
        personality: 0,
        file_index: 0,
        addr3: 0,
        __pad2: [0],
    };
}

impl io_uring_sync_cancel_reg {
    /// All zero.
    pub const EMPTY: Self = Self {
        addr: 0,
        fd: 0,
        flags: 0,
        timeout: __kernel_timespec { tv_sec: 0, tv_nsec: 0 },
        opcode: 0,
        pad: [0; 7],
        pad2: [0; 3],
    };
}
