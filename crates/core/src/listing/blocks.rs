//! What `ls -s` puts before each line: a number of blocks. Either a name follows (`ls -s`), which is
//! read here, or a line of `ls -l` (`ls -ls`), which is only cut free for the reader of those.

use super::Line;
use super::bare;
use super::entry::Entry;
use super::fields::{Fields, decimal};

/// Reads `ls -s`: `total 12`, then `  4 name` or ` 0 name/`.
///
/// A number and words are soon found in prose, so three things must hold: a total came right before,
/// the numbers end in one column, and all together are not above the total. A line that fails any
/// ends the listing until the next total. How big a block is depends on the server and blocks are
/// what a file takes on the disk, not its length, so sizes stay unknown. Kinds are as in `bare`.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Blocks of the total that no line has claimed yet; `None` outside a listing.
    left: Option<u64>,
    /// Where the number of each line ends; `None` before the first line.
    column: Option<usize>,
}

impl Reader {
    /// Reads one line, given without its line end; `None` when it is not in that format.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        if let Some(total) = total(line) {
            *self = Self { left: Some(total), column: None };
            return Some(Line::Noise);
        }
        let entry = self.entry(line);
        if entry.is_none() {
            *self = Self::default();
        }
        entry.map(Line::Entry)
    }

    fn entry<'a>(&mut self, line: &'a [u8]) -> Option<Entry<'a>> {
        let left = self.left?;
        let mut columns = Fields::new(line);
        let blocks = decimal(columns.next_field()?)?;
        let end = line.len().checked_sub(columns.rest().len())?;
        let aligned = self.column.is_none_or(|column| column == end);
        if !aligned || after_blocks(line).is_some() {
            return None;
        }
        let name = columns.name()?;
        self.left = Some(left.checked_sub(blocks)?);
        self.column = Some(end);
        Some(bare::marked(name))
    }
}

/// The number of the line `total 12`.
fn total(line: &[u8]) -> Option<u64> {
    decimal(line.strip_prefix(b"total ")?)
}

/// The part of a line of `ls -ls`, `ls -li` or `ls -lis` that `ls -l` would write: what follows one
/// or two numbers, if it begins with a mode. `None` for all else, also for a line of plain `ls -l`.
pub fn after_blocks(line: &[u8]) -> Option<&[u8]> {
    let mut columns = Fields::new(line);
    for _ in 0..2 {
        columns.next_field().filter(|field| is_count(field))?;
        let rest = columns.rest();
        let rest = rest.get(rest.iter().position(|&b| b != b' ')?..)?;
        if starts_with_mode(rest) {
            return Some(rest);
        }
    }
    None
}

/// A number of blocks or of an inode; `ls -sh` writes `4.0K`.
fn is_count(field: &[u8]) -> bool {
    let number = match field {
        [number @ .., b'K' | b'M' | b'G' | b'T'] => number,
        _ => field,
    };
    let dots = number.iter().filter(|&&b| b == b'.').count();
    let digits = number.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    number.first().is_some_and(u8::is_ascii_digit) && digits && dots <= 1
}

/// Whether ten characters of a mode and a blank, or the mark of an ACL, begin the text.
fn starts_with_mode(text: &[u8]) -> bool {
    let Some(([class, bits @ ..], [after, ..])) = text.split_at_checked(10) else { return false };
    b"-dlbcpsDPCMnw".contains(class)
        && bits.iter().all(|bit| b"-rwxsStTlL".contains(bit))
        && b" +.@".contains(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Kind, unix};

    /// The names and kinds of a listing's entries; `None` for a line that is not in the format.
    fn names(listing: &str) -> Vec<Option<(String, Kind)>> {
        let mut reader = Reader::default();
        let lines = listing.split('\n').filter_map(|line| match reader.read(line.as_bytes()) {
            Some(Line::Entry(entry)) => {
                assert_eq!(entry.size, None, "{line}");
                Some(Some((String::from_utf8(entry.name.into_owned()).unwrap(), entry.kind)))
            }
            Some(_) => None,
            None => Some(None),
        });
        lines.collect()
    }

    fn some(name: &str, kind: Kind) -> Option<(String, Kind)> {
        Some((name.to_owned(), kind))
    }

    #[test]
    fn listings() {
        let other = |name| some(name, Kind::Other);
        for (listing, expected) in [
            ("total 12\n  4 a\n  8 b c", vec![other("a"), other("b c")]),
            ("total 12\n 4 a/\n 0  b", vec![some("a", Kind::Dir), other(" b")]),
            ("total 0\n0 a", vec![other("a")]),
            ("total 8\n4 a\ntotal 44\n 4 a\n40 b", vec![other("a"), other("a"), other("b")]),
            ("  4 a", vec![None]),
            ("total 12\n226 files listed", vec![None]),
            ("total 12\n4 a\n10 b", vec![other("a"), None]),
            ("total 12\n 4 a\n4 b\n 4 c", vec![other("a"), None, None]),
            ("total 12\n 4 a\n12 b", vec![other("a"), None]),
            ("total 12\n4 -rw-r--r-- 1 me me 5 Feb 29  2024 x\n4 b", vec![None, None]),
            ("total 12\nx\n4 a", vec![None, None]),
            ("total 12\n4\n", vec![None, None]),
            ("total 12x\n4 a", vec![None, None]),
        ] {
            assert_eq!(names(listing), expected, "{listing}");
        }
    }

    #[test]
    fn lines_of_ls_with_numbers_before_them() {
        const LS: &str = "-rw-r--r-- 1 me me 5 Feb 29  2024 x";
        for before in ["4 ", "   4 ", "1234567 4 ", " 1234567   4 ", "4.0K ", "12M "] {
            let line = format!("{before}{LS}");
            assert_eq!(after_blocks(line.as_bytes()), Some(LS.as_bytes()), "{line}");
        }
        assert_eq!(after_blocks(b"4 drwx--S--T+ x"), Some(&b"drwx--S--T+ x"[..]));
        for line in [
            LS,
            "4 drwx--S--T",
            "4 drwx--S--Tx ",
            "4 xrwx--S--T ",
            "1 2 3 -rw-r--r-- 1 me me 5 Feb 29  2024 x",
            "x -rw-r--r-- 1 me me 5 Feb 29  2024 x",
            "4.0.0K -rw-r--r-- 1 me me 5 Feb 29  2024 x",
            "K -rw-r--r-- 1 me me 5 Feb 29  2024 x",
            "4",
            "4 ",
            "",
        ] {
            assert_eq!(after_blocks(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_sample_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/ls-s-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let mut entries = 0;
        let mut reader = Reader::default();
        for line in lines {
            match reader.read(line) {
                Some(Line::Entry(_)) => entries += 1,
                Some(Line::Noise) => assert!(line.starts_with(b"total ")),
                _ => panic!("not read: {}", line.escape_ascii()),
            }
        }
        assert_eq!(reader.left, Some(0));
        assert_eq!(entries, 15);
    }

    #[test]
    fn the_sample_of_ls_ls_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/ls-ls-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let recent = unix::Recent::at(0);
        let mut entries = 0;
        for line in lines.filter(|line| total(line).is_none()) {
            let entry = after_blocks(line).and_then(|rest| unix::parse_line(rest, &recent));
            assert!(entry.is_some(), "{}", line.escape_ascii());
            entries += 1;
        }
        assert_eq!(entries, 12);
    }
}
