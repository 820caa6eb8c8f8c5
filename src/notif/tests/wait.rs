//! Waits: for what the program sees, while the kernel counts what it posts.

use super::*;
use core::ptr::null;
use libc::{EAGAIN, EINTR, ETIME};

const GETEVENTS: u32 = IORING_ENTER_GETEVENTS;
const TIMED: u32 = GETEVENTS | IORING_ENTER_EXT_ARG;
const SECOND: u64 = 1_000_000_000;
const TS: __kernel_timespec = __kernel_timespec { tv_sec: 1, tv_nsec: 0 };

/// A waiting function, with a number to wait for.
type Call = fn(Ring, &mut *mut io_uring_cqe, u32) -> i32;

fn wait_cqes(ring: Ring, cqe: &mut *mut io_uring_cqe, nr: u32) -> i32 {
    // SAFETY: the caller's place, and a constant; so in all functions here.
    unsafe { ring.wait_cqes::<Direct>(cqe, nr, null(), null_mut()) }
}

fn wait_cqes_timed(ring: Ring, cqe: &mut *mut io_uring_cqe, nr: u32) -> i32 {
    // SAFETY: as above.
    unsafe { ring.wait_cqes::<Direct>(cqe, nr, &TS, null_mut()) }
}

fn submit_untimed(ring: Ring, cqe: &mut *mut io_uring_cqe, nr: u32) -> i32 {
    // SAFETY: as above.
    unsafe { ring.submit_and_wait_timeout::<Direct>(cqe, nr, null(), null_mut()) }
}

fn submit_timed(ring: Ring, cqe: &mut *mut io_uring_cqe, nr: u32) -> i32 {
    // SAFETY: as above.
    unsafe { ring.submit_and_wait_timeout::<Direct>(cqe, nr, &TS, null_mut()) }
}

fn submit_min(ring: Ring, cqe: &mut *mut io_uring_cqe, nr: u32) -> i32 {
    // SAFETY: as above.
    unsafe { ring.wait_min_timeout(cqe, true, nr, &TS, 500_000, null()) }
}

fn submit_reg(ring: Ring, cqe: &mut *mut io_uring_cqe, nr: u32) -> i32 {
    // SAFETY: as above.
    unsafe { ring.submit_and_wait_reg(cqe, nr, 0) }
}

fn run(f: &mut Fixture, call: Call, nr: u32) -> (i32, Option<u64>) {
    f.entered();
    f.kernel.get().limits.clear();
    let mut cqe = null_mut();
    let ret = call(f.ring(), &mut cqe, nr);
    // SAFETY: null or a CQE of the ring.
    (ret, unsafe { cqe.as_ref() }.map(|cqe| cqe.user_data))
}

/// Sends whose results were seen; their notifications will be hidden.
fn hidden(f: &mut Fixture, nr: u64) -> Vec<u64> {
    (0..nr)
        .map(|i| {
            let handle = f.sent(0, 0, i);
            f.post(handle, 4, MORE);
            assert_eq!(f.reap(), [(i, 4, 0)]);
            handle
        })
        .collect()
}

fn posts(cqes: &[Cqe]) -> Enter {
    Enter { post: cqes.to_vec(), ..Enter::default() }
}

#[test]
fn the_kernel_is_asked_for_as_many_as_are_missing_and_what_it_still_counts() {
    for call in [wait_cqes as Call, submit_untimed] {
        for ready in 0..4_u32 {
            for nr in 1..8 {
                let mut f = Fixture::new();
                (0..ready).for_each(|i| f.post(i.into(), 0, 0));
                f.script([Enter { post: (ready..nr).map(|i| (i.into(), 0, 0)).collect(), ..Enter::default() }]);
                assert_eq!(run(&mut f, call, nr), (0, Some(0)));
                // One of those that are ready is still in the kernel's CQ.
                let missing = nr.saturating_sub(ready);
                let wanted = missing + u32::from(ready != 0);
                assert_eq!(f.entered(), if missing != 0 { vec![(0, wanted, GETEVENTS)] } else { vec![] });
                assert_eq!(f.ring().cq_ready(), ready.max(nr));
                f.exit();
            }
        }
    }
}

