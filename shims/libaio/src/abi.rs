//! What the kernel (`include/uapi/linux/aio_abi.h`, `fs/aio.c`) and libaio define.

use std::mem::{offset_of, size_of};
use std::sync::atomic::AtomicU32;

/// `struct iocb`: what is to be done.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Iocb {
    /// Comes back in the event.
    pub data: u64,
    /// The kernel's: 0 once it was submitted.
    pub key: u32,
    /// `RWF_*`.
    pub rw_flags: u32,
    /// `IOCB_CMD_*`.
    pub opcode: u16,
    /// A priority, with [`IOCB_FLAG_IOPRIO`].
    pub reqprio: u16,
    /// The file.
    pub fildes: u32,
    /// The buffer, the vectors, or the events of a poll.
    pub buf: u64,
    /// Bytes, or how many vectors.
    pub nbytes: u64,
    /// Where in the file.
    pub offset: i64,
    /// 0.
    pub reserved2: u64,
    /// `IOCB_FLAG_*`.
    pub flags: u32,
    /// An eventfd, with [`IOCB_FLAG_RESFD`].
    pub resfd: u32,
}

const _: () = {
    assert!(size_of::<Iocb>() == 64 && offset_of!(Iocb, rw_flags) == 12 && offset_of!(Iocb, opcode) == 16);
    assert!(offset_of!(Iocb, buf) == 24 && offset_of!(Iocb, offset) == 40 && offset_of!(Iocb, resfd) == 60);
    assert!(cfg!(target_endian = "little"), "key and rw_flags change places otherwise");
};

/// `struct io_event`: the end of a request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IoEvent {
    /// Of the iocb.
    pub data: u64,
    /// The iocb's address.
    pub obj: u64,
    /// The result.
    pub res: i64,
    /// 0.
    pub res2: i64,
}

/// `IOCB_CMD_*`.
pub const PREAD: u16 = 0;
/// Write.
pub const PWRITE: u16 = 1;
/// fsync(2).
pub const FSYNC: u16 = 2;
/// fdatasync(2).
pub const FDSYNC: u16 = 3;
/// Wait for a file to be ready, once.
pub const POLL: u16 = 5;
/// Read into vectors.
pub const PREADV: u16 = 7;
/// Write from vectors.
pub const PWRITEV: u16 = 8;

/// `resfd` is counted up with the event.
pub const IOCB_FLAG_RESFD: u32 = 1;
/// `reqprio` counts.
pub const IOCB_FLAG_IOPRIO: u32 = 2;

/// The beginning of an `aio_ring`; the events follow.
#[repr(C)]
#[derive(Debug)]
pub struct RingHeader {
    /// Of the context.
    pub id: AtomicU32,
    /// Events that there are places for; one stays empty.
    pub nr: AtomicU32,
    /// The next event to be read. Whoever reads moves it.
    pub head: AtomicU32,
    /// The place of the next event.
    pub tail: AtomicU32,
    /// [`MAGIC`].
    pub magic: AtomicU32,
    /// 1.
    pub compat_features: AtomicU32,
    /// 0.
    pub incompat_features: AtomicU32,
    /// 32.
    pub header_length: AtomicU32,
}

/// Says that memory is an `aio_ring`.
pub const MAGIC: u32 = 0xa10a_10a1;
