//! Models of the threads that concern themselves with one request, and of two that make a worker at once.
//!
//! What a request carries is shadowed by a cell of loom's: written by who submits, read by who gets the event, so that an event that is
//! given twice, or whose result is not ordered behind the submission, is reported as the data race that it would be.
//!
//! The models have been seen to fail with the acquire or the release of a transition taken away, with an exchange that is a load and a store, and
//! with a place that is given back before its word.

use crate::futex::Woken;
use crate::sleepers::{Lead, Sleepers};
use crate::sync::get_or_make;
use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::table::{Slot, Table};
use crate::word::{Claim, Finish, State, Word};
use crate::Req;
use loom::cell::UnsafeCell;
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::ptr::null_mut;
use std::sync::Arc;

struct Model {
    table: Table,
    req: Req,
    /// What is submitted and read back.
    payload: UnsafeCell<u64>,
    /// The kernel was asked to cancel.
    asked: AtomicU32,
    /// Events that went to the queue, and to a canceller.
    queued: AtomicU32,
    given: AtomicU32,
}

// SAFETY: loom runs one thread at a time; what the threads share beyond that is loom's to check.
unsafe impl Sync for Model {}
// SAFETY: as above.
unsafe impl Send for Model {}

fn check(model: impl Fn() + Sync + Send + 'static) {
    check_with(3, model);
}

