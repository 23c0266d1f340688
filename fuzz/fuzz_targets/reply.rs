//! Replies, in reads of any length.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::bytes::read_replies(input));
