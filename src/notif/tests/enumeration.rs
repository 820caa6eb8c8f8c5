//! All interleavings of what can happen to the slots, against the plain reading of their rules.
//!
//! A history is a sequence of events: a request is submitted, a flush succeeds or fails, a buffer becomes free. What can
//! happen next depends on what has happened, and every order is tried: the search goes back to each state and takes the next choice.
//! After each event the notifiers that have completed must be those that the rules say, not one more and none less. At the end of
//! each history the slots are unregistered, and everything must be back where it was.
//!
//! A send without a notification of its own is one whose buffer becomes free right after its result, so it needs no event.
//! That the first send is on slot 0 stands for both: the slots are alike.

use super::super::pool::Pool;
use super::super::slots::{Flush, Node, Slot, Slots, Table};
use super::reference::{completions, tag_of, Completion, Request, Submitted, SLOTS};
use crate::sys::fake::{Installed, Kernel};

/// What a search may submit.
#[derive(Clone, Copy)]
struct Bounds {
    /// Slots that sends go to.
    slots: usize,
    sends: u32,
    updates: u32,
    /// What updates are about.
    ranges: &'static [(usize, usize)],
    /// Slots are unregistered and registered again.
    registers: u32,
    /// Sends that flush also with a tag of their own.
    copy_tags: bool,
    /// Updates also without a new tag.
    kept_tags: bool,
    /// The slots are unregistered at any time, and not only when all is over.
    unregister_early: bool,
}

#[derive(Clone, Copy)]
enum Event {
    Submit(Request),
    Outcome(usize, bool),
    Release(usize),
}

/// Most requests of a history, and most nodes that they can need.
const REQUESTS: usize = 6;
const NODES: usize = 9;

/// The library's side of a request.
#[derive(Clone, Copy, Default)]
struct InFlight {
    /// The number of its op, 0 when it is done.
    op: u32,
    node: u32,
}

/// A history so far, beside what the library has of it.
#[derive(Clone, Copy)]
struct History {
    log: [Submitted; REQUESTS],
    in_flight: [InFlight; REQUESTS],
    /// Requests.
    nr: usize,
    sends: u32,
    updates: u32,
    registers: u32,
    registered: bool,
    /// Nodes that the submitting side has set aside.
    reserved: u32,
    /// Notifiers that have completed.
    completed: [Completion; REQUESTS],
    nr_completed: usize,
}

impl History {
    const START: Self = Self {
        log: [Submitted { request: Request::Unregister, user_data: 0, outcome: None, released: false }; REQUESTS],
        in_flight: [InFlight { op: 0, node: 0 }; REQUESTS],
        nr: 0,
        sends: 0,
        updates: 0,
        registers: 0,
        registered: true,
        reserved: 0,
        completed: [Completion { tag: 0, generation: 0 }; REQUESTS],
        nr_completed: 0,
    };

    /// The lowest number that no request in flight has: numbers are used again soon.
    fn free_op(&self) -> u32 {
        let mut op = 1;
        while self.in_flight.iter().any(|f| f.op == op) {
            op += 1;
        }
        op
    }
}

struct Search {
    kernel: Installed,
    bounds: Bounds,
    slots: Slots,
    nodes: Pool<Node>,
    tables: Vec<*mut Table>,
    history: History,
    expected: Vec<Completion>,
    histories: u32,
    /// Notifiers that completed in all histories.
    notifiers: u32,
}

/// What an event changes, to go back to.
struct Snapshot {
    slots: Slots,
    nodes: [Node; NODES],
    tables: [Option<(Table, [Slot; SLOTS])>; 2],
    history: History,
    unmapped: usize,
}

fn new_table(registration: usize) -> *mut Table {
    let table = Table::new(SLOTS as u32).expect("memory");
    for slot in 0..SLOTS {
        // SAFETY: a table of two slots that nobody has.
        unsafe { Table::set_tag(table, slot as u32, tag_of(registration, slot)) };
    }
    table
}

impl Search {
    fn new(bounds: Bounds) -> Self {
        let mut kernel = Kernel::new();
        // The search comes back to states in which a table was still there.
        kernel.unmapped = Some(Vec::new());
        let kernel = kernel.install();
        // SAFETY: both are what zeroed memory is.
        let (slots, nodes) = unsafe { (core::mem::zeroed::<Slots>(), core::mem::zeroed::<Pool<Node>>()) };
        nodes.grow(&mut 0, NODES as u32 + 1).expect("memory");
        let mut search = Self {
            kernel,
            bounds,
            slots,
            nodes,
            tables: (0..=bounds.registers as usize).map(new_table).collect(),
            history: History::START,
            expected: Vec::new(),
            histories: 0,
            notifiers: 0,
        };
        search.slots.register(search.tables[0]);
        search
    }

