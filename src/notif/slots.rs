//! Slots and their notifiers: what attaches to what, and when a notifier has completed.
//!
//! All of this belongs to the reaping side. It learns of sends, updates and registrations in the order of submission, from the
//! mailbox, and of their outcome in any order, from the CQ. A slot behaves as if its requests had run one after the other in the order of
//! submission, so what stands behind a flush whose outcome is not known has to wait for it.
//!
//! A node is a stretch of a slot's sends that ends with a flush. The nodes of a slot that are not flushed form a chain in the order of
//! submission; the front of the chain is the slot's notifier.
//!
//! | state | meaning | left when |
//! |---|---|---|
//! | `Open` | last of its chain, takes sends | a flush is submitted: `Closing` |
//! | `Closing` | its flush has been submitted, the outcome is not known | the flush succeeds: `Closed`; it fails: `Reopened` |
//! | `Closed` | its flush has succeeded | it is the front: `Flushed` |
//! | `Reopened` | its flush has failed | it is the front: `Merged` into the node behind it, or `Open` where there is none |
//! | `Merged` | out of the chain; the node that it became part of counts it as one reference | no reference is left: free |
//! | `Flushed` | out of the chain | no reference is left: owed, which is free once a CQE has been found for it |
//!
//! A node without sends comes from an update behind a flush whose outcome is not known. It ends what the node before it
//! was, if that flush fails; if it succeeds there is no notifier to be flushed, and the node goes without a trace.

use super::pool::{Pool, NONE};
use crate::sys;
use crate::uapi::*;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum NodeState {
    Open,
    Closing,
    Closed,
    Reopened,
    Merged,
    Flushed,
}
use NodeState::{Closed, Closing, Flushed, Merged, Open, Reopened};

/// See the module.
#[repr(C)]
pub(super) struct Node {
    state: NodeState,
    /// There are sends in it, or in what was merged into it.
    has_sends: bool,
    /// It has been the front with sends in it: `tag` and `generation` are its own.
    is_notifier: bool,
    /// Sends whose buffers are not free yet, and nodes that were merged into it.
    refs: u32,
    /// The next in the chain, in the list of free nodes, or of owed ones.
    next: u32,
    /// `Closing`: the op that flushes it. `Merged`: the node that it became part of.
    with: u32,
    /// The slot that has the chain.
    slot: *mut Slot,
    tag: __u64,
    generation: u32,
    /// Where its flush renames something, see `renames`.
    new_tag: __u64,
    renames: Renames,
}

/// What `new_tag` is for, once the flush takes effect.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Renames {
    Nothing,
    /// The notifier that is flushed.
    Notifier,
    /// The slot, and so the notifiers that come after.
    Slot,
}

/// A registered slot.
#[repr(C)]
pub(super) struct Slot {
    tag: __u64,
    /// The generation of its next notifier.
    generation: u32,
    front: u32,
    back: u32,
}

/// The slots of one registration; they follow it in memory.
#[repr(C)]
pub(super) struct Table {
    pub(super) nr: u32,
    /// Slots that have a chain.
    chains: u32,
    /// In use by sends that come, or only by those that came.
    registered: bool,
    /// The table that was registered before it and still has chains.
    older: *mut Table,
}

impl Table {
    fn bytes(nr: u32) -> usize {
        size_of::<Self>() + nr as usize * size_of::<Slot>()
    }

    /// A table of `nr` slots with the tag 0.
    pub(super) fn new(nr: u32) -> Result<*mut Self, c_int> {
        let table: *mut Self = sys::map_anonymous(Self::bytes(nr), libc::MAP_PRIVATE)?.cast();
        // SAFETY: fresh memory of that size; the slots behind it are right as they are, all zero.
        unsafe {
            (*table).nr = nr;
            (*table).registered = true;
        }
        Ok(table)
    }

    /// # Safety
    ///
    /// `table` is live, `index` below its number of slots.
    pub(super) unsafe fn slot(table: *mut Self, index: u32) -> *mut Slot {
        // SAFETY: the slots follow the table.
        unsafe { table.add(1).cast::<Slot>().add(index as usize) }
    }

