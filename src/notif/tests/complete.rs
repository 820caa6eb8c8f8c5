//! What becomes of the kernel's CQEs.

use super::reference::{completions, tag_of, Completion, Request, Submitted, SLOTS};
use super::*;
use crate::notif::op::LIBURING_UDATA_NOTIF;
use libc::{EBADF, ECANCELED, EINVAL, ENOENT, EPIPE};

/// The CQEs of one send: result and flags.
type Outcome = [(i32, u32); 2];

#[test]
fn a_send_is_one_cqe_whatever_comes_from_the_kernel() {
    // Success and failure, with a notification to follow and without; the notification may say how it went.
    let outcomes: [(&[(i32, u32)], i32); 6] = [
        (&[(4, MORE), (0, NOTIF)], 4),
        (&[(4, MORE), (i32::MIN, NOTIF)], 4),
        (&[(4, 0)], 4),
        (&[(-EPIPE, MORE), (0, NOTIF)], -EPIPE),
        (&[(-EPIPE, 0)], -EPIPE),
        (&[(0, MORE), (0, NOTIF)], 0),
    ];
    for (cqes, res) in outcomes {
        for flush in [0, FLUSH, FLUSH | COPY_TAG] {
            let mut f = Fixture::new();
            let handle = f.sent(1, flush, 7);
            for (i, &(res, flags)) in cqes.iter().enumerate() {
                assert_eq!(f.reap().len(), usize::from(i == 1), "nothing before {i}");
                f.post(handle, res, flags);
                if i == 0 && cqes.len() == 2 {
                    let mut cqe = null_mut();
                    // SAFETY: a local place, and a CQE of the ring.
                    unsafe {
                        assert_eq!(f.ring().peek_cqe::<Direct>(&mut cqe), 0);
                        assert_eq!(((*cqe).user_data, (*cqe).res, (*cqe).flags), (7, cqes[0].0, 0));
                    }
                }
            }
            let mut seen = f.reap();
            if cqes.len() == 1 {
                assert_eq!(seen.remove(0), (7, res, 0));
            }
            let tag = if flush & COPY_TAG != 0 { 7 } else { tag(1) };
            assert_eq!(seen, if flush != 0 && res >= 0 { vec![(tag, 0, 0)] } else { vec![] });
            f.exit();
        }
    }
}

#[test]
fn the_notification_may_come_before_the_result() {
    let mut f = Fixture::new();
    let handle = f.sent(0, FLUSH, 7);
    f.post(handle, 0, NOTIF);
    assert_eq!(f.reap(), []);
    f.post(handle, 4, MORE);
    assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, 0)]);
    f.exit();
}

/// Linux posts the notification of a send that was cancelled with its chain although the result came without `IORING_CQE_F_MORE`.
#[test]
fn a_notification_that_nobody_waits_for_is_hidden() {
    let mut f = Fixture::new();
    let handle = f.sent(0, 0, 7);
    f.post(handle, -ECANCELED, 0);
    assert_eq!(f.reap(), [(7, -ECANCELED, 0)]);
    f.post(handle, 0, NOTIF);
    assert_eq!(f.reap(), []);
    // Also after the number is in use again.
    let again = f.sent(0, FLUSH, 8);
    assert_eq!(again as u32 & 0x1f_ffff, handle as u32 & 0x1f_ffff, "the number");
    assert_ne!(again, handle);
    f.post(handle, 0, NOTIF);
    f.post(again, 4, MORE);
    f.post(handle, 0, NOTIF);
    assert_eq!(f.reap(), [(8, 4, 0)]);
    f.post(again, 0, NOTIF);
    assert_eq!(f.reap(), [(tag(0), 0, 0)]);
    f.exit();
}

