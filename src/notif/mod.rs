//! Zero-copy notification slots: one completion for many sends.
//!
//! Linux had them while 6.0 was made: a send names a slot and attaches to the slot's notifier, and a notifier that is flushed completes
//! once, when the network needs none of its buffers any more. This module makes them from `IORING_OP_SEND_ZC`, which completes twice
//! for each send.
//!
//! | file | what it does |
//! |---|---|
//! | `submit` | slot requests become requests that the kernel knows, with a handle for their `user_data` |
//! | `socket` | which sockets can send without copying |
//! | `op` | the requests in flight, their handles |
//! | `slots` | the slots' state machine |
//! | `complete` | what the kernel posted becomes what the program is to see |
//! | `post` | having the kernel post a CQE |
//! | `wait` | waiting for CQEs that the program sees |
//! | `cancel` | cancelling slot sends by the `user_data` that the program knows |
//! | `pool` | memory that both sides use |
//!
//! A ring has one state, `Whole`, from the first registration to `io_uring_queue_exit`. It has a part for each side of the ring, and two mailboxes
//! between them: the submitting side sends ops (requests, and changes of registration) in the order of submission, the reaping side sends
//! back those that are done. All notifier state belongs to the reaping side, so there is no lock, and none of the two waits for the other.
//!
//! The state outlives the slots: a reaping thread may be on its way into it while the submitting one unregisters.

mod cancel;
mod complete;
#[cfg(all(test, loom))]
mod loom_tests;
mod op;
mod pool;
mod post;
mod slots;
mod socket;
mod submit;
#[cfg(all(test, not(loom)))]
mod tests;
mod wait;

use crate::ring::calls::Direct;
use crate::ring::types::{io_uring, io_uring_cq};
use crate::ring::{get, int_flags, probe, set, Ring, Word};
use crate::sys::{self, EBUSY, EFAULT, EINVAL, ENXIO, EOVERFLOW};
use crate::uapi::*;
pub(crate) use cancel::sync_cancel;
pub(crate) use complete::cq_tail;
use complete::Reaper;
use core::cell::UnsafeCell;
use core::ptr::NonNull;
pub use op::LIBURING_UDATA_NOTIF;
use op::{Op, TOKEN};
use pool::{Mailbox, Pool};
use slots::{Node, Table};
use submit::Submitter;
pub(crate) use submit::{add_submitted, rewrite};
pub(crate) use wait::wait_for_cqe;

/// The handle of the CQE that unregistering has the kernel post.
const WAKE: __u64 = TOKEN - 1;

/// What a ring with slots has besides the 216 bytes.
#[repr(C)]
struct Whole {
    /// For the inlines of the C header, which know this member and nothing else.
    cq_tail: unsafe extern "C" fn(*const io_uring) -> c_uint,
    state: State,
    submitter: Submitter,
    reaper: Reaper,
}

/// The part of it that both sides use.
pub(crate) struct State {
    /// A descriptor of the ring, for the messages that the library sends to it: the program may close its own.
    fd: c_int,
    /// Word: nodes that the reaping side has given back, modulo 2^32. Relaxed: it is a count, and nothing is read because of it.
    returned: UnsafeCell<u32>,
    /// From the submitting to the reaping side.
    submitted: Mailbox,
    /// And back.
    freed: Mailbox,
    ops: Pool<Op>,
    nodes: Pool<Node>,
}

/// A handle on the state of a ring, as [`Ring`] is one on the ring.
#[derive(Clone, Copy)]
struct Notif(NonNull<Whole>);

impl Notif {
    /// The state of a ring that has `int_flags::NOTIF`.
    fn of(ring: Ring) -> Self {
        let address = get!(ring, cq.pad);
        // SAFETY: two words are as large as a pointer, or larger.
        let whole = unsafe { (&raw const address).cast::<*mut Whole>().read_unaligned() };
        // SAFETY: not null while the flag is set.
        Self(unsafe { NonNull::new_unchecked(whole) })
    }

    fn set(ring: Ring, whole: *mut Whole) {
        let mut address = [0; 2];
        // SAFETY: as in `of`.
        unsafe { (&raw mut address).cast::<*mut Whole>().write_unaligned(whole) };
        set!(ring, cq.pad = address);
    }

