//! Chains in which slot requests and requests that leave out their success stand together: the kernel would leave out CQEs that the
//! library needs, so the library does it.

use super::*;
use crate::notif::op::index_of;
use libc::{EBADF, ECANCELED, ETIME};

const LINK: u32 = IOSQE_IO_LINK;
const HARD: u32 = IOSQE_IO_HARDLINK;
const SKIP: u32 = IOSQE_CQE_SKIP_SUCCESS;

/// A flushing send with flags.
fn send(f: &mut Fixture, flags: u32, user_data: u64) {
    // SAFETY: a live SQE.
    f.queue(user_data, |sqe| unsafe {
        op::prep_sendzc(sqe, TCP, null_mut(), 4, 0, 0, FLUSH);
        sqe.flags = flags as u8;
    });
}

fn ordinary(f: &mut Fixture, opcode: u32, len: u32, flags: u32, user_data: u64) {
    f.queue(user_data, |sqe| {
        (sqe.opcode, sqe.flags, sqe.len) = (opcode as u8, flags as u8, len);
    });
}

/// A read of ten bytes, then a send; what the program sees when they end with these results.
fn read_and_send(flags: (u32, u32), results: (i32, i32)) -> Vec<Cqe> {
    let mut f = Fixture::new();
    ordinary(&mut f, IORING_OP_READ, 10, flags.0, 1);
    send(&mut f, flags.1, 2);
    let sqes = f.submit();
    for (sqe, flags) in sqes.iter().zip([flags.0, flags.1]) {
        assert_eq!(u32::from(sqe.flags), flags & !SKIP);
    }
    f.post(sqes[0].user_data, results.0, 0);
    f.post(sqes[1].user_data, results.1, 0);
    let seen = f.reap();
    f.exit();
    seen
}

#[test]
fn successes_are_left_out_and_failures_are_not() {
    let notifier = (tag(0), 0, 0);
    for (flags, results, seen) in [
        ((LINK | SKIP, SKIP), (10, 4), vec![notifier]),
        ((LINK | SKIP, 0), (10, 4), vec![(2, 4, 0), notifier]),
        ((LINK, SKIP), (10, 4), vec![(1, 10, 0), notifier]),
        ((LINK | SKIP, SKIP), (10, -EBADF), vec![(2, -EBADF, 0)]),
        // A failure that is not left out leaves those behind it alone.
        ((LINK, SKIP), (-EBADF, -ECANCELED), vec![(1, -EBADF, 0), (2, -ECANCELED, 0)]),
        // One of a request that leaves out its success takes the CQEs of those that are cancelled for it along.
        ((LINK | SKIP, 0), (-EBADF, -ECANCELED), vec![(1, -EBADF, 0)]),
        ((LINK | SKIP, SKIP), (-EBADF, -ECANCELED), vec![(1, -EBADF, 0)]),
        // A short read is a failure for its chain.
        ((LINK | SKIP, SKIP), (9, -ECANCELED), vec![(1, 9, 0)]),
        // A hard link goes on.
        ((HARD | SKIP, SKIP), (-EBADF, 4), vec![(1, -EBADF, 0), notifier]),
        ((HARD | SKIP, 0), (-EBADF, -ECANCELED), vec![(1, -EBADF, 0), (2, -ECANCELED, 0)]),
    ] {
        assert_eq!(read_and_send(flags, results), seen, "{flags:?} {results:?}");
    }
}

#[test]
fn a_failure_reaches_all_behind_it() {
    let mut f = Fixture::new();
    send(&mut f, LINK | SKIP, 1);
    ordinary(&mut f, IORING_OP_READ, 10, LINK, 2);
    f.update(0, 0, 1, 3);
    let last = f.ring.sq.sqe_tail - 1;
    // SAFETY: the SQE that was queued last.
    unsafe { (*f.ring().sqe_at(last)).flags = LINK as u8 };
    ordinary(&mut f, IORING_OP_FSYNC, 0, 0, 4);
    // It is over: the next chain has nothing to do with it.
    ordinary(&mut f, IORING_OP_FSYNC, 0, LINK | SKIP, 5);
    send(&mut f, 0, 6);
    f.script([Enter { consume: Some(0), result: Some(6), ..Enter::default() }]);
    assert_eq!(f.ring().submit(), 6);
    let handles: Vec<_> = (0..6).map(|i| f.kernel.sqe(i).user_data).collect();
    f.kernel.consume_all();
    f.post(handles[0], -EBADF, 0);
    handles[1..4].iter().for_each(|&handle| f.post(handle, -ECANCELED, 0));
    f.post(handles[4], 0, 0);
    f.post(handles[5], -ECANCELED, 0);
    assert_eq!(f.reap(), [(1, -EBADF, 0), (6, -ECANCELED, 0)]);
    f.exit();
}

