//! Lines as `DIR` of DOS and Windows writes them: LIST of IIS in its default setting, and of other
//! Windows servers. There are no owners and no modes in them.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use crate::time::{Civil, parse_clock};

/// The width of the column that holds `<DIR>`. IIS and `cmd` both pad a mark to this, the one with
/// seven blanks before it and the other with four; the name begins right behind it.
const MARK_WIDTH: usize = 15;

/// One line of a DOS listing, without its line end; `None` when it is not in that format.
///
/// The time is the server's own. `modified` is unknown when the calendar does not have the day.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    if !line.first()?.is_ascii_digit() {
        return None;
    }
    let mut columns = Fields::new(line);
    let date = date(columns.next_field()?)?;
    let seconds = time(&mut columns, date)?.seconds();
    let before = columns;
    let mut entry = match columns.next_field()? {
        [b'<', ..] => marked(before.rest().trim_ascii_start())?,
        field => file(size(field)?, columns.name()?),
    };
    entry.modified = seconds.map(|seconds| Stamp { seconds, utc: false });
    Some(entry)
}

/// `MM-DD-YY`, `MM-DD-YYYY` or `YYYY-MM-DD`, with `-`, `/` or `.` throughout.
///
/// With points the day is first, as in all locales that write them; else the month is, as IIS has it
/// in any locale, unless the first number can be no month.
fn date(field: &[u8]) -> Option<Civil> {
    let separator = field.iter().copied().find(|b| !b.is_ascii_digit())?;
    let mut parts = field.split(|&b| b == separator && matches!(b, b'-' | b'/' | b'.'));
    let mut part = || parts.next();
    let (first, second, third) = (part()?, part()?, part()?);
    if part().is_some() {
        return None;
    }
    let (a, b, c) = (decimal(first)?, decimal(second)?, decimal(third)?);
    let day_first = separator == b'.' || a > 12;
    let (month, day) = if day_first { (b, a) } else { (a, b) };
    let (year, month, day) = match (first.len(), third.len()) {
        (4, 1 | 2) => (a, b, c),
        (1 | 2, 4) => (c, month, day),
        // IIS prints two digits unless told otherwise; FTP listings are not older than 1970.
        (1 | 2, 2) => (if c < 70 { 2000 + c } else { 1900 + c }, month, day),
        _ => return None,
    };
    let small = |number| u8::try_from(number).ok();
    Some(Civil {
        year: i64::try_from(year).ok()?,
        month: small(month)?,
        day: small(day)?,
        ..Civil::default()
    })
}

/// The half of the day a twelve-hour clock names.
#[derive(Clone, Copy)]
enum Half {
    Am,
    Pm,
}

/// Puts the time of day into `date`: `12:34AM`, `12:34 AM`, `12:34a`, `00:34` or `上午 12:34`.
fn time(columns: &mut Fields<'_>, date: Civil) -> Option<Civil> {
    let mut field = columns.next_field()?;
    let before = eastern_half(field);
    if before.is_some() {
        field = columns.next_field()?;
    }
    let letters = field.iter().position(u8::is_ascii_alphabetic).unwrap_or(field.len());
    let (clock, suffix) = field.split_at_checked(letters)?;
    let (hour, minute, second) = parse_clock(clock)?;
    let half = match before {
        Some(half) => Some(half),
        None if suffix.is_empty() => half_ahead(columns),
        None => Some(half(suffix)?),
    };
    let hour = match half {
        Some(Half::Am) if hour == 12 => 0,
        Some(Half::Pm) if hour < 12 => hour + 12,
        _ => hour,
    };
    Some(Civil { hour, minute, second, ..date })
}

/// The half of the day as Windows writes it before the clock in Chinese (UTF-8, GBK, Big5) and
/// Korean (UTF-8, EUC-KR).
fn eastern_half(text: &[u8]) -> Option<Half> {
    let am: [&[u8]; 5] = [
        "上午".as_bytes(),
        b"\xC9\xCF\xCE\xE7",
        b"\xA4W\xA4\xC8",
        "오전".as_bytes(),
        b"\xBF\xC0\xC0\xFC",
    ];
    let pm: [&[u8]; 5] = [
        "下午".as_bytes(),
        b"\xCF\xC2\xCE\xE7",
        b"\xA4U\xA4\xC8",
        "오후".as_bytes(),
        b"\xBF\xC0\xC8\xC4",
    ];
    if text.first()?.is_ascii() {
        None
    } else if am.contains(&text) {
        Some(Half::Am)
    } else {
        pm.contains(&text).then_some(Half::Pm)
    }
}

/// Steps over a field of its own that is AM or PM, as `cmd` writes it.
fn half_ahead(columns: &mut Fields<'_>) -> Option<Half> {
    let mut ahead = *columns;
    let half = ahead.next_field().and_then(half)?;
    *columns = ahead;
    Some(half)
}

