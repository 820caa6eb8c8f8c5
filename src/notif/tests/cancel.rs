//! Cancelling by the `user_data` that the program knows.

use super::*;
use crate::register::cancel::sync_cancel;
use libc::{EALREADY, EFAULT, EINVAL, ENOENT};

const ALL: u32 = IORING_ASYNC_CANCEL_ALL;

fn cancel(f: &mut Fixture, target: u64, flags: u32, user_data: u64) {
    // SAFETY: a live SQE.
    f.queue(user_data, |sqe| unsafe { op::prep_cancel64(sqe, target, flags as i32) });
}

fn sync(f: &mut Fixture, target: u64, flags: u32) -> i32 {
    let timeout = __kernel_timespec { tv_sec: 3, tv_nsec: 4 };
    let mut reg = io_uring_sync_cancel_reg { addr: target, fd: -1, flags, timeout, ..io_uring_sync_cancel_reg::EMPTY };
    // SAFETY: a live ring and a live structure.
    unsafe { sync_cancel(&mut *f.ring, &mut reg) }
}

/// What the kernel was asked to cancel at once.
fn asked(f: &Fixture) -> Vec<(u64, u32)> {
    core::mem::take(&mut f.kernel.get().sync_cancels).iter().map(|reg| (reg.addr, reg.flags)).collect()
}

#[test]
fn a_request_that_cancels_one_gets_its_handle() {
    let mut f = Fixture::new();
    let first = f.sent(0, 0, 7);
    let other = f.sent(0, 0, 8);
    for (target, flags, handle) in [
        (7, 0, first),
        (8, 0, other),
        (8, IORING_ASYNC_CANCEL_USERDATA, other),
        (8, IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_OP, other),
        (9, 0, 9),
        // These do not go by user_data.
        (8, IORING_ASYNC_CANCEL_FD, 8),
        (8, IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_FD_FIXED, 8),
        (8, IORING_ASYNC_CANCEL_ANY, 8),
        (8, IORING_ASYNC_CANCEL_OP, 8),
    ] {
        cancel(&mut f, target, flags, 20);
        let sqe = f.submit()[0];
        assert_eq!((u32::from(sqe.opcode), sqe.addr, sqe.rw_flags), (IORING_OP_ASYNC_CANCEL, handle, flags));
        assert_eq!(sqe.user_data, 20);
    }
    assert_eq!(asked(&f), []);
    // What has had its result is not there any more, also while its notification is out.
    f.post(first, 4, MORE);
    assert_eq!(f.reap(), [(7, 4, 0)]);
    cancel(&mut f, 7, 0, 20);
    assert_eq!(f.submit()[0].addr, 7);
    f.exit();
}

#[test]
fn a_send_of_the_same_submission_can_be_cancelled() {
    let mut f = Fixture::new();
    cancel(&mut f, 7, 0, 20);
    f.send(TCP, 0, 0, 7);
    cancel(&mut f, 7, 0, 21);
    let sqes = f.submit();
    assert_eq!((sqes[0].addr, sqes[2].addr), (7, sqes[1].user_data));
    f.exit();
}

#[test]
fn the_result_of_a_request_that_cancels_all_counts_the_sends_too() {
    for (kernel, seen) in [(2, 4), (0, 2), (-EINVAL, -EINVAL)] {
        let mut f = Fixture::new();
        let before = f.sent(0, 0, 7);
        f.sent(0, 0, 8);
        f.send(TCP, 0, 0, 7);
        cancel(&mut f, 7, ALL, 20);
        f.kernel.get().registers.extend([1, 1]);
        let sqes = f.submit();
        assert_eq!((sqes[1].addr, sqes[1].rw_flags), (7, ALL), "for other requests of that user_data");
        assert_eq!(asked(&f), [(before, ALL), (sqes[0].user_data, ALL)]);
        assert_eq!(f.reap(), []);
        f.post(sqes[1].user_data, kernel, 0);
        assert_eq!(f.reap(), [(20, seen, 0)]);
        f.exit();
    }
}

