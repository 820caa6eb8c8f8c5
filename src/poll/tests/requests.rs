//! What a watch queues, on a ring in plain memory.

use crate::poll::PollWatch;
use crate::ring::fake_ring::FakeRing;
use crate::sys::{EAGAIN, EALREADY, EBADF, EINVAL, ENOENT, EPERM};
use crate::uapi::*;

const FD: c_int = 5;
const USER_DATA: u64 = 0x1234_5678_9abc_def0;
const IN: u32 = libc::POLLIN as u32;
const OUT: u32 = libc::POLLOUT as u32;
const EXCLUSIVE: u32 = libc::EPOLLEXCLUSIVE as u32;

fn watch(events: u32, flags: u32) -> PollWatch {
    PollWatch::new(FD, events, USER_DATA, flags).expect("good arguments")
}

fn cqe(res: i32, flags: u32) -> io_uring_cqe {
    io_uring_cqe { user_data: USER_DATA, res, flags }
}

/// The SQEs that were queued, which the kernel takes.
fn taken(fake: &mut FakeRing) -> Vec<io_uring_sqe> {
    let ring = fake.ring();
    // SAFETY: queued.
    let sqes: Vec<_> = ring.queued_from(ring.load_sq_head()).map(|(_, sqe)| unsafe { *sqe }).collect();
    let nr = fake.flush();
    fake.consume(nr);
    sqes
}

fn poll32_events(sqe: &io_uring_sqe) -> u32 {
    if cfg!(target_endian = "big") {
        sqe.rw_flags.rotate_left(16)
    } else {
        sqe.rw_flags
    }
}

#[test]
fn each_request_has_the_user_data_and_what_the_kernel_needs() {
    let mut fake = FakeRing::new(4, 0, 0);
    for (flags, sqe_flags) in [(0, 0), (IO_URING_POLL_WATCH_FIXED_FILE, IOSQE_FIXED_FILE)] {
        let watch = watch(IN | EXCLUSIVE, flags);
        assert_eq!(watch.arm(fake.ring()), 0);
        assert_eq!(watch.modify(fake.ring(), OUT), 0);
        let sqes = taken(&mut fake);
        let [poll, update] = sqes[..] else { panic!("{sqes:?}") };
        assert_eq!((u32::from(poll.opcode), poll.fd), (IORING_OP_POLL_ADD, FD));
        assert_eq!((u32::from(poll.flags), poll.len), (sqe_flags, IORING_POLL_ADD_MULTI));
        assert_eq!(poll32_events(&poll), IN | EXCLUSIVE);
        assert_eq!((u32::from(update.opcode), u32::from(update.flags)), (IORING_OP_POLL_REMOVE, 0));
        assert_eq!(update.len, IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI);
        assert_eq!((update.addr, poll32_events(&update)), (USER_DATA, OUT | EXCLUSIVE));
        assert_eq!(watch.post(&cqe(0, 0)), 0);
        assert_eq!(watch.cancel(), IO_URING_POLL_WATCH_SYNC);
        assert_eq!(watch.sync(fake.ring()), 0);
        let sqes = taken(&mut fake);
        let [removal] = sqes[..] else { panic!("{sqes:?}") };
        assert_eq!((u32::from(removal.opcode), removal.len), (IORING_OP_POLL_REMOVE, 0));
        assert_eq!(removal.addr, USER_DATA);
        assert!([poll, update, removal].iter().all(|sqe| sqe.user_data == USER_DATA));
    }
}

#[test]
fn a_poll_that_is_armed_again_has_the_events_of_the_last_modify() {
    let mut fake = FakeRing::new(4, 0, 0);
    let watch = watch(IN, 0);
    assert_eq!(watch.arm(fake.ring()), 0);
    taken(&mut fake);
    assert_eq!(watch.post(&cqe(-libc::ENOMEM, 0)), IO_URING_POLL_WATCH_SYNC);
    assert_eq!(watch.modify(fake.ring(), OUT), 0);
    assert!(taken(&mut fake).is_empty(), "there is no poll request to be updated");
    assert_eq!(watch.sync(fake.ring()), 0);
    assert_eq!(taken(&mut fake).iter().map(poll32_events).collect::<Vec<_>>(), [OUT]);
}

