//! Tests of the notification slots without a kernel.
//!
//! `enumeration` runs all interleavings of what can happen to the slots, against the plain reading of their rules in `reference`.
//! The others run on the scripted kernel of [`crate::sys::fake`], and post the CQEs themselves.

mod cancel;
mod chain;
mod complete;
mod enumeration;
mod post;
mod reference;
mod register;
mod submit;
mod view;
mod wait;

use super::{register, unregister};
use crate::op;
use crate::ring::calls::Direct;
use crate::ring::setup::{queue_exit, queue_init_params};
use crate::ring::types::io_uring;
use crate::ring::Ring;
use crate::sys::fake::{Enter, Installed, Kernel, Socket};
use crate::uapi::*;
use core::ptr::null_mut;

/// `user_data`, result, flags.
type Cqe = (u64, i32, u32);

const MORE: u32 = IORING_CQE_F_MORE;
const NOTIF: u32 = IORING_CQE_F_NOTIF;
const FLUSH: u32 = IORING_RECVSEND_NOTIF_FLUSH;
const COPY_TAG: u32 = IORING_RECVSEND_NOTIF_COPY_TAG;

// Descriptors of sockets.
const TCP: i32 = 10;
const UDP: i32 = 11;
const UNIX: i32 = 12;
/// A TCP socket with TLS in the kernel.
const TLS: i32 = 13;
const TCP6: i32 = 14;

const ENTRIES: u32 = 8;
const CQ_ENTRIES: u32 = 2 * ENTRIES;

/// The tag of a slot.
fn tag(slot: u64) -> u64 {
    0x7a60 + slot
}

fn slots(nr: u32) -> Vec<io_uring_notification_slot> {
    (0..nr).map(|slot| io_uring_notification_slot { tag: tag(slot.into()), resv: [0; 3] }).collect()
}

/// A kernel with sockets and zero-copy sends.
fn kernel() -> Kernel {
    let mut kernel = Kernel::new();
    kernel.last_op = Some(IORING_OP_SENDMSG_ZC);
    kernel.sync_msg = true;
    let inet = (libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_TCP);
    for (fd, (domain, kind, protocol)) in [
        (TCP, inet),
        (UDP, (libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_UDP)),
        (UNIX, (libc::AF_UNIX, libc::SOCK_STREAM, 0)),
        (TLS, inet),
        (TCP6, (libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_TCP)),
    ] {
        kernel.sockets.insert(fd, Socket { domain, kind, protocol, cookie: 1 + fd as u64, has_ulp: fd == TLS });
    }
    kernel
}

/// A ring on a fake kernel. The structure is boxed, because the handle points to it.
struct Fixture {
    kernel: Installed,
    ring: Box<io_uring>,
    /// What setup said.
    p: io_uring_params,
}

impl Fixture {
    /// A ring without slots.
    fn without_slots(flags: u32, change: impl FnOnce(&mut Kernel)) -> Self {
        let mut kernel = kernel();
        change(&mut kernel);
        let kernel = kernel.install();
        let mut ring = Box::new(io_uring::EMPTY);
        let mut p = io_uring_params { flags, ..io_uring_params::EMPTY };
        // SAFETY: local structures.
        assert_eq!(unsafe { queue_init_params(ENTRIES, &mut *ring, &mut p) }, 0);
        Self { kernel, ring, p }
    }

    /// A ring with three slots.
    fn with(flags: u32, change: impl FnOnce(&mut Kernel)) -> Self {
        let mut f = Self::without_slots(flags, change);
        assert_eq!(f.register(3), 0);
        f
    }

    fn new() -> Self {
        Self::with(0, |_| ())
    }

    fn ring(&mut self) -> Ring {
        // SAFETY: the box lives as long as `self`.
        unsafe { Ring::from_raw(&mut *self.ring) }
    }

    fn register(&mut self, nr: u32) -> i32 {
        // SAFETY: a live ring; so below.
        unsafe { register(&mut *self.ring, nr, slots(nr).as_ptr()) }
    }

    fn unregister(&mut self) -> i32 {
        // SAFETY: as above.
        unsafe { unregister(&mut *self.ring) }
    }

    /// Ends the ring; nothing may be left of it.
    fn exit(mut self) {
        // SAFETY: not used afterwards.
        unsafe { queue_exit::<Direct>(self.ring()) };
        assert_eq!(self.kernel.held(), (0, 0));
    }

    fn script(&self, enters: impl IntoIterator<Item = Enter>) {
        self.kernel.get().enters.extend(enters);
    }

    /// Descriptor, `to_submit`, `min_complete` and flags of the enters so far.
    fn entered(&self) -> Vec<(u32, u32, u32)> {
        self.kernel.take_entered().iter().map(|e| (e.to_submit, e.min_complete, e.flags)).collect()
    }

    /// Queues what `prep` makes of an SQE.
    fn queue(&mut self, user_data: u64, prep: impl FnOnce(&mut io_uring_sqe)) {
        let sqe = self.ring().get_sqe();
        assert!(!sqe.is_null());
        // SAFETY: a fresh SQE.
        let sqe = unsafe { &mut *sqe };
        prep(sqe);
        sqe.user_data = user_data;
    }

    /// Queues a send of four bytes.
    fn send(&mut self, fd: i32, slot: u32, zc_flags: u32, user_data: u64) {
        // SAFETY: a live SQE; the buffer is never looked at.
        self.queue(user_data, |sqe| unsafe { op::prep_sendzc(sqe, fd, b"data".as_ptr().cast(), 4, 0, slot, zc_flags) });
    }

    fn update(&mut self, new_tag: u64, offset: u32, nr: u32, user_data: u64) {
        // SAFETY: a live SQE.
        self.queue(user_data, |sqe| unsafe { op::prep_notif_update(sqe, new_tag, offset, nr) });
    }

    /// Submits; what the kernel got.
    fn submit(&mut self) -> Vec<io_uring_sqe> {
        self.kernel.get().issued.clear();
        let queued = self.ring().sq_ready();
        assert_eq!(self.ring().submit(), queued as i32);
        core::mem::take(&mut self.kernel.get().issued)
    }

    /// Queues and submits a send; its handle.
    fn sent(&mut self, slot: u32, zc_flags: u32, user_data: u64) -> u64 {
        self.send(TCP, slot, zc_flags, user_data);
        self.submit()[0].user_data
    }

    fn post(&self, user_data: u64, res: i32, flags: u32) {
        self.kernel.post(user_data, res, flags);
    }

    /// The CQEs that the program sees, which it consumes.
    fn reap(&mut self) -> Vec<Cqe> {
        let mut cqes = Vec::new();
        loop {
            let mut cqe = null_mut();
            // SAFETY: a local place.
            if unsafe { self.ring().peek_cqe::<Direct>(&mut cqe) } != 0 {
                return cqes;
            }
            // SAFETY: a CQE of the ring.
            let seen = unsafe { &*cqe };
            cqes.push((seen.user_data, seen.res, seen.flags));
            self.ring().cq_advance(1);
        }
    }
}
