//! Reading CQEs of every kind, anywhere in the 32-bit space of indices.

use super::input::Input;
use crate::ring::calls::Direct;
use crate::ring::fake_ring::FakeRing;
use crate::ring::wait::{cqe_iter_next, cqe_slots, LIBURING_UDATA_TIMEOUT};
use crate::uapi::*;
use core::ptr::null_mut;
use libc::EAGAIN;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cqe {
    user_data: u64,
    res: i32,
    flags: u32,
}

impl Cqe {
    fn slots(self) -> u32 {
        if self.flags & IORING_CQE_F_32 != 0 {
            2
        } else {
            1
        }
    }

    fn is_filler(self) -> bool {
        self.flags & IORING_CQE_F_SKIP != 0
    }

    /// # Safety
    ///
    /// `cqe` is one of a fake ring's.
    unsafe fn read(cqe: *const io_uring_cqe) -> Self {
        // SAFETY: the caller's promise.
        let io_uring_cqe { user_data, res, flags, .. } = unsafe { cqe.read() };
        Self { user_data, res, flags }
    }
}

struct Model {
    mixed: bool,
    /// A kernel without timeouts in `io_uring_enter`, where the library's own completions are on the ring.
    legacy: bool,
    cqes: VecDeque<Cqe>,
    /// Slots consumed since the start.
    consumed: u32,
}

impl Model {
    fn ready(&self) -> u32 {
        self.cqes.iter().map(|cqe| cqe.slots()).sum()
    }

    fn pop(&mut self) {
        let cqe = self.cqes.pop_front().expect("not empty");
        self.consumed = self.consumed.wrapping_add(cqe.slots());
    }

    /// The first CQE for the program. Errors of the library's own timeouts are not results of a peek, but the first one ends
    /// the first look.
    fn peek(&mut self) -> Result<Cqe, i32> {
        let mut looks = 0;
        while let Some(&cqe) = self.cqes.front() {
            let own = self.legacy && cqe.user_data == LIBURING_UDATA_TIMEOUT;
            if !own && !cqe.is_filler() {
                return Ok(cqe);
            }
            self.pop();
            if own && cqe.res < 0 {
                looks += 1;
                if looks == 2 {
                    return Err(cqe.res);
                }
            }
        }
        Err(-EAGAIN)
    }

    fn peek_batch(&mut self, count: usize) -> Vec<Cqe> {
        if self.mixed {
            while count > 0 && self.cqes.front().is_some_and(|cqe| cqe.is_filler()) {
                self.pop();
            }
            return self.cqes.iter().take(count).take_while(|cqe| !cqe.is_filler()).copied().collect();
        }
        self.cqes.iter().take(count).copied().collect()
    }
}

/// Peeking, batches, iteration and consumption agree with a queue of CQEs.
pub fn completions(data: &[u8]) {
    let mut input = Input::new(data);
    let entries = 1 << input.below(5);
    let flags = input.one_of(&[0, IORING_SETUP_CQE32, IORING_SETUP_CQE_MIXED, IORING_SETUP_CQE_MIXED]);
    let start = input.index();
    let mut fake = FakeRing::new(entries, flags, start);
    let mixed = flags & IORING_SETUP_CQE_MIXED != 0;
    let mut model = Model { mixed, legacy: input.below(4) == 0, cqes: VecDeque::new(), consumed: 0 };
    if model.legacy {
        fake.struct_mut().features = 0;
    }

    while !input.is_empty() {
        match input.below(8) {
            0..=2 => post(&mut fake, &mut model, &mut input),
            3 => {
                let mut cqe = null_mut();
                // SAFETY: a local place.
                let ret = unsafe { fake.ring().peek_cqe::<Direct>(&mut cqe) };
                // SAFETY: where it is not null it is one of the fake ring's.
                let seen = if cqe.is_null() { Err(ret) } else { Ok(unsafe { Cqe::read(cqe) }) };
                assert_eq!(seen, model.peek(), "peek_cqe");
                if seen.is_ok() {
                    assert_eq!(ret, 0);
                }
            }
            4 => {
                let count = input.below(2 * entries + 2) as usize;
                let mut cqes = vec![null_mut(); count];
                // SAFETY: room for `count`.
                let nr = unsafe { fake.ring().peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), count as u32) };
                // SAFETY: CQEs of the fake ring.
                let seen: Vec<Cqe> = cqes[..nr as usize].iter().map(|&cqe| unsafe { Cqe::read(cqe) }).collect();
                assert_eq!(seen, model.peek_batch(count), "peek_batch_cqe");
            }
            5 => {
                let mut iter = fake.ring().cqe_iter();
                let mut wanted = model.cqes.iter();
                loop {
                    // SAFETY: nothing is consumed meanwhile.
                    let cqe = unsafe { cqe_iter_next(&mut iter) };
                    // SAFETY: one of the fake ring's.
                    let seen = (!cqe.is_null()).then(|| unsafe { Cqe::read(cqe) });
                    assert_eq!(seen.as_ref(), wanted.next(), "iteration");
                    if seen.is_none() {
                        break;
                    }
                }
            }
            6 => {
                // As the inline io_uring_cqe_seen() does it.
                if let Some(&cqe) = model.cqes.front() {
                    fake.ring().cq_advance(cqe_slots(cqe.flags));
                    model.pop();
                }
            }
            _ => {
                let nr = input.below(model.cqes.len() as u32 + 1) as usize;
                let slots = model.cqes.iter().take(nr).map(|cqe| cqe.slots()).sum();
                (0..nr).for_each(|_| model.pop());
                fake.ring().cq_advance(slots);
            }
        }
        assert_eq!(fake.ring().cq_ready(), model.ready(), "cq_ready");
        assert_eq!(fake.cq_head(), start.wrapping_add(model.consumed), "what the kernel sees");
    }
}

/// As the kernel posts: never over what was not consumed, and on a mixed ring with a filler where a wide CQE would not fit
/// before the end.
fn post(fake: &mut FakeRing, model: &mut Model, input: &mut Input<'_>) {
    let own = model.legacy && input.below(4) == 0;
    let user_data = if own { LIBURING_UDATA_TIMEOUT } else { u64::from(input.byte()) };
    let res = i32::from(input.byte() as i8);
    const WIDE_FILLER: u32 = IORING_CQE_F_SKIP | IORING_CQE_F_32;
    let kinds = [0, IORING_CQE_F_MORE, IORING_CQE_F_32, IORING_CQE_F_32, IORING_CQE_F_SKIP, WIDE_FILLER];
    let flags = if model.mixed && !own { input.one_of(&kinds) } else { 0 };
    let cqe = Cqe { user_data, res, flags };

    let size = fake.struct_mut().cq.ring_entries;
    let used = model.ready();
    let tail = fake.cq_head().wrapping_add(used);
    let filler = Cqe { user_data: 0, res: 0, flags: IORING_CQE_F_SKIP };
    let needs_filler = cqe.slots() == 2 && (tail & (size - 1)) == size - 1;
    if used + u32::from(needs_filler) + cqe.slots() > size {
        return;
    }
    for cqe in needs_filler.then_some(filler).into_iter().chain([cqe]) {
        fake.post(cqe.user_data, cqe.res, cqe.flags);
        model.cqes.push_back(cqe);
    }
}
