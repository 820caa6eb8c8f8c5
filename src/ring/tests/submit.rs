use crate::op;
use crate::ring::calls::Direct;
use crate::ring::setup::queue_init_params;
use crate::ring::types::io_uring;
use crate::ring::{int_flags, Ring};
use crate::sys::fake::{Enter, Installed, Kernel};
use crate::uapi::*;
use core::ptr::null_mut;
use libc::{EAGAIN, EBUSY, EINTR};

/// A ring on a fake kernel. The structure is boxed, because the handle points to it.
pub(super) struct Fixture {
    pub(super) kernel: Installed,
    ring: Box<io_uring>,
}

impl Fixture {
    pub(super) fn new(flags: u32, change: impl FnOnce(&mut Kernel)) -> Self {
        let mut kernel = Kernel::new();
        change(&mut kernel);
        let kernel = kernel.install();
        let mut ring = Box::new(io_uring::EMPTY);
        let mut p = io_uring_params { flags, ..io_uring_params::EMPTY };
        // SAFETY: local structures.
        assert_eq!(unsafe { queue_init_params(4, &mut *ring, &mut p) }, 0);
        Self { kernel, ring }
    }

    pub(super) fn ring(&mut self) -> Ring {
        // SAFETY: the box lives as long as `self`.
        unsafe { Ring::from_raw(&mut *self.ring) }
    }

    pub(super) fn queue_nops(&mut self, nr: u64) {
        for i in 0..nr {
            let sqe = self.ring().get_sqe();
            assert!(!sqe.is_null());
            // SAFETY: a fresh SQE.
            unsafe { op::prep_nop(sqe) };
            // SAFETY: as above.
            unsafe { op::sqe_set_data64(sqe, i) };
        }
    }

    pub(super) fn script(&self, enters: impl IntoIterator<Item = Enter>) {
        self.kernel.get().enters.extend(enters);
    }

    /// `to_submit`, `min_complete` and flags of the enters so far.
    pub(super) fn entered(&self) -> Vec<(u32, u32, u32)> {
        self.kernel.take_entered().iter().map(|e| (e.to_submit, e.min_complete, e.flags)).collect()
    }
}

#[test]
fn nothing_to_do_is_no_system_call() {
    let mut f = Fixture::new(0, |_| ());
    assert_eq!(f.ring().submit(), 0);
    assert_eq!(f.ring().submit_and_wait(0), 0);
    assert_eq!(f.ring().sqring_wait(), 0);
    assert_eq!(f.entered(), []);
}

#[test]
fn what_a_short_submit_left_goes_with_the_next() {
    let mut f = Fixture::new(0, |_| ());
    f.queue_nops(4);
    f.script([Enter::consumes(1), Enter::consumes(2)]);
    assert_eq!(f.ring().submit(), 1);
    assert_eq!(f.ring().sq_ready(), 3);
    assert_eq!(f.ring().submit(), 2);
    assert_eq!(f.ring().submit(), 1);
    assert_eq!(f.ring().submit(), 0);
    assert_eq!(f.entered(), [(4, 0, 0), (3, 0, 0), (1, 0, 0)]);
}

#[test]
fn errors_come_back_as_they_are_and_the_entries_stay() {
    for errno in [EINTR, EAGAIN, EBUSY] {
        let mut f = Fixture::new(0, |_| ());
        f.queue_nops(2);
        f.script([Enter::fails(errno)]);
        assert_eq!(f.ring().submit(), -errno);
        assert_eq!(f.entered().len(), 1, "nothing is tried again");
        assert_eq!(f.ring().submit_and_wait(2), 2);
    }
}

#[test]
fn completions_that_the_kernel_holds_back_are_fetched_by_every_submit() {
    for held in [IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN] {
        let mut f = Fixture::new(0, |_| ());
        f.kernel.set_sq_flags(held);
        f.ring().submit();
        f.queue_nops(1);
        f.ring().submit();
        assert_eq!(f.entered(), [(0, 0, IORING_ENTER_GETEVENTS), (1, 0, IORING_ENTER_GETEVENTS)]);
        let mut cqes = [null_mut(); 2];
        // SAFETY: two places.
        assert_eq!(unsafe { f.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), 2) }, 1);
        assert_eq!(f.entered(), [], "something is there already");
    }
}