    fn save(&self) -> Snapshot {
        // SAFETY: bits of structures that own nothing; they are only written back to where they came from. Nodes follow each
        // other in a chunk.
        let save_table = |t: *mut Table| unsafe { (t.read(), Table::slot(t, 0).cast::<[Slot; SLOTS]>().read()) };
        // SAFETY: as above.
        unsafe {
            Snapshot {
                slots: core::ptr::read(&self.slots),
                nodes: self.nodes.at(1).cast::<[Node; NODES]>().read(),
                tables: [Some(save_table(self.tables[0])), self.tables.get(1).map(|&t| save_table(t))],
                history: self.history,
                unmapped: self.unmapped(),
            }
        }
    }

    fn restore(&mut self, s: &Snapshot) {
        // SAFETY: as above; memory that was given back is still there.
        unsafe {
            self.slots = core::ptr::read(&s.slots);
            self.nodes.at(1).cast::<[Node; NODES]>().copy_from(&s.nodes, 1);
            for (&table, saved) in self.tables.iter().zip(&s.tables) {
                let (head, slots) = saved.as_ref().expect("saved as often as there are tables");
                table.copy_from(head, 1);
                Table::slot(table, 0).cast::<[Slot; SLOTS]>().copy_from(slots, 1);
            }
        }
        self.history = s.history;
        self.kernel.get().unmapped.as_mut().expect("set").truncate(s.unmapped);
    }

    fn unmapped(&self) -> usize {
        self.kernel.get().unmapped.as_ref().expect("set").len()
    }

    /// What can happen next.
    fn choices(&self, events: &mut Vec<Event>) {
        let (h, b) = (&self.history, &self.bounds);
        for i in 0..h.nr {
            match h.log[i].request {
                _ if h.in_flight[i].op == 0 => (),
                Request::Send { flush: true, .. } | Request::Update { .. } if h.log[i].outcome.is_none() => {
                    events.push(Event::Outcome(i, true));
                    events.push(Event::Outcome(i, false));
                }
                _ => events.push(Event::Release(i)),
            }
        }
        if !h.registered {
            if h.registers < b.registers {
                events.push(Event::Submit(Request::Register));
            }
            return;
        }
        if h.sends < b.sends {
            for slot in 0..if h.nr == 0 { 1 } else { b.slots } {
                for (flush, copy_tag) in [(false, false), (true, false), (true, true)] {
                    if !copy_tag || b.copy_tags {
                        events.push(Event::Submit(Request::Send { slot, flush, copy_tag }));
                    }
                }
            }
        }
        if h.updates < b.updates {
            for &range in b.ranges {
                events.push(Event::Submit(Request::Update { range, new_tag: u64::from(500 + h.updates) }));
                if b.kept_tags {
                    events.push(Event::Submit(Request::Update { range, new_tag: 0 }));
                }
            }
        }
        if b.unregister_early {
            events.push(Event::Submit(Request::Unregister));
        }
    }

    fn submit(&mut self, request: Request) {
        let h = &mut self.history;
        let mut in_flight = InFlight { op: h.free_op(), node: 0 };
        let user_data = 1000 + h.nr as u64;
        match request {
            Request::Send { slot, flush, copy_tag } => {
                h.sends += 1;
                h.reserved += 1;
                let (flush, copy_tag) = (flush.then_some(in_flight.op), copy_tag.then_some(user_data));
                in_flight.node = self.slots.send(&self.nodes, slot as u32, flush, copy_tag);
            }
            Request::Update { range: (first, end), new_tag } => {
                let nr = (end - first) as u32;
                h.updates += 1;
                h.reserved += nr;
                self.slots.flush(&self.nodes, first as u32, nr, Flush::By(in_flight.op), new_tag);
            }
            Request::Unregister => {
                h.registered = false;
                h.reserved += SLOTS as u32;
                self.slots.unregister(&self.nodes);
                in_flight.op = 0;
            }
            Request::Register => {
                h.registered = true;
                h.registers += 1;
                self.slots.register(self.tables[h.registers as usize]);
                in_flight.op = 0;
            }
        }
        h.in_flight[h.nr] = in_flight;
        h.log[h.nr] = Submitted { request, user_data, outcome: None, released: false };
        h.nr += 1;
    }

