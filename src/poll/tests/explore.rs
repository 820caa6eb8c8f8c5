//! Every order in which things can happen to a watch, against a kernel that may answer in every way that it has.
//!
//! A state is the word, what is in the queues, and what the program holds. From the first one all others are reached step by step; each
//! step checks that there is one owner and one terminal result, and each state in which nothing is left to do that the watch is not deaf.

use crate::poll::word::{News, Next, Request, Word, CANCELLED};
use crate::sys::EALREADY;
use crate::uapi::*;
use std::collections::{HashSet, VecDeque};

/// What the program waits for, one after the other.
const MASKS: [u32; 3] = [1, 5, 4];

/// Events of the file, when there is something to be done.
const READABLE: u32 = 1;

/// A CQE of the watch that was not posted yet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Cqe {
    Event,
    PollEnd(i32),
    Answer(i32),
}

impl Cqe {
    fn fields(self) -> (i32, u32) {
        match self {
            Cqe::Event => (READABLE as i32, IORING_CQE_F_MORE),
            Cqe::PollEnd(res) | Cqe::Answer(res) => (res, 0),
        }
    }
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct State {
    word: Word,
    /// What is queued, with the mask that it has.
    sq: VecDeque<(Request, u32)>,
    cq: VecDeque<Cqe>,
    /// The mask of the poll request in the kernel.
    armed: Option<u32>,
    /// The result of a poll request that is over, and of which the CQE is still to come.
    ending: Option<i32>,
    /// The mask that the program wants, one of [`MASKS`].
    wanted: usize,
    /// Updates and removals that there is a reason for.
    reasons: u8,
    /// Something is to be read.
    readable: bool,
    /// Somebody was told that it owns the watch; it is between a next that returned 1 and the following one.
    owner: bool,
    handling: bool,
    /// Calls of sync that the program was told to make.
    told: u8,
    cancelled: bool,
    failed: bool,
    terminal: bool,
    /// What is still allowed to happen, so that there is an end.
    arrivals: u8,
    mishaps: u8,
    spurious: u8,
}

impl State {
    fn first() -> Self {
        Self {
            word: Word::new(MASKS[0]).arm().expect("a new watch"),
            sq: VecDeque::from([(Request::Poll, MASKS[0])]),
            cq: VecDeque::new(),
            armed: None,
            ending: None,
            wanted: 0,
            reasons: 0,
            readable: false,
            owner: false,
            handling: false,
            told: 0,
            cancelled: false,
            failed: false,
            terminal: false,
            arrivals: 3,
            mishaps: 4,
            spurious: 1,
        }
    }

    fn tell(&mut self, ret: c_int) {
        if ret & IO_URING_POLL_WATCH_SYNC != 0 {
            self.told += 1;
            assert_eq!(self.told, 1, "told twice for one call: {self:?}");
        }
    }

    /// One of the things that go wrong; none when there were enough.
    fn mishap(&self) -> Option<Self> {
        let mut next = self.clone();
        next.mishaps = self.mishaps.checked_sub(1)?;
        Some(next)
    }

    /// The poll request is over; its CQE comes now or later.
    fn end(&self, res: i32, into: &mut Vec<Self>) {
        let ended = Self { armed: None, ..self.clone() };
        into.push(Self { ending: Some(res), ..ended.clone() });
        into.push(ended.with(Cqe::PollEnd(res)));
    }

    fn with(mut self, cqe: Cqe) -> Self {
        self.cq.push_back(cqe);
        self
    }

    /// The poll request reports events, and lives on or has met a full CQ.
    fn report(&self, into: &mut Vec<Self>) {
        into.push(self.clone().with(Cqe::Event));
        if let Some(over) = self.mishap() {
            over.end(READABLE as i32, into);
        }
    }

    fn kernel_takes(&self, into: &mut Vec<Self>) {
        let mut taken = self.clone();
        let Some((request, mask)) = taken.sq.pop_front() else { return };
        match request {
            Request::Poll => {
                assert_eq!((taken.armed, taken.ending), (None, None), "two poll requests");
                for error in [-libc::ENOMEM, -libc::EBADF] {
                    into.extend(taken.mishap().map(|failed| failed.with(Cqe::PollEnd(error))));
                }
                taken.armed = Some(mask);
                taken.look(into);
            }
            Request::Update | Request::Removal if taken.armed.is_none() => {
                into.push(taken.with(Cqe::Answer(-libc::ENOENT)));
            }
            Request::Update => {
                taken.too_late(into);
                taken.armed = Some(mask);
                taken.with(Cqe::Answer(0)).look(into);
            }
            Request::Removal => {
                taken.too_late(into);
                taken.clone().with(Cqe::Answer(0)).end(CANCELLED, into);
                into.push(Self { armed: None, ..taken }.with(Cqe::PollEnd(CANCELLED)).with(Cqe::Answer(0)));
            }
        }
    }

    /// A poll request that was armed looks how things are.
    fn look(self, into: &mut Vec<Self>) {
        if self.readable {
            self.report(into);
        } else {
            into.push(self);
        }
    }

    /// The answer that came while the poll request was being handled, which may end all the same.
    fn too_late(&self, into: &mut Vec<Self>) {
        let Some(mut late) = self.mishap() else { return };
        late.reasons += 1;
        let late = late.with(Cqe::Answer(-EALREADY));
        late.end(CANCELLED, into);
        into.push(late);
    }

