//! What is asked once.

use std::sync::atomic::{AtomicU32, Ordering};

/// An answer that is always the same, once there is one. Threads may ask at the same time, and nobody waits for another: a child would for ever, if a
/// thread of its parent was about to answer.
///
/// | value | meaning |
/// |---|---|
/// | 0 | nobody has asked |
/// | 1 | yes |
/// | 2 | no |
#[derive(Debug, Default)]
pub struct Known(AtomicU32);

const YES: u32 = 1;
const NO: u32 = 2;

impl Known {
    /// Not asked yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// The answer, which `ask` has to give the first time.
    pub fn get(&self, ask: impl FnOnce() -> bool) -> bool {
        // Relaxed: nothing else goes with it.
        let mut answer = self.0.load(Ordering::Relaxed);
        if answer == 0 {
            answer = if ask() { YES } else { NO };
            self.0.store(answer, Ordering::Relaxed);
        }
        answer == YES
    }
}
