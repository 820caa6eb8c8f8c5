//! What the kernel gets for slot requests.

use super::*;
use crate::notif::op::index_of;
use crate::sys::fake::Kernel;
use core::ptr::null;
use libc::{c_void, iovec, msghdr};

const SEND: u32 = IORING_OP_SEND;
const SEND_ZC: u32 = IORING_OP_SEND_ZC;
const SENDMSG: u32 = IORING_OP_SENDMSG;
const SENDMSG_ZC: u32 = IORING_OP_SENDMSG_ZC;

/// Kernels by the last opcode that they have.
fn with_last_op(last_op: Option<u32>) -> Fixture {
    Fixture::with(0, |kernel: &mut Kernel| kernel.last_op = last_op)
}

fn opcodes(sqes: &[io_uring_sqe]) -> Vec<u32> {
    sqes.iter().map(|sqe| sqe.opcode.into()).collect()
}

/// The address and the length that a message of the library's names, and its name.
fn message(sqe: &io_uring_sqe) -> (Vec<(usize, usize)>, usize, u32) {
    assert_eq!(sqe.len, 1);
    // SAFETY: the library's message, in an op that is in flight.
    let msg = unsafe { &*(sqe.addr as usize as *const msghdr) };
    // SAFETY: the vector of the message.
    let iov = unsafe { core::slice::from_raw_parts(msg.msg_iov, msg.msg_iovlen as _) };
    assert!(msg.msg_control.is_null());
    (iov.iter().map(|iov| (iov.iov_base as usize, iov.iov_len)).collect(), msg.msg_name as usize, msg.msg_namelen)
}

#[test]
fn a_send_keeps_all_that_the_kernel_is_to_have() {
    for (last_op, fd, opcode) in [
        (Some(SENDMSG_ZC), TCP, SEND_ZC),
        (Some(SEND_ZC), TCP, SEND_ZC),
        (Some(SEND_ZC - 1), TCP, SEND),
        (None, TCP, SEND),
        (Some(SENDMSG_ZC), UNIX, SEND),
    ] {
        let mut f = with_last_op(last_op);
        let flags = libc::MSG_NOSIGNAL | libc::MSG_MORE;
        let zc_flags = FLUSH | COPY_TAG | IORING_RECVSEND_POLL_FIRST;
        f.queue(0xabcd, |sqe| {
            // SAFETY: a live SQE.
            unsafe { op::prep_sendzc(sqe, fd, 0x5000 as *const c_void, 77, flags, 2, zc_flags) };
            sqe.flags = (IOSQE_ASYNC | IOSQE_CQE_SKIP_SUCCESS) as u8;
            sqe.personality = 3;
        });
        let sqe = f.submit()[0];
        assert!(index_of(sqe.user_data).is_some());
        assert_eq!((u32::from(sqe.opcode), sqe.fd, sqe.addr, sqe.len), (opcode, fd, 0x5000, 77));
        assert_eq!((u32::from(sqe.ioprio), sqe.rw_flags), (IORING_RECVSEND_POLL_FIRST, flags as u32));
        assert_eq!((sqe.off, sqe.addr3, sqe.file_index, sqe.buf_index), (0, 0, 0, 0));
        assert_eq!((u32::from(sqe.flags), sqe.personality), (IOSQE_ASYNC, 3));
        f.exit();
    }
}

#[test]
fn the_kernel_is_asked_for_zero_copy_only_where_the_socket_can_do_it() {
    for (fd, zero_copy) in
        [(TCP, true), (TCP6, true), (UDP, true), (UNIX, false), (TLS, false), (99, false), (-1, false)]
    {
        let mut f = Fixture::new();
        f.send(fd, 0, 0, 1);
        assert_eq!(opcodes(&f.submit()), [if zero_copy { SEND_ZC } else { SEND }], "{fd}");
        f.exit();
    }
}

