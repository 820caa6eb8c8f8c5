//! Registering slots, and what is left when it fails.

use super::super::{register, unregister};
use super::*;
use crate::ring::int_flags;
use core::ptr::null;
use libc::{EBUSY, EFAULT, EINVAL, EMFILE, ENOMEM, ENXIO};

/// The ring sends and receives as one that never saw an error.
fn works(f: &mut Fixture) {
    let handle = f.sent(0, FLUSH, 1);
    f.post(handle, 4, MORE);
    f.post(handle, 0, NOTIF);
    assert_eq!(f.reap(), [(1, 4, 0), (tag(0), 0, 0)]);
}

#[test]
fn a_second_registration_is_busy_until_the_first_is_undone() {
    let mut f = Fixture::new();
    assert_eq!(f.register(3), -EBUSY);
    assert_eq!(f.register(0), -EBUSY);
    works(&mut f);
    assert_eq!(f.unregister(), 0);
    assert_eq!(f.unregister(), -ENXIO);
    assert_eq!(f.register(1024), 0);
    works(&mut f);
    assert_eq!(f.unregister(), 0);
    f.exit();
}

#[test]
fn bad_arguments_leave_a_plain_ring() {
    let mut f = Fixture::without_slots(0, |_| ());
    let before = (*f.ring, f.kernel.held());
    let mut resv = slots(3);
    resv[2].resv[1] = 1;
    for (nr, slots, result) in [
        (0, slots(1).as_ptr(), -EINVAL),
        (1025, slots(1025).as_ptr(), -EINVAL),
        (u32::MAX, slots(1).as_ptr(), -EINVAL),
        (1, null(), -EFAULT),
        (3, resv.as_ptr(), -EINVAL),
    ] {
        // SAFETY: a live ring, and as many slots where they are looked at.
        assert_eq!(unsafe { register(&mut *f.ring, nr, slots) }, result, "{nr}");
    }
    assert_eq!(f.unregister(), -ENXIO);
    assert_eq!(f.kernel.held(), before.1);
    assert_eq!(
        (f.ring.cq.khead, f.ring.cq.cqes, f.ring.int_flags),
        (before.0.cq.khead, before.0.cq.cqes, before.0.int_flags)
    );
    assert_eq!(f.ring.cq.pad, [0; 2]);
    // Each of the last slot's words has to be zero.
    for word in 0..3 {
        let mut resv = slots(3);
        resv[2].resv[word] = 1 << 63;
        // SAFETY: as above.
        assert_eq!(unsafe { register(&mut *f.ring, 3, resv.as_ptr()) }, -EINVAL);
    }
    // SAFETY: no rings, as the library says.
    unsafe {
        assert_eq!(register(null_mut(), 1, slots(1).as_ptr()), -EINVAL);
        assert_eq!(unregister(null_mut()), -EINVAL);
    }
    f.exit();
}

#[test]
fn rings_on_which_flags_or_the_queue_mean_something_else_are_refused() {
    for (flags, result) in
        [(IORING_SETUP_CQE_MIXED, -EINVAL), (IORING_SETUP_SQ_REWIND, -EINVAL), (IORING_SETUP_CQE32, 0)]
    {
        let mut f = Fixture::without_slots(flags | IORING_SETUP_NO_SQARRAY, |_| ());
        let held = f.kernel.held();
        assert_eq!(f.register(1), result);
        assert_eq!(f.kernel.held() == held, result != 0);
        f.exit();
    }
}

#[test]
fn an_array_that_cannot_be_read_to_its_end_is_a_fault() {
    let array = slots(4);
    let address = array.as_ptr() as usize;
    for unreadable in [0, 1, 31, 32, 33, 96, 127] {
        let mut f = Fixture::without_slots(0, |kernel| kernel.unreadable = (address + unreadable, address + 128));
        let held = f.kernel.held();
        // SAFETY: a live ring, an array that only the kernel says is not there.
        assert_eq!(unsafe { register(&mut *f.ring, 4, array.as_ptr()) }, -EFAULT, "from {unreadable}");
        assert_eq!(f.kernel.held(), held);
        // What is before it can be read.
        let nr = (unreadable / 32) as u32;
        if nr != 0 {
            // SAFETY: as above.
            assert_eq!(unsafe { register(&mut *f.ring, nr, array.as_ptr()) }, 0);
            works(&mut f);
        }
        f.exit();
    }
}

/// A seccomp filter, or a kernel without the call: the array is read as the program would.
#[test]
fn where_the_kernel_does_not_copy_the_library_does() {
    for error in [libc::ENOSYS, libc::EPERM] {
        let mut f = Fixture::with(0, |kernel| kernel.read_error = Some(error));
        works(&mut f);
        f.exit();
    }
}

