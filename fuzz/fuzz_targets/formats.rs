//! Each format of listings by itself, but for those that have a target of their own.
#![no_main]

use ftp_core::listing::{FORMATS, Format};

const OWN: [Format; 3] = [Format::Unix, Format::Dos, Format::Mlsd];

libfuzzer_sys::fuzz_target!(|listing: &[u8]| {
    for format in FORMATS.into_iter().filter(|format| !OWN.contains(format)) {
        fuzz::read_only(format, listing);
    }
});
