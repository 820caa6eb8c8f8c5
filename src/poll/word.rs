//! The state word of a watch, and its transitions.
//!
//! The word is the `poll_refs` of the kernel's poll requests (Linux aa43477b0402, `io_poll_check_events()`) with the events beside it. There a thread that comes too late raises a count, because the word
//! has no room for what happened, and the owner looks again for as long as it finds the count changed. Here what happened is in the
//! word itself, merged by OR, so that one bit is left of the count: the owner looks again for as long as it finds events.
//!
//! | bits | name | set by | cleared by | meaning |
//! |---|---|---|---|---|
//! | 0–31 | [`EVENTS`] | post | next | events that the owner has not taken, as poll(2) has them |
//! | 32 | [`OWNED`] | post | next | somebody owns the watch: it handles events, and nobody else does |
//! | 33 | [`ARMED`] | arm | next, with the terminal result | the watch lives |
//! | 34 | [`POLL`] | arm, sync | post | a poll request is queued or in the kernel. `ARMED` without it: a re-arm is owed |
//! | 35 | [`CONTROL`] | modify, sync | post | an update or a removal is queued or in the kernel |
//! | 36 | [`REMOVAL`] | sync | post, after -EALREADY | the last `CONTROL` was a removal, and found what there was to find |
//! | 37 | [`UPDATE`] | modify, post | modify, sync | the poll request has other events than the watch: an update is owed |
//! | 38 | [`SYNC`] | post, next, cancel | sync | somebody was told to have sync called, and that has not happened |
//! | 39 | [`CANCEL`] | cancel | with the terminal result | nobody arms the watch again |
//! | 40 | [`FAILED`] | post | with the terminal result | the poll failed for good |
//! | 41 | [`LATE`] | post, after -EALREADY | modify, sync | the next update or removal is a second attempt |
//! | 48–63 | [`WANTED`] | init, modify | modify | events to wait for |
//!
//! `POLL`, `CONTROL` and `SYNC` are what keeps a watch alive: while one of them is set, something is on its way to it, a CQE or a
//! call of sync, and there is no terminal result. They are set before that thing can exist and cleared when it has arrived. A watch
//! of which none is set, and which is cancelled or has failed, [is finished](Word::is_finished); its owner takes the terminal result and by that
//! clears all but `WANTED`. Nobody touches the watch after that.
//!
//! Every transition is one atomic operation, acquire and release: what one owner did happens before what the next one does, and what was
//! queued, or found out, before a bit was set is there for whoever sees the bit. `OWNED` set by post pairs with `OWNED` cleared by next;
//! the other pairs are named with the transitions.

use crate::sys::{EALREADY, EINVAL};
use crate::uapi::{
    c_int, IORING_CQE_F_MORE, IO_URING_POLL_WATCH_OWNED as RET_OWNED, IO_URING_POLL_WATCH_SYNC as RET_SYNC,
};

const EVENTS: u64 = 0xffff_ffff;
const OWNED: u64 = 1 << 32;
const ARMED: u64 = 1 << 33;
const POLL: u64 = 1 << 34;
const CONTROL: u64 = 1 << 35;
const REMOVAL: u64 = 1 << 36;
const UPDATE: u64 = 1 << 37;
const SYNC: u64 = 1 << 38;
const CANCEL: u64 = 1 << 39;
const FAILED: u64 = 1 << 40;
const LATE: u64 = 1 << 41;
const WANTED_SHIFT: u32 = 48;
const WANTED: u64 = 0xffff << WANTED_SHIFT;

/// The terminal result of a watch that was cancelled. Of a poll request, unasked: somebody else cancelled it, or the thread that submitted
/// it is no more.
pub(super) const CANCELLED: c_int = -libc::ECANCELED;
const NO_MEMORY: c_int = -libc::ENOMEM;
const TRY_AGAIN: c_int = -libc::EAGAIN;
const INTERRUPTED: c_int = -libc::EINTR;
/// Of an update or a removal: there is no poll request.
const NOT_FOUND: c_int = -libc::ENOENT;
/// Of an update or a removal: the poll request is being handled.
const TOO_LATE: c_int = -EALREADY;