/// The kinds of sockets are remembered by what no other socket has.
#[test]
fn a_descriptor_that_became_another_socket_is_asked_again() {
    let mut f = Fixture::new();
    let one = |f: &mut Fixture, fd| {
        f.send(fd, 0, 0, 1);
        f.kernel.get().sockets_asked = 0;
        let opcode = opcodes(&f.submit())[0];
        let asked = f.kernel.get().sockets_asked;
        (opcode, asked)
    };
    let first = one(&mut f, TCP);
    let second = one(&mut f, TCP);
    assert_eq!((first.0, second.0), (SEND_ZC, SEND_ZC));
    assert!(second.1 < first.1, "cookie and protocol only: {second:?}");
    // Another descriptor at the same place, and back.
    let other = f.kernel.get().sockets[&UNIX];
    f.kernel.get().sockets.insert(TCP + 16, other);
    assert_eq!(one(&mut f, TCP + 16).0, SEND);
    assert_eq!(one(&mut f, TCP).0, SEND_ZC);
    // TLS in the kernel since.
    f.kernel.get().sockets.get_mut(&TCP).expect("set").has_ulp = true;
    assert_eq!(one(&mut f, TCP).0, SEND);
    f.kernel.get().sockets.get_mut(&TCP).expect("set").has_ulp = false;
    assert_eq!(one(&mut f, TCP).0, SEND_ZC);
    // Closed, and opened again as something else.
    f.kernel.get().sockets.insert(TCP, other);
    assert_eq!(one(&mut f, TCP).0, SEND);
    f.exit();
}

#[test]
fn one_submission_asks_once_for_each_run_of_sends_to_a_socket() {
    let mut f = Fixture::new();
    f.sent(0, 0, 1);
    f.kernel.get().sockets_asked = 0;
    (0..4).for_each(|i| f.send(TCP, 0, 0, i));
    f.submit();
    assert_eq!(f.kernel.get().sockets_asked, 2);
    f.exit();
}

#[test]
fn registered_buffers_are_for_zero_copy_sends_only() {
    for (fd, opcode, ioprio, buf_index) in [(TCP, SEND_ZC, IORING_RECVSEND_FIXED_BUF, 5), (UNIX, SEND, 0, 0)] {
        let mut f = Fixture::new();
        // SAFETY: a live SQE.
        f.queue(1, |sqe| unsafe { op::prep_sendzc_fixed(sqe, fd, 0x5000 as *const c_void, 8, 0, 0, FLUSH, 5) });
        let sqe = f.submit()[0];
        assert_eq!((u32::from(sqe.opcode), u32::from(sqe.ioprio), sqe.buf_index), (opcode, ioprio, buf_index));
        assert_eq!((sqe.addr, sqe.len), (0x5000, 8));
        f.exit();
    }
}

/// From 6.1 on a plain send takes an address, before it has to be a message.
#[test]
fn a_destination_goes_along_in_the_form_that_the_kernel_knows() {
    for (last_op, fd, opcode) in [
        (Some(SENDMSG_ZC), UDP, SEND_ZC),
        (Some(SENDMSG_ZC), UNIX, SEND),
        (Some(SEND_ZC), UDP, SEND_ZC),
        (Some(SEND_ZC), UNIX, SENDMSG),
        (None, UDP, SENDMSG),
    ] {
        let mut f = with_last_op(last_op);
        // SAFETY: a live SQE.
        f.queue(1, |sqe| unsafe {
            op::prep_sendzc(sqe, fd, 0x5000 as *const c_void, 77, 0, 0, 0);
            op::prep_sendzc_set_addr(sqe, 0x6000 as *const _, 16);
        });
        let sqe = f.submit()[0];
        assert_eq!(u32::from(sqe.opcode), opcode);
        if opcode == SENDMSG {
            assert_eq!(message(&sqe), (vec![(0x5000, 77)], 0x6000, 16));
            assert_eq!((sqe.off, sqe.file_index), (0, 0));
        } else {
            assert_eq!((sqe.addr, sqe.len, sqe.off, sqe.file_index & 0xffff), (0x5000, 77, 0x6000, 16));
        }
        f.exit();
    }
}

#[test]
fn messages_and_vectors_are_messages_of_the_kernel() {
    let iov = [iovec { iov_base: null_mut(), iov_len: 9 }, iovec { iov_base: null_mut(), iov_len: 3 }];
    for (last_op, fd, opcode) in [
        (Some(SENDMSG_ZC), TCP, SENDMSG_ZC),
        (Some(SEND_ZC), TCP, SENDMSG),
        (None, TCP, SENDMSG),
        (Some(SENDMSG_ZC), UNIX, SENDMSG),
    ] {
        let mut f = with_last_op(last_op);
        // SAFETY: live SQEs.
        f.queue(1, |sqe| unsafe { op::prep_sendmsgzc(sqe, fd, 0x7000 as *const _, 0x4000, 0, FLUSH) });
        // SAFETY: as above.
        f.queue(2, |sqe| unsafe {
            op::prep_sendvzc(sqe, fd, iov.as_ptr(), 2, 0x4000, 0, FLUSH);
            op::prep_sendzc_set_addr(sqe, 0x6000 as *const _, 28);
        });
        let sqes = f.submit();
        assert_eq!(opcodes(&sqes), [opcode, opcode]);
        assert_eq!((sqes[0].addr, sqes[0].len), (0x7000, 1));
        assert_eq!(message(&sqes[1]), (vec![(0, 9), (0, 3)], 0x6000, 28));
        for sqe in &sqes {
            assert_eq!((sqe.rw_flags, sqe.ioprio, sqe.off, sqe.addr3, sqe.file_index), (0x4000, 0, 0, 0, 0));
        }
        f.exit();
    }
}