#[test]
fn what_is_no_handle_stays_as_it_is() {
    let mut f = Fixture::new();
    for user_data in [0, 1, LIBURING_UDATA_NOTIF - 1, LIBURING_UDATA_NOTIF + (1 << 32), u64::MAX, tag(0)] {
        for flags in [0, MORE, NOTIF, IORING_CQE_F_SKIP, IORING_CQE_F_32, MORE | 0x7_0000] {
            f.post(user_data, -5, flags);
            assert_eq!(f.reap(), [(user_data, -5, flags)]);
        }
    }
    f.exit();
}

/// Bits 5 and 15 are flags elsewhere.
#[test]
fn generations_are_numbers_for_every_reader() {
    let mut f = Fixture::new();
    let mut generation = 0;
    while generation < 33_000 {
        let flags = if generation % 2 == 0 { 0 } else { MORE };
        let handle = f.sent(0, FLUSH, 7);
        f.post(handle, 4, flags);
        if flags != 0 {
            f.post(handle, 0, NOTIF);
        }
        let mut cqes = [null_mut::<io_uring_cqe>(); 3];
        // SAFETY: three places.
        assert_eq!(unsafe { f.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), 3) }, 2);
        // SAFETY: a CQE of the ring.
        assert_eq!(unsafe { (*cqes[1]).flags }, generation);
        let mut iter = f.ring().cqe_iter();
        for cqe in &cqes[..2] {
            // SAFETY: a live ring.
            assert_eq!(unsafe { crate::ring::wait::cqe_iter_next(&mut iter) }, *cqe);
        }
        // SAFETY: as above.
        assert!(unsafe { crate::ring::wait::cqe_iter_next(&mut iter) }.is_null());
        assert_eq!(f.reap(), [(7, 4, 0), (tag(0), 0, generation)]);
        generation += 1;
    }
    f.exit();
}

#[test]
fn updates_flush_in_both_forms_and_have_their_own_cqe() {
    for (res, skip) in [(0, false), (0, true), (-ECANCELED, false), (-ECANCELED, true)] {
        let mut f = Fixture::new();
        let send = f.sent(2, 0, 7);
        f.post(send, 4, 0);
        assert_eq!(f.reap(), [(7, 4, 0)]);
        f.update(99, 1, 2, 8);
        let index = f.ring.sq.sqe_tail - 1;
        // SAFETY: the SQE that was queued last.
        unsafe { (*f.ring().sqe_at(index)).flags |= if skip { IOSQE_CQE_SKIP_SUCCESS as u8 } else { 0 } };
        // As a member of a chain, so that it can be cancelled.
        f.script([Enter { consume: Some(0), result: Some(1), ..Enter::default() }]);
        assert_eq!(f.ring().submit(), 1);
        let handle = f.kernel.sqe(0).user_data;
        f.kernel.consume_all();
        assert_eq!(f.reap(), []);
        f.post(handle, res, 0);
        let own = (8, res, 0);
        let seen = f.reap();
        assert_eq!(seen.contains(&own), res < 0 || !skip);
        assert_eq!(seen.contains(&(tag(2), 0, 0)), res == 0);
        assert_eq!(seen.len(), usize::from(res < 0 || !skip) + usize::from(res == 0));
        // The next one has the new tag only where there was one to flush.
        let send = f.sent(2, FLUSH, 9);
        f.post(send, 4, 0);
        let next = if res == 0 { (99, 0, 1) } else { (tag(2), 0, 0) };
        assert_eq!(f.reap(), [(9, 4, 0), next]);
        f.exit();
    }
}

#[test]
fn refused_requests_fail_with_the_librarys_error_and_not_the_kernels() {
    for (kernel, seen) in [(-ENOENT, -EINVAL), (-libc::EALREADY, -EINVAL), (0, -EINVAL), (-ECANCELED, -ECANCELED)] {
        let mut f = Fixture::new();
        f.send(TCP, 3, FLUSH, 7);
        let handle = f.submit()[0].user_data;
        f.post(handle, kernel, 0);
        assert_eq!(f.reap(), [(7, seen, 0)]);
        f.exit();
    }
}

