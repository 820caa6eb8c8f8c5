//! Making and ending a context.
//!
//! Contexts are not freed: a pointer to one that has ended is recognised for what it is, and its memory serves the next one. What a context
//! has besides, the table and the ring, is.

use crate::events::{Events, Sink};
use crate::file::Eventfd;
use crate::futex::Deadline;
use crate::issuer::{self, Issuer};
use crate::ring::{lock, max_rings, Shared};
use crate::submit::FINISHES;
use crate::table::{Slot, Table};
use crate::word::State;
use crate::worker::Worker;
use crate::{fork, witness, Req, ISSUER};
use libc::c_int;
use oxiring::uapi::__kernel_timespec;
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// Requests that a context of the C functions can have, at most.
const MAX_ENTRIES: u32 = 1 << 16;
/// The same for one with a sink, which has no queue.
const MAX_ENTRIES_OF_SINK: u32 = 1 << 24;

/// Between two attempts to cancel what is left when a context ends.
pub(crate) const AGAIN: __kernel_timespec = __kernel_timespec { tv_sec: 0, tv_nsec: 2_000_000 };

/// Requests of a context that got no ring until it is tried again: descriptors or memory may be there by then.
const REQUESTS_WITHOUT_RING: u32 = 1024;

const FREE: u32 = 0;
const ALIVE: u32 = 1;
/// Requests may still be completed.
const DYING: u32 = 2;
const CLOSED: u32 = 3;

/// Rings that contexts have of their own, and spare ones.
static RINGS: AtomicU32 = AtomicU32::new(0);
static LISTS: AtomicPtr<Lists> = AtomicPtr::new(null_mut());

/// The contexts of this process.
#[derive(Default)]
struct Lists {
    all: Mutex<Vec<&'static Context>>,
    /// Those of them that ended.
    ended: Mutex<Vec<&'static Context>>,
    /// Rings of contexts that ended: when a ring is closed the kernel interrupts what a thread that has used it sleeps in by then, which programs of
    /// the shims do not know.
    #[expect(clippy::vec_box, reason = "a context has the box")]
    spare: Mutex<Vec<Box<Shared>>>,
}

impl Lists {
    fn get() -> Result<&'static Self, c_int> {
        let made = crate::sync::get_or_make(&LISTS, || Ok(Box::default()), drop)?;
        // SAFETY: never freed.
        Ok(unsafe { &*made.as_ptr() })
    }

    /// A child begins with its own: a thread that it does not have may be in the parent's, or be counted in a context.
    fn forget() {
        LISTS.store(null_mut(), Ordering::Release);
    }

    /// A ring for so many requests that nobody uses. One that is too small goes when there can be no more.
    fn take_spare(&self, limit: u32) -> Option<Box<Shared>> {
        let mut spare = lock(&self.spare);
        if let Some(at) = spare.iter().position(|ring| ring.is_for(limit)) {
            return Some(spare.swap_remove(at));
        }
        if RINGS.load(Ordering::Relaxed) >= max_rings() {
            if let Some(ring) = spare.pop() {
                end_ring(*ring);
            }
        }
        None
    }

    /// The lists that there are, if there are any.
    fn there_are() -> Option<&'static Self> {
        // SAFETY: as above.
        unsafe { LISTS.load(Ordering::Acquire).as_ref() }
    }
}

fn end_ring(ring: Shared) {
    ring.end();
    RINGS.fetch_sub(1, Ordering::Relaxed);
}

/// A context. C has an incomplete `struct io_uring_aio`.
#[derive(Debug, Default)]
pub struct Context {
    /// [`FREE`], [`ALIVE`], [`DYING`], [`CLOSED`].
    state: AtomicU32,
    /// Calls that are being made on it.
    calls: AtomicU32,
    /// The process whose it is.
    process: AtomicU32,
    flags: AtomicU32,
    /// There from init to the end of the last call.
    table: UnsafeCell<Option<Table>>,
    pub(crate) events: Events,
    /// Where events go instead of the queue. Written as the table is.
    sink: UnsafeCell<Option<Arc<dyn Sink + Send>>>,
    ring: AtomicPtr<Shared>,
    /// So many requests go to the issuer before a ring is tried again.
    without_ring: AtomicU32,
    worker: AtomicPtr<Worker>,
}

// SAFETY: the table is written by who made or ended the context alone; calls are counted in between.
unsafe impl Sync for Context {}

