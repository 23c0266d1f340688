//! Real listings, each with the entries expected from it: `tests/listings/README.md` says whose
//! they are. That no input breaks the readers is the matter of `hostile_listings`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ftp_core::line::take_line;
use ftp_core::listing::{Entry, Kind, Line, ListReader, Role};
use ftp_core::time::iso_utc;

/// 2026-11-23T19:00:00Z, the day the listings were taken.
const NOW: i64 = 1_795_460_400;

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/listings");
    let all = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|ending| ending == "txt")).collect()
}

fn escaped(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "-".to_owned() };
    let mut text = String::new();
    for &b in bytes {
        match b {
            b'%' | 0..=b' ' | 0x7F.. => write!(text, "%{b:02X}").unwrap(),
            _ => text.push(char::from(b)),
        }
    }
    text
}

fn written(entry: &Entry<'_>) -> String {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Dir => "dir",
        Kind::Link => "link",
        Kind::Other => "other",
    };
    let role = match entry.role {
        Role::Child => "child",
        Role::Itself => "itself",
        Role::Parent => "parent",
    };
    let unknown = || "-".to_owned();
    let time = entry.modified.map_or_else(unknown, |stamp| {
        let text = iso_utc(stamp.seconds).to_string();
        if stamp.utc { text } else { text.replace('Z', "") }
    });
    [
        kind.to_owned(),
        role.to_owned(),
        entry.mode.map_or_else(unknown, |mode| format!("{mode:04o}")),
        entry.size.map_or_else(unknown, |size| size.to_string()),
        time,
        escaped(entry.owner.as_deref()),
        escaped(entry.group.as_deref()),
        escaped(entry.unique.as_deref()),
        escaped(Some(&entry.name)),
        escaped(entry.target.as_deref()),
    ]
    .join(" ")
}

fn read_all(mut reader: ListReader, listing: &[u8]) -> String {
    let (mut rest, mut text) = (listing, String::new());
    while let Some((line, more)) = take_line(rest) {
        text += &match reader.read(line) {
            Line::Entry(entry) => written(&entry),
            Line::Noise => "noise".to_owned(),
            Line::Unknown => format!("unknown {}", line.escape_ascii()),
        };
        text.push('\n');
        rest = more;
    }
    assert_eq!(rest, b"", "the listing ends with a line end");
    assert_eq!(reader.unknown(), 0);
    text
}

#[test]
fn every_listing_gives_its_expected_entries() {
    let samples = samples();
    assert!(samples.len() >= 13, "only {} listings found", samples.len());
    for path in samples {
        let listing = fs::read(&path).unwrap();
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap();
        // A listing of unknown origin must be read as well as one whose command is known.
        assert_eq!(read_all(ListReader::list(NOW), &listing), expected, "{}", path.display());
        if path.to_string_lossy().contains("-mlsd") {
            assert_eq!(read_all(ListReader::mlsd(), &listing), expected, "{}", path.display());
        }
    }
}
