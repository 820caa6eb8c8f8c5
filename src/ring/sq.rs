//! Getting SQEs and publishing them.
//!
//! Between `get_sqe` and publication an SQE is the program's alone. The kernel learns of it through the tail.

use super::{full_fence, get, set, Ring, Word};
use crate::op;
use crate::uapi::*;

impl Ring {
    fn sq_khead(self) -> Word {
        let khead = get!(self, sq.khead);
        // SAFETY: a ring that was set up has its words mapped (crate contract).
        unsafe { Word::new(khead) }
    }

    fn sq_ktail(self) -> Word {
        let ktail = get!(self, sq.ktail);
        // SAFETY: as above.
        unsafe { Word::new(ktail) }
    }

    pub(super) fn sq_kflags(self) -> Word {
        let kflags = get!(self, sq.kflags);
        // SAFETY: as above.
        unsafe { Word::new(kflags) }
    }

    #[inline(always)]
    pub(crate) fn is_sqpoll(self) -> bool {
        get!(self, flags) & IORING_SETUP_SQPOLL != 0
    }

    /// Entries up to here have been consumed by the kernel.
    ///
    /// Acquire with SQPOLL: pairs with the release in the kernel's `io_commit_sqring`, so that an SQE is not filled again
    /// before the kernel's thread has read it. Without SQPOLL the kernel consumes inside this thread's system call.
    #[inline(always)]
    pub fn load_sq_head(self) -> c_uint {
        if self.is_sqpoll() {
            self.sq_khead().load_acquire()
        } else {
            self.sq_khead().load_relaxed()
        }
    }

    /// `io_uring_sq_ready`: entries handed out and not yet consumed by the kernel.
    pub fn sq_ready(self) -> c_uint {
        get!(self, sq.sqe_tail).wrapping_sub(self.load_sq_head())
    }

    /// `io_uring_sq_space_left`.
    pub fn sq_space_left(self) -> c_uint {
        get!(self, sq.ring_entries).wrapping_sub(self.sq_ready())
    }

    /// `io_uring_sqe_shift`: 1 where SQEs have 128 bytes.
    pub fn sqe_shift(self) -> c_uint {
        sqe_shift_from_flags(get!(self, flags))
    }

    pub(crate) fn sqe_at(self, index: c_uint) -> *mut io_uring_sqe {
        let slot = (index & get!(self, sq.ring_mask)) << self.sqe_shift();
        get!(self, sq.sqes).wrapping_add(slot as usize)
    }

    /// `io_uring_get_sqe`: the next free SQE with its optional members cleared, or null when the queue is full.
    #[inline]
    pub fn get_sqe(self) -> *mut io_uring_sqe {
        let tail = get!(self, sq.sqe_tail);
        if tail.wrapping_sub(self.load_sq_head()) >= get!(self, sq.ring_entries) {
            return core::ptr::null_mut();
        }
        let sqe = self.sqe_at(tail);
        set!(self, sq.sqe_tail = tail.wrapping_add(1));
        // SAFETY: `sqe_at` is inside the array, and the kernel is done with this entry.
        unsafe { op::initialize_sqe(sqe) };
        sqe
    }

    /// `io_uring_get_sqe128`: room for a 128-byte operation, or null when the ring has none or no room.
    ///
    /// On a mixed ring it takes two neighbouring slots. The last slot has no neighbour, so it is filled with a NOP
    /// that leaves no completion.
    pub fn get_sqe128(self) -> *mut io_uring_sqe {
        let flags = get!(self, flags);
        if flags & IORING_SETUP_SQE128 != 0 {
            return self.get_sqe();
        }
        if flags & IORING_SETUP_SQE_MIXED == 0 {
            return core::ptr::null_mut();
        }
        let mut tail = get!(self, sq.sqe_tail);
        let used = tail.wrapping_sub(self.load_sq_head());
        let mask = get!(self, sq.ring_mask);
        let at_end = tail & mask == mask;
        let wanted = if at_end { 3 } else { 2 };
        if used + wanted > get!(self, sq.ring_entries) {
            return core::ptr::null_mut();
        }
        if at_end {
            let filler = self.sqe_at(tail);
            // SAFETY: as in `get_sqe`.
            unsafe { op::initialize_sqe(filler) };
            // SAFETY: as above.
            unsafe { op::prep_nop(filler) };
            // SAFETY: as above.
            unsafe { op::sqe_set_flags(filler, IOSQE_CQE_SKIP_SUCCESS) };
            tail = tail.wrapping_add(1);
        }
        let sqe = self.sqe_at(tail);
        set!(self, sq.sqe_tail = tail.wrapping_add(2));
        // SAFETY: as above.
        unsafe { op::initialize_sqe(sqe) };
        sqe
    }