    /// What both sides use.
    fn state<'a>(self) -> &'a State {
        // SAFETY: it lives until `exit`. What changes in it is in cells, and used as words.
        unsafe { &(*self.0.as_ptr()).state }
    }

    /// The part of the submitting side.
    fn submitter<'a>(self) -> &'a mut Submitter {
        // SAFETY: by the crate's contract one thread submits at a time, and the library's functions take this once each.
        unsafe { &mut (*self.0.as_ptr()).submitter }
    }

    /// The part of the reaping side.
    fn reaper<'a>(self) -> &'a mut Reaper {
        // SAFETY: as above, for the thread that reaps.
        unsafe { &mut (*self.0.as_ptr()).reaper }
    }
}

impl State {
    fn returned(&self) -> Word {
        // SAFETY: lives as long as the ring.
        unsafe { Word::new(self.returned.get()) }
    }

    /// The op goes to the reaping side.
    fn put(&self, index: u32) {
        // SAFETY: the submitting side's op, until now.
        unsafe { self.submitted.put(&self.ops, index) };
    }

    /// The op goes back to the submitting side.
    fn give_back(&self, index: u32) {
        // SAFETY: the reaping side's op, until now.
        unsafe { self.freed.put(&self.ops, index) };
    }
}

/// Copies the slots of the program to a table.
fn copy_slots(nr: c_uint, slots: *const io_uring_notification_slot) -> Result<*mut Table, c_int> {
    let table = Table::new(nr)?;
    let copy = |index: c_uint| {
        // SAFETY: integers, for which any bytes are a value.
        let slot = unsafe { sys::read_value(slots.wrapping_add(index as usize)) }?;
        if slot.resv[0] | slot.resv[1] | slot.resv[2] != 0 {
            return Err(-EINVAL);
        }
        // SAFETY: below the number of slots, and nobody else has the table.
        unsafe { Table::set_tag(table, index, slot.tag) };
        Ok(())
    };
    match (0..nr).try_for_each(copy) {
        Ok(()) => Ok(table),
        Err(error) => {
            // SAFETY: nobody else has it.
            unsafe { Table::free(table) };
            Err(error)
        }
    }
}

/// Asks the kernel what it has.
fn probe_kernel(ring: Ring, submitter: &mut Submitter) {
    let map = probe::map().cast::<io_uring_probe>();
    if map.is_null() {
        return;
    }
    // SAFETY: mapped with room for all opcodes, and zeroed.
    unsafe {
        if probe::fill::<Direct>(ring, map) {
            submitter.zero_copy = probe::supports(map, IORING_OP_SEND_ZC as c_int);
            submitter.zero_copy_msg = probe::supports(map, IORING_OP_SENDMSG_ZC as c_int);
        }
        probe::unmap(map.cast());
    }
}

/// A state without slots, and the ring is marked as having it.
fn make_state(ring: Ring) -> Result<Notif, c_int> {
    let fd = sys::duplicate(get!(ring, ring_fd));
    if fd < 0 {
        return Err(fd);
    }
    let whole = match sys::map_anonymous(size_of::<Whole>(), libc::MAP_PRIVATE) {
        Ok(memory) => memory.cast::<Whole>(),
        Err(error) => {
            sys::close(fd);
            return Err(error);
        }
    };
    let kernel = get!(ring, cq);
    // SAFETY: fresh memory of that size; all other members are right when they are zero.
    let made = unsafe {
        (&raw mut (*whole).cq_tail).write(complete::cq_tail_for_c);
        (*whole).state.fd = fd;
        (*whole).reaper.set_view(ring, &kernel)
    };
    if let Err(error) = made {
        sys::close(fd);
        // SAFETY: mapped above.
        unsafe { sys::unmap(whole.cast(), size_of::<Whole>()) };
        return Err(error);
    }
    Notif::set(ring, whole);
    set!(ring, int_flags = get!(ring, int_flags) | int_flags::NOTIF);
    let notif = Notif::of(ring);
    probe_kernel(ring, notif.submitter());
    Ok(notif)
}

