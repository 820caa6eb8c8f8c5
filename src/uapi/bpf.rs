//! Arguments of `IORING_REGISTER_BPF_FILTER`

use super::*;

c_enum! {
    /// Flags of a filter.
    pub enum {
        /// Refuse all opcodes that have no filter.
        IO_URING_BPF_FILTER_DENY_REST = 1,
        /// Refuse the filter when `pdu_size` is not the kernel's.
        IO_URING_BPF_FILTER_SZ_STRICT = 2,
    }
}

/// What a filter program sees of a request.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct io_uring_bpf_ctx {
    /// From the SQE.
    pub user_data: __u64,
    /// `IORING_OP_*`.
    pub opcode: __u8,
    /// `IOSQE_*`.
    pub sqe_flags: __u8,
    /// Bytes of `arg` that are valid.
    pub pdu_size: __u8,
    /// Zero.
    pub pad: [__u8; 5],
    /// What the operation adds; without a name in C.
    pub arg: io_uring_bpf_ctx_arg,
}

/// What an operation adds to [`io_uring_bpf_ctx`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union io_uring_bpf_ctx_arg {
    /// Of `IORING_OP_SOCKET`.
    pub socket: io_uring_bpf_ctx_socket,
    /// Of `IORING_OP_OPENAT` and `IORING_OP_OPENAT2`.
    pub open: io_uring_bpf_ctx_open,
}

/// Arguments of socket(2).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_bpf_ctx_socket {
    /// `AF_*`.
    pub family: __u32,
    /// `SOCK_*`; `type` in C.
    pub type_: __u32,
    /// Protocol.
    pub protocol: __u32,
}

/// Arguments of openat2(2).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_bpf_ctx_open {
    /// `O_*`.
    pub flags: __u64,
    /// Permissions of a new file.
    pub mode: __u64,
    /// `RESOLVE_*`.
    pub resolve: __u64,
}

/// A filter for one opcode.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_bpf_filter {
    /// `IORING_OP_*`.
    pub opcode: __u32,
    /// `IO_URING_BPF_FILTER_*`.
    pub flags: __u32,
    /// Instructions at `filter_ptr`.
    pub filter_len: __u32,
    /// Bytes that the operation adds to the context.
    pub pdu_size: __u8,
    /// Zero.
    pub resv: [__u8; 3],
    /// Address of an array of `struct sock_filter`.
    pub filter_ptr: __u64,
    /// Zero.
    pub resv2: [__u64; 5],
}

c_enum! {
    /// Commands.
    pub enum {
        /// Add a filter.
        IO_URING_BPF_CMD_FILTER = 1,
    }
}

/// Argument of the registration.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_bpf {
    /// `IO_URING_BPF_CMD_*`.
    pub cmd_type: __u16,
    /// Zero.
    pub cmd_flags: __u16,
    /// Zero.
    pub resv: __u32,
    /// The filter.
    pub filter: io_uring_bpf_filter,
}
