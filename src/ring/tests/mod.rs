//! Tests of the ring's logic without a kernel.
//!
//! `sq`, `cq` and `memory` play the kernel's side in plain memory; `setup`, `submit`, `wait` and `faults` run on the scripted kernel of
//! [`crate::sys::fake`].

mod cq;
mod faults;
mod memory;
mod setup;
mod sq;
mod submit;
mod wait;

pub(crate) use super::fake_ring::FakeRing;
