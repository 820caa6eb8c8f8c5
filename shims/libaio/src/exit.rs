//! The end of the process.
//!
//! Kernel AIO carries out what it was given though the process ends. io_uring drops what it has not begun, and a write may be among that. So exit(3)
//! waits for the disks; _exit(2) and signals cannot be made to.

use crate::registry;
use std::time::{Duration, Instant};

/// How long, at most: a disk that does not answer must not keep the process for ever.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(1);

#[used]
#[link_section = ".fini_array"]
static AT_EXIT: extern "C" fn() = {
    extern "C" fn wait_for_disks() {
        let until = Instant::now() + PATIENCE;
        for context in registry::all() {
            while context.shared.waits_for_disk() && Instant::now() < until {
                // Perhaps nobody else does.
                context.engine.poll();
                std::thread::sleep(AGAIN);
            }
        }
    }
    wait_for_disks
};
