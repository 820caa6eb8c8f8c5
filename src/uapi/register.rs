//! Opcodes and arguments of io_uring_register(2)

use super::*;

c_enum! {
    /// What to register.
    pub enum io_uring_register_op {
        /// Buffers. Linux 5.1.
        IORING_REGISTER_BUFFERS = 0,
        /// Linux 5.1.
        IORING_UNREGISTER_BUFFERS = 1,
        /// Files. Linux 5.1.
        IORING_REGISTER_FILES = 2,
        /// Linux 5.1.
        IORING_UNREGISTER_FILES = 3,
        /// An eventfd that completions signal. Linux 5.2.
        IORING_REGISTER_EVENTFD = 4,
        /// Linux 5.2.
        IORING_UNREGISTER_EVENTFD = 5,
        /// Other files in some slots. Linux 5.5.
        IORING_REGISTER_FILES_UPDATE = 6,
        /// An eventfd that only completions outside of the submission signal. Linux 5.6.
        IORING_REGISTER_EVENTFD_ASYNC = 7,
        /// Ask for the opcodes that the kernel supports. Linux 5.6.
        IORING_REGISTER_PROBE = 8,
        /// The credentials of the caller. Linux 5.6.
        IORING_REGISTER_PERSONALITY = 9,
        /// Linux 5.6.
        IORING_UNREGISTER_PERSONALITY = 10,
        /// Restrictions, while the ring is disabled. Linux 5.10.
        IORING_REGISTER_RESTRICTIONS = 11,
        /// Enable a ring with `IORING_SETUP_R_DISABLED`. Linux 5.10.
        IORING_REGISTER_ENABLE_RINGS = 12,
        /// Files with tags. Linux 5.13.
        IORING_REGISTER_FILES2 = 13,
        /// Other files with tags in some slots. Linux 5.13.
        IORING_REGISTER_FILES_UPDATE2 = 14,
        /// Buffers with tags. Linux 5.13.
        IORING_REGISTER_BUFFERS2 = 15,
        /// Other buffers with tags in some slots. Linux 5.13.
        IORING_REGISTER_BUFFERS_UPDATE = 16,
        /// CPUs for the workers. Linux 5.14.
        IORING_REGISTER_IOWQ_AFF = 17,
        /// Linux 5.14.
        IORING_UNREGISTER_IOWQ_AFF = 18,
        /// Limits for the number of workers. Linux 5.15.
        IORING_REGISTER_IOWQ_MAX_WORKERS = 19,
        /// The ring's own descriptor. Linux 5.18.
        IORING_REGISTER_RING_FDS = 20,
        /// Linux 5.18.
        IORING_UNREGISTER_RING_FDS = 21,
        /// A ring of provided buffers. Linux 5.19.
        IORING_REGISTER_PBUF_RING = 22,
        /// Linux 5.19.
        IORING_UNREGISTER_PBUF_RING = 23,
        /// Cancel requests and wait for that. Linux 6.0.
        IORING_REGISTER_SYNC_CANCEL = 24,
        /// The slots that `IORING_FILE_INDEX_ALLOC` chooses from. Linux 6.0.
        IORING_REGISTER_FILE_ALLOC_RANGE = 25,
        /// Ask for the kernel's position in a buffer ring. Linux 6.8.
        IORING_REGISTER_PBUF_STATUS = 26,
        /// Busy polling of network devices. Linux 6.9.
        IORING_REGISTER_NAPI = 27,
        /// Linux 6.9.
        IORING_UNREGISTER_NAPI = 28,
        /// The clock of waiting with a timeout. Linux 6.12.
        IORING_REGISTER_CLOCK = 29,
        /// The buffers of another ring. Linux 6.12.
        IORING_REGISTER_CLONE_BUFFERS = 30,
        /// Post a CQE to a ring without having one. Linux 6.13.
        IORING_REGISTER_SEND_MSG_RING = 31,
        /// A queue of a network device for zero-copy receive. Linux 6.15.
        IORING_REGISTER_ZCRX_IFQ = 32,
        /// Other sizes for the rings. Linux 6.13.
        IORING_REGISTER_RESIZE_RINGS = 33,
        /// A region of memory, for instance for arguments of waits. Linux 6.13.
        IORING_REGISTER_MEM_REGION = 34,
        /// Ask what the kernel knows.
        IORING_REGISTER_QUERY = 35,
        /// Commands to a zero-copy receive queue.
        IORING_REGISTER_ZCRX_CTRL = 36,
        /// A filter for requests.
        IORING_REGISTER_BPF_FILTER = 37,
        /// One more than the last opcode.
        IORING_REGISTER_LAST = 38,
        /// Flag: the descriptor is an index of the registered rings. Linux 6.3.
        IORING_REGISTER_USE_REGISTERED_RING = 0x80000000,
    }
}

/// Flag of [`io_uring_rsrc_register`]: a table of empty slots. Linux 5.19.
pub const IORING_RSRC_REGISTER_SPARSE: __u32 = 1u32 << 0;

