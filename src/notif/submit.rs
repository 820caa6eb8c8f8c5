//! The submitting side: slot requests become requests that the kernel knows.
//!
//! It happens when they are published, because programs fill in `user_data`, flags and addresses after the prep helper.

use super::cancel::is_cancel;
use super::op::{self, Kind, Op};
use super::pool::NONE;
use super::post::Poster;
use super::socket::Sockets;
use super::{Notif, State, WAKE};
use crate::op::{prep_nop, prep_poll_remove};
use crate::ring::{get, is_linked, Ring};
use crate::sys::{read_value, EINVAL, EOVERFLOW, ETIME};
use crate::uapi::*;
use libc::{iovec, msghdr};

/// Opcodes that make, close or replace descriptors, as bits. What a descriptor refers to behind one of them in a chain is not
/// known before it has run.
const CHANGES_DESCRIPTORS: u64 = 1 << IORING_OP_ACCEPT
    | 1 << IORING_OP_OPENAT
    | 1 << IORING_OP_CLOSE
    | 1 << IORING_OP_OPENAT2
    | 1 << IORING_OP_SOCKET
    | 1 << IORING_OP_FIXED_FD_INSTALL
    | 1 << IORING_OP_PIPE;

/// What belongs to the submitting side of a ring with slots.
pub(super) struct Submitter {
    /// 0: none registered.
    pub(super) nr_slots: u32,
    /// A send was submitted since the slots were registered.
    sent: bool,
    /// The ring has had a request that counts completions, see [`counts_completions`]: no send is zero-copy any more, because
    /// it is not to be seen here when such a request is over.
    counted: bool,
    /// The kernel has `IORING_OP_SEND_ZC`.
    pub(super) zero_copy: bool,
    /// The kernel has `IORING_OP_SENDMSG_ZC`. From the same version on a plain send takes an address.
    pub(super) zero_copy_msg: bool,
    /// Ops that came back, as a list.
    free: u32,
    /// Ops above this number were never used.
    pub(super) fresh: u32,
    ops: u32,
    nodes: u32,
    /// Nodes set aside so far, modulo 2^32.
    reserved: u32,
    /// A request from the entry `cancels_from` on cancels all sends with a `user_data`, and that has not been done.
    pub(super) cancels: bool,
    pub(super) cancels_from: u32,
    /// Entries that were submitted already while others were looked at.
    pub(super) submitted: c_int,
    sockets: Sockets,
    pub(super) poster: Poster,
}

impl Submitter {
    /// Sees to it that `ops` and `nodes` more can be had: 0 or -ENOMEM.
    pub(super) fn reserve(&mut self, state: &State, ops: u32, nodes: u32) -> Result<(), c_int> {
        // The list of free ops is counted as far as is needed; what came back goes to its end.
        let (mut have, mut place) = (0, &raw mut self.free);
        while have < ops {
            // SAFETY: the list's head, or the link of a free op, which is this side's.
            if unsafe { *place } == NONE {
                let came_back = state.freed.take();
                if came_back == NONE {
                    break;
                }
                // SAFETY: as above.
                unsafe { *place = came_back };
            }
            have += 1;
            // SAFETY: as above.
            place = unsafe { &raw mut (*state.ops.at(*place)).next };
        }
        state.ops.grow(&mut self.ops, self.fresh.saturating_add(ops - have + 1))?;
        let in_use = self.reserved.wrapping_sub(state.returned().load_relaxed());
        state.nodes.grow(&mut self.nodes, in_use.saturating_add(nodes + 1))?;
        self.reserved = self.reserved.wrapping_add(nodes);
        Ok(())
    }

