//! The rows against what the original's helpers leave in an SQE, and against the `io-uring` crate.

mod oracle;
mod vectors;

use super::*;

pub(super) const SQE_SIZE: usize = size_of::<io_uring_sqe>();

/// An SQE with every byte set to `fill`.
pub(super) fn filled(fill: u8) -> io_uring_sqe {
    // SAFETY: the structure consists of integers without padding.
    unsafe { core::mem::transmute([fill; SQE_SIZE]) }
}

pub(super) fn bytes(sqe: &io_uring_sqe) -> [u8; SQE_SIZE] {
    // SAFETY: as above.
    unsafe { core::mem::transmute(*sqe) }
}
