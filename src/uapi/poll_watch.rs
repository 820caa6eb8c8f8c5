//! Poll watches

// The kernel knows nothing of these: a watch is an object of the library.
use super::*;

/// A poll that cannot go deaf, and that many threads may share.
///
/// It lies in memory of the program, from `io_uring_poll_watch_init()` to its terminal result, and must not move.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_poll_watch {
    /// The library's.
    pub opaque: [__u64; 8],
}

/// `io_uring_poll_watch_init()`: the descriptor is an index of the registered files.
pub const IO_URING_POLL_WATCH_FIXED_FILE: __u32 = 1u32 << 0;

/// Bit of a result: the caller now owns the watch, and has to call `io_uring_poll_watch_next()`.
pub const IO_URING_POLL_WATCH_OWNED: __s32 = 1;
/// Bit of a result: the submitting side has to call `io_uring_poll_watch_sync()`. Waking it is the caller's business.
pub const IO_URING_POLL_WATCH_SYNC: __s32 = 2;