fn half(text: &[u8]) -> Option<Half> {
    match text {
        b"A" | b"a" | b"AM" | b"Am" | b"am" | b"a.m." => Some(Half::Am),
        b"P" | b"p" | b"PM" | b"Pm" | b"pm" | b"p.m." => Some(Half::Pm),
        _ => None,
    }
}

/// What locales put between thousands, a plain blank apart: comma, point, quotes (also of
/// windows-1252), the no-break space of the Windows (0xA0) and DOS (0xFF) code pages, and in UTF-8
/// the no-break space, the narrow one and the quote.
const SEPARATORS: [&[u8]; 9] =
    [b",", b".", b"'", b"\x92", b"\xA0", b"\xFF", b"\xC2\xA0", b"\xE2\x80\xAF", b"\xE2\x80\x99"];

/// A size, plain or in groups of three digits with one separator throughout.
fn size(field: &[u8]) -> Option<u64> {
    if let Some(plain) = decimal(field) {
        return Some(plain);
    }
    let digits = field.iter().take_while(|b| b.is_ascii_digit()).count();
    let (first, mut rest) = field.split_at_checked(digits).filter(|_| digits <= 3)?;
    let separator = SEPARATORS.iter().find(|separator| rest.starts_with(separator))?;
    let mut sum = decimal(first)?;
    while !rest.is_empty() {
        let (group, more) = rest.strip_prefix(*separator)?.split_at_checked(3)?;
        sum = sum.checked_mul(1000)?.checked_add(decimal(group)?)?;
        rest = more;
    }
    Some(sum)
}

fn file(size: u64, name: &[u8]) -> Entry<'_> {
    let mut entry = Entry::new(name, Kind::File);
    entry.size = Some(size);
    entry
}

/// What follows the time of an entry that has a mark instead of a size.
fn marked(text: &[u8]) -> Option<Entry<'_>> {
    let (mark, rest) = text.split_at_checked(memchr(b'>', text)? + 1)?;
    let name = after_mark(rest, MARK_WIDTH.saturating_sub(mark.len()))?;
    match mark {
        b"<DIR>" | b"<dir>" => Some(Entry::new(name, Kind::Dir)),
        // To be followed by asking the server only: a walk through these may not end.
        b"<JUNCTION>" | b"<SYMLINKD>" | b"<SYMLINK>" => Some(link(name)),
        // Any other reparse point. No name on Windows holds these brackets, so it is a mark.
        [b'<', word @ .., b'>'] if !word.is_empty() && word.iter().all(u8::is_ascii_uppercase) => {
            Some(Entry::new(name, Kind::Other))
        }
        _ => None,
    }
}

/// The name behind a mark that `width` blanks follow. More blanks belong to the name; with fewer,
/// the server has narrower columns and the name begins at the first other byte.
fn after_mark(rest: &[u8], width: usize) -> Option<&[u8]> {
    let blanks = rest.iter().take(width).take_while(|&&b| b == b' ').count();
    rest.get(blanks..).filter(|name| blanks > 0 && !name.is_empty())
}