    /// An op for `kind`, one of those that were reserved: its number, its handle, and itself.
    #[allow(
        clippy::mut_from_ref,
        reason = "the pool hands out memory; the op is this side's until it is put into the mailbox"
    )]
    pub(super) fn op<'a>(&mut self, state: &'a State, kind: Kind) -> (u32, __u64, &'a mut Op) {
        let index = if self.free == NONE {
            self.fresh += 1;
            self.fresh
        } else {
            let index = self.free;
            // SAFETY: a free op is this side's.
            self.free = unsafe { (*state.ops.at(index)).next };
            index
        };
        // SAFETY: as above, and until it is put into the mailbox.
        let op = unsafe { &mut *state.ops.at(index) };
        (op.kind, op.flags, op.progress, op.chain) = (kind, 0, 0, NONE);
        let handle = op.renew(index);
        (index, handle, op)
    }

    /// Tells the other side about new slots.
    pub(super) fn register(&mut self, state: &State, table: u64, nr: u32) {
        let (index, _, op) = self.op(state, Kind::Register);
        op.tag = table;
        self.nr_slots = nr;
        self.sent = false;
        state.put(index);
    }

    /// Takes the slots away and wakes the other side, if there can be something for it to do.
    pub(super) fn unregister(&mut self, state: &State) {
        let (index, ..) = self.op(state, Kind::Unregister);
        self.nr_slots = 0;
        state.put(index);
        if self.sent {
            // Where that is refused, the other side finds out when it looks the next time.
            self.poster.post(state.fd, WAKE);
        }
    }

    /// Makes what the kernel knows of the slot requests that were queued since the last submission: 0, or -ENOMEM with nothing changed.
    pub(super) fn rewrite(&mut self, ring: Ring, state: &State) -> Result<(), c_int> {
        let (mut queued, mut nodes, mut concerned, mut skips) = (0, 0, self.cancels, false);
        let first = get!(ring, sq.sqe_head);
        for (_, sqe) in ring.queued_from(first) {
            // SAFETY: queued and not published, so this side's; the same below.
            let sqe = unsafe { &*sqe };
            self.counted |= counts_completions(sqe);
            queued += 1;
            skips |= u32::from(sqe.flags) & IOSQE_CQE_SKIP_SUCCESS != 0;
            concerned |= is_slot_request(sqe) || is_cancel(sqe);
            nodes += match u32::from(sqe.opcode) {
                IORING_RSRC_UPDATE_NOTIF => sqe.len.min(self.nr_slots),
                _ => is_slot_request(sqe).into(),
            };
        }
        if !concerned {
            return Ok(());
        }
        self.reserve(state, queued, nodes)?;
        let (mut in_chain, mut with_skip, mut before) = (false, false, NONE);
        // The descriptors of what comes behind such a request in its chain are not known.
        let mut unknown = false;
        self.sockets.forget_last();
        for (index, sqe) in ring.queued_from(first) {
            // SAFETY: as above.
            let sqe = unsafe { &mut *sqe };
            let opcode = u32::from(sqe.opcode);
            if !in_chain {
                with_skip = skips && is_chain_with_skip(ring, index);
                before = NONE;
            }
            let op = match opcode {
                IORING_RSRC_UPDATE_NOTIF => Some(self.rewrite_update(state, sqe)),
                _ if is_slot_request(sqe) => Some(self.rewrite_send(state, sqe, unknown)),
                _ if is_cancel(sqe) => self.rewrite_cancel(state, sqe, index),
                _ => None,
            };
            let op = if op.is_none() && with_skip { Some(self.take_ordinary(state, sqe)) } else { op };
            if let Some(op) = op {
                if before != NONE {
                    // SAFETY: nothing of this was submitted yet, so the reaping side does not look.
                    unsafe { (*state.ops.at(before)).chain = op };
                }
                before = if with_skip { op } else { NONE };
                // SAFETY: as above.
                unsafe { (*state.ops.at(op)).flags |= if is_hard(sqe) { op::HARD } else { 0 } };
                state.put(op);
            }
            in_chain = is_linked(sqe);
            unknown = in_chain && (unknown || 1u64.checked_shl(opcode).unwrap_or(0) & CHANGES_DESCRIPTORS != 0);
        }
        if self.cancels {
            self.cancel_all(ring, state)?;
        }
        Ok(())
    }

    /// Takes a request over that is no slot request.
    fn take_ordinary(&mut self, state: &State, sqe: &mut io_uring_sqe) -> u32 {
        let (index, handle, op) = self.op(state, Kind::Ordinary);
        op.res = least_success(sqe);
        op.take_over(sqe, handle);
        op.set_cancellable(true);
        index
    }

    fn rewrite_update(&mut self, state: &State, sqe: &mut io_uring_sqe) -> u32 {
        let (offset, nr, new_tag) = (sqe.off as u32, sqe.len, sqe.addr);
        let error = match offset.checked_add(nr) {
            _ if nr == 0 => EINVAL,
            None => EOVERFLOW,
            Some(end) if end > self.nr_slots => EINVAL,
            Some(_) => 0,
        };
        if error != 0 {
            self.reserved = self.reserved.wrapping_sub(nr.min(self.nr_slots));
            return self.refuse(state, sqe, -error);
        }
        let (index, handle, op) = self.op(state, Kind::Update);
        op.take_over(sqe, handle);
        (op.slot, op.nr, op.tag) = (offset, nr, new_tag);
        // SAFETY: this side's.
        unsafe { prep_nop(sqe) };
        (sqe.ioprio, sqe.rw_flags) = (0, 0);
        index
    }

    fn rewrite_send(&mut self, state: &State, sqe: &mut io_uring_sqe, unknown: bool) -> u32 {
        if sqe.addr3 >= u64::from(self.nr_slots) {
            self.reserved = self.reserved.wrapping_sub(1);
            return self.refuse(state, sqe, -EINVAL);
        }
        self.sent = true;
        let zc_flags = u32::from(sqe.ioprio);
        let form = u32::from(sqe.opcode);
        let known = !unknown && !self.counted && u32::from(sqe.flags) & IOSQE_FIXED_FILE == 0;
        let kernel_can = if form == IORING_OP_SENDZC_NOTIF { self.zero_copy } else { self.zero_copy_msg };
        let zero_copy = kernel_can && known && self.sockets.zero_copy(sqe.fd);

        let (index, handle, op) = self.op(state, Kind::Send);
        op.res = least_success(sqe);
        op.take_over(sqe, handle);
        op.slot = sqe.addr3 as u32;
        op.set_cancellable(true);
        if zc_flags & IORING_RECVSEND_NOTIF_FLUSH != 0 {
            op.flags |= op::FLUSH;
        }
        if zc_flags & IORING_RECVSEND_NOTIF_COPY_TAG != 0 {
            op.flags |= op::COPY_TAG;
        }

        sqe.ioprio &= !((IORING_RECVSEND_NOTIF_FLUSH | IORING_RECVSEND_NOTIF_COPY_TAG) as __u16);
        sqe.addr3 = 0;
        if !zero_copy && zc_flags & IORING_RECVSEND_FIXED_BUF != 0 {
            // The address of a registered buffer is the program's own; a plain send takes it from there.
            sqe.ioprio &= !(IORING_RECVSEND_FIXED_BUF as __u16);
            sqe.buf_index = 0;
        }
        // Before 6.1 a plain send takes no address.
        let as_message = form == IORING_OP_SENDVZC_NOTIF
            || form == IORING_OP_SENDZC_NOTIF && !zero_copy && !self.zero_copy_msg && sqe.off != 0;
        if as_message {
            op.make_message(sqe, form);
        }
        sqe.opcode = match (form == IORING_OP_SENDZC_NOTIF && !as_message, zero_copy) {
            (true, true) => IORING_OP_SEND_ZC,
            (true, false) => IORING_OP_SEND,
            (false, true) => IORING_OP_SENDMSG_ZC,
            (false, false) => IORING_OP_SENDMSG,
        } as __u8;
        index
    }

    /// Makes a request of `sqe` that fails when it is issued, as a request for a slot that is not there did, and not when it is
    /// submitted, which would end the batch: the removal of a poll that cannot be.
    fn refuse(&mut self, state: &State, sqe: &mut io_uring_sqe, res: c_int) -> u32 {
        let (index, handle, op) = self.op(state, Kind::Refused);
        op.take_over(sqe, handle);
        op.res = res;
        // SAFETY: this side's.
        unsafe { prep_poll_remove(sqe, handle) };
        sqe.flags &= !((IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT) as __u8);
        (sqe.ioprio, sqe.rw_flags, sqe.buf_index, sqe.file_index, sqe.addr3) = (0, 0, 0, 0, 0);
        index
    }
}

