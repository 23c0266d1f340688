//! Lines of IBM's FTP server for OS/2: a size on the right of its column, DOS attributes, `DIR`, and
//! the date behind them. `DIR` of DOS, which begins with the date, is not the matter of this file.

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use crate::time::{Civil, parse_clock};

/// One line of an OS/2 listing, without its line end; `None` when it is not in that format.
///
/// `  1234      A          02-29-24   12:34  name`. The size is set right in 18 columns, so a blank
/// leads the line. A directory's size is always 0. The name begins after two blanks. The time is the
/// server's own, and unknown when the calendar does not have the day.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    if !line.starts_with(b" ") {
        return None;
    }
    let mut columns = Fields::new(line);
    let size = decimal(columns.next_field()?)?;
    let (kind, field) = kind_and_next(&mut columns)?;
    let (year, month, day) = date(field)?;
    let clock = columns.next_field().filter(|clock| clock.len() == 5)?;
    let (hour, minute, second) = parse_clock(clock)?;
    let name = columns.rest().strip_prefix(b"  ").filter(|name| !name.is_empty())?;
    let seconds = Civil { year, month, day, hour, minute, second }.seconds();
    let mut entry = Entry::new(name, kind);
    entry.size = Some(size);
    entry.modified = seconds.map(|seconds| Stamp { seconds, utc: false });
    Some(entry)
}

/// What the columns of attributes and of `DIR` say, each of which may be blank, and the field
/// behind them.
fn kind_and_next<'a>(columns: &mut Fields<'a>) -> Option<(Kind, &'a [u8])> {
    let mut field = columns.next_field()?;
    if field.len() <= 4 && field.iter().all(|b| b"RHSA-".contains(b)) {
        field = columns.next_field()?;
    }
    match field {
        b"DIR" => Some((Kind::Dir, columns.next_field()?)),
        _ => Some((Kind::File, field)),
    }
}

/// `MM-DD-YY`. Servers that were not made for the year 2000 write the years since 1900 in as many
/// digits as they take: `02-29-124` is in 2024.
fn date(field: &[u8]) -> Option<(i64, u8, u8)> {
    let &[m1, m2, b'-', d1, d2, b'-', ref year @ ..] = field else { return None };
    let number = |digits: &[u8]| decimal(digits).and_then(|number| u8::try_from(number).ok());
    let (month, day) = (number(&[m1, m2])?, number(&[d1, d2])?);
    let shown = i64::try_from(decimal(year)?).ok()?;
    let year = match year.len() {
        2 if shown < 70 => 2000 + shown,
        2 | 3 => 1900 + shown,
        4 => shown,
        _ => return None,
    };
    Some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::iso_minutes;

    #[test]
    fn entries() {
        for (line, kind, size, time, name) in [
            (
                "                 0           DIR   02-29-24   12:34  name",
                Kind::Dir,
                0,
                Some("2024-02-29 12:34"),
                "name",
            ),
            (
                "  1234      A          05-12-97   16:44   a  b ",
                Kind::File,
                1234,
                Some("1997-05-12 16:44"),
                " a  b ",
            ),
            (
                "  1234                 02-29-124  12:34  x",
                Kind::File,
                1234,
                Some("2024-02-29 12:34"),
                "x",
            ),
            (" 0 RHSA DIR 02-30-100 12:34  x", Kind::Dir, 0, None, "x"),
            (" 9 A 02-29-2024 12:34  x", Kind::File, 9, Some("2024-02-29 12:34"), "x"),
            (" 9 R--A 12-31-69 23:59  x", Kind::File, 9, Some("2069-12-31 23:59"), "x"),
        ] {
            let entry = parse_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"));
            let shown = entry.modified.map(|stamp| iso_minutes(stamp.seconds).to_string());
            assert_eq!((entry.kind, entry.size), (kind, Some(size)), "{line}");
            assert_eq!((shown.as_deref(), entry.name.as_ref()), (time, name.as_bytes()), "{line}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            " ",
            "1234 A 02-29-24 12:34  x",
            " 1234 A 02-29-24 12:34 x",
            " 1234 A 02-29-24 12:34  ",
            " 1234 A 02-29-24 1:34  x",
            " 1234 X 02-29-24 12:34  x",
            " 1234 RHSAD 02-29-24 12:34  x",
            " 1234 A 2-29-24 12:34  x",
            " 1234 A 02-29-4 12:34  x",
            " 1234 A 02/29/24 12:34  x",
            " 1,234 A 02-29-24 12:34  x",
            " 02-29-24  12:34PM  5 x",
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_sample_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/os2-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let mut entries = 0;
        for line in lines.filter(|line| !line.is_empty()) {
            assert!(parse_line(line).is_some(), "{}", line.escape_ascii());
            entries += 1;
        }
        assert_eq!(entries, 16);
    }
}
