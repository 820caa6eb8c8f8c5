//! Cancelling.
//!
//! The state word decides who has the request; the kernel is asked, and the request's own CQE is the truth. What the kernel answers to the
//! question itself is not used: -ENOENT may mean in flight in a device, not there yet, or done. For as long as somebody waits, the
//! question is asked again.

use crate::complete::settle;
use crate::context::{Context, AGAIN};
use crate::events::Event;
use crate::futex::{self, Deadline, Woken};
use crate::issuer::Issuer;
use crate::req::{cancel_fn, CancelFn};
use crate::ring::cancellation;
use crate::submit::{OWN_RING, STARTED};
use crate::table::Slot;
use crate::word::{Claim, Finish, State, Word};
use crate::Req;
use libc::c_int;
use std::ptr::null_mut;
use std::sync::atomic::Ordering;

impl Context {
    /// Asks the kernel to cancel the request that a slot had when its word was `found`.
    fn ask(&'static self, slot: &Slot, found: Word) {
        let name = slot.name(found);
        if slot.kind.load(Ordering::Relaxed) & OWN_RING != 0 {
            if self.ring().is_some_and(|ring| ring.issue([cancellation(name)])) {
                self.notify();
            }
        } else if let Some(issuer) = Issuer::there_is() {
            issuer.cancel(name);
        }
    }

    /// Whether the program carries the request out, and whether it can cancel it.
    fn function(slot: &Slot, word: Word) -> Option<bool> {
        (slot.kind.load(Ordering::Relaxed) == STARTED).then(|| slot.has_cancel(word))
    }

    /// Calls the cancel function of a request that is `Calling` for this thread; whether the request is over.
    fn call_function(&'static self, slot: &Slot, wait: bool) -> bool {
        let function = slot.take_cancel(slot.word());
        // SAFETY: the pointer is of a function unless the program took it back just now.
        let cancelled = !function.is_null() && unsafe { cancel_fn(function)(self.table().req(slot)) } == 0;
        let transition = |word: Word| if function.is_null() { word.not_called() } else { word.called(cancelled, wait) };
        match slot.always(transition) {
            Some(finish) => {
                settle(self, slot, finish);
                self.notify();
                // What was completed meanwhile is in the queue, and not for who waits.
                finish == Finish::Canceller || !wait && cancelled && finish == Finish::Queue
            }
            None => false,
        }
    }

    /// Cancels what can be cancelled, for an event that is delivered as usual. What was asked before is asked again.
    pub(crate) fn cancel_slot(&'static self, slot: &Slot) {
        let found = slot.word();
        match slot.change(|word| word.claim(false, Self::function(slot, word))) {
            Ok(Claim::Kernel) => self.ask(slot, found),
            Ok(Claim::Function) => _ = self.call_function(slot, false),
            Err(_) if found.is_asked() => self.ask(slot, found),
            Err(_) => {}
        }
    }

    /// Claims a request for the caller: its slot, the word at that time, and what is to be done.
    fn claim(&'static self, req: *const Req, wait: bool) -> Result<(&'static Slot, Word, Claim), c_int> {
        let (slot, found) = self.table().find(req).ok_or(-libc::ENOENT)?;
        let claim = slot.change_of(found, -libc::ENOENT, |word| word.claim(wait, Self::function(slot, word)))?;
        Ok((slot, found, claim))
    }

    /// `io_uring_aio_cancel`: the event of the cancelled request.
    pub fn cancel(&'static self, req: *const Req, deadline: Option<Deadline>) -> Result<Event, c_int> {
        let (slot, found, claim) = self.claim(req, true)?;
        if claim == Claim::Function {
            if self.call_function(slot, true) {
                return Ok(self.deliver(slot));
            }
            return Err(-libc::EALREADY);
        }
        self.ask(slot, found);
        self.wait_for_outcome(slot, found, deadline)?;
        Ok(self.deliver(slot))
    }

