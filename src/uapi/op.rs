//! Opcodes, flags of SQEs and of single operations

use super::*;

c_enum! {
    /// Bits of the SQE's `flags`.
    pub enum io_uring_sqe_flags_bit {
        /// See `IOSQE_FIXED_FILE`.
        IOSQE_FIXED_FILE_BIT = 0,
        /// See `IOSQE_IO_DRAIN`.
        IOSQE_IO_DRAIN_BIT = 1,
        /// See `IOSQE_IO_LINK`.
        IOSQE_IO_LINK_BIT = 2,
        /// See `IOSQE_IO_HARDLINK`.
        IOSQE_IO_HARDLINK_BIT = 3,
        /// See `IOSQE_ASYNC`.
        IOSQE_ASYNC_BIT = 4,
        /// See `IOSQE_BUFFER_SELECT`.
        IOSQE_BUFFER_SELECT_BIT = 5,
        /// See `IOSQE_CQE_SKIP_SUCCESS`.
        IOSQE_CQE_SKIP_SUCCESS_BIT = 6,
    }
}

/// `fd` is an index of the registered files. Linux 5.1.
pub const IOSQE_FIXED_FILE: __u32 = 1u32 << 0;
/// Start when all requests before this one are complete, and let those behind it wait for it. Linux 5.2.
pub const IOSQE_IO_DRAIN: __u32 = 1u32 << 1;
/// Start the next request when this one has succeeded; if it fails, the rest of the chain is cancelled. Linux 5.3.
pub const IOSQE_IO_LINK: __u32 = 1u32 << 2;
/// Start the next request when this one is complete, whatever the result. Linux 5.5.
pub const IOSQE_IO_HARDLINK: __u32 = 1u32 << 3;
/// Do not try it at once: hand it to a worker. Linux 5.6.
pub const IOSQE_ASYNC: __u32 = 1u32 << 4;
/// Take a buffer from the group `buf_group` when data is there. Linux 5.7.
pub const IOSQE_BUFFER_SELECT: __u32 = 1u32 << 5;
/// Post no CQE if it succeeds. Linux 5.17.
pub const IOSQE_CQE_SKIP_SUCCESS: __u32 = 1u32 << 6;

/// Slot of the registered files that the kernel chooses. Linux 5.19.
pub const IORING_FILE_INDEX_ALLOC: __u32 = !0u32;

