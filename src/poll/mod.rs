//! Poll watches: multishot polls that cannot go deaf, and that many threads may share.
//!
//! The kernel ends a multishot poll when the CQ is full, says nothing about what happens after that, and leaves it to the program that no
//! two threads handle one descriptor at once. A watch is the protocol by which the kernel settles the same questions for its own poll
//! requests, as an object of 64 bytes in the program's memory.
//!
//! | file | what it does | who calls it |
//! |---|---|---|
//! | `word` | the state word: its bits, its transitions | |
//! | `submit` | arm, modify, sync: what goes into the SQ | the submitting thread |
//! | `complete` | post, next, handle: what a CQE means, and who deals with it | the reaping thread; the owner |
//!
//! A request of the watch is in flight from the moment it is queued to its last CQE, and there are never more than two: the poll request, and
//! one update or removal. All have the watch's user_data.

mod complete;
#[cfg(all(test, loom))]
mod loom_tests;
mod submit;
#[cfg(all(test, not(loom)))]
mod tests;
mod word;

use crate::sys::{EBADF, EINVAL};
use crate::uapi::*;
#[cfg(not(loom))]
use core::mem::{align_of, size_of};
#[cfg(not(loom))]
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use word::Word;

/// The events that poll(2) and epoll_ctl(2) can ask for.
const POLL_EVENTS: u32 = (libc::EPOLLIN
    | libc::EPOLLPRI
    | libc::EPOLLOUT
    | libc::EPOLLERR
    | libc::EPOLLHUP
    | libc::EPOLLRDNORM
    | libc::EPOLLRDBAND
    | libc::EPOLLWRNORM
    | libc::EPOLLWRBAND
    | libc::EPOLLMSG
    | libc::EPOLLRDHUP) as u32
    | libc::POLLNVAL as u32;
/// Of a watch of many threads or rings: wake one of them.
const EXCLUSIVE: u32 = libc::EPOLLEXCLUSIVE as u32;
/// What a watch is anyway.
const EDGE: u32 = libc::EPOLLET as u32;

/// A watch, where C has a `struct io_uring_poll_watch`.
///
/// A reference to it may outlive it: another thread may free a watch as soon as the operation on its word that lets it do so is done. No function
/// touches the watch after its last operation on the word.
#[repr(C)]
#[derive(Debug)]
pub struct PollWatch {
    word: AtomicU64,
    user_data: __u64,
    fd: c_int,
    flags: __u32,
    /// [`EXCLUSIVE`] and [`EDGE`], from init on.
    how: __u32,
    /// Why the poll failed: written by post before it sets `FAILED`, read by who sees the bit.
    error: AtomicI32,
    resv: [__u64; 4],
}

#[cfg(not(loom))]
const _: () = assert!(
    size_of::<PollWatch>() == size_of::<io_uring_poll_watch>()
        && align_of::<PollWatch>() == align_of::<io_uring_poll_watch>()
);
impl PollWatch {
    /// `io_uring_poll_watch_init`: the watch, or -errno.
    pub fn new(fd: c_int, events: __u32, user_data: __u64, flags: c_uint) -> Result<Self, c_int> {
        if fd < 0 {
            return Err(-EBADF);
        }
        check_events(events, EXCLUSIVE | EDGE)?;
        if flags & !IO_URING_POLL_WATCH_FIXED_FILE != 0 {
            return Err(-EINVAL);
        }
        Ok(Self {
            word: AtomicU64::new(Word::new(events & POLL_EVENTS).bits()),
            user_data,
            fd,
            flags,
            how: events & (EXCLUSIVE | EDGE),
            error: AtomicI32::new(0),
            resv: [0; 4],
        })
    }

    /// The watch in the program's structure.
    ///
    /// # Safety
    ///
    /// `watch` points to a structure that was initialised, and of which the terminal result was not taken yet.
    #[cfg(not(loom))]
    pub unsafe fn from_raw<'a>(watch: *const io_uring_poll_watch) -> &'a Self {
        // SAFETY: init wrote a watch there; all that changes in it is atomic.
        unsafe { &*watch.cast() }
    }

    fn word(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    /// One transition; returns what it returned. On an error the word stays.
    fn change<T>(&self, mut transition: impl FnMut(Word) -> Result<(Word, T), c_int>) -> Result<T, c_int> {
        let mut word = self.word();
        loop {
            let (new, outcome) = transition(word)?;
            match self.word.compare_exchange_weak(word.bits(), new.bits(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(outcome),
                Err(other) => word = Word::from_bits(other),
            }
        }
    }

    /// `io_uring_poll_watch_cancel`.
    pub fn cancel(&self) -> c_int {
        self.change(Word::cancel).unwrap_or_else(|errno| errno)
    }

    /// `io_uring_poll_watch_owes`.
    pub fn owes(&self) -> bool {
        self.word().owes()
    }
}

/// Events to ask for, with none but the `allowed` bits that say how.
fn check_events(events: __u32, allowed: __u32) -> Result<(), c_int> {
    if events & POLL_EVENTS == 0 || events & !(POLL_EVENTS | allowed) != 0 {
        return Err(-EINVAL);
    }
    Ok(())
}
