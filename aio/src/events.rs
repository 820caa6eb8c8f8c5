//! The queue of events, and waiting for it.
//!
//! While requests are in flight on the context's own ring one of the threads that wait, the leader, sleeps in the ring, reaps what comes, and
//! wakes the others. Whoever puts events into the queue while a leader sleeps there kicks the ring. A leader that leaves wakes the others,
//! of which one leads then.

use crate::context::Context;
use crate::futex::{Deadline, Woken};
use crate::ring::{lock, Shared};
use crate::sleepers::{Lead, Sleepers};
use crate::sync::full_fence;
use crate::table::Slot;
use crate::Req;
use libc::c_int;
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
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

#[derive(Debug, Default)]
struct Inner {
    done: VecDeque<u32>,
    /// To be written to for each event. Under the lock, so that it is not closed, and its number another file's, meanwhile.
    eventfd: Option<OwnedFd>,
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

    pub(crate) fn set_eventfd(&self, eventfd: Option<OwnedFd>) {
        let mut inner = lock(&self.inner);
        self.has_eventfd.store(eventfd.is_some(), Ordering::Relaxed);
        inner.eventfd = eventfd;
        // Then the caller looks for a ring. Pairs with the fence of who issues on a new one and then looks here.
        full_fence();
    }

    pub(crate) fn has_eventfd(&self) -> bool {
        self.has_eventfd.load(Ordering::Relaxed)
    }
}

impl Context {
    /// Events for the queue, by the slots' indices.
    pub(crate) fn push(&self, done: &[u32]) {
        let mut inner = lock(&self.events.inner);
        // There is room for as many as the table has.
        inner.done.extend(done);
        // Relaxed: who sleeps or not by this reads it after the count of changes, which is raised later.
        self.events.ready.store(inner.done.len() as u32, Ordering::Relaxed);
        if let Some(eventfd) = &inner.eventfd {
            count(eventfd.as_raw_fd(), done.len() as u64);
        }
        self.closed(done.len() as u32);
    }

    /// Requests that ended, with an event for the queue or without.
    pub(crate) fn closed(&self, nr: u32) {
        self.events.open.fetch_sub(nr, Ordering::Release);
    }

    /// Wakes who waits for what has changed.
    pub(crate) fn notify(&self) {
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
        let mut got = 0;
        loop {
            let seq = self.events.sleepers.now();
            got += self.pop(&mut give, max - got);
            // What comes after the end of the context is lost; what was given before is not.
            if let Err(ended) = self.check_alive() {
                return if got == 0 { Err(ended) } else { Ok(got) };
            }
            if got < max && self.reap() {
                got += self.pop(&mut give, max - got);
            }
            if got >= min {
                return Ok(got);
            }
            match self.sleep(seq, deadline.as_ref()) {
                Woken::Look => {}
                Woken::TimedOut => {
                    self.reap();
                    return Ok(got + self.pop(&mut give, max - got));
                }
                Woken::Interrupted => {
                    self.reap();
                    got += self.pop(&mut give, max - got);
                    return if got == 0 { Err(-libc::EINTR) } else { Ok(got) };
                }
            }
        }
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

/// Adds to an eventfd.
fn count(eventfd: c_int, events: u64) {
    let mut room = libc::pollfd { fd: eventfd, events: libc::POLLOUT, revents: 0 };
    // A counter that is full says what there is to say, and writing would block.
    // SAFETY: a structure and eight bytes of this frame.
    unsafe {
        // Under a limit of no descriptors (RLIMIT_NOFILE) poll(2) fails.
        let polled = libc::poll(&mut room, 1, 0);
        if polled < 0 || room.revents & libc::POLLOUT != 0 {
            libc::write(eventfd, (&raw const events).cast(), size_of_val(&events));
        }
    }
}
