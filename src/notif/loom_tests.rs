//! Models of a thread that submits and one that reaps, with the mailboxes between them.
//!
//! What lies in a mailbox is shadowed by loom's cells, so that an entry that is used by both sides at once, or read before it was
//! written, is reported as the data race that it would be. In the model of the whole, loom lets the loads of the library return
//! what memory may still hold; there the kernel's part is played by the thread that submits.
//!
//! Each model has been seen to fail with the ordering that it is about taken away: the release and the acquire of the mailbox, the
//! reload after a failed exchange, the order of taking.

use super::op::{Kind, Op};
use super::pool::{Linked, Mailbox, Pool, NONE};
use super::{Notif, State, Whole};
use crate::ring::loom_tests::{check, model};
use crate::ring::types::{io_uring, io_uring_cq};
use crate::ring::{int_flags, Ring, Word};
use crate::uapi::*;
use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;

const SENDS: u32 = 3;

/// An entry whose link and content loom watches.
struct Entry {
    next: u32,
    link: UnsafeCell<()>,
    content: UnsafeCell<u32>,
}

impl Linked for Entry {
    fn next(&mut self) -> &mut u32 {
        self.link.with_mut(|_| ());
        &mut self.next
    }
}

/// Two mailboxes, and entries that go round.
struct Boxes {
    submitted: u32,
    freed: u32,
    entries: Pool<Entry>,
}

// SAFETY: loom runs one thread at a time; what the threads share beyond that is loom's to check.
unsafe impl Sync for Boxes {}
// SAFETY: as above.
unsafe impl Send for Boxes {}

impl Boxes {
    /// With `nr` entries, numbered from 1.
    fn new(nr: u32) -> Arc<Self> {
        model::reset();
        // SAFETY: what zeroed memory is.
        let boxes = Arc::new(Self { submitted: NONE, freed: NONE, entries: unsafe { core::mem::zeroed() } });
        boxes.entries.grow(&mut 0, nr + 1).expect("memory");
        for index in 1..=nr {
            let entry = Entry { next: NONE, link: UnsafeCell::new(()), content: UnsafeCell::new(0) };
            // SAFETY: fresh memory.
            unsafe { boxes.entries.at(index).write(entry) };
        }
        // Loom's atomics come to be here, before there are threads that could use one first.
        drop((model::word(boxes.submitted().cast()), model::word(boxes.freed().cast())));
        boxes
    }

    fn submitted(&self) -> *mut Mailbox {
        (&raw const self.submitted).cast_mut().cast()
    }

    fn freed(&self) -> *mut Mailbox {
        (&raw const self.freed).cast_mut().cast()
    }

    fn put(&self, mailbox: *mut Mailbox, index: u32) {
        // SAFETY: a mailbox of the boxes, and an entry of this side.
        unsafe { (*mailbox).put(&self.entries, index) };
    }

    fn next(&self, index: u32) -> u32 {
        // SAFETY: an entry of this side.
        *unsafe { &mut *self.entries.at(index) }.next()
    }

    fn content<T>(&self, index: u32, with: impl FnOnce(*mut u32) -> T) -> T {
        // SAFETY: as above; loom reports every access that is not ordered.
        unsafe { &*self.entries.at(index) }.content.with_mut(with)
    }

    fn end(&self, nr: u32) {
        for index in 1..=nr {
            // SAFETY: no thread is left.
            unsafe { self.entries.at(index).drop_in_place() };
        }
        // SAFETY: as above.
        unsafe { self.entries.free() };
    }
}

/// Three sends through a mailbox with fewer entries, which come back through the other one.
fn go_round(nr: u32) {
    check(move || {
        let boxes = Boxes::new(nr);
        let b = Arc::clone(&boxes);
        let reaping = thread::spawn(move || {
            let mut seen = 0;
            while seen < SENDS {
                // SAFETY: a mailbox of the boxes; so below.
                if unsafe { &*b.submitted() }.is_empty() {
                    thread::yield_now();
                    continue;
                }
                // SAFETY: the mailbox of the entries.
                let mut index = unsafe { (*b.submitted()).take_in_order(&b.entries) };
                while index != NONE {
                    let next = b.next(index);
                    seen += 1;
                    // SAFETY: a live value.
                    assert_eq!(b.content(index, |content| unsafe { *content }), seen, "once, and in this order");
                    b.put(b.freed(), index);
                    index = next;
                }
            }
        });
        let mut free: Vec<u32> = (1..=nr).collect();
        for send in 1..=SENDS {
            while free.is_empty() {
                // SAFETY: as above.
                let mut index = unsafe { &*boxes.freed() }.take();
                while index != NONE {
                    free.push(index);
                    index = boxes.next(index);
                }
                thread::yield_now();
            }
            let index = free.pop().expect("not empty");
            // SAFETY: a live value.
            boxes.content(index, |content| unsafe { *content = send });
            boxes.put(boxes.submitted(), index);
        }
        reaping.join().expect("the thread ends");
        boxes.end(nr);
    });
}

#[test]
fn entries_arrive_once_whole_and_in_order_whoever_is_quicker() {
    for nr in 1..=SENDS {
        go_round(nr);
    }
}

