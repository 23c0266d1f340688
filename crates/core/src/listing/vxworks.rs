//! Lines of the FTP server of VxWorks up to 5.5, as its shell's `ll` writes them. Later versions
//! write `ls -l`, which is not the matter of this file.

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use super::months::english;
use crate::time::{Civil, parse_clock};

/// Whether a line is the heading `size  date  time  name` or the ruler of four dashes under it.
pub fn is_heading(line: &[u8]) -> bool {
    let mut columns = Fields::new(line);
    let words = [b"size", b"date", b"time", b"name"];
    let heads = words.map(|word| match columns.next_field() {
        Some(field) => (field == word, field.len() > 3 && field.iter().all(|&b| b == b'-')),
        None => (false, false),
    });
    let all = heads.iter().all(|head| head.0) || heads.iter().all(|head| head.1);
    all && columns.next_field().is_none()
}

/// One line of a VxWorks listing, without its line end; `None` when it is not in that format.
///
/// `   512    FEB-29-2024  12:34:56   name              <DIR>`. The name begins after three blanks,
/// fills up sixteen columns and has two more behind it, for files too, so blanks at its end are the
/// column's; dosFs allows none there. A directory's size is that of its own table.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    let mut columns = Fields::new(line);
    let size = decimal(columns.next_field()?)?;
    let (year, month, day) = date(columns.next_field()?)?;
    let clock = columns.next_field().filter(|clock| clock.len() == 8)?;
    let (hour, minute, second) = parse_clock(clock)?;
    let (name, kind) = match columns.rest().strip_suffix(b" <DIR>") {
        Some(padded) => (padded, Kind::Dir),
        None => (columns.rest(), Kind::File),
    };
    let end = name.iter().rposition(|&b| b != b' ')?;
    let name = name.get(..=end)?.strip_prefix(b"   ").filter(|name| !name.is_empty())?;
    let mut entry = Entry::new(name, kind);
    let seconds = Civil { year, month, day, hour, minute, second }.seconds();
    entry.size = Some(size);
    entry.modified = seconds.map(|seconds| Stamp { seconds, utc: false });
    Some(entry)
}

/// `FEB-29-2024`.
fn date(field: &[u8]) -> Option<(i64, u8, u8)> {
    let (month, rest) = field.split_at_checked(3)?;
    let &[b'-', d1, d2, b'-', y1, y2, y3, y4] = rest else { return None };
    let year = i64::try_from(decimal(&[y1, y2, y3, y4])?).ok()?;
    Some((year, english(month)?, u8::try_from(decimal(&[d1, d2])?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::iso_utc;

    #[test]
    fn entries() {
        for (line, kind, size, time, name) in [
            (
                "      512    Feb-29-2024  12:34:56   name              <DIR>",
                Kind::Dir,
                512,
                Some("2024-02-29T12:34:56Z"),
                "name",
            ),
            (
                "    12345    FEB-29-2024  12:34:56   BOOT.TXT            ",
                Kind::File,
                12345,
                Some("2024-02-29T12:34:56Z"),
                "BOOT.TXT",
            ),
            (
                "1 jan-30-2024 00:00:00    a  b",
                Kind::File,
                1,
                Some("2024-01-30T00:00:00Z"),
                " a  b",
            ),
            ("1 FEB-30-2024 00:00:00   x <DIR>", Kind::Dir, 1, None, "x"),
        ] {
            let entry = parse_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"));
            let shown = entry.modified.map(|stamp| iso_utc(stamp.seconds).to_string());
            assert_eq!((shown.as_deref(), entry.size), (time, Some(size)), "{line}");
            assert_eq!((entry.name.as_ref(), entry.kind), (name.as_bytes(), kind), "{line}");
        }
    }

    #[test]
    fn headings() {
        for (line, heading) in [
            ("  size          date       time       name", true),
            ("--------       ------     ------    --------", true),
            ("  size          date       time", false),
            ("size date time name x", false),
            ("size date ---- name", false),
            ("---- ---- ----", false),
            ("- - - -", false),
            ("", false),
        ] {
            assert_eq!(is_heading(line.as_bytes()), heading, "{line}");
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "512",
            "x FEB-29-2024 12:34:56   name",
            "512 FEB-29-24 12:34:56   name",
            "512 29-FEB-2024 12:34:56   name",
            "512 FEB-9-2024 12:34:56   name",
            "512 FEB-29-2024 12:34   name",
            "512 FEB-29-2024 12:34:56  name",
            "512 FEB-29-2024 12:34:56   ",
            "512 FEB-29-2024 12:34:56   <DIR>",
            "512 FEB-29-2024 12:34:56    <DIR>",
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_sample_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/vxworks-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let mut entries = 0;
        for line in lines.filter(|line| !is_heading(line)) {
            assert!(parse_line(line).is_some(), "{}", line.escape_ascii());
            entries += 1;
        }
        assert_eq!(entries, 11);
    }
}
