//! The CQ that the program sees, beside the kernel's.

use super::*;

/// CQEs that the program sees now, without consuming any.
fn look(f: &mut Fixture) -> Vec<*mut io_uring_cqe> {
    let mut cqes = [null_mut(); 2 * CQ_ENTRIES as usize];
    // SAFETY: as many places.
    let nr = unsafe { f.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), cqes.len() as u32) };
    assert_eq!(f.ring().cq_ready(), nr);
    cqes[..nr as usize].to_vec()
}

fn read(cqe: *mut io_uring_cqe) -> Cqe {
    // SAFETY: a CQE of the ring that was not consumed.
    let cqe = unsafe { &*cqe };
    (cqe.user_data, cqe.res, cqe.flags)
}

/// Whether `poll(2)` would call the ring readable.
fn is_readable(f: &Fixture) -> bool {
    let (head, tail) = f.kernel.cq();
    head != tail
}

#[test]
fn what_was_shown_stays_where_it_is_until_it_is_consumed() {
    let mut f = Fixture::new();
    let mut shown: Vec<(*mut io_uring_cqe, Cqe)> = Vec::new();
    for generation in 0..200 {
        let round = u64::from(generation);
        // One hidden for each shown, so what comes behind does not lie where the kernel put it.
        let handle = f.sent(0, FLUSH, round);
        f.post(handle, 4, MORE);
        f.post(handle, 0, NOTIF);
        f.post(u64::MAX - round, 1, 0);
        let seen = look(&mut f);
        for (&cqe, &(place, value)) in seen.iter().zip(&shown) {
            assert_eq!((cqe, read(cqe)), (place, value));
        }
        let new: Vec<_> = seen[shown.len()..].iter().map(|&cqe| read(cqe)).collect();
        assert_eq!(new, [(round, 4, 0), (tag(0), 0, generation), (u64::MAX - round, 1, 0)]);
        shown.extend(seen[shown.len()..].iter().map(|&cqe| (cqe, read(cqe))));
        let nr = if shown.len() + 3 > CQ_ENTRIES as usize { shown.len() } else { 1 + round as usize % 3 };
        f.ring().cq_advance(nr as u32);
        shown.drain(..nr);
    }
    f.exit();
}

#[test]
fn a_full_view_leaves_the_rest_with_the_kernel_and_in_order() {
    let mut f = Fixture::new();
    (0..CQ_ENTRIES).for_each(|i| f.post(i.into(), 0, 0));
    assert_eq!(f.ring().cq_ready(), CQ_ENTRIES);
    // All but one are free for the kernel, whose next ones wait there.
    assert_eq!(f.kernel.cq(), (CQ_ENTRIES - 1, CQ_ENTRIES));
    (CQ_ENTRIES..2 * CQ_ENTRIES - 1).for_each(|i| f.post(i.into(), 0, 0));
    assert_eq!(f.ring().cq_ready(), CQ_ENTRIES);
    assert_eq!(f.kernel.cq(), (CQ_ENTRIES - 1, 2 * CQ_ENTRIES - 1), "the kernel sees that it is full");
    f.ring().cq_advance(3);
    assert_eq!(f.ring().cq_ready(), CQ_ENTRIES);
    assert_eq!(f.kernel.cq().0, CQ_ENTRIES + 2);
    let seen: Vec<_> = f.reap().iter().map(|cqe| cqe.0).collect();
    assert_eq!(seen, (3..u64::from(2 * CQ_ENTRIES) - 1).collect::<Vec<_>>());
    assert!(!is_readable(&f));
    f.exit();
}

/// A full view is no reason to lose a notifier that has completed.
#[test]
fn a_notifier_waits_until_there_is_room_for_it() {
    for more in [0, MORE] {
        let mut f = Fixture::new();
        let handle = f.sent(0, FLUSH, 7);
        (0..CQ_ENTRIES - 1).for_each(|i| f.post(i.into(), 0, 0));
        f.post(handle, 4, more);
        assert_eq!(f.ring().cq_ready(), CQ_ENTRIES);
        if more != 0 {
            f.post(handle, 0, NOTIF);
        }
        assert_eq!(f.ring().cq_ready(), CQ_ENTRIES);
        assert_eq!(look(&mut f).len() as u32, CQ_ENTRIES);
        f.ring().cq_advance(1);
        let seen = look(&mut f);
        assert_eq!(read(seen[CQ_ENTRIES as usize - 2]), (7, 4, 0));
        assert_eq!(read(seen[CQ_ENTRIES as usize - 1]), (tag(0), 0, 0));
        f.exit();
    }
}

