//! Setting a ring up and entering the kernel

use super::*;

/// Poll for completions of block I/O instead of waiting for interrupts. Linux 5.1.
pub const IORING_SETUP_IOPOLL: __u32 = 1u32 << 0;
/// A kernel thread looks for submissions, so that submitting needs no system call while it is awake. Linux 5.1.
pub const IORING_SETUP_SQPOLL: __u32 = 1u32 << 1;
/// Bind the kernel's thread to the CPU `sq_thread_cpu`. Linux 5.1.
pub const IORING_SETUP_SQ_AFF: __u32 = 1u32 << 2;
/// Take the size of the CQ from `cq_entries`. Linux 5.5.
pub const IORING_SETUP_CQSIZE: __u32 = 1u32 << 3;
/// Cut sizes that are too large down to the maximum, instead of refusing them. Linux 5.6.
pub const IORING_SETUP_CLAMP: __u32 = 1u32 << 4;
/// Share the worker threads, and with SQPOLL the kernel's thread, of the ring `wq_fd`. Linux 5.6.
pub const IORING_SETUP_ATTACH_WQ: __u32 = 1u32 << 5;
/// Start disabled, for restrictions to be registered; see `io_uring_enable_rings()`. Linux 5.10.
pub const IORING_SETUP_R_DISABLED: __u32 = 1u32 << 6;
/// Submit the rest of a batch also when one of it fails. Linux 5.18.
pub const IORING_SETUP_SUBMIT_ALL: __u32 = 1u32 << 7;
/// Do not interrupt the program to complete requests: do it when it enters the kernel. Linux 5.19.
pub const IORING_SETUP_COOP_TASKRUN: __u32 = 1u32 << 8;
/// With COOP_TASKRUN or DEFER_TASKRUN, set `IORING_SQ_TASKRUN` when there are completions to be had. Linux 5.19.
pub const IORING_SETUP_TASKRUN_FLAG: __u32 = 1u32 << 9;
/// SQEs have 128 bytes. Linux 5.19.
pub const IORING_SETUP_SQE128: __u32 = 1u32 << 10;
/// CQEs have 32 bytes. Linux 5.19.
pub const IORING_SETUP_CQE32: __u32 = 1u32 << 11;
/// Only one task submits; the kernel enforces it with -EEXIST. Linux 6.0.
pub const IORING_SETUP_SINGLE_ISSUER: __u32 = 1u32 << 12;
/// Complete requests only when the submitting task asks for events. Needs SINGLE_ISSUER. Linux 6.1.
pub const IORING_SETUP_DEFER_TASKRUN: __u32 = 1u32 << 13;
/// The program brings the memory for the rings, in the `user_addr` members. Linux 6.5.
pub const IORING_SETUP_NO_MMAP: __u32 = 1u32 << 14;
/// Return an index of the registered rings instead of a descriptor. Needs NO_MMAP. Linux 6.5.
pub const IORING_SETUP_REGISTERED_FD_ONLY: __u32 = 1u32 << 15;
/// No index array: SQEs are consumed in the order of the ring. Linux 6.6.
pub const IORING_SETUP_NO_SQARRAY: __u32 = 1u32 << 16;
/// Sleep a little before polling for completions. Needs IOPOLL. Linux 6.13.
pub const IORING_SETUP_HYBRID_IOPOLL: __u32 = 1u32 << 17;
/// CQEs of 16 and 32 bytes in one ring; see `IORING_CQE_F_32`. Linux 6.18.
pub const IORING_SETUP_CQE_MIXED: __u32 = 1u32 << 18;
/// SQEs of 64 and 128 bytes in one ring; see `io_uring_get_sqe128()`. Linux 6.19.
pub const IORING_SETUP_SQE_MIXED: __u32 = 1u32 << 19;
/// Every submission starts at the first SQE again. Needs NO_SQARRAY, and excludes SQPOLL. Linux 7.0.
pub const IORING_SETUP_SQ_REWIND: __u32 = 1u32 << 20;