#[test]
fn other_requests_are_left_as_they_are() {
    let mut f = Fixture::new();
    // A chain of slot requests without the flag, one with the flag and no slot request, and single requests.
    ordinary(&mut f, IORING_OP_FSYNC, 0, LINK, 1);
    send(&mut f, 0, 2);
    ordinary(&mut f, IORING_OP_FSYNC, 0, LINK | SKIP, 3);
    ordinary(&mut f, IORING_OP_FSYNC, 0, SKIP, 4);
    send(&mut f, SKIP, 5);
    ordinary(&mut f, IORING_OP_FSYNC, 0, SKIP, 6);
    let seen: Vec<_> = f.submit().iter().map(|sqe| (sqe.user_data, u32::from(sqe.flags))).collect();
    for (i, flags) in [(0, LINK), (2, LINK | SKIP), (3, SKIP), (5, SKIP)] {
        assert_eq!(seen[i], (i as u64 + 1, flags));
    }
    assert!([1, 4].iter().all(|&i: &usize| index_of(seen[i].0).is_some() && seen[i].1 == 0));
    f.exit();
}

/// What counts as success is what the kernel takes for it.
#[test]
fn short_reads_and_timeouts_that_are_over() {
    let iov = [libc::iovec { iov_base: null_mut(), iov_len: 6 }, libc::iovec { iov_base: null_mut(), iov_len: 4 }];
    let prep = |sqe: &mut io_uring_sqe, opcode: u32, flags: u32| {
        (sqe.opcode, sqe.rw_flags, sqe.len) = (opcode as u8, flags, 10);
        if matches!(opcode, IORING_OP_READV | IORING_OP_WRITEV) {
            (sqe.addr, sqe.len) = (iov.as_ptr() as usize as u64, 2);
        }
        sqe.flags = (LINK | SKIP) as u8;
    };
    let all = libc::MSG_WAITALL as u32;
    for (opcode, flags, least) in [
        (IORING_OP_READ, 0, 10),
        (IORING_OP_WRITE, 0, 10),
        (IORING_OP_READ_FIXED, 0, 10),
        (IORING_OP_WRITE_FIXED, 0, 10),
        (IORING_OP_SPLICE, 0, 10),
        (IORING_OP_TEE, 0, 10),
        (IORING_OP_READV, 0, 10),
        (IORING_OP_WRITEV, 0, 10),
        (IORING_OP_SEND, 0, 0),
        (IORING_OP_SEND, all, 10),
        (IORING_OP_RECV, 0, 0),
        (IORING_OP_RECV, all, 10),
        (IORING_OP_TIMEOUT, IORING_TIMEOUT_ETIME_SUCCESS, -ETIME),
        (IORING_OP_TIMEOUT, 0, 0),
        (IORING_OP_FSYNC, 0, 0),
    ] {
        for res in [least, least - 1] {
            let mut f = Fixture::new();
            f.queue(1, |sqe| prep(sqe, opcode, flags));
            send(&mut f, 0, 2);
            let sqes = f.submit();
            f.post(sqes[0].user_data, res, 0);
            assert_eq!(f.reap(), if res == least { vec![] } else { vec![(1, res, 0)] }, "{opcode} {flags}");
            f.exit();
        }
    }
}

#[test]
fn a_request_with_several_completions_is_there_until_the_last() {
    let mut f = Fixture::new();
    ordinary(&mut f, IORING_OP_POLL_ADD, 0, LINK, 1);
    send(&mut f, SKIP, 2);
    let sqes = f.submit();
    f.post(sqes[0].user_data, 5, MORE);
    f.post(sqes[0].user_data, 6, MORE | 7 << 16);
    f.post(sqes[0].user_data, 7, 0);
    assert_eq!(f.reap(), [(1, 5, MORE), (1, 6, MORE | 7 << 16), (1, 7, 0)]);
    f.post(sqes[1].user_data, 4, 0);
    assert_eq!(f.reap(), [(tag(0), 0, 0)]);
    f.exit();
}