/// A ring with a state, whose words are loom's.
struct Model {
    ring: std::cell::UnsafeCell<io_uring>,
    words: [u32; 2],
    cqes: std::cell::UnsafeCell<[io_uring_cqe; CQES as usize]>,
    whole: std::cell::UnsafeCell<Whole>,
}

const CQES: u32 = 4;

// SAFETY: as above.
unsafe impl Sync for Model {}
// SAFETY: as above.
unsafe impl Send for Model {}

impl Model {
    fn new() -> Arc<Self> {
        model::reset();
        let mut whole = core::mem::MaybeUninit::<Whole>::zeroed();
        // SAFETY: all of the state is right when it is zero, but for this pointer.
        let whole = unsafe {
            (&raw mut (*whole.as_mut_ptr()).cq_tail).write(super::complete::cq_tail_for_c);
            whole.assume_init()
        };
        let model = Arc::new(Self {
            ring: std::cell::UnsafeCell::new(io_uring::EMPTY),
            words: [0; 2],
            cqes: std::cell::UnsafeCell::new([io_uring_cqe { user_data: 0, res: 0, flags: 0 }; CQES as usize]),
            whole: std::cell::UnsafeCell::new(whole),
        });
        let cq = io_uring_cq {
            khead: (&raw const model.words[0]).cast_mut(),
            ktail: (&raw const model.words[1]).cast_mut(),
            cqes: model.cqes.get().cast(),
            ring_mask: CQES - 1,
            ring_entries: CQES,
            ..io_uring_cq::EMPTY
        };
        let ring = model.ring();
        // SAFETY: no other thread is there yet; so below.
        unsafe { *model.ring.get() = io_uring { cq, ..io_uring::EMPTY } };
        drop((model::word(cq.khead), model::word(cq.ktail)));
        // SAFETY: as above.
        let whole = unsafe { &mut *model.whole.get() };
        whole.reaper.set_view(ring, &cq).expect("memory");
        Notif::set(ring, whole);
        // SAFETY: as above.
        let (int_flags, cq) = unsafe { (&mut (*model.ring.get()).int_flags, (*model.ring.get()).cq) };
        *int_flags |= int_flags::NOTIF;
        // Chunks, and loom's atomics, come to be before there are threads.
        let state = state_ref(&model);
        whole.submitter.reserve(state, 1, 0).expect("memory");
        drop((model::word(cq.khead), model::word(cq.ktail)));
        drop((
            model::word((&raw const state.submitted).cast_mut().cast()),
            model::word((&raw const state.freed).cast_mut().cast()),
        ));
        drop(model::word(state.returned.get()));
        for index in 1..=SENDS {
            // SAFETY: an entry of the first chunk.
            drop(model::word(unsafe { &raw mut (*state.ops.at(index)).cancellable }));
        }
        model
    }

    fn ring(&self) -> Ring {
        // SAFETY: lives in the model.
        unsafe { Ring::from_raw(self.ring.get()) }
    }

    /// The kernel completes a request.
    fn complete(&self, nr: u32, handle: u64, res: i32) {
        let cqe = io_uring_cqe { user_data: handle, res, flags: 0 };
        // SAFETY: beyond the tail.
        unsafe { (*self.cqes.get())[(nr % CQES) as usize] = cqe };
        // SAFETY: a word of the model.
        unsafe { Word::new((&raw const self.words[1]).cast_mut()) }.store_release(nr + 1);
    }
}

fn state_ref(model: &Model) -> &State {
    // SAFETY: lives in the model.
    unsafe { &(*model.whole.get()).state }
}

/// Whatever the reaping side sees of the CQ, it has been told of the request before; and a number that came back is another request.
#[test]
fn a_completion_never_overtakes_the_news_of_its_request() {
    check(|| {
        let model = Model::new();
        let m = Arc::clone(&model);
        let reaping = thread::spawn(move || {
            let mut seen = 0;
            while seen < SENDS {
                let peek = m.ring().peek();
                if peek.cqe.is_null() {
                    thread::yield_now();
                    continue;
                }
                seen += 1;
                // SAFETY: a CQE of the view.
                let cqe = unsafe { &*peek.cqe };
                assert_eq!((cqe.user_data, cqe.res), (u64::from(seen) * 10, -(seen as i32)), "its own, and in order");
                m.ring().cq_advance(1);
            }
        });
        let notif = Notif::of(model.ring());
        let (state, mut handles) = (notif.state(), Vec::new());
        for send in 0..SENDS {
            notif.submitter().reserve(state, 1, 0).expect("memory");
            let (index, handle, op): (u32, u64, &mut Op) = notif.submitter().op(state, Kind::Refused);
            assert!(!handles.contains(&handle));
            handles.push(handle);
            op.user_data = u64::from(send + 1) * 10;
            op.res = -(send as i32 + 1);
            state.put(index);
            model.complete(send, handle, -libc::ENOENT);
        }
        reaping.join().expect("the thread ends");
        // SAFETY: no thread is left.
        unsafe {
            (*model.whole.get()).reaper.free_view();
            state.ops.free();
            state.nodes.free();
        }
    });
}
