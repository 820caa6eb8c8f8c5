//! Models of what two sides do to a ring at once, with a loom thread in the kernel's place.
//!
//! The library's side is the real code. Payloads are shadowed by loom's cells, so that a payload that is read before it was
//! published, or written before it was released, is reported as the data race that it would be.
//!
//! Each model has been seen to fail with the ordering that it is about taken away: the fence of the wake-up, the release and
//! acquire of each head and tail.

use super::calls::Direct;
use super::types::{io_uring, io_uring_cq, io_uring_sq};
pub(crate) use super::word::model;
use super::Ring;
use crate::register::buf_ring::{mask, BufRing};
use crate::uapi::*;
use core::ptr::null_mut;
use loom::cell::UnsafeCell;
use loom::sync::atomic::{fence, AtomicU32, Ordering};
use loom::sync::{Mutex, Notify};
use loom::thread;
use std::sync::Arc;

/// The answer to system calls under loom.
pub(crate) mod kernel {
    use core::cell::RefCell;
    use std::rc::Rc;

    type Answer = Rc<dyn Fn(&[usize]) -> isize>;

    std::thread_local! {
        static ENTER: RefCell<Option<Answer>> = const { RefCell::new(None) };
    }

    /// Ends with the execution, because loom's objects must.
    pub(crate) struct Installed;

    impl Drop for Installed {
        fn drop(&mut self) {
            ENTER.set(None);
        }
    }

    pub(crate) fn install(answer: impl Fn(&[usize]) -> isize + 'static) -> Installed {
        ENTER.set(Some(Rc::new(answer)));
        Installed
    }

    pub(crate) fn answer(_nr: usize, a: &[usize]) -> Option<isize> {
        let answer = ENTER.with_borrow(Clone::clone)?;
        Some(answer(a))
    }
}

/// A ring whose words are loom's, shared by the threads of one execution.
pub(crate) struct Model {
    ring: std::cell::UnsafeCell<io_uring>,
    words: [u32; 5],
    sqes: std::cell::UnsafeCell<Vec<io_uring_sqe>>,
    cqes: std::cell::UnsafeCell<Vec<io_uring_cqe>>,
    /// One for each slot: what the SQE or CQE carries, as loom sees it.
    payload: Vec<UnsafeCell<u64>>,
}

// SAFETY: loom runs one thread at a time; what the threads share beyond that is loom's to check.
unsafe impl Sync for Model {}
// SAFETY: as above.
unsafe impl Send for Model {}

impl Model {
    pub(crate) fn new(entries: u32, flags: u32) -> Arc<Self> {
        model::reset();
        let model = Arc::new(Self {
            ring: std::cell::UnsafeCell::new(io_uring::EMPTY),
            words: [0; 5],
            sqes: std::cell::UnsafeCell::new(vec![io_uring_sqe::EMPTY; entries as usize]),
            cqes: std::cell::UnsafeCell::new(vec![io_uring_cqe { user_data: 0, res: 0, flags: 0 }; entries as usize]),
            payload: (0..entries).map(|_| UnsafeCell::new(0)).collect(),
        });
        let word = |i: usize| (&raw const model.words[i]).cast_mut();
        let ring = io_uring {
            sq: io_uring_sq {
                khead: word(0),
                ktail: word(1),
                kflags: word(2),
                // SAFETY: no other thread is there yet.
                sqes: unsafe { (*model.sqes.get()).as_mut_ptr() },
                ring_mask: entries - 1,
                ring_entries: entries,
                ..io_uring_sq::EMPTY
            },
            cq: io_uring_cq {
                khead: word(3),
                ktail: word(4),
                // SAFETY: as above.
                cqes: unsafe { (*model.cqes.get()).as_mut_ptr() },
                ring_mask: entries - 1,
                ring_entries: entries,
                ..io_uring_cq::EMPTY
            },
            flags,
            features: IORING_FEAT_EXT_ARG,
            ..io_uring::EMPTY
        };
        // SAFETY: as above.
        unsafe { *model.ring.get() = ring };
        // Loom's atomics come to be here, before there are threads that could use one first.
        (0..5).for_each(|i| drop(model::word(word(i))));
        model
    }

    pub(crate) fn ring(&self) -> Ring {
        // SAFETY: lives in the model.
        unsafe { Ring::from_raw(self.ring.get()) }
    }

    fn word(&self, i: usize) -> Arc<AtomicU32> {
        model::word((&raw const self.words[i]).cast_mut())
    }

    pub(crate) fn sq_head(&self) -> Arc<AtomicU32> {
        self.word(0)
    }

    fn sq_tail(&self) -> Arc<AtomicU32> {
        self.word(1)
    }

    fn sq_flags(&self) -> Arc<AtomicU32> {
        self.word(2)
    }

    fn write(&self, index: u32, value: u64) {
        // SAFETY: loom reports every access that is not ordered.
        self.payload[index as usize % self.payload.len()].with_mut(|cell| unsafe { *cell = value });
    }