#[test]
fn the_ring_is_readable_while_and_only_while_there_is_something_to_see() {
    let mut f = Fixture::new();
    for round in 0..40_u32 {
        let handle = f.sent(0, FLUSH, 7);
        assert!(!is_readable(&f));
        f.post(handle, 4, MORE);
        f.post(handle, 0, NOTIF);
        assert_eq!(f.ring().cq_ready(), 2);
        assert!(is_readable(&f));
        f.ring().cq_advance(1);
        assert_eq!(f.ring().cq_ready(), 1);
        assert!(is_readable(&f));
        f.ring().cq_advance(1);
        assert_eq!(f.ring().cq_ready(), 0);
        assert!(!is_readable(&f), "round {round}");
        // Hidden CQEs are gone as soon as one looks.
        let handle = f.sent(0, 0, 7);
        f.post(handle, 4, MORE);
        assert_eq!(f.reap(), [(7, 4, 0)]);
        f.post(handle, 0, NOTIF);
        assert_eq!(f.ring().cq_ready(), 0);
        assert!(!is_readable(&f));
    }
    f.exit();
}

/// The program may hold pointers to them.
#[test]
fn cqes_from_before_the_registration_stay_with_the_kernel_until_they_are_consumed() {
    let mut f = Fixture::without_slots(0, |_| ());
    for _ in 0..5 {
        f.post(1, 0, 0);
        assert_eq!(f.reap(), [(1, 0, 0)]);
    }
    (0..3).for_each(|i| f.post(20 + i, 0, 0));
    let shown = look(&mut f);
    assert_eq!(f.register(3), 0);
    let handle = f.sent(0, FLUSH, 7);
    let mut end = 8;
    let mut expected = vec![(20, 0, 0), (21, 0, 0), (22, 0, 0)];
    for consumed in 0..3 {
        // As much as there is room for, so that what the library takes for free is overwritten.
        while end < 5 + consumed + CQ_ENTRIES - 3 {
            f.post(30, 0, 0);
            end += 1;
            expected.push((30, 0, 0));
            assert_eq!(look(&mut f).iter().map(|&cqe| read(cqe)).collect::<Vec<_>>(), expected[consumed as usize..]);
        }
        assert_eq!(f.kernel.cq().0, 5 + consumed);
        for (i, &cqe) in shown.iter().enumerate().skip(consumed as usize) {
            assert_eq!(read(cqe), (20 + i as u64, 0, 0));
        }
        f.ring().cq_advance(1);
    }
    f.post(handle, 4, MORE);
    f.post(handle, 0, NOTIF);
    expected.extend([(7, 4, 0), (tag(0), 0, 0)]);
    assert_eq!(f.reap(), expected[3..]);
    assert!(!is_readable(&f));
    f.exit();
}

#[test]
fn indices_go_on_where_the_ring_was() {
    for start in [1, 15, 16, 17] {
        let mut f = Fixture::without_slots(0, |_| ());
        for _ in 0..start {
            f.post(1, 0, 0);
        }
        // Consumed without a look, as a program may.
        f.ring().cq_advance(start);
        assert_eq!(f.register(3), 0);
        for i in 0..50 {
            f.post(i, 0, 0);
            assert_eq!(f.reap(), [(i, 0, 0)]);
        }
        f.exit();
    }
}

#[test]
fn a_ring_is_not_made_smaller_than_what_the_program_has_to_see() {
    for (nr, flags, cq_entries, fits) in
        [(8, 0, 0, true), (9, 0, 0, false), (9, IORING_SETUP_CQSIZE, 16, true), (5, IORING_SETUP_CQSIZE, 4, false)]
    {
        let mut f = Fixture::new();
        (0..nr).for_each(|i| f.post(i, 0, 0));
        assert_eq!(u64::from(f.ring().cq_ready()), nr);
        let asked = f.kernel.get().registered.len();
        f.kernel.get().registers.push_back(-libc::EINVAL);
        let mut p = io_uring_params { flags, sq_entries: 4, cq_entries, ..f.p };
        // SAFETY: a live structure.
        let ret = unsafe { f.ring().resize(&mut p) };
        assert_eq!(ret, if fits { -libc::EINVAL } else { -libc::EOVERFLOW });
        assert_eq!(f.kernel.get().registered.len() - asked, usize::from(fits));
        assert_eq!(f.reap().len() as u64, nr);
        f.exit();
    }
}
