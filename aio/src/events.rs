//! The queue of events, and waiting for it.
//!
//! While requests are in flight on the context's own ring one of the threads that wait, the leader, sleeps in the ring, reaps what comes, and
//! wakes the others. Whoever puts events into the queue while a leader sleeps there kicks the ring. A leader that leaves wakes the others,
//! of which one leads then.

use crate::context::Context;
use crate::file::{count, eventfd, Eventfd};
use crate::futex::{Deadline, Woken};
use crate::ring::{lock, Shared};
use crate::sleepers::{Lead, Sleepers};
use crate::sync::full_fence;
use crate::table::Slot;
use crate::Req;
use libc::c_int;
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::{from_ref, null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::Mutex;

/// A request that is over. C has a `struct io_uring_aio_event`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The request, whose memory is the program's again.
    pub req: *mut Req,
    /// Of its SQE.
    pub user_data: u64,
    /// Its result.
    pub res: i32,
    /// The flags of its CQE.
    pub flags: u32,
}

/// Where the events of a context go that have no queue: to the shims, which have one of their own.
pub trait Sink: Sync + std::fmt::Debug {
    /// Takes events, in the order in which their requests completed. The memory of the requests is the sink's. Called by whichever thread
    /// completes them, by several at once, and with locks of the engine held: it calls nothing of the engine.
    fn put(&self, events: &[Event]);
}

#[derive(Debug, Default)]
struct Inner {
    done: VecDeque<u32>,
    /// To be written to for each event. Under the lock, so that it is not closed, and its number another file's, meanwhile.
    eventfd: Option<Eventfd>,
}

/// The events of a context, and who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Events {
    inner: Mutex<Inner>,
    /// Requests that are neither done nor handed to a canceller.
    open: AtomicU32,
    /// Events in the queue: who finds none need not take the lock. Written under it.
    ready: AtomicU32,
    /// There is an eventfd. Written under the lock.
    has_eventfd: AtomicBool,
    /// Descriptors that threads sleep on which wait with a signal mask of their own, and how many there are.
    masked: Mutex<Vec<c_int>>,
    nr_masked: AtomicU32,
    pub(crate) sleepers: Sleepers,
}

impl Events {
    pub(crate) fn opened(&self, nr: u32) {
        self.open.fetch_add(nr, Ordering::Relaxed);
    }

    pub(crate) fn open(&self) -> u32 {
        // Acquire: pairs with `closed`, so that who finds none finds all that was done for them.
        self.open.load(Ordering::Acquire)
    }

    /// For a new context with room for `limit` events; -ENOMEM.
    pub(crate) fn prepare(&self, limit: u32) -> Result<(), c_int> {
        lock(&self.inner).done.try_reserve_exact(limit as usize).map_err(|_| -libc::ENOMEM)
    }

    /// Forgets everything, at the end of a context.
    pub(crate) fn clear(&self) {
        *lock(&self.inner) = Inner::default();
        self.ready.store(0, Ordering::Relaxed);
        self.has_eventfd.store(false, Ordering::Relaxed);
    }

    pub(crate) fn set_eventfd(&self, eventfd: Option<Eventfd>) {
        let mut inner = lock(&self.inner);
        self.has_eventfd.store(eventfd.is_some(), Ordering::Relaxed);
        inner.eventfd = eventfd;
        // Then the caller looks for a ring. Pairs with the fence of who issues on a new one and then looks here.
        full_fence();
    }

    /// Whether somebody sleeps who does not look into the ring.
    pub(crate) fn needs_reaper(&self) -> bool {
        self.has_eventfd() || self.nr_masked.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn has_eventfd(&self) -> bool {
        self.has_eventfd.load(Ordering::Relaxed)
    }
}

/// The events that one call has taken so far.
struct Taken<'a> {
    nr: usize,
    max: usize,
    take: &'a mut dyn FnMut(usize) -> Result<usize, c_int>,
}

impl Taken<'_> {
    fn more(&mut self) -> Result<(), c_int> {
        self.nr += (self.take)(self.max - self.nr)?;
        Ok(())
    }

    /// What the call returns on an error: the events that it has already cannot be given back.
    fn or(&self, error: c_int) -> Result<usize, c_int> {
        if self.nr == 0 {
            Err(error)
        } else {
            Ok(self.nr)
        }
    }
}

