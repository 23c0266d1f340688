//! `Format::Os2` and no other.
#![no_main]

use ftp_core::listing::Format;

libfuzzer_sys::fuzz_target!(|listing: &[u8]| fuzz::read_only(Format::Os2, listing));
