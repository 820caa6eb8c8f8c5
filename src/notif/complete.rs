//! The reaping side: what the kernel posted becomes what the program is to see.
//!
//! The program has a CQ of its own, the view, in the same structure and of the same size as the kernel's: `cq.khead`, `cq.ktail` and
//! `cq.cqes` of a ring with slots point there. Whenever the program looks for completions, the library takes what the kernel
//! has posted, and puts what the program is to see into the view; a notifier that has completed takes the place of a CQE that the
//! program is not to see, or the kernel is asked for one; where it cannot post any (before Linux 5.18, or without the descriptors and the memory for a second ring), the notifier
//! goes into the view by itself. So what the program has been shown stays where it is, and what it is not
//! shown takes no room.
//!
//! While something is in the view, one CQE at least stays in the kernel's CQ, which has been dealt with: the ring's descriptor is readable while
//! there is something to reap, as on any ring.

use super::op::{self, index_of, Kind, Op, TOKEN};
use super::pool::NONE;
use super::post::Poster;
use super::slots::{Completed, Flush, Slots};
use super::{Notif, State, WAKE};
use crate::ring::types::{io_uring, io_uring_cq};
use crate::ring::{get, set, Ring, Word};
use crate::sys;
use crate::uapi::*;
use libc::ECANCELED;

/// The words of the view, and the memory that its CQEs follow in.
#[repr(C, align(64))]
struct View {
    /// Written by the program. Both words are used on the thread that reaps only.
    head: u32,
    tail: u32,
}

/// Where the kernel's CQ is.
struct KernelCq {
    head: Word,
    tail: Word,
    cqes: *mut io_uring_cqe,
    mask: u32,
    entries: u32,
}

/// What belongs to the reaping side of a ring with slots.
pub(super) struct Reaper {
    /// The kernel's CQ.
    kernel: KernelCq,
    /// CQEs before this one have been dealt with.
    processed: u32,
    /// The end of the CQEs from before the registration, which the program may have been shown in the kernel's CQ. They stay there until
    /// it has consumed them, as long as `shown_there`. Both CQs count alike so far.
    before: u32,
    shown_there: bool,
    view: *mut View,
    view_size: usize,
    /// CQEs that the kernel was asked for and that have not arrived.
    tokens: u32,
    pub(super) slots: Slots,
    pub(super) poster: Poster,
}

/// What becomes of a CQE.
#[derive(PartialEq, Eq)]
enum Fate {
    Shown,
    Hidden,
}
use Fate::{Hidden, Shown};

impl Reaper {
    /// Acquire: as in `Ring::load_kernel_cq_tail`.
    fn kernel_tail(&self) -> u32 {
        self.kernel.tail.load_acquire()
    }

    /// CQEs in the kernel's CQ, as it counts them: those that were dealt with, and all.
    pub(super) fn kernel_counts(&self) -> (u32, u32) {
        let head = self.kernel.head.load_relaxed();
        (self.processed.wrapping_sub(head), self.kernel_tail().wrapping_sub(head))
    }

    /// Gives the ring a view in place of the kernel's CQ, which it has now: 0 or -ENOMEM.
    ///
    /// What is in the view that it had, as the CQ `old`, moves to the new one; at first there is none.
    pub(super) fn set_view(&mut self, ring: Ring, old: &io_uring_cq) -> Result<(), c_int> {
        let kernel = get!(ring, cq);
        let size = size_of::<View>() + ((kernel.ring_entries as usize * size_of::<io_uring_cqe>()) << ring.cqe_shift());
        let view: *mut View = sys::map_anonymous(size, libc::MAP_PRIVATE)?.cast();
        // SAFETY: the kernel's ring is mapped as long as there is a state, or until the next call.
        let (khead, ktail) = unsafe { (Word::new(kernel.khead), Word::new(kernel.ktail)) };
        self.kernel = KernelCq {
            head: khead,
            tail: ktail,
            cqes: kernel.cqes,
            mask: kernel.ring_mask,
            entries: kernel.ring_entries,
        };
        let (mut head, mut tail) = (ring.cq_head(), ring.cq_head());
        if self.view.is_null() {
            self.processed = head;
            self.before = self.kernel_tail();
            self.shown_there = true;
        } else {
            // SAFETY: the old view.
            (head, tail) = unsafe { ((*self.view).head, (*self.view).tail) };
        }
        // SAFETY: fresh memory of that size.
        let (khead, ktail, cqes) = unsafe {
            view.write(View { head, tail });
            (&raw mut (*view).head, &raw mut (*view).tail, view.add(1).cast())
        };
        set!(ring, cq.khead = khead);
        set!(ring, cq.ktail = ktail);
        set!(ring, cq.cqes = cqes);
        while head != tail {
            let from = old.cqes.wrapping_add(((head & old.ring_mask) << ring.cqe_shift()) as usize);
            // SAFETY: between head and tail of the old view; the new one has room, as the caller of `resize` sees to.
            unsafe { ring.cqe_at(head).copy_from_nonoverlapping(from, 1 << ring.cqe_shift()) };
            head = head.wrapping_add(1);
        }
        self.free_view();
        (self.view, self.view_size) = (view, size);
        Ok(())
    }

