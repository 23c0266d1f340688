//! The answer to FEAT.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::bytes::read_features(input));
