//! Where no CQE of the kernel is left for a notifier, it is asked for one.

use super::*;
use crate::notif::op::TOKEN;
use crate::notif::WAKE;
use libc::{EINVAL, EMFILE, EOVERFLOW};

/// A plain send that flushes: its only CQE is its own.
fn plain(f: &mut Fixture, user_data: u64) {
    f.send(UNIX, 0, FLUSH, user_data);
    let handle = f.submit()[0].user_data;
    f.post(handle, 4, 0);
}

fn messages(f: &Fixture) -> usize {
    f.kernel.get().registered.iter().filter(|call| call.1 == IORING_REGISTER_SEND_MSG_RING).count()
}

fn setups(f: &Fixture) -> usize {
    f.kernel.get().setups_made.len()
}

fn posted(f: &Fixture) -> u32 {
    f.kernel.cq().1
}

#[test]
fn a_system_call_posts_where_there_is_one() {
    let mut f = Fixture::new();
    for i in 0..20 {
        plain(&mut f, 7);
        assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, i)]);
        assert_eq!((messages(&f), posted(&f), setups(&f)), (i as usize + 1, 2 * (i + 1), 1));
    }
    f.exit();
}

/// The message takes its time on rings whose completions wait for task work.
#[test]
fn a_message_that_is_on_its_way_is_not_sent_again() {
    let mut f = Fixture::new();
    plain(&mut f, 7);
    plain(&mut f, 8);
    f.kernel.get().registers.extend([0, 0]);
    assert_eq!(f.reap(), [(7, 4, 0), (8, 4, 0)]);
    for _ in 0..3 {
        assert_eq!(f.reap(), []);
    }
    assert_eq!(messages(&f), 2);
    // A CQE that is not for the program does as well, and then one message was too much.
    let handle = f.sent(1, 0, 9);
    f.post(handle, 4, MORE);
    f.post(handle, 0, NOTIF);
    assert_eq!(f.reap(), [(9, 4, 0), (tag(0), 0, 0)]);
    f.post(TOKEN, 0, 0);
    assert_eq!(f.reap(), [(tag(0), 0, 1)]);
    f.post(TOKEN, 0, 0);
    assert_eq!(f.reap(), []);
    assert_eq!(messages(&f), 2);
    // The count is right again.
    plain(&mut f, 10);
    assert_eq!(f.reap(), [(10, 4, 0), (tag(0), 0, 2)]);
    assert_eq!(messages(&f), 3);
    f.exit();
}

#[test]
fn before_the_system_call_a_ring_of_the_librarys_own_posts() {
    let mut f = Fixture::with(0, |kernel| kernel.sync_msg = false);
    let held = f.kernel.held().0;
    for i in 0..20 {
        plain(&mut f, 7);
        assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, i)]);
        assert_eq!((messages(&f), posted(&f), setups(&f)), (1, 2 * (i + 1), 2), "asked once, made once");
    }
    assert_eq!(f.kernel.held().0, held + 1);
    f.exit();
}

/// Nobody can be woken then, but who looks sees it.
#[test]
fn without_descriptors_for_the_ring_the_notifier_is_seen_all_the_same() {
    let mut f = Fixture::with(0, |kernel| kernel.sync_msg = false);
    for i in 0..3 {
        f.kernel.get().setups.push_back(-EMFILE);
        plain(&mut f, 7);
        assert_eq!(f.ring().cq_ready(), 2);
        assert_ne!(f.kernel.cq().0, f.kernel.cq().1, "the ring is readable");
        assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, i)]);
        assert_eq!((posted(&f), setups(&f)), (i + 1, 2 + i as usize), "tried again each time");
    }
    plain(&mut f, 7);
    assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, 3)]);
    assert_eq!(posted(&f), 3 + 2);
    f.exit();
}

#[test]
fn a_wait_does_not_block_for_a_notifier_that_nobody_can_post() {
    let mut f = Fixture::with(0, |kernel| kernel.sync_msg = false);
    f.send(UNIX, 0, 0, 7);
    let handle = f.submit()[0].user_data;
    f.post(handle, 4, 0);
    assert_eq!(f.reap(), [(7, 4, 0)]);
    f.kernel.get().setups.extend([-EMFILE, -EMFILE]);
    assert_eq!(f.unregister(), 0);
    f.entered();
    let mut cqe = null_mut();
    // SAFETY: a local place, then a CQE of the ring.
    unsafe {
        assert_eq!(f.ring().wait_cqe::<Direct>(&mut cqe), 0);
        assert_eq!((*cqe).user_data, tag(0));
    }
    assert_eq!(f.entered(), []);
    assert_eq!(f.reap(), [(tag(0), 0, 0)]);
    f.exit();
}

#[test]
fn a_message_that_is_refused_once_is_tried_again_and_one_that_is_unknown_is_not() {
    for (error, again) in [(-EOVERFLOW, true), (-EINVAL, false)] {
        let mut f = Fixture::with(0, |kernel| kernel.sync_msg = false);
        f.kernel.get().messages.push_back(error);
        for i in 0..3 {
            plain(&mut f, 7);
            assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, i)]);
        }
        assert_eq!(posted(&f), if again { 5 } else { 3 }, "{error}");
        assert_eq!(setups(&f), 2);
        f.exit();
    }
}

#[test]
fn unregistering_wakes_where_something_was_sent() {
    for sent in [false, true] {
        for sync in [false, true] {
            let mut f = Fixture::with(0, |kernel| kernel.sync_msg = sync);
            if sent {
                let handle = f.sent(0, 0, 7);
                f.post(handle, 4, 0);
                assert_eq!(f.reap(), [(7, 4, 0)]);
            }
            let before = posted(&f);
            assert_eq!(f.unregister(), 0);
            assert_eq!(posted(&f) - before, u32::from(sent));
            assert_eq!(f.reap(), if sent { vec![(tag(0), 0, 0)] } else { vec![] });
            assert_eq!(posted(&f) - before, u32::from(sent), "the one does for the notifier");
            f.exit();
        }
    }
}

#[test]
fn the_handles_of_messages_are_never_seen() {
    let mut f = Fixture::new();
    f.post(WAKE, 0, 0);
    assert_eq!(f.reap(), []);
    f.exit();
}

#[test]
fn the_librarys_descriptor_is_its_own() {
    let mut f = Fixture::new();
    plain(&mut f, 7);
    // The program closes its descriptor, as one that registered it may.
    let fd = f.ring.ring_fd;
    f.ring.ring_fd = -1;
    assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, 0)]);
    f.ring.ring_fd = fd;
    f.exit();
}