#[test]
fn what_is_hidden_does_not_count() {
    let mut f = Fixture::new();
    let handles = hidden(&mut f, 3);
    f.script([
        posts(&[(handles[0], 0, NOTIF), (70, 0, 0), (71, 0, 0), (72, 0, 0)]),
        posts(&[(handles[1], 0, NOTIF), (handles[2], 0, NOTIF)]),
        posts(&[(73, 0, 0)]),
    ]);
    assert_eq!(run(&mut f, wait_cqes, 4), (0, Some(70)));
    // Of three CQEs in the view one is counted; the third enter is for the same, as nothing is added to the view.
    // The notifier that there is may need a CQE that the kernel is only asked for later, so the first is for one less.
    assert_eq!(f.entered(), [(0, 3, GETEVENTS), (0, 2, GETEVENTS), (0, 2, GETEVENTS)]);
    f.exit();
}

#[test]
fn a_wait_for_more_than_the_ring_holds_ends_when_it_is_full() {
    let mut f = Fixture::new();
    f.script([Enter { post: (0..CQ_ENTRIES).map(|i| (i.into(), 0, 0)).collect(), ..Enter::default() }]);
    assert_eq!(run(&mut f, wait_cqes, 100), (0, Some(0)));
    assert_eq!(f.entered(), [(0, CQ_ENTRIES, GETEVENTS)]);
    f.exit();
}

/// The kernel returns 0 for a signal when there is any CQE, and the program is to get to know of the signal.
#[test]
fn a_signal_beside_hidden_completions_is_eintr() {
    for call in [wait_cqes as Call, wait_cqes_timed, submit_untimed, submit_timed] {
        let mut f = Fixture::new();
        let handles = hidden(&mut f, 1);
        f.script([posts(&[(handles[0], 0, NOTIF)])]);
        assert_eq!(run(&mut f, call, 3), (-EINTR, None));
        assert_eq!(f.entered().len(), 1);
        // And one that came before any.
        f.script([Enter::fails(EINTR)]);
        assert_eq!(run(&mut f, call, 2), (-EINTR, None));
        assert_eq!(f.entered().len(), 1);
        // The next wait is as good as any.
        f.script([Enter::posts(9, 0)]);
        assert_eq!(run(&mut f, call, 1), (0, Some(9)));
        f.exit();
    }
}

/// With SQPOLL the end of a timeout of the program looks like that, before its CQE is posted.
#[test]
fn a_wait_that_brought_nothing_is_begun_again_with_sqpoll() {
    for (setup, expected) in [(0, (1, None)), (IORING_SETUP_SQPOLL, (1, Some(9)))] {
        let mut f = Fixture::with(setup, |_| ());
        f.send(TCP, 0, 0, 1);
        f.script([Enter { consume: Some(0), result: Some(1), ..Enter::default() }, Enter::posts(9, 0)]);
        assert_eq!(run(&mut f, submit_untimed, 1), expected);
        f.exit();
    }
}

#[test]
fn a_wait_goes_on_for_what_is_left_of_its_time() {
    for call in [wait_cqes_timed as Call, submit_timed] {
        let mut f = Fixture::new();
        let handles = hidden(&mut f, 2);
        f.script([
            Enter { takes: SECOND * 3 / 10, ..posts(&[(handles[0], 0, NOTIF)]) },
            Enter { takes: SECOND * 2 / 10, ..posts(&[(handles[1], 0, NOTIF)]) },
            Enter { takes: SECOND / 2, ..Enter::fails(ETIME) },
        ]);
        assert_eq!(run(&mut f, call, 1), (-ETIME, None));
        assert_eq!(f.entered(), [(0, 1, TIMED); 3]);
        assert_eq!(f.kernel.get().limits, [(Some(SECOND), 0), (Some(SECOND * 7 / 10), 0), (Some(SECOND / 2), 0)]);
        f.exit();
    }
}