/// A send with `MSG_WAITALL` that is short has failed for its chain, and so it does not flush; one without has not.
#[test]
fn short_sends_flush_unless_all_was_to_be_sent() {
    for (flags, res, flushes) in
        [(0, 3, true), (libc::MSG_WAITALL, 3, false), (libc::MSG_WAITALL, 4, true), (libc::MSG_WAITALL, -EPIPE, false)]
    {
        let iov = [libc::iovec { iov_base: null_mut(), iov_len: 1 }, libc::iovec { iov_base: null_mut(), iov_len: 3 }];
        // SAFETY: integers and pointers.
        let mut msg = unsafe { core::mem::zeroed::<libc::msghdr>() };
        (msg.msg_iov, msg.msg_iovlen) = (iov.as_ptr().cast_mut(), 2);
        for form in 0..3 {
            let mut f = Fixture::new();
            // SAFETY: live SQEs and structures.
            f.queue(7, |sqe| unsafe {
                match form {
                    0 => op::prep_sendzc(sqe, TCP, null_mut(), 4, flags, 0, FLUSH),
                    1 => op::prep_sendvzc(sqe, TCP, iov.as_ptr(), 2, flags, 0, FLUSH),
                    _ => op::prep_sendmsgzc(sqe, TCP, &msg, flags as u32, 0, FLUSH),
                }
            });
            let handle = f.submit()[0].user_data;
            f.post(handle, res, 0);
            let mut expected = vec![(7, res, 0)];
            expected.extend(flushes.then_some((tag(0), 0, 0)));
            assert_eq!(f.reap(), expected, "form {form}");
            f.exit();
        }
    }
}

#[test]
fn both_halves_of_large_cqes_are_copied_and_a_notifier_has_an_empty_one() {
    let mut f = Fixture::with(IORING_SETUP_CQE32, |_| ());
    let handle = f.sent(0, FLUSH, 7);
    for _ in 0..CQ_ENTRIES {
        f.post(5, 6, 7);
        assert_eq!(f.reap(), [(5, 6, 7)]);
    }
    f.kernel.fill_cqes(0x5a5a_5a5a);
    f.post(5, 6, 7);
    f.post(handle, 4, MORE);
    f.post(handle, 0, NOTIF);
    let mut cqes = [null_mut::<[u64; 4]>(); 4];
    // SAFETY: four places.
    assert_eq!(unsafe { f.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr().cast(), 4) }, 3);
    let big = 0x5a5a_5a5a_5a5a_5a5a;
    // SAFETY: CQEs of 32 bytes.
    let seen = unsafe { [*cqes[0], *cqes[1], *cqes[2]] };
    assert_eq!(seen[0], [5, 6 | 7 << 32, big, big]);
    assert_eq!(seen[1], [7, 4, big, big]);
    assert_eq!(seen[2], [tag(0), 0, 0, 0]);
    f.exit();
}

/// Everything that can come for three sends on two slots that were submitted together, in every order.
struct Orders {
    f: Fixture,
    log: Vec<Submitted>,
    skip: bool,
    handles: Vec<u64>,
    visible: Vec<Cqe>,
    runs: u32,
}