/// Both rings come with one mapping. Linux 5.4.
pub const IORING_FEAT_SINGLE_MMAP: __u32 = 1u32 << 0;
/// Completions that find the CQ full are kept until there is room. Linux 5.5.
pub const IORING_FEAT_NODROP: __u32 = 1u32 << 1;
/// What an SQE points to, except data, has been read when the SQE has been submitted. Linux 5.5.
pub const IORING_FEAT_SUBMIT_STABLE: __u32 = 1u32 << 2;
/// An offset of -1 stands for the file position. Linux 5.6.
pub const IORING_FEAT_RW_CUR_POS: __u32 = 1u32 << 3;
/// Requests run with the credentials of the task that submits them. Linux 5.6.
pub const IORING_FEAT_CUR_PERSONALITY: __u32 = 1u32 << 4;
/// Requests on pollable files wait for readiness without a thread. Linux 5.7.
pub const IORING_FEAT_FAST_POLL: __u32 = 1u32 << 5;
/// Poll requests take all 32 bits of epoll's events. Linux 5.9.
pub const IORING_FEAT_POLL_32BITS: __u32 = 1u32 << 6;
/// SQPOLL works with files that are not registered. Linux 5.11.
pub const IORING_FEAT_SQPOLL_NONFIXED: __u32 = 1u32 << 7;
/// Waiting takes a timeout, see `IORING_ENTER_EXT_ARG`. Linux 5.11.
pub const IORING_FEAT_EXT_ARG: __u32 = 1u32 << 8;
/// Workers are threads of the program, and their memory is accounted to it. Linux 5.12.
pub const IORING_FEAT_NATIVE_WORKERS: __u32 = 1u32 << 9;
/// Registered files and buffers can have tags and be replaced one by one. Linux 5.13.
pub const IORING_FEAT_RSRC_TAGS: __u32 = 1u32 << 10;
/// Successful requests can go without a CQE, see `IOSQE_CQE_SKIP_SUCCESS`. Linux 5.17.
pub const IORING_FEAT_CQE_SKIP: __u32 = 1u32 << 11;
/// The file of a linked request is looked up when the request starts. Linux 5.17.
pub const IORING_FEAT_LINKED_FILE: __u32 = 1u32 << 12;
/// `io_uring_register(2)` takes the index of a registered ring. Linux 6.3.
pub const IORING_FEAT_REG_REG_RING: __u32 = 1u32 << 13;
/// Sends and receives can use several provided buffers at once. Linux 6.10.
pub const IORING_FEAT_RECVSEND_BUNDLE: __u32 = 1u32 << 14;
/// Waiting takes a minimum time as well. Linux 6.12.
pub const IORING_FEAT_MIN_TIMEOUT: __u32 = 1u32 << 15;
/// Reads and writes can carry attributes, see `IORING_RW_ATTR_FLAG_PI`. Linux 6.14.
pub const IORING_FEAT_RW_ATTR: __u32 = 1u32 << 16;
/// Waiting need not count as waiting for I/O, see `IORING_ENTER_NO_IOWAIT`. Linux 6.15.
pub const IORING_FEAT_NO_IOWAIT: __u32 = 1u32 << 17;

/// Wait for completions. Linux 5.1.
pub const IORING_ENTER_GETEVENTS: __u32 = 1u32 << 0;
/// Wake the kernel's thread of an SQPOLL ring. Linux 5.1.
pub const IORING_ENTER_SQ_WAKEUP: __u32 = 1u32 << 1;
/// Wait for room in the SQ of an SQPOLL ring. Linux 5.10.
pub const IORING_ENTER_SQ_WAIT: __u32 = 1u32 << 2;
/// The argument is a `struct io_uring_getevents_arg` instead of a signal mask. Linux 5.11.
pub const IORING_ENTER_EXT_ARG: __u32 = 1u32 << 3;
/// The descriptor is an index of the registered rings. Linux 5.18.
pub const IORING_ENTER_REGISTERED_RING: __u32 = 1u32 << 4;
/// The timeout is a point in time. Linux 6.12.
pub const IORING_ENTER_ABS_TIMER: __u32 = 1u32 << 5;
/// The argument is an offset into the registered `struct io_uring_reg_wait` entries. Linux 6.13.
pub const IORING_ENTER_EXT_ARG_REG: __u32 = 1u32 << 6;
/// The wait does not count as waiting for I/O in the statistics. Linux 6.15.
pub const IORING_ENTER_NO_IOWAIT: __u32 = 1u32 << 7;

/// SQ flags word: the kernel's thread sleeps, and submissions need `IORING_ENTER_SQ_WAKEUP`. Linux 5.1.
pub const IORING_SQ_NEED_WAKEUP: __u32 = 1u32 << 0;
/// SQ flags word: completions wait outside the CQ because it was full. Linux 5.8.
pub const IORING_SQ_CQ_OVERFLOW: __u32 = 1u32 << 1;
/// SQ flags word: entering the kernel would bring completions. Linux 5.19.
pub const IORING_SQ_TASKRUN: __u32 = 1u32 << 2;

/// CQ flags word, written by the program: completions do not signal the eventfd. Linux 5.8.
pub const IORING_CQ_EVENTFD_DISABLED: __u32 = 1u32 << 0;

