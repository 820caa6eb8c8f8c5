//! The completing side: what a CQE means, and the owner's part.

use super::word::{News, Next, CANCELLED};
use super::{Ordering, PollWatch};
use crate::ring::Ring;
use crate::sys::{ENOENT, EPERM};
use crate::uapi::{IO_URING_POLL_WATCH_OWNED as OWNED, IO_URING_POLL_WATCH_SYNC as SYNC, *};

impl PollWatch {
    /// `io_uring_poll_watch_post`.
    pub fn post(&self, cqe: &io_uring_cqe) -> c_int {
        // What is in flight changes with a CQE, so nobody but this thread takes anything away from it.
        let word = self.word();
        if cqe.user_data != self.user_data || !word.is_armed() {
            return -ENOENT;
        }
        let Some(news) = word.news(cqe.res, cqe.flags) else { return -ENOENT };
        if news == News::Failed {
            self.error.store(cqe.res, Ordering::Relaxed);
        }
        self.change(|word| Ok(word.post(news))).unwrap_or_else(|errno| errno)
    }

    /// `io_uring_poll_watch_next`: the events as well, with 1.
    pub fn next(&self) -> (c_int, __u32) {
        let next = self.change(|word| {
            let (word, next) = word.next().ok_or(-EPERM)?;
            Ok((
                word,
                match next {
                    Next::Events(events) => (1, events),
                    Next::Released(told) => (told, 0),
                    Next::Terminal { cancelled: true } => (CANCELLED, 0),
                    Next::Terminal { cancelled: false } => (self.error.load(Ordering::Relaxed), 0),
                },
            ))
        });
        next.unwrap_or_else(|errno| (errno, 0))
    }

    /// `io_uring_poll_watch_handle`: the events as well, with 1.
    pub fn handle(&self, ring: Ring, cqe: &io_uring_cqe) -> (c_int, __u32) {
        let (mut result, mut events) = (self.post(cqe), 0);
        if result == OWNED {
            (result, events) = self.next();
            if result == 1 {
                return (result, events);
            }
        }
        if result == SYNC && self.sync(ring) == 0 {
            result = 0;
        }
        (result, events)
    }
}
