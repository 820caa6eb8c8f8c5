//! Arguments of `IORING_REGISTER_QUERY`

use super::*;

c_enum! {
    /// What is asked for.
    pub enum {
        /// A `struct io_uring_query_opcode`.
        IO_URING_QUERY_OPCODES = 0,
        /// A `struct io_uring_query_zcrx`.
        IO_URING_QUERY_ZCRX = 1,
        /// A `struct io_uring_query_scq`.
        IO_URING_QUERY_SCQ = 2,
        /// One more than the last.
        __IO_URING_QUERY_MAX = 3,
    }
}

/// One question; several form a list.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_query_hdr {
    /// Address of the next question, or 0.
    pub next_entry: __u64,
    /// Address of the structure to fill.
    pub query_data: __u64,
    /// `IO_URING_QUERY_*`.
    pub query_op: __u32,
    /// Bytes at `query_data`; afterwards what the kernel filled.
    pub size: __u32,
    /// 0 or -errno, filled by the kernel.
    pub result: __s32,
    /// Zero.
    pub __resv: [__u32; 3],
}

/// What the kernel knows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_query_opcode {
    /// Number of `IORING_OP_*`.
    pub nr_request_opcodes: __u32,
    /// Number of `IORING_REGISTER_*`.
    pub nr_register_opcodes: __u32,
    /// `IORING_FEAT_*`.
    pub feature_flags: __u64,
    /// `IORING_SETUP_*`.
    pub ring_setup_flags: __u64,
    /// `IORING_ENTER_*`.
    pub enter_flags: __u64,
    /// `IOSQE_*`.
    pub sqe_flags: __u64,
    /// Number of `IO_URING_QUERY_*`.
    pub nr_query_opcodes: __u32,
    /// Zero.
    pub __pad: __u32,
}

/// What the kernel knows about zero-copy receive.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_query_zcrx {
    /// `ZCRX_REG_*`.
    pub register_flags: __u64,
    /// `IORING_ZCRX_AREA_*`.
    pub area_flags: __u64,
    /// Number of `ZCRX_CTRL_*`.
    pub nr_ctrl_opcodes: __u32,
    /// `ZCRX_FEATURE_*`.
    pub features: __u32,
    /// Bytes of the refill queue's header.
    pub rq_hdr_size: __u32,
    /// Alignment of the refill queue's header.
    pub rq_hdr_alignment: __u32,
    /// Zero.
    pub __resv2: __u64,
}

/// Header of the SQ and CQ ring in memory that the program brings.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_query_scq {
    /// Bytes before the CQEs.
    pub hdr_size: __u64,
    /// Alignment of the memory.
    pub hdr_alignment: __u64,
}
