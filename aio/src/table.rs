//! The requests of a context that are in flight or wait to be reaped.
//!
//! A request is named by the address of the program's structure, which may be gone by the time somebody asks for it. So the table knows the
//! addresses, in a hash table with open addressing, and nothing that a program passes is looked at before it was found here. A request
//! enters by one exchange of the place's address, and leaves by one store; there is no lock.

use crate::sync::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::word::Word;
use crate::Req;
use libc::c_int;
use std::ptr::null_mut;

/// What is known of a request besides its address. Its own address names it for the kernel, so the low bits are free.
#[repr(align(64))]
#[derive(Debug, Default)]
pub(crate) struct Slot {
    word: AtomicU64,
    /// The function that is to complete it.
    pub(crate) function: AtomicPtr<()>,
    /// The function that cancels it, with 16 bits of the generation like a name: one that is set too late is not the next request's.
    cancel: AtomicU64,
    /// Of the thread that issued it and has to outlive it, or null.
    pub(crate) thread: AtomicPtr<()>,
    /// The file that it is for, by the number that it had when it was submitted, or -1.
    pub(crate) fd: AtomicI32,
    /// Files that the request holds on to, see `held`.
    pub(crate) held: [AtomicI32; 2],
    /// Who carries it out: `STARTED`, `OWN_RING`, or 0 for the issuer; and `FINISHES`.
    pub(crate) kind: AtomicU32,
    /// Of the event; before that, the first result of a request that completes twice.
    pub(crate) flags: AtomicU32,
    /// In the table.
    pub(crate) index: u32,
    /// Whose table it is.
    pub(crate) context: AtomicPtr<()>,
}

// One line of the cache.
const _: () = assert!(cfg!(loom) || size_of::<Slot>() == 64);

/// Bits of a name that are an address, but for the lowest, which are free for the ring's tags.
const ADDRESS: u64 = (1 << NAME_SHIFT) - 1;
const NAME_SHIFT: u32 = 48;

impl Slot {
    /// What the kernel knows the slot's request by: the address, and 16 bits of the generation. A cancellation that comes too late must not
    /// find the next request of the slot.
    pub(crate) fn name(&self, word: Word) -> u64 {
        std::ptr::from_ref(self) as u64 | u64::from(word.generation()) << NAME_SHIFT
    }

