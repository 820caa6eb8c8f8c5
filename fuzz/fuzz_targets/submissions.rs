//! See `oxiring::fuzzing::submissions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oxiring::fuzzing::submissions(data));