/// Instead of a descriptor in an update: leave the slot as it is. Linux 5.12.
pub const IORING_REGISTER_FILES_SKIP: i32 = -2;

/// Flag of [`io_uring_probe_op`]: the kernel supports the opcode.
pub const IO_URING_OP_SUPPORTED: __u32 = 1u32 << 0;

c_enum! {
    /// Kinds of workers, as positions in the array of `io_uring_register_iowq_max_workers()`.
    pub enum io_wq_type {
        /// For work that ends by itself, such as I/O on files.
        IO_WQ_BOUND = 0,
        /// For work that may take for ever, such as I/O on sockets.
        IO_WQ_UNBOUND = 1,
    }
}

/// Argument of `IORING_REGISTER_FILES_UPDATE`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_files_update {
    /// First slot.
    pub offset: __u32,
    /// Zero.
    pub resv: __u32,
    /// Address of the descriptors.
    pub fds: __u64,
}

c_enum! {
    /// Flags of `struct io_uring_region_desc`.
    pub enum {
        /// The program brings the memory, in `user_addr`.
        IORING_MEM_REGION_TYPE_USER = 1,
    }
}

/// Memory that the program and the kernel share. Linux 6.13.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_region_desc {
    /// Address, with `IORING_MEM_REGION_TYPE_USER`.
    pub user_addr: __u64,
    /// Bytes, in whole pages.
    pub size: __u64,
    /// `IORING_MEM_REGION_TYPE_*`.
    pub flags: __u32,
    /// Zero.
    pub id: __u32,
    /// Where to map the kernel's memory; filled.
    pub mmap_offset: __u64,
    /// Zero.
    pub __resv: [__u64; 4],
}

c_enum! {
    /// Flags of `struct io_uring_mem_region_reg`.
    pub enum {
        /// The region holds arguments of waits, `struct io_uring_reg_wait`.
        IORING_MEM_REGION_REG_WAIT_ARG = 1,
    }
}

/// Argument of `IORING_REGISTER_MEM_REGION`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_mem_region_reg {
    /// Address of a `struct io_uring_region_desc`.
    pub region_uptr: __u64,
    /// `IORING_MEM_REGION_REG_*`.
    pub flags: __u64,
    /// Zero.
    pub __resv: [__u64; 2],
}

/// Argument of `IORING_REGISTER_FILES2` and `IORING_REGISTER_BUFFERS2`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_rsrc_register {
    /// Number of slots.
    pub nr: __u32,
    /// `IORING_RSRC_REGISTER_*`.
    pub flags: __u32,
    /// Zero.
    pub resv2: __u64,
    /// Address of the descriptors or iovecs.
    pub data: __u64,
    /// Address of the tags, or 0.
    pub tags: __u64,
}

/// What [`io_uring_rsrc_update2`] was before it had tags; also names the ring of `IORING_REGISTER_RING_FDS`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_rsrc_update {
    /// First slot.
    pub offset: __u32,
    /// Zero.
    pub resv: __u32,
    /// Address of the descriptors, or one descriptor.
    pub data: __u64,
}

/// Argument of `IORING_REGISTER_FILES_UPDATE2` and `IORING_REGISTER_BUFFERS_UPDATE`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_rsrc_update2 {
    /// First slot.
    pub offset: __u32,
    /// Zero.
    pub resv: __u32,
    /// Address of the descriptors or iovecs.
    pub data: __u64,
    /// Address of the tags, or 0.
    pub tags: __u64,
    /// Number of slots.
    pub nr: __u32,
    /// Zero.
    pub resv2: __u32,
}

/// What a probe says about one opcode.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_probe_op {
    /// `IORING_OP_*`.
    pub op: __u8,
    /// Zero.
    pub resv: __u8,
    /// `IO_URING_OP_SUPPORTED`.
    pub flags: __u16,
    /// Zero.
    pub resv2: __u32,
}

/// Argument of `IORING_REGISTER_PROBE`: filled with what the kernel says about its opcodes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_probe {
    /// Last opcode that the kernel knows.
    pub last_op: __u8,
    /// Entries filled.
    pub ops_len: __u8,
    /// Zero.
    pub resv: __u16,
    /// Zero.
    pub resv2: [__u32; 3],
    /// As many as the program made room for.
    pub ops: [io_uring_probe_op; 0],
}

c_enum! {
    /// Kinds of restrictions.
    pub enum io_uring_register_restriction_op {
        /// `register_op` is allowed.
        IORING_RESTRICTION_REGISTER_OP = 0,
        /// `sqe_op` is allowed.
        IORING_RESTRICTION_SQE_OP = 1,
        /// The flags in `sqe_flags` are allowed.
        IORING_RESTRICTION_SQE_FLAGS_ALLOWED = 2,
        /// The flags in `sqe_flags` must be set.
        IORING_RESTRICTION_SQE_FLAGS_REQUIRED = 3,
        /// One more than the last kind.
        IORING_RESTRICTION_LAST = 4,
    }
}