/// A value of the word.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Word(u64);

/// What the submitting side can queue.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Request {
    /// A poll request.
    Poll,
    /// Other events for the poll request.
    Update,
    /// The poll request's end. Where there is none, its -ENOENT is what ends the watch.
    Removal,
}

/// What a CQE says about the watch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum News {
    /// Events, and more to come.
    Events(u32),
    /// The poll request is over, perhaps with events, and nothing speaks against another one.
    Ended(u32),
    /// The poll request is over, and another one would fail as well.
    Failed,
    /// The update or removal did its work, or found that there is no poll request left.
    Controlled,
    /// The update or removal came while the poll request was being handled, and did nothing.
    Again,
}

/// What the owner gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// It still owns the watch.
    Events(u32),
    /// It gave the watch up; what to return.
    Released(c_int),
    /// The watch is over, because it was cancelled or because the poll failed.
    Terminal { cancelled: bool },
}

impl Word {
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word of a watch for these events.
    pub(super) const fn new(wanted: u32) -> Self {
        Self((wanted as u64) << WANTED_SHIFT)
    }

    /// The events to wait for.
    pub(super) const fn wanted(self) -> u32 {
        (self.0 >> WANTED_SHIFT) as u32
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    const fn has(self, bits: u64) -> bool {
        self.0 & bits != 0
    }

    #[must_use]
    const fn with(self, bits: u64) -> Self {
        Self(self.0 | bits)
    }

    #[must_use]
    const fn without(self, bits: u64) -> Self {
        Self(self.0 & !bits)
    }

    /// Whether arm was called and the terminal result is still to be taken.
    pub(super) const fn is_armed(self) -> bool {
        self.has(ARMED)
    }

    pub(super) const fn is_cancelled(self) -> bool {
        self.has(CANCEL)
    }

    pub(super) const fn is_late(self) -> bool {
        self.has(LATE)
    }

    pub(super) const fn has_failed(self) -> bool {
        self.has(FAILED)
    }

    /// Nothing is on its way to the watch, and nothing is to be sent.
    const fn is_finished(self) -> bool {
        self.has(CANCEL | FAILED) && !self.has(POLL | CONTROL | SYNC)
    }

    /// What sync would queue.
    fn owed(self) -> Option<Request> {
        if !self.has(ARMED) || self.has(CONTROL) {
            None
        } else if self.has(CANCEL | FAILED) {
            // With SYNC set the call is still to come, and only a CQE can end the watch behind it.
            (self.has(SYNC) || self.has(POLL) && !self.has(REMOVAL)).then_some(Request::Removal)
        } else if !self.has(POLL) {
            // Arming reports the events that there are: not before the owner is done with them.
            (!self.has(OWNED)).then_some(Request::Poll)
        } else {
            self.has(UPDATE).then_some(Request::Update)
        }
    }

    /// Whether sync has something to do.
    pub(super) fn owes(self) -> bool {
        self.has(SYNC) || self.owed().is_some()
    }

    /// The word with the request in it.
    fn queued(self, request: Request) -> Self {
        match request {
            Request::Poll => self.with(POLL).without(UPDATE | LATE),
            Request::Update => self.with(CONTROL).without(UPDATE | LATE),
            Request::Removal => self.with(CONTROL | REMOVAL).without(LATE),
        }
    }

    /// Tells somebody about sync, once.
    fn tell(self) -> (Self, c_int) {
        if !self.has(SYNC) && self.owed().is_some() {
            (self.with(SYNC), RET_SYNC)
        } else {
            (self, 0)
        }
    }

    /// The submitting side queues the first poll request: -EALREADY where there was one, -EINVAL where there is nothing to wait for.
    pub(super) fn arm(self) -> Result<Self, c_int> {
        if self.has(ARMED) {
            Err(-EALREADY)
        } else if self.wanted() == 0 {
            // Memory that was never initialised is often zero.
            Err(-EINVAL)
        } else {
            Ok(self.with(ARMED).queued(Request::Poll))
        }
    }

    /// The submitting side wants other events, and queues what is returned.
    ///
    /// While a request is in flight that says when it is done, the update waits for it; where there is no poll request the next one has the new events.
    pub(super) fn modify(self, wanted: u32) -> (Self, Option<Request>) {
        let word = self.without(WANTED).with(Self::new(wanted).0);
        if !self.has(POLL) {
            (word, None)
        } else if self.has(CONTROL) {
            (word.with(UPDATE), None)
        } else {
            (word.queued(Request::Update), Some(Request::Update))
        }
    }

    /// The submitting side queues what is owed.
    pub(super) fn sync(self) -> (Self, Option<Request>) {
        let request = self.owed();
        let word = request.map_or(self, |request| self.queued(request));
        (word.without(SYNC), request)
    }

    /// Any thread ends the watch: what to return.
    ///
    /// Where a request is in flight, or sync is still to be called, whoever gets there finds the bit.
    pub(super) fn cancel(self) -> Result<(Self, c_int), c_int> {
        if !self.has(ARMED) {
            return Err(-EINVAL);
        }
        if self.has(CANCEL) {
            return Err(-EALREADY);
        }
        let word = self.with(CANCEL);
        if self.is_finished() || self.has(CONTROL | SYNC) {
            return Ok((word, 0));
        }
        Ok((word.with(SYNC), RET_SYNC))
    }

    /// What a CQE is for the watch; `None` when it is not from this watch.
    ///
    /// The requests of a watch share one user_data. With two of them in flight the results tell them apart: no poll request of events ends with 0,
    /// -ENOENT or -EALREADY, and an update or removal has no other result. Were one taken for the other all the same, the number of
    /// results would still be right, and with it the end of the watch.
    pub(super) fn news(self, res: i32, flags: u32) -> Option<News> {
        if flags & IORING_CQE_F_MORE != 0 {
            // Before Linux 6.1, where the CQ overflowed, they may come behind the end of their poll request.
            return (res >= 0).then_some(News::Events(res as u32));
        }
        if self.has(CONTROL) && (!self.has(POLL) || matches!(res, 0 | NOT_FOUND | TOO_LATE)) {
            return Some(if res == TOO_LATE { News::Again } else { News::Controlled });
        }
        self.has(POLL).then_some(match res {
            0.. => News::Ended(res as u32),
            NOT_FOUND | TOO_LATE | CANCELLED | NO_MEMORY | TRY_AGAIN | INTERRUPTED => News::Ended(0),
            _ => News::Failed,
        })
    }

    /// The completing side takes a CQE in: what to return, one bit at most.
    pub(super) fn post(self, news: News) -> (Self, c_int) {
        let word = match news {
            News::Events(events) => self.with(events.into()),
            News::Ended(events) => self.without(POLL).with(events.into()),
            News::Failed => self.without(POLL).with(FAILED),
            News::Controlled => self.without(CONTROL),
            News::Again if self.has(REMOVAL) => self.without(CONTROL | REMOVAL).with(LATE),
            News::Again => self.without(CONTROL).with(UPDATE | LATE),
        };
        let anything = word.is_finished() || word.has(EVENTS) && !word.has(CANCEL);
        if anything && !word.has(OWNED) {
            // What is owed by now the owner is told when it gives the watch up.
            (word.with(OWNED), RET_OWNED)
        } else {
            word.tell()
        }
    }

    /// The owner takes events, the terminal result, or its leave; `None` where there is no owner.
    ///
    /// Events that were not taken before the watch was cancelled are not handed out any more.
    pub(super) fn next(self) -> Option<(Self, Next)> {
        if !self.has(OWNED) {
            return None;
        }
        let cancelled = self.has(CANCEL);
        if self.has(EVENTS) && !cancelled {
            return Some((self.without(EVENTS), Next::Events((self.0 & EVENTS) as u32)));
        }
        if self.is_finished() {
            return Some((Self(self.0 & WANTED), Next::Terminal { cancelled }));
        }
        let (word, told) = self.without(OWNED).tell();
        Some((word, Next::Released(told)))
    }
}