/// mmap offset of the SQ ring.
pub const IORING_OFF_SQ_RING: __u64 = 0x0u64;
/// mmap offset of the CQ ring.
pub const IORING_OFF_CQ_RING: __u64 = 0x8000000u64;
/// mmap offset of the SQEs.
pub const IORING_OFF_SQES: __u64 = 0x10000000u64;
/// mmap offset of a buffer ring that the kernel allocated, with the group in the bits from `IORING_OFF_PBUF_SHIFT` on.
pub const IORING_OFF_PBUF_RING: __u64 = 0x80000000u64;
/// Where the buffer group stands in the mmap offset of a buffer ring.
pub const IORING_OFF_PBUF_SHIFT: __u32 = 16;
/// The bits of an mmap offset that say what is mapped.
pub const IORING_OFF_MMAP_MASK: __u64 = 0xf8000000u64;

/// Where the parts of the SQ ring are, in bytes from the start of its mapping; filled by the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_sqring_offsets {
    /// The kernel's position.
    pub head: __u32,
    /// The program's position.
    pub tail: __u32,
    /// Entries minus one.
    pub ring_mask: __u32,
    /// Entries.
    pub ring_entries: __u32,
    /// `IORING_SQ_*`.
    pub flags: __u32,
    /// Number of entries that were invalid.
    pub dropped: __u32,
    /// The index array; 0 with `IORING_SETUP_NO_SQARRAY`.
    pub array: __u32,
    /// Zero.
    pub resv1: __u32,
    /// With `IORING_SETUP_NO_MMAP` the program's memory for the SQEs.
    pub user_addr: __u64,
}

/// Where the parts of the CQ ring are, in bytes from the start of its mapping; filled by the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_cqring_offsets {
    /// The program's position.
    pub head: __u32,
    /// The kernel's position.
    pub tail: __u32,
    /// Entries minus one.
    pub ring_mask: __u32,
    /// Entries.
    pub ring_entries: __u32,
    /// Number of completions that were lost.
    pub overflow: __u32,
    /// The CQEs.
    pub cqes: __u32,
    /// `IORING_CQ_*`; 0 before Linux 5.8.
    pub flags: __u32,
    /// Zero.
    pub resv1: __u32,
    /// With `IORING_SETUP_NO_MMAP` the program's memory for the rings.
    pub user_addr: __u64,
}

/// Argument of io_uring_setup(2), read and filled by the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_params {
    /// Entries of the SQ; filled.
    pub sq_entries: __u32,
    /// Entries of the CQ; read with `IORING_SETUP_CQSIZE`, and filled.
    pub cq_entries: __u32,
    /// `IORING_SETUP_*`.
    pub flags: __u32,
    /// CPU for the kernel's thread, with `IORING_SETUP_SQ_AFF`.
    pub sq_thread_cpu: __u32,
    /// Milliseconds before the kernel's thread goes to sleep; 0 stands for one second.
    pub sq_thread_idle: __u32,
    /// `IORING_FEAT_*`; filled.
    pub features: __u32,
    /// The other ring, with `IORING_SETUP_ATTACH_WQ`.
    pub wq_fd: __u32,
    /// Zero.
    pub resv: [__u32; 3],
    /// Layout of the SQ ring; filled.
    pub sq_off: io_sqring_offsets,
    /// Layout of the CQ ring; filled.
    pub cq_off: io_cqring_offsets,
}

c_enum! {
    /// Flags of `struct io_uring_reg_wait`.
    pub enum {
        /// `ts` is set.
        IORING_REG_WAIT_TS = 1,
    }
}

/// Argument of a wait that lies in registered memory; see `io_uring_submit_and_wait_reg()`. Linux 6.13.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_reg_wait {
    /// Timeout, with `IORING_REG_WAIT_TS`.
    pub ts: __kernel_timespec,
    /// Microseconds after which any completion ends the wait.
    pub min_wait_usec: __u32,
    /// `IORING_REG_WAIT_*`.
    pub flags: __u32,
    /// Address of a signal mask, or 0.
    pub sigmask: __u64,
    /// Bytes of the signal mask.
    pub sigmask_sz: __u32,
    /// Zero.
    pub pad: [__u32; 3],
    /// Zero.
    pub pad2: [__u64; 2],
}

/// Argument of a wait with `IORING_ENTER_EXT_ARG`. Linux 5.11.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_getevents_arg {
    /// Address of a signal mask, or 0.
    pub sigmask: __u64,
    /// Bytes of the signal mask.
    pub sigmask_sz: __u32,
    /// Microseconds after which any completion ends the wait. Linux 6.12.
    pub min_wait_usec: __u32,
    /// Address of a `struct __kernel_timespec`, or 0.
    pub ts: __u64,
}
