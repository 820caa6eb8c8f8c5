//! Models of a watch between the thread of the ring, which plays the kernel as well, and threads that own and cancel it.
//!
//! What only the owner may touch is shadowed by loom's cells, and so is the life of the watch: two owners, or a watch that is touched
//! after its terminal result, are reported as the data races that they would be. Owners learn of the watch through channels,
//! which order nothing in the other direction; what one owner did reaches the next one through the word alone.
//!
//! The models have been seen to fail with the release of a transition taken away, with the acquires of its load and its exchange taken
//! away together (either is enough: the word's release sequence reaches the one that is left), with a transition that is not
//! one operation, and with a terminal result while sync is still to be called.

use super::word::CANCELLED;
use super::PollWatch;
use crate::ring::loom_tests::{check, Model};
use crate::uapi::{IO_URING_POLL_WATCH_OWNED as OWNED, IO_URING_POLL_WATCH_SYNC as SYNC, *};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::mpsc::{channel, Receiver, Sender};
use loom::thread;
use std::collections::VecDeque;
use std::sync::Arc;

const USER_DATA: u64 = 7;
const WORKERS: usize = 2;

/// What the threads share.
struct Shared {
    watch: PollWatch,
    alive: UnsafeCell<()>,
    /// The owner's: all events that were handled.
    handled: UnsafeCell<u32>,
    /// Calls of sync that other threads ask for.
    told: AtomicU32,
    ended: AtomicU32,
}

// SAFETY: loom runs one thread at a time; what the threads share beyond that is loom's to check.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            watch: PollWatch::new(0, 1, USER_DATA, 0).expect("good arguments"),
            alive: UnsafeCell::new(()),
            handled: UnsafeCell::new(0),
            told: AtomicU32::new(0),
            ended: AtomicU32::new(0),
        })
    }

    /// Uses the watch, which must be there.
    fn with<T>(&self, call: impl FnOnce(&PollWatch) -> T) -> T {
        self.alive.with(|_| call(&self.watch))
    }

    fn tell(&self, ret: c_int) {
        if ret == SYNC {
            self.told.fetch_add(1, Ordering::Release);
        }
    }

    /// The owner's part, after it got the watch.
    fn own(&self) {
        loop {
            let (ret, events) = self.with(PollWatch::next);
            match ret {
                // SAFETY: loom reports every access that is not ordered.
                1 => self.handled.with_mut(|handled| unsafe { *handled |= events }),
                0 | SYNC => return self.tell(ret),
                _ => {
                    assert_eq!(ret, CANCELLED);
                    // The memory is somebody else's now.
                    self.alive.with_mut(|_| ());
                    assert_eq!(self.ended.fetch_add(1, Ordering::Release), 0, "ended twice");
                    return;
                }
            }
        }
    }
}

/// The thread of the ring: it submits, reaps, and is the kernel.
struct Loop {
    shared: Arc<Shared>,
    model: Arc<Model>,
    armed: bool,
    cq: VecDeque<(i32, u32)>,
    workers: Vec<Sender<bool>>,
    next_worker: usize,
}

impl Loop {
    fn start(shared: &Arc<Shared>, workers: Vec<Sender<bool>>) -> Self {
        let mut this = Self {
            shared: Arc::clone(shared),
            model: Model::new(4, 0),
            armed: false,
            cq: VecDeque::new(),
            workers,
            next_worker: 0,
        };
        assert_eq!(this.shared.with(|watch| watch.arm(this.model.ring())), 0);
        this.submit();
        assert!(this.armed);
        this
    }

    /// The kernel takes what was queued.
    fn submit(&mut self) {
        let ring = self.model.ring();
        let head = ring.load_sq_head();
        for (_, sqe) in ring.queued_from(head) {
            // SAFETY: queued.
            let sqe = unsafe { &*sqe };
            assert_eq!(sqe.user_data, USER_DATA);
            match u32::from(sqe.opcode) {
                IORING_OP_POLL_ADD => {
                    assert!(!self.armed, "two poll requests");
                    self.armed = true;
                }
                IORING_OP_POLL_REMOVE if self.armed => {
                    self.armed = false;
                    self.cq.extend([(0, 0), (CANCELLED, 0)]);
                }
                IORING_OP_POLL_REMOVE => self.cq.push_back((-libc::ENOENT, 0)),
                opcode => panic!("opcode {opcode}"),
            }
        }
        self.model.sq_head().store(head.wrapping_add(ring.sq_ready()), Ordering::Release);
    }