impl Op {
    /// Keeps what is the program's and puts the handle there.
    pub(super) fn take_over(&mut self, sqe: &mut io_uring_sqe, handle: __u64) {
        self.user_data = sqe.user_data;
        sqe.user_data = handle;
        if u32::from(sqe.flags) & IOSQE_CQE_SKIP_SUCCESS != 0 {
            // The kernel refuses it for zero-copy sends, and this library needs to see the CQE.
            self.flags |= op::SKIP;
            sqe.flags &= !(IOSQE_CQE_SKIP_SUCCESS as __u8);
        }
    }

    /// Makes a message of a send with a buffer or a vector.
    fn make_message(&mut self, sqe: &mut io_uring_sqe, form: u32) {
        let (iov, iovlen) = if form == IORING_OP_SENDVZC_NOTIF {
            (sqe.addr as usize as *mut iovec, sqe.len as usize)
        } else {
            self.iov = iovec { iov_base: sqe.addr as usize as *mut c_void, iov_len: sqe.len as usize };
            (&raw mut self.iov, 1)
        };
        // SAFETY: integers and null pointers, some with padding.
        self.msg = unsafe { core::mem::zeroed::<msghdr>() };
        self.msg.msg_name = sqe.off as usize as *mut c_void;
        // SAFETY: `addr_len` is the first half of it.
        self.msg.msg_namelen = unsafe { *(&raw const sqe.file_index).cast::<u16>() }.into();
        self.msg.msg_iov = iov;
        self.msg.msg_iovlen = iovlen as _;
        (sqe.addr, sqe.len, sqe.off, sqe.file_index) = (&raw const self.msg as usize as __u64, 1, 0, 0);
    }
}