    fn post(&self, into: &mut Vec<Self>) {
        let mut posted = self.clone();
        let Some(cqe) = posted.cq.pop_front() else { return };
        let (res, flags) = cqe.fields();
        let news = posted.word.news(res, flags).unwrap_or_else(|| panic!("a CQE of the watch: {self:?}"));
        let of_poll = matches!(news, News::Events(_) | News::Ended(_) | News::Failed);
        assert_eq!(of_poll, !matches!(cqe, Cqe::Answer(_)), "{cqe:?} taken for {news:?}");
        if news == News::Failed {
            posted.failed = true;
            posted.reasons += 1;
        }
        let (word, ret) = posted.word.post(news);
        posted.word = word;
        if ret & IO_URING_POLL_WATCH_OWNED != 0 {
            assert!(!posted.owner, "two owners: {self:?}");
            posted.owner = true;
        }
        posted.tell(ret);
        into.push(posted);
    }

    fn owner_goes_on(&self, into: &mut Vec<Self>) {
        if self.handling && self.readable {
            // It reads until -EAGAIN.
            into.push(Self { readable: false, ..self.clone() });
            return;
        }
        let mut next = Self { handling: false, ..self.clone() };
        let (word, what) = self.word.next().unwrap_or_else(|| panic!("an owner that is not known: {self:?}"));
        next.word = word;
        match what {
            Next::Events(events) => {
                assert_eq!(events, READABLE);
                assert!(!self.cancelled, "events of a watch that was cancelled");
                next.handling = true;
            }
            Next::Released(told) => {
                next.owner = false;
                next.tell(told);
            }
            Next::Terminal { cancelled } => {
                assert_eq!(cancelled, self.cancelled);
                assert!(cancelled || self.failed);
                next.owner = false;
                next.terminal = true;
                assert_eq!(next.word, Word::new(MASKS[self.wanted]));
                assert!(next.sq.is_empty() && next.cq.is_empty(), "more to come: {self:?}");
                assert_eq!((next.armed, next.ending), (None, None), "more to come: {self:?}");
                assert_eq!(next.told, 0, "sync would touch what is gone: {self:?}");
            }
        }
        into.push(next);
    }

    fn sync(&self) -> Self {
        let (word, request) = self.word.sync();
        assert!(request.is_none() || self.word.owes());
        Self { word, told: 0, ..self.clone() }.queued(request)
    }

    fn queued(mut self, request: Option<Request>) -> Self {
        match request {
            None => return self,
            Some(Request::Poll) => assert!(!self.owner, "the owner would see again what it is handling"),
            Some(_) => self.reasons = self.reasons.checked_sub(1).expect("a request without a reason"),
        }
        self.sq.extend(request.map(|request| (request, self.word.wanted())));
        self
    }

    fn program_does(&self, into: &mut Vec<Self>) {
        if self.told != 0 {
            assert!(self.word.owes());
            into.push(self.sync());
        } else if let Some(spurious) = self.spurious.checked_sub(1) {
            into.push(Self { spurious, ..self.sync() });
        }
        if !self.cancelled {
            // A watch that failed may end while it is cancelled; the program has to know, and here it does.
            let (word, ret) = self.word.cancel().expect("armed, for the first time");
            let mut cancelled = Self { word, cancelled: true, reasons: self.reasons + 1, ..self.clone() };
            cancelled.tell(ret);
            into.push(cancelled);
        } else {
            assert_eq!(self.word.cancel().err(), Some(-EALREADY));
        }
        if self.wanted + 1 < MASKS.len() && !self.cancelled && !self.failed {
            let (word, request) = self.word.modify(MASKS[self.wanted + 1]);
            let modified = Self { word, wanted: self.wanted + 1, reasons: self.reasons + 1, ..self.clone() };
            into.push(modified.queued(request));
        }
    }

    fn steps(&self) -> Vec<Self> {
        let mut into = Vec::new();
        if self.terminal {
            return into;
        }
        self.kernel_takes(&mut into);
        self.post(&mut into);
        if let Some(res) = self.ending {
            into.push(Self { ending: None, ..self.clone() }.with(Cqe::PollEnd(res)));
        }
        if self.owner {
            self.owner_goes_on(&mut into);
        }
        if into.is_empty() && self.told == 0 {
            self.check_rest();
        }
        self.program_does(&mut into);
        if let Some(arrivals) = self.arrivals.checked_sub(1) {
            let arrived = Self { arrivals, readable: true, ..self.clone() };
            if self.armed.is_some() {
                arrived.report(&mut into);
            } else {
                into.push(arrived);
            }
        }
        if let (Some(_), Some(gone)) = (self.armed, self.mishap()) {
            // Somebody else's cancellation.
            gone.end(CANCELLED, &mut into);
        }
        into
    }

    /// Nothing is under way: the watch must wait for its file, with the right mask, and nothing may be left unread.
    fn check_rest(&self) {
        assert!(!self.cancelled && !self.failed, "a watch that does not end: {self:?}");
        assert_eq!(self.armed, Some(MASKS[self.wanted]), "deaf: {self:?}");
        assert!(!self.readable, "an event was lost: {self:?}");
        assert!(!self.word.owes());
    }
}

#[test]
fn no_order_of_things_makes_a_watch_deaf_owned_twice_or_ended_twice() {
    let mut seen = HashSet::from([State::first()]);
    let mut open = vec![State::first()];
    let (mut terminal, mut idle) = (0, 0);
    while let Some(state) = open.pop() {
        let steps = state.steps();
        terminal += u32::from(state.terminal);
        idle += u32::from(!state.terminal && state.sq.is_empty() && state.cq.is_empty() && !state.owner);
        for step in steps {
            if !seen.contains(&step) {
                seen.insert(step.clone());
                open.push(step);
            }
        }
    }
    println!("{} states, {terminal} with a terminal result, {idle} at rest", seen.len());
    assert!(seen.len() > 10_000 && terminal > 100 && idle > 100, "the exploration came to a halt");
}
