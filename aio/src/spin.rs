//! Looking a little longer before sleeping.
//!
//! To put a thread to sleep and to wake it takes longer than what it waits for, when one thread hands the issuer one request after the other. So
//! both look for a while first, as long as that has been worth it lately. On a machine with one processor they do not.

use crate::futex::Deadline;
use crate::known::Known;
use oxiring::uapi::__kernel_timespec;
use std::sync::atomic::{AtomicU32, Ordering};

/// About what the way to the issuer and back takes: longer makes it no quicker (5, 10, 20 and 50 µs were tried).
const LIMIT: __kernel_timespec = __kernel_timespec { tv_sec: 0, tv_nsec: 20_000 };
/// Looks between two looks at the clock.
const LOOKS: u32 = 8;
/// Sleeps without looking after one time that was in vain.
const REST: u32 = 16;

/// Whether looking is worth while, for one kind of sleep.
#[derive(Debug, Default)]
pub(crate) struct Spin {
    /// Sleeps left without looking. A hint, and threads may count the same one: relaxed.
    rest: AtomicU32,
}

/// Whether the thread that somebody waits for can run meanwhile.
fn has_processors() -> bool {
    static SEVERAL: Known = Known::new();
    SEVERAL.get(|| processors() > 1)
}

/// Those that this thread may run on. Not by the standard library, which opens files for that: programs may count theirs.
fn processors() -> u32 {
    // SAFETY: zeros are a set of none, and the call fills it.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        match libc::sched_getaffinity(0, size_of_val(&set), &mut set) {
            0 => libc::CPU_COUNT(&set) as u32,
            // The set is too small for so many.
            _ => u32::MAX,
        }
    }
}

impl Spin {
    /// Whether it was there before the time was over; false at once when there is to be no looking.
    pub(crate) fn look(&self, mut is_there: impl FnMut() -> bool) -> bool {
        let rest = self.rest.load(Ordering::Relaxed);
        if rest != 0 {
            self.rest.store(rest - 1, Ordering::Relaxed);
            return false;
        }
        let Some(deadline) = has_processors().then(|| Deadline::after(&LIMIT).ok()).flatten() else { return false };
        while deadline.left().is_some() {
            for _ in 0..LOOKS {
                if is_there() {
                    return true;
                }
                std::hint::spin_loop();
            }
        }
        self.rest.store(REST, Ordering::Relaxed);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_time_in_vain_there_is_no_looking_for_a_while() {
        if !has_processors() {
            return;
        }
        let spin = Spin::default();
        let mut looks = 0;
        let mut look = |found| {
            looks = 0;
            let is_found = spin.look(|| {
                looks += 1;
                found
            });
            assert_eq!(is_found, found && looks != 0);
            looks
        };
        assert_eq!(look(true), 1);
        assert!(look(false) > 1);
        for _ in 0..REST {
            assert_eq!(look(true), 0);
        }
        assert_eq!(look(true), 1);
    }
}