#[test]
fn a_modify_that_is_refused_changes_nothing() {
    let mut fake = FakeRing::new(1, 0, 0);
    let watch = watch(IN, 0);
    assert_eq!(watch.modify(fake.ring(), OUT), -EINVAL);
    assert_eq!(watch.arm(fake.ring()), 0);
    assert_eq!(watch.modify(fake.ring(), OUT), -EAGAIN);
    for events in [0, 1 << 16, IN | EXCLUSIVE] {
        assert_eq!(watch.modify(fake.ring(), events), -EINVAL);
    }
    taken(&mut fake);
    assert_eq!(watch.post(&cqe(-libc::EINTR, 0)), IO_URING_POLL_WATCH_SYNC);
    assert_eq!(watch.sync(fake.ring()), 0);
    assert_eq!(taken(&mut fake).iter().map(poll32_events).collect::<Vec<_>>(), [IN]);
}

#[test]
fn arguments_are_checked() {
    let new = |fd, events, flags| PollWatch::new(fd, events, USER_DATA, flags).err();
    assert_eq!(new(-1, IN, 0), Some(-EBADF));
    for events in [0, EXCLUSIVE, 1 << 16, IN | libc::EPOLLONESHOT as u32, IN | libc::EPOLLWAKEUP as u32] {
        assert_eq!(new(FD, events, 0), Some(-EINVAL), "{events:#x}");
    }
    assert_eq!(new(FD, IN, 2), Some(-EINVAL));
    assert_eq!(new(FD, IN | EXCLUSIVE | libc::EPOLLET as u32 | libc::EPOLLRDHUP as u32, 1), None);
}

#[test]
fn nothing_is_queued_behind_an_open_chain() {
    for flags in [0, IORING_SETUP_SQE128, IORING_SETUP_SQE_MIXED] {
        let mut fake = FakeRing::new(8, flags, u32::MAX - 1);
        let watch = watch(IN, 0);
        for link in [IOSQE_IO_LINK, IOSQE_IO_HARDLINK] {
            let sqe = fake.ring().get_sqe();
            // SAFETY: queued.
            unsafe { crate::op::prep_nop(sqe) };
            // SAFETY: as above.
            unsafe { crate::op::sqe_set_flags(sqe, link) };
            assert_eq!(watch.arm(fake.ring()), -EINVAL);
            // The chain ends with the submission.
            assert_eq!(taken(&mut fake).len(), 1);
        }
        assert_eq!(watch.arm(fake.ring()), 0);
        assert_eq!(watch.arm(fake.ring()), -EALREADY);
    }
}

#[test]
fn the_second_half_of_a_large_sqe_is_no_chain() {
    let mut fake = FakeRing::new(8, IORING_SETUP_SQE_MIXED, 0);
    let sqe = fake.ring().get_sqe128();
    // SAFETY: 128 bytes that were queued.
    unsafe {
        sqe.write_bytes(0xff, 2);
        (*sqe).opcode = IORING_OP_NOP128 as u8;
        (*sqe).flags = 0;
    }
    let watch = watch(IN, 0);
    assert_eq!(watch.arm(fake.ring()), 0);
    // SAFETY: as above.
    unsafe { (*sqe).flags = IOSQE_IO_LINK as u8 };
    taken(&mut fake);
    assert_eq!(watch.cancel(), IO_URING_POLL_WATCH_SYNC);
    assert_eq!(watch.sync(fake.ring()), 0);
}

#[test]
fn a_cqe_of_something_else_is_refused() {
    let mut fake = FakeRing::new(4, 0, 0);
    let watch = watch(IN, 0);
    let more = IORING_CQE_F_MORE;
    assert_eq!(watch.post(&cqe(1, more)), -ENOENT, "not armed");
    assert_eq!(watch.next(), (-EPERM, 0));
    assert_eq!(watch.arm(fake.ring()), 0);
    assert_eq!(watch.post(&io_uring_cqe { user_data: USER_DATA + 1, res: 1, flags: more }), -ENOENT);
    assert_eq!(watch.post(&cqe(-EBADF, more)), -ENOENT);
    assert_eq!(watch.next(), (-EPERM, 0));
    assert_eq!(watch.post(&cqe(-libc::ECANCELED, 0)), IO_URING_POLL_WATCH_SYNC);
    assert_eq!(watch.post(&cqe(2, more)), IO_URING_POLL_WATCH_OWNED, "an event that was overtaken");
    assert_eq!((watch.next(), watch.next()), ((1, 2), (0, 0)));
    for (res, flags) in [(1, 0), (0, 0), (-ENOENT, 0), (i32::MIN, 0)] {
        assert_eq!(watch.post(&cqe(res, flags)), -ENOENT, "nothing is in flight");
    }
}

