//! See `oxiring::fuzzing::recvmsg`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oxiring::fuzzing::recvmsg(data));