impl Orders {
    /// One run: `outcomes` are the CQEs of each send, `order` says whose next one comes.
    fn run(&mut self, outcomes: &[Outcome; 3], order: &[usize]) {
        let mut f = &mut self.f;
        f.register(SLOTS as u32);
        self.handles.clear();
        self.visible.clear();
        for submitted in &mut self.log {
            let Request::Send { slot, flush, .. } = submitted.request else { unreachable!("sends only") };
            (submitted.outcome, submitted.released) = (None, false);
            let skip = self.skip;
            // SAFETY: a live SQE.
            f.queue(submitted.user_data, |sqe| unsafe {
                op::prep_sendzc(sqe, TCP, null_mut(), 4, 0, slot as u32, if flush { FLUSH } else { 0 });
                sqe.flags |= if skip { IOSQE_CQE_SKIP_SUCCESS as u8 } else { 0 };
            });
        }
        self.handles.extend(f.submit().iter().map(|sqe| sqe.user_data));
        let (mut taken, mut shown, mut expected) = ([0; 3], Vec::new(), Vec::new());
        for &send in order {
            let (res, flags) = outcomes[send][taken[send]];
            taken[send] += 1;
            f.post(self.handles[send], res, flags);
            let submitted = &mut self.log[send];
            if flags & NOTIF == 0 {
                submitted.outcome = Some(res >= 0);
                shown.extend((!self.skip || res < 0).then_some((submitted.user_data, res, 0)));
            }
            submitted.released |= flags & MORE == 0;
            self.visible.extend(f.reap());
            completions(&self.log, &mut expected);
            self.check(&shown, &expected);
            f = &mut self.f;
        }
        self.log.push(Submitted { request: Request::Unregister, user_data: 0, outcome: None, released: false });
        assert_eq!(f.unregister(), 0);
        self.visible.extend(f.reap());
        completions(&self.log, &mut expected);
        self.log.pop();
        self.check(&shown, &expected);
        self.runs += 1;
    }

    /// The results in the order in which they came, and beside them the notifiers.
    fn check(&self, shown: &[Cqe], expected: &[Completion]) {
        let is_result = |cqe: &&Cqe| self.log.iter().any(|s| s.user_data == cqe.0);
        assert!(self.visible.iter().filter(is_result).eq(shown), "{:?} but {shown:?}, {:#?}", self.visible, self.log);
        let mut notifiers: Vec<_> = self
            .visible
            .iter()
            .filter(|cqe| !is_result(cqe))
            .map(|&(tag, res, generation)| (tag, generation, res))
            .collect();
        notifiers.sort_unstable();
        let expected = expected.iter().map(|c| (c.tag - tag_of(0, 0) + tag(0), c.generation, 0));
        assert!(expected.eq(notifiers.iter().copied()), "{notifiers:?}, {:#?}", self.log);
    }

    fn all(&mut self, outcomes: &[Outcome; 3], taken: [usize; 3], order: &mut Vec<usize>) {
        let mut over = true;
        for send in 0..3 {
            let nr = if outcomes[send][0].1 & MORE != 0 { 2 } else { 1 };
            if taken[send] < nr {
                over = false;
                let mut taken = taken;
                taken[send] += 1;
                order.push(send);
                self.all(outcomes, taken, order);
                order.pop();
            }
        }
        if over {
            self.run(outcomes, order);
        }
    }
}

#[test]
fn all_orders_of_what_comes_for_three_sends() {
    const KINDS: [Outcome; 4] = [[(4, MORE), (0, NOTIF)], [(4, 0); 2], [(-EBADF, MORE), (0, NOTIF)], [(-EBADF, 0); 2]];
    let f = Fixture::without_slots(0, |_| ());
    let mut orders = Orders { f, log: Vec::new(), skip: false, handles: Vec::new(), visible: Vec::new(), runs: 0 };
    for kinds in 0..64 {
        let outcomes = [KINDS[kinds % 4], KINDS[kinds / 4 % 4], KINDS[kinds / 16]];
        // Slots of the second and the third, and which of the three flush.
        for what in 0..32 {
            let slots = [0, what & 1, what >> 1 & 1];
            let send = |i: usize| Request::Send { slot: slots[i], flush: what >> (2 + i) & 1 != 0, copy_tag: false };
            let submitted = |i| Submitted { request: send(i), user_data: i as u64, outcome: None, released: false };
            orders.log = (0..3).map(submitted).collect();
            for skip in [false, true] {
                orders.skip = skip;
                orders.all(&outcomes, [0; 3], &mut Vec::new());
            }
        }
    }
    assert_eq!(orders.runs, 113_664);
    orders.f.exit();
}