    /// Sets the cancel function of the request that the slot had when its word was `found`.
    pub(crate) fn set_cancel(&self, found: Word, function: *mut ()) {
        let new = function as u64 | u64::from(found.generation()) << NAME_SHIFT;
        let mut old = self.cancel.load(Ordering::Acquire);
        // What the next request has set must not be replaced: the word is read after the value, and the value is still the same then.
        while self.word().is_generation_of(found) {
            // Release: pairs with `has_cancel`.
            match self.cancel.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(other) => old = other,
            }
        }
    }

    /// Whether the request of this word has a cancel function.
    pub(crate) fn has_cancel(&self, word: Word) -> bool {
        let cancel = self.cancel.load(Ordering::Acquire);
        cancel & ADDRESS != 0 && cancel >> NAME_SHIFT == u64::from(word.generation())
    }

    /// The cancel function of the request of this word, which does not have it any more; null when it was just taken back.
    pub(crate) fn take_cancel(&self, word: Word) -> *mut () {
        let mut cancel = self.cancel.load(Ordering::Acquire);
        while cancel >> NAME_SHIFT == u64::from(word.generation()) {
            match self.cancel.compare_exchange_weak(cancel, 0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return (cancel & ADDRESS) as *mut (),
                Err(other) => cancel = other,
            }
        }
        null_mut()
    }

    /// The slot of a name, with a tag or without.
    ///
    /// # Safety
    ///
    /// The slot's table is there for as long as `'a`.
    pub(crate) unsafe fn of_name<'a>(name: u64) -> &'a Self {
        let address = name & ADDRESS & !(align_of::<Self>() as u64 - 1);
        // SAFETY: the caller's promise.
        unsafe { &*(address as *const Self) }
    }

    pub(crate) fn word(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    /// One transition; returns what it returned. On an error the word stays.
    pub(crate) fn change<T>(&self, mut transition: impl FnMut(Word) -> Result<(Word, T), c_int>) -> Result<T, c_int> {
        let mut word = self.word();
        loop {
            let (new, outcome) = transition(word)?;
            match self.word.compare_exchange_weak(word.bits(), new.bits(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(outcome),
                Err(other) => word = Word::from_bits(other),
            }
        }
    }

    /// The same for the request that the slot had when its word was `found`: `over` when another has the place by now.
    pub(crate) fn change_of<T>(
        &self,
        found: Word,
        over: c_int,
        mut transition: impl FnMut(Word) -> Result<(Word, T), c_int>,
    ) -> Result<T, c_int> {
        self.change(|word| if word.is_generation_of(found) { transition(word) } else { Err(over) })
    }

    /// A transition from a state that nobody else makes one from: `Free` of a place that is the caller's, `Preparing`, and `Done` of who delivers
    /// the event, and `Won`.
    pub(crate) fn owned(&self, transition: impl FnOnce(Word) -> Word) {
        // Release: as in `change`.
        self.word.store(transition(self.word()).bits(), Ordering::Release);
    }

    /// A transition that is always possible.
    pub(crate) fn always<T>(&self, mut transition: impl FnMut(Word) -> (Word, T)) -> T {
        match self.change(|word| Ok(transition(word))) {
            Ok(outcome) => outcome,
            Err(_) => unreachable!("the transition has no error"),
        }
    }

    /// The half of the word that changes with every transition: what cancellers sleep on.
    #[cfg(not(loom))]
    pub(crate) fn futex(&self) -> &AtomicU32 {
        let half = usize::from(cfg!(target_endian = "big"));
        // SAFETY: inside the word, which lives as long as `self`. Only the kernel compares it by halves.
        unsafe { AtomicU32::from_ptr(self.word.as_ptr().cast::<u32>().add(half)) }
    }
}

/// One of `places`, a power of two, for a request. Fibonacci hashing: the multiplier spreads what addresses differ in over the upper bits.
pub(crate) fn hash(req: *const Req, places: usize) -> usize {
    ((req as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - places.trailing_zeros())) as usize
}

/// The table of a context.
#[derive(Debug)]
pub(crate) struct Table {
    reqs: Box<[AtomicPtr<Req>]>,
    slots: Box<[Slot]>,
    /// Requests that have a place.
    live: AtomicU32,
    /// How far from its first place a request was ever put: no search goes farther.
    farthest: AtomicU32,
    limit: u32,
}

impl Table {
    /// Room for `limit` requests; -ENOMEM.
    pub(crate) fn new(limit: u32) -> Result<Self, c_int> {
        // Half of the places stay empty, so that a place is near where it is looked for.
        let places = (2 * limit as usize).next_power_of_two();
        let mut reqs = Vec::new();
        let mut slots = Vec::new();
        reqs.try_reserve_exact(places).map_err(|_| -libc::ENOMEM)?;
        slots.try_reserve_exact(places).map_err(|_| -libc::ENOMEM)?;
        reqs.resize_with(places, || AtomicPtr::new(null_mut()));
        slots.extend((0..places as u32).map(|index| Slot {
            index,
            held: std::array::from_fn(|_| AtomicI32::new(-1)),
            ..Slot::default()
        }));
        // User space has at most 47 or 48 bits unless a program asks for more.
        if slots.as_ptr_range().end as u64 & !ADDRESS != 0 {
            return Err(-libc::ENOMEM);
        }
        let (live, farthest) = (AtomicU32::new(0), AtomicU32::new(0));
        Ok(Self { reqs: reqs.into(), slots: slots.into(), live, farthest, limit })
    }

    #[cfg(not(loom))]
    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    pub(crate) fn places(&self, req: *const Req) -> impl Iterator<Item = usize> + Clone {
        let mask = self.reqs.len() - 1;
        let hash = hash(req, self.reqs.len());
        (0..=mask).map(move |step| hash.wrapping_add(step) & mask)
    }

    /// Gives `req` a place, in preparation: -EAGAIN when there are as many as the context has room for.
    pub(crate) fn insert(&self, req: *mut Req) -> Result<&Slot, c_int> {
        // Relaxed: a count. Acquire below: what the last owner of the place did to the slot is over.
        if self.live.fetch_add(1, Ordering::Relaxed) >= self.limit {
            self.live.fetch_sub(1, Ordering::Relaxed);
            return Err(-libc::EAGAIN);
        }
        // There are more places than requests, but the free ones may move while this looks.
        for (step, place) in (0..).zip(self.places(req)).cycle() {
            let taken = self.reqs[place].load(Ordering::Relaxed).is_null()
                && self.reqs[place].compare_exchange(null_mut(), req, Ordering::AcqRel, Ordering::Relaxed).is_ok();
            if taken {
                // Release: pairs with the load in `find`, by a thread that knows of the submission.
                if step > self.farthest.load(Ordering::Relaxed) {
                    self.farthest.fetch_max(step, Ordering::Release);
                }
                let slot = &self.slots[place];
                slot.owned(Word::prepare);
                return Ok(slot);
            }
        }
        unreachable!("the search has no end");
    }

    /// The slot of a request, and its word at that time. The address is not used otherwise.
    pub(crate) fn find(&self, req: *const Req) -> Option<(&Slot, Word)> {
        let steps = self.farthest.load(Ordering::Acquire) as usize + 1;
        self.places(req).take(steps).find_map(|place| {
            // Acquire: pairs with the exchange in `insert`.
            let is_here = || std::ptr::eq(self.reqs[place].load(Ordering::Acquire), req);
            // Asked again after the word was read, so that the word is one that the request had.
            (is_here()).then(|| &self.slots[place]).map(|slot| (slot, slot.word())).filter(|_| is_here())
        })
    }

    /// The request of a slot that is in use by the caller.
    pub(crate) fn req(&self, slot: &Slot) -> *mut Req {
        self.reqs[slot.index as usize].load(Ordering::Acquire)
    }

    #[cfg(not(loom))]
    pub(crate) fn slot(&self, index: u32) -> &Slot {
        &self.slots[index as usize]
    }

    /// The slot's request is no longer the library's.
    pub(crate) fn remove(&self, slot: &Slot) {
        slot.owned(Word::free);
        // Release: pairs with the exchange in `insert`.
        self.reqs[slot.index as usize].store(null_mut(), Ordering::Release);
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    /// The slots that have a request.
    #[cfg(not(loom))]
    pub(crate) fn occupied(&self) -> impl Iterator<Item = &Slot> {
        self.reqs
            .iter()
            .zip(&self.slots)
            .filter(|(req, _)| !req.load(Ordering::Acquire).is_null())
            .map(|(_, slot)| slot)
    }
}
