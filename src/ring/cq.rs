//! Reading CQEs and consuming them.

use super::types::io_uring_cqe_iter;
use super::{get, int_flags, Ring, Word};
use crate::notif;
use crate::sys::EOPNOTSUPP;
use crate::uapi::*;
use core::ptr::null_mut;

/// `user_data` of the timeout that the library itself queues on kernels without `IORING_FEAT_EXT_ARG`.
pub const LIBURING_UDATA_TIMEOUT: __u64 = !0;

/// What lies at the head of the CQ.
pub(crate) struct Peek {
    /// The first CQE for the program, or null.
    pub(crate) cqe: *mut io_uring_cqe,
    /// Slots between head and tail.
    pub(crate) available: c_uint,
    /// Negative result of the library's own timeout, else 0.
    pub(crate) error: c_int,
    /// Whether CQEs that are not for the program were consumed on the way.
    pub(crate) consumed: bool,
}

impl Ring {
    fn cq_khead(self) -> Word {
        let khead = get!(self, cq.khead);
        // SAFETY: a ring that was set up has its words mapped (crate contract).
        unsafe { Word::new(khead) }
    }

    fn cq_ktail(self) -> Word {
        let ktail = get!(self, cq.ktail);
        // SAFETY: as above.
        unsafe { Word::new(ktail) }
    }

    /// The CQ flags word, which kernels before 5.8 do not have.
    fn cq_kflags(self) -> Option<Word> {
        let kflags = get!(self, cq.kflags);
        // SAFETY: as above.
        (!kflags.is_null()).then(|| unsafe { Word::new(kflags) })
    }

    /// One past the last CQE of the kernel. Acquire: pairs with the release of the tail in the kernel's `io_commit_cqring`, after which
    /// the CQEs before it are there.
    #[inline(always)]
    pub(crate) fn load_kernel_cq_tail(self) -> c_uint {
        self.cq_ktail().load_acquire()
    }

    /// One past the last CQE that the program is to see.
    ///
    /// On rings with notification slots it may move the head, too, so the head is loaded afterwards.
    #[inline(always)]
    fn load_cq_tail(self) -> c_uint {
        if self.has_notif() {
            return notif::cq_tail(self);
        }
        self.load_kernel_cq_tail()
    }

    /// Whether the ring has, or had, notification slots.
    #[inline(always)]
    pub(crate) fn has_notif(self) -> bool {
        get!(self, int_flags) & int_flags::NOTIF != 0
    }

    /// The first CQE that has not been consumed. Only this side writes the word.
    pub(crate) fn cq_head(self) -> c_uint {
        self.cq_khead().load_relaxed()
    }

    /// `io_uring_cqe_shift`: 1 where every CQE has 32 bytes.
    #[inline(always)]
    pub fn cqe_shift(self) -> c_uint {
        cqe_shift_from_flags(get!(self, flags))
    }

    #[inline(always)]
    pub(crate) fn cqe_at(self, index: c_uint) -> *mut io_uring_cqe {
        let slot = (index & get!(self, cq.ring_mask)) << self.cqe_shift();
        get!(self, cq.cqes).wrapping_add(slot as usize)
    }

    /// `io_uring_cq_ready`: slots that hold unconsumed CQEs.
    #[inline(always)]
    pub fn cq_ready(self) -> c_uint {
        self.load_cq_tail().wrapping_sub(self.cq_khead().load_relaxed())
    }

    /// `io_uring_cq_has_overflow`.
    pub fn cq_has_overflow(self) -> bool {
        self.sq_kflags().load_relaxed() & IORING_SQ_CQ_OVERFLOW != 0
    }

    /// `io_uring_cq_advance`: gives `nr` slots back.
    ///
    /// Release: pairs with the kernel's acquire of the head when it looks for room (`io_cqring_queued`), so that a slot is not
    /// overwritten before the program has read it.
    #[inline(always)]
    pub fn cq_advance(self, nr: c_uint) {
        if nr != 0 {
            let head = self.cq_khead();
            head.store_release(head.load_relaxed().wrapping_add(nr));
        }
    }

    /// `io_uring_cqe_seen`, of a CQE with these `flags`.
    ///
    /// It goes by the ring: elsewhere bit 15 may be a part of a notifier's generation.
    pub fn cqe_seen(self, flags: __u32) {
        self.cq_advance(if get!(self, flags) & IORING_SETUP_CQE_MIXED != 0 { cqe_slots(flags) } else { 1 });
    }

