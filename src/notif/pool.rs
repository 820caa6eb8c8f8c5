//! Memory that both sides of a ring use: entries named by number, which never move, and mailboxes that hand them over.

use crate::ring::Word;
use crate::sys;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// No entry: what zeroed memory says everywhere. The entry 0 is never used.
pub(super) const NONE: u32 = 0;

const FIRST_CHUNK: u32 = 64;
const CHUNKS: usize = 15;

/// Entries of one type, zeroed at first. Each chunk is twice as large as the one before, so that few pointers do.
pub(super) struct Pool<T> {
    /// Written by the submitting side. Relaxed: the other side learns of a number in a chunk from a [`Mailbox`], after the
    /// chunk's address was written.
    chunks: [AtomicPtr<T>; CHUNKS],
    marker: PhantomData<T>,
}

impl<T> Pool<T> {
    fn chunk_len(chunk: u32) -> u32 {
        FIRST_CHUNK << chunk
    }

    fn chunk_bytes(chunk: u32) -> usize {
        Self::chunk_len(chunk) as usize * size_of::<T>()
    }

    /// Adds chunks until there are `wanted` entries; `capacity` is what there is. -ENOMEM with what could be added.
    pub(super) fn grow(&self, capacity: &mut u32, wanted: u32) -> Result<(), i32> {
        while *capacity < wanted {
            let chunk = (*capacity / FIRST_CHUNK + 1).ilog2();
            let Some(place) = self.chunks.get(chunk as usize) else { return Err(-sys::ENOMEM) };
            let memory = sys::map_anonymous(Self::chunk_bytes(chunk), libc::MAP_PRIVATE)?;
            place.store(memory.cast(), Ordering::Relaxed);
            *capacity += Self::chunk_len(chunk);
        }
        Ok(())
    }

    /// The entry `index`, or null where no chunk has it.
    #[inline(never)]
    pub(super) fn at(&self, index: u32) -> *mut T {
        let place = index.wrapping_add(FIRST_CHUNK);
        let chunk = place.checked_ilog2().unwrap_or(0).wrapping_sub(FIRST_CHUNK.ilog2());
        match self.chunks.get(chunk as usize).map_or(null_mut(), |chunk| chunk.load(Ordering::Relaxed)) {
            first if first.is_null() => first,
            first => first.wrapping_add((place - Self::chunk_len(chunk)) as usize),
        }
    }

    /// Gives all memory back.
    ///
    /// # Safety
    ///
    /// Nothing uses an entry afterwards.
    pub(super) unsafe fn free(&self) {
        for (chunk, place) in self.chunks.iter().enumerate() {
            let first = place.swap(null_mut(), Ordering::Relaxed);
            if !first.is_null() {
                // SAFETY: the chunk's own mapping, which the caller gives up.
                unsafe { sys::unmap(first.cast(), Self::chunk_bytes(chunk as u32)) };
            }
        }
    }
}

/// An entry that can lie in a mailbox.
pub(super) trait Linked {
    /// The number of the next entry in the list that this one is in.
    fn next(&mut self) -> &mut u32;
}

/// A list of entries that one side fills and the other empties at once.
///
/// | value | meaning |
/// |---|---|
/// | [`NONE`] | empty |
/// | n | the entry n was put in last; the others follow by their `next` |
///
/// `put` releases and `take` acquires, so that who takes an entry sees what was written to it before it was put in. Nobody
/// takes a single entry, so an address that comes back cannot be mistaken for what it was (ABA).
pub(super) struct Mailbox(UnsafeCell<u32>);

impl Mailbox {
    fn word(&self) -> Word {
        // SAFETY: inside the state of a ring, which lives as long as the ring.
        unsafe { Word::new(self.0.get()) }
    }

    /// Puts the entry `index` in.
    ///
    /// # Safety
    ///
    /// `index` is an entry of `pool` that belongs to the caller until now.
    pub(super) unsafe fn put<T: Linked>(&self, pool: &Pool<T>, index: u32) {
        let word = self.word();
        loop {
            let top = word.load_relaxed();
            // SAFETY: the caller's entry.
            *unsafe { &mut *pool.at(index) }.next() = top;
            if word.replace_release(top, index) {
                return;
            }
        }
    }

    /// Whether there is nothing to take. A hint: what is put in meanwhile is found the next time.
    pub(super) fn is_empty(&self) -> bool {
        self.word().load_relaxed() == NONE
    }

    /// Takes everything out: the entry that was put in last, or [`NONE`].
    pub(super) fn take(&self) -> u32 {
        self.word().swap_acquire(NONE)
    }

    /// As [`take`](Self::take), but the entry that was put in first comes first.
    ///
    /// # Safety
    ///
    /// As for [`put`](Self::put); the entries are of `pool`.
    pub(super) unsafe fn take_in_order<T: Linked>(&self, pool: &Pool<T>) -> u32 {
        let (mut index, mut first) = (self.take(), NONE);
        while index != NONE {
            // SAFETY: what was taken belongs to the caller.
            let next = unsafe { &mut *pool.at(index) }.next();
            (first, index) = (index, core::mem::replace(next, first));
        }
        first
    }
}