    fn sync(&mut self) {
        assert_eq!(self.shared.with(|watch| watch.sync(self.model.ring())), 0);
        self.submit();
    }

    fn post(&mut self, res: i32, flags: u32) {
        let cqe = io_uring_cqe { user_data: USER_DATA, res, flags };
        let ret = self.shared.with(|watch| watch.post(&cqe));
        assert!(ret >= 0);
        if ret & OWNED != 0 {
            self.workers[self.next_worker].send(true).expect("the worker listens");
            self.next_worker = (self.next_worker + 1) % self.workers.len();
        }
        if ret & SYNC != 0 {
            self.sync();
        }
    }

    /// Posts what the kernel posted, does what others ask for; whether there was nothing.
    fn turn(&mut self) {
        if self.shared.told.swap(0, Ordering::Acquire) != 0 {
            self.sync();
        } else if let Some((res, flags)) = self.cq.pop_front() {
            self.post(res, flags);
        } else {
            thread::yield_now();
        }
    }

    fn until_rearmed(&mut self) {
        while !self.armed {
            self.turn();
        }
    }

    fn until_ended(&mut self) {
        while self.shared.ended.load(Ordering::Acquire) == 0 {
            self.turn();
        }
        assert!(!self.armed && self.cq.is_empty(), "ended, and more to come");
        assert_eq!(self.shared.told.load(Ordering::Acquire), 0, "sync would touch what is gone");
        for worker in &self.workers {
            worker.send(false).expect("the worker listens");
        }
    }
}

fn spawn_workers(shared: &Arc<Shared>, nr: usize) -> (Vec<Sender<bool>>, Vec<thread::JoinHandle<()>>) {
    (0..nr)
        .map(|_| {
            let (sender, receiver): (_, Receiver<bool>) = channel();
            let shared = Arc::clone(shared);
            let worker = thread::spawn(move || {
                // Loom's channels do not end with their senders.
                while receiver.recv() == Ok(true) {
                    shared.own();
                }
            });
            (sender, worker)
        })
        .unzip()
}

fn join(workers: Vec<thread::JoinHandle<()>>) {
    for worker in workers {
        worker.join().expect("the thread ends");
    }
}

/// Two owners by turns: all events arrive, also those of a poll that ended; it is armed again, and its end comes once.
#[test]
fn every_event_reaches_an_owner_across_the_end_of_the_poll() {
    check(|| {
        let shared = Shared::new();
        let (senders, workers) = spawn_workers(&shared, WORKERS);
        let mut ring = Loop::start(&shared, senders);
        ring.post(1, IORING_CQE_F_MORE);
        ring.armed = false;
        ring.post(2, 0);
        ring.until_rearmed();
        let ret = shared.with(PollWatch::cancel);
        shared.tell(ret);
        ring.until_ended();
        join(workers);
        // SAFETY: no thread is left.
        assert_eq!(shared.handled.with(|handled| unsafe { *handled }), 3);
    });
}

/// A cancel comes while the watch is owned by one of two threads, while the poll ends, and while it is being armed again.
#[test]
fn a_cancel_at_any_time_ends_the_watch_once() {
    check(|| {
        let shared = Shared::new();
        let (senders, workers) = spawn_workers(&shared, WORKERS);
        let mut ring = Loop::start(&shared, senders);
        let canceller = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let ret = shared.with(PollWatch::cancel);
                assert!(ret >= 0);
                shared.tell(ret);
            })
        };
        ring.post(1, IORING_CQE_F_MORE);
        ring.armed = false;
        ring.post(2, 0);
        ring.until_ended();
        join(workers);
        canceller.join().expect("the thread ends");
    });
}

/// Two cancels at once: one of them counts.
#[test]
fn one_of_two_cancels_is_told_that_it_came_second() {
    check(|| {
        let shared = Shared::new();
        let (senders, workers) = spawn_workers(&shared, 1);
        let mut ring = Loop::start(&shared, senders);
        let cancel = |shared: &Shared| {
            // Under the second one the watch may not end: here it is kept, as a program would that has two.
            let ret = shared.watch.cancel();
            shared.tell(ret);
            ret
        };
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || cancel(&shared))
        };
        let mine = cancel(&shared);
        let theirs = other.join().expect("the thread ends");
        assert_eq!([mine, theirs].iter().filter(|&&ret| ret == SYNC).count(), 1);
        assert_eq!([mine, theirs].iter().filter(|&&ret| ret == -libc::EALREADY).count(), 1);
        ring.until_ended();
        join(workers);
    });
}
