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
use crate::ring::{get, Ring};
use crate::sys::{read_memory, EINVAL, EOVERFLOW, ETIME};
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
        let (mut ops, mut nodes, mut all, mut skips) = (0, 0, 0, false);
        for_queued(ring, |_, sqe| {
            // SAFETY: queued and not published, so this side's; the same below.
            let sqe = unsafe { &*sqe };
            self.counted |= counts_completions(sqe);
            all += 1;
            skips |= u32::from(sqe.flags) & IOSQE_CQE_SKIP_SUCCESS != 0;
            if is_slot_request(sqe) {
                ops += 1;
                nodes += if u32::from(sqe.opcode) == IORING_RSRC_UPDATE_NOTIF { sqe.len.min(self.nr_slots) } else { 1 };
            } else if is_cancel(sqe) {
                ops += 1;
            }
        });
        if ops == 0 && !self.cancels {
            return Ok(());
        }
        self.reserve(state, if skips { all } else { ops }, nodes)?;
        let (mut in_chain, mut with_skip, mut before) = (false, false, NONE);
        // The descriptors of what comes behind such a request in its chain are not known.
        let mut unknown = false;
        self.sockets.forget_last();
        for_queued(ring, |index, sqe| {
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
        });
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
        op.take_over(sqe, handle);
        op.slot = sqe.addr3 as u32;
        op.set_cancellable(true);
        if zc_flags & IORING_RECVSEND_NOTIF_FLUSH != 0 {
            op.flags |= op::FLUSH;
        }
        if zc_flags & IORING_RECVSEND_NOTIF_COPY_TAG != 0 {
            op.flags |= op::COPY_TAG;
        }
        op.res = if sqe.rw_flags & libc::MSG_WAITALL as u32 != 0 { op.wanted(sqe, form) } else { 0 };

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

    /// Bytes without which a send with `MSG_WAITALL` has failed.
    fn wanted(&self, sqe: &io_uring_sqe, form: u32) -> c_int {
        let bytes = match form {
            IORING_OP_SENDZC_NOTIF => u64::from(sqe.len),
            IORING_OP_SENDVZC_NOTIF => vector_len(sqe.addr, sqe.len as usize),
            _ => message_len(sqe.addr),
        };
        bytes.min(c_int::MAX as u64) as c_int
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

/// A structure of the program's, or `None` where there is no memory. The kernel will say so, too, when it reads it.
pub(super) fn read<T>(address: u64) -> Option<T> {
    let mut value = core::mem::MaybeUninit::<T>::uninit();
    // SAFETY: a local place; used here with structures of integers and pointers, for which any bytes are a value.
    unsafe {
        read_memory(value.as_mut_ptr().cast(), address as usize as *const c_void, size_of::<T>()).ok()?;
        Some(value.assume_init())
    }
}

/// Bytes in a vector of `nr` buffers.
fn vector_len(address: u64, nr: usize) -> u64 {
    (0..nr as u64)
        .map_while(|i| read::<iovec>(address.wrapping_add(i * size_of::<iovec>() as u64)))
        .fold(0, |sum, iov| sum.saturating_add(iov.iov_len as u64))
}

/// Bytes in a message.
fn message_len(address: u64) -> u64 {
    read::<msghdr>(address).map_or(0, |msg| vector_len(msg.msg_iov as usize as u64, msg.msg_iovlen))
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

fn is_linked(sqe: &io_uring_sqe) -> bool {
    u32::from(sqe.flags) & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK) != 0
}

fn is_hard(sqe: &io_uring_sqe) -> bool {
    u32::from(sqe.flags) & IOSQE_IO_HARDLINK != 0
}

/// The least result with which the kernel takes the request for a success, which leaves out its CQE and lets the chain go on.
fn least_success(sqe: &io_uring_sqe) -> c_int {
    match u32::from(sqe.opcode) {
        IORING_OP_READ
        | IORING_OP_WRITE
        | IORING_OP_READ_FIXED
        | IORING_OP_WRITE_FIXED
        | IORING_OP_SPLICE
        | IORING_OP_TEE => sqe.len as c_int,
        IORING_OP_READV | IORING_OP_WRITEV => vector_len(sqe.addr, sqe.len as usize) as c_int,
        IORING_OP_SEND | IORING_OP_RECV if sqe.rw_flags & libc::MSG_WAITALL as u32 != 0 => sqe.len as c_int,
        IORING_OP_TIMEOUT if sqe.rw_flags & IORING_TIMEOUT_ETIME_SUCCESS != 0 => -ETIME,
        _ => 0,
    }
}

/// Whether the chain that begins at the entry `index` has both slot requests and requests that leave out their success.
fn is_chain_with_skip(ring: Ring, mut index: u32) -> bool {
    let (mut slots, mut skips, mut linked) = (false, false, true);
    while linked && index != get!(ring, sq.sqe_tail) {
        // SAFETY: between head and tail.
        let sqe = unsafe { &*ring.sqe_at(index) };
        slots |= is_slot_request(sqe);
        skips |= u32::from(sqe.flags) & IOSQE_CQE_SKIP_SUCCESS != 0;
        linked = is_linked(sqe);
        index = index.wrapping_add(1);
    }
    slots && skips
}

/// Calls `each` for what was queued since the last submission: index and entry.
fn for_queued(ring: Ring, mut each: impl FnMut(u32, *mut io_uring_sqe)) {
    let mixed = get!(ring, flags) & IORING_SETUP_SQE_MIXED != 0;
    let (mut index, tail) = (get!(ring, sq.sqe_head), get!(ring, sq.sqe_tail));
    while index != tail {
        let sqe = ring.sqe_at(index);
        // SAFETY: between head and tail.
        let opcode = u32::from(unsafe { (*sqe).opcode });
        each(index, sqe);
        // The second half of a large entry is data.
        let large = mixed && matches!(opcode, IORING_OP_NOP128 | IORING_OP_URING_CMD128);
        index = index.wrapping_add(1 + u32::from(large));
    }
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
