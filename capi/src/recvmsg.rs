//! The buffers of a multishot recvmsg.

use libc::{cmsghdr, msghdr};
use oxiring::recvmsg;
use oxiring::uapi::*;

/// The header of what a multishot recvmsg left in `buf`, or NULL when `buf_len` bytes (the CQE's result) cannot hold it with name and control data.
///
/// `msgh` is the request's. See io_uring_recvmsg_validate(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_validate(
    buf: *mut c_void,
    buf_len: c_int,
    msgh: *mut msghdr,
) -> *mut io_uring_recvmsg_out {
    // SAFETY: the caller's buffer and header.
    unsafe { recvmsg::validate(buf, buf_len, msgh) }
}

/// The sender's address, of which `min(o->namelen, msgh->msg_namelen)` bytes are valid. See io_uring_recvmsg_name(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_name(o: *mut io_uring_recvmsg_out) -> *mut c_void {
    recvmsg::name(o)
}

/// The first control message, or NULL. See io_uring_recvmsg_cmsg_firsthdr(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_cmsg_firsthdr(
    o: *mut io_uring_recvmsg_out,
    msgh: *mut msghdr,
) -> *mut cmsghdr {
    // SAFETY: the caller's buffer and header.
    unsafe { recvmsg::cmsg_firsthdr(o, msgh) }
}

/// The control message after `cmsg`, or NULL. See io_uring_recvmsg_cmsg_nexthdr(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_cmsg_nexthdr(
    o: *mut io_uring_recvmsg_out,
    msgh: *mut msghdr,
    cmsg: *mut cmsghdr,
) -> *mut cmsghdr {
    // SAFETY: the caller's buffer, header and message.
    unsafe { recvmsg::cmsg_nexthdr(o, msgh, cmsg) }
}

/// Where the payload starts. See io_uring_recvmsg_payload(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_payload(o: *mut io_uring_recvmsg_out, msgh: *mut msghdr) -> *mut c_void {
    // SAFETY: the caller's buffer and header.
    unsafe { recvmsg::payload(o, msgh) }
}

/// Bytes of payload in the buffer; less than `o->payloadlen` when the message was cut. See io_uring_recvmsg_payload_length(3).
///
/// Symbol version: ffi LIBURING_2.4.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_payload_length(
    _o: *mut io_uring_recvmsg_out,
    buf_len: c_int,
    msgh: *mut msghdr,
) -> c_uint {
    // SAFETY: the caller's header.
    unsafe { recvmsg::payload_length(buf_len, msgh) }
}
