//! What is measured, and against what: this library beside the original
//! liburing, with the same C programs in `c/`, each compiled with its own header.
//!
//! The library part counts instructions, which are the same in every run, so
//! that `make check` can hold them to their bounds. The binary adds what takes
//! a clock, and writes tables and the chart.

pub mod callgrind;
pub mod instructions;
pub mod line;
pub mod peers;
pub mod prep;

/// Ways to get a batch of requests done, as `c/nop.c` names them, and the calls
/// that they consist of.
pub const SHAPES: [(&str, &str); 3] = [
    ("wait_cqe", "submit, then wait_cqe + cqe_seen each"),
    ("for_each_cqe", "submit_and_wait, for_each_cqe, cq_advance"),
    ("peek_batch_cqe", "submit, peek_batch_cqe, cq_advance"),
];

/// Requests in flight at a time.
pub const BATCHES: [u32; 3] = [1, 8, 64];
