//! All formats, as for a listing of unknown origin.
#![no_main]

libfuzzer_sys::fuzz_target!(|listing: &[u8]| fuzz::read_any(listing));