/// Every interleaving with so many preemptions at most.
fn check_with(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

impl Model {
    /// With one request, submitted.
    fn new() -> Arc<Self> {
        let model = Arc::new(Self {
            table: Table::new(1).expect("memory"),
            req: Req([0; 16]),
            payload: UnsafeCell::new(0),
            asked: AtomicU32::new(0),
            queued: AtomicU32::new(0),
            given: AtomicU32::new(0),
        });
        model.submit(1);
        model
    }

    fn req(&self) -> *mut Req {
        (&raw const self.req).cast_mut()
    }

    fn submit(&self, payload: u64) {
        let slot = self.table.insert(self.req()).expect("room");
        // SAFETY: loom reports every access that is not ordered.
        self.payload.with_mut(|place| unsafe { *place = payload });
        slot.owned(Word::run);
    }

    /// The program has the event, and its memory.
    fn deliver(&self, slot: &Slot, count: &AtomicU32) {
        // SAFETY: as above.
        self.payload.with_mut(|place| unsafe { *place += 1 });
        self.table.remove(slot);
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn finish(&self, slot: &Slot, finish: Finish) {
        if finish == Finish::Queue {
            self.deliver(slot, &self.queued);
        }
    }

    /// The kernel completes the request, as it was asked or not.
    fn kernel(&self) {
        let (slot, _) = self.table.find(self.req()).expect("the kernel has it");
        let cancelled = self.asked.load(Ordering::Acquire) != 0;
        let finish = slot.always(|word| word.finish(if cancelled { -libc::ECANCELED } else { 5 }, false));
        self.finish(slot, finish);
    }

    /// What `Context::cancel` does.
    fn cancel(&self, function: Option<bool>) {
        let Some((slot, found)) = self.table.find(self.req()) else { return };
        let claim = slot.change_of(found, -libc::ENOENT, |word| word.claim(true, function));
        match claim {
            Err(_) => {}
            Ok(Claim::Kernel) => {
                self.asked.store(1, Ordering::Release);
                if self.outcome(slot, found) {
                    self.deliver(slot, &self.given);
                }
            }
            Ok(Claim::Function) => match slot.always(|word| word.called(true, true)) {
                Some(Finish::Canceller) => self.deliver(slot, &self.given),
                Some(finish) => self.finish(slot, finish),
                None => unreachable!("it said yes"),
            },
        }
    }

    fn outcome(&self, slot: &Slot, found: Word) -> bool {
        loop {
            let word = slot.word();
            if !word.is_generation_of(found) {
                return false;
            }
            match word.state() {
                State::Won => return true,
                State::Cancelling => thread::yield_now(),
                _ => return false,
            }
        }
    }

    fn check_end(&self, outcomes: u32) {
        let events = (self.queued.load(Ordering::Relaxed), self.given.load(Ordering::Relaxed));
        assert_eq!(events.0 + events.1, outcomes, "{events:?}");
    }
}

fn run(model: &Arc<Model>, threads: Vec<Box<dyn FnOnce(&Model) + Send>>) {
    let threads: Vec<_> = threads
        .into_iter()
        .map(|body| {
            let model = Arc::clone(model);
            thread::spawn(move || body(&model))
        })
        .collect();
    for thread in threads {
        thread.join().expect("the thread ends");
    }
}

#[test]
fn completion_and_two_cancellers_give_one_event() {
    check(|| {
        let model = Model::new();
        run(&model, vec![Box::new(|m| m.cancel(None)), Box::new(|m| m.cancel(None)), Box::new(Model::kernel)]);
        model.check_end(1);
    });
}

/// A function that is set late, for a request that is over by then, is neither called for the next request of the place nor in the way of the
/// function that is set for that.
#[test]
fn a_cancel_function_is_called_for_the_request_that_it_was_set_for() {
    const FIRST: usize = 8;
    const SECOND: usize = 16;
    check_with(3, || {
        let model = Model::new();
        let (_, first) = model.table.find(model.req()).expect("submitted");
        let set_late = move |m: &Model| {
            if let Some((slot, _)) = m.table.find(m.req()) {
                slot.set_cancel(first, FIRST as *mut ());
            }
        };
        let go_on = move |m: &Model| {
            m.kernel();
            m.submit(1);
            let (slot, second) = m.table.find(m.req()).expect("submitted");
            slot.set_cancel(second, SECOND as *mut ());
            assert!(slot.has_cancel(second));
            let claim = slot.change(|word| word.claim(true, Some(slot.has_cancel(word))));
            assert_eq!(claim, Ok(Claim::Function));
            assert_eq!(slot.take_cancel(slot.word()), SECOND as *mut ());
            assert_eq!(slot.take_cancel(slot.word()), null_mut());
            match slot.always(|word| word.called(true, true)) {
                Some(Finish::Canceller) => m.deliver(slot, &m.given),
                other => unreachable!("{other:?}"),
            }
        };
        run(&model, vec![Box::new(set_late), Box::new(go_on)]);
        model.check_end(2);
    });
}

#[test]
fn a_canceller_takes_the_next_request_of_the_same_memory_for_what_it_is() {
    check(|| {
        let model = Model::new();
        let again = |m: &Model| {
            m.kernel();
            if m.queued.load(Ordering::Relaxed) == 1 {
                m.submit(1);
                m.kernel();
            }
        };
        run(&model, vec![Box::new(|m| m.cancel(None)), Box::new(again)]);
        let (queued, given) = (model.queued.load(Ordering::Relaxed), model.given.load(Ordering::Relaxed));
        assert!(queued == 2 && given == 0 || queued <= 1 && given == 1, "{queued} {given}");
    });
}

/// The program completes what it started, sets a cancel function, and two threads cancel.
#[test]
fn a_request_that_the_program_carries_out_has_one_outcome() {
    check(|| {
        let model = Model::new();
        let function = Arc::new(AtomicU32::new(0));
        let canceller = |function: &Arc<AtomicU32>| -> Box<dyn FnOnce(&Model) + Send> {
            let function = Arc::clone(function);
            Box::new(move |m| m.cancel(Some(function.load(Ordering::Acquire) != 0)))
        };
        let cancellers = [canceller(&function), canceller(&function)];
        let complete: Box<dyn FnOnce(&Model) + Send> = Box::new(move |m| {
            function.store(1, Ordering::Release);
            let Some((slot, found)) = m.table.find(m.req()) else { return };
            let finish = slot.change_of(found, -libc::EALREADY, |word| word.complete(7, true));
            if let Ok(finish) = finish {
                m.finish(slot, finish);
            }
        });
        let [first, second] = cancellers;
        run(&model, vec![first, second, complete]);
        model.check_end(1);
    });
}

/// Two requests that are looked for at the same place, of which the second comes when the first leaves.
#[test]
fn a_place_is_given_on_when_its_last_request_is_done_with_it() {
    struct Shared {
        table: Table,
        reqs: Vec<Req>,
    }
    // SAFETY: as above.
    unsafe impl Sync for Shared {}
    // SAFETY: as above.
    unsafe impl Send for Shared {}
    check(|| {
        let table = Table::new(2).expect("memory");
        let reqs: Vec<Req> = (0..32).map(|_| Req([0; 16])).collect();
        let first = |req: &Req| table.places(req).next();
        let second = (1..32).find(|&index| first(&reqs[index]) == first(&reqs[0])).expect("one of many");
        let shared = Arc::new(Shared { table, reqs });
        let mine = shared.table.insert((&raw const shared.reqs[0]).cast_mut()).expect("room");
        mine.always(|word| (word.run(), ()));
        let s = Arc::clone(&shared);
        let other = thread::spawn(move || {
            let slot = s.table.insert((&raw const s.reqs[second]).cast_mut()).expect("room");
            assert_eq!(slot.word().state(), State::Preparing);
            slot.always(|word| (word.run(), ()));
            assert_eq!(slot.word().state(), State::Running, "freed by the one before");
        });
        mine.always(|word| word.finish(1, false));
        shared.table.remove(mine);
        other.join().expect("the thread ends");
    });
}

/// A worker that counts those that were made and undone.
#[test]
fn of_two_workers_that_are_made_at_once_one_is_undone() {
    struct Shared {
        place: AtomicPtr<UnsafeCell<u32>>,
        undone: AtomicU32,
        made: AtomicU32,
    }
    check(|| {
        let shared =
            Arc::new(Shared { place: AtomicPtr::new(null_mut()), undone: AtomicU32::new(0), made: AtomicU32::new(0) });
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let s = Arc::clone(&shared);
                thread::spawn(move || {
                    let make = || {
                        s.made.fetch_add(1, Ordering::Relaxed);
                        let worker = UnsafeCell::new(0);
                        // SAFETY: this thread's.
                        worker.with_mut(|value| unsafe { *value = 7 });
                        Ok(Box::new(worker))
                    };
                    let undo = |loser| {
                        drop(loser);
                        s.undone.fetch_add(1, Ordering::Relaxed);
                    };
                    let worker = get_or_make(&s.place, make, undo).expect("made");
                    // SAFETY: stays until both threads have ended; loom reports a read that is not ordered.
                    assert_eq!(unsafe { worker.as_ref() }.with(|value| unsafe { *value }), 7);
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("the thread ends");
        }
        assert_eq!(shared.made.load(Ordering::Relaxed), shared.undone.load(Ordering::Relaxed) + 1);
        // SAFETY: from a box, and no thread is left.
        drop(unsafe { Box::from_raw(shared.place.load(Ordering::Relaxed)) });
    });
}

/// Events, and a ring that completes requests: a CQE may also be a kick. As before Linux 5.14, who sleeps in the ring goes on sleeping when
/// somebody else took what it was woken for.
#[derive(Default)]
struct Rest {
    sleepers: Sleepers,
    events: Mutex<u32>,
    open: Mutex<u32>,
    /// Completions, and whether anything is in the CQ.
    cq: Mutex<(u32, bool)>,
    cq_filled: Condvar,
}

impl Lead for Rest {
    fn in_use(&self) -> bool {
        *self.open.lock().expect("no panic") != 0
    }

    fn wait(&self) -> Woken {
        let mut cq = self.cq.lock().expect("no panic");
        while !cq.1 {
            cq = self.cq_filled.wait(cq).expect("no panic");
        }
        Woken::Look
    }

    fn reap(&self) {
        let (nr, _) = std::mem::take(&mut *self.cq.lock().expect("no panic"));
        *self.events.lock().expect("no panic") += nr;
        *self.open.lock().expect("no panic") -= nr;
    }
}

impl Rest {
    fn fill(&self, nr: u32) {
        let mut cq = self.cq.lock().expect("no panic");
        *cq = (cq.0 + nr, true);
        self.cq_filled.notify_all();
    }

    /// As `Context::push` and `notify`.
    fn push(&self, nr: u32) {
        *self.events.lock().expect("no panic") += nr;
        *self.open.lock().expect("no panic") -= nr;
        if self.sleepers.tell() {
            self.fill(0);
        }
    }

    /// As `Context::reap`.
    fn reap_unless_led(&self) {
        if self.sleepers.has_leader() {
            return;
        }
        let (nr, any) = std::mem::take(&mut *self.cq.lock().expect("no panic"));
        if any {
            self.push(nr);
        }
    }

    fn submit_to_ring(&self) {
        *self.open.lock().expect("no panic") += 1;
        self.sleepers.tell_of_ring();
    }

    /// As `Context::getevents`, for one event.
    fn get(&self) {
        loop {
            let seq = self.sleepers.now();
            self.reap_unless_led();
            {
                let mut events = self.events.lock().expect("no panic");
                if *events != 0 {
                    *events -= 1;
                    return;
                }
            }
            self.sleepers.sleep(seq, self, |count| count.wait(seq));
        }
    }
}

fn spawn(rest: &Arc<Rest>, body: impl FnOnce(&Rest) + Send + 'static) -> thread::JoinHandle<()> {
    let rest = Arc::clone(rest);
    thread::spawn(move || body(&rest))
}

/// A deadlock here is a wake-up that was missed. Three preemptions take over a minute, and were tried.
#[test]
fn two_getters_get_what_comes_by_the_ring_and_past_it() {
    check_with(2, || {
        let rest = Arc::new(Rest::default());
        // One on the ring, and one that the issuer has.
        *rest.open.lock().expect("no panic") = 2;
        let getters = [spawn(&rest, Rest::get), spawn(&rest, Rest::get)];
        let issuer = spawn(&rest, |rest| rest.push(1));
        rest.fill(1);
        for thread in getters.into_iter().chain([issuer]) {
            thread.join().expect("the thread ends");
        }
    });
}

#[test]
fn a_getter_that_waits_already_leads_when_the_ring_comes_into_use() {
    check_with(2, || {
        let rest = Arc::new(Rest::default());
        let getters = [spawn(&rest, Rest::get), spawn(&rest, Rest::get)];
        for _ in 0..2 {
            rest.submit_to_ring();
            rest.fill(1);
        }
        for thread in getters {
            thread.join().expect("the thread ends");
        }
    });
}

/// The leader leaves for a reason of its own, a deadline or a kick that came too late for the one before.
#[test]
fn a_leader_that_leaves_takes_no_kick_of_the_next() {
    check_with(2, || {
        let rest = Arc::new(Rest::default());
        *rest.open.lock().expect("no panic") = 3;
        rest.fill(0);
        let getters = [spawn(&rest, Rest::get), spawn(&rest, Rest::get)];
        let issuer = spawn(&rest, |rest| {
            rest.push(1);
            rest.push(1);
        });
        for thread in getters.into_iter().chain([issuer]) {
            thread.join().expect("the thread ends");
        }
    });
}
