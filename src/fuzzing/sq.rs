//! Handing out SQEs, anywhere in the 32-bit space of indices.

use super::input::Input;
use crate::ring::fake_ring::FakeRing;
use crate::uapi::*;

/// What lies in the queue, by position; positions do not wrap around.
struct Model {
    entries: u64,
    flags: u32,
    head: u64,
    tail: u64,
    published: u64,
}

impl Model {
    fn used(&self) -> u64 {
        self.tail - self.head
    }

    fn slot(&self, position: u64) -> usize {
        let slot = (position % self.entries) as usize;
        if self.flags & IORING_SETUP_SQE128 != 0 {
            2 * slot
        } else {
            slot
        }
    }

    fn get_sqe(&mut self) -> Option<usize> {
        if self.used() == self.entries {
            return None;
        }
        self.tail += 1;
        Some(self.slot(self.tail - 1))
    }

    /// The entry's slot, and that of the filler where one is needed.
    fn get_sqe128(&mut self) -> Option<(usize, Option<usize>)> {
        if self.flags & IORING_SETUP_SQE128 != 0 {
            return Some((self.get_sqe()?, None));
        }
        if self.flags & IORING_SETUP_SQE_MIXED == 0 {
            return None;
        }
        let filler = self.tail % self.entries == self.entries - 1;
        let slots = 2 + u64::from(filler);
        if self.used() + slots > self.entries {
            return None;
        }
        let filler = filler.then(|| self.slot(self.tail));
        self.tail += slots;
        Some((self.slot(self.tail - 2), filler))
    }
}

/// Slots, fill levels and the shared tail are those of a queue whose indices never wrap.
pub fn submissions(data: &[u8]) {
    let mut input = Input::new(data);
    let entries = 1 << input.below(6);
    let flags = input.one_of(&[0, IORING_SETUP_SQE128, IORING_SETUP_SQE_MIXED, IORING_SETUP_SQPOLL]);
    let start = input.index();
    let mut fake = FakeRing::new(entries, flags, start);
    // Positions begin at the index, so that slots are those of the ring.
    let start = u64::from(start);
    let mut model = Model { entries: u64::from(entries), flags, head: start, tail: start, published: start };

    while !input.is_empty() {
        match input.below(8) {
            0..=2 => {
                let sqe = fake.ring().get_sqe();
                let slot = (!sqe.is_null()).then(|| fake.slot_of(sqe));
                assert_eq!(slot, model.get_sqe(), "get_sqe");
                if !sqe.is_null() {
                    // SAFETY: an entry of the fake ring.
                    unsafe { (*sqe).opcode = 0xa5 };
                }
            }
            3..=4 => {
                let sqe = fake.ring().get_sqe128();
                let slot = (!sqe.is_null()).then(|| fake.slot_of(sqe));
                let wanted = model.get_sqe128();
                assert_eq!(slot, wanted.map(|(slot, _)| slot), "get_sqe128");
                if let Some((slot, Some(filler))) = wanted {
                    assert_eq!(slot, 0, "an entry of two slots does not straddle the end");
                    // SAFETY: the filler is in front of the entry, at the other end of the array.
                    let filler = unsafe { *sqe.add(filler) };
                    assert_eq!(u32::from(filler.opcode), IORING_OP_NOP);
                    assert_eq!(u32::from(filler.flags), IOSQE_CQE_SKIP_SUCCESS);
                }
            }
            5 => {
                model.published = model.tail;
                assert_eq!(u64::from(fake.flush()), model.used(), "what is to be submitted");
            }
            // The kernel consumes some of what it can see.
            _ => {
                let nr = input.below((model.published - model.head) as u32 + 1);
                fake.consume(nr);
                model.head += u64::from(nr);
            }
        }
        assert_eq!(u64::from(fake.ring().sq_ready()), model.used(), "sq_ready");
        assert_eq!(u64::from(fake.ring().sq_space_left()), model.entries - model.used(), "sq_space_left");
        assert_eq!(fake.sq_tail(), model.published as u32, "what the kernel sees");
    }
}