    /// Gives the memory of the view back.
    pub(super) fn free_view(&mut self) {
        if !self.view.is_null() {
            // SAFETY: mapped by `set_view`; the ring has another view, or is being ended.
            unsafe { sys::unmap(self.view.cast(), self.view_size) };
        }
    }

    /// Looks at everything that the kernel has posted. Returns the tail of the view.
    fn run(&mut self, ring: Ring, state: &State) -> u32 {
        // SAFETY: the view lives as long as the state.
        let (head, mut visible) = unsafe { ((*self.view).head, (*self.view).tail) };
        loop {
            let tail = self.kernel_tail();
            // After the tail: what a CQE before it is about was put into the mailbox before it was submitted.
            self.take_submitted(state);
            let end = head.wrapping_add(self.kernel.entries);
            while self.processed != tail && visible != end {
                visible = self.step(ring, state, visible);
            }
            // SAFETY: as above.
            unsafe { (*self.view).tail = visible };
            self.free_processed(head, visible);
            if self.slots.owed <= self.tokens || visible == end {
                return visible;
            }
            if self.poster.post(state.fd, TOKEN) == 0 {
                self.tokens += 1;
                continue;
            }
            // Nobody else is woken, but whoever is looking now sees it.
            if let Some(completed) = self.slots.take_owed(&state.nodes) {
                put_notifier(ring, visible, &completed);
                visible = visible.wrapping_add(1);
            }
        }
    }

    /// Gives CQEs that have been dealt with back to the kernel. The view goes from `head` to `visible`.
    fn free_processed(&mut self, head: u32, visible: u32) {
        self.shown_there = self.shown_there && (head.wrapping_sub(self.before) as i32) < 0;
        let kernel_head = if self.shown_there { head } else { self.processed.wrapping_sub(u32::from(head != visible)) };
        // Release: pairs with the kernel's acquire of the head, as in `Ring::cq_advance`.
        self.kernel.head.store_release(kernel_head);
    }

    /// Looks at one CQE. Returns the new tail of the view.
    fn step(&mut self, ring: Ring, state: &State, visible: u32) -> u32 {
        let size = 1 << ring.cqe_shift();
        let place = (self.processed & self.kernel.mask) << ring.cqe_shift();
        let to = ring.cqe_at(visible);
        self.processed = self.processed.wrapping_add(1);
        // SAFETY: `place` is between head and tail, so the kernel has written it and will not again; the view has room.
        let cqe = unsafe {
            to.copy_from_nonoverlapping(self.kernel.cqes.add(place as usize), size);
            &mut *to
        };
        if self.translate(state, cqe) == Hidden {
            let Some(completed) = self.slots.take_owed(&state.nodes) else { return visible };
            put_notifier(ring, visible, &completed);
        }
        visible.wrapping_add(1)
    }

    /// Learns of what was submitted, in that order.
    pub(super) fn take_submitted(&mut self, state: &State) {
        if state.submitted.is_empty() {
            return;
        }
        // SAFETY: the mailbox of this state, whose entries are ops.
        let mut index = unsafe { state.submitted.take_in_order(&state.ops) };
        while index != NONE {
            // SAFETY: what was taken from the mailbox is this side's.
            let op = unsafe { &mut *state.ops.at(index) };
            let next = op.next;
            match op.kind {
                Kind::Send => {
                    let flush = (op.flags & op::FLUSH != 0).then_some(index);
                    let copy_tag = (op.flags & op::COPY_TAG != 0).then_some(op.user_data);
                    op.node = self.slots.send(&state.nodes, op.slot, flush, copy_tag);
                }
                Kind::Update => self.slots.flush(&state.nodes, op.slot, op.nr, Flush::By(index), op.tag),
                Kind::Register => {
                    self.slots.register(op.tag as usize as *mut _);
                    state.give_back(index);
                }
                Kind::Unregister => {
                    self.slots.unregister(&state.nodes);
                    state.give_back(index);
                }
                Kind::Refused | Kind::Ordinary | Kind::Cancel | Kind::Free => (),
            }
            index = next;
        }
        state.returned().store_relaxed(self.slots.returned);
    }

