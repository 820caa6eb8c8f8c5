//! Whether the thread that submits is the one that waits for events.
//!
//! A request that a thread issues itself is completed in that thread: whatever it sleeps in then is interrupted, and epoll_wait(2) and some
//! others return -EINTR for it, which no program of kernel AIO has ever seen. A thread that sleeps in io_getevents(3) is not harmed, and has its
//! events soonest that way. So a thread may issue requests itself once it has shown that waiting for events is what it does between
//! submissions; for all others the issuer does it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Waits in a row until a thread is trusted.
const STEADY: u64 = 16;

/// | bits | meaning |
/// |---|---|
/// | 0–7 | how often in a row, at most [`STEADY`] |
/// | 8–63 | which thread has waited, from 1; 0: none |
///
/// A hint: nothing is read by it that others write, so all accesses are relaxed.
#[derive(Debug, Default)]
pub(crate) struct Attendance(AtomicU64);

const THREAD_SHIFT: u32 = 8;

/// The number of this thread, or 0 at its end.
fn this_thread() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static NUMBER: u64 = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
    }
    NUMBER.try_with(|&number| number).unwrap_or(0)
}

impl Attendance {
    /// This thread is about to sleep until there are events.
    pub(crate) fn waits(&self) {
        let (word, mine) = (self.0.load(Ordering::Relaxed), this_thread() << THREAD_SHIFT);
        let next = if word | 0xff != mine | 0xff { mine | 1 } else { word + u64::from(word < mine | STEADY) };
        if next != word {
            self.0.store(next, Ordering::Relaxed);
        }
    }

    /// Somebody looks for events without waiting, and does something else in between.
    pub(crate) fn turns_away(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Whether this thread may issue requests itself.
    pub(crate) fn is_steady(&self) -> bool {
        let thread = this_thread();
        thread != 0 && self.0.load(Ordering::Relaxed) == thread << THREAD_SHIFT | STEADY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_trusted_after_waits_in_a_row_that_are_all_its_own() {
        let attendance = Attendance::default();
        let wait = |times| (0..times).for_each(|_| attendance.waits());
        wait(STEADY - 1);
        assert!(!attendance.is_steady());
        wait(1);
        assert!(attendance.is_steady());
        wait(300);
        assert!(attendance.is_steady());
        attendance.turns_away();
        assert!(!attendance.is_steady());
        wait(STEADY);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(!attendance.is_steady());
                attendance.waits();
            });
        });
        assert!(!attendance.is_steady());
        wait(STEADY - 1);
        assert!(!attendance.is_steady());
        wait(1);
        assert!(attendance.is_steady());
    }
}
