//! Whose process this is.
//!
//! A child inherits contexts as memory: the rings, their descriptors and their threads are the parent's. One page of the process is wiped by
//! the kernel in a child, however it was made, so a load tells whether a context is of this process.

use libc::c_int;
use std::ptr::{null_mut, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(null_mut());
/// Processes so far, counting from the first that used the library. Only who changed the page's word from 0 to [`BEGINNING`] writes it.
static PROCESSES: AtomicU32 = AtomicU32::new(0);

const SIZE: usize = 4096;

/// A thread makes a new process of this one.
const BEGINNING: u32 = u32::MAX;

fn page() -> Result<NonNull<AtomicU32>, c_int> {
    if let Some(page) = NonNull::new(PAGE.load(Ordering::Acquire)) {
        return Ok(page);
    }
    // SAFETY: a mapping of its own.
    let page = unsafe {
        let page = libc::mmap(
            null_mut(),
            SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if page == libc::MAP_FAILED || libc::madvise(page, SIZE, libc::MADV_WIPEONFORK) != 0 {
            return Err(-libc::ENOMEM);
        }
        page.cast::<AtomicU32>()
    };
    match PAGE.compare_exchange(null_mut(), page, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: a mapping is not null; so below.
        Ok(_) => Ok(unsafe { NonNull::new_unchecked(page) }),
        Err(theirs) => {
            // SAFETY: mapped above, and given to nobody.
            unsafe { libc::munmap(page.cast(), SIZE) };
            // SAFETY: as above.
            Ok(unsafe { NonNull::new_unchecked(theirs) })
        }
    }
}

/// The number of this process, from 1; `new` is called once in each, before it has one.
pub(crate) fn enter(new: impl FnOnce()) -> Result<u32, c_int> {
    // SAFETY: mapped for good.
    let process = unsafe { page()?.as_ref() };
    loop {
        // Acquire: what `new` forgot is forgotten; pairs with the store below.
        match process.compare_exchange(0, BEGINNING, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => {
                let mine = PROCESSES.load(Ordering::Relaxed) + 1;
                PROCESSES.store(mine, Ordering::Relaxed);
                new();
                process.store(mine, Ordering::Release);
                return Ok(mine);
            }
            Err(BEGINNING) => std::thread::yield_now(),
            Err(number) => return Ok(number),
        }
    }
}

/// The number of this process, or 0 in one that has none yet.
pub(crate) fn current() -> u32 {
    let page = PAGE.load(Ordering::Acquire);
    if page.is_null() {
        return 0;
    }
    // SAFETY: mapped for good.
    match unsafe { (*page).load(Ordering::Relaxed) } {
        BEGINNING => 0,
        number => number,
    }
}