    fn read(&self, index: u32) -> u64 {
        // SAFETY: as above.
        self.payload[index as usize % self.payload.len()].with(|cell| unsafe { *cell })
    }
}

/// Every interleaving with three preemptions at most, which is what all errors seen so far needed, and ends in seconds.
pub(crate) fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Publication and wake-up of an SQPOLL ring: every entry arrives, whole, and the thread never sleeps over one.
#[test]
fn an_sqpoll_thread_gets_every_entry_and_misses_no_wake_up() {
    const ENTRIES: u32 = 2;
    check(|| {
        let m = Model::new(ENTRIES, IORING_SETUP_SQPOLL);
        let wake = loom::sync::Arc::new(Notify::new());
        let waker = wake.clone();
        let _kernel = kernel::install(move |a| {
            assert_eq!(a[3] as u32, IORING_ENTER_SQ_WAKEUP);
            waker.notify();
            a[1] as isize
        });
        let k = Arc::clone(&m);
        // As io_sq_thread: look, announce the sleep, look again, sleep.
        let kernel_thread = thread::spawn(move || {
            let (head, tail, flags) = (k.sq_head(), k.sq_tail(), k.sq_flags());
            let mut consumed = 0;
            while consumed < ENTRIES {
                let seen = tail.load(Ordering::Acquire);
                if seen == consumed {
                    flags.fetch_or(IORING_SQ_NEED_WAKEUP, Ordering::Relaxed);
                    fence(Ordering::SeqCst);
                    if tail.load(Ordering::Acquire) == consumed {
                        wake.wait();
                    }
                    flags.fetch_and(!IORING_SQ_NEED_WAKEUP, Ordering::Relaxed);
                    continue;
                }
                assert_eq!(k.read(consumed), u64::from(consumed) + 1);
                consumed += 1;
                head.store(consumed, Ordering::Release);
            }
        });
        for i in 0..ENTRIES {
            assert!(!m.ring().get_sqe().is_null());
            m.write(i, u64::from(i) + 1);
            // 0 when the thread was quicker.
            assert!(m.ring().submit() >= 0);
        }
        // A loom deadlock here is a wake-up that was missed.
        kernel_thread.join().expect("the thread ends");
    });
}

/// A slot is handed out again only after the kernel's thread has read it.
#[test]
fn an_sqe_is_not_reused_before_it_was_read() {
    const SUBMITTED: u32 = 2;
    check(|| {
        let m = Model::new(1, IORING_SETUP_SQPOLL);
        let _kernel = kernel::install(|a| a[1] as isize);
        let k = Arc::clone(&m);
        let kernel_thread = thread::spawn(move || {
            let (head, tail) = (k.sq_head(), k.sq_tail());
            for consumed in 0..SUBMITTED {
                while tail.load(Ordering::Acquire) == consumed {
                    thread::yield_now();
                }
                assert_eq!(k.read(consumed), u64::from(consumed) + 1);
                head.store(consumed + 1, Ordering::Release);
            }
        });
        for i in 0..SUBMITTED {
            while m.ring().get_sqe().is_null() {
                thread::yield_now();
            }
            m.write(i, u64::from(i) + 1);
            m.ring().submit();
        }
        kernel_thread.join().expect("the thread ends");
    });
}

/// Completions are seen whole, and not overwritten before they were given back.
#[test]
fn a_cqe_is_whole_and_stays_until_it_is_given_back() {
    const POSTED: u32 = 3;
    check(|| {
        let m = Model::new(2, 0);
        let k = Arc::clone(&m);
        let kernel_thread = thread::spawn(move || {
            let (head, tail) = (k.word(3), k.word(4));
            for posted in 0..POSTED {
                while posted - head.load(Ordering::Acquire) == 2 {
                    thread::yield_now();
                }
                k.write(posted, u64::from(posted) + 1);
                tail.store(posted + 1, Ordering::Release);
            }
        });
        let mut reaped = 0;
        while reaped < POSTED {
            let peek = m.ring().peek();
            if peek.cqe.is_null() {
                thread::yield_now();
                continue;
            }
            for _ in 0..peek.available {
                reaped += 1;
                assert_eq!(m.read(reaped - 1), u64::from(reaped));
            }
            m.ring().cq_advance(peek.available);
        }
        kernel_thread.join().expect("the thread ends");
    });
}