    /// # Safety
    ///
    /// `table` is live, `index` below its number of slots, and nobody else uses the table yet.
    pub(super) unsafe fn set_tag(table: *mut Self, index: u32, tag: __u64) {
        // SAFETY: the caller's promise.
        unsafe { (*Self::slot(table, index)).tag = tag };
    }

    /// # Safety
    ///
    /// Nothing uses the table afterwards.
    pub(super) unsafe fn free(table: *mut Self) {
        // SAFETY: its own mapping, which the caller gives up.
        unsafe { sys::unmap(table.cast(), Self::bytes((*table).nr)) };
    }
}

/// How a flush is told apart from others, and whether it has happened.
#[derive(Clone, Copy)]
pub(super) enum Flush {
    /// The op with this number will do it.
    By(u32),
    /// It has happened.
    Done,
}

/// A notifier that has completed.
pub(super) struct Completed {
    pub(super) tag: __u64,
    pub(super) generation: u32,
}

/// The slots of a ring.
pub(super) struct Slots {
    /// The newest table, which may have been unregistered; the older ones follow.
    pub(super) table: *mut Table,
    free: u32,
    /// Nodes above this number were never used.
    fresh: u32,
    owed_first: u32,
    owed_last: u32,
    /// Completed notifiers that have no CQE yet.
    pub(super) owed: u32,
    /// Nodes in use, so notifiers at most that have not been shown.
    pub(super) live: u32,
    /// Nodes given back so far, modulo 2^32.
    pub(super) returned: u32,
}

impl Slots {
    /// A new table.
    pub(super) fn register(&mut self, table: *mut Table) {
        // SAFETY: the submitting side gives a live table away.
        unsafe { (*table).older = self.table };
        self.table = table;
    }

    /// Flushes all slots of the newest table.
    pub(super) fn unregister(&mut self, nodes: &Pool<Node>) {
        let table = self.table;
        // SAFETY: the newest table lives; so below.
        let nr = unsafe { (*table).nr };
        self.flush(nodes, 0, nr, Flush::Done, 0);
        // SAFETY: as above.
        unsafe { (*table).registered = false };
        self.free_tables();
    }

    /// Gives back the tables that nothing needs any more.
    pub(super) fn free_tables(&mut self) {
        let mut place = &raw mut self.table;
        loop {
            // SAFETY: the head of the list, or a member of a live table.
            let table = unsafe { *place };
            if table.is_null() {
                return;
            }
            // SAFETY: what is in the list is live.
            unsafe {
                if (*table).registered || (*table).chains != 0 {
                    place = &raw mut (*table).older;
                } else {
                    *place = (*table).older;
                    Table::free(table);
                }
            }
        }
    }

    /// Gives back all tables.
    ///
    /// # Safety
    ///
    /// No slot is used afterwards.
    pub(super) unsafe fn free_all_tables(&mut self) {
        let mut table = core::mem::replace(&mut self.table, core::ptr::null_mut());
        while !table.is_null() {
            // SAFETY: live until it is freed here.
            unsafe {
                let older = (*table).older;
                Table::free(table);
                table = older;
            }
        }
    }

    /// A send on the slot `index` was submitted; `flush` names it if it flushes, and `copy_tag` is its user_data if the notifier is to have that.
    /// Returns the node that it holds a reference on.
    pub(super) fn send(&mut self, nodes: &Pool<Node>, index: u32, flush: Option<u32>, copy_tag: Option<__u64>) -> u32 {
        // SAFETY: the submitting side checked the index against this table.
        let slot = unsafe { Table::slot(self.table, index) };
        // SAFETY: as above.
        let back = unsafe { (*slot).back };
        let id = if back != NONE && node(nodes, back).state == Open {
            // A node was set aside for this send.
            self.returned = self.returned.wrapping_add(1);
            back
        } else {
            self.append(nodes, slot)
        };
        let n = node(nodes, id);
        n.refs += 1;
        n.has_sends = true;
        if let Some(op) = flush {
            n.state = Closing;
            n.with = op;
            if let Some(tag) = copy_tag {
                n.new_tag = tag;
                n.renames = Renames::Notifier;
            }
        }
        self.settle(nodes, slot);
        id
    }