#[test]
fn an_update_is_a_request_that_succeeds_by_itself() {
    let mut f = Fixture::new();
    f.update(9, 1, 2, 7);
    f.ring.sq.sqe_tail -= 1;
    let sqe = f.ring().get_sqe();
    // SAFETY: the SQE that was just filled in.
    unsafe { (*sqe).flags = (IOSQE_IO_LINK | IOSQE_ASYNC) as u8 };
    let sqe = f.submit()[0];
    assert_eq!((u32::from(sqe.opcode), u32::from(sqe.flags)), (IORING_OP_NOP, IOSQE_IO_LINK | IOSQE_ASYNC));
    assert_eq!((sqe.addr, sqe.len, sqe.off, sqe.rw_flags, sqe.ioprio), (0, 0, 0, 0, 0));
    assert_eq!(f.reap(), [(7, 0, 0)]);
    f.exit();
}

/// They become requests that every kernel knows, and that fail when they are issued.
#[test]
fn requests_for_slots_that_are_not_there_are_refused_one_by_one() {
    let mut f = Fixture::new();
    f.send(TCP, 3, FLUSH, 1);
    f.send(TCP, u32::MAX, 0, 2);
    for (i, (offset, nr)) in [(0, 0), (3, 1), (2, 2), (0, 4), (1, u32::MAX), (u32::MAX, 1)].into_iter().enumerate() {
        f.update(5, offset, nr, 3 + i as u64);
    }
    let sqes = f.submit();
    assert_eq!(opcodes(&sqes), [IORING_OP_POLL_REMOVE; 8]);
    for sqe in &sqes {
        assert_eq!(sqe.addr, sqe.user_data, "what no request can have while this one has it");
        assert_eq!((sqe.rw_flags, sqe.ioprio, sqe.off, sqe.len, sqe.addr3, sqe.fd), (0, 0, 0, 0, 0, -1));
        f.post(sqe.user_data, -libc::ENOENT, 0);
    }
    let (einval, eoverflow) = (-libc::EINVAL, -libc::EOVERFLOW);
    let results: Vec<_> = f.reap().iter().map(|cqe| (cqe.0, cqe.1)).collect();
    let expected = [einval, einval, einval, einval, einval, einval, eoverflow, eoverflow];
    assert_eq!(results, (1..).zip(expected).collect::<Vec<_>>());
    // Without slots all are.
    assert_eq!(f.unregister(), 0);
    f.send(TCP, 0, 0, 1);
    f.update(0, 0, 1, 2);
    assert_eq!(opcodes(&f.submit()), [IORING_OP_POLL_REMOVE; 2]);
    f.exit();
}

#[test]
fn behind_what_changes_descriptors_a_chain_sends_plainly() {
    for opener in [
        IORING_OP_ACCEPT,
        IORING_OP_OPENAT,
        IORING_OP_OPENAT2,
        IORING_OP_CLOSE,
        IORING_OP_SOCKET,
        IORING_OP_FIXED_FD_INSTALL,
        IORING_OP_PIPE,
    ] {
        for link in [0, IOSQE_IO_LINK, IOSQE_IO_HARDLINK] {
            let mut f = Fixture::new();
            let set = |f: &mut Fixture, flags: u32| {
                let last = f.ring.sq.sqe_tail - 1;
                // SAFETY: the SQE that was queued last.
                unsafe { (*f.ring().sqe_at(last)).flags = flags as u8 };
            };
            f.queue(1, |sqe| {
                sqe.opcode = opener as u8;
                sqe.flags = link as u8;
            });
            f.send(TCP, 0, 0, 2);
            set(&mut f, link);
            f.queue(3, |sqe| {
                sqe.opcode = IORING_OP_FSYNC as u8;
                sqe.flags = link as u8;
            });
            f.send(TCP, 0, 0, 4);
            f.send(TCP, 0, 0, 5);
            let behind = if link == 0 { SEND_ZC } else { SEND };
            assert_eq!(opcodes(&f.submit()), [opener, behind, IORING_OP_FSYNC, behind, SEND_ZC]);
            f.exit();
        }
    }
}

