//! Cancelling slot sends by the `user_data` that the program knows, while the kernel knows their handles.
//!
//! A request that is to cancel one gets the handle of one. A request that is to cancel all stays as it is, for the other requests of the
//! program with that `user_data`; the library cancels the slot sends itself, after it has submitted what was queued before and
//! with the request, and adds their number to the result.

use super::op::{self, Kind, Op};
use super::submit::Submitter;
use super::{Notif, State};
use crate::ring::Ring;
use crate::sys;
use crate::uapi::*;
use libc::ENOENT;

const ALL: u32 = IORING_ASYNC_CANCEL_ALL;

/// Whether a cancel request with `flags` goes by `user_data` alone, or together with something else.
fn by_user_data(flags: u32) -> bool {
    let others = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_OP;
    flags & IORING_ASYNC_CANCEL_USERDATA != 0 || flags & others == 0
}

/// Whether it is a cancel request.
pub(super) fn is_cancel(sqe: &io_uring_sqe) -> bool {
    u32::from(sqe.opcode) == IORING_OP_ASYNC_CANCEL
}

/// `io_uring_register_sync_cancel` on a ring with slots.
///
/// # Safety
///
/// The crate's contract; `reg` may be no memory.
pub(crate) unsafe fn sync_cancel(ring: Ring, reg: *mut io_uring_sync_cancel_reg) -> c_int {
    let notif = Notif::of(ring);
    let mut own = -ENOENT;
    // SAFETY: integers, for which any bytes are a value.
    if let Ok(reg) = unsafe { sys::read_value(reg) } {
        if by_user_data(reg.flags) {
            own = notif.submitter().cancel(ring, notif.state(), &reg);
        }
        if own != -ENOENT && reg.flags & ALL == 0 {
            return own;
        }
    }
    // SAFETY: the caller's promise.
    let others = unsafe { ring.register(IORING_REGISTER_SYNC_CANCEL, reg.cast_const().cast(), 1) };
    if others >= 0 {
        others + own.max(0)
    } else {
        others
    }
}

impl Submitter {
    /// The handle of the next send in flight that has the `user_data`, above the number `index`, which becomes its number.
    #[inline(never)]
    fn next_handle(&self, state: &State, user_data: __u64, index: &mut u32) -> Option<__u64> {
        while *index < self.fresh {
            *index += 1;
            let op = state.ops.at(*index);
            // SAFETY: both sides may read what the submitting side wrote, and this is that side.
            if Op::is_cancellable(op) && unsafe { (*op).user_data } == user_data {
                // SAFETY: as above.
                return Some(unsafe { (*op).handle(*index) });
            }
        }
        None
    }

    /// Looks at a cancel request, the entry `place` of the queue. Returns the op that adds to its result, if it needs one.
    pub(super) fn rewrite_cancel(&mut self, state: &State, sqe: &mut io_uring_sqe, place: u32) -> Option<u32> {
        if !by_user_data(sqe.rw_flags) {
            return None;
        }
        let user_data = sqe.addr;
        let (mut index, mut found) = (0, 1);
        let handle = self.next_handle(state, user_data, &mut index)?;
        if sqe.rw_flags & ALL == 0 {
            sqe.addr = handle;
            return None;
        }
        if !self.cancels {
            (self.cancels, self.cancels_from) = (true, place);
        }
        while self.next_handle(state, user_data, &mut index).is_some() {
            found += 1;
        }
        let (index, handle, op) = self.op(state, Kind::Cancel);
        op.take_over(sqe, handle);
        op.res = found;
        Some(index)
    }

    /// Does what the queued requests are for that cancel all sends with a `user_data`. The sends have to be submitted for that, so all that is queued
    /// is: 0 or -errno.
    pub(super) fn cancel_all(&mut self, ring: Ring, state: &State) -> Result<(), c_int> {
        let ret = ring.submit_pending(ring.flush_sq(), 0, false);
        if ret < 0 {
            return Err(ret);
        }
        self.submitted += ret;
        self.cancels = false;
        while ring.is_sqpoll() && ring.sq_ready() != 0 && ring.get_events() >= 0 {}
        for (_, sqe) in ring.queued_from(self.cancels_from) {
            // SAFETY: what was submitted stays as it is until the program takes the next SQE.
            let sqe = unsafe { &*sqe };
            if is_cancel(sqe) && sqe.rw_flags & ALL != 0 && op::index_of(sqe.user_data).is_some() {
                // It does not wait: what is being carried out ends with a CQE of its own.
                let (addr, flags) = (sqe.addr, ALL);
                self.cancel(ring, state, &io_uring_sync_cancel_reg { addr, flags, ..io_uring_sync_cancel_reg::EMPTY });
            }
        }
        Ok(())
    }

    /// Cancels all sends in flight that have the `user_data` of `reg`, or one; the number cancelled or 0, or -errno.
    fn cancel(&self, ring: Ring, state: &State, reg: &io_uring_sync_cancel_reg) -> c_int {
        let (mut cancelled, mut index) = (0, 0);
        while let Some(addr) = self.next_handle(state, reg.addr, &mut index) {
            let reg = io_uring_sync_cancel_reg { addr, ..*reg };
            // SAFETY: a live structure.
            let ret = unsafe { ring.register(IORING_REGISTER_SYNC_CANCEL, (&raw const reg).cast(), 1) };
            if reg.flags & ALL == 0 && ret != -ENOENT {
                return ret;
            }
            cancelled += ret.max(0);
        }
        if cancelled == 0 && reg.flags & ALL == 0 {
            -ENOENT
        } else {
            cancelled
        }
    }
}