c_enum! {
    /// Opcodes.
    pub enum io_uring_op {
        /// Nothing. Linux 5.1.
        IORING_OP_NOP = 0,
        /// preadv2(2). Linux 5.1.
        IORING_OP_READV = 1,
        /// pwritev2(2). Linux 5.1.
        IORING_OP_WRITEV = 2,
        /// fsync(2), fdatasync(2). Linux 5.1.
        IORING_OP_FSYNC = 3,
        /// Read into a registered buffer. Linux 5.1.
        IORING_OP_READ_FIXED = 4,
        /// Write from a registered buffer. Linux 5.1.
        IORING_OP_WRITE_FIXED = 5,
        /// poll(2), once or again and again. Linux 5.1.
        IORING_OP_POLL_ADD = 6,
        /// Cancel or change a poll request. Linux 5.1.
        IORING_OP_POLL_REMOVE = 7,
        /// sync_file_range(2). Linux 5.2.
        IORING_OP_SYNC_FILE_RANGE = 8,
        /// sendmsg(2). Linux 5.3.
        IORING_OP_SENDMSG = 9,
        /// recvmsg(2). Linux 5.3.
        IORING_OP_RECVMSG = 10,
        /// Complete at a time or after a number of completions. Linux 5.4.
        IORING_OP_TIMEOUT = 11,
        /// Remove or change a timeout. Linux 5.5.
        IORING_OP_TIMEOUT_REMOVE = 12,
        /// accept4(2). Linux 5.5.
        IORING_OP_ACCEPT = 13,
        /// Cancel requests. Linux 5.5.
        IORING_OP_ASYNC_CANCEL = 14,
        /// Limit the time of the request before. Linux 5.5.
        IORING_OP_LINK_TIMEOUT = 15,
        /// connect(2). Linux 5.5.
        IORING_OP_CONNECT = 16,
        /// fallocate(2). Linux 5.6.
        IORING_OP_FALLOCATE = 17,
        /// openat(2). Linux 5.6.
        IORING_OP_OPENAT = 18,
        /// close(2). Linux 5.6.
        IORING_OP_CLOSE = 19,
        /// Replace registered files. Linux 5.6.
        IORING_OP_FILES_UPDATE = 20,
        /// statx(2). Linux 5.6.
        IORING_OP_STATX = 21,
        /// pread(2). Linux 5.6.
        IORING_OP_READ = 22,
        /// pwrite(2). Linux 5.6.
        IORING_OP_WRITE = 23,
        /// posix_fadvise(3). Linux 5.6.
        IORING_OP_FADVISE = 24,
        /// madvise(2). Linux 5.6.
        IORING_OP_MADVISE = 25,
        /// send(2). Linux 5.6.
        IORING_OP_SEND = 26,
        /// recv(2). Linux 5.6.
        IORING_OP_RECV = 27,
        /// openat2(2). Linux 5.6.
        IORING_OP_OPENAT2 = 28,
        /// epoll_ctl(2). Linux 5.6.
        IORING_OP_EPOLL_CTL = 29,
        /// splice(2). Linux 5.7.
        IORING_OP_SPLICE = 30,
        /// Give a group buffers. Linux 5.7.
        IORING_OP_PROVIDE_BUFFERS = 31,
        /// Take buffers from a group. Linux 5.7.
        IORING_OP_REMOVE_BUFFERS = 32,
        /// tee(2). Linux 5.8.
        IORING_OP_TEE = 33,
        /// shutdown(2). Linux 5.11.
        IORING_OP_SHUTDOWN = 34,
        /// renameat2(2). Linux 5.11.
        IORING_OP_RENAMEAT = 35,
        /// unlinkat(2). Linux 5.11.
        IORING_OP_UNLINKAT = 36,
        /// mkdirat(2). Linux 5.15.
        IORING_OP_MKDIRAT = 37,
        /// symlinkat(2). Linux 5.15.
        IORING_OP_SYMLINKAT = 38,
        /// linkat(2). Linux 5.15.
        IORING_OP_LINKAT = 39,
        /// Post a CQE to another ring, or hand it a file. Linux 5.18.
        IORING_OP_MSG_RING = 40,
        /// fsetxattr(2). Linux 5.19.
        IORING_OP_FSETXATTR = 41,
        /// setxattr(2). Linux 5.19.
        IORING_OP_SETXATTR = 42,
        /// fgetxattr(2). Linux 5.19.
        IORING_OP_FGETXATTR = 43,
        /// getxattr(2). Linux 5.19.
        IORING_OP_GETXATTR = 44,
        /// socket(2). Linux 5.19.
        IORING_OP_SOCKET = 45,
        /// A command to the driver behind the file. Linux 5.19.
        IORING_OP_URING_CMD = 46,
        /// send(2) without a copy. Linux 6.0.
        IORING_OP_SEND_ZC = 47,
        /// sendmsg(2) without a copy. Linux 6.1.
        IORING_OP_SENDMSG_ZC = 48,
        /// Read again and again into provided buffers. Linux 6.7.
        IORING_OP_READ_MULTISHOT = 49,
        /// waitid(2). Linux 6.7.
        IORING_OP_WAITID = 50,
        /// Wait on a futex. Linux 6.7.
        IORING_OP_FUTEX_WAIT = 51,
        /// Wake the waiters of a futex. Linux 6.7.
        IORING_OP_FUTEX_WAKE = 52,
        /// futex_waitv(2). Linux 6.7.
        IORING_OP_FUTEX_WAITV = 53,
        /// Make a descriptor for a registered file. Linux 6.8.
        IORING_OP_FIXED_FD_INSTALL = 54,
        /// ftruncate(2). Linux 6.9.
        IORING_OP_FTRUNCATE = 55,
        /// bind(2). Linux 6.11.
        IORING_OP_BIND = 56,
        /// listen(2). Linux 6.11.
        IORING_OP_LISTEN = 57,
        /// Receive into the memory of a zero-copy receive queue. Linux 6.15.
        IORING_OP_RECV_ZC = 58,
        /// epoll_wait(2). Linux 6.15.
        IORING_OP_EPOLL_WAIT = 59,
        /// Vectored read into a registered buffer. Linux 6.15.
        IORING_OP_READV_FIXED = 60,
        /// Vectored write from a registered buffer. Linux 6.15.
        IORING_OP_WRITEV_FIXED = 61,
        /// pipe2(2). Linux 6.16.
        IORING_OP_PIPE = 62,
        /// Nothing, with a 128-byte SQE. Linux 6.19.
        IORING_OP_NOP128 = 63,
        /// A command to a driver, with a 128-byte SQE. Linux 6.19.
        IORING_OP_URING_CMD128 = 64,
        /// One more than the last opcode.
        IORING_OP_LAST = 65,
    }
}

