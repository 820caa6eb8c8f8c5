//! The buffer of a multishot `recvmsg`: header, name, control data, payload, each field as long as the request's `msghdr` said.
//!
//! The kernel writes the header. Of its lengths only `controllen` is used, which is what came and never more than was asked for; the
//! others say what would have been needed. The lengths of the control messages are not trusted.

#![allow(clippy::unnecessary_cast, reason = "the C libraries disagree about the types of these lengths")]

use crate::uapi::*;
use core::ptr::null_mut;
use libc::{cmsghdr, msghdr};

const HEADER: usize = size_of::<io_uring_recvmsg_out>();

/// Lengths that the request asked for, or `None` where they do not fit into what a buffer can hold.
///
/// # Safety
///
/// `msg` points to the request's `msghdr`.
unsafe fn prefix(msg: *const msghdr) -> Option<usize> {
    // SAFETY: the caller's promise.
    let (name, control) = unsafe { ((*msg).msg_namelen as usize, (*msg).msg_controllen as usize) };
    HEADER.checked_add(name)?.checked_add(control)
}

/// `io_uring_recvmsg_validate`: the header at the start of `buf`, or null when `buf_len` bytes cannot hold it with name and
/// control data.
///
/// # Safety
///
/// `msg` points to the request's `msghdr`; `buf` has `buf_len` bytes.
pub unsafe fn validate(buf: *mut c_void, buf_len: c_int, msg: *const msghdr) -> *mut io_uring_recvmsg_out {
    let Ok(len) = usize::try_from(buf_len) else { return null_mut() };
    // SAFETY: the caller's promise.
    match unsafe { prefix(msg) } {
        Some(prefix) if prefix <= len => buf.cast(),
        _ => null_mut(),
    }
}

/// `io_uring_recvmsg_name`.
pub fn name(o: *mut io_uring_recvmsg_out) -> *mut c_void {
    o.wrapping_add(1).cast()
}

/// Start of the control data, aligned for `cmsghdr` only as far as the program's name length keeps it so.
///
/// # Safety
///
/// As for [`cmsg_firsthdr`].
unsafe fn control(o: *mut io_uring_recvmsg_out, msg: *const msghdr) -> *mut u8 {
    // SAFETY: the caller's promise.
    let name_len = unsafe { (*msg).msg_namelen as usize };
    name(o).cast::<u8>().wrapping_add(name_len)
}

/// Bytes of control data that came. A program's buffers may lie anywhere, so nothing in them is read as if it were aligned.
///
/// # Safety
///
/// As for [`cmsg_firsthdr`].
unsafe fn controllen(o: *const io_uring_recvmsg_out) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (&raw const (*o).controllen).read_unaligned() as usize }
}

/// # Safety
///
/// The header of the message at `cmsg` lies inside the control data.
unsafe fn cmsg_len(cmsg: *const cmsghdr) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (&raw const (*cmsg).cmsg_len).read_unaligned() as usize }
}

/// `io_uring_recvmsg_cmsg_firsthdr`: the first control message, or null.
///
/// # Safety
///
/// `o` came from [`validate`] with this `msg`.
pub unsafe fn cmsg_firsthdr(o: *mut io_uring_recvmsg_out, msg: *const msghdr) -> *mut cmsghdr {
    // SAFETY: the caller's promise.
    if unsafe { controllen(o) } < size_of::<cmsghdr>() {
        return null_mut();
    }
    // SAFETY: the caller's promise.
    unsafe { control(o, msg) }.cast()
}

/// `io_uring_recvmsg_cmsg_nexthdr`: the control message behind `cmsg`, or null.
///
/// # Safety
///
/// As for [`cmsg_firsthdr`]; `cmsg` came from it or from here.
pub unsafe fn cmsg_nexthdr(o: *mut io_uring_recvmsg_out, msg: *const msghdr, cmsg: *mut cmsghdr) -> *mut cmsghdr {
    const HEADER: usize = size_of::<cmsghdr>();
    let padded = |len: usize| len.checked_next_multiple_of(align_of::<usize>());
    // SAFETY: the caller's promise.
    let len = unsafe { cmsg_len(cmsg) };
    if len < HEADER {
        return null_mut();
    }
    // SAFETY: the caller's promise.
    let end = (unsafe { control(o, msg) } as usize).saturating_add(unsafe { controllen(o) });
    let start = cmsg as usize;
    // The next message needs room for a header, and for itself where it says that it is longer.
    let Some(next) = padded(len).and_then(|len| start.checked_add(len)) else {
        return null_mut();
    };
    if next.checked_add(HEADER).is_none_or(|behind| behind > end) {
        return null_mut();
    }
    let next = cmsg.wrapping_byte_add(next - start);
    // SAFETY: its header lies before the end of the control data.
    let next_len = unsafe { cmsg_len(next) };
    // With its padding, as the C library's CMSG_NXTHDR() and the original count.
    match padded(next_len).and_then(|len| (next as usize).checked_add(len)) {
        Some(behind) if behind <= end => next,
        _ => null_mut(),
    }
}

/// `io_uring_recvmsg_payload`: where the payload starts.
///
/// # Safety
///
/// As for [`cmsg_firsthdr`].
pub unsafe fn payload(o: *mut io_uring_recvmsg_out, msg: *const msghdr) -> *mut c_void {
    // SAFETY: the caller's promise.
    let controllen = unsafe { (*msg).msg_controllen as usize };
    // SAFETY: the caller's promise.
    unsafe { control(o, msg) }.wrapping_add(controllen).cast()
}

