//! A ring in plain memory, where tests and fuzzing play the kernel.

use super::types::{io_uring, io_uring_cq, io_uring_sq};
use super::Ring;
use crate::uapi::*;

/// A ring in memory of the test. Heads and tails may start anywhere.
pub(crate) struct FakeRing {
    ring: Box<io_uring>,
    words: Box<Words>,
    sqes: Vec<io_uring_sqe>,
    cqes: Vec<io_uring_cqe>,
}

#[derive(Default)]
struct Words {
    sq_head: u32,
    sq_tail: u32,
    sq_flags: u32,
    cq_head: u32,
    cq_tail: u32,
    cq_flags: u32,
}

impl FakeRing {
    /// A ring of `entries` SQEs and twice as many CQEs whose indices start at `start`.
    pub(crate) fn new(entries: u32, flags: u32, start: u32) -> Self {
        let sqe_slots = entries << super::sqe_shift_from_flags(flags);
        let cqe_slots = (2 * entries) << super::wait::cqe_shift_from_flags(flags);
        let poison = io_uring_sqe { opcode: 0xa5, user_data: 0xa5a5, addr3: 7, ..io_uring_sqe::EMPTY };
        let mut fake = Self {
            ring: Box::new(io_uring::EMPTY),
            words: Box::new(Words {
                sq_head: start,
                sq_tail: start,
                cq_head: start,
                cq_tail: start,
                ..Words::default()
            }),
            sqes: vec![poison; sqe_slots as usize],
            cqes: vec![io_uring_cqe { user_data: 0, res: 0, flags: 0 }; cqe_slots as usize],
        };
        let words = &mut *fake.words;
        fake.ring.sq = io_uring_sq {
            khead: &mut words.sq_head,
            ktail: &mut words.sq_tail,
            kflags: &mut words.sq_flags,
            sqes: fake.sqes.as_mut_ptr(),
            sqe_head: start,
            sqe_tail: start,
            ring_mask: entries - 1,
            ring_entries: entries,
            ..io_uring_sq::EMPTY
        };
        fake.ring.cq = io_uring_cq {
            khead: &mut words.cq_head,
            ktail: &mut words.cq_tail,
            kflags: &mut words.cq_flags,
            cqes: fake.cqes.as_mut_ptr(),
            ring_mask: 2 * entries - 1,
            ring_entries: 2 * entries,
            ..io_uring_cq::EMPTY
        };
        fake.ring.flags = flags;
        fake.ring.features = IORING_FEAT_EXT_ARG;
        fake.ring.ring_fd = -1;
        fake.ring.enter_ring_fd = -1;
        fake
    }

    pub(crate) fn ring(&mut self) -> Ring {
        // SAFETY: the boxes live as long as `self`, and no test uses the handle afterwards.
        unsafe { Ring::from_raw(&mut *self.ring) }
    }

    /// Publishes what was handed out; returns what is to be submitted.
    pub(crate) fn flush(&mut self) -> u32 {
        self.ring().flush_sq()
    }

    /// The kernel consumes `nr` published SQEs.
    pub(crate) fn consume(&mut self, nr: u32) {
        let head = self.read(|words| &words.sq_head).wrapping_add(nr);
        self.write(|words| &mut words.sq_head, head);
    }

    /// The kernel posts a CQE.
    pub(crate) fn post(&mut self, user_data: u64, res: i32, flags: u32) {
        let tail = self.read(|words| &words.cq_tail);
        let shift = super::wait::cqe_shift_from_flags(self.ring.flags);
        let slot = (tail & self.ring.cq.ring_mask) << shift;
        let cqe = self.ring.cq.cqes.wrapping_add(slot as usize);
        // SAFETY: inside `cqes`.
        unsafe { cqe.write(io_uring_cqe { user_data, res, flags }) };
        self.write(|words| &mut words.cq_tail, tail.wrapping_add(super::wait::cqe_slots(flags)));
    }

    pub(crate) fn sq_tail(&self) -> u32 {
        self.read(|words| &words.sq_tail)
    }

    pub(crate) fn cq_head(&self) -> u32 {
        self.read(|words| &words.cq_head)
    }

    #[cfg(test)]
    pub(crate) fn cq_flags(&self) -> u32 {
        self.read(|words| &words.cq_flags)
    }

    #[cfg(test)]
    pub(crate) fn set_sq_flags(&mut self, flags: u32) {
        self.write(|words| &mut words.sq_flags, flags);
    }

    pub(crate) fn struct_mut(&mut self) -> &mut io_uring {
        &mut self.ring
    }

    pub(crate) fn slot_of(&self, sqe: *const io_uring_sqe) -> usize {
        (sqe as usize - self.ring.sq.sqes as usize) / size_of::<io_uring_sqe>()
    }

    fn read(&self, word: impl Fn(&Words) -> &u32) -> u32 {
        let place: *const u32 = word(&self.words);
        // SAFETY: lives in `self`; the ring's handle wrote it through a pointer.
        unsafe { place.read_volatile() }
    }

    fn write(&mut self, word: impl Fn(&mut Words) -> &mut u32, value: u32) {
        let place: *mut u32 = word(&mut self.words);
        // SAFETY: as above.
        unsafe { place.write_volatile(value) };
    }
}
