//! The answers to EPSV and PASV.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::bytes::read_passive(input));
