//! The C layout of a ring. Every field is ABI: programs copy, share and read these structures.

#![allow(non_camel_case_types, reason = "the names of the C structures")]

use crate::uapi::*;

/// The submission queue of a ring.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_sq {
    /// First entry that the kernel has not consumed; written by the kernel.
    pub khead: *mut c_uint,
    /// One past the last published entry; written by the program.
    pub ktail: *mut c_uint,
    /// Entries minus one, as the kernel has it.
    pub kring_mask: *mut c_uint,
    /// Entries, as the kernel has it.
    pub kring_entries: *mut c_uint,
    /// `IORING_SQ_*` bits; written by the kernel.
    pub kflags: *mut c_uint,
    /// Entries that the kernel dropped because their index was out of range.
    pub kdropped: *mut c_uint,
    /// The kernel's index array, identity-filled; null on rings with `IORING_SETUP_NO_SQARRAY`.
    pub array: *mut c_uint,
    /// The entries.
    pub sqes: *mut io_uring_sqe,
    /// Entries up to here have been published.
    pub sqe_head: c_uint,
    /// Entries up to here have been handed out by `io_uring_get_sqe()`.
    pub sqe_tail: c_uint,
    /// Bytes mapped at `ring_ptr`; 0 where the library mapped nothing.
    pub ring_sz: size_t,
    /// The mapping.
    pub ring_ptr: *mut c_void,
    /// Entries minus one.
    pub ring_mask: c_uint,
    /// Entries.
    pub ring_entries: c_uint,
    /// Bytes mapped at `sqes`; 0 where the library mapped nothing.
    pub sqes_sz: c_uint,
    /// Zero.
    pub pad: c_uint,
}

/// The completion queue of a ring.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_cq {
    /// First entry that the program has not consumed; written by the program.
    pub khead: *mut c_uint,
    /// One past the last entry; written by the kernel.
    pub ktail: *mut c_uint,
    /// Entries minus one, as the kernel has it.
    pub kring_mask: *mut c_uint,
    /// Entries, as the kernel has it.
    pub kring_entries: *mut c_uint,
    /// `IORING_CQ_*` bits; written by the program. Null before Linux 5.8.
    pub kflags: *mut c_uint,
    /// Completions lost on kernels without `IORING_FEAT_NODROP`, or waiting outside the ring.
    pub koverflow: *mut c_uint,
    /// The entries. Writable: programs mark entries here.
    pub cqes: *mut io_uring_cqe,
    /// Bytes mapped at `ring_ptr`.
    pub ring_sz: size_t,
    /// The mapping; the same as the submission queue's with `IORING_FEAT_SINGLE_MMAP`.
    pub ring_ptr: *mut c_void,
    /// Entries minus one.
    pub ring_mask: c_uint,
    /// Entries.
    pub ring_entries: c_uint,
    /// Zero.
    pub pad: [c_uint; 2],
}

/// A ring: 216 bytes on 64-bit machines, and nothing besides. It may be copied, put into memory shared with other
/// processes, and its descriptor closed by the program.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring {
    /// Submission queue.
    pub sq: io_uring_sq,
    /// Completion queue.
    pub cq: io_uring_cq,
    /// `IORING_SETUP_*`, as the kernel accepted them.
    pub flags: c_uint,
    /// The ring's descriptor, or -1 when there is none.
    pub ring_fd: c_int,
    /// `IORING_FEAT_*`.
    pub features: c_uint,
    /// What `io_uring_enter` is called with: the descriptor or a registered index.
    pub enter_ring_fd: c_int,
    /// The library's own bits.
    pub int_flags: __u8,
    /// Zero.
    pub pad: [__u8; 3],
    /// Zero.
    pub pad2: c_uint,
}

/// A refill queue of zero-copy receive, which the program fills with areas of memory that it has finished reading. The program sets it up from the
/// offsets that `io_uring_register_ifq()` returns, and moves the tail with `io_uring_smp_store_release()`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_zcrx_rq {
    /// Written by the kernel.
    pub khead: *mut __u32,
    /// Written by the program.
    pub ktail: *mut __u32,
    /// The program's next position.
    pub rq_tail: __u32,
    /// Entries.
    pub ring_entries: c_uint,
    /// The entries.
    pub rqes: *mut io_uring_zcrx_rqe,
    /// The mapping.
    pub ring_ptr: *mut c_void,
}

/// Where an iteration over the visible CQEs stands; made by `io_uring_cqe_iter_init()`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_cqe_iter {
    /// The entries of the ring.
    pub cqes: *mut io_uring_cqe,
    /// Entries minus one.
    pub mask: c_uint,
    /// 1 where entries have 32 bytes.
    pub shift: c_uint,
    /// Index of the entry that comes next.
    pub head: c_uint,
    /// Where the iteration ends: the tail when it began.
    pub tail: c_uint,
}
