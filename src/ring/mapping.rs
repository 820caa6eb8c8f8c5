//! Mapping a ring, unmapping it, and the pointers into it.

use super::memory::{cqe_size, sqe_size, RingMemory};
use super::types::{io_uring_cq, io_uring_sq};
use super::{get, int_flags, Ring, Word};
use crate::sys::{self, Part, EINVAL};
use crate::uapi::*;

/// Both halves of a ring, before they are put into the caller's structure or after they are taken out of it.
#[derive(Clone, Copy)]
pub(crate) struct Queues {
    pub(crate) sq: io_uring_sq,
    pub(crate) cq: io_uring_cq,
}

impl Queues {
    const EMPTY: Self = Self { sq: io_uring_sq::EMPTY, cq: io_uring_cq::EMPTY };

    /// Maps the ring `fd` as `p`, filled by the kernel, describes it. On an error nothing is mapped.
    pub(crate) fn map(fd: c_int, p: &io_uring_params) -> Result<Self, c_int> {
        let mut q = Self::EMPTY;
        q.sq.ring_sz = p.sq_off.array as usize + p.sq_entries as usize * size_of::<c_uint>();
        q.cq.ring_sz = p.cq_off.cqes as usize + p.cq_entries as usize * cqe_size(p.flags);
        let single = p.features & IORING_FEAT_SINGLE_MMAP != 0;
        if single {
            q.sq.ring_sz = q.sq.ring_sz.max(q.cq.ring_sz);
            q.cq.ring_sz = q.sq.ring_sz;
        }
        q.sq.ring_ptr = sys::map_ring(fd, Part::SqRing, q.sq.ring_sz)?;
        q.cq.ring_ptr = if single { q.sq.ring_ptr } else { q.or_unmap(sys::map_ring(fd, Part::CqRing, q.cq.ring_sz))? };
        let sqes_size = p.sq_entries as usize * sqe_size(p.flags);
        q.sq.sqes = q.or_unmap(sys::map_ring(fd, Part::Sqes, sqes_size))?.cast();
        q.sq.sqes_sz = sqes_size as c_uint;
        q.set_pointers(p);
        Ok(q)
    }

    /// The queues of a ring in `memory`.
    pub(crate) fn in_memory(memory: &RingMemory, p: &io_uring_params) -> Self {
        let mut q = Self::EMPTY;
        q.sq.sqes = memory.sqes.cast();
        q.sq.sqes_sz = memory.sqes_mapped as c_uint;
        q.sq.ring_ptr = memory.rings;
        q.sq.ring_sz = memory.rings_mapped;
        q.cq.ring_ptr = memory.rings;
        q.set_pointers(p);
        q
    }

    /// Unmaps everything that the members say is mapped. Rings in the program's memory have sizes of 0.
    pub(crate) fn unmap(&self) {
        if self.sq.sqes_sz != 0 {
            // SAFETY: mapped by `map` or `RingMemory::allocate`; the ring is being ended, or never came to be.
            unsafe { sys::unmap(self.sq.sqes.cast(), self.sq.sqes_sz as usize) };
        }
        if self.sq.ring_sz != 0 {
            // SAFETY: as above.
            unsafe { sys::unmap(self.sq.ring_ptr, self.sq.ring_sz) };
        }
        if !self.cq.ring_ptr.is_null() && self.cq.ring_sz != 0 && self.cq.ring_ptr != self.sq.ring_ptr {
            // SAFETY: as above.
            unsafe { sys::unmap(self.cq.ring_ptr, self.cq.ring_sz) };
        }
    }

    /// Passes a mapping through, or ends the ones made before it.
    fn or_unmap<T>(&self, mapping: Result<T, c_int>) -> Result<T, c_int> {
        if mapping.is_err() {
            // A half of the pair that is not mapped yet has a size but no address.
            let mut mapped = *self;
            if mapped.cq.ring_ptr.is_null() {
                mapped.cq.ring_sz = 0;
            }
            mapped.unmap();
        }
        mapping
    }

