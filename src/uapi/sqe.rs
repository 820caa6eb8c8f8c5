//! The submission queue entry

use super::*;

// The C structure has anonymous unions here; which names share a slot is the business of `crate::op`, whose `sqe_field!` maps
// every C member to its place.
/// Submission queue entry: one request. 64 bytes; a 128-byte entry continues behind it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_sqe {
    /// `IORING_OP_*`.
    pub opcode: __u8,
    /// `IOSQE_*`.
    pub flags: __u8,
    /// I/O priority; for some operations their flags.
    pub ioprio: __u16,
    /// Descriptor, or index of the registered files with `IOSQE_FIXED_FILE`.
    pub fd: __s32,
    /// Offset into the file; also `addr2`, and `cmd_op` in its first half.
    pub off: __u64,
    /// Address of the buffer or of the vector; also `splice_off_in`, `level` and `optname`.
    pub addr: __u64,
    /// Length of the buffer, or number of elements.
    pub len: __u32,
    /// Flags of the operation, under a name for each.
    pub rw_flags: __u32,
    /// Comes back in the CQE.
    pub user_data: __u64,
    /// Registered buffer; also `buf_group`.
    pub buf_index: __u16,
    /// Registered credentials, or 0.
    pub personality: __u16,
    /// Slot for a new descriptor, counted from 1; also `splice_fd_in`, `optlen` and others.
    pub file_index: __u32,
    /// Third address; also `attr_ptr`, `optval` and the start of `cmd`.
    pub addr3: __u64,
    /// Zero; also `attr_type_mask`.
    pub __pad2: [__u64; 1],
}