/// `uring_cmd_flags`: the buffer is the registered one `buf_index`. Linux 6.2.
pub const IORING_URING_CMD_FIXED: __u32 = 1u32 << 0;
/// All flags that a command knows.
pub const IORING_URING_CMD_MASK: __u32 = IORING_URING_CMD_FIXED;

/// `fsync_flags`: sync data, and of the metadata only what is needed to read it. Linux 5.1.
pub const IORING_FSYNC_DATASYNC: __u32 = 1u32 << 0;

/// `timeout_flags`: a point in time instead of a span. Linux 5.5.
pub const IORING_TIMEOUT_ABS: __u32 = 1u32 << 0;
/// `timeout_flags`: change a timeout instead of removing it. Linux 5.11.
pub const IORING_TIMEOUT_UPDATE: __u32 = 1u32 << 1;
/// `timeout_flags`: by `CLOCK_BOOTTIME`. Linux 5.15.
pub const IORING_TIMEOUT_BOOTTIME: __u32 = 1u32 << 2;
/// `timeout_flags`: by `CLOCK_REALTIME`. Linux 5.15.
pub const IORING_TIMEOUT_REALTIME: __u32 = 1u32 << 3;
/// `timeout_flags`: change a linked timeout. Linux 5.15.
pub const IORING_LINK_TIMEOUT_UPDATE: __u32 = 1u32 << 4;
/// `timeout_flags`: running out is a success, and does not break a chain. Linux 5.16.
pub const IORING_TIMEOUT_ETIME_SUCCESS: __u32 = 1u32 << 5;
/// `timeout_flags`: run out again and again, with a CQE each time. Linux 6.4.
pub const IORING_TIMEOUT_MULTISHOT: __u32 = 1u32 << 6;
/// `timeout_flags`: the address is not that of a structure but the time in nanoseconds. Linux 7.1.
pub const IORING_TIMEOUT_IMMEDIATE_ARG: __u32 = 1u32 << 7;
/// The flags that choose a clock.
pub const IORING_TIMEOUT_CLOCK_MASK: __u32 = IORING_TIMEOUT_BOOTTIME | IORING_TIMEOUT_REALTIME;
/// The flags that change a timeout.
pub const IORING_TIMEOUT_UPDATE_MASK: __u32 = IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE;

/// `splice_flags`: `splice_fd_in` is an index of the registered files. Linux 5.7.
pub const SPLICE_F_FD_IN_FIXED: __u32 = 1u32 << 31;

/// Poll request, in `len`: go on after an event. Linux 5.13.
pub const IORING_POLL_ADD_MULTI: __u32 = 1u32 << 0;
/// Change of a poll request, in `len`: its events. Linux 5.13.
pub const IORING_POLL_UPDATE_EVENTS: __u32 = 1u32 << 1;
/// Change of a poll request, in `len`: its user_data. Linux 5.13.
pub const IORING_POLL_UPDATE_USER_DATA: __u32 = 1u32 << 2;
/// Poll request, in `len`: report the state and not its changes. Kernels may refuse it with -EINVAL.
pub const IORING_POLL_ADD_LEVEL: __u32 = 1u32 << 3;

/// `cancel_flags`: all requests that match, not the first. Linux 5.19.
pub const IORING_ASYNC_CANCEL_ALL: __u32 = 1u32 << 0;
/// `cancel_flags`: by descriptor instead of user_data. Linux 5.19.
pub const IORING_ASYNC_CANCEL_FD: __u32 = 1u32 << 1;
/// `cancel_flags`: any request. Linux 5.19.
pub const IORING_ASYNC_CANCEL_ANY: __u32 = 1u32 << 2;
/// `cancel_flags`: the descriptor is an index of the registered files. Linux 6.0.
pub const IORING_ASYNC_CANCEL_FD_FIXED: __u32 = 1u32 << 3;
/// `cancel_flags`: by user_data, for use together with the others. Linux 6.6.
pub const IORING_ASYNC_CANCEL_USERDATA: __u32 = 1u32 << 4;
/// `cancel_flags`: by opcode, which stands in `len`. Linux 6.6.
pub const IORING_ASYNC_CANCEL_OP: __u32 = 1u32 << 5;

