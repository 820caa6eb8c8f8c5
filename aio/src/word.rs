//! The state word of a request in flight, and its transitions.
//!
//! | bits | name | meaning |
//! |---|---|---|
//! | 0–3 | state | see the next table |
//! | 4–31 | generation | how many requests had the slot before, so that a thread that looked away sees that another one has it now; names for the kernel carry its lowest 16 bits |
//! | 32–63 | result | of the request, from `Deferred` on; before that 0 |
//!
//! | state | who has the request | to |
//! |---|---|---|
//! | `Free` | nobody | `Preparing` |
//! | `Preparing` | the thread that submits it | `Running`, `Free` |
//! | `Running` | the kernel, or the program for one that it started | all below |
//! | `Asked` | the same, and it was asked to end it; nobody waits for the answer | `Deferred`, `Done` |
//! | `Cancelling` | the same, and a canceller waits for the outcome | `Won`, `Deferred`, `Done`, `Asked` when it gives up waiting |
//! | `Calling` | the canceller, which is in the program's cancel function | `Won`, `Done`, `Refused`, `Recorded`, `Running` when there was none any more |
//! | `Recorded` | the same; the program completed the request meanwhile | `Done` |
//! | `Refused` | the program: its cancel function said no | `Done` |
//! | `Deferred` | the worker, and then the program's complete function | `Done` |
//! | `Won` | the canceller, whose event it is | `Free`, `Done` when it has the event delivered as usual |
//! | `Done` | the queue of events | `Free` |
//!
//! One atomic operation decides each time. `Won` and `Done` are the two outcomes: an event is the canceller's or the
//! queue's. Transitions are acquire and release: what was written to the slot before is there for the
//! thread that goes on from the new state.

use libc::c_int;

/// See the table of states.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub(crate) enum State {
    Free,
    Preparing,
    Running,
    Asked,
    Cancelling,
    Calling,
    Recorded,
    Refused,
    Deferred,
    Won,
    Done,
}

const STATES: [State; 11] = [
    State::Free,
    State::Preparing,
    State::Running,
    State::Asked,
    State::Cancelling,
    State::Calling,
    State::Recorded,
    State::Refused,
    State::Deferred,
    State::Won,
    State::Done,
];

const STATE: u64 = 0xf;
const GENERATION_SHIFT: u32 = 4;
const GENERATION: u64 = 0xffff_fff0;
const RESULT_SHIFT: u32 = 32;

/// A value of the word.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Word(u64);

/// Where a result goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Finish {
    /// To the queue of events.
    Queue,
    /// To the worker first.
    Worker,
    /// To the canceller that waits.
    Canceller,
    /// To whoever is in the cancel function, when it returns.
    Recorded,
}

/// What a cancel has to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Claim {
    /// Ask the kernel.
    Kernel,
    /// Call the program's cancel function.
    Function,
}

impl Word {
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn state(self) -> State {
        STATES[(self.0 & STATE) as usize]
    }

    pub(crate) const fn result(self) -> i32 {
        (self.0 >> RESULT_SHIFT) as i32
    }

    pub(crate) const fn generation(self) -> u16 {
        (self.0 >> GENERATION_SHIFT) as u16
    }

    pub(crate) const fn is_generation_of(self, other: Self) -> bool {
        (self.0 ^ other.0) & GENERATION == 0
    }

    #[must_use]
    const fn to(self, state: State) -> Self {
        Self(self.0 & !STATE | state as u64)
    }

    #[must_use]
    const fn with_result(self, res: i32) -> Self {
        Self(self.0 & u32::MAX as u64 | (res as u32 as u64) << RESULT_SHIFT)
    }

    /// The slot gets a request.
    #[must_use]
    pub(crate) const fn prepare(self) -> Self {
        let generation = self.0.wrapping_add(1 << GENERATION_SHIFT) & GENERATION;
        Self(generation).to(State::Preparing)
    }

    /// It is handed over to the kernel or to the program.
    #[must_use]
    pub(crate) const fn run(self) -> Self {
        self.to(State::Running)
    }

    /// Whether it was asked to end, and has not.
    pub(crate) const fn is_asked(self) -> bool {
        matches!(self.state(), State::Asked | State::Cancelling)
    }

    /// Its event was delivered, or it was not accepted.
    #[must_use]
    pub(crate) const fn free(self) -> Self {
        Self(self.0 & GENERATION)
    }

