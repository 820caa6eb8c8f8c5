//! The submitting side: what a watch puts into the SQ.

use super::word::{Request, Word, CANCELLED};
use super::{check_events, PollWatch, EDGE, EXCLUSIVE};
use crate::op;
use crate::ring::Ring;
use crate::sys::{EAGAIN, EINVAL};
use crate::uapi::*;
#[cfg(not(loom))]
use core::sync::atomic::Ordering;
#[cfg(loom)]
use loom::sync::atomic::Ordering;

impl PollWatch {
    /// `io_uring_poll_watch_arm`.
    pub fn arm(&self, ring: Ring) -> c_int {
        // Memory that was never initialised is often zero.
        if self.events.load(Ordering::Relaxed) == 0 {
            return -EINVAL;
        }
        self.queue(ring, |word| Ok((word.arm()?, Some(Request::Poll))))
    }

    /// `io_uring_poll_watch_modify`.
    pub fn modify(&self, ring: Ring, events: __u32) -> c_int {
        let old = self.events.load(Ordering::Relaxed);
        // As with epoll_ctl(2), how a file is watched stays as it is: the kernel's update keeps it.
        let how = old & (EXCLUSIVE | EDGE);
        if let Err(errno) = check_events(events, how) {
            return errno;
        }
        // A request that is queued now has the new events.
        self.events.store(events | how, Ordering::Relaxed);
        let ret = self.queue(ring, |word| {
            if word.is_cancelled() {
                Err(CANCELLED)
            } else if word.has_failed() {
                Err(self.error.load(Ordering::Relaxed))
            } else {
                Ok(word.modify())
            }
        });
        if ret < 0 {
            self.events.store(old, Ordering::Relaxed);
        }
        ret
    }

    /// `io_uring_poll_watch_sync`.
    pub fn sync(&self, ring: Ring) -> c_int {
        self.queue(ring, |word| Ok(word.sync()))
    }

    /// One transition, and the request that it asks for.
    ///
    /// The bit that says that a request is in flight comes before the request, so that its CQE finds it set. From then on, and until the
    /// CQE was posted, it also keeps the watch alive.
    fn queue(&self, ring: Ring, mut transition: impl FnMut(Word) -> Result<(Word, Option<Request>), c_int>) -> c_int {
        let (chain, full) = (ring.chain_is_open(), ring.sq_space_left() == 0);
        let queued = self.change(|word| match transition(word)? {
            (new, _) if !new.is_armed() || chain => Err(-EINVAL),
            (_, Some(_)) if full => Err(-EAGAIN),
            (new, request) => Ok((new, (request, word.is_late()))),
        });
        match queued {
            Ok((request, late)) => {
                if let Some(request) = request {
                    self.push(ring, request, late);
                }
                0
            }
            Err(errno) => errno,
        }
    }

    /// Queues a request; there is room.
    ///
    /// The kernel answers an update or removal too late when the poll has work to do that waits for a thread to enter the kernel for events, and
    /// it answers while it takes the request. A program that submits, finds the answer, and submits again would never let that work be done,
    /// so a second attempt is left to the kernel's own threads, whose answer comes the same way as the work is done.
    fn push(&self, ring: Ring, request: Request, late: bool) {
        let sqe = ring.get_sqe();
        let events = self.events.load(Ordering::Relaxed);
        // SAFETY: as there is room, `sqe` is an entry of this thread's, and initialised.
        unsafe {
            match request {
                Request::Poll => op::prep_poll_multishot(sqe, self.fd, events),
                // The second flag says that the request is multishot and stays so.
                Request::Update => {
                    let flags = IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI;
                    op::prep_poll_update(sqe, self.user_data, 0, events, flags);
                }
                Request::Removal => op::prep_poll_remove(sqe, self.user_data),
            }
            let flags = match request {
                Request::Poll if self.flags & IO_URING_POLL_WATCH_FIXED_FILE != 0 => IOSQE_FIXED_FILE,
                Request::Update | Request::Removal if late => IOSQE_ASYNC,
                _ => 0,
            };
            op::sqe_set_flags(sqe, flags);
            op::sqe_set_data64(sqe, self.user_data);
        }
    }
}