/// `io_uring_recvmsg_payload_length`: bytes of payload in the buffer; less than the header's `payloadlen` when the
/// datagram was cut.
///
/// # Safety
///
/// `msg` points to the request's `msghdr`; `buf_len` is what the CQE said.
pub unsafe fn payload_length(buf_len: c_int, msg: *const msghdr) -> c_uint {
    let Ok(len) = usize::try_from(buf_len) else { return 0 };
    // SAFETY: the caller's promise.
    let prefix = unsafe { prefix(msg) };
    prefix.and_then(|prefix| len.checked_sub(prefix)).unwrap_or(0) as c_uint
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer as the kernel fills it, for a request with room for `name` and `control` bytes.
    struct Received {
        msg: msghdr,
        buf: Vec<u64>,
    }

    impl Received {
        fn new(name: usize, control: usize, controllen: u32) -> Self {
            // SAFETY: all zero is a valid msghdr.
            let mut msg: msghdr = unsafe { core::mem::zeroed() };
            msg.msg_namelen = name as u32;
            msg.msg_controllen = control as _;
            let mut received = Self { msg, buf: vec![0; 32] };
            // SAFETY: the buffer is large enough and aligned.
            unsafe {
                received.out().write(io_uring_recvmsg_out { namelen: 0, controllen, payloadlen: 0, flags: 0 });
            }
            received
        }

        fn out(&mut self) -> *mut io_uring_recvmsg_out {
            self.buf.as_mut_ptr().cast()
        }

        /// Writes a control message of `len` bytes at `offset` into the control data.
        fn cmsg(&mut self, offset: usize, len: usize) -> *mut cmsghdr {
            let at = HEADER + self.msg.msg_namelen as usize + offset;
            let cmsg = self.buf.as_mut_ptr().wrapping_byte_add(at).cast::<cmsghdr>();
            // SAFETY: inside the buffer.
            unsafe { (*cmsg).cmsg_len = len as _ };
            cmsg
        }

        fn first(&mut self) -> *mut cmsghdr {
            let msg = self.msg;
            // SAFETY: buffer and header belong together.
            unsafe { cmsg_firsthdr(self.out(), &msg) }
        }

        fn next(&mut self, cmsg: *mut cmsghdr) -> *mut cmsghdr {
            let msg = self.msg;
            // SAFETY: as above.
            unsafe { cmsg_nexthdr(self.out(), &msg, cmsg) }
        }
    }

    #[test]
    fn a_buffer_must_hold_header_name_and_control_data() {
        let mut received = Received::new(16, 24, 0);
        let (buf, msg) = (received.out().cast::<c_void>(), received.msg);
        // SAFETY: only the lengths are looked at.
        let validate = |len| unsafe { validate(buf, len, &msg) };
        assert!(validate(56).cast() == buf);
        for short in [55, 16, 0, -1, c_int::MIN] {
            assert!(validate(short).is_null(), "{short}");
        }
        let mut huge = msg;
        huge.msg_controllen = usize::MAX as _;
        // SAFETY: as above.
        assert!(unsafe { super::validate(buf, c_int::MAX, &huge) }.is_null());
    }

    #[test]
    fn the_payload_is_what_lies_behind_the_control_data() {
        let mut received = Received::new(16, 24, 0);
        let (out, msg) = (received.out(), received.msg);
        // SAFETY: buffer and header belong together.
        assert_eq!(unsafe { payload(out, &msg) } as usize - out as usize, 56);
        for (len, payload) in [(56, 0), (57, 1), (156, 100), (55, 0), (0, 0), (-1, 0)] {
            // SAFETY: only the lengths are looked at.
            assert_eq!(unsafe { payload_length(len, &msg) }, payload, "{len}");
        }
    }

    #[test]
    fn control_messages_are_walked_to_the_end_and_not_beyond() {
        let mut received = Received::new(16, 64, 48);
        let first = received.cmsg(0, 20);
        let second = received.cmsg(24, 24);
        assert_eq!(received.first(), first);
        assert_eq!(received.next(first), second);
        assert!(received.next(second).is_null());
    }

    #[test]
    fn lengths_that_lie_end_the_walk() {
        let mut received = Received::new(0, 64, 48);
        for len in [0, 15, usize::MAX, usize::MAX - 7, 1 << 40, 40] {
            let first = received.cmsg(0, len);
            received.cmsg(24, 24);
            assert!(received.next(first).is_null(), "{len:#x}");
        }
        let first = received.cmsg(0, 20);
        received.cmsg(24, 25);
        assert!(received.next(first).is_null(), "the second is longer than what is left");
        received.cmsg(24, usize::MAX);
        assert!(received.next(first).is_null(), "the second's end wraps around");
    }

    #[test]
    fn the_last_message_counts_with_its_padding() {
        for (controllen, there) in [(47, false), (48, true)] {
            let mut received = Received::new(0, 64, controllen);
            let first = received.cmsg(0, 20);
            let second = received.cmsg(24, 20);
            assert_eq!(received.next(first), if there { second } else { null_mut() });
        }
    }

    #[test]
    fn no_room_for_a_header_is_no_message() {
        assert!(Received::new(0, 64, 15).first().is_null());
        assert!(!Received::new(0, 64, 16).first().is_null());
    }
}
