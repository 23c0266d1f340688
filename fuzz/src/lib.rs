//! What must hold of the listing parsers whatever bytes they are given: no panic, and no entry that
//! says more than its listing. What good listings mean is the matter of `crates/core/tests/listings.rs`.

pub mod bytes;

use std::convert::Infallible;

use ftp_core::line::{Lines, MAX_LINE, Piece};
use ftp_core::listing::{Entry, Format, ListReader, base_name, mlst_line, mlst_reply};

/// What the clock shows, in seconds since the epoch: dates that name no year lean on it.
const CLOCKS: [i64; 4] = [1_795_460_400, 0, i64::MAX, i64::MIN];

/// Reads `listing` as `format` and no other.
pub fn read_only(format: Format, listing: &[u8]) {
    read_listing(ListReader::only(format, clock(listing)), listing);
    if format == Format::Mlsd {
        // What is known to be MLSD may hold names without facts.
        read_listing(ListReader::mlsd(), listing);
    }
}

/// Reads `listing` as a listing of unknown origin.
pub fn read_any(listing: &[u8]) {
    read_listing(ListReader::list(clock(listing)), listing);
}

/// Reads `reply` as the answer to MLST, and each of its lines as the one that counts.
pub fn read_mlst(reply: &[u8]) {
    if let Some(entry) = mlst_reply(reply) {
        check_entry(&entry, reply, reply);
    }
    for line in reply.split(|&b| b == b'\n') {
        if let Some(entry) = mlst_line(line) {
            check_entry(&entry, line, line);
        }
    }
}

/// Feeds what `input` stands for to [`Lines`], in reads as long as its first bytes say, and compares
/// with a plain split.
pub fn read_lines(input: &[u8]) {
    let Some((steps, text)) = input.split_first_chunk::<4>() else { return };
    let text = expand(text);
    let expected: Vec<_> = split(&text).collect();
    let found = feed(&text, steps);
    let differs =
        found.iter().zip(&expected).position(|(found, expected)| found.as_deref() != *expected);
    assert_eq!(differs, None, "the first piece that is not as it was sent");
    assert_eq!(found.len(), expected.len());
}

fn clock(listing: &[u8]) -> i64 {
    CLOCKS[listing.len() % CLOCKS.len()]
}

fn read_listing(mut reader: ListReader, listing: &[u8]) {
    let (mut found, mut lines, mut end) = (0, 0, 0);
    for line in listing.split(|&b| b == b'\n') {
        end += line.len();
        let Ok(()) = reader.read::<Infallible>(line, &mut |entry| {
            check_entry(&entry, line, &listing[..end]);
            found += 1;
            Ok(())
        });
        end += 1;
        lines += 1;
        // Lines that are held back count in neither.
        assert!(reader.entries() + reader.unknown() <= lines, "a line counts once");
    }
    let Ok(()) = reader.finish::<Infallible>(&mut |entry| {
        check_entry(&entry, listing, listing);
        found += 1;
        Ok(())
    });
    assert_eq!(reader.entries(), found, "entries are counted as they are told");
    assert!(reader.entries() + reader.unknown() <= lines, "a line counts once at the end too");
}

/// `listing` is what was read up to the end of `line`, the entry's: a name may stand on a line of its
/// own, or be put together of two columns.
fn check_entry(entry: &Entry<'_>, line: &[u8], listing: &[u8]) {
    assert!(!entry.name.is_empty() && !base_name(&entry.name).is_empty(), "a name is never empty");
    assert!(entry.mode.is_none_or(|mode| mode <= 0o7777), "{:?} is no mode", entry.mode);
    let target = entry.target.as_ref().map_or(0, |target| target.len());
    assert!(entry.name.len() + target <= listing.len(), "a name is not longer than its listing");
    for part in [&entry.target, &entry.owner, &entry.group].into_iter().flatten() {
        assert!(!part.is_empty(), "what is empty is unknown");
        assert!(holds(line, part) || holds(listing, part), "a part was sent as it is");
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Inputs are short and the bounds of lines are not: 0xFF stands for as many bytes of it as four of
/// make the longest line, the first hundred times.
fn expand(input: &[u8]) -> Vec<u8> {
    let (mut text, mut left) = (Vec::new(), 100);
    for &byte in input {
        let times = if byte == 0xFF && left > 0 { MAX_LINE / 4 } else { 1 };
        left -= usize::from(times > 1);
        text.resize(text.len() + times, byte);
    }
    text
}

/// The lines without their ends, `None` for one that is too long. The last may have no end: then its
/// CR is its own.
fn split(text: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let lines = text.split_inclusive(|&b| b == b'\n').map(|line| match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    });
    lines.map(|line| (line.len() <= MAX_LINE).then_some(line))
}

fn feed(text: &[u8], steps: &[u8; 4]) -> Vec<Option<Vec<u8>>> {
    let (mut lines, mut rest, mut found) = (Lines::default(), text, Vec::new());
    for step in steps.iter().cycle() {
        take_pieces(&mut lines, &mut found);
        let room = lines.room();
        assert!(!room.is_empty(), "there is room whenever no line is left");
        // From a byte to the whole room; of a long text never so little that it takes all day.
        let step = 1 + text.len() / 1000 + usize::from(*step) * usize::from(*step) * 2;
        let (now, later) = rest.split_at(step.min(rest.len()).min(room.len()));
        room[..now.len()].copy_from_slice(now);
        lines.filled(now.len());
        rest = later;
        if now.is_empty() {
            break;
        }
    }
    take_pieces(&mut lines, &mut found);
    found
}

fn take_pieces(lines: &mut Lines, found: &mut Vec<Option<Vec<u8>>>) {
    while let Some(piece) = lines.next_piece().expect("the text is shorter than the bound") {
        found.push(match piece {
            Piece::Line(line) | Piece::Unended(line) => Some(line.to_vec()),
            Piece::Overlong => None,
        });
    }
}