/// `io_uring_register_notifications`: 0 or -errno with nothing changed.
///
/// # Safety
///
/// The crate's contract holds for `ring`, or it is a pointer that `check_ptr` refuses; no other thread uses the ring. `slots` may be
/// no memory.
pub unsafe fn register(ring: *mut io_uring, nr: c_uint, slots: *const io_uring_notification_slot) -> c_int {
    let register = || {
        // SAFETY: the caller's promise.
        let ring = unsafe { Ring::checked(ring) }?;
        if get!(ring, flags) & (IORING_SETUP_CQE_MIXED | IORING_SETUP_SQ_REWIND) != 0 {
            return Err(-EINVAL);
        }
        if ring.has_notif() && Notif::of(ring).submitter().nr_slots != 0 {
            return Err(-EBUSY);
        }
        if nr == 0 || nr > IO_NOTIF_MAX_SLOTS {
            return Err(-EINVAL);
        }
        if slots.is_null() {
            return Err(-EFAULT);
        }
        let table = copy_slots(nr, slots)?;
        let notif = if ring.has_notif() { Ok(Notif::of(ring)) } else { make_state(ring) };
        let reserved = notif.and_then(|notif| notif.submitter().reserve(notif.state(), 1, 0).map(|()| notif));
        match reserved {
            Ok(notif) => {
                notif.submitter().register(notif.state(), table as usize as u64, nr);
                Ok(())
            }
            Err(error) => {
                // SAFETY: nobody else has it.
                unsafe { Table::free(table) };
                Err(error)
            }
        }
    };
    register().map_or_else(|error| error, |()| 0)
}

/// Whether the CQ of a ring with slots can be made smaller than it is full: 0 or -EOVERFLOW. The kernel looks at its own CQ.
#[cold]
pub(crate) fn check_resize(ring: Ring, p: &io_uring_params) -> c_int {
    let wanted = if p.flags & IORING_SETUP_CQSIZE != 0 { p.cq_entries } else { p.sq_entries.saturating_mul(2) };
    if ring.cq_ready() > wanted.checked_next_power_of_two().unwrap_or(wanted) {
        return -EOVERFLOW;
    }
    0
}

/// The kernel's CQ of the ring is `new` from now on: 0, or -ENOMEM with the old memory still in place.
#[cold]
pub(crate) fn resized(ring: Ring, new: &io_uring_cq) -> c_int {
    let old = get!(ring, cq);
    set!(ring, cq = *new);
    set!(ring, cq.pad = old.pad);
    match Notif::of(ring).reaper().set_view(ring, &old) {
        Ok(()) => 0,
        Err(error) => {
            set!(ring, cq = old);
            error
        }
    }
}

/// `io_uring_unregister_notifications`: 0, or -errno with nothing changed.
///
/// # Safety
///
/// The crate's contract holds for `ring`, or it is a pointer that `check_ptr` refuses.
pub unsafe fn unregister(ring: *mut io_uring) -> c_int {
    let unregister = || {
        // SAFETY: the caller's promise.
        let ring = unsafe { Ring::checked(ring) }?;
        if !ring.has_notif() {
            return Err(-ENXIO);
        }
        let notif = Notif::of(ring);
        let submitter = notif.submitter();
        if submitter.nr_slots == 0 {
            return Err(-ENXIO);
        }
        submitter.reserve(notif.state(), 1, submitter.nr_slots)?;
        submitter.unregister(notif.state());
        Ok(())
    };
    unregister().map_or_else(|error| error, |()| 0)
}

/// The end of a ring with slots: nothing completes any more.
///
/// # Safety
///
/// No other thread uses the ring, and the caller ends it.
#[cold]
pub(crate) unsafe fn exit(ring: Ring) {
    let notif = Notif::of(ring);
    let state = notif.state();
    // Tables that were not handed over yet are in the mailbox.
    notif.reaper().take_submitted(state);
    notif.submitter().poster.exit();
    notif.reaper().poster.exit();
    sys::close(state.fd);
    notif.reaper().free_view();
    // SAFETY: nobody uses any of it after this; the kernel knows addresses of messages in ops only until it has read them.
    unsafe {
        notif.reaper().slots.free_all_tables();
        state.ops.free();
        state.nodes.free();
        sys::unmap(notif.0.as_ptr().cast(), size_of::<Whole>());
    }
    set!(ring, int_flags = get!(ring, int_flags) & !int_flags::NOTIF);
}