#[test]
fn a_time_that_is_over_with_hidden_completions_only_is_etime() {
    for call in [wait_cqes_timed as Call, submit_timed] {
        let mut f = Fixture::new();
        let handles = hidden(&mut f, 1);
        f.script([Enter { takes: SECOND, ..posts(&[(handles[0], 0, NOTIF)]) }]);
        assert_eq!(run(&mut f, call, 1), (-ETIME, None));
        assert_eq!(f.entered().len(), 1);
        f.exit();
    }
}

#[test]
fn the_minimum_of_time_counts_from_the_beginning_too() {
    let mut f = Fixture::new();
    let handles = hidden(&mut f, 2);
    f.script([
        Enter { takes: SECOND * 3 / 10, ..posts(&[(handles[0], 0, NOTIF)]) },
        Enter { takes: SECOND * 3 / 10, ..posts(&[(handles[1], 0, NOTIF)]) },
        Enter::posts(9, 0),
    ]);
    assert_eq!(run(&mut f, submit_min, 3), (0, Some(9)));
    let (full, rest, last) = (SECOND, SECOND * 7 / 10, SECOND * 4 / 10);
    assert_eq!(f.kernel.get().limits, [(Some(full), 500_000), (Some(rest), 200_000), (Some(last), 0)]);
    f.exit();
}

#[test]
fn what_has_passed_is_taken_from_the_minimum_once() {
    let mut f = Fixture::new();
    let handles = hidden(&mut f, 2);
    let hides = |i: usize| Enter { takes: SECOND / 10, ..posts(&[(handles[i], 0, NOTIF)]) };
    f.script([hides(0), hides(1), Enter::posts(9, 0)]);
    assert_eq!(run(&mut f, submit_min, 3), (0, Some(9)));
    let minima: Vec<u32> = f.kernel.get().limits.iter().map(|limit| limit.1).collect();
    assert_eq!(minima, [500_000, 400_000, 300_000]);
    f.exit();
}

/// Its arguments are in the kernel's hands, so it cannot be told to wait for less time.
#[test]
fn a_registered_wait_enters_once() {
    let mut f = Fixture::new();
    let handles = hidden(&mut f, 1);
    f.script([posts(&[(handles[0], 0, NOTIF)])]);
    assert_eq!(run(&mut f, submit_reg, 1), (-ETIME, None));
    assert_eq!(f.entered(), [(0, 1, TIMED | IORING_ENTER_EXT_ARG_REG)]);
    f.script([Enter::posts(9, 0)]);
    assert_eq!(run(&mut f, submit_reg, 1), (0, Some(9)));
    f.exit();
}

#[test]
fn what_was_submitted_is_the_result_of_the_functions_that_submit() {
    for (call, then, enters) in [
        (submit_untimed as Call, Enter::posts(9, 0), 2),
        (submit_untimed, Enter::fails(EINTR), 2),
        (submit_timed, Enter::posts(9, 0), 2),
        (submit_timed, Enter::fails(EINTR), 2),
        (submit_min, Enter::posts(9, 0), 2),
        (submit_min, Enter::fails(ETIME), 2),
        (submit_reg, Enter::default(), 1),
    ] {
        let mut f = Fixture::new();
        let handles = hidden(&mut f, 1);
        f.send(TCP, 0, 0, 1);
        f.send(TCP, 0, 0, 2);
        let cqe = then.post.first().map(|cqe| cqe.0);
        f.script([posts(&[(handles[0], 0, NOTIF)]), then]);
        assert_eq!(run(&mut f, call, 1), (2, cqe), "as on a ring without slots");
        let submitted: Vec<_> = f.entered().iter().map(|entered| entered.0).collect();
        assert_eq!(submitted, [2, 0][..enters]);
        f.exit();
    }
    // With a CQE from before the result is 0.
    for call in [submit_untimed as Call, submit_timed, submit_min, submit_reg] {
        let mut f = Fixture::new();
        f.send(TCP, 0, 0, 1);
        f.post(8, 0, 0);
        f.script([Enter::posts(9, 0)]);
        assert_eq!(run(&mut f, call, 2), (0, Some(8)));
        assert_eq!(f.ring().sq_ready(), 0);
        f.exit();
    }
}

