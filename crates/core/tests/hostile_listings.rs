//! Listings cut anywhere and with bytes altered: the readers must not panic, and must never give a
//! name that is empty or as long as its line. What good listings mean is the matter of `listings`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use ftp_core::listing::{Entry, Line, ListReader, base_name, mlsd_line, mlst_line, mlst_reply};

/// 2026-11-23T19:00:00Z.
const NOW: i64 = 1_795_460_400;

/// Altered lines made of each sample.
const MUTATIONS: usize = 10_000;

/// Bytes that mean something in one of the formats, so that altered lines still get far.
const TELLING: &[u8] = b" -;=:<>,./\r\n\0\t09+lds\x80\xFF";

/// Marsaglia's xorshift64: the same bytes on each run.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }
}

fn samples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/listings");
    let all = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut paths: Vec<_> =
        all.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
    paths.sort();
    assert!(paths.len() >= 70, "only {} listings found", paths.len());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn check_entry(entry: &Entry<'_>, line: &[u8]) {
    let shown = line.escape_ascii();
    assert!(!entry.name.is_empty() && !base_name(&entry.name).is_empty(), "{shown}");
    assert!(entry.mode.is_none_or(|mode| mode <= 0o7777), "{shown}");
    let target = entry.target.as_ref().map_or(0, |target| target.len());
    assert!(entry.name.len() + target < line.len(), "{shown}");
    let parts = [Some(&entry.name), entry.owner.as_ref(), entry.group.as_ref()];
    for part in parts.into_iter().flatten() {
        assert!(line.windows(part.len()).any(|window| window == part.as_ref()), "{shown}");
    }
}

/// Reads each line with one reader; gives back how many entries were found.
fn read_all(mut reader: ListReader, listing: &[u8]) -> usize {
    let mut found = 0;
    for line in listing.split(|&b| b == b'\n') {
        if let Line::Entry(entry) = reader.read(line) {
            check_entry(&entry, line);
            found += 1;
        }
    }
    found
}

/// Reads each line in all the ways there are; gives back how many entries were found.
fn check(listing: &[u8]) -> usize {
    let readers = [ListReader::list(NOW), ListReader::list(i64::MAX), ListReader::mlsd()];
    let found = readers.into_iter().map(|reader| read_all(reader, listing)).sum();
    for line in listing.split(|&b| b == b'\n') {
        for entry in [mlst_line(line), mlsd_line(line)].into_iter().flatten() {
            check_entry(&entry, line);
        }
    }
    if let Some(entry) = mlst_reply(listing) {
        check_entry(&entry, listing);
    }
    found
}

#[test]
fn a_line_cut_anywhere_is_harmless() {
    for sample in samples() {
        for line in sample.split(|&b| b == b'\n') {
            for cut in 0..=line.len() {
                check(&line[..cut]);
            }
        }
    }
}

#[test]
fn a_listing_cut_anywhere_keeps_the_entries_before_the_cut() {
    for sample in samples() {
        let mut whole = 0;
        for cut in 0..=sample.len() {
            let found = check(&sample[..cut]);
            assert!(found >= whole, "an entry was lost by reading on, at {cut}");
            if sample[..cut].ends_with(b"\n") {
                whole = found;
            }
        }
    }
}

#[test]
fn altered_bytes_are_harmless() {
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    for sample in samples() {
        let lines: Vec<_> = sample.split(|&b| b == b'\n').filter(|line| line.len() > 1).collect();
        let mut found = 0;
        for _ in 0..MUTATIONS {
            let mut line = lines[random.below(lines.len())].to_vec();
            for _ in 0..=random.below(3) {
                alter(&mut line, &mut random);
            }
            found += check(&line);
        }
        assert!(found > MUTATIONS / 4, "too few altered lines are still entries: {found}");
    }
}

fn alter(line: &mut Vec<u8>, random: &mut Xorshift) {
    let at = random.below(line.len().max(1));
    let byte = match random.below(2) {
        0 => TELLING[random.below(TELLING.len())],
        _ => u8::try_from(random.below(256)).unwrap(),
    };
    match random.below(16) {
        0 => line.truncate(at),
        1..=5 if at < line.len() => drop(line.remove(at)),
        6..=10 if at < line.len() => line[at] = byte,
        _ => line.insert(at, byte),
    }
}
