//! Lines of HP NonStop (Tandem) servers for Guardian files. In the OSS name space the server writes
//! plain `ls -l`, which is not the matter of this file.

use std::borrow::Cow;

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use super::months::english;
use crate::time::{Civil, parse_clock};

/// The words of the heading.
const HEADING: [&[u8]; 7] = [b"File", b"Code", b"EOF", b"Last", b"Modification", b"Owner", b"RWEP"];

/// Whether a line is the heading `File  Code  EOF  Last Modification  Owner  RWEP`.
pub fn is_heading(line: &[u8]) -> bool {
    let mut columns = Fields::new(line);
    HEADING.iter().all(|word| columns.next_field() == Some(*word)) && columns.next_field().is_none()
}

/// One line of a Guardian listing, without its line end; `None` when it is not in that format.
///
/// `NAME  101  12380 29-Feb-24 12:34:56 255,255 "nunu"`: file code, end of file in bytes, the
/// server's own time, group and user number, and who may read, write, execute and purge. A mark may
/// stand before the code, `O` for a file that is open. A subvolume holds files only.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    let mut columns = Fields::new(line);
    let name = columns.next_field().filter(|name| is_name(name))?;
    code(&mut columns)?;
    let size = decimal(columns.next_field()?)?;
    let (year, month, day) = date(columns.next_field()?)?;
    let clock = columns.next_field().filter(|clock| clock.len() > 6)?;
    let (hour, minute, second) = parse_clock(clock)?;
    let owner = owner(&mut columns)?;
    if columns.next_field().is_some() {
        return None;
    }
    let seconds = Civil { year, month, day, hour, minute, second }.seconds();
    let mut entry = Entry::new(name, Kind::File);
    entry.size = Some(size);
    entry.modified = seconds.map(|seconds| Stamp { seconds, utc: false });
    entry.owner = owner.map(Cow::Borrowed);
    Some(entry)
}

/// A Guardian file name: a letter and up to seven letters and digits, or such a name behind its
/// volume and subvolume, `$DATA.SUBVOL.NAME`.
fn is_name(name: &[u8]) -> bool {
    let part = |part: &[u8]| match part {
        [b'\\' | b'$' | b'#', rest @ ..] => is_word(rest),
        _ => is_word(part),
    };
    name.split(|&b| b == b'.').all(part)
}

fn is_word(word: &[u8]) -> bool {
    let letter = word.first().is_some_and(u8::is_ascii_alphabetic);
    letter && word.len() <= 8 && word.iter().all(u8::is_ascii_alphanumeric)
}

/// Steps over the file code, up to 65535 and perhaps with `A` (audited), `L` (licensed), `P` (may
/// run as its owner) or `+` behind it, and over the mark before it.
fn code(columns: &mut Fields<'_>) -> Option<()> {
    let mut field = columns.next_field()?;
    if let [b'A'..=b'Z' | b'?' | b'*' | b'+'] = field {
        field = columns.next_field()?;
    }
    let digits = field.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, marks) = field.split_at_checked(digits)?;
    let fits = decimal(number)? <= 65_535 && marks.iter().all(|mark| b"ALP+".contains(mark));
    fits.then_some(())
}

/// `29-Feb-24` or `4-Mar-2024`.
fn date(field: &[u8]) -> Option<(i64, u8, u8)> {
    let mut parts = field.split(|&b| b == b'-');
    let day = decimal(parts.next().filter(|day| day.len() <= 2)?)?;
    let month = english(parts.next()?)?;
    let year = parts.next()?;
    let shown = i64::try_from(decimal(year)?).ok()?;
    let year = match year.len() {
        2 if shown < 70 => 2000 + shown,
        2 => 1900 + shown,
        4 => shown,
        _ => return None,
    };
    let last = parts.next().is_none();
    Some((year, month, u8::try_from(day).ok()?)).filter(|_| last)
}

/// The owner, `255,255` or `255, 0` or a single number or nothing, and the rights that end a line.
/// Numbers may be negative: a user who is no longer known.
fn owner<'a>(columns: &mut Fields<'a>) -> Option<Option<&'a [u8]>> {
    let from = columns.rest().trim_ascii_start();
    let first = columns.next_field()?;
    if is_security(first) {
        return Some(None);
    }
    let rest = match first.strip_suffix(b",") {
        Some(group) => {
            is_id(group).then_some(())?;
            columns.next_field().filter(|user| is_id(user))?;
            columns.rest()
        }
        None => first.split(|&b| b == b',').all(is_id).then(|| columns.rest())?,
    };
    let owner = from.get(..from.len().checked_sub(rest.len())?)?;
    is_security(columns.next_field()?).then_some(Some(owner))
}

