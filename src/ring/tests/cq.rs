use super::FakeRing;
use crate::ring::calls::Direct;
use crate::ring::int_flags;
use crate::ring::wait::{cqe_iter_next, LIBURING_UDATA_TIMEOUT};
use crate::uapi::*;
use core::ptr::null_mut;
use libc::{EAGAIN, EBADF, EOPNOTSUPP, ETIME};

const NEAR_WRAP: u32 = u32::MAX - 2;

fn user_data(cqe: *const io_uring_cqe) -> u64 {
    assert!(!cqe.is_null());
    // SAFETY: a CQE of the fake ring.
    unsafe { (*cqe).user_data }
}

fn batch(fake: &mut FakeRing, count: usize) -> Vec<u64> {
    let mut cqes = vec![null_mut(); count];
    // SAFETY: room for `count`.
    let nr = unsafe { fake.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), count as u32) };
    cqes[..nr as usize].iter().map(|&cqe| user_data(cqe)).collect()
}

fn iterate(fake: &mut FakeRing) -> Vec<u64> {
    let mut iter = fake.ring().cqe_iter();
    // SAFETY: nothing is consumed meanwhile.
    core::iter::from_fn(|| Some(unsafe { cqe_iter_next(&mut iter) }).filter(|cqe| !cqe.is_null()))
        .map(|cqe| user_data(cqe))
        .collect()
}

#[test]
fn cqes_are_found_across_the_wrap_around() {
    for flags in [0, IORING_SETUP_CQE32, IORING_SETUP_CQE_MIXED] {
        let mut fake = FakeRing::new(4, flags, NEAR_WRAP);
        (1..=6).for_each(|i| fake.post(i, 0, 0));
        assert_eq!(fake.ring().cq_ready(), 6);
        assert_eq!(iterate(&mut fake), [1, 2, 3, 4, 5, 6]);
        assert_eq!(batch(&mut fake, 8), [1, 2, 3, 4, 5, 6]);
        assert_eq!(batch(&mut fake, 5), [1, 2, 3, 4, 5]);
        fake.ring().cq_advance(4);
        assert_eq!(batch(&mut fake, 8), [5, 6]);
        assert_eq!(fake.cq_head(), NEAR_WRAP.wrapping_add(4));
    }
}

#[test]
fn wide_cqes_of_a_mixed_ring_take_two_slots() {
    let mut fake = FakeRing::new(4, IORING_SETUP_CQE_MIXED, 0);
    fake.post(1, 0, 0);
    fake.post(2, 0, IORING_CQE_F_32);
    fake.post(3, 0, 0);
    assert_eq!(fake.ring().cq_ready(), 4);
    assert_eq!(iterate(&mut fake), [1, 2, 3]);
    assert_eq!(batch(&mut fake, 8), [1, 2, 3]);
}

#[test]
fn fillers_are_consumed_at_the_head_and_end_a_batch_elsewhere() {
    let mut fake = FakeRing::new(4, IORING_SETUP_CQE_MIXED, 0);
    fake.post(0, 0, IORING_CQE_F_SKIP);
    fake.post(1, 0, 0);
    fake.post(0, 0, IORING_CQE_F_SKIP);
    fake.post(2, 0, 0);
    assert_eq!(batch(&mut fake, 8), [1]);
    assert_eq!(fake.cq_head(), 1);
    fake.ring().cq_advance(1);
    assert_eq!(batch(&mut fake, 8), [2]);
    assert_eq!(fake.cq_head(), 3);
}

#[test]
fn peek_passes_over_fillers() {
    let mut fake = FakeRing::new(4, IORING_SETUP_CQE_MIXED, 0);
    fake.post(0, 0, IORING_CQE_F_SKIP);
    fake.post(0, 0, IORING_CQE_F_SKIP | IORING_CQE_F_32);
    fake.post(5, 0, 0);
    let peek = fake.ring().peek();
    assert_eq!(user_data(peek.cqe), 5);
    assert_eq!((peek.available, peek.error, peek.consumed), (1, 0, true));
    assert_eq!(fake.cq_head(), 3);
}

#[test]
fn the_librarys_own_timeout_is_consumed_and_its_error_reported() {
    let mut fake = FakeRing::new(4, 0, 0);
    fake.struct_mut().features = 0;
    fake.post(LIBURING_UDATA_TIMEOUT, -ETIME, 0);
    fake.post(1, 0, 0);
    let peek = fake.ring().peek();
    assert!(peek.cqe.is_null());
    assert_eq!(peek.error, -ETIME);
    assert_eq!(user_data(fake.ring().peek().cqe), 1);

    // A count that was reached is no error, and on newer kernels the value is the program's own.
    let mut fake = FakeRing::new(4, 0, 0);
    fake.struct_mut().features = 0;
    fake.post(LIBURING_UDATA_TIMEOUT, 0, 0);
    fake.post(1, 0, 0);
    assert_eq!(user_data(fake.ring().peek().cqe), 1);
    let mut fake = FakeRing::new(4, 0, 0);
    fake.post(LIBURING_UDATA_TIMEOUT, -ETIME, 0);
    assert_eq!(user_data(fake.ring().peek().cqe), LIBURING_UDATA_TIMEOUT);
}

/// The fake ring's descriptor is -1, so entering the kernel shows as -EBADF.
#[test]
fn peeking_enters_the_kernel_only_where_it_holds_something_back() {
    let mut cqe = null_mut();
    let mut peek = |fake: &mut FakeRing| {
        // SAFETY: a local place.
        unsafe { fake.ring().peek_cqe::<Direct>(&mut cqe) }
    };
    let mut fake = FakeRing::new(4, 0, 0);
    assert_eq!(peek(&mut fake), -EAGAIN);
    for held in [IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN] {
        fake.set_sq_flags(held);
        assert_eq!(peek(&mut fake), -EBADF);
    }
    let mut iopoll = FakeRing::new(4, IORING_SETUP_IOPOLL, 0);
    iopoll.struct_mut().int_flags = int_flags::CQ_ENTER;
    assert_eq!(peek(&mut iopoll), -EBADF);
}

#[test]
fn a_result_that_is_there_costs_no_system_call() {
    let mut fake = FakeRing::new(4, 0, 0);
    fake.post(1, 0, 0);
    let mut cqe = null_mut();
    // SAFETY: a local place.
    assert_eq!(unsafe { fake.ring().wait_cqe::<Direct>(&mut cqe) }, 0);
    // SAFETY: as above.
    assert_eq!(unsafe { fake.ring().get_cqe(&mut cqe, 0, 2, core::ptr::null()) }, -EBADF);
    // SAFETY: as above.
    assert_eq!(unsafe { fake.ring().get_cqe(&mut cqe, 0, 1, core::ptr::null()) }, 0);
}

#[test]
fn the_eventfd_is_toggled_in_the_shared_word() {
    let mut fake = FakeRing::new(4, 0, 0);
    assert!(fake.ring().cq_eventfd_enabled());
    assert_eq!(fake.ring().cq_eventfd_toggle(false), 0);
    assert_eq!(fake.cq_flags(), IORING_CQ_EVENTFD_DISABLED);
    assert!(!fake.ring().cq_eventfd_enabled());
    assert_eq!(fake.ring().cq_eventfd_toggle(true), 0);
    assert_eq!(fake.cq_flags(), 0);
    fake.struct_mut().cq.kflags = null_mut();
    assert!(fake.ring().cq_eventfd_enabled());
    assert_eq!(fake.ring().cq_eventfd_toggle(true), 0);
    assert_eq!(fake.ring().cq_eventfd_toggle(false), -EOPNOTSUPP);
}