/// The sends have to be submitted before they can be cancelled, so the library submits; its count is part of the result.
#[test]
fn what_is_submitted_to_be_cancelled_counts_as_submitted() {
    let mut f = Fixture::new();
    f.send(TCP, 0, 0, 7);
    cancel(&mut f, 7, ALL, 20);
    f.kernel.get().registers.push_back(1);
    assert_eq!(f.ring().submit_and_get_events(), 2);
    assert_eq!(f.entered(), [(2, 0, 0), (0, 0, IORING_ENTER_GETEVENTS)]);
    // Where that fails, all stays queued as it is, and goes the next time.
    f.send(TCP, 0, 0, 7);
    cancel(&mut f, 7, ALL, 21);
    f.script([Enter::fails(libc::EBUSY)]);
    assert_eq!(f.ring().submit(), -libc::EBUSY);
    assert_eq!(f.ring().sq_ready(), 2);
    assert_eq!(f.submit().len(), 2);
    f.exit();
}

#[test]
fn sync_cancel_of_one_tries_the_sends_first() {
    let mut f = Fixture::new();
    let (one, two) = (f.sent(0, 0, 7), f.sent(0, 0, 7));
    // Cancelled; and one that runs already.
    for (answers, result, tried) in [
        (vec![0], 0, vec![one]),
        (vec![-EALREADY], -EALREADY, vec![one]),
        (vec![-ENOENT, 0], 0, vec![one, two]),
        (vec![-ENOENT, -ENOENT, 0], 0, vec![one, two, 7]),
        (vec![-ENOENT, -ENOENT, -ENOENT], -ENOENT, vec![one, two, 7]),
    ] {
        f.kernel.get().registers.extend(answers);
        assert_eq!(sync(&mut f, 7, 0), result);
        assert_eq!(asked(&f), tried.iter().map(|&addr| (addr, 0)).collect::<Vec<_>>());
        assert!(f.kernel.get().registers.is_empty());
    }
    // The time to wait goes along.
    f.kernel.get().registers.push_back(0);
    sync(&mut f, 7, 0);
    let reg = f.kernel.get().sync_cancels[0];
    assert_eq!((reg.timeout.tv_sec, reg.timeout.tv_nsec, reg.fd), (3, 4, -1));
    f.exit();
}

#[test]
fn sync_cancel_of_all_adds_up() {
    let mut f = Fixture::new();
    let (one, two) = (f.sent(0, 0, 7), f.sent(0, 0, 7));
    f.sent(0, 0, 8);
    for (answers, result) in [(vec![1, 1, 3], 5), (vec![-ENOENT, 1, 0], 1), (vec![1, 1, -EINVAL], -EINVAL)] {
        f.kernel.get().registers.extend(answers);
        assert_eq!(sync(&mut f, 7, ALL), result);
        assert_eq!(asked(&f), [(one, ALL), (two, ALL), (7, ALL)]);
    }
    f.exit();
}

#[test]
fn sync_cancel_of_something_else_is_the_kernels() {
    let mut f = Fixture::new();
    f.sent(0, 0, 7);
    for (target, flags) in
        [(9, 0), (7, IORING_ASYNC_CANCEL_FD), (7, IORING_ASYNC_CANCEL_ANY), (7, IORING_ASYNC_CANCEL_OP)]
    {
        f.kernel.get().registers.push_back(5);
        assert_eq!(sync(&mut f, target, flags), 5);
        assert_eq!(asked(&f), [(target, flags)]);
    }
    f.kernel.get().registers.push_back(-EFAULT);
    // SAFETY: a live ring; the kernel is asked about what is no structure.
    assert_eq!(unsafe { sync_cancel(&mut *f.ring, null_mut()) }, -EFAULT);
    f.exit();
}

/// What cannot be submitted now is submitted later, and then it cancels.
#[test]
fn a_request_that_cancels_all_does_so_also_where_the_first_try_to_submit_failed() {
    let mut f = Fixture::new();
    let handle = f.sent(0, 0, 7);
    cancel(&mut f, 7, ALL, 20);
    f.script([Enter::fails(libc::EBUSY)]);
    assert_eq!(f.ring().submit(), -libc::EBUSY);
    f.kernel.get().registers.push_back(1);
    let own = f.submit()[0].user_data;
    assert_eq!(asked(&f), [(handle, ALL)]);
    f.post(own, 0, 0);
    assert_eq!(f.reap(), [(20, 1, 0)]);
    f.exit();
}
