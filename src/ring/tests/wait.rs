use super::submit::Fixture;
use crate::ring::calls::Direct;
use crate::ring::wait::LIBURING_UDATA_TIMEOUT;
use crate::sys::fake::Enter;
use crate::uapi::*;
use core::ptr::{null, null_mut};
use libc::{sigset_t, EAGAIN, EINTR, EINVAL, ETIME};

const GETEVENTS: u32 = IORING_ENTER_GETEVENTS;
const TIMED: u32 = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;

fn without_ext_arg() -> Fixture {
    Fixture::new(0, |kernel| kernel.features &= !(IORING_FEAT_EXT_ARG | IORING_FEAT_MIN_TIMEOUT))
}

/// One waiting function with its arguments; the result and the CQE's user_data.
type Waits = (&'static str, fn(&mut Fixture) -> (i32, Option<u64>));

fn result(ret: i32, cqe: *mut io_uring_cqe) -> (i32, Option<u64>) {
    // SAFETY: null or a CQE of the ring.
    (ret, unsafe { cqe.as_ref() }.map(|cqe| cqe.user_data))
}

fn wait_cqe(f: &mut Fixture) -> (i32, Option<u64>) {
    let mut cqe = null_mut();
    // SAFETY: a local place; so in all functions here.
    let ret = unsafe { f.ring().wait_cqe::<Direct>(&mut cqe) };
    result(ret, cqe)
}

fn wait_cqes(f: &mut Fixture) -> (i32, Option<u64>) {
    let mut cqe = null_mut();
    // SAFETY: as above.
    let ret = unsafe { f.ring().wait_cqes::<Direct>(&mut cqe, 1, null(), null_mut()) };
    result(ret, cqe)
}

fn wait_cqes_timed(f: &mut Fixture) -> (i32, Option<u64>) {
    wait_cqes_timed_nr(f, 1)
}

fn wait_cqes_timed_nr(f: &mut Fixture, nr: u32) -> (i32, Option<u64>) {
    let (mut cqe, ts) = (null_mut(), __kernel_timespec { tv_sec: 1, tv_nsec: 2 });
    // SAFETY: as above.
    let ret = unsafe { f.ring().wait_cqes::<Direct>(&mut cqe, nr, &ts, null_mut()) };
    result(ret, cqe)
}

fn submit_timed(f: &mut Fixture) -> (i32, Option<u64>) {
    let (mut cqe, ts) = (null_mut(), __kernel_timespec { tv_sec: 1, tv_nsec: 2 });
    // SAFETY: as above.
    let ret = unsafe { f.ring().submit_and_wait_timeout::<Direct>(&mut cqe, 1, &ts, null_mut()) };
    result(ret, cqe)
}

fn submit_untimed(f: &mut Fixture) -> (i32, Option<u64>) {
    submit_untimed_nr(f, 1)
}

fn submit_untimed_nr(f: &mut Fixture, nr: u32) -> (i32, Option<u64>) {
    let mut cqe = null_mut();
    // SAFETY: as above.
    let ret = unsafe { f.ring().submit_and_wait_timeout::<Direct>(&mut cqe, nr, null(), null_mut()) };
    result(ret, cqe)
}

fn min_timeout(f: &mut Fixture) -> (i32, Option<u64>) {
    let mut cqe = null_mut();
    // SAFETY: as above.
    let ret = unsafe { f.ring().wait_min_timeout(&mut cqe, true, 1, null(), 50, null()) };
    result(ret, cqe)
}

fn submit_reg(f: &mut Fixture) -> (i32, Option<u64>) {
    let mut cqe = null_mut();
    // SAFETY: as above.
    let ret = unsafe { f.ring().submit_and_wait_reg(&mut cqe, 1, 3) };
    result(ret, cqe)
}

const ALL: &[Waits] = &[
    ("wait_cqe", wait_cqe),
    ("wait_cqes", wait_cqes),
    ("wait_cqes, timed", wait_cqes_timed),
    ("submit_and_wait_timeout", submit_untimed),
    ("submit_and_wait_timeout, timed", submit_timed),
    ("min_timeout", min_timeout),
    ("submit_and_wait_reg", submit_reg),
];

#[test]
fn a_signal_in_a_pure_wait_is_eintr_everywhere() {
    for (name, wait) in ALL {
        let mut f = Fixture::new(0, |_| ());
        f.script([Enter::fails(EINTR)]);
        assert_eq!(wait(&mut f), (-EINTR, None), "{name}");
        assert_eq!(f.entered().len(), 1, "{name}");
    }
}

#[test]
fn a_completion_that_is_there_costs_no_system_call() {
    for (name, wait) in ALL {
        let mut f = Fixture::new(0, |_| ());
        f.kernel.post(5, 0, 0);
        assert_eq!(wait(&mut f), (0, Some(5)), "{name}");
        assert_eq!(f.entered(), [], "{name}");
    }
}

#[test]
fn a_completion_that_comes_is_returned() {
    for (name, wait) in ALL {
        let mut f = Fixture::new(0, |_| ());
        f.script([Enter::posts(5, 0)]);
        assert_eq!(wait(&mut f), (0, Some(5)), "{name}");
        assert_eq!(f.entered().len(), 1, "{name}");
    }
}

#[test]
fn submitting_waits_return_the_number_submitted() {
    for (name, wait) in
        [("timed", submit_timed as fn(&mut Fixture) -> _), ("untimed", submit_untimed), ("reg", submit_reg)]
    {
        let mut f = Fixture::new(0, |_| ());
        f.queue_nops(3);
        assert_eq!(wait(&mut f), (3, Some(0)), "{name}");
    }
}

#[test]
fn with_a_completion_from_before_the_result_is_0_whatever_was_submitted() {
    let mut f = Fixture::new(0, |_| ());
    f.kernel.post(5, 0, 0);
    f.queue_nops(1);
    assert_eq!(submit_untimed(&mut f), (0, Some(5)));
    assert_eq!(f.entered(), [(1, 1, 0)]);
}

/// The kernel submits, waits, is interrupted or out of time, and returns the number submitted: it says nothing of the wait.
#[test]
fn a_wait_that_ended_without_a_completion_after_a_submission_is_not_begun_again() {
    for (name, wait) in
        [("timed", submit_timed as fn(&mut Fixture) -> _), ("untimed", submit_untimed), ("reg", submit_reg)]
    {
        let mut f = Fixture::new(0, |_| ());
        f.queue_nops(1);
        f.script([Enter { consume: Some(0), result: Some(1), ..Enter::default() }]);
        assert_eq!(wait(&mut f), (1, None), "{name}");
        assert_eq!(f.entered().len(), 1, "{name}");
    }
}

/// With SQPOLL that is no signal for sure: a timeout wakes the waiter before its CQE is posted.
#[test]
fn with_sqpoll_it_is_begun_again() {
    let mut f = Fixture::new(IORING_SETUP_SQPOLL, |_| ());
    f.queue_nops(1);
    f.script([Enter { consume: Some(0), result: Some(1), ..Enter::default() }, Enter::posts(9, 0)]);
    assert_eq!(submit_untimed(&mut f), (1, Some(9)));
    assert_eq!(f.entered().len(), 2);
}

#[test]
fn a_short_submit_in_a_wait_is_followed_by_the_rest() {
    let mut f = Fixture::new(0, |_| ());
    f.queue_nops(3);
    // The kernel does not wait when it did not take everything. A NOP's CQE would end the loop, so the first enter posts none.
    f.script([Enter { consume: Some(0), result: Some(1), ..Enter::default() }, Enter::consumes(2)]);
    assert_eq!(submit_untimed(&mut f), (1, Some(0)));
    assert_eq!(f.entered(), [(3, 1, GETEVENTS), (2, 1, GETEVENTS)]);
}

#[test]
fn a_timeout_is_etime_when_nothing_was_submitted() {
    for wait in [wait_cqes_timed, submit_timed] {
        let mut f = Fixture::new(0, |_| ());
        f.script([Enter::fails(ETIME)]);
        assert_eq!(wait(&mut f), (-ETIME, None));
        assert_eq!(f.entered(), [(0, 1, TIMED)]);
        // An IOPOLL kernel returns 0 at the end of the time.
        let mut f = Fixture::new(IORING_SETUP_IOPOLL, |_| ());
        f.script([Enter::default()]);
        assert_eq!(wait(&mut f), (-ETIME, None));
    }
}

#[test]
fn the_argument_of_a_timed_wait_carries_time_and_mask() {
    let mut f = Fixture::new(0, |_| ());
    let (mut cqe, ts) = (null_mut(), __kernel_timespec { tv_sec: 1, tv_nsec: 2 });
    // SAFETY: all zero is an empty mask.
    let mut mask: sigset_t = unsafe { core::mem::zeroed() };
    f.script([Enter::posts(1, 0)]);
    // SAFETY: local places.
    unsafe { f.ring().wait_cqes::<Direct>(&mut cqe, 1, &ts, &mut mask) };
    let entered = f.kernel.take_entered()[0];
    assert_eq!((entered.flags, entered.size), (TIMED, 24));
    f.ring().cq_advance(1);
    // Without a time the mask goes in the form of all kernels.
    f.script([Enter::posts(1, 0)]);
    // SAFETY: as above.
    unsafe { f.ring().wait_cqes::<Direct>(&mut cqe, 1, null(), &mut mask) };
    let entered = f.kernel.take_entered()[0];
    assert_eq!((entered.flags, entered.arg, entered.size), (GETEVENTS, &raw const mask as usize, 8));
}

#[test]
fn a_registered_wait_passes_an_offset_and_refuses_old_kernels_before_it_publishes() {
    let mut f = Fixture::new(0, |_| ());
    f.script([Enter::posts(1, 0)]);
    submit_reg(&mut f);
    let entered = f.kernel.take_entered()[0];
    assert_eq!((entered.flags, entered.arg, entered.size), (TIMED | IORING_ENTER_EXT_ARG_REG, 3 * 64, 64));
    let mut old = without_ext_arg();
    old.queue_nops(1);
    assert_eq!(submit_reg(&mut old), (-EINVAL, None));
    assert_eq!(old.entered(), []);
    assert_eq!(old.kernel.get().entered.len(), 0);
    assert_eq!(old.ring().submit(), 1);
}

#[test]
fn a_minimal_wait_needs_its_feature_and_no_time() {
    let mut f = Fixture::new(0, |_| ());
    f.queue_nops(1);
    assert_eq!(min_timeout(&mut f), (1, Some(0)));
    assert_eq!(f.entered(), [(1, 1, TIMED)]);
    let mut old = Fixture::new(0, |kernel| kernel.features &= !IORING_FEAT_MIN_TIMEOUT);
    old.queue_nops(1);
    assert_eq!(min_timeout(&mut old), (-EINVAL, None));
    assert_eq!(old.entered(), []);
}

#[test]
fn timed_waits_leave_the_queue_alone_since_ext_arg() {
    let mut f = Fixture::new(0, |_| ());
    f.queue_nops(2);
    f.script([Enter::posts(5, 0)]);
    assert_eq!(wait_cqes_timed(&mut f), (0, Some(5)));
    assert_eq!(f.entered(), [(0, 1, TIMED)]);
    assert_eq!(f.ring().sq_ready(), 2);
}

#[test]
fn before_ext_arg_a_timed_wait_queues_and_submits_a_timeout() {
    let mut f = without_ext_arg();
    f.queue_nops(1);
    f.script([Enter { consume: Some(2), post: vec![(7, 0, 0)], ..Enter::default() }]);
    let sqe = |f: &Fixture| f.kernel.sqe(1);
    let mut cqe = null_mut();
    let ts = __kernel_timespec { tv_sec: 1, tv_nsec: 2 };
    // SAFETY: local places.
    assert_eq!(unsafe { f.ring().wait_cqes::<Direct>(&mut cqe, 2, &ts, null_mut()) }, 0);
    assert_eq!(f.entered(), [(2, 2, GETEVENTS)]);
    let mut f = without_ext_arg();
    f.queue_nops(1);
    f.script([Enter { consume: Some(0), result: Some(-EINTR), ..Enter::default() }]);
    assert_eq!(wait_cqes_timed_nr(&mut f, 3), (-EINTR, None));
    let timeout = sqe(&f);
    assert_eq!(u32::from(timeout.opcode), IORING_OP_TIMEOUT);
    assert_eq!((timeout.user_data, timeout.off, timeout.len), (LIBURING_UDATA_TIMEOUT, 3, 1));
}

/// The kernel takes `nr` entries, the last of which is the library's timeout, and that timeout fires.
fn times_out(nr: u32) -> Enter {
    Enter { consume: Some(nr), post: vec![(LIBURING_UDATA_TIMEOUT, -ETIME, 0)], ..Enter::default() }
}

#[test]
fn before_ext_arg_the_end_of_the_time_is_etime_or_the_programs_number() {
    let mut f = without_ext_arg();
    f.script([times_out(1), times_out(1)]);
    assert_eq!(wait_cqes_timed(&mut f), (-ETIME, None));
    assert_eq!(submit_timed(&mut f), (-ETIME, None));
    assert_eq!(f.ring().cq_ready(), 0, "the timeout's own CQEs are gone");

    // The entries that are submitted on the way are no NOPs here: their completions would end the wait.
    for (wait, expected) in [(wait_cqes_timed as fn(&mut Fixture) -> _, -ETIME), (submit_timed, 2)] {
        let mut f = without_ext_arg();
        for _ in 0..2 {
            let sqe = f.ring().get_sqe();
            // SAFETY: a fresh SQE.
            unsafe { crate::op::prep_poll_add(sqe, 0, 1) };
        }
        f.script([times_out(3)]);
        assert_eq!(wait(&mut f), (expected, None));
    }
}

#[test]
fn before_ext_arg_a_signal_is_eintr_or_the_programs_number() {
    let interrupted = |nr: u32| Enter { consume: Some(0), result: Some(nr as i32), ..Enter::default() };
    let mut f = without_ext_arg();
    f.script([interrupted(1), interrupted(1)]);
    assert_eq!(wait_cqes_timed(&mut f), (-EINTR, None));
    let mut f = without_ext_arg();
    f.queue_nops(2);
    f.script([interrupted(3)]);
    assert_eq!(submit_timed(&mut f), (2, None));
}

#[test]
fn before_ext_arg_nothing_to_wait_for_is_eagain_or_the_programs_number() {
    let mut f = without_ext_arg();
    f.script([Enter { consume: Some(1), ..Enter::default() }]);
    assert_eq!(wait_cqes_timed_nr(&mut f, 0), (-EAGAIN, None));
    let (mut cqe, ts) = (null_mut(), __kernel_timespec { tv_sec: 1, tv_nsec: 2 });
    let mut submit_timed_0 = |f: &mut Fixture| {
        // SAFETY: local places.
        let ret = unsafe { f.ring().submit_and_wait_timeout::<Direct>(&mut cqe, 0, &ts, null_mut()) };
        result(ret, cqe)
    };
    let mut f = without_ext_arg();
    f.script([Enter { consume: Some(1), ..Enter::default() }]);
    assert_eq!(submit_timed_0(&mut f), (-EAGAIN, None));
    let mut f = without_ext_arg();
    let sqe = f.ring().get_sqe();
    // SAFETY: a fresh SQE; its poll does not complete.
    unsafe { crate::op::prep_poll_add(sqe, 0, 1) };
    f.script([Enter { consume: Some(2), ..Enter::default() }]);
    assert_eq!(submit_timed_0(&mut f), (1, None));
}

#[test]
fn before_ext_arg_a_completion_is_0_or_the_programs_number() {
    for (wait, expected) in [(wait_cqes_timed as fn(&mut Fixture) -> _, 0), (submit_timed, 2)] {
        let mut f = without_ext_arg();
        f.queue_nops(2);
        assert_eq!(wait(&mut f), (expected, Some(0)));
        assert_eq!(f.entered(), [(3, 1, GETEVENTS)]);
    }
}

#[test]
fn before_ext_arg_a_full_queue_is_submitted_first() {
    let mut f = without_ext_arg();
    f.queue_nops(4);
    assert_eq!(wait_cqes_timed(&mut f).1, Some(0));
    let entered = f.entered();
    assert_eq!(entered[0], (4, 0, 0), "what was queued goes first");
    assert_eq!(f.kernel.sqe(0).opcode, 0);

    // The kernel takes nothing: there is no room, and that is what is said.
    let mut f = without_ext_arg();
    f.queue_nops(4);
    f.script([Enter::consumes(0)]);
    assert_eq!(wait_cqes_timed(&mut f), (-EAGAIN, None));
    let mut f = without_ext_arg();
    f.queue_nops(4);
    f.script([Enter::fails(libc::EBUSY)]);
    assert_eq!(wait_cqes_timed(&mut f), (-libc::EBUSY, None));
}

#[test]
fn nothing_to_wait_for_is_eagain_after_one_look_at_most() {
    for (held, enters) in [(0, 0), (IORING_SQ_TASKRUN, 1)] {
        let mut f = Fixture::new(0, |_| ());
        f.kernel.set_sq_flags(held);
        let mut cqe = null_mut();
        // SAFETY: a local place.
        let ret = unsafe { f.ring().get_cqe(&mut cqe, 0, 0, null()) };
        assert_eq!(result(ret, cqe), (-EAGAIN, None));
        assert_eq!(f.entered().len(), enters);
    }
}

#[test]
fn a_filler_does_not_end_a_wait() {
    let mut f = Fixture::new(IORING_SETUP_CQE_MIXED, |_| ());
    f.queue_nops(1);
    let filler = (0, 0, IORING_CQE_F_SKIP);
    f.script([Enter { consume: Some(0), result: Some(1), post: vec![filler], ..Enter::default() }, Enter::posts(5, 0)]);
    assert_eq!(submit_untimed(&mut f), (1, Some(5)));
    assert_eq!(f.entered(), [(1, 1, GETEVENTS), (0, 1, GETEVENTS)]);
}

#[test]
fn waiting_for_more_than_is_there_enters_with_the_whole_number() {
    let mut f = Fixture::new(0, |_| ());
    f.kernel.post(1, 0, 0);
    f.script([Enter::posts(2, 0)]);
    let mut cqe = null_mut();
    // SAFETY: a local place.
    assert_eq!(unsafe { f.ring().get_cqe(&mut cqe, 0, 2, null()) }, 0);
    assert_eq!(f.entered(), [(0, 2, GETEVENTS)]);
    assert_eq!(submit_untimed_nr(&mut f, 2), (0, Some(1)));
}
