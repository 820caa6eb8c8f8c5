//! Finding a context by its address.
//!
//! An address is compared and not looked at, and there is no lock: a child of a process with threads may find every lock taken for ever.
//! Entries are not freed but serve again.

use crate::abi::MAGIC;
use crate::context::Shared;
use crate::ring::{Head, FIRST_ID};
use crate::user::PAGE;
use libc::c_int;
use oxiring_aio::Call;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

const BUCKETS: usize = 256;

static CONTEXTS: [AtomicPtr<Entry>; BUCKETS] = [const { AtomicPtr::new(null_mut()) }; BUCKETS];

/// Nobody's.
const FREE: usize = 0;
/// Somebody is changing it. No address: mappings begin with pages.
const BUSY: usize = 1;
/// The program has moved the ring, and nobody knows where to: another has its place.
const MOVED: usize = 2;

#[derive(Debug)]
pub(crate) struct Entry {
    /// [`FREE`], [`BUSY`], [`MOVED`], or of the context's ring.
    address: AtomicUsize,
    engine: AtomicPtr<oxiring_aio::Context>,
    shared: AtomicPtr<Shared>,
    next: *const Entry,
}

/// A context, which does not end for as long as this lives.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) call: Call,
    entry: &'static Entry,
    address: usize,
    pub(crate) engine: &'static oxiring_aio::Context,
    pub(crate) shared: &'static Shared,
}

fn bucket(address: usize) -> &'static AtomicPtr<Entry> {
    &CONTEXTS[(address / PAGE).wrapping_mul(0x9e37_79b9) >> 8 & (BUCKETS - 1)]
}

fn entries(bucket: &AtomicPtr<Entry>) -> impl Iterator<Item = &'static Entry> {
    // Acquire: pairs with the exchange in `add`.
    let mut at: *const Entry = bucket.load(Ordering::Acquire);
    std::iter::from_fn(move || {
        // SAFETY: entries are not freed.
        let entry = unsafe { at.as_ref() }?;
        at = entry.next;
        Some(entry)
    })
}

impl Entry {
    /// The context of the entry, if it is at `address` and this process's.
    fn enter(&'static self, address: usize) -> Result<Found, c_int> {
        if self.address.load(Ordering::Acquire) != address {
            return Err(-libc::EINVAL);
        }
        // SAFETY: set before the address, and the engine does not free contexts.
        let engine = unsafe { &*self.engine.load(Ordering::Acquire) };
        let call = engine.enter()?;
        // Meanwhile it may have ended, and its entry have become another's. From now on it does not end.
        let shared = self.shared.load(Ordering::Acquire);
        let is_same = self.address.load(Ordering::SeqCst) == address
            && std::ptr::eq(self.engine.load(Ordering::Acquire), engine)
            && std::ptr::eq(self.shared.load(Ordering::Acquire), shared);
        if !is_same {
            return Err(-libc::EINVAL);
        }
        // SAFETY: freed after the last call.
        Ok(Found { call, entry: self, address, engine, shared: unsafe { &*shared } })
    }
}

/// Makes a context known.
pub(crate) fn add(address: usize, engine: &'static oxiring_aio::Context, shared: *mut Shared) -> &'static Entry {
    let bucket = bucket(address);
    let free = entries(bucket)
        .find(|entry| entry.address.compare_exchange(FREE, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_ok());
    let entry = free.unwrap_or_else(|| {
        let entry = Box::leak(Box::new(Entry {
            address: AtomicUsize::new(BUSY),
            engine: AtomicPtr::new(null_mut()),
            shared: AtomicPtr::new(null_mut()),
            next: null_mut(),
        }));
        let mut first = bucket.load(Ordering::Relaxed);
        loop {
            entry.next = first;
            match bucket.compare_exchange_weak(first, entry, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return entry,
                Err(other) => first = other,
            }
        }
    });
    // What was here before is here no more.
    for other in entries(bucket) {
        let _ = other.address.compare_exchange(address, MOVED, Ordering::SeqCst, Ordering::Relaxed);
    }
    entry.engine.store(std::ptr::from_ref(engine).cast_mut(), Ordering::Release);
    entry.shared.store(shared, Ordering::Release);
    entry.address.store(address, Ordering::SeqCst);
    entry
}

/// Takes a context out: false when somebody else did.
pub(crate) fn remove(found: &Found) -> bool {
    found.entry.address.compare_exchange(found.address, FREE, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}

/// Moves to another entry that were begun, and those that are over: in between the context is in none. Both sequentially consistent, so that
/// who missed it there has seen it in one of these.
static MOVES: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

/// How often a context is looked for that is being moved. Enough for the thread that moves it; in a child of a process there may be none.
const LOOKS: u32 = 1000;

/// The context at an address: -EINVAL for what is none.
pub(crate) fn find(address: usize) -> Result<Found, c_int> {
    if address <= MOVED {
        return Err(-libc::EINVAL);
    }
    let [begun, over] = &MOVES;
    for _ in 0..LOOKS {
        let before = over.load(Ordering::SeqCst);
        let found = entries(bucket(address)).find_map(|entry| entry.enter(address).ok());
        if let Some(found) = found.or_else(|| find_moved(address)) {
            return Ok(found);
        }
        if begun.load(Ordering::SeqCst) == before {
            break;
        }
        std::thread::yield_now();
    }
    Err(-libc::EINVAL)
}

/// The contexts of this process.
pub(crate) fn all() -> impl Iterator<Item = Found> {
    CONTEXTS.iter().flat_map(entries).filter_map(|entry| {
        let address = entry.address.load(Ordering::Acquire);
        if address == FREE || address == BUSY {
            None
        } else {
            entry.enter(address).ok()
        }
    })
}

/// A ring that the program has moved (mremap(2)): its number says whose it is. From then on it is found by the new address.
fn find_moved(address: usize) -> Option<Found> {
    let head = Head::read(address).filter(|head| head.magic == MAGIC && head.id >= FIRST_ID)?;
    let mut found = all().find(|found| found.shared.ring.id() == head.id && found.shared.ring.is_at(address))?;
    // Otherwise it was made, or another thread has found it, since it was looked for.
    if found.address != address {
        let [begun, over] = &MOVES;
        begun.fetch_add(1, Ordering::SeqCst);
        let mine = remove(&found);
        if mine {
            found.shared.ring.moved(address);
            found.entry = add(address, found.engine, std::ptr::from_ref(found.shared).cast_mut());
            found.address = address;
        }
        over.fetch_add(1, Ordering::SeqCst);
        if !mine {
            // Another thread was first, and it is to be looked for again.
            return None;
        }
    }
    Some(found)
}
