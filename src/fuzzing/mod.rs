//! Properties that must hold for every input.
//!
//! Each one is a function of bytes. `cargo test` calls it with proptest's bytes, the targets in `fuzz/` with libFuzzer's. It
//! compares the library with a model that is written without looking at the library, and panics where the two differ.

mod buf_ring;
mod cq;
mod input;
mod recvmsg;
mod sizes;
mod sq;
#[cfg(test)]
mod tests;

pub use buf_ring::buf_ring;
pub use cq::completions;
pub use recvmsg::recvmsg;
pub use sizes::sizes;
pub use sq::submissions;