    /// An update of `nr` slots was submitted, or all are flushed for good.
    pub(super) fn flush(&mut self, nodes: &Pool<Node>, offset: u32, nr: u32, flush: Flush, new_tag: __u64) {
        let mut unused = nr;
        for index in offset..offset + nr {
            // SAFETY: the submitting side checked the range against this table.
            let slot = unsafe { Table::slot(self.table, index) };
            // SAFETY: as above.
            let mut id = unsafe { (*slot).back };
            if id == NONE {
                continue;
            }
            if node(nodes, id).state != Open {
                id = self.append(nodes, slot);
                unused -= 1;
            }
            let n = node(nodes, id);
            (n.state, n.with) = match flush {
                Flush::By(op) => (Closing, op),
                Flush::Done => (Closed, NONE),
            };
            if new_tag != 0 {
                n.new_tag = new_tag;
                n.renames = Renames::Slot;
            }
            self.settle(nodes, slot);
        }
        self.returned = self.returned.wrapping_add(unused);
    }

    /// The outcome of the flush by the send `op`, which holds a reference on the node `id`.
    pub(super) fn sent(&mut self, nodes: &Pool<Node>, id: u32, ok: bool) {
        let n = node(nodes, id);
        n.state = if ok { Closed } else { Reopened };
        if !ok {
            n.renames = Renames::Nothing;
        }
        let slot = n.slot;
        self.settle(nodes, slot);
    }

    /// The outcome of the update `op` of `nr` slots. It may be about an older table.
    pub(super) fn updated(&mut self, nodes: &Pool<Node>, op: u32, offset: u32, nr: u32, ok: bool) {
        let mut table = self.table;
        while !table.is_null() {
            // SAFETY: what is in the list is live.
            let (in_table, older) = unsafe { ((*table).nr, (*table).older) };
            for index in offset..(offset + nr).min(in_table) {
                // SAFETY: the index is below the number.
                let slot = unsafe { Table::slot(table, index) };
                // SAFETY: as above.
                let mut id = unsafe { (*slot).front };
                while id != NONE {
                    let n = node(nodes, id);
                    if n.state == Closing && n.with == op {
                        n.state = if ok { Closed } else { Reopened };
                        if !ok {
                            n.renames = Renames::Nothing;
                        }
                    }
                    id = n.next;
                }
                self.settle(nodes, slot);
            }
            table = older;
        }
        self.free_tables();
    }

    /// The buffer of a send is free, which holds a reference on the node `id`.
    pub(super) fn release(&mut self, nodes: &Pool<Node>, mut id: u32) {
        loop {
            let n = node(nodes, id);
            n.refs -= 1;
            if n.refs != 0 {
                return;
            }
            match n.state {
                Flushed => return self.owe(nodes, id),
                Merged => {
                    let into = n.with;
                    self.put_back(nodes, id);
                    id = into;
                }
                _ => return,
            }
        }
    }

    /// The notifier that has waited longest for a CQE.
    pub(super) fn take_owed(&mut self, nodes: &Pool<Node>) -> Option<Completed> {
        let id = self.owed_first;
        if id == NONE {
            return None;
        }
        let n = node(nodes, id);
        self.owed_first = n.next;
        self.owed -= 1;
        let completed = Completed { tag: n.tag, generation: n.generation };
        self.put_back(nodes, id);
        Some(completed)
    }

    fn owe(&mut self, nodes: &Pool<Node>, id: u32) {
        node(nodes, id).next = NONE;
        if self.owed_first == NONE {
            self.owed_first = id;
        } else {
            node(nodes, self.owed_last).next = id;
        }
        self.owed_last = id;
        self.owed += 1;
    }

