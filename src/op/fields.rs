//! The vocabulary of the table's bodies.

use crate::uapi::*;

/// The null pointer of the table's rows.
pub(super) const NULL: *const c_void = core::ptr::null();

/// The descriptor that stands for the current directory, the same on every architecture.
pub(super) const AT_FDCWD: c_int = -100;

/// `io_uring_prep_cmd_discard()`'s command, `_IO(0x12, 0)` of `<linux/blkdev.h>`. Linux 6.12.
pub(super) const BLOCK_URING_CMD_DISCARD: __u32 = if cfg!(any(
    target_arch = "mips",
    target_arch = "mips64",
    target_arch = "powerpc",
    target_arch = "powerpc64",
    target_arch = "sparc",
    target_arch = "sparc64"
)) {
    0x2000_1200
} else {
    0x1200
};

/// A pointer as the kernel takes it in an SQE.
pub(super) fn ptr<T>(p: *const T) -> __u64 {
    p as usize as __u64
}

/// Poll events as the kernel takes them. `poll32_events` shares its place with the 16 bits of the first kernels, which
/// sit in the upper half on big-endian machines.
pub(super) fn poll_events(poll_mask: c_uint) -> c_uint {
    if cfg!(target_endian = "big") {
        poll_mask.rotate_left(16)
    } else {
        poll_mask
    }
}

/// The place that a member name of the C structure stands for; names of one union share a place.
macro_rules! sqe_field {
    ($s:ident, addr2) => {
        (*$s).off
    };
    ($s:ident, cmd_op) => {
        *(&raw mut (*$s).off).cast::<__u32>()
    };
    ($s:ident, __pad1) => {
        *(&raw mut (*$s).off).cast::<__u32>().add(1)
    };
    ($s:ident, splice_off_in) => {
        (*$s).addr
    };
    ($s:ident, level) => {
        *(&raw mut (*$s).addr).cast::<__u32>()
    };
    ($s:ident, optname) => {
        *(&raw mut (*$s).addr).cast::<__u32>().add(1)
    };
    ($s:ident, fsync_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, poll32_events) => {
        (*$s).rw_flags
    };
    ($s:ident, sync_range_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, msg_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, timeout_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, accept_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, cancel_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, open_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, statx_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, fadvise_advice) => {
        (*$s).rw_flags
    };
    ($s:ident, splice_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, rename_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, unlink_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, hardlink_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, xattr_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, msg_ring_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, waitid_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, futex_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, install_fd_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, pipe_flags) => {
        (*$s).rw_flags
    };
    ($s:ident, buf_group) => {
        (*$s).buf_index
    };
    ($s:ident, splice_fd_in) => {
        (*$s).file_index
    };
    ($s:ident, optlen) => {
        (*$s).file_index
    };
    ($s:ident, addr_len) => {
        *(&raw mut (*$s).file_index).cast::<__u16>()
    };
    ($s:ident, optval) => {
        (*$s).addr3
    };
    ($s:ident, __pad2) => {
        (*$s).__pad2[0]
    };
    ($s:ident, $f:ident) => {
        (*$s).$f
    };
}
pub(super) use sqe_field;

/// Statements of a row, one after the other: `member = value;`, `member |= value;`, `other_row(arguments);`. Bits are only
/// ever added to `ioprio`.
macro_rules! body {
    ($s:ident;) => {};
    ($s:ident; $f:ident = $e:expr; $($rest:tt)*) => {
        // SAFETY: the caller of the row's function hands in a writable SQE.
        unsafe { sqe_field!($s, $f) = ($e) as _ };
        body! { $s; $($rest)* }
    };
    ($s:ident; $f:ident |= $e:expr; $($rest:tt)*) => {
        // SAFETY: as above.
        unsafe { sqe_field!($s, $f) |= ($e) as __u16 };
        body! { $s; $($rest)* }
    };
    ($s:ident; $call:ident($($a:expr),*); $($rest:tt)*) => {
        // SAFETY: as above; the called row asks for the same.
        unsafe { $call($s $(, ($a) as _)*) };
        body! { $s; $($rest)* }
    };
}
pub(super) use body;
