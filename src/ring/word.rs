//! The words that a ring shares with the kernel.

use core::ffi::c_uint;
#[cfg(not(loom))]
use core::sync::atomic::{AtomicU16, AtomicU32, Ordering};
#[cfg(loom)]
use loom::sync::atomic::Ordering;

/// One shared word: a head, a tail or a flags word.
///
/// Which side writes it, and which load or store pairs with what, is said where it is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word(*mut c_uint);

impl Word {
    /// # Safety
    ///
    /// `p` points into a mapped ring that stays mapped while the word is used.
    #[inline(always)]
    pub(crate) unsafe fn new(p: *mut c_uint) -> Self {
        Self(p)
    }

    #[cfg(not(loom))]
    #[inline(always)]
    fn atomic<'a>(self) -> &'a AtomicU32 {
        // SAFETY: `new` was promised a mapped word; it is aligned because the kernel's offsets are, and every access of this
        // crate goes through here, so none is non-atomic.
        unsafe { AtomicU32::from_ptr(self.0) }
    }

    #[cfg(loom)]
    fn atomic(self) -> model::Arc<loom::sync::atomic::AtomicU32> {
        model::word(self.0)
    }

    /// For words that only this side writes, and for hints whose staleness is harmless.
    #[inline(always)]
    pub(crate) fn load_relaxed(self) -> u32 {
        self.atomic().load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn load_acquire(self) -> u32 {
        self.atomic().load(Ordering::Acquire)
    }

    #[inline(always)]
    pub(crate) fn store_relaxed(self, value: u32) {
        self.atomic().store(value, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn store_release(self, value: u32) {
        self.atomic().store(value, Ordering::Release);
    }

    /// Puts `value` in, returns what was there.
    #[inline]
    pub(crate) fn swap_acquire(self, value: u32) -> u32 {
        self.atomic().swap(value, Ordering::Acquire)
    }

    /// Puts `value` in the place of `old`; false where something else was there.
    #[inline]
    pub(crate) fn replace_release(self, old: u32, value: u32) -> bool {
        self.atomic().compare_exchange(old, value, Ordering::Release, Ordering::Relaxed).is_ok()
    }
}

/// The 16-bit tail of a provided-buffer ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Half(*mut u16);

impl Half {
    /// # Safety
    ///
    /// `p` points to the tail of a buffer ring that stays mapped while the word is used.
    pub(crate) unsafe fn new(p: *mut u16) -> Self {
        Self(p)
    }

    #[cfg(not(loom))]
    fn atomic<'a>(self) -> &'a AtomicU16 {
        // SAFETY: as for `Word::atomic`.
        unsafe { AtomicU16::from_ptr(self.0) }
    }

    #[cfg(loom)]
    fn atomic(self) -> model::Arc<loom::sync::atomic::AtomicU16> {
        model::half(self.0)
    }

    pub(crate) fn load_relaxed(self) -> u16 {
        self.atomic().load(Ordering::Relaxed)
    }

    pub(crate) fn store_relaxed(self, value: u16) {
        self.atomic().store(value, Ordering::Relaxed);
    }

    pub(crate) fn store_release(self, value: u16) {
        self.atomic().store(value, Ordering::Release);
    }
}

/// A full barrier between a store and a later load, which acquire and release do not order.
#[inline(always)]
pub(crate) fn full_fence() {
    #[cfg(not(loom))]
    core::sync::atomic::fence(Ordering::SeqCst);
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// Under loom a word's address only names it: loom's atomics are larger than the words, so they live beside the ring.
#[cfg(loom)]
pub(crate) mod model {
    use core::cell::RefCell;
    use loom::sync::atomic::{AtomicU16, AtomicU32};
    use std::collections::HashMap;
    pub(crate) use std::sync::Arc;

    #[derive(Default)]
    struct Registry {
        words: HashMap<usize, Arc<AtomicU32>>,
        halves: HashMap<usize, Arc<AtomicU16>>,
    }

    // All threads of a model run on one thread of the system.
    std::thread_local! {
        static REGISTRY: RefCell<Registry> = RefCell::default();
    }

    /// Forgets the atomics of the last execution.
    #[cfg(test)]
    pub(crate) fn reset() {
        REGISTRY.take();
    }

    /// The atomic of the word at `p`, zero at first.
    pub(crate) fn word(p: *mut u32) -> Arc<AtomicU32> {
        REGISTRY
            .with_borrow_mut(|r| Arc::clone(r.words.entry(p as usize).or_insert_with(|| Arc::new(AtomicU32::new(0)))))
    }

    /// The atomic of the buffer-ring tail at `p`, zero at first.
    pub(crate) fn half(p: *mut u16) -> Arc<AtomicU16> {
        REGISTRY
            .with_borrow_mut(|r| Arc::clone(r.halves.entry(p as usize).or_insert_with(|| Arc::new(AtomicU16::new(0)))))
    }
}
