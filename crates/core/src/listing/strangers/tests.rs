//! Formats and lines that are not theirs: the samples of all other servers, messages and prose, cut
//! and altered lines. What a format's own lines mean is tested in its file.

use std::fs;
use std::path::Path;

use crate::listing::unix::Recent;
use crate::listing::{
    Line, bare, blocks, dos, mlsd, netpresenz, netware, os2, tandem, unix, vxworks,
};

/// 2026-11-23T19:00:00Z.
const NOW: i64 = 1_795_460_400;

/// Whether a line is an entry or a heading of a format.
type Takes = fn(&[u8]) -> bool;

/// What the samples of a format begin with, and the format.
const FORMATS: [(&str, Takes); 6] = [
    ("netware-", |line| netware::parse_line(line, &Recent::at(NOW)).is_some()),
    ("netpresenz-", |line| netpresenz::parse_line(line, &Recent::at(NOW)).is_some()),
    ("os2-", |line| os2::parse_line(line).is_some()),
    ("tandem-", |line| tandem::parse_line(line).is_some() || tandem::is_heading(line)),
    ("vxworks-", |line| vxworks::parse_line(line).is_some() || vxworks::is_heading(line)),
    ("ls-ls-", |line| blocks::after_blocks(line).is_some()),
];

/// The formats that most servers write.
const USUAL: [(&str, Takes); 3] = [
    ("unix", |line| unix::parse_line(line, &Recent::at(NOW)).is_some()),
    ("dos", |line| dos::parse_line(line).is_some()),
    ("mlsd", |line| mlsd::parse_line(line).is_some()),
];

const MESSAGES: [&str; 10] = [
    "",
    "total 12",
    "550 No such file or directory.",
    "ls: cannot access 'x': No such file or directory",
    "226 files listed, 12 blocks",
    "No files found.",
    "README",
    "two words",
    "/pub/sub:",
    "d [a book] by me 5 Feb 29 2024 x",
];

/// The lines of each sample, after its file name.
fn samples() -> Vec<(String, Vec<Vec<u8>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/listings");
    let paths = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "txt"));
    let read = paths.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read(&path).unwrap();
        let lines = text.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        (name, lines.map(<[u8]>::to_vec).collect())
    });
    read.collect()
}

#[test]
fn no_format_takes_a_strangers_line() {
    let samples = samples();
    assert!(samples.len() >= 20, "only {} samples", samples.len());
    for (format, takes) in FORMATS {
        let others = samples.iter().filter(|(name, _)| !name.starts_with(format));
        for (name, line) in others.flat_map(|(name, lines)| lines.iter().map(move |l| (name, l))) {
            assert!(!takes(line), "{format} took a line of {name}: {}", line.escape_ascii());
        }
        for line in MESSAGES {
            assert!(!takes(line.as_bytes()), "{format}: {line}");
        }
    }
}

#[test]
fn the_usual_formats_take_none_of_these_but_netpresenz() {
    let mine = ["netware-", "os2-", "tandem-", "vxworks-", "ls-s-", "ls-ls-", "bare-"];
    for (name, lines) in samples() {
        if !mine.iter().any(|format| name.starts_with(format)) {
            continue;
        }
        for line in lines {
            for (usual, takes) in USUAL {
                assert!(!takes(&line), "{usual} took a line of {name}: {}", line.escape_ascii());
            }
        }
    }
}

#[test]
fn numbers_of_blocks_are_found_in_no_other_listing() {
    for (name, lines) in samples().iter().filter(|(name, _)| !name.starts_with("ls-s-")) {
        let mut reader = blocks::Reader::default();
        for line in lines {
            let entry = matches!(reader.read(line), Some(Line::Entry(_)));
            assert!(!entry, "{name}: {}", line.escape_ascii());
        }
    }
}

#[test]
fn cut_and_altered_lines_do_not_panic() {
    let mut taken = 0_u32;
    let mut reader = blocks::Reader::default();
    let mut read = |line: &[u8]| {
        taken += u32::from(FORMATS.iter().filter(|(_, takes)| takes(line)).count() == 1);
        if let Some(entry) = bare::parse_line(line) {
            assert!(!entry.name.is_empty() && entry.name.len() <= line.len());
        }
        if let Some(Line::Entry(entry)) = reader.read(line) {
            assert!(!entry.name.is_empty() && entry.name.len() < line.len());
        }
    };
    for mut line in samples().into_iter().flat_map(|(_, lines)| lines) {
        (0..line.len()).for_each(|end| read(&line[..end]));
        for at in 0..line.len() {
            let kept = line[at];
            for byte in *b" -,0:9\"[]DA\0\xFF" {
                line[at] = byte;
                read(&line);
            }
            line[at] = kept;
        }
    }
    assert!(taken > 10_000, "only {taken} of the altered lines were still in a format");
}