    /// Moves the front of the slot's chain on as far as outcomes are known.
    fn settle(&mut self, nodes: &Pool<Node>, slot: *mut Slot) {
        loop {
            // SAFETY: a slot of a live table, which only this side uses.
            let s = unsafe { &mut *slot };
            let id = s.front;
            if id == NONE {
                return;
            }
            let n = node(nodes, id);
            if !n.has_sends {
                // Whatever becomes of its flush: there is no notifier here.
                self.remove_front(nodes, slot);
                self.put_back(nodes, id);
                continue;
            }
            if !n.is_notifier {
                n.is_notifier = true;
                n.tag = s.tag;
                n.generation = s.generation;
                s.generation = s.generation.wrapping_add(1);
            }
            match n.state {
                Closed => {
                    n.state = Flushed;
                    match n.renames {
                        Renames::Nothing => (),
                        Renames::Notifier => n.tag = n.new_tag,
                        Renames::Slot => s.tag = n.new_tag,
                    }
                    let done = n.refs == 0;
                    self.remove_front(nodes, slot);
                    if done {
                        self.owe(nodes, id);
                    }
                }
                Reopened if n.next == NONE => n.state = Open,
                Reopened => {
                    let behind = node(nodes, n.next);
                    behind.has_sends = true;
                    behind.is_notifier = true;
                    behind.tag = n.tag;
                    behind.generation = n.generation;
                    n.state = Merged;
                    n.with = n.next;
                    let done = n.refs == 0;
                    behind.refs += u32::from(!done);
                    self.remove_front(nodes, slot);
                    if done {
                        self.put_back(nodes, id);
                    }
                }
                _ => return,
            }
        }
    }

    /// A node at the back of the slot's chain.
    fn append(&mut self, nodes: &Pool<Node>, slot: *mut Slot) -> u32 {
        let id = if self.free == NONE {
            self.fresh += 1;
            self.fresh
        } else {
            let id = self.free;
            self.free = node(nodes, id).next;
            id
        };
        self.live += 1;
        let fresh = Node {
            state: Open,
            has_sends: false,
            is_notifier: false,
            refs: 0,
            next: NONE,
            with: NONE,
            slot,
            tag: 0,
            generation: 0,
            new_tag: 0,
            renames: Renames::Nothing,
        };
        // SAFETY: an entry that nobody uses; the submitting side has seen to it that there are enough.
        unsafe { nodes.at(id).write(fresh) };
        // SAFETY: as in `settle`.
        let s = unsafe { &mut *slot };
        if s.back == NONE {
            s.front = id;
            self.count_chain(slot, 1);
        } else {
            node(nodes, s.back).next = id;
        }
        s.back = id;
        id
    }

    fn remove_front(&mut self, nodes: &Pool<Node>, slot: *mut Slot) {
        // SAFETY: as in `settle`.
        let s = unsafe { &mut *slot };
        s.front = node(nodes, s.front).next;
        if s.front == NONE {
            s.back = NONE;
            self.count_chain(slot, u32::MAX);
        }
    }

    /// Adds `by` to the chains of the slot's table.
    fn count_chain(&mut self, slot: *mut Slot, by: u32) {
        let mut table = self.table;
        // SAFETY: the slot is of a table in the list, and all in the list are live.
        unsafe {
            while !(Table::slot(table, 0)..Table::slot(table, (*table).nr)).contains(&slot) {
                table = (*table).older;
            }
            (*table).chains = (*table).chains.wrapping_add(by);
        }
    }

    fn put_back(&mut self, nodes: &Pool<Node>, id: u32) {
        node(nodes, id).next = self.free;
        self.free = id;
        self.live -= 1;
        self.returned = self.returned.wrapping_add(1);
    }
}

/// The node `id`.
#[allow(clippy::mut_from_ref, reason = "the pool hands out memory; each use here is short and of one node")]
fn node(nodes: &Pool<Node>, id: u32) -> &mut Node {
    // SAFETY: only this side uses nodes, on one thread, and only by the numbers that `append` returned. No two references
    // to one node are used at the same time.
    unsafe { &mut *nodes.at(id) }
}