#[test]
fn without_a_descriptor_nothing_is_registered() {
    let mut f = Fixture::without_slots(0, |kernel| kernel.duplicates.push_back(EMFILE));
    let held = f.kernel.held();
    assert_eq!(f.register(2), -EMFILE);
    assert_eq!(f.kernel.held(), held);
    assert_eq!(f.ring.int_flags & int_flags::NOTIF, 0);
    assert_eq!(f.register(2), 0);
    works(&mut f);
    f.exit();
}

#[test]
fn without_memory_nothing_is_registered_whichever_mapping_fails() {
    // Table, state, view, probe, ops, nodes.
    const MAPPINGS: u32 = 6;
    for nr in 1..=MAPPINGS + 1 {
        let mut f = Fixture::without_slots(0, |_| ());
        f.kernel.get().fail_mmap(nr);
        let ret = f.register(2);
        // Without the probe the kernel counts as one that has no zero-copy sends; what the state has is kept for the next try.
        let fails = nr != 4 && nr <= MAPPINGS;
        assert_eq!(ret, if fails { -ENOMEM } else { 0 }, "mapping {nr}");
        if fails {
            // As a ring without slots does.
            f.queue(7, |sqe| sqe.opcode = IORING_OP_NOP as u8);
            f.submit();
            assert_eq!(f.reap(), [(7, 0, 0)]);
            assert_eq!(f.unregister(), -ENXIO);
            assert_eq!(f.register(2), 0);
        }
        let handle = f.sent(0, FLUSH, 1);
        f.post(handle, 4, 0);
        assert_eq!(f.reap(), [(1, 4, 0), (tag(0), 0, 0)]);
        f.exit();
    }
}

#[test]
fn without_memory_for_what_is_queued_it_stays_queued() {
    for nr in 1..=2 {
        let mut f = Fixture::with(0, |_| ());
        // Ops for two pages are there after the registration, or nodes are not: fill up what there is.
        let mut sent = 0;
        let handles = loop {
            (0..ENTRIES).for_each(|_| f.send(TCP, 0, 0, sent));
            f.kernel.get().fail_mmap(nr);
            let mut before = [io_uring_sqe::EMPTY; ENTRIES as usize];
            (0..ENTRIES).for_each(|i| before[i as usize] = f.kernel.sqe(i));
            let ret = f.ring().submit();
            if ret < 0 {
                assert_eq!(ret, -ENOMEM);
                assert_eq!(f.ring().sq_ready(), ENTRIES);
                for (i, before) in before.iter().enumerate() {
                    assert_eq!(f.kernel.sqe(i as u32).opcode, before.opcode);
                    assert_eq!(f.kernel.sqe(i as u32).user_data, sent);
                }
                f.kernel.get().failing_mmap = None;
                break f.submit();
            }
            sent += 1;
            assert!(sent < 100, "the pools grow");
        };
        assert_eq!(handles.len(), ENTRIES as usize);
        f.exit();
    }
}

#[test]
fn a_ring_that_ends_gives_everything_back() {
    for stage in 0..5 {
        let mut f = Fixture::new();
        if stage >= 1 {
            f.sent(0, FLUSH, 1);
        }
        if stage >= 2 {
            // The table that comes after it is in the mailbox when the ring ends.
            assert_eq!(f.unregister(), 0);
            assert_eq!(f.register(3), 0);
        }
        if stage >= 3 {
            f.sent(1, 0, 2);
            f.reap();
        }
        if stage >= 4 {
            assert_eq!(f.unregister(), 0);
        }
        f.exit();
    }
}

/// Ops that came back are counted once, also where some were left over from the last time.
#[test]
fn there_are_as_many_ops_as_were_reserved() {
    let mut f = Fixture::new();
    // The first chunk: 63 numbers, of which the registration had the first.
    let mut handles: Vec<u64> = (1..63).map(|i| f.sent(0, 0, i)).collect();
    let mut complete = |f: &mut Fixture, nr: usize| {
        for handle in handles.drain(..nr) {
            f.post(handle, 4, 0);
        }
        assert_eq!(f.reap().len(), nr);
    };
    // Four and the registration's come back, of which one is taken; then one more comes.
    complete(&mut f, 4);
    f.sent(0, 0, 100);
    complete(&mut f, 1);
    (0..ENTRIES).for_each(|i| f.send(TCP, 0, 0, i.into()));
    let mut sent: Vec<_> = f.submit().iter().map(|sqe| sqe.user_data).collect();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len() as u32, ENTRIES);
    for &handle in &sent {
        f.post(handle, 4, 0);
    }
    assert_eq!(f.reap().len() as u32, ENTRIES);
    f.exit();
}
