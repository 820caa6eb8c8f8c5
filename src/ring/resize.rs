//! Changing the sizes of a live ring.

use super::mapping::Queues;
use super::{check_ptr, get, set, Ring};
use crate::notif;
use crate::register;
use crate::sys::EINVAL;
use crate::uapi::*;

impl Ring {
    /// `io_uring_resize_rings`: 0, or -errno with the ring as it was.
    ///
    /// Should only the mapping of the new rings fail, the kernel has them and this side does not: the structure
    /// keeps pointing to the old memory, which stays mapped, and the ring can only be ended.
    ///
    /// # Safety
    ///
    /// `p` points to writable parameters, or is a pointer that [`check_ptr`] refuses; no other thread uses the ring.
    pub unsafe fn resize(self, p: *mut io_uring_params) -> c_int {
        if let Err(error) = check_ptr(p) {
            return error;
        }
        let flags = get!(self, flags);
        if flags & IORING_SETUP_NO_MMAP != 0 {
            return -EINVAL;
        }
        // SAFETY: the caller's promise.
        let p = unsafe { &mut *p };
        if self.has_notif() {
            let ret = notif::check_resize(self, p);
            if ret < 0 {
                return ret;
            }
        }
        p.sq_off = io_sqring_offsets::EMPTY;
        p.cq_off = io_cqring_offsets::EMPTY;
        // SAFETY: a live structure, which the kernel reads and writes.
        let ret = unsafe { register::call(self.as_ptr(), IORING_REGISTER_RESIZE_RINGS, p, 1) };
        p.flags = 0;
        if ret < 0 {
            return ret;
        }
        // The kernel fills in offsets and sizes; what the ring was set up with is known here.
        self.remap(&io_uring_params { flags, features: get!(self, features), ..*p })
    }

    fn remap(self, p: &io_uring_params) -> c_int {
        let old = self.queues();
        let mut new = match Queues::map(get!(self, ring_fd), p) {
            Ok(queues) => queues,
            Err(error) => return error,
        };
        // SQEs that were handed out and not submitted were copied by the kernel, at the same indices.
        new.sq.sqe_head = old.sq.sqe_head;
        new.sq.sqe_tail = old.sq.sqe_tail;
        new.fill_array();
        if self.has_notif() {
            let ret = notif::resized(self, &new.cq);
            if ret < 0 {
                new.unmap();
                return ret;
            }
        } else {
            set!(self, cq = new.cq);
        }
        set!(self, sq = new.sq);
        old.unmap();
        0
    }
}