    /// Makes of a CQE what the program is to see of it.
    fn translate(&mut self, state: &State, cqe: &mut io_uring_cqe) -> Fate {
        if cqe.user_data >= WAKE && cqe.user_data <= TOKEN {
            self.tokens -= u32::from(cqe.user_data == TOKEN);
            return Hidden;
        }
        let Some(index) = index_of(cqe.user_data) else { return Shown };
        let Some(op) = find(state, index, cqe.user_data) else {
            // The notification of a send that was cancelled with its chain, before it was issued: its result came without
            // IORING_CQE_F_MORE (6.18), so it was done.
            return Hidden;
        };
        let (more, is_notif) = (cqe.flags & IORING_CQE_F_MORE != 0, cqe.flags & IORING_CQE_F_NOTIF != 0);
        let skip = op.flags & op::SKIP != 0;
        let mut ok = cqe.res >= 0;
        let mut done = true;
        if op.kind == Kind::Send {
            if !is_notif {
                ok = ok && cqe.res >= op.res;
                op.set_cancellable(false);
                if op.flags & op::FLUSH != 0 {
                    self.slots.sent(&state.nodes, op.node, ok);
                }
            }
            op.progress |= if is_notif { op::GOT_NOTIF } else { op::GOT_RESULT };
            done = !is_notif && !more || op.progress == op::GOT_RESULT | op::GOT_NOTIF;
            if done {
                self.slots.release(&state.nodes, op.node);
            }
        } else if op.kind == Kind::Update {
            self.slots.updated(&state.nodes, index, op.slot, op.nr, ok);
        } else if op.kind == Kind::Ordinary {
            ok = cqe.res >= op.res;
            done = !more;
            op.set_cancellable(more);
        } else if op.kind == Kind::Cancel {
            cqe.res = if ok { cqe.res + op.res } else { cqe.res };
        } else if cqe.res != -ECANCELED {
            // Behind a failed request of its chain a refused one is cancelled like any other.
            cqe.res = op.res;
        }
        let muted = op.flags & op::MUTED != 0 && cqe.res == -ECANCELED;
        if !ok && !is_notif && op.flags & (op::HARD | op::BROKEN) == 0 {
            let mut behind = op.chain;
            while behind != NONE {
                // SAFETY: it completes after this one, so it is this side's.
                let op = unsafe { &mut *state.ops.at(behind) };
                op.flags |= if skip { op::BROKEN | op::MUTED } else { op::BROKEN };
                behind = op.chain;
            }
        }
        cqe.user_data = op.user_data;
        if op.kind == Kind::Send {
            cqe.flags &= !IORING_CQE_F_MORE;
        }
        if done {
            op.kind = Kind::Free;
            state.give_back(index);
        }
        state.returned().store_relaxed(self.slots.returned);
        if is_notif || skip && ok || muted {
            Hidden
        } else {
            Shown
        }
    }
}

/// Puts the CQE of a notifier into the view.
fn put_notifier(ring: Ring, at: u32, completed: &Completed) {
    let cqe = ring.cqe_at(at);
    // SAFETY: a place of the view where nothing is yet.
    unsafe {
        cqe.write_bytes(0, 1 << ring.cqe_shift());
        (*cqe).user_data = completed.tag;
        (*cqe).flags = completed.generation;
    }
}

/// The op `index`, if it has the handle `user_data`.
#[allow(
    clippy::mut_from_ref,
    reason = "the pool hands out memory; the op is this side's while its handle is the kernel's"
)]
fn find(state: &State, index: u32, user_data: __u64) -> Option<&mut Op> {
    let op = state.ops.at(index);
    if op.is_null() {
        return None;
    }
    // SAFETY: an op whose handle the kernel has is this side's; what a program made up is told by the test.
    let op = unsafe { &mut *op };
    (op.kind != Kind::Free && op.handle(index) == user_data).then_some(op)
}

/// What stands in for the tail of the CQ on a ring with slots.
#[cold]
#[inline(never)]
pub(crate) fn cq_tail(ring: Ring) -> u32 {
    let notif = Notif::of(ring);
    notif.reaper().run(ring, notif.state())
}

/// [`cq_tail`] for the inlines of the C header.
pub(super) unsafe extern "C" fn cq_tail_for_c(ring: *const io_uring) -> c_uint {
    // SAFETY: the crate's contract holds for the ring.
    cq_tail(unsafe { Ring::from_raw(ring.cast_mut()) })
}