    /// The queue from the entry `index` on: indices and entries.
    pub(crate) fn queued_from(self, mut index: c_uint) -> impl Iterator<Item = (c_uint, *mut io_uring_sqe)> {
        core::iter::from_fn(move || self.next_queued(&mut index))
    }

    #[inline(never)]
    fn next_queued(self, index: &mut c_uint) -> Option<(c_uint, *mut io_uring_sqe)> {
        if *index == get!(self, sq.sqe_tail) {
            return None;
        }
        let (at, sqe) = (*index, self.sqe_at(*index));
        // SAFETY: between head and tail.
        let opcode = u32::from(unsafe { (*sqe).opcode });
        // The second half of a large entry is data.
        let large = get!(self, flags) & IORING_SETUP_SQE_MIXED != 0
            && matches!(opcode, IORING_OP_NOP128 | IORING_OP_URING_CMD128);
        *index = at.wrapping_add(1 + u32::from(large));
        Some((at, sqe))
    }

    /// Whether the next entry would belong to the chain of the one before it.
    pub(crate) fn chain_is_open(self) -> bool {
        let (head, tail) = (self.load_sq_head(), get!(self, sq.sqe_tail));
        // Where entries have two sizes, the last one is only found from the first on.
        let mixed = get!(self, flags) & IORING_SETUP_SQE_MIXED != 0;
        let first = if mixed || head == tail { head } else { tail.wrapping_sub(1) };
        // SAFETY: between head and tail. The kernel reads entries, it does not write them.
        self.queued_from(first).last().is_some_and(|(_, sqe)| unsafe { is_linked(&*sqe) })
    }

    /// Whether neither the kernel's thread consumes the queue nor each submit starts at SQE 0: the case to be fast in.
    #[inline(always)]
    pub(super) fn sq_is_plain(self) -> bool {
        get!(self, flags) & (IORING_SETUP_SQPOLL | IORING_SETUP_SQ_REWIND) == 0
    }

    /// Publishes what was handed out on a ring that [`sq_is_plain`](Self::sq_is_plain); returns how many entries the kernel has not
    /// consumed, those of an earlier short submit included.
    ///
    /// Relaxed: the kernel reads tail and SQEs in the system call of this thread that follows, and moves the head in it.
    #[inline(always)]
    pub(super) fn publish(self) -> c_uint {
        let tail = get!(self, sq.sqe_tail);
        if get!(self, sq.sqe_head) != tail {
            set!(self, sq.sqe_head = tail);
            self.sq_ktail().store_relaxed(tail);
        }
        tail.wrapping_sub(self.sq_khead().load_relaxed())
    }

    /// As [`publish`](Self::publish), on every ring.
    pub(crate) fn flush_sq(self) -> c_uint {
        let tail = get!(self, sq.sqe_tail);
        if get!(self, flags) & IORING_SETUP_SQ_REWIND != 0 {
            // There is no head and tail: each submit starts at SQE 0 again, and entries that a short submit left behind
            // are gone.
            set!(self, sq.sqe_tail = 0);
            return tail;
        }
        if self.is_sqpoll() {
            set!(self, sq.sqe_head = tail);
            // Release: pairs with the acquire of the tail in the kernel's `io_sqring_entries`: its thread, seeing the tail, sees the
            // SQEs.
            self.sq_ktail().store_release(tail);
        }
        // Relaxed also with SQPOLL: a stale head makes the count too large at worst, which only decides whether to look at
        // the wake-up flag.
        self.publish()
    }

    /// Whether `submit` published entries need a system call; adds the wake-up flag where the kernel's thread sleeps.
    ///
    /// The fence stands between our store of the tail and our load of the flags. The thread does it the other way
    /// round: it sets `IORING_SQ_NEED_WAKEUP`, has a full barrier in `io_sq_thread`, and loads the tail. One of the two sees the other;
    /// without the fence both could miss, and the entries would lie there until the next submit.
    #[inline(always)]
    pub(crate) fn sq_needs_enter(self, submit: c_uint, flags: &mut c_uint) -> bool {
        if submit == 0 {
            return false;
        }
        if !self.is_sqpoll() {
            return true;
        }
        full_fence();
        if self.sq_kflags().load_relaxed() & IORING_SQ_NEED_WAKEUP != 0 {
            *flags |= IORING_ENTER_SQ_WAKEUP;
            return true;
        }
        false
    }
}

/// `io_uring_sqe_shift_from_flags`: 1 where SQEs have 128 bytes.
pub fn sqe_shift_from_flags(flags: c_uint) -> c_uint {
    c_uint::from(flags & IORING_SETUP_SQE128 != 0)
}

/// Whether the entry behind this one belongs to its chain.
pub(crate) fn is_linked(sqe: &io_uring_sqe) -> bool {
    u32::from(sqe.flags) & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK) != 0
}