    #[inline(never)]
    fn set_pointers(&mut self, p: &io_uring_params) {
        let sq_word = |offset: c_uint| self.sq.ring_ptr.wrapping_byte_add(offset as usize).cast::<c_uint>();
        let cq_word = |offset: c_uint| self.cq.ring_ptr.wrapping_byte_add(offset as usize).cast::<c_uint>();
        self.sq.khead = sq_word(p.sq_off.head);
        self.sq.ktail = sq_word(p.sq_off.tail);
        self.sq.kring_mask = sq_word(p.sq_off.ring_mask);
        self.sq.kring_entries = sq_word(p.sq_off.ring_entries);
        self.sq.kflags = sq_word(p.sq_off.flags);
        self.sq.kdropped = sq_word(p.sq_off.dropped);
        if p.flags & IORING_SETUP_NO_SQARRAY == 0 {
            self.sq.array = sq_word(p.sq_off.array);
        }
        self.cq.khead = cq_word(p.cq_off.head);
        self.cq.ktail = cq_word(p.cq_off.tail);
        self.cq.kring_mask = cq_word(p.cq_off.ring_mask);
        self.cq.kring_entries = cq_word(p.cq_off.ring_entries);
        self.cq.koverflow = cq_word(p.cq_off.overflow);
        self.cq.cqes = cq_word(p.cq_off.cqes).cast();
        // Kernels before 5.8 have no CQ flags: offset 0 is the SQ head, not a flags word.
        if p.cq_off.flags != 0 {
            self.cq.kflags = cq_word(p.cq_off.flags);
        }
        let read = |word: *mut c_uint| {
            // SAFETY: the rings are mapped (or the program's memory, which the kernel has just written), and the offset is the
            // kernel's.
            unsafe { Word::new(word) }.load_relaxed()
        };
        self.sq.ring_mask = read(self.sq.kring_mask);
        self.sq.ring_entries = read(self.sq.kring_entries);
        self.cq.ring_mask = read(self.cq.kring_mask);
        self.cq.ring_entries = read(self.cq.kring_entries);
    }

    /// Makes slot `i` of the kernel's index array name SQE `i`, which then holds for the ring's life: submission only
    /// moves the tail.
    pub(crate) fn fill_array(&self) {
        if self.sq.array.is_null() {
            return;
        }
        for index in 0..self.sq.ring_entries {
            // SAFETY: the array has `ring_entries` slots and nothing has been submitted through it yet.
            unsafe { self.sq.array.add(index as usize).write(index) };
        }
    }
}

impl Ring {
    /// The queues as the structure has them now.
    pub(crate) fn queues(self) -> Queues {
        Queues { sq: get!(self, sq), cq: get!(self, cq) }
    }

    /// `io_uring_ring_dontfork`: a child of `fork(2)` does not get the ring's mappings.
    pub fn dontfork(self) -> c_int {
        let Queues { sq, cq } = self.queues();
        if sq.sqes.is_null() || sq.ring_ptr.is_null() || cq.ring_ptr.is_null() {
            return -EINVAL;
        }
        let sqes_size = sq.ring_entries as usize * sqe_size(get!(self, flags));
        let ret = dontfork(sq.sqes.cast(), sqes_size);
        if ret < 0 {
            return ret;
        }
        let ret = dontfork(sq.ring_ptr, sq.ring_sz);
        if ret < 0 || cq.ring_ptr == sq.ring_ptr {
            return ret;
        }
        dontfork(cq.ring_ptr, cq.ring_sz)
    }

    /// Ends the mappings of a ring; memory of the program stays.
    pub(crate) fn unmap(self) {
        if get!(self, int_flags) & int_flags::APP_MEM == 0 {
            self.queues().unmap();
        }
    }
}

fn dontfork(addr: *mut c_void, len: usize) -> c_int {
    // SAFETY: the advice changes what a future child sees, nothing in this process.
    unsafe { sys::advise(addr, len, libc::MADV_DONTFORK) }
}
