//! Having the kernel post a CQE that says nothing but "look again".
//!
//! It wakes waiters, makes the ring's descriptor readable and fires a registered eventfd, as any CQE does. The SQ of the ring
//! belongs to the submitting side, so the message comes from outside: since Linux 6.13 a system call sends it; before, a small ring
//! of the library's own, made when it is first needed.

use crate::op;
use crate::ring::calls::Direct;
use crate::ring::types::io_uring;
use crate::ring::{setup, Ring};
use crate::sys;
use crate::uapi::*;

/// Each side of a ring has one.
pub(super) struct Poster {
    route: Route,
    ring: io_uring,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Route {
    /// `IORING_REGISTER_SEND_MSG_RING`, until it is refused.
    SystemCall = 0,
    /// The ring, which is to be made.
    NoRing,
    /// The ring.
    Ring,
    /// There is none: the kernel has no such messages.
    None,
}

impl Poster {
    /// Has a CQE with `user_data` posted to the ring behind the descriptor `fd`: 0, or -errno with no CQE posted.
    pub(super) fn post(&mut self, fd: c_int, user_data: __u64) -> c_int {
        if self.route == Route::SystemCall {
            let mut sqe = io_uring_sqe::EMPTY;
            // SAFETY: a local.
            unsafe { op::prep_msg_ring(&mut sqe, fd, 0, user_data, 0) };
            // SAFETY: as above; the kernel reads it.
            let ret = unsafe { sys::register(-1, IORING_REGISTER_SEND_MSG_RING, (&raw const sqe).cast(), 1) };
            // A refusal that is not about the call itself comes back from the ring as well.
            if ret >= 0 {
                return 0;
            }
            self.route = Route::NoRing;
        }
        if self.route == Route::NoRing {
            let mut p = io_uring_params::EMPTY;
            // SAFETY: both live; the ring stays where it is.
            let ret = unsafe { setup::queue_init_params(1, &mut self.ring, &mut p) };
            if ret < 0 {
                return ret;
            }
            self.route = Route::Ring;
        }
        if self.route == Route::None {
            return -sys::EOPNOTSUPP;
        }
        // SAFETY: set up above.
        let ring = unsafe { Ring::from_raw(&mut self.ring) };
        let sqe = ring.get_sqe();
        if !sqe.is_null() {
            // SAFETY: an SQE of the ring.
            unsafe { op::prep_msg_ring(sqe, fd, 0, user_data, 0) };
        }
        // Where the last submission failed its entry is still there, and does. The kernel delivers such a message within the call.
        let ret = ring.submit_and_get_events();
        if ret <= 0 {
            return ret.min(-sys::EAGAIN);
        }
        if ring.load_kernel_cq_tail() == ring.cq_head() {
            return 0;
        }
        // SAFETY: between head and tail.
        let res = unsafe { (*ring.cqe_at(ring.cq_head())).res };
        ring.cq_advance(1);
        if res == -sys::EINVAL {
            self.exit();
            self.route = Route::None;
        }
        res.min(0)
    }

    /// Ends the ring, if there is one.
    pub(super) fn exit(&mut self) {
        if self.route == Route::Ring {
            // SAFETY: set up by `post`, not used afterwards.
            unsafe { setup::queue_exit::<Direct>(Ring::from_raw(&mut self.ring)) };
        }
    }
}