impl Context {
    /// Events for the queue, by the slots' indices.
    pub(crate) fn push(&self, done: &[u32]) {
        if let Some(sink) = self.sink() {
            let mut events = [Event { req: null_mut(), user_data: 0, res: 0, flags: 0 }; 8];
            for done in done.chunks(events.len()) {
                for (event, &index) in events.iter_mut().zip(done) {
                    *event = self.deliver(self.table().slot(index));
                }
                sink.put(&events[..done.len()]);
            }
            self.closed(done.len() as u32);
            return;
        }
        let mut inner = lock(&self.events.inner);
        // There is room for as many as the table has.
        inner.done.extend(done);
        // Relaxed: who sleeps or not by this reads it after the count of changes, which is raised later.
        self.events.ready.store(inner.done.len() as u32, Ordering::Relaxed);
        if let Some(eventfd) = &inner.eventfd {
            eventfd.count(done.len() as u64);
        }
        self.closed(done.len() as u32);
    }

    /// Requests that ended, with an event for the queue or without.
    pub(crate) fn closed(&self, nr: u32) {
        self.events.open.fetch_sub(nr, Ordering::Release);
    }

    /// Wakes who waits for what has changed: a sink's owner calls it when it has put events there itself.
    pub fn notify(&self) {
        // Relaxed: who has just come has raised the count before it looked for events.
        if self.events.nr_masked.load(Ordering::Relaxed) != 0 {
            for &eventfd in &*lock(&self.events.masked) {
                count(eventfd, 1);
            }
        }
        // What a kick took out of the ring may have been for the leader as well.
        while self.events.sleepers.tell() && self.ring().is_some_and(Shared::kick) {}
    }

    /// Completes what the context's ring has, unless somebody else is to, and tells those who wait; whether there was anything.
    pub(crate) fn reap(&self) -> bool {
        let Some(ring) = self.ring() else { return false };
        let drained = !self.events.sleepers.has_leader() && ring.drain();
        if drained {
            self.notify();
        }
        drained
    }

    /// Completes what is there to be completed, without waiting.
    pub fn poll(&self) {
        self.reap();
    }

    fn pop(&self, give: &mut impl FnMut(Event), max: usize) -> usize {
        let mut nr = 0;
        while nr < max && self.events.ready.load(Ordering::Relaxed) != 0 {
            let mut batch = [0; 32];
            let mut got = 0;
            {
                let mut inner = lock(&self.events.inner);
                while got < batch.len().min(max - nr) {
                    let Some(index) = inner.done.pop_front() else { break };
                    batch[got] = index;
                    got += 1;
                }
                self.events.ready.store(inner.done.len() as u32, Ordering::Relaxed);
            }
            if got == 0 {
                break;
            }
            for &index in &batch[..got] {
                give(self.deliver(self.table().slot(index)));
            }
            nr += got;
        }
        nr
    }

    /// The event of a request that is over; from now on its memory is the program's.
    pub(crate) fn deliver(&self, slot: &Slot) -> Event {
        let req = self.table().req(slot);
        let event = Event {
            req,
            // SAFETY: as below.
            user_data: unsafe { (*req).user_data() },
            res: slot.word().result(),
            flags: slot.flags.load(Ordering::Relaxed),
        };
        self.table().remove(slot);
        // SAFETY: the memory of a request is the library's until here.
        unsafe { (*req).give_back() };
        event
    }

    /// `io_uring_aio_getevents`: `give` gets up to `max` events, and as soon as there are `min` the call returns; how many, or -errno.
    ///
    /// Without a deadline it waits for as long as it takes. A signal ends the wait: -EINTR when there was no event.
    pub fn getevents(
        &'static self,
        min: usize,
        max: usize,
        deadline: Option<Deadline>,
        mut give: impl FnMut(Event),
    ) -> Result<usize, c_int> {
        self.wait_for(min, max, deadline, |max| Ok(self.pop(&mut give, max)))
    }

