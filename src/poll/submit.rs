//! The submitting side: what a watch puts into the SQ.

use super::word::{Request, Word, CANCELLED};
use super::{check_events, Ordering, PollWatch, POLL_EVENTS};
use crate::op;
use crate::ring::Ring;
use crate::sys::{EAGAIN, EINVAL};
use crate::uapi::*;

impl PollWatch {
    /// `io_uring_poll_watch_arm`.
    pub fn arm(&self, ring: Ring) -> c_int {
        self.queue(ring, &|word| Ok((word.arm()?, Some(Request::Poll))))
    }

    /// `io_uring_poll_watch_modify`.
    pub fn modify(&self, ring: Ring, events: __u32) -> c_int {
        self.queue(ring, &|word| {
            // As with epoll_ctl(2), how a file is watched stays as it is: the kernel's update keeps it.
            check_events(events, self.how)?;
            if word.is_cancelled() {
                Err(CANCELLED)
            } else if word.has_failed() {
                Err(self.error.load(Ordering::Relaxed))
            } else {
                Ok(word.modify(events & POLL_EVENTS))
            }
        })
    }

    /// `io_uring_poll_watch_sync`.
    pub fn sync(&self, ring: Ring) -> c_int {
        self.queue(ring, &|word| Ok(word.sync()))
    }

    /// One transition, and the request that it asks for.
    ///
    /// The bit that says that a request is in flight comes before the request, so that its CQE finds it set. From then on, and until the
    /// CQE was posted, it also keeps the watch alive.
    fn queue(&self, ring: Ring, transition: &dyn Fn(Word) -> Result<(Word, Option<Request>), c_int>) -> c_int {
        let (chain, full) = (ring.chain_is_open(), ring.sq_space_left() == 0);
        let queued = self.change(|word| match transition(word)? {
            (new, _) if !new.is_armed() || chain => Err(-EINVAL),
            (_, Some(_)) if full => Err(-EAGAIN),
            (new, request) => Ok((new, request.map(|request| (request, new.wanted(), word.is_late())))),
        });
        match queued {
            Ok(None) => 0,
            Ok(Some((request, wanted, late))) => {
                if late {
                    // The kernel says that it is too late when the poll has work to do, and on some rings that is done only when a thread
                    // enters the kernel for events. A loop that submits, finds the answer and submits again would get it for ever.
                    ring.get_events();
                }
                self.push(ring, request, wanted | self.how);
                0
            }
            Err(errno) => errno,
        }
    }

    /// Queues a request; there is room.
    fn push(&self, ring: Ring, request: Request, events: __u32) {
        let sqe = ring.get_sqe();
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
            if request == Request::Poll && self.flags & IO_URING_POLL_WATCH_FIXED_FILE != 0 {
                op::sqe_set_flags(sqe, IOSQE_FIXED_FILE);
            }
            op::sqe_set_data64(sqe, self.user_data);
        }
    }
}
