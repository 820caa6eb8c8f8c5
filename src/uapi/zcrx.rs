//! Zero-copy receive

use super::*;

/// Where the number of the area stands in `off` of [`io_uring_zcrx_cqe`] and [`io_uring_zcrx_rqe`].
pub const IORING_ZCRX_AREA_SHIFT: __u32 = 48;
/// The bits of an `off` that are the number of the area.
pub const IORING_ZCRX_AREA_MASK: __u64 = 0xffff000000000000u64;

/// Entry of the refill queue: memory that the program gives back.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_zcrx_rqe {
    /// Area and offset in it.
    pub off: __u64,
    /// Bytes.
    pub len: __u32,
    /// Zero.
    pub __pad: __u32,
}

/// Second half of the CQE of a receive.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_zcrx_cqe {
    /// Area and offset in it.
    pub off: __u64,
    /// Zero.
    pub __pad: __u64,
}

/// Where the parts of the refill queue are, in bytes from the start of its region; filled by the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_zcrx_offsets {
    /// The kernel's position.
    pub head: __u32,
    /// The program's position.
    pub tail: __u32,
    /// The entries.
    pub rqes: __u32,
    /// Zero.
    pub __resv2: __u32,
    /// Zero.
    pub __resv: [__u64; 2],
}

c_enum! {
    /// Flags of an area.
    pub enum io_uring_zcrx_area_flags {
        /// The memory is that of `dmabuf_fd`. Linux 6.16.
        IORING_ZCRX_AREA_DMABUF = 1,
    }
}

/// Memory that is received into.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_zcrx_area_reg {
    /// Address, in whole pages.
    pub addr: __u64,
    /// Bytes, in whole pages.
    pub len: __u64,
    /// What an `off` in this area begins with; filled.
    pub rq_area_token: __u64,
    /// `IORING_ZCRX_AREA_*`.
    pub flags: __u32,
    /// With `IORING_ZCRX_AREA_DMABUF`.
    pub dmabuf_fd: __u32,
    /// Zero.
    pub __resv2: [__u64; 2],
}

c_enum! {
    /// Flags of a registration.
    pub enum zcrx_reg_flags {
        /// Take over the queue of another ring, see `ZCRX_CTRL_EXPORT`.
        ZCRX_REG_IMPORT = 1,
        /// Without a network device.
        ZCRX_REG_NODEV = 2,
    }
}

c_enum! {
    /// What the kernel can do.
    pub enum zcrx_features {
        /// `rx_buf_len` may be larger than a page.
        ZCRX_FEATURE_RX_PAGE_SIZE = 1,
    }
}

/// Argument of `IORING_REGISTER_ZCRX_IFQ`. Linux 6.15.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_zcrx_ifq_reg {
    /// Index of the network device.
    pub if_idx: __u32,
    /// Its queue.
    pub if_rxq: __u32,
    /// Entries of the refill queue.
    pub rq_entries: __u32,
    /// `ZCRX_REG_*`.
    pub flags: __u32,
    /// Address of a `struct io_uring_zcrx_area_reg`.
    pub area_ptr: __u64,
    /// Address of a `struct io_uring_region_desc` for the refill queue.
    pub region_ptr: __u64,
    /// Layout of the refill queue; filled.
    pub offsets: io_uring_zcrx_offsets,
    /// The number that requests name the queue by; filled.
    pub zcrx_id: __u32,
    /// Bytes of a buffer, or 0.
    pub rx_buf_len: __u32,
    /// Zero.
    pub __resv: [__u64; 3],
}

c_enum! {
    /// Commands to a registered queue.
    pub enum zcrx_ctrl_op {
        /// Take what is in the refill queue.
        ZCRX_CTRL_FLUSH_RQ = 0,
        /// Make a descriptor that another ring can take the queue over with.
        ZCRX_CTRL_EXPORT = 1,
        /// One more than the last command.
        __ZCRX_CTRL_LAST = 2,
    }
}

/// Argument of `ZCRX_CTRL_FLUSH_RQ`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zcrx_ctrl_flush_rq {
    /// Zero.
    pub __resv: [__u64; 6],
}

/// Argument of `ZCRX_CTRL_EXPORT`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct zcrx_ctrl_export {
    /// The descriptor; filled.
    pub zcrx_fd: __u32,
    /// Zero.
    pub __resv1: [__u32; 11],
}

/// The argument of each command of [`zcrx_ctrl`]; without a name in C.
#[repr(C)]
#[derive(Clone, Copy)]
pub union zcrx_ctrl_arg {
    /// Of `ZCRX_CTRL_EXPORT`.
    pub zc_export: zcrx_ctrl_export,
    /// Of `ZCRX_CTRL_FLUSH_RQ`.
    pub zc_flush: zcrx_ctrl_flush_rq,
}

/// Argument of `IORING_REGISTER_ZCRX_CTRL`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zcrx_ctrl {
    /// The queue.
    pub zcrx_id: __u32,
    /// `ZCRX_CTRL_*`.
    pub op: __u32,
    /// Zero.
    pub __resv: [__u64; 2],
    /// Argument of the command.
    pub arg: zcrx_ctrl_arg,
}