    /// Waits until `take`, which takes up to as many events as it is told from wherever they go, has taken `min`; how many, or -errno. When
    /// `take` fails, that is the result if there was nothing before.
    pub fn wait_for(
        &'static self,
        min: usize,
        max: usize,
        deadline: Option<Deadline>,
        mut take: impl FnMut(usize) -> Result<usize, c_int>,
    ) -> Result<usize, c_int> {
        let mut taken = Taken { nr: 0, max, take: &mut take };
        loop {
            let seq = self.events.sleepers.now();
            // What comes after the end of the context is lost, what was cancelled by it above all; what was given before is not.
            if let Err(ended) = self.check_alive().and_then(|()| taken.more()) {
                return taken.or(ended);
            }
            if taken.nr < max && self.reap() {
                if let Err(error) = taken.more() {
                    return taken.or(error);
                }
            }
            if taken.nr >= min {
                return Ok(taken.nr);
            }
            let woken = self.sleep(seq, deadline.as_ref());
            if woken != Woken::Look {
                self.reap();
                return match taken.more() {
                    Err(error) => taken.or(error),
                    Ok(()) if woken == Woken::Interrupted => taken.or(-libc::EINTR),
                    Ok(()) => Ok(taken.nr),
                };
            }
        }
    }

    /// As [`wait_for`](Self::wait_for), with another signal mask for as long as it sleeps: a signal that is pending then ends the wait. The
    /// only sleep with a mask that leaves no gap is one on descriptors, so the issuer does what a leader does. -EMFILE, -ENFILE.
    pub fn wait_masked(
        &'static self,
        min: usize,
        max: usize,
        deadline: Option<Deadline>,
        mask: &libc::sigset_t,
        mut take: impl FnMut(usize) -> Result<usize, c_int>,
    ) -> Result<usize, c_int> {
        let eventfd = self.watch_for_events()?;
        let mut file = libc::pollfd { fd: eventfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let mut interrupted = false;
        let mut taken = Taken { nr: 0, max, take: &mut take };
        let result = loop {
            let mut seen = 0u64;
            // SAFETY: eight bytes of this frame; it does not block.
            unsafe { libc::read(file.fd, (&raw mut seen).cast(), size_of_val(&seen)) };
            self.reap();
            if let Err(error) = self.check_alive().and_then(|()| taken.more()) {
                break taken.or(error);
            }
            let left = deadline.map(|deadline| deadline.left());
            if taken.nr >= min || matches!(left, Some(None)) {
                break Ok(taken.nr);
            }
            if interrupted {
                break taken.or(-libc::EINTR);
            }
            let left = left.flatten().map(|left| libc::timespec { tv_sec: left.tv_sec, tv_nsec: left.tv_nsec });
            let left = left.as_ref().map_or(null(), from_ref);
            // SAFETY: a descriptor, and structures of this frame.
            interrupted = unsafe { libc::ppoll(&mut file, 1, left, mask) } < 0;
        };
        lock(&self.events.masked).retain(|&fd| fd != file.fd);
        self.events.nr_masked.fetch_sub(1, Ordering::Relaxed);
        result
    }

    /// A descriptor that is readable when something has changed.
    fn watch_for_events(&'static self) -> Result<OwnedFd, c_int> {
        let eventfd = eventfd()?;
        lock(&self.events.masked).push(eventfd.as_raw_fd());
        self.events.nr_masked.fetch_add(1, Ordering::Relaxed);
        full_fence();
        self.watch_ring();
        Ok(eventfd)
    }

    /// Sleeps until something has changed since `seq` was read.
    pub(crate) fn sleep(&self, seq: u32, deadline: Option<&Deadline>) -> Woken {
        let ring = OwnRing { context: self, deadline };
        self.events.sleepers.sleep(seq, &ring, |count| count.wait(seq, deadline))
    }
}

/// The context's ring, for its leader.
struct OwnRing<'a> {
    context: &'a Context,
    deadline: Option<&'a Deadline>,
}

impl Lead for OwnRing<'_> {
    fn in_use(&self) -> bool {
        self.context.ring().is_some() && self.context.events.open() != 0
    }

    fn wait(&self) -> Woken {
        self.context.ring().map_or(Woken::Look, |ring| ring.wait(self.deadline))
    }

    fn reap(&self) {
        if let Some(ring) = self.context.ring() {
            ring.drain();
        }
    }
}