/// A link, with its target where it stands behind the name in brackets, as `cmd` writes it.
fn link(text: &[u8]) -> Entry<'_> {
    let cut = || {
        let inner = text.strip_suffix(b"]")?;
        let at = memmem::rfind(inner, b" [").filter(|&at| at > 0)?;
        Some((inner.get(..at)?, inner.get(at + 2..)?))
    };
    let Some((name, target)) = cut() else { return Entry::new(text, Kind::Link) };
    let mut entry = Entry::new(name, Kind::Link);
    entry.target = Some(Cow::Borrowed(target)).filter(|target| !target.is_empty());
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::iso_minutes;

    fn entry(line: &str) -> Entry<'_> {
        parse_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"))
    }

    #[test]
    fn dates_and_times() {
        for (stamp, expected) in [
            ("02-29-24  12:34PM", Some("2024-02-29 12:34")),
            ("02-29-24  12:34AM", Some("2024-02-29 00:34")),
            ("29.02.2024  12:34", Some("2024-02-29 12:34")),
            ("29.02.24  12:34", Some("2024-02-29 12:34")),
            ("03.02.2024  12:34", Some("2024-02-03 12:34")),
            ("29/02/2024  12:34", Some("2024-02-29 12:34")),
            ("29-02-24  12:34", Some("2024-02-29 12:34")),
            ("02/03/2024  12:34", Some("2024-02-03 12:34")),
            ("2024.02.29  12:34", Some("2024-02-29 12:34")),
            ("2024/02/29  上午 12:34", Some("2024-02-29 00:34")),
            ("2024/02/29  下午 01:34", Some("2024-02-29 13:34")),
            ("2024-02-29  오후 12:34", Some("2024-02-29 12:34")),
            ("29/02/2024  12:34 p.m.", Some("2024-02-29 12:34")),
            ("02-29-24  01:34PM", Some("2024-02-29 13:34")),
            ("02-29-24  11:34am", Some("2024-02-29 11:34")),
            ("02-29-2024  12:34", Some("2024-02-29 12:34")),
            ("02/29/2024  01:34 PM", Some("2024-02-29 13:34")),
            ("02-29-24  01:34p", Some("2024-02-29 13:34")),
            ("2024-02-29  00:34", Some("2024-02-29 00:34")),
            ("02-29-24  23:34:56", Some("2024-02-29 23:34")),
            ("12-31-69  12:00AM", Some("2069-12-31 00:00")),
            ("01-01-70  12:00AM", Some("1970-01-01 00:00")),
            ("1-2-99 9:05PM", Some("1999-01-02 21:05")),
            ("13-13-24  12:34PM", None),
            ("02-30-24  12:34PM", None),
            ("02-29-24  24:00", None),
        ] {
            let line = format!("{stamp}                   12 x");
            let got = entry(&line);
            let shown = got.modified.map(|stamp| iso_minutes(stamp.seconds).to_string());
            assert_eq!(shown.as_deref(), expected, "{line}");
            assert_eq!((got.name.as_ref(), got.size), (&b"x"[..], Some(12)), "{line}");
        }
    }

    #[test]
    fn names_keep_every_blank() {
        for (tail, name) in [
            ("       <DIR>          name", "name"),
            ("       <DIR>           leading", " leading"),
            ("       <DIR>            two  blanks ", "  two  blanks "),
            ("    <DIR>          cmd", "cmd"),
            ("    <DIR>           cmd leading", " cmd leading"),
            (" <DIR> narrow", "narrow"),
            (" <DIR>    narrow", "narrow"),
            ("                 1234 name", "name"),
            ("                 1234  leading", " leading"),
            ("         1,234 a  b ", "a  b "),
            ("   1 <DIR>          odd", "<DIR>          odd"),
            ("       <DIR>          PM", "PM"),
        ] {
            let line = format!("02-29-24  12:34PM{tail}");
            assert_eq!(entry(&line).name, name.as_bytes(), "{line}");
        }
    }

    #[test]
    fn sizes_and_their_separators() {
        for (text, bytes) in [
            (&b"0"[..], Some(0)),
            (b"5368709120", Some(5_368_709_120)),
            (b"5,368,709,120", Some(5_368_709_120)),
            (b"5.368.709.120", Some(5_368_709_120)),
            (b"5\xA0368", Some(5368)),
            (b"5\xFF368", Some(5368)),
            (b"5\xC2\xA0368\xC2\xA0709", Some(5_368_709)),
            (b"5\xE2\x80\xAF368", Some(5368)),
            (b"5'368", Some(5368)),
            (b"5,368.709", None),
            (b"5,", None),
            (b"5\xE2", None),
            (b"5,36", None),
            (b"5368,709", None),
            (b",368", None),
            (b"18,446,744,073,709,551,616", None),
            (b"1x", None),
        ] {
            assert_eq!(size(text), bytes, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn marks() {
        for (tail, kind, name, target) in [
            ("       <DIR>          d", Kind::Dir, "d", None),
            ("    <JUNCTION>     j [C:\\a b]", Kind::Link, "j", Some("C:\\a b")),
            ("    <SYMLINKD>     s x [..\\y]", Kind::Link, "s x", Some("..\\y")),
            ("    <SYMLINKD>      lead", Kind::Link, " lead", None),
            ("    <SYMLINK>      f [x]", Kind::Link, "f", Some("x")),
            ("    <SYMLINK>      f []", Kind::Link, "f", None),
            ("    <APPEXECLINK>  a.exe", Kind::Other, "a.exe", None),
        ] {
            let line = format!("02/29/2024  12:34 PM{tail}");
            let got = entry(&line);
            assert_eq!((got.kind, got.name.as_ref()), (kind, name.as_bytes()), "{line}");
            assert_eq!(got.target.as_deref(), target.map(str::as_bytes), "{line}");
            assert_eq!(got.size, None);
        }
    }

    #[test]
    fn other_formats_are_none() {
        for line in [
            "",
            "02-29-24",
            "02-29-24  12:34PM",
            "02-29-24  12:34PM       <DIR>          ",
            "02-29-24  12:34PM       <DIR>name",
            "02-29-24  12:34PM       <what>         name",
            "02-29-24  12:34PM       <>             name",
            "02-29/24  12:34PM                 1234 x",
            "02-29-24  上 12:34                1234 x",
            "02-29-24  上午                    1234 x",
            "02:29:24  12:34PM                 1234 x",
            "02-29-24  12:34PM       <DIR",
            "02-29-24  12:34PM                 1234",
            "02-29-24  12:34PM                 1234 ",
            "02-29-24  12:34XM                 1234 x",
            "02-29-24-1  12:34PM               1234 x",
            "02-29-024  12:34PM                1234 x",
            " 02-29-24  12:34PM                1234 x",
            "-rw-r--r-- 1 me me 5 Feb 29  2024 x",
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }
}
