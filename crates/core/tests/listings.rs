//! Real listings, each with the entries expected from it: `tests/listings/README.md` says whose
//! they are. That no input breaks the readers is the matter of `hostile_listings`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ftp_core::line::take_line;
use ftp_core::listing::{Entry, Kind, ListReader, Role};
use ftp_core::time::iso_utc;
use serde_json::{Value, json};

/// 2026-11-23T19:00:00Z, the day the listings were taken.
const NOW: i64 = 1_795_460_400;

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/listings");
    let all = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut paths: Vec<_> =
        all.filter(|path| path.extension().is_some_and(|ending| ending == "txt")).collect();
    paths.sort();
    paths
}

/// Bytes as text, with U+FFFD for each maximal run that is not UTF-8.
fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text += chunk.valid();
        text += if chunk.invalid().is_empty() { "" } else { "\u{FFFD}" };
    }
    text
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &b in bytes {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(b));
            }
            _ => write!(text, "%{b:02X}").unwrap(),
        }
    }
    text
}

/// The entry as the files of expected entries have it.
fn written(entry: &Entry<'_>) -> Value {
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
    let mut object = json!({
        "name": text(&entry.name),
        "type": kind,
        "role": role,
        "size": entry.size,
        "mtime": entry.modified.map(|stamp| iso_utc(stamp.seconds).to_string()),
        "utc": entry.modified.is_some_and(|stamp| stamp.utc),
        "mode": entry.mode.map(|mode| format!("{mode:04o}")),
        "owner": entry.owner.as_deref().map(text),
        "group": entry.group.as_deref().map(text),
        "target": entry.target.as_deref().map(text),
        "unique": entry.unique.as_deref().map(text),
    });
    if std::str::from_utf8(&entry.name).is_err() {
        object["name_bytes"] = percent_encoded(&entry.name).into();
    }
    object
}

/// The entries of a listing, in order; no line of it may be in no format.
fn read_all(mut reader: ListReader, listing: &[u8]) -> Vec<Value> {
    let (mut rest, mut entries) = (listing, Vec::new());
    let mut keep = |entry: Entry<'_>| {
        entries.push(written(&entry));
        Ok::<(), Infallible>(())
    };
    while let Some((line, more)) = take_line(rest) {
        let Ok(()) = reader.read(line, &mut keep);
        rest = more;
    }
    let Ok(()) = reader.finish(&mut keep);
    assert_eq!(rest, b"", "the listing ends with a line end");
    assert_eq!(reader.unknown(), 0, "lines in no format, of {}", listing.escape_ascii());
    entries
}

fn compare(reader: ListReader, listing: &Path, expected: &[Value]) {
    let found = read_all(reader, &fs::read(listing).unwrap());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let members = expected.as_object().unwrap();
        assert_eq!(members.len(), found.as_object().unwrap().len(), "{}: {expected}", at + 1);
        for (member, value) in members {
            let place = format!("{} entry {}, {member}", listing.display(), at + 1);
            assert_eq!(&found[member], value, "{place}");
        }
    }
    assert_eq!(found.len(), expected.len(), "entries in {}", listing.display());
}

#[test]
fn every_listing_gives_its_expected_entries() {
    let samples = samples();
    assert!(samples.len() >= 96, "only {} listings found", samples.len());
    for path in samples {
        let expected = fs::read_to_string(path.with_extension("json")).unwrap();
        let expected: Vec<Value> =
            expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!expected.is_empty(), "{}", path.display());
        // A listing of unknown origin must be read as well as one whose command is known.
        compare(ListReader::list(NOW), &path, &expected);
        if path.to_string_lossy().contains("-mlsd") {
            compare(ListReader::mlsd(), &path, &expected);
        }
    }
}
