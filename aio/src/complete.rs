//! From a result to an event.
//!
//! The order: the result is in the slot's word; what has to be done before the completion is done by the worker; the event is in the queue; the
//! eventfd counts it; waiters are woken. Syncing is the kernel's part of the request, before its result.

use crate::context::Context;
use crate::held;
use crate::table::Slot;
use crate::word::{Finish, State};
use crate::{futex, thread};
use libc::c_int;
use oxiring::uapi::*;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

/// Events on their way to the queue of one context, and how many requests of one thread they end: neither the queue nor the thread's count is
/// touched for each of several. What a batch holds is done, and nobody has been told.
#[derive(Default)]
pub(crate) struct Batch {
    context: Option<&'static Context>,
    done: [u32; 32],
    nr: usize,
    thread: Option<NonNull<()>>,
    issued: u32,
}

impl Batch {
    fn put(&mut self, context: &'static Context, index: u32) {
        if self.context.is_some_and(|batched| !std::ptr::eq(batched, context)) || self.nr == self.done.len() {
            self.flush();
        }
        self.context = Some(context);
        self.done[self.nr] = index;
        self.nr += 1;
    }

    fn count(&mut self, thread: Option<NonNull<()>>) {
        if self.thread != thread {
            self.flush();
        }
        self.thread = thread;
        self.issued += 1;
    }

    /// Before anybody is told, and before the caller sleeps.
    pub(crate) fn flush(&mut self) {
        if let Some(context) = self.context.take() {
            context.push(&self.done[..self.nr]);
            self.nr = 0;
        }
        if let Some(thread) = self.thread.take() {
            // SAFETY: counted when they were issued.
            unsafe { thread::done(thread, self.issued) };
        }
        self.issued = 0;
    }
}

/// Takes a CQE in; the context that is to be told that it has events.
///
/// # Safety
///
/// The user_data is that of a slot with a request in flight.
pub(crate) unsafe fn completed(cqe: &io_uring_cqe, batch: &mut Batch) -> Option<&'static Context> {
    // SAFETY: the table lives at least until the request is done.
    let slot = unsafe { Slot::of_name(cqe.user_data) };
    if cqe.flags & IORING_CQE_F_MORE != 0 {
        slot.flags.store(cqe.res as u32, Ordering::Relaxed);
        return None;
    }
    let is_notif = cqe.flags & IORING_CQE_F_NOTIF != 0;
    let res = if is_notif { slot.flags.load(Ordering::Relaxed) as c_int } else { cqe.res };
    slot.flags.store(cqe.flags & !IORING_CQE_F_NOTIF, Ordering::Relaxed);
    Some(finish(slot, res, batch))
}

/// What a request that was interrupted ends with: -EINTR, and the kernel's own -ERESTARTSYS and its relatives.
const INTERRUPTED: [c_int; 5] = [-libc::EINTR, -512, -513, -514, -516];

/// The kernel is done with a request.
pub(crate) fn finish(slot: &Slot, res: c_int, batch: &mut Batch) -> &'static Context {
    let context = Context::of(slot);
    batch.count(NonNull::new(slot.thread.load(Ordering::Relaxed)));
    held::release(slot);
    let deferred = !slot.function.load(Ordering::Relaxed).is_null();
    let (finish, waited) = slot.always(|word| {
        let asked = word.is_asked();
        // What the kernel's own threads run, a cancellation interrupts.
        let res = if asked && INTERRUPTED.contains(&res) { -libc::ECANCELED } else { res };
        let (new, finish) = word.finish(res, deferred);
        (new, (finish, word.state() == State::Cancelling))
    });
    match finish {
        Finish::Queue => batch.put(context, slot.index),
        _ => settle(context, slot, finish),
    }
    if waited {
        futex::wake(slot.futex(), 1);
    }
    context
}

/// Puts a request where its result goes.
pub(crate) fn settle(context: &'static Context, slot: &Slot, finish: Finish) {
    match finish {
        Finish::Queue => context.push(&[slot.index]),
        Finish::Worker => context.defer(slot),
        Finish::Canceller => context.closed(1),
        Finish::Recorded => {}
    }
}