/// Bytes in a vector of `nr` buffers. What is no memory counts nothing: the kernel will say so when it reads it.
fn vector_len(address: u64, nr: usize) -> u64 {
    let vector = address as usize as *const iovec;
    (0..nr)
        // SAFETY: integers, for which any bytes are a value.
        .map_while(|i| unsafe { read_value(vector.wrapping_add(i)) }.ok())
        .fold(0, |sum, iov| sum.saturating_add(iov.iov_len as u64))
}

/// Bytes in a message.
fn message_len(address: u64) -> u64 {
    // SAFETY: as above.
    let msg = unsafe { read_value(address as usize as *const msghdr) };
    msg.map_or(0, |msg| vector_len(msg.msg_iov as usize as u64, msg.msg_iovlen))
}

/// Whether the completions of notifications would make a difference to the request.
///
/// A timeout with a count would be over too early. Requests behind a drain would wait for ever, because Linux counts the notification of a send that
/// waits behind the drain among what the drain waits for (6.18).
fn counts_completions(sqe: &io_uring_sqe) -> bool {
    let counting_timeout =
        u32::from(sqe.opcode) == IORING_OP_TIMEOUT && sqe.off != 0 && sqe.rw_flags & IORING_TIMEOUT_MULTISHOT == 0;
    counting_timeout || u32::from(sqe.flags) & IOSQE_IO_DRAIN != 0
}

fn is_slot_request(sqe: &io_uring_sqe) -> bool {
    (IORING_OP_SENDZC_NOTIF..=IORING_RSRC_UPDATE_NOTIF).contains(&u32::from(sqe.opcode))
}

fn is_hard(sqe: &io_uring_sqe) -> bool {
    u32::from(sqe.flags) & IOSQE_IO_HARDLINK != 0
}

/// The least result with which the kernel takes the request for a success, which leaves out its CQE and lets the chain go on.
fn least_success(sqe: &io_uring_sqe) -> c_int {
    let all_or_nothing = sqe.rw_flags & libc::MSG_WAITALL as u32 != 0;
    let bytes = match u32::from(sqe.opcode) {
        IORING_OP_READ
        | IORING_OP_WRITE
        | IORING_OP_READ_FIXED
        | IORING_OP_WRITE_FIXED
        | IORING_OP_SPLICE
        | IORING_OP_TEE => sqe.len.into(),
        IORING_OP_READV | IORING_OP_WRITEV => vector_len(sqe.addr, sqe.len as usize),
        IORING_OP_SENDZC_NOTIF | IORING_OP_SEND_ZC | IORING_OP_SEND | IORING_OP_RECV if all_or_nothing => {
            sqe.len.into()
        }
        IORING_OP_SENDVZC_NOTIF if all_or_nothing => vector_len(sqe.addr, sqe.len as usize),
        IORING_OP_SENDMSGZC_NOTIF | IORING_OP_SENDMSG_ZC | IORING_OP_SENDMSG | IORING_OP_RECVMSG if all_or_nothing => {
            message_len(sqe.addr)
        }
        IORING_OP_TIMEOUT if sqe.rw_flags & IORING_TIMEOUT_ETIME_SUCCESS != 0 => return -ETIME,
        _ => 0,
    };
    bytes.min(c_int::MAX as u64) as c_int
}

/// Whether the chain that begins at the entry `first` has both slot requests and requests that leave out their success.
fn is_chain_with_skip(ring: Ring, first: u32) -> bool {
    let (mut slots, mut skips) = (false, false);
    for (_, sqe) in ring.queued_from(first) {
        // SAFETY: queued and not published.
        let sqe = unsafe { &*sqe };
        slots |= is_slot_request(sqe);
        skips |= u32::from(sqe.flags) & IOSQE_CQE_SKIP_SUCCESS != 0;
        if !is_linked(sqe) {
            break;
        }
    }
    slots && skips
}

/// Adds to the result of a submission what was submitted on the way.
pub(crate) fn add_submitted(ring: Ring, ret: c_int) -> c_int {
    let submitted = core::mem::take(&mut Notif::of(ring).submitter().submitted);
    if ret < 0 && submitted != 0 {
        submitted
    } else {
        ret + submitted
    }
}

/// To be called before what was queued is published.
#[cold]
#[inline(never)]
pub(crate) fn rewrite(ring: Ring) -> Result<(), c_int> {
    let notif = Notif::of(ring);
    notif.submitter().rewrite(ring, notif.state())
}
