//! Listings cut anywhere and with bytes altered: the readers must not panic, and must never give a
//! name that is empty or as long as its line. What good listings mean is the matter of `listings`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::fs;
use std::path::Path;

use ftp_core::listing::{Entry, FORMATS, Format, ListReader, base_name, mlst_line, mlst_reply};

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
    assert!(paths.len() >= 96, "only {} listings found", paths.len());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// `listing` is what was read up to the end of the entry's line: a name may stand on a line of its
/// own, or be put together of two columns.
fn check_entry(entry: &Entry<'_>, listing: &[u8]) {
    let shown = listing.escape_ascii();
    assert!(!entry.name.is_empty() && !base_name(&entry.name).is_empty(), "{shown}");
    assert!(entry.mode.is_none_or(|mode| mode <= 0o7777), "{shown}");
    let target = entry.target.as_ref().map_or(0, |target| target.len());
    assert!(entry.name.len() + target <= listing.len(), "{shown}");
    let parts = [entry.target.as_ref(), entry.owner.as_ref(), entry.group.as_ref()];
    for part in parts.into_iter().flatten() {
        assert!(listing.windows(part.len()).any(|window| window == part.as_ref()), "{shown}");
    }
}

/// Reads each line with one reader; gives back how many entries were found.
fn read_all(mut reader: ListReader, listing: &[u8]) -> usize {
    let (mut found, mut end) = (0, 0);
    for line in listing.split(|&b| b == b'\n') {
        end += line.len();
        let Ok(()) = reader.read::<Infallible>(line, &mut |entry| {
            check_entry(&entry, &listing[..end]);
            found += 1;
            Ok(())
        });
        end += 1;
    }
    let Ok(()) = reader.finish::<Infallible>(&mut |entry| {
        check_entry(&entry, listing);
        found += 1;
        Ok(())
    });
    found
}

/// Reads each line in all the ways there are, and by `formats` one by one; gives back how many
/// entries were found without being told the format.
fn check(listing: &[u8], formats: &[Format]) -> usize {
    let readers = [ListReader::list(NOW), ListReader::list(i64::MAX), ListReader::mlsd()];
    let found = readers.into_iter().map(|reader| read_all(reader, listing)).sum();
    for format in formats {
        read_all(ListReader::only(*format, NOW), listing);
    }
    for line in listing.split(|&b| b == b'\n') {
        if let Some(entry) = mlst_line(line) {
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
                check(&line[..cut], &FORMATS);
            }
        }
    }
}

#[test]
fn a_listing_cut_anywhere_keeps_the_entries_before_the_cut() {
    for sample in samples() {
        let mut whole_lines = 0;
        for cut in 0..=sample.len() {
            let found = check(&sample[..cut], &[]);
            // A half line may be an entry or not; those before it are.
            assert!(found >= whole_lines, "{}", sample[..cut].escape_ascii());
            if cut == 0 || sample[cut - 1] == b'\n' {
                whole_lines = found;
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
            // Some lines are read with the one before: it may be a heading, or half an entry.
            let at = random.below(lines.len());
            let before = [None, Some(lines[0]), lines.get(at.wrapping_sub(1)).copied()];
            let before = before[random.below(3)];
            let mut text = before.into_iter().chain([lines[at]]).collect::<Vec<_>>().join(&b'\n');
            for _ in 0..=random.below(3) {
                alter(&mut text, &mut random);
            }
            let format = random.below(FORMATS.len());
            found += check(&text, &FORMATS[format..=format]);
        }
        // Formats of fixed columns (load modules of z/OS) lose nearly all.
        assert!(found > 0, "{found} entries left: {}", sample.escape_ascii());
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
