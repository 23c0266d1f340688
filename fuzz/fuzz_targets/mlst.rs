//! The answer to MLST.
#![no_main]

libfuzzer_sys::fuzz_target!(|reply: &[u8]| fuzz::read_mlst(reply));