#[test]
fn submit_and_wait_submits_once_and_counts() {
    // Nothing there, and something there already: it enters all the same.
    for ready in 0..3 {
        let mut f = Fixture::new();
        (0..ready).for_each(|i| f.post(i, 0, 0));
        f.send(TCP, 0, 0, 1);
        f.send(TCP, 0, 0, 2);
        f.entered();
        f.script([Enter { post: (ready..2).map(|i| (i, 0, 0)).collect(), ..Enter::default() }]);
        assert_eq!(f.ring().submit_and_wait(2), 2);
        // One less than is missing, but one at least, and one that stays there while the view is not empty.
        let wanted = if ready == 1 { 2 } else { 1 };
        assert_eq!(f.entered(), [(2, wanted, GETEVENTS)]);
        f.exit();
    }
    // The rest of a short submission is for the next call.
    let mut f = Fixture::new();
    (0..3).for_each(|i| f.send(TCP, 0, 0, i));
    f.script([Enter::consumes(1)]);
    assert_eq!(f.ring().submit_and_wait(1), 1);
    assert_eq!((f.entered(), f.ring().sq_ready()), (vec![(3, 1, GETEVENTS)], 2));
    f.script([Enter { result: Some(-EINTR), consume: Some(0), ..Enter::default() }]);
    assert_eq!(f.ring().submit_and_wait(1), -EINTR);
    // Hidden completions end no wait, and do not submit again.
    let handle = f.kernel.get().issued[0].user_data;
    f.script([posts(&[(handle, 4, MORE)])]);
    assert_eq!(f.ring().submit_and_wait(1), 2);
    assert_eq!(f.reap(), [(0, 4, 0)]);
    f.entered();
    f.send(TCP, 0, 0, 3);
    f.script([posts(&[(handle, 0, NOTIF)]), Enter::posts(9, 0)]);
    assert_eq!(f.ring().submit_and_wait(1), 1);
    assert_eq!(f.entered(), [(1, 1, GETEVENTS), (0, 1, GETEVENTS)]);
    f.exit();
}

#[test]
fn a_wait_for_nothing_looks_once_at_what_the_kernel_holds_back() {
    let mut f = Fixture::new();
    assert_eq!(run(&mut f, wait_cqes, 0), (-EAGAIN, None));
    assert_eq!(f.entered(), []);
    f.kernel.set_sq_flags(IORING_SQ_TASKRUN);
    assert_eq!(run(&mut f, wait_cqes, 0), (-EAGAIN, None));
    assert_eq!(f.entered(), [(0, 0, GETEVENTS)]);
    f.script([Enter { post: vec![(9, 0, 0)], flags: Some(0), ..Enter::default() }]);
    assert_eq!(run(&mut f, wait_cqes, 0), (0, Some(9)));
    f.exit();
}

/// The last notification makes the notifier, which is what is waited for.
#[test]
fn a_notifier_ends_a_wait() {
    for (call, nr) in [(wait_cqes as Call, 1), (submit_timed, 1), (wait_cqes_timed, 2)] {
        let mut f = Fixture::new();
        let handle = f.sent(0, FLUSH, 7);
        f.script([posts(&[(handle, 4, MORE), (handle, 0, NOTIF)])]);
        assert_eq!(run(&mut f, call, nr), (0, Some(7)));
        assert_eq!(f.entered().len(), 1);
        assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, 0)]);
        f.exit();
    }
}