/// Send or receive, in `ioprio`: wait for readiness before trying. Linux 5.19.
pub const IORING_RECVSEND_POLL_FIRST: __u32 = 1u32 << 0;
/// Receive, in `ioprio`: go on, with a CQE for each. Linux 6.0.
pub const IORING_RECV_MULTISHOT: __u32 = 1u32 << 1;
/// Send, in `ioprio`: from the registered buffer `buf_index`. Linux 6.0.
pub const IORING_RECVSEND_FIXED_BUF: __u32 = 1u32 << 2;
/// Zero-copy send, in `ioprio`: let the notification's result say whether data was copied. Linux 6.2.
pub const IORING_SEND_ZC_REPORT_USAGE: __u32 = 1u32 << 3;
/// Send or receive, in `ioprio`: several provided buffers at once. Linux 6.10.
pub const IORING_RECVSEND_BUNDLE: __u32 = 1u32 << 4;
/// Send, in `ioprio`: `addr` is an array of `len` iovecs. Linux 6.17.
pub const IORING_SEND_VECTORIZED: __u32 = 1u32 << 5;

/// Accept, in `ioprio`: go on, with a CQE for each connection. Linux 5.19.
pub const IORING_ACCEPT_MULTISHOT: __u32 = 1u32 << 0;
/// Accept, in `ioprio`: -EAGAIN instead of waiting. Linux 6.10.
pub const IORING_ACCEPT_DONTWAIT: __u32 = 1u32 << 1;
/// Accept, in `ioprio`: wait for readiness before trying. Linux 6.10.
pub const IORING_ACCEPT_POLL_FIRST: __u32 = 1u32 << 2;

c_enum! {
    /// What a message to another ring is, in `addr`.
    pub enum io_uring_msg_ring_flags {
        /// Result and user_data of a CQE. Linux 5.18.
        IORING_MSG_DATA = 0,
        /// A registered file. Linux 6.0.
        IORING_MSG_SEND_FD = 1,
    }
}

/// `msg_ring_flags`: no CQE on the other ring for a file. Linux 6.0.
pub const IORING_MSG_RING_CQE_SKIP: __u32 = 1u32 << 0;
/// `msg_ring_flags`: `file_index` has the flags of the CQE. Linux 6.3.
pub const IORING_MSG_RING_FLAGS_PASS: __u32 = 1u32 << 1;

/// `install_fd_flags`: the descriptor survives execve(2). Linux 6.8.
pub const IORING_FIXED_FD_NO_CLOEXEC: __u32 = 1u32 << 0;

/// `nop_flags`: the result is what stands in `len`.
pub const IORING_NOP_INJECT_RESULT: __u32 = 1u32 << 0;
/// `nop_flags`: post a 32-byte CQE. Linux 6.18.
pub const IORING_NOP_CQE32: __u32 = 1u32 << 5;

c_enum! {
    /// Commands to sockets, in `cmd_op`.
    pub enum io_uring_socket_op {
        /// Bytes that can be received.
        SOCKET_URING_OP_SIOCINQ = 0,
        /// Bytes that wait to be sent.
        SOCKET_URING_OP_SIOCOUTQ = 1,
        /// getsockopt(2). Linux 6.7.
        SOCKET_URING_OP_GETSOCKOPT = 2,
        /// setsockopt(2). Linux 6.7.
        SOCKET_URING_OP_SETSOCKOPT = 3,
        /// Receive the time stamps of what was sent, as 32-byte CQEs with a `struct io_timespec`. Linux 6.17.
        SOCKET_URING_OP_TX_TIMESTAMP = 4,
        /// getsockname(2), getpeername(2). Linux 6.19.
        SOCKET_URING_OP_GETSOCKNAME = 5,
    }
}

/// Time stamp in the second half of a CQE of `SOCKET_URING_OP_TX_TIMESTAMP`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_timespec {
    /// Seconds.
    pub tv_sec: __u64,
    /// Nanoseconds.
    pub tv_nsec: __u64,
}

/// `attr_type_mask`: `attr_ptr` is a `struct io_uring_attr_pi`. Linux 6.14.
pub const IORING_RW_ATTR_FLAG_PI: __u32 = 1u32 << 0;

/// Protection information of a read or write.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_attr_pi {
    /// What to check, `IO_INTEGRITY_CHK_*`.
    pub flags: __u16,
    /// Application tag.
    pub app_tag: __u16,
    /// Bytes at `addr`.
    pub len: __u32,
    /// Address of the protection information.
    pub addr: __u64,
    /// Seed of the reference tag.
    pub seed: __u64,
    /// Zero.
    pub rsvd: __u64,
}

/// Start of the buffer that a multishot recvmsg fills; name, control data and payload follow.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_recvmsg_out {
    /// Length of the address, also where it was cut.
    pub namelen: __u32,
    /// Length of the control data that is there.
    pub controllen: __u32,
    /// Length of the payload, also where it was cut.
    pub payloadlen: __u32,
    /// `MSG_*`, as recvmsg(2) returns them.
    pub flags: __u32,
}