/// A call on a live context, which does not end before the call.
#[derive(Debug)]
pub struct Call(pub(crate) &'static Context);

impl std::ops::Deref for Call {
    type Target = Context;

    fn deref(&self) -> &Context {
        self.0
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // Release: pairs with the load in `end`, which frees what the call used.
        self.0.calls.fetch_sub(1, Ordering::Release);
    }
}

/// The number of this process, which no child has: -ENOMEM.
pub fn process() -> Result<u32, c_int> {
    fork::enter(|| {
        issuer::forget();
        witness::forget();
        Lists::forget();
        RINGS.store(0, Ordering::Relaxed);
    })
}

impl Context {
    /// `io_uring_aio_queue_init`: a context for up to `entries` requests that are in flight or not reaped.
    pub fn new(entries: u32, flags: u32) -> Result<&'static Self, c_int> {
        Self::with_sink(entries, flags, None)
    }

    /// As [`new`](Self::new), a context whose events go to a sink: [`getevents`](Self::getevents) has none.
    pub fn with_sink(entries: u32, flags: u32, sink: Option<Arc<dyn Sink + Send>>) -> Result<&'static Self, c_int> {
        let most = if sink.is_some() { MAX_ENTRIES_OF_SINK } else { MAX_ENTRIES };
        if entries == 0 || entries > most || flags & !ISSUER != 0 {
            return Err(-libc::EINVAL);
        }
        let process = process()?;
        Issuer::prepare()?;
        let table = Table::new(entries)?;
        let lists = Lists::get()?;
        let ended = lock(&lists.ended).pop();
        let context: &'static Self = match ended {
            Some(context) => context,
            None => {
                let context: &'static Self = Box::leak(Box::default());
                lock(&lists.all).push(context);
                context
            }
        };
        if let Err(error) = context.events.prepare(if sink.is_some() { 0 } else { entries }) {
            lock(&lists.ended).push(context);
            return Err(error);
        }
        // SAFETY: nobody else has this context.
        unsafe { *context.table.get() = Some(table) };
        // SAFETY: as above.
        unsafe { *context.sink.get() = sink };
        context.without_ring.store(0, Ordering::Relaxed);
        context.flags.store(flags, Ordering::Relaxed);
        context.process.store(process, Ordering::Relaxed);
        // Release: pairs with the load in `call`.
        context.state.store(ALIVE, Ordering::Release);
        Ok(context)
    }

    /// A call on what may be a context: -EINVAL for null, for one that has ended, and for one of another process. One that is just `ending` is
    /// there for who completes what it waits for.
    ///
    /// # Safety
    ///
    /// `context` is null or came from [`new`](Self::new).
    pub(crate) unsafe fn call(context: *const Self, ending: bool) -> Result<Call, c_int> {
        // SAFETY: contexts are not freed.
        let context: &'static Self = unsafe { context.as_ref() }.ok_or(-libc::EINVAL)?;
        if context.process.load(Ordering::Relaxed) != fork::current() {
            return Err(-libc::EINVAL);
        }
        // Sequentially consistent, as in `end`: either this call is counted there or it sees that the context ends.
        context.calls.fetch_add(1, Ordering::SeqCst);
        let call = Call(context);
        match context.state.load(Ordering::SeqCst) {
            ALIVE => Ok(call),
            DYING if ending => Ok(call),
            _ => Err(-libc::EINVAL),
        }
    }

    /// A call on a context: -EINVAL for one that has ended, and for one of another process.
    pub fn enter(&'static self) -> Result<Call, c_int> {
        // SAFETY: contexts are not freed.
        unsafe { Self::call(self, false) }
    }

    /// `io_uring_aio_queue_exit`, of the context of the call.
    pub fn exit(call: Call) -> Result<(), c_int> {
        match Self::end(call) {
            0 => Ok(()),
            error => Err(error),
        }
    }

    /// Whether a context of this process has the request.
    pub(crate) fn any_has(req: *const Req) -> bool {
        let has = |&context: &&'static Self| {
            // SAFETY: a context.
            unsafe { Self::call(context, true) }.is_ok_and(|call| call.0.table().find(req).is_some())
        };
        // In a child that has made none yet the lists are the parent's.
        fork::current() != 0 && Lists::there_are().is_some_and(|lists| lock(&lists.all).iter().any(has))
    }

    pub(crate) fn check_alive(&self) -> Result<(), c_int> {
        if self.state.load(Ordering::SeqCst) == ALIVE {
            Ok(())
        } else {
            Err(-libc::EINVAL)
        }
    }

    pub(crate) fn of(slot: &Slot) -> &'static Self {
        // SAFETY: set when the slot got its request; contexts are not freed.
        unsafe { &*slot.context.load(Ordering::Relaxed).cast_const().cast() }
    }

    pub(crate) fn table(&self) -> &Table {
        // SAFETY: only reached by calls, and by requests in flight.
        match unsafe { &*self.table.get() } {
            Some(table) => table,
            None => unreachable!("a call on a context without a table"),
        }
    }

    pub(crate) fn sink(&self) -> Option<&(dyn Sink + Send)> {
        // SAFETY: as in `table`.
        unsafe { &*self.sink.get() }.as_deref()
    }

    pub(crate) fn leaves_all_to_issuer(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & ISSUER != 0 || self.events.has_eventfd()
    }

    pub(crate) fn ring(&self) -> Option<&Shared> {
        // SAFETY: made by `ring_or_make`, and ended after the last call.
        unsafe { self.ring.load(Ordering::Acquire).as_ref() }
    }

    pub(crate) fn has_ring(&self) -> bool {
        self.ring().is_some()
    }

    /// The context's ring; `None` where there is to be none.
    pub(crate) fn ring_or_make(&self) -> Option<&Shared> {
        let without = self.without_ring.load(Ordering::Relaxed);
        if without != 0 {
            // Two threads may count the same request: it is tried a little later.
            self.without_ring.store(without - 1, Ordering::Relaxed);
            return None;
        }
        let made = crate::sync::get_or_make(
            &self.ring,
            || {
                let limit = self.table().limit();
                if let Some(spare) = Lists::there_are().and_then(|lists| lists.take_spare(limit)) {
                    return Ok(spare);
                }
                if RINGS.fetch_add(1, Ordering::Relaxed) >= max_rings() {
                    RINGS.fetch_sub(1, Ordering::Relaxed);
                    return Err(-libc::EMFILE);
                }
                Shared::new(limit).inspect_err(|_| _ = RINGS.fetch_sub(1, Ordering::Relaxed))
            },
            |ring| end_ring(*ring),
        );
        match made {
            // SAFETY: as in `ring`.
            Ok(ring) => Some(unsafe { &*ring.as_ptr() }),
            Err(_) => {
                self.without_ring.store(REQUESTS_WITHOUT_RING, Ordering::Relaxed);
                None
            }
        }
    }

    /// Sees to it that there is an issuer, so that no request is refused because there can be none: -EAGAIN.
    pub fn need_issuer(&self) -> Result<(), c_int> {
        Issuer::get().map(|_| ())
    }

    /// Has the issuer reap the context's ring, because nobody else may do so.
    pub(crate) fn watch_ring(&'static self) {
        if let (Some(ring), Ok(issuer)) = (self.ring(), Issuer::get()) {
            issuer.watch(self, ring.fd());
        }
    }

    /// The worker, made when it is needed first.
    pub(crate) fn worker(&'static self) -> Result<&'static Worker, c_int> {
        let made = crate::sync::get_or_make(&self.worker, || Worker::for_context(self), |worker| worker.end())?;
        // SAFETY: ended after the last request.
        Ok(unsafe { &*made.as_ptr() })
    }

    /// A request for the worker, which was made when the request was submitted.
    pub(crate) fn defer(&'static self, slot: &Slot) {
        if let Ok(worker) = self.worker() {
            worker.put(slot.index);
        }
    }

    /// `io_uring_aio_register_eventfd`.
    pub fn register_eventfd(&'static self, fd: c_int) -> Result<(), c_int> {
        if fd == -1 {
            self.events.set_eventfd(None);
            return Ok(());
        }
        let new = Eventfd::of(fd)?;
        Issuer::get()?;
        self.events.set_eventfd(Some(new));
        self.watch_ring();
        Ok(())
    }

    /// `io_uring_aio_queue_exit`: cancels what can be cancelled, waits for everything, and ends.
    pub(crate) fn end(call: Call) -> c_int {
        let context = call.0;
        if context.state.compare_exchange(ALIVE, DYING, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return -libc::EINVAL;
        }
        loop {
            let seq = context.events.sleepers.now();
            // Relaxed: set before the request was issued, and who issues one is waited for.
            for slot in context.table().occupied().filter(|slot| slot.kind.load(Ordering::Relaxed) & FINISHES == 0) {
                context.cancel_slot(slot);
            }
            // Who waits leaves with -EINVAL. Who submits may still open requests until it leaves.
            context.notify();
            context.reap();
            if context.calls.load(Ordering::Acquire) == 1 && context.events.open() == 0 {
                break;
            }
            // A signal does not end it: buffers are in use. After a while what could not be cancelled is asked again.
            context.sleep(seq.wrapping_add(1), Deadline::after(&AGAIN).ok().as_ref());
        }
        // Who comes to complete something that is over may just have come.
        context.state.store(CLOSED, Ordering::SeqCst);
        while context.calls.load(Ordering::SeqCst) != 1 {
            std::thread::yield_now();
        }
        context.free();
        drop(call);
        if let Some(lists) = Lists::there_are() {
            lock(&lists.ended).push(context);
        }
        0
    }

    fn free(&'static self) {
        if let Some(issuer) = Issuer::there_is() {
            issuer.forget(self);
        }
        for slot in self.table().occupied() {
            if slot.word().state() == State::Done {
                // Events that nobody reaped are lost; their requests are the program's.
                self.deliver(slot);
            }
        }
        let worker = self.worker.swap(null_mut(), Ordering::AcqRel);
        if !worker.is_null() {
            // SAFETY: from a box, and no request is left that could reach it.
            unsafe { Box::from_raw(worker) }.end();
        }
        let ring = self.ring.swap(null_mut(), Ordering::AcqRel);
        if !ring.is_null() {
            // SAFETY: likewise.
            let ring = unsafe { Box::from_raw(ring) };
            match Lists::there_are() {
                Some(lists) if self.sink().is_some() => lock(&lists.spare).push(ring),
                _ => end_ring(*ring),
            }
        }
        self.events.clear();
        // SAFETY: no call is left but this one.
        unsafe { *self.table.get() = None };
        // SAFETY: as above.
        unsafe { *self.sink.get() = None };
        self.state.store(FREE, Ordering::Release);
    }
}
