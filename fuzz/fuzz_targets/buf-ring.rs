//! See `oxiring::fuzzing::buf_ring`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oxiring::fuzzing::buf_ring(data));