    /// The kernel is done with it; `deferred`: the worker is to complete it, unless it was cancelled.
    pub(crate) fn finish(self, res: i32, deferred: bool) -> (Self, Finish) {
        let word = self.with_result(res);
        let cancelled = res == -libc::ECANCELED && self.is_asked();
        if cancelled && self.state() == State::Cancelling {
            (word.to(State::Won), Finish::Canceller)
        } else if deferred && !cancelled {
            (word.to(State::Deferred), Finish::Worker)
        } else {
            (word.to(State::Done), Finish::Queue)
        }
    }

    /// The program completes it, one that it started or one that was deferred: -EALREADY when it is over, -EINVAL when the kernel has it.
    pub(crate) fn complete(self, res: i32, started: bool) -> Result<(Self, Finish), c_int> {
        let word = self.with_result(res);
        match self.state() {
            State::Deferred => Ok((word.to(State::Done), Finish::Queue)),
            State::Running | State::Refused if started => Ok((word.to(State::Done), Finish::Queue)),
            State::Calling => Ok((word.to(State::Recorded), Finish::Recorded)),
            State::Running | State::Asked | State::Cancelling => Err(-libc::EINVAL),
            _ => Err(-libc::EALREADY),
        }
    }

    /// Somebody cancels it, and waits for the outcome or not. `function`: the program carries it out, and has a cancel function or not.
    pub(crate) fn claim(self, wait: bool, function: Option<bool>) -> Result<(Self, Claim), c_int> {
        match (self.state(), function) {
            (State::Free | State::Preparing | State::Done, _) => Err(-libc::ENOENT),
            (State::Running, None) if wait => Ok((self.to(State::Cancelling), Claim::Kernel)),
            (State::Running, None) => Ok((self.to(State::Asked), Claim::Kernel)),
            (State::Running, Some(true)) => Ok((self.to(State::Calling), Claim::Function)),
            _ => Err(-libc::EALREADY),
        }
    }

    /// There was no cancel function any more.
    pub(crate) fn not_called(self) -> (Self, Option<Finish>) {
        match self.state() {
            State::Recorded => (self.to(State::Done), Some(Finish::Queue)),
            _ => (self.run(), None),
        }
    }

    /// The cancel function has returned. `wait`: the event is the canceller's.
    pub(crate) fn called(self, cancelled: bool, wait: bool) -> (Self, Option<Finish>) {
        match self.state() {
            State::Recorded => (self.to(State::Done), Some(Finish::Queue)),
            _ if !cancelled => (self.to(State::Refused), None),
            _ if wait => (self.with_result(-libc::ECANCELED).to(State::Won), Some(Finish::Canceller)),
            _ => (self.with_result(-libc::ECANCELED).to(State::Done), Some(Finish::Queue)),
        }
    }

    /// The canceller has the event delivered as usual.
    #[must_use]
    pub(crate) const fn hand_back(self) -> Self {
        self.to(State::Done)
    }