    /// Waits for what becomes of a request that was claimed: whether it is the caller's.
    fn wait_for_outcome(&'static self, slot: &Slot, found: Word, deadline: Option<Deadline>) -> Result<(), c_int> {
        loop {
            let sleeping_on = slot.futex().load(Ordering::Acquire);
            let word = slot.word();
            if !word.is_generation_of(found) {
                return Err(-libc::EALREADY);
            }
            match word.state() {
                State::Won => return Ok(()),
                State::Cancelling => {}
                _ => return Err(-libc::EALREADY),
            }
            // Nobody else may be reaping.
            self.reap();
            if slot.word() != word {
                continue;
            }
            let soon = Deadline::after(&AGAIN).ok();
            let until = match (deadline, soon) {
                (Some(deadline), Some(soon)) if deadline.is_before(&soon) => Some(deadline),
                (_, soon) => soon,
            };
            if futex::wait(slot.futex(), sleeping_on, until.as_ref()) != Woken::TimedOut {
                continue;
            }
            if deadline.is_some_and(|deadline| deadline.left().is_none()) {
                // It may have ended just now: then its word has another state, and that is looked at.
                if slot.change(|word| word.withdraw().map(|word| (word, ())).ok_or(0)).is_ok() {
                    return Err(-libc::ETIME);
                }
            } else {
                self.ask(slot, found);
            }
        }
    }

    /// Cancels a request, and waits for the outcome, for an event that is delivered as usual: as [`cancel`](Self::cancel).
    pub fn cancel_to_queue(&'static self, req: *const Req, deadline: Option<Deadline>) -> Result<(), c_int> {
        let (slot, found, claim) = self.claim(req, true)?;
        match claim {
            Claim::Function if self.call_function(slot, true) => {}
            Claim::Function => return Err(-libc::EALREADY),
            Claim::Kernel => {
                self.ask(slot, found);
                self.wait_for_outcome(slot, found, deadline)?;
            }
        }
        self.deliver_as_usual(slot);
        Ok(())
    }

    fn deliver_as_usual(&'static self, slot: &Slot) {
        self.events.opened(1);
        slot.always(|word| (word.hand_back(), ()));
        self.push(&[slot.index]);
        self.notify();
    }

    /// `io_uring_aio_cancel_fd`: how many were cancelled.
    pub fn cancel_fd(&'static self, fd: c_int) -> Result<usize, c_int> {
        if fd < 0 {
            return Err(-libc::EBADF);
        }
        let claimed: Vec<_> = self
            .table()
            .occupied()
            .filter_map(|slot| {
                let found = slot.word();
                // Before that the slot may still say what the last request was. Acquire in `word`: pairs with `run`.
                let is_on_fd = found.state() == State::Running
                    && slot.kind.load(Ordering::Relaxed) != STARTED
                    && slot.fd.load(Ordering::Relaxed) == fd;
                if !is_on_fd {
                    return None;
                }
                let claim = |word: Word| word.claim(true, None).map(|(word, _)| (word, word));
                slot.change_of(found, -libc::ENOENT, claim).ok().map(|word| (slot, word))
            })
            .collect();
        for (slot, word) in &claimed {
            self.ask(slot, *word);
        }
        let mut cancelled = 0;
        for (slot, word) in claimed {
            if self.wait_for_outcome(slot, word, None).is_ok() {
                cancelled += 1;
                self.deliver_as_usual(slot);
            }
        }
        Ok(cancelled)
    }

    /// `io_uring_aio_cancel_async`.
    pub fn cancel_async(&'static self, req: *const Req) -> Result<(), c_int> {
        let (slot, found, claim) = self.claim(req, false)?;
        match claim {
            Claim::Kernel => self.ask(slot, found),
            Claim::Function if self.call_function(slot, false) => {}
            Claim::Function => return Err(-libc::EALREADY),
        }
        Ok(())
    }

    /// `io_uring_aio_req_set_cancel_fn`.
    pub fn set_cancel_fn(&'static self, req: *const Req, function: Option<CancelFn>) -> Result<(), c_int> {
        let (slot, word) = self.table().find(req).ok_or(-libc::ENOENT)?;
        if slot.kind.load(Ordering::Relaxed) != STARTED {
            return Err(-libc::EINVAL);
        }
        if word.state() != State::Running {
            return Err(-libc::EALREADY);
        }
        slot.set_cancel(word, function.map_or(null_mut(), |function| function as *mut ()));
        Ok(())
    }

    /// `io_uring_aio_complete`.
    pub fn complete(&'static self, req: *const Req, res: i32) -> Result<(), c_int> {
        let (slot, found) = self.table().find(req).ok_or(-libc::EALREADY)?;
        let started = slot.kind.load(Ordering::Relaxed) == STARTED;
        let finish = slot.change_of(found, -libc::EALREADY, |word| word.complete(res, started))?;
        settle(self, slot, finish);
        self.notify();
        Ok(())
    }
}