fn is_id(number: &[u8]) -> bool {
    let number = number.strip_prefix(b"-").unwrap_or(number);
    number.len() <= 5 && decimal(number).is_some()
}

/// Four letters in quotes: any, community, group, network, owner, user or, `-`, the super user
/// alone. Files that Safeguard keeps have stars.
fn is_security(field: &[u8]) -> bool {
    let inner = field.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let letters = |text: &[u8]| {
        text.len() == 4 && text.iter().all(|b| b"acgnou-*".contains(&b.to_ascii_lowercase()))
    };
    inner.is_some_and(letters) || field == b"*SGRD"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::iso_utc;

    #[test]
    fn entries() {
        for (line, name, size, time, owner) in [
            (
                "IARPTS       101            12380 29-Feb-24 12:34:56 255,255 \"nunu\"",
                "IARPTS",
                12380,
                Some("2024-02-29T12:34:56Z"),
                Some("255,255"),
            ),
            (
                "TACLCSTM       O 101                 101   4-Mar-01 23:50:06 255,  0 \"oooo\"  ",
                "TACLCSTM",
                101,
                Some("2001-03-04T23:50:06Z"),
                Some("255,  0"),
            ),
            ("a 65535ALP 0 6-Apr-97 01:02:03 \"----\"", "a", 0, Some("1997-04-06T01:02:03Z"), None),
            ("$D.S.a + 0 0 30-Feb-2024 01:02:03 -1 \"****\"", "$D.S.a", 0, None, Some("-1")),
            (
                "Z9 0 0 1-jan-70 01:02:03 -1,-1 *SGRD",
                "Z9",
                0,
                Some("1970-01-01T01:02:03Z"),
                Some("-1,-1"),
            ),
        ] {
            let entry = parse_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"));
            let shown = entry.modified.map(|stamp| iso_utc(stamp.seconds).to_string());
            assert_eq!((shown.as_deref(), entry.size), (time, Some(size)), "{line}");
            assert_eq!(entry.owner.as_deref(), owner.map(str::as_bytes), "{line}");
            assert_eq!((entry.name.as_ref(), entry.kind), (name.as_bytes(), Kind::File), "{line}");
        }
    }

    #[test]
    fn headings() {
        let heading =
            b"File         Code             EOF  Last Modification    Owner  RWEP".as_slice();
        assert!(is_heading(heading) && parse_line(heading).is_none());
        for line in ["File", "File Code EOF Last Modification Owner RWEP x", "", "Code"] {
            assert!(!is_heading(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "IARPTS",
            "9ARPTS 101 1 29-Feb-24 12:34:56 255,255 \"nunu\"",
            "LONGNAMES 101 1 29-Feb-24 12:34:56 255,255 \"nunu\"",
            "A.TXT- 101 1 29-Feb-24 12:34:56 255,255 \"nunu\"",
            "A 65536 1 29-Feb-24 12:34:56 255,255 \"nunu\"",
            "A OO 101 1 29-Feb-24 12:34:56 255,255 \"nunu\"",
            "A 101 1 29-Feb-24 12:34 255,255 \"nunu\"",
            "A 101 1 029-Feb-24 12:34:56 255,255 \"nunu\"",
            "A 101 1 29-Feb-024 12:34:56 255,255 \"nunu\"",
            "A 101 1 29-Feb-24-1 12:34:56 255,255 \"nunu\"",
            "A 101 1 29-Feb-24 12:34:56 255,x \"nunu\"",
            "A 101 1 29-Feb-24 12:34:56 255,255",
            "A 101 1 29-Feb-24 12:34:56 255,255 nunu",
            "A 101 1 29-Feb-24 12:34:56 255,255 \"nunuu\"",
            "A 101 1 29-Feb-24 12:34:56 255,255 \"nxnu\"",
            "A 101 1 29-Feb-24 12:34:56 255,255 \"nunu\" x",
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_sample_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/tandem-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let mut entries = 0;
        for line in lines.filter(|line| !line.is_empty() && !is_heading(line)) {
            assert!(parse_line(line).is_some(), "{}", line.escape_ascii());
            entries += 1;
        }
        assert_eq!(entries, 12);
    }
}
