//! Lines cut out of reads of any length.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::read_lines(input));