    /// `__io_uring_peek_cqe`: looks at the head without entering the kernel.
    #[inline(always)]
    pub(crate) fn peek(self) -> Peek {
        if self.has_notif() {
            return self.peek_view();
        }
        self.peek_kernel()
    }

    /// [`peek`](Self::peek) on a ring without notification slots.
    #[inline(always)]
    pub(super) fn peek_kernel(self) -> Peek {
        self.peek_at::<false>()
    }

    /// [`peek`](Self::peek) on a ring with notification slots.
    #[cold]
    #[inline(never)]
    pub(crate) fn peek_view(self) -> Peek {
        self.peek_at::<true>()
    }

    #[inline(always)]
    fn peek_at<const NOTIF: bool>(self) -> Peek {
        let mut peek = Peek { cqe: null_mut(), available: 0, error: 0, consumed: false };
        loop {
            let tail = if NOTIF { notif::cq_tail(self) } else { self.load_kernel_cq_tail() };
            let head = self.cq_khead().load_relaxed();
            peek.available = tail.wrapping_sub(head);
            if peek.available == 0 {
                peek.cqe = null_mut();
                return peek;
            }
            peek.cqe = self.cqe_at(head);
            let cqe = peek.cqe;
            // SAFETY: it lies between head and tail, so the kernel has written it and will not again.
            let (flags, user_data) = unsafe { ((*cqe).flags, (*cqe).user_data) };
            let own_timeout = user_data == LIBURING_UDATA_TIMEOUT && get!(self, features) & IORING_FEAT_EXT_ARG == 0;
            // The flags of a notifier are a number.
            if (flags & IORING_CQE_F_SKIP == 0 || NOTIF) && !own_timeout {
                return peek;
            }
            if own_timeout {
                // SAFETY: as above.
                peek.error = unsafe { (*cqe).res }.min(0);
            }
            self.cq_advance(cqe_slots(flags));
            peek.consumed = true;
            if peek.error < 0 {
                peek.cqe = null_mut();
                return peek;
            }
        }
    }

    /// Fills `cqes` with the first CQEs, `count` at most, without consuming them; returns how many. 0 also where that takes
    /// more than one run through the ring, and on rings that need a look at each: ask [`peek_batch_once`](Self::peek_batch_once) then.
    ///
    /// # Safety
    ///
    /// `cqes` has room for `count` pointers.
    #[inline(always)]
    pub(super) unsafe fn peek_batch_run(self, cqes: *mut *mut io_uring_cqe, count: c_uint) -> c_uint {
        if get!(self, flags) & IORING_SETUP_CQE_MIXED != 0 || self.has_notif() {
            return 0;
        }
        let head = self.cq_khead().load_relaxed();
        let nr = self.load_kernel_cq_tail().wrapping_sub(head).min(count);
        if (head & get!(self, cq.ring_mask)) + nr > get!(self, cq.ring_entries) {
            return 0;
        }
        let mut cqe = self.cqe_at(head);
        let stride = 1 << self.cqe_shift();
        for i in 0..nr as usize {
            // SAFETY: `nr` is at most `count`.
            unsafe { cqes.add(i).write(cqe) };
            cqe = cqe.wrapping_add(stride);
        }
        nr
    }

    /// As [`peek_batch_run`](Self::peek_batch_run), wherever the CQEs lie.
    ///
    /// On a mixed ring the kernel's fillers are consumed when they are at the head, and end the batch anywhere else,
    /// because consuming goes by slots from the head.
    ///
    /// # Safety
    ///
    /// `cqes` has room for `count` pointers.
    pub(super) unsafe fn peek_batch_once(self, cqes: *mut *mut io_uring_cqe, count: c_uint) -> c_uint {
        if get!(self, flags) & IORING_SETUP_CQE_MIXED != 0 {
            // SAFETY: the caller's promise.
            return unsafe { self.peek_batch_mixed(cqes, count) };
        }
        let tail = self.load_cq_tail();
        let head = self.cq_khead().load_relaxed();
        let nr = tail.wrapping_sub(head).min(count);
        for i in 0..nr {
            // SAFETY: `nr` is at most `count`.
            unsafe { cqes.add(i as usize).write(self.cqe_at(head.wrapping_add(i))) };
        }
        nr
    }