/// A completion that the kernel holds back, and says so by `flag`: whenever the flag appears, between any two loads of a call, no
/// call fetches in vain, and the completion is not missed.
fn a_held_back_completion(flag: u32, fetch: impl Fn(Ring) -> Option<usize> + Copy + Send + Sync + 'static) {
    check(move || {
        let m = Model::new(2, 0);
        // Completions that are held back; the kernel changes it and the flag under its lock.
        let held = loom::sync::Arc::new(Mutex::new(false));
        let entered = loom::sync::Arc::new(AtomicU32::new(0));
        let (k, kernel_held, kernel_entered) = (Arc::clone(&m), held.clone(), entered.clone());
        let _kernel = kernel::install(move |a| {
            assert_eq!(a[3] as u32, IORING_ENTER_GETEVENTS);
            kernel_entered.fetch_add(1, Ordering::Relaxed);
            let mut held = kernel_held.lock().expect("no thread panics");
            assert!(*held, "the kernel was entered for nothing");
            *held = false;
            k.write(0, 7);
            k.word(4).store(1, Ordering::Release);
            k.sq_flags().fetch_and(!flag, Ordering::Relaxed);
            0
        });
        let k = Arc::clone(&m);
        let kernel_thread = thread::spawn(move || {
            *held.lock().expect("no thread panics") = true;
            k.sq_flags().fetch_or(flag, Ordering::Relaxed);
        });
        let nr = loop {
            if let Some(nr) = fetch(m.ring()) {
                break nr;
            }
            thread::yield_now();
        };
        assert_eq!(nr, 1);
        assert_eq!(m.read(0), 7);
        m.ring().cq_advance(1);
        assert_eq!(fetch(m.ring()), None);
        assert_eq!(entered.load(Ordering::Relaxed), 1);
        kernel_thread.join().expect("the thread ends");
    });
}

fn peek(ring: Ring) -> Option<usize> {
    let mut cqe = null_mut();
    // SAFETY: a local place.
    match unsafe { ring.peek_cqe::<Direct>(&mut cqe) } {
        0 => Some(1),
        error => {
            assert_eq!(error, -libc::EAGAIN);
            None
        }
    }
}

fn peek_batch(ring: Ring) -> Option<usize> {
    let mut cqes = [null_mut(); 2];
    // SAFETY: two places.
    let nr = unsafe { ring.peek_batch_cqe::<Direct>(cqes.as_mut_ptr(), 2) };
    (nr != 0).then_some(nr as usize)
}

fn submit(ring: Ring) -> Option<usize> {
    assert_eq!(ring.submit(), 0);
    let nr = ring.cq_ready();
    (nr != 0).then_some(nr as usize)
}

#[test]
fn a_flag_that_appears_between_any_two_loads_is_seen_once() {
    for flag in [IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN] {
        a_held_back_completion(flag, peek);
        a_held_back_completion(flag, peek_batch);
        a_held_back_completion(flag, submit);
    }
}

/// A wait does not rely on the flag: it enters when it sees nothing, wherever the flag appears.
#[test]
fn a_wait_ends_wherever_the_flag_appears() {
    for flag in [IORING_SQ_CQ_OVERFLOW, IORING_SQ_TASKRUN] {
        check(move || {
            let m = Model::new(2, 0);
            let raised = loom::sync::Arc::new(Notify::new());
            let (k, waiter) = (Arc::clone(&m), raised.clone());
            let _kernel = kernel::install(move |a| {
                assert_eq!((a[2], a[3] as u32), (1, IORING_ENTER_GETEVENTS));
                waiter.wait();
                k.write(0, 7);
                k.word(4).store(1, Ordering::Release);
                k.sq_flags().fetch_and(!flag, Ordering::Relaxed);
                0
            });
            let k = Arc::clone(&m);
            let kernel_thread = thread::spawn(move || {
                k.sq_flags().fetch_or(flag, Ordering::Relaxed);
                raised.notify();
            });
            let mut cqe = null_mut();
            // SAFETY: a local place.
            assert_eq!(unsafe { m.ring().wait_cqe::<Direct>(&mut cqe) }, 0);
            assert!(!cqe.is_null());
            assert_eq!(m.read(0), 7);
            kernel_thread.join().expect("the thread ends");
        });
    }
}

/// A provided buffer is seen whole once the tail shows it.
#[test]
fn a_provided_buffer_is_whole_when_it_is_published() {
    check(|| {
        let m = Model::new(2, 0);
        let mut entries = [io_uring_buf { addr: 0, len: 0, bid: 0, resv: 0 }; 2];
        // SAFETY: two entries that live through the execution.
        let ring = unsafe { BufRing::from_raw(entries.as_mut_ptr().cast()) };
        let tail = model::half(&raw mut entries[0].resv);
        let k = Arc::clone(&m);
        let kernel_thread = thread::spawn(move || {
            let mut picked = 0;
            while picked < 2 {
                if tail.load(Ordering::Acquire) == picked {
                    thread::yield_now();
                    continue;
                }
                assert_eq!(k.read(u32::from(picked)), u64::from(picked) + 1);
                picked += 1;
            }
        });
        for i in 0..2 {
            m.write(i, u64::from(i) + 1);
            ring.add(null_mut(), i, i as u16, mask(2), 0);
            ring.advance(1);
        }
        kernel_thread.join().expect("the thread ends");
    });
}
