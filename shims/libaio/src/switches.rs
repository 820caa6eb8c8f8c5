//! The switches in the environment, read when the first context is made.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// See `docs/libaio.md`, which has the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switches {
    /// `LIBAIO_CANCEL=caller`: who cancels gets the event.
    pub(crate) cancel_to_caller: bool,
    /// `LIBAIO_RING=filled`: the ring is filled whether anybody calls or not.
    pub(crate) ring_filled: bool,
}

impl Switches {
    pub(crate) fn get() -> Self {
        const READ: u32 = 1;
        const CANCEL: u32 = 2;
        const RING: u32 = 4;
        /// The bits of what is set, and [`READ`]. Threads may read the environment at the same time: nobody waits for another, which a child would
        /// for ever. Relaxed: nothing else goes with it.
        static SWITCHES: AtomicU32 = AtomicU32::new(0);
        let mut switches = SWITCHES.load(Ordering::Relaxed);
        if switches == 0 {
            let set = |name, value, bit| if is(name, value) { bit } else { 0 };
            switches = READ | set(c"LIBAIO_CANCEL", c"caller", CANCEL) | set(c"LIBAIO_RING", c"filled", RING);
            SWITCHES.store(switches, Ordering::Relaxed);
        }
        Self { cancel_to_caller: switches & CANCEL != 0, ring_filled: switches & RING != 0 }
    }
}

/// Not by the standard library, whose lock a child may find taken.
fn is(name: &CStr, value: &CStr) -> bool {
    // SAFETY: a name; and what is found is text, as long as the program leaves its environment alone.
    unsafe {
        let set = libc::getenv(name.as_ptr());
        !set.is_null() && CStr::from_ptr(set) == value
    }
}
