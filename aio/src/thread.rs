//! What a thread issued itself, and its end.
//!
//! The kernel ties a request to the thread that issued it: what is still with the kernel's own threads when it ends is cancelled. Such a
//! thread waits at its end until its requests are done. They are direct I/O, which as a rule is done soon.

use crate::context::{Context, AGAIN};
use crate::fork;
use crate::futex::{self, Deadline, Woken};
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// Requests in flight that this thread issued; bit 31: it waits for the last of them.
#[repr(transparent)]
pub(crate) struct Issued(AtomicU32);

const ENDING: u32 = 1 << 31;

struct Thread {
    issued: Box<Issued>,
    /// The process that they belong to: what a child has copied is not its own.
    process: Cell<u32>,
    /// Where they were issued.
    contexts: RefCell<Vec<&'static Context>>,
}

thread_local! {
    static THREAD: Thread = Thread {
        issued: Box::new(Issued(AtomicU32::new(0))),
        process: Cell::new(0),
        contexts: RefCell::default(),
    };
}

impl Thread {
    /// Those that have not ended: one that has has waited for its requests.
    fn each_context(&self, act: impl Fn(&'static Context)) {
        for &context in &*self.contexts.borrow() {
            // SAFETY: a context.
            if let Ok(call) = unsafe { Context::call(context, true) } {
                act(call.0);
            }
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        let word = &self.issued.0;
        if word.load(Ordering::Acquire) == 0 || self.process.get() != fork::current() {
            return;
        }
        // Perhaps nobody else reaps.
        self.each_context(Context::watch_ring);
        let mut left = word.fetch_or(ENDING, Ordering::AcqRel) | ENDING;
        while left != ENDING {
            // The issuer reaps, unless it could not be made.
            if futex::wait(word, left, Deadline::after(&AGAIN).ok().as_ref()) == Woken::TimedOut {
                self.each_context(|context| _ = context.reap());
            }
            left = word.load(Ordering::Acquire);
        }
    }
}

/// By what requests are counted that this thread is going to issue itself, on the ring of `context`; `None` when the thread is past its end.
pub(crate) fn issued_on(context: &'static Context) -> Option<NonNull<()>> {
    THREAD
        .try_with(|thread| {
            let mut contexts = thread.contexts.borrow_mut();
            if thread.process.replace(fork::current()) != fork::current() {
                thread.issued.0.store(0, Ordering::Relaxed);
                contexts.clear();
            }
            if !contexts.iter().any(|&known| std::ptr::eq(known, context)) {
                contexts.retain(|context| context.has_ring());
                contexts.push(context);
            }
            NonNull::from(&*thread.issued).cast()
        })
        .ok()
}

/// Counts requests, before they are issued.
///
/// # Safety
///
/// `issued` came from [`issued_on`] in this thread.
pub(crate) unsafe fn count(issued: NonNull<()>, nr: u32) {
    // SAFETY: the thread's own, which has not ended.
    unsafe { issued.cast::<Issued>().as_ref() }.0.fetch_add(nr, Ordering::Relaxed);
}

/// Some of them are done.
///
/// # Safety
///
/// `issued` came from [`issued_on`], and `nr` were counted that were not done before.
pub(crate) unsafe fn done(issued: NonNull<()>, nr: u32) {
    let word = issued.cast::<AtomicU32>().as_ptr();
    // Release: pairs with the load at the thread's end. After this the thread may be gone.
    // SAFETY: the thread waits for its requests, so until now the word is there.
    if unsafe { (*word).fetch_sub(nr, Ordering::Release) } == ENDING | nr {
        futex::wake(word, 1);
    }
}
