//! See `oxiring::fuzzing::completions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oxiring::fuzzing::completions(data));