#[test]
fn handle_says_sync_when_it_found_no_room() {
    let mut fake = FakeRing::new(1, 0, 0);
    let watch = watch(IN, 0);
    assert_eq!(watch.arm(fake.ring()), 0);
    // The SQ stays full. The poll ends without an event, with one, and cancelled with one.
    assert_eq!(watch.handle(fake.ring(), &cqe(-EAGAIN, 0)), (IO_URING_POLL_WATCH_SYNC, 0));
    assert!(watch.owes());
    assert_eq!(watch.sync(fake.ring()), -EAGAIN);
    taken(&mut fake);
    assert_eq!(watch.sync(fake.ring()), 0);
    assert_eq!(watch.handle(fake.ring(), &cqe(1, 0)), (1, 1));
    assert_eq!(watch.next(), (IO_URING_POLL_WATCH_SYNC, 0));
    taken(&mut fake);
    assert_eq!(watch.sync(fake.ring()), 0);
    assert!(!watch.owes());
    taken(&mut fake);
    // An update is answered too late while the watch is owned, and has no room.
    assert_eq!(watch.handle(fake.ring(), &cqe(1, IORING_CQE_F_MORE)), (1, 1));
    assert_eq!(watch.modify(fake.ring(), OUT), 0);
    assert_eq!(watch.handle(fake.ring(), &cqe(-EALREADY, 0)), (IO_URING_POLL_WATCH_SYNC, 0));
    taken(&mut fake);
    assert_eq!(watch.next(), (0, 0), "who was told is told once");
    assert_eq!(watch.sync(fake.ring()), 0);
    let again = taken(&mut fake);
    assert_eq!(again.iter().map(poll32_events).collect::<Vec<_>>(), [OUT]);
    assert_eq!(watch.handle(fake.ring(), &cqe(0, 0)), (0, 0));
    assert_eq!(watch.modify(fake.ring(), IN), 0);
}

#[test]
fn a_cancel_asks_for_sync_only_where_nothing_else_leads_there() {
    let mut fake = FakeRing::new(4, 0, 0);
    // An update is in flight: its answer asks.
    let watch = watch(IN, 0);
    assert_eq!(watch.arm(fake.ring()), 0);
    assert_eq!(watch.modify(fake.ring(), OUT), 0);
    assert_eq!(watch.cancel(), 0);
    assert_eq!(watch.modify(fake.ring(), IN), -libc::ECANCELED);
    assert_eq!(watch.post(&cqe(1, IORING_CQE_F_MORE)), 0, "nobody has to know any more");
    assert_eq!(watch.post(&cqe(0, 0)), IO_URING_POLL_WATCH_SYNC);
    assert_eq!(watch.cancel(), -EALREADY);
    assert_eq!(watch.sync(fake.ring()), 0);
    taken(&mut fake);
    assert_eq!(watch.post(&cqe(-libc::ECANCELED, 0)), 0, "the removal's answer is to come");
    assert_eq!(watch.post(&cqe(0, 0)), IO_URING_POLL_WATCH_OWNED);
    assert_eq!(watch.next(), (-libc::ECANCELED, 0));
    assert_eq!(watch.next(), (-EPERM, 0));
    assert_eq!(watch.cancel(), -EINVAL);
    // The poll has failed, and its owner does not know yet.
    assert_eq!(watch.arm(fake.ring()), 0);
    assert_eq!(watch.post(&cqe(-EBADF, 0)), IO_URING_POLL_WATCH_OWNED);
    assert_eq!(watch.modify(fake.ring(), IN), -EBADF);
    assert_eq!(watch.cancel(), 0);
    assert_eq!(watch.next(), (-libc::ECANCELED, 0));
    // It fails while sync was asked for: the call has to come first.
    assert_eq!(watch.arm(fake.ring()), 0);
    assert_eq!(watch.post(&cqe(-EAGAIN, 0)), IO_URING_POLL_WATCH_SYNC);
    assert_eq!(watch.cancel(), 0);
    assert_eq!(watch.sync(fake.ring()), 0);
    assert_eq!(watch.post(&cqe(-ENOENT, 0)), IO_URING_POLL_WATCH_OWNED);
    assert_eq!(watch.next(), (-libc::ECANCELED, 0));
}
