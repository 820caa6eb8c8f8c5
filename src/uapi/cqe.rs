//! The completion queue entry

use super::*;

/// The upper 16 bits of the CQE's flags are the number of the buffer that was used. Linux 5.7.
pub const IORING_CQE_F_BUFFER: __u32 = 1u32 << 0;
/// The request goes on, and will post more CQEs. Linux 5.13.
pub const IORING_CQE_F_MORE: __u32 = 1u32 << 1;
/// There was more to receive. Linux 5.19.
pub const IORING_CQE_F_SOCK_NONEMPTY: __u32 = 1u32 << 2;
/// A zero-copy send no longer uses its buffer. Linux 6.0.
pub const IORING_CQE_F_NOTIF: __u32 = 1u32 << 3;
/// The buffer of an incremental buffer ring stays in use. Linux 6.12.
pub const IORING_CQE_F_BUF_MORE: __u32 = 1u32 << 4;
/// A filler on a ring with `IORING_SETUP_CQE_MIXED`: to be consumed and otherwise ignored. Linux 6.18.
pub const IORING_CQE_F_SKIP: __u32 = 1u32 << 5;
/// The CQE has 32 bytes, on a ring with `IORING_SETUP_CQE_MIXED`. Linux 6.18.
pub const IORING_CQE_F_32: __u32 = 1u32 << 15;
/// The time stamp is the hardware's; see `SOCKET_URING_OP_TX_TIMESTAMP`. Linux 6.17.
pub const IORING_CQE_F_TSTAMP_HW: __u32 = 1u32 << 16;

/// Where the buffer's number stands in the CQE's flags.
pub const IORING_CQE_BUFFER_SHIFT: __u32 = 16;

/// Where `IORING_CQE_F_TSTAMP_HW` stands.
pub const IORING_TIMESTAMP_HW_SHIFT: __u32 = 16;
/// Where the type of a time stamp, `SCM_TSTAMP_*`, stands in the CQE's flags.
pub const IORING_TIMESTAMP_TYPE_SHIFT: __u32 = 17;

/// Result of a notification with `IORING_SEND_ZC_REPORT_USAGE`: the data was copied after all. Linux 6.2.
pub const IORING_NOTIF_USAGE_ZC_COPIED: __u32 = 1u32 << 31;

/// Completion queue entry: what became of a request. 16 bytes; the other half of a 32-byte entry follows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_cqe {
    /// From the SQE.
    pub user_data: __u64,
    /// Result, or -errno.
    pub res: __s32,
    /// `IORING_CQE_F_*`.
    pub flags: __u32,
}