/// The flags may appear between any two loads: whoever looked too early finds them the next time.
#[test]
fn a_flag_that_appears_in_an_enter_is_seen_by_the_next_call() {
    let mut f = Fixture::new(0, |_| ());
    f.queue_nops(1);
    f.script([Enter { consume: Some(1), flags: Some(IORING_SQ_CQ_OVERFLOW), ..Enter::default() }]);
    assert_eq!(f.ring().submit(), 1);
    f.ring().cq_advance(1);
    f.script([Enter { post: vec![(9, 0, 0)], flags: Some(0), ..Enter::default() }]);
    let mut cqes = [null_mut(); 2];
    // SAFETY: two places.
    assert_eq!(unsafe { f.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), 2) }, 1);
    assert_eq!(f.entered(), [(1, 0, 0), (0, 0, IORING_ENTER_GETEVENTS)]);
    f.ring().cq_advance(1);
    // SAFETY: as above.
    assert_eq!(unsafe { f.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), 2) }, 0);
    assert_eq!(f.entered(), []);
}

#[test]
fn an_iopoll_ring_enters_always() {
    let mut f = Fixture::new(IORING_SETUP_IOPOLL, |_| ());
    assert_eq!(f.ring().submit(), 0);
    let mut cqe = null_mut();
    // SAFETY: a local place.
    assert_eq!(unsafe { f.ring().peek_cqe::<Direct>(&mut cqe) }, -EAGAIN);
    assert_eq!(f.entered(), [(0, 0, IORING_ENTER_GETEVENTS); 2]);
}

#[test]
fn a_sleeping_thread_is_woken_at_each_point() {
    let mut f = Fixture::new(IORING_SETUP_SQPOLL, |_| ());
    // Awake: no system call, and the count is what is pending.
    f.queue_nops(1);
    assert_eq!(f.ring().submit(), 1);
    // It falls asleep with entries pending that it has not seen.
    f.kernel.set_sq_flags(IORING_SQ_NEED_WAKEUP);
    assert_eq!(f.ring().submit(), 1);
    assert_eq!(f.entered(), [(1, 0, IORING_ENTER_SQ_WAKEUP)]);
    // Asleep, nothing pending: let it sleep.
    f.kernel.consume_all();
    assert_eq!(f.ring().submit(), 0);
    assert_eq!(f.entered(), []);
    // Asleep while waiting for a completion that needs the submission.
    f.queue_nops(1);
    assert_eq!(f.ring().submit_and_wait(1), 1);
    assert_eq!(f.entered(), [(1, 1, IORING_ENTER_SQ_WAKEUP | IORING_ENTER_GETEVENTS)]);
    // Waiting only: waking is not asked for.
    f.ring().cq_advance(2);
    let mut cqe = null_mut();
    f.script([Enter::posts(1, 0)]);
    // SAFETY: a local place.
    assert_eq!(unsafe { f.ring().wait_cqe::<Direct>(&mut cqe) }, 0);
    assert_eq!(f.entered(), [(0, 1, IORING_ENTER_GETEVENTS)]);
}

#[test]
fn a_full_sqpoll_queue_waits_for_the_thread() {
    let mut f = Fixture::new(IORING_SETUP_SQPOLL, |_| ());
    assert_eq!(f.ring().sqring_wait(), 0);
    f.queue_nops(4);
    assert!(f.ring().get_sqe().is_null());
    assert_eq!(f.ring().sqring_wait(), 0);
    assert_eq!(f.entered(), [(0, 0, IORING_ENTER_SQ_WAIT)]);
}

#[test]
fn the_iowait_bit_goes_into_every_enter() {
    let mut f = Fixture::new(0, |_| ());
    assert_eq!(f.ring().set_iowait(false), 0);
    f.ring().get_events();
    assert_eq!(f.ring().set_iowait(true), 0);
    f.ring().get_events();
    assert_eq!(f.entered(), [(0, 0, IORING_ENTER_GETEVENTS | IORING_ENTER_NO_IOWAIT), (0, 0, IORING_ENTER_GETEVENTS)]);
    let mut old = Fixture::new(0, |kernel| kernel.features &= !IORING_FEAT_NO_IOWAIT);
    assert_eq!(old.ring().set_iowait(false), -libc::EOPNOTSUPP);
    assert_eq!(old.ring.int_flags & int_flags::NO_IOWAIT, 0);
}