    /// The canceller waits no longer: its event will be delivered as usual.
    pub(crate) fn withdraw(self) -> Option<Self> {
        (self.state() == State::Cancelling).then(|| self.to(State::Asked))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// What the threads that concern themselves with one request know about it.
    #[derive(Clone, Debug, Eq, Hash, PartialEq)]
    struct Threads {
        word: Word,
        started: bool,
        has_function: bool,
        deferred: bool,
        /// The kernel has it, and will say so.
        in_kernel: bool,
        /// The program will complete it: 2 for two threads that both try.
        completers: u8,
        /// Cancellers that have not begun.
        cancellers: u8,
        /// One that waits, or is in the cancel function and would wait.
        waiting: bool,
        calling: Option<bool>,
        worker: bool,
        queued: u8,
        given: u8,
        withdrawn: bool,
        /// The program was told that its result counts.
        completed: bool,
    }

    impl Threads {
        fn first(started: bool, has_function: bool, deferred: bool) -> Self {
            Self {
                word: Word::default().prepare().run(),
                started,
                has_function,
                deferred,
                in_kernel: !started,
                completers: if started { 2 } else { 0 },
                cancellers: 2,
                waiting: false,
                calling: None,
                worker: false,
                queued: 0,
                given: 0,
                withdrawn: false,
                completed: false,
            }
        }

        fn settle(&mut self, finish: Finish) {
            match finish {
                Finish::Queue => self.queued += 1,
                Finish::Worker => self.worker = true,
                Finish::Canceller => self.given += 1,
                Finish::Recorded => {}
            }
        }

        fn steps(&self) -> Vec<Self> {
            let mut into = Vec::new();
            if self.in_kernel {
                for res in [5, -libc::ECANCELED] {
                    let mut next = Self { in_kernel: false, ..self.clone() };
                    let (word, finish) = self.word.finish(res, self.deferred);
                    next.word = word;
                    next.settle(finish);
                    into.push(next);
                }
            }
            if self.worker {
                let mut next = Self { worker: false, completers: 2, ..self.clone() };
                next.completers = 2;
                into.push(next);
            }
            if self.completers > 0 {
                let mut next = Self { completers: self.completers - 1, ..self.clone() };
                match self.word.complete(7, self.started) {
                    Ok((word, finish)) => {
                        next.word = word;
                        next.completed = true;
                        next.settle(finish);
                    }
                    Err(error) => assert_eq!(error, -libc::EALREADY, "{self:?}"),
                }
                into.push(next);
            }
            if self.cancellers > 0 {
                for wait in [false, true] {
                    let mut next = Self { cancellers: self.cancellers - 1, ..self.clone() };
                    let function = self.started.then_some(self.has_function);
                    match self.word.claim(wait, function) {
                        Ok((word, Claim::Kernel)) => {
                            next.word = word;
                            next.waiting = wait;
                        }
                        Ok((word, Claim::Function)) => {
                            assert_eq!(self.calling, None, "called twice");
                            next.word = word;
                            next.has_function = false;
                            next.calling = Some(wait);
                        }
                        Err(error) => assert!([-libc::ENOENT, -libc::EALREADY].contains(&error)),
                    }
                    into.push(next);
                }
            }
            if self.calling.is_some() {
                let (word, finish) = self.word.not_called();
                let mut next = Self { word, calling: None, ..self.clone() };
                if let Some(finish) = finish {
                    next.settle(finish);
                }
                into.push(next);
            }
            if let Some(wait) = self.calling {
                for cancelled in [false, true] {
                    let mut next = Self { calling: None, ..self.clone() };
                    let (word, finish) = self.word.called(cancelled, wait);
                    next.word = word;
                    if let Some(finish) = finish {
                        next.settle(finish);
                    }
                    if cancelled {
                        // The program keeps its promise not to complete it; one that was on its way came first.
                        next.completers = 0;
                    }
                    into.push(next);
                }
            }
            if self.waiting && !self.withdrawn {
                if let Some(word) = self.word.withdraw() {
                    into.push(Self { word, withdrawn: true, waiting: false, ..self.clone() });
                }
            }
            into
        }

        fn check(&self, at_rest: bool) {
            assert!(self.queued + self.given <= 1, "two events: {self:?}");
            assert!(self.given == 0 || self.waiting || self.started, "an event for nobody: {self:?}");
            assert_eq!(self.word.state() == State::Done, self.queued == 1, "{self:?}");
            assert_eq!(self.word.state() == State::Won, self.given == 1, "{self:?}");
            if at_rest {
                assert!(!self.completed || self.queued == 1 && self.word.result() == 7, "{self:?}");
                assert_eq!(self.queued + self.given, 1, "no event: {self:?}");
            }
        }
    }

    #[test]
    fn whatever_the_order_a_request_has_one_outcome() {
        let mut open = Vec::new();
        for bits in 0..8 {
            open.push(Threads::first(bits & 1 != 0, bits & 2 != 0, bits & 4 != 0));
        }
        let mut seen: HashSet<_> = open.iter().cloned().collect();
        while let Some(state) = open.pop() {
            let steps = state.steps();
            state.check(steps.is_empty());
            for step in steps {
                if seen.insert(step.clone()) {
                    open.push(step);
                }
            }
        }
        assert!(seen.len() > 150, "the exploration came to a halt after {}", seen.len());
    }

    #[test]
    fn a_word_keeps_its_parts_apart() {
        let word = Word::default().prepare().run();
        let (word, finish) = word.finish(i32::MIN, false);
        assert_eq!((finish, word.state(), word.result()), (Finish::Queue, State::Done, i32::MIN));
        let next = word.free().prepare();
        assert_eq!((next.state(), next.result()), (State::Preparing, 0));
        assert!(!next.is_generation_of(word));
        let last = Word::from_bits(GENERATION).prepare();
        assert_eq!((last.state(), last.result()), (State::Preparing, 0), "the generation wraps around");
    }
}