#[test]
fn direct_descriptors_are_sent_to_plainly() {
    let mut f = Fixture::new();
    f.queue(1, |sqe| {
        // SAFETY: a live SQE.
        unsafe { op::prep_sendzc(sqe, TCP, null(), 4, 0, 0, 0) };
        sqe.flags = IOSQE_FIXED_FILE as u8;
    });
    let sqe = f.submit()[0];
    assert_eq!((u32::from(sqe.opcode), u32::from(sqe.flags)), (SEND, IOSQE_FIXED_FILE));
    f.exit();
}

type Prep = Box<dyn Fn(&mut io_uring_sqe)>;

/// Requests that wait for a number of completions, or for all.
#[test]
fn after_requests_that_count_completions_all_sends_are_plain() {
    let timeout = |off: u64, flags: u32| {
        move |sqe: &mut io_uring_sqe| {
            sqe.opcode = IORING_OP_TIMEOUT as u8;
            (sqe.off, sqe.rw_flags) = (off, flags);
        }
    };
    let drain = |sqe: &mut io_uring_sqe| {
        sqe.opcode = IORING_OP_NOP as u8;
        sqe.flags = IOSQE_IO_DRAIN as u8;
    };
    let cases: [(Prep, bool); 5] = [
        (Box::new(timeout(0, 0)), false),
        (Box::new(timeout(2, IORING_TIMEOUT_MULTISHOT)), false),
        (Box::new(timeout(1, 0)), true),
        (Box::new(timeout(1, IORING_TIMEOUT_ABS)), true),
        (Box::new(drain), true),
    ];
    for (i, (counting, counts)) in cases.iter().enumerate() {
        for separately in [false, true] {
            let mut f = Fixture::new();
            f.send(TCP, 0, 0, 1);
            f.queue(2, counting);
            let first = if separately { f.submit()[0].opcode } else { 0 };
            f.send(TCP, 0, 0, 3);
            let last = f.submit().last().expect("a send").opcode;
            assert_eq!(u32::from(last), if *counts { SEND } else { SEND_ZC }, "case {i}");
            // Also what was queued before it in the same submission.
            assert!(!separately || u32::from(first) == if *counts { SEND } else { SEND_ZC });
            f.send(TCP, 0, 0, 4);
            assert_eq!(opcodes(&f.submit()), [if *counts { SEND } else { SEND_ZC }]);
            f.exit();
        }
    }
}

#[test]
fn handles_are_of_one_request_each_and_numbers_are_used_again() {
    let mut f = Fixture::new();
    let mut before = Vec::new();
    for _ in 0..100 {
        let handle = f.sent(0, 0, 1);
        assert!(!before.contains(&handle));
        before.push(handle);
        f.post(handle, 4, 0);
        assert_eq!(f.reap(), [(1, 4, 0)]);
    }
    let mut numbers: Vec<_> = before.iter().map(|&handle| index_of(handle)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.len() <= 2, "{numbers:?}");
    f.exit();
}

#[test]
fn what_a_short_submission_left_is_not_rewritten_again() {
    let mut f = Fixture::new();
    (0..3).for_each(|i| f.send(TCP, 0, if i == 2 { FLUSH } else { 0 }, i));
    f.script([Enter::consumes(1)]);
    assert_eq!(f.ring().submit(), 1);
    let first = f.kernel.get().issued[0];
    let queued = [f.kernel.sqe(0), f.kernel.sqe(1)];
    let sqes = f.submit();
    for (sqe, queued) in sqes.iter().zip(queued) {
        assert_eq!((sqe.user_data, sqe.opcode), (queued.user_data, queued.opcode));
    }
    for handle in [first.user_data, sqes[0].user_data, sqes[1].user_data] {
        f.post(handle, 4, 0);
    }
    assert_eq!(f.reap(), [(0, 4, 0), (1, 4, 0), (2, 4, 0), (tag(0), 0, 0)]);
    f.exit();
}
