//! Atomics, which a model checker may take the place of, and what is made with them on first need.

use libc::c_int;
use std::ptr::{null_mut, NonNull};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// A full barrier between a store and a later load, which acquire and release do not order.
pub(crate) fn full_fence() {
    #[cfg(not(loom))]
    std::sync::atomic::fence(Ordering::SeqCst);
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// What `place` holds, or what `make` makes; of two that make one at once the loser ends its own with `undo`.
pub(crate) fn get_or_make<T>(
    place: &AtomicPtr<T>,
    make: impl FnOnce() -> Result<Box<T>, c_int>,
    undo: impl FnOnce(Box<T>),
) -> Result<NonNull<T>, c_int> {
    // Acquire: pairs with the exchange below, so that who finds the pointer finds what it points to.
    if let Some(made) = NonNull::new(place.load(Ordering::Acquire)) {
        return Ok(made);
    }
    let mine = Box::into_raw(make()?);
    match place.compare_exchange(null_mut(), mine, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: from a box.
        Ok(_) => Ok(unsafe { NonNull::new_unchecked(mine) }),
        Err(theirs) => {
            // SAFETY: the pointer was given to nobody.
            undo(unsafe { Box::from_raw(mine) });
            // SAFETY: not null, or the exchange would have succeeded.
            Ok(unsafe { NonNull::new_unchecked(theirs) })
        }
    }
}
