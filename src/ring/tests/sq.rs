use super::FakeRing;
use crate::uapi::*;

/// Just before the 32-bit indices wrap around.
const NEAR_WRAP: u32 = u32::MAX - 2;

#[test]
fn an_sqe_is_cleared_but_for_what_prep_and_program_write() {
    let mut fake = FakeRing::new(4, 0, 0);
    let sqe = fake.ring().get_sqe();
    // SAFETY: inside the fake ring.
    let sqe = unsafe { *sqe };
    assert_eq!((sqe.opcode, sqe.user_data, sqe.addr3), (0xa5, 0xa5a5, 0));
}

#[test]
fn the_queue_is_full_across_the_wrap_around_and_has_room_again_when_the_kernel_consumed() {
    let mut fake = FakeRing::new(4, 0, NEAR_WRAP);
    for left in (0..4).rev() {
        assert!(!fake.ring().get_sqe().is_null());
        assert_eq!(fake.ring().sq_space_left(), left);
    }
    assert!(fake.ring().get_sqe().is_null());
    assert_eq!(fake.ring().publish(), 4);
    assert_eq!(fake.sq_tail(), NEAR_WRAP.wrapping_add(4));
    fake.consume(3);
    assert_eq!(fake.ring().sq_ready(), 1);
    for _ in 0..3 {
        assert!(!fake.ring().get_sqe().is_null());
    }
    assert!(fake.ring().get_sqe().is_null());
}

#[test]
fn what_a_short_submit_left_is_pending_at_the_next() {
    let mut fake = FakeRing::new(8, 0, NEAR_WRAP);
    for _ in 0..3 {
        fake.ring().get_sqe();
    }
    assert_eq!(fake.ring().publish(), 3);
    fake.consume(1);
    assert_eq!(fake.ring().publish(), 2);
    fake.ring().get_sqe();
    assert_eq!(fake.ring().flush_sq(), 3);
}

#[test]
fn a_rewinding_ring_starts_at_the_first_sqe_after_each_submit() {
    let mut fake = FakeRing::new(4, IORING_SETUP_SQ_REWIND, 0);
    fake.ring().get_sqe();
    let second = fake.ring().get_sqe();
    assert_eq!(fake.slot_of(second), 1);
    assert_eq!(fake.ring().flush_sq(), 2);
    assert_eq!(fake.sq_tail(), 0, "the kernel's tail is not touched");
    let again = fake.ring().get_sqe();
    assert_eq!(fake.slot_of(again), 0);
}

#[test]
fn the_thread_is_woken_only_when_it_sleeps_and_something_is_pending() {
    let mut fake = FakeRing::new(4, IORING_SETUP_SQPOLL, 0);
    let mut flags = 0;
    assert!(!fake.ring().sq_needs_enter(1, &mut flags));
    fake.set_sq_flags(IORING_SQ_NEED_WAKEUP);
    assert!(!fake.ring().sq_needs_enter(0, &mut flags));
    assert_eq!(flags, 0);
    assert!(fake.ring().sq_needs_enter(1, &mut flags));
    assert_eq!(flags, IORING_ENTER_SQ_WAKEUP);
}

#[test]
fn an_sqpoll_submit_without_a_sleeping_thread_is_no_system_call() {
    let mut fake = FakeRing::new(4, IORING_SETUP_SQPOLL, 0);
    fake.ring().get_sqe();
    // The descriptor is -1: a system call would be -EBADF.
    assert_eq!(fake.ring().submit(), 1);
    assert_eq!(fake.sq_tail(), 1);
    fake.set_sq_flags(IORING_SQ_NEED_WAKEUP);
    assert_eq!(fake.ring().submit(), -libc::EBADF);
}

#[test]
fn a_128_byte_sqe_takes_two_slots_and_never_straddles_the_end() {
    let mut fake = FakeRing::new(8, IORING_SETUP_SQE_MIXED, 0);
    let sqe = fake.ring().get_sqe128();
    assert_eq!(fake.slot_of(sqe), 0);
    for _ in 2..7 {
        fake.ring().get_sqe();
    }
    // One slot is left, the last: there is no room for filler and entry before the kernel consumed two.
    assert!(fake.ring().get_sqe128().is_null());
    fake.ring().publish();
    fake.consume(2);
    let sqe = fake.ring().get_sqe128();
    assert_eq!(fake.slot_of(sqe), 0);
    // SAFETY: inside the fake ring.
    let filler = unsafe { *sqe.add(7) };
    assert_eq!((filler.opcode, u32::from(filler.flags)), (IORING_OP_NOP as u8, IOSQE_CQE_SKIP_SUCCESS));
    assert_eq!(fake.ring().sq_ready(), 8);
    assert!(fake.ring().get_sqe().is_null());
}

#[test]
fn other_rings_have_128_byte_sqes_always_or_never() {
    let mut fake = FakeRing::new(4, IORING_SETUP_SQE128, 0);
    fake.ring().get_sqe();
    let sqe = fake.ring().get_sqe128();
    assert_eq!(fake.slot_of(sqe), 2);
    assert!(FakeRing::new(4, 0, 0).ring().get_sqe128().is_null());
}