/// What a ring, or all later rings of a task, may do: one of an array. Linux 5.10.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_restriction {
    /// `IORING_RESTRICTION_*`.
    pub opcode: __u16,
    /// `register_op`, `sqe_op` or `sqe_flags`, by `opcode`.
    pub arg: __u8,
    /// Zero.
    pub resv: __u8,
    /// Zero.
    pub resv2: [__u32; 3],
}

/// Restrictions for all later rings of a task.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_task_restriction {
    /// Zero.
    pub flags: __u16,
    /// Entries that follow.
    pub nr_res: __u16,
    /// Zero.
    pub resv: [__u32; 3],
    /// The entries.
    pub restrictions: [io_uring_restriction; 0],
}

/// Argument of `IORING_REGISTER_CLOCK`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_clock_register {
    /// `CLOCK_MONOTONIC` or `CLOCK_BOOTTIME`.
    pub clockid: __u32,
    /// Zero.
    pub __resv: [__u32; 3],
}

c_enum! {
    /// Flags of `struct io_uring_clone_buffers`.
    pub enum {
        /// `src_fd` is an index of the registered rings.
        IORING_REGISTER_SRC_REGISTERED = 1,
        /// Replace the buffers that are there. Linux 6.13.
        IORING_REGISTER_DST_REPLACE = 2,
    }
}

/// Argument of `IORING_REGISTER_CLONE_BUFFERS`. The offsets and the number are zero before Linux 6.13.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_clone_buffers {
    /// The ring that has the buffers.
    pub src_fd: __u32,
    /// `IORING_REGISTER_SRC_REGISTERED`, `IORING_REGISTER_DST_REPLACE`.
    pub flags: __u32,
    /// First slot there.
    pub src_off: __u32,
    /// First slot here.
    pub dst_off: __u32,
    /// Number of slots, or 0 for all.
    pub nr: __u32,
    /// Zero.
    pub pad: [__u32; 3],
}

/// One buffer of a buffer ring.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_buf {
    /// Address.
    pub addr: __u64,
    /// Bytes.
    pub len: __u32,
    /// Number, which comes back in the CQE.
    pub bid: __u16,
    /// Where the first entry has the ring's tail.
    pub resv: __u16,
}

/// A ring of provided buffers. Its tail lies in the first entry, where that has nothing.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_buf_ring {
    /// Part of the first entry.
    pub resv1: __u64,
    /// Part of the first entry.
    pub resv2: __u32,
    /// Part of the first entry.
    pub resv3: __u16,
    /// One past the last buffer; written by the program.
    pub tail: __u16,
}

c_enum! {
    /// Flags of `struct io_uring_buf_reg`.
    pub enum io_uring_register_pbuf_ring_flags {
        /// The kernel brings the memory, to be mapped at `IORING_OFF_PBUF_RING`. Linux 6.4.
        IOU_PBUF_RING_MMAP = 1,
        /// A buffer is used up piece by piece. Linux 6.12.
        IOU_PBUF_RING_INC = 2,
    }
}

/// Argument of `IORING_REGISTER_PBUF_RING`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_buf_reg {
    /// Address of the ring, in whole pages; 0 with `IOU_PBUF_RING_MMAP`.
    pub ring_addr: __u64,
    /// Entries: a power of two, 32768 at most.
    pub ring_entries: __u32,
    /// The group.
    pub bgid: __u16,
    /// `IOU_PBUF_RING_*`.
    pub flags: __u16,
    /// With `IOU_PBUF_RING_INC`, a buffer with fewer bytes left is done.
    pub min_left: __u32,
    /// Zero.
    pub resv: [__u32; 5],
}

/// Argument of `IORING_REGISTER_PBUF_STATUS`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_buf_status {
    /// The group.
    pub buf_group: __u32,
    /// The kernel's position; filled.
    pub head: __u32,
    /// Zero.
    pub resv: [__u32; 8],
}

/// Argument of `IORING_REGISTER_NAPI`; filled with what was set before.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_napi {
    /// Microseconds to poll for.
    pub busy_poll_to: __u32,
    /// 1 to prefer polling to interrupts.
    pub prefer_busy_poll: __u8,
    /// Zero.
    pub pad: [__u8; 3],
    /// Zero.
    pub resv: __u64,
}

/// Argument of `IORING_REGISTER_SYNC_CANCEL`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_sync_cancel_reg {
    /// user_data of the request.
    pub addr: __u64,
    /// Descriptor of the request, with `IORING_ASYNC_CANCEL_FD`.
    pub fd: __s32,
    /// `IORING_ASYNC_CANCEL_*`.
    pub flags: __u32,
    /// How long to wait; -1 in both members for ever.
    pub timeout: __kernel_timespec,
    /// Opcode of the request, with `IORING_ASYNC_CANCEL_OP`.
    pub opcode: __u8,
    /// Zero.
    pub pad: [__u8; 7],
    /// Zero.
    pub pad2: [__u64; 3],
}

/// Argument of `IORING_REGISTER_FILE_ALLOC_RANGE`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_file_index_range {
    /// First slot.
    pub off: __u32,
    /// Number of slots.
    pub len: __u32,
    /// Zero.
    pub resv: __u64,
}
