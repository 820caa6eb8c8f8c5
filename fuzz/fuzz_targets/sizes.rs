//! See `oxiring::fuzzing::sizes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oxiring::fuzzing::sizes(data));
