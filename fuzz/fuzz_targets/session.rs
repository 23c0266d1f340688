//! A whole session against a server that says anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::bytes::hold_session(input));
