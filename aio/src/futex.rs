//! Sleeping on a word, and deadlines.

use crate::sync::{AtomicU32, Ordering};
#[cfg(not(loom))]
use libc::{c_int, c_long, timespec};
#[cfg(not(loom))]
use oxiring::uapi::__kernel_timespec;
#[cfg(not(loom))]
use std::ptr::{from_ref, null};

/// A point of `CLOCK_MONOTONIC`.
#[cfg(not(loom))]
#[derive(Clone, Copy, Debug)]
pub struct Deadline(timespec);

#[cfg(not(loom))]
const NSEC_PER_SEC: i64 = 1_000_000_000;

#[cfg(not(loom))]
impl Deadline {
    /// In `timeout` from now; -EINVAL for a time that is none. A time too far away for the clock is as far as it goes.
    pub fn after(timeout: &__kernel_timespec) -> Result<Self, c_int> {
        if timeout.tv_sec < 0 || !(0..NSEC_PER_SEC).contains(&timeout.tv_nsec) {
            return Err(-libc::EINVAL);
        }
        let mut at = now();
        at.tv_nsec += timeout.tv_nsec;
        let carry = at.tv_nsec / NSEC_PER_SEC;
        at.tv_nsec %= NSEC_PER_SEC;
        at.tv_sec = at.tv_sec.saturating_add(timeout.tv_sec).saturating_add(carry);
        Ok(Self(at))
    }

    pub(crate) fn is_before(&self, other: &Self) -> bool {
        (self.0.tv_sec, self.0.tv_nsec) < (other.0.tv_sec, other.0.tv_nsec)
    }

    /// What is left; `None` when the time has come.
    pub fn left(&self) -> Option<__kernel_timespec> {
        let now = now();
        let mut left = __kernel_timespec {
            tv_sec: self.0.tv_sec.saturating_sub(now.tv_sec),
            tv_nsec: self.0.tv_nsec - now.tv_nsec,
        };
        if left.tv_nsec < 0 {
            left.tv_sec -= 1;
            left.tv_nsec += NSEC_PER_SEC;
        }
        (left.tv_sec > 0 || left.tv_sec == 0 && left.tv_nsec > 0).then_some(left)
    }
}

#[cfg(not(loom))]
fn now() -> timespec {
    let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a structure to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now
}

/// A count that threads sleep on.
#[derive(Debug, Default)]
pub(crate) struct Seq {
    count: AtomicU32,
    #[cfg(loom)]
    model: model::Queue,
}

impl Seq {
    /// Acquire: pairs with `raise`, so that who sees the count sees the change.
    pub(crate) fn load(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    pub(crate) fn raise(&self) {
        self.count.fetch_add(1, Ordering::Release);
    }

    /// Sleeps for as long as the count is `value`. Any signal with a handler ends it: without a deadline the kernel would go on sleeping after one
    /// with `SA_RESTART`, and in a ring it does not.
    #[cfg(not(loom))]
    pub(crate) fn wait(&self, value: u32, deadline: Option<&Deadline>) -> Woken {
        const NEVER: Deadline = Deadline(timespec { tv_sec: libc::time_t::MAX, tv_nsec: 0 });
        wait(&self.count, value, Some(deadline.unwrap_or(&NEVER)))
    }

    #[cfg(loom)]
    pub(crate) fn wait(&self, value: u32) -> Woken {
        self.model.wait(|| self.count.load(Ordering::SeqCst) == value);
        Woken::Look
    }

    pub(crate) fn wake_all(&self) {
        #[cfg(not(loom))]
        wake(&self.count, u32::MAX >> 1);
        #[cfg(loom)]
        self.model.wake_all();
    }
}

/// The kernel's queue of sleepers: the comparison and going to sleep are one step to who wakes.
#[cfg(loom)]
pub(crate) mod model {
    use loom::sync::{Condvar, Mutex};

    #[derive(Debug, Default)]
    pub(crate) struct Queue(Mutex<()>, Condvar);

    impl Queue {
        pub(crate) fn wait(&self, is_unchanged: impl FnOnce() -> bool) {
            let guard = self.0.lock().expect("no panic");
            crate::sync::full_fence();
            if is_unchanged() {
                drop(self.1.wait(guard).expect("no panic"));
            }
        }

        pub(crate) fn wake_all(&self) {
            let _guard = self.0.lock().expect("no panic");
            self.1.notify_all();
        }
    }
}

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(loom, allow(dead_code, reason = "the model has no time and no signals"))]
pub(crate) enum Woken {
    /// The word is, or may be, another.
    Look,
    TimedOut,
    /// By a signal.
    Interrupted,
}

/// Sleeps for as long as the word at `word` is `value`.
#[cfg(not(loom))]
pub(crate) fn wait(word: &AtomicU32, value: u32, deadline: Option<&Deadline>) -> Woken {
    let until = deadline.map_or(null(), |deadline| from_ref(&deadline.0));
    // SAFETY: the kernel compares the word and does not keep the pointers.
    let ret = unsafe { call(word.as_ptr(), libc::FUTEX_WAIT_BITSET, value, until) };
    match ret {
        0 => Woken::Look,
        libc::ETIMEDOUT => Woken::TimedOut,
        libc::EINTR => Woken::Interrupted,
        _ => Woken::Look,
    }
}

/// Wakes `nr` sleepers. The word may be gone: its address is only a name here.
#[cfg(not(loom))]
pub(crate) fn wake(word: *const AtomicU32, nr: u32) {
    // SAFETY: nothing is read from the address.
    unsafe { call(word.cast_mut().cast(), libc::FUTEX_WAKE, nr, null()) };
}

/// 0 or errno. The program's errno is left alone.
#[cfg(not(loom))]
unsafe fn call(word: *mut u32, op: c_int, value: u32, until: *const timespec) -> c_int {
    // SAFETY: errno's place is the thread's.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { *errno };
    // SAFETY: the caller's promise.
    let ret = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word,
            c_long::from(op | libc::FUTEX_PRIVATE_FLAG),
            c_long::from(value),
            until,
            null::<u32>(),
            c_long::from(libc::FUTEX_BITSET_MATCH_ANY),
        )
    };
    // SAFETY: as above.
    let error = unsafe { std::mem::replace(&mut *errno, before) };
    if ret < 0 {
        error
    } else {
        0
    }
}