    fn outcome(&mut self, i: usize, ok: bool) {
        let h = &mut self.history;
        h.log[i].outcome = Some(ok);
        let InFlight { op, node } = h.in_flight[i];
        match h.log[i].request {
            Request::Send { .. } => self.slots.sent(&self.nodes, node, ok),
            Request::Update { range: (first, end), .. } => {
                self.slots.updated(&self.nodes, op, first as u32, (end - first) as u32, ok);
                h.in_flight[i].op = 0;
            }
            Request::Unregister | Request::Register => unreachable!("these have none"),
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Submit(request) => self.submit(request),
            Event::Outcome(i, ok) => self.outcome(i, ok),
            Event::Release(i) => {
                self.history.log[i].released = true;
                self.slots.release(&self.nodes, self.history.in_flight[i].node);
                self.history.in_flight[i].op = 0;
            }
        }
        let h = &mut self.history;
        while let Some(done) = self.slots.take_owed(&self.nodes) {
            h.completed[h.nr_completed] = Completion { tag: done.tag, generation: done.generation };
            h.nr_completed += 1;
        }
        let completed = &mut h.completed[..h.nr_completed];
        completed.sort_unstable();
        completions(&h.log[..h.nr], &mut self.expected);
        assert!(*completed == *self.expected, "{completed:?} but {:?} after {:#?}", self.expected, &h.log[..h.nr]);
        assert!(self.slots.owed == 0);
    }

    /// All that was begun is over.
    fn end(&mut self) {
        if self.history.registered {
            self.happen(Event::Submit(Request::Unregister));
        }
        self.slots.free_tables();
        let h = &self.history;
        assert_eq!(self.slots.returned, h.reserved, "nodes after {:#?}", &h.log[..h.nr]);
        assert_eq!(self.unmapped(), 1 + h.registers as usize, "tables after {:#?}", &h.log[..h.nr]);
        assert!(self.slots.table.is_null());
        self.histories += 1;
        self.notifiers += h.nr_completed as u32;
    }

    fn run(&mut self) {
        let mut choices = Vec::new();
        self.choices(&mut choices);
        let before = self.save();
        for event in choices {
            self.happen(event);
            self.run();
            self.restore(&before);
        }
        if self.history.in_flight.iter().all(|f| f.op == 0) {
            self.end();
            self.restore(&before);
        }
    }
}

const BOUNDS: Bounds = Bounds {
    slots: SLOTS,
    sends: 2,
    updates: 1,
    ranges: &[(0, 1), (1, 2), (0, 2)],
    registers: 0,
    copy_tags: false,
    kept_tags: false,
    unregister_early: false,
};

/// Runs a search; the number of histories and of the notifiers in them, which say that it is the search that it was.
fn search(bounds: Bounds) -> (u32, u32) {
    let mut search = Search::new(bounds);
    search.run();
    (search.histories, search.notifiers)
}

#[test]
fn three_sends_with_all_flags() {
    assert_eq!(search(Bounds { sends: 3, updates: 0, copy_tags: true, ..BOUNDS }), (91_752, 213_941));
}

#[test]
fn three_sends_and_unregistering_at_any_time() {
    assert_eq!(search(Bounds { sends: 3, updates: 0, unregister_early: true, ..BOUNDS }), (91_771, 211_158));
}

#[test]
fn three_sends_and_an_update_of_both_slots() {
    let bounds = Bounds { sends: 3, ranges: &[(0, 2)], ..BOUNDS };
    assert_eq!(search(bounds), (1_749_306, 4_173_586));
}

#[test]
fn three_sends_and_an_update_on_one_slot() {
    let bounds = Bounds { slots: 1, sends: 3, ranges: &[(0, 1)], kept_tags: true, ..BOUNDS };
    assert_eq!(search(bounds), (736_420, 1_485_378));
}

#[test]
fn two_sends_and_an_update_of_any_range_with_all_flags() {
    let bounds = Bounds { copy_tags: true, kept_tags: true, unregister_early: true, ..BOUNDS };
    assert_eq!(search(bounds), (927_651, 1_625_788));
}

#[test]
fn two_sends_and_two_updates_on_one_slot() {
    let bounds = Bounds { slots: 1, updates: 2, ranges: &[(0, 1)], kept_tags: true, ..BOUNDS };
    assert_eq!(search(bounds), (544_883, 866_116));
}

/// What is in flight from before belongs to the old slots.
#[test]
fn two_sends_and_an_update_before_and_after_registering_again() {
    let bounds = Bounds { slots: 1, ranges: &[(0, 1)], registers: 1, unregister_early: true, ..BOUNDS };
    assert_eq!(search(bounds), (253_597, 406_710));
}