    /// # Safety
    ///
    /// As for [`peek_batch_once`](Self::peek_batch_once).
    unsafe fn peek_batch_mixed(self, cqes: *mut *mut io_uring_cqe, count: c_uint) -> c_uint {
        let tail = self.load_cq_tail();
        let mut head = self.cq_khead().load_relaxed();
        let mut nr = 0;
        while head != tail && nr < count {
            let cqe = self.cqe_at(head);
            // SAFETY: between head and tail.
            let flags = unsafe { (*cqe).flags };
            let slots = cqe_slots(flags);
            head = head.wrapping_add(slots);
            if flags & IORING_CQE_F_SKIP == 0 {
                // SAFETY: `nr` is below `count`.
                unsafe { cqes.add(nr as usize).write(cqe) };
                nr += 1;
            } else if nr == 0 {
                self.cq_advance(slots);
            } else {
                break;
            }
        }
        nr
    }

    /// `io_uring_cqe_iter_init`.
    pub fn cqe_iter(self) -> io_uring_cqe_iter {
        let tail = self.load_cq_tail();
        io_uring_cqe_iter {
            cqes: get!(self, cq.cqes),
            mask: get!(self, cq.ring_mask),
            shift: self.cqe_shift() | if self.has_notif() { ITER_FLAGS_ARE_NUMBERS } else { 0 },
            head: self.cq_khead().load_relaxed(),
            tail,
        }
    }

    /// `io_uring_cq_eventfd_enabled`.
    pub fn cq_eventfd_enabled(self) -> bool {
        self.cq_kflags().is_none_or(|flags| flags.load_relaxed() & IORING_CQ_EVENTFD_DISABLED == 0)
    }

    /// `io_uring_cq_eventfd_toggle`. The word is the program's to write and a hint to the kernel, so relaxed is enough.
    pub fn cq_eventfd_toggle(self, enabled: bool) -> c_int {
        if self.cq_eventfd_enabled() == enabled {
            return 0;
        }
        let Some(word) = self.cq_kflags() else { return -EOPNOTSUPP };
        let flags = word.load_relaxed();
        word.store_relaxed(if enabled {
            flags & !IORING_CQ_EVENTFD_DISABLED
        } else {
            flags | IORING_CQ_EVENTFD_DISABLED
        });
        0
    }

    /// Whether an empty CQ is worth a system call when peeking: what the inline of the C header tests.
    pub(crate) fn peek_needs_enter(self) -> bool {
        get!(self, flags) & IORING_SETUP_IOPOLL != 0 || self.cq_needs_flush()
    }
}

/// `io_uring_cqe_shift_from_flags`.
#[inline(always)]
pub fn cqe_shift_from_flags(flags: c_uint) -> c_uint {
    c_uint::from(flags & IORING_SETUP_CQE32 != 0)
}

/// `io_uring_cqe_nr`: slots that a CQE with `flags` takes.
#[inline(always)]
pub fn cqe_slots(flags: __u32) -> c_uint {
    1 + c_uint::from(flags & IORING_CQE_F_32 != 0)
}

/// In `shift` of an iterator: the flags of CQEs may be generations of notifiers, where bit 15 does not mean
/// `IORING_CQE_F_32`. A shift by the member takes its lowest five bits, which costs nothing on the processors that do so anyway.
pub(crate) const ITER_FLAGS_ARE_NUMBERS: c_uint = 32;

/// `io_uring_cqe_iter_next`: the next CQE, or null at the end.
///
/// # Safety
///
/// `iter` was made by [`Ring::cqe_iter`], and nothing it covers has been consumed.
pub unsafe fn cqe_iter_next(iter: &mut io_uring_cqe_iter) -> *mut io_uring_cqe {
    if iter.head == iter.tail {
        return null_mut();
    }
    let slot = (iter.head & iter.mask).wrapping_shl(iter.shift);
    let cqe = iter.cqes.wrapping_add(slot as usize);
    // SAFETY: before the tail that was sampled.
    let flags = unsafe { (*cqe).flags };
    let slots = if iter.shift & ITER_FLAGS_ARE_NUMBERS != 0 { 1 } else { cqe_slots(flags) };
    iter.head = iter.head.wrapping_add(slots);
    cqe
}
