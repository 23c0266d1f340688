//! Lines as OS/400 (i5/OS, IBM i) writes them with `SITE LISTFMT 0`: owner, size, date, time, object
//! type, name. What it writes with LISTFMT 1 is `ls -l`, and not for here.

use std::borrow::Cow;

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use super::numeric_date::{civil, parts};
use crate::time::Civil;

/// The first two-digit year that is 19.. on this system: 40 to 99 are 1940 to 1999.
const SINCE: i64 = 40;

/// The width of the column that holds the type; one blank more, and the name begins.
const TYPE_WIDTH: usize = 10;

/// What a line without a size and a date may be of. With them, any type is believed.
const TYPES: [&[u8]; 17] = [
    b"*DIR", b"*DDIR", b"*LIB", b"*FLR", b"*STMF", b"*DSTMF", b"*DOC", b"*FILE", b"*MEM",
    b"*SYMLNK", b"*USRSPC", b"*PGM", b"*SRVPGM", b"*MODULE", b"*CMD", b"*DTAARA", b"*DTAQ",
];

/// One line of an OS/400 listing, without its line end; `None` when it is not in that format.
///
/// The name is as sent, with the library or the file before it if it is sent so (`QGPL/FILE.MBR`),
/// but without the slash that ends a directory's. Sizes are given for what the system keeps as
/// streams; those of libraries' objects count more than a transfer brings. A `*FILE` is taken for a
/// file, since RETR brings a save file as it is and of a database file the first member.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields::new(line);
    let owner = optional(&mut fields, is_profile);
    let size = optional(&mut fields, |field| decimal(field).is_some()).and_then(decimal);
    let time = time(&mut fields)?;
    let before = fields;
    let class = fields.next_field().filter(|class| is_type(class))?;
    if !is_plausible(class, owner.is_some(), size.is_some() && time.told) {
        return None;
    }
    let text = name(before.rest().trim_ascii_start(), class.len())?;
    let (name, slash) = match text.strip_suffix(b"/").filter(|name| !name.is_empty()) {
        Some(name) => (name, true),
        None => (text, false),
    };
    let mut entry = Entry::new(name, kind_of(class, slash));
    entry.size = size.filter(|_| is_stream(class));
    entry.modified = time.seconds.map(|seconds| Stamp { seconds, utc: false });
    entry.owner = owner.map(Cow::Borrowed);
    Some(entry)
}

/// Steps over the next field if it is what is asked for.
fn optional<'a>(fields: &mut Fields<'a>, is: impl Fn(&[u8]) -> bool) -> Option<&'a [u8]> {
    let mut ahead = *fields;
    let field = ahead.next_field().filter(|field| is(field))?;
    *fields = ahead;
    Some(field)
}

/// A user profile: ten characters at most, and the first no digit, which would be a size.
fn is_profile(field: &[u8]) -> bool {
    let allowed = |&b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"$#@_".contains(&b);
    let digit = field.first().is_none_or(u8::is_ascii_digit);
    !digit && field.len() <= 10 && field.iter().all(|b| allowed(b) || *b >= 0xA0)
}

/// A star and two to seven capitals or digits.
fn is_type(field: &[u8]) -> bool {
    let Some(word) = field.strip_prefix(b"*") else { return false };
    let allowed = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (2..=7).contains(&word.len()) && word.iter().all(allowed)
}

/// Whether such an object is listed with so few columns. Members have neither owner nor size nor
/// date; objects of libraries may lack the latter two.
fn is_plausible(class: &[u8], owned: bool, dated: bool) -> bool {
    class == b"*MEM" || (owned && (dated || TYPES.contains(&class)))
}

/// What a line says of the time.
struct Time {
    /// Whether there is a date.
    told: bool,
    /// What it comes to, if it tells which day it was.
    seconds: Option<i64>,
}

/// Date and time of day, or neither; `None` when there is one without the other.
fn time(fields: &mut Fields<'_>) -> Option<Time> {
    let Some(date) = optional(fields, |field| !field.starts_with(b"*")) else {
        return Some(Time { told: false, seconds: None });
    };
    let day = day(date)?;
    let [hour, minute, second] = clock(fields.next_field()?)?;
    let seconds = day.and_then(|day| Civil { hour, minute, second, ..day }.seconds());
    Some(Time { told: true, seconds })
}

/// The day that a date tells, in whatever order and with whatever separator the job has it (DATFMT,
/// DATSEP). `None` for what is no date; `Some(None)` for a date that may be two days.
///
/// Points mean day, month, year. Else four digits are a year, and so is a first number above 31. With
/// two digits for the year, numbers that can be month, day, year are taken for that, which is how
/// the system is shipped; a first number above 12 is a day or a year, and only a last number above
/// 31 tells which.
fn day(field: &[u8]) -> Option<Option<Civil>> {
    let separator = *field.iter().find(|b| !b.is_ascii_digit())?;
    if !b"/-.,".contains(&separator) {
        return None;
    }
    let [a, b, c] = parts(field, separator)?;
    let (first, last) = (decimal(a)?, decimal(c)?);
    let year_first = civil([a, b, c], SINCE);
    let month_first = civil([c, a, b], SINCE);
    let day_first = civil([c, b, a], SINCE);
    let sure = match () {
        () if a.len() == 4 || first > 31 => year_first,
        () if separator == b'.' => day_first,
        () if month_first.is_some() => month_first,
        () if c.len() == 4 || last > 31 => day_first,
        () => return year_first.or(day_first).map(|_| None),
    };
    sure.map(Some)
}

/// `12:34:56`, or with points or commas (TIMSEP).
fn clock(field: &[u8]) -> Option<[u8; 3]> {
    let separator = field.get(2).filter(|b| b":.,".contains(b))?;
    let three = parts(field, *separator)?;
    let part = |text: &[u8], most: u64| {
        let number = decimal(text).filter(|&number| text.len() == 2 && number <= most)?;
        u8::try_from(number).ok()
    };
    let [hour, minute, second] = three;
    Some([part(hour, 23)?, part(minute, 59)?, part(second, 59)?])
}

/// The name behind the type, given with it. The type is padded to its column, and blanks beyond
/// that belong to the name; with fewer, the name begins at the first other byte.
fn name(text: &[u8], class: usize) -> Option<&[u8]> {
    let rest = text.get(class..)?;
    let width = (TYPE_WIDTH + 1).saturating_sub(class);
    let blanks = rest.iter().take(width).take_while(|&&b| b == b' ').count();
    rest.get(blanks..).filter(|name| blanks > 0 && !name.is_empty())
}

fn kind_of(class: &[u8], slash: bool) -> Kind {
    match class {
        b"*SYMLNK" => Kind::Link,
        b"*DIR" | b"*DDIR" | b"*LIB" | b"*FLR" => Kind::Dir,
        _ if slash => Kind::Dir,
        b"*STMF" | b"*DSTMF" | b"*DOC" | b"*FILE" | b"*MEM" => Kind::File,
        _ => Kind::Other,
    }
}

/// Whether the size is that of the bytes in it.
fn is_stream(class: &[u8]) -> bool {
    matches!(class, b"*STMF" | b"*DSTMF" | b"*DOC" | b"*DIR" | b"*DDIR" | b"*FLR" | b"*SYMLNK")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Role;
    use crate::listing::trial::tests::{cut_and_altered, every_line_is_an_entry};
    use crate::time::iso_utc;

    const SAMPLES: [(&[u8], &str); 2] = [
        (
            include_bytes!("../../../../tests/listings/os400-ifs-list.txt"),
            include_str!("../../../../tests/listings/os400-ifs-list.json"),
        ),
        (
            include_bytes!("../../../../tests/listings/os400-library-list.txt"),
            include_str!("../../../../tests/listings/os400-library-list.json"),
        ),
    ];

    fn entry(line: &str) -> Entry<'_> {
        parse_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"))
    }

    #[test]
    fn dates_tell_what_they_can() {
        for (text, expected) in [
            ("02/29/24 12:34:56", Some("2024-02-29T12:34:56Z")),
            ("12/31/39 12.34.56", Some("2039-12-31T12:34:56Z")),
            ("01/02/40 00,00,00", Some("1940-01-02T00:00:00Z")),
            ("31/12/99 12:34:56", Some("1999-12-31T12:34:56Z")),
            ("31/12/2024 12:34:56", Some("2024-12-31T12:34:56Z")),
            ("99/12/31 12:34:56", Some("1999-12-31T12:34:56Z")),
            ("2024-02-29 12:34:56", Some("2024-02-29T12:34:56Z")),
            ("29.02.24 12:34:56", Some("2024-02-29T12:34:56Z")),
            ("01.02.2024 12.34.56", Some("2024-02-01T12:34:56Z")),
            ("24/02/29 12:34:56", None),
            ("13/11/12 12:34:56", None),
            ("02/30/24 12:34:56", None),
        ] {
            let line = format!("QSECOFR      100 {text} *STMF      x");
            let shown = entry(&line).modified.map(|stamp| iso_utc(stamp.seconds).to_string());
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn kinds_names_and_sizes() {
        for (line, kind, name, size) in [
            ("ANN 36864 02/29/24 12:34:56 *DIR       a b/", Kind::Dir, "a b", Some(36864)),
            ("ANN 100 02/29/24 12:34:56 *STMF       lead", Kind::File, " lead", Some(100)),
            ("ANN 100 02/29/24 12:34:56 *STMF end ", Kind::File, "end ", Some(100)),
            ("ANN 100 02/29/24 12:34:56 *SYMLNK    to/", Kind::Link, "to", Some(100)),
            ("ANN 100 02/29/24 12:34:56 *FILE      A.SAVF", Kind::File, "A.SAVF", None),
            ("ANN 100 02/29/24 12:34:56 *FILE      A.FILE/", Kind::Dir, "A.FILE", None),
            ("ANN 100 02/29/24 12:34:56 *NEWTYPE   x", Kind::Other, "x", None),
            ("ANN     *LIB       QGPL/", Kind::Dir, "QGPL", None),
            ("ANN     *MEM       QGPL/A.MBR", Kind::File, "QGPL/A.MBR", None),
            ("        *MEM       A.FILE/A.MBR", Kind::File, "A.FILE/A.MBR", None),
            ("ANN 36864 02/29/24 12:34:56 *DIR       /", Kind::Dir, "/", Some(36864)),
        ] {
            let got = entry(line);
            assert_eq!((got.kind, &*got.name, got.size), (kind, name.as_bytes(), size), "{line}");
        }
        assert_eq!(entry("ANN 1 02/29/24 12:34:56 *DIR       ../").role, Role::Parent);
    }

    #[test]
    fn other_formats_are_none() {
        for line in [
            "",
            "ANN",
            "ANN *NEWTYPE x",
            "ANN *note x",
            "ANN *DIR",
            "ANN *DIR ",
            "*DIR x",
            "*LIB       x",
            "Ann 100 02/29/24 12:34:56 *STMF      x",
            "ANN 100 02/29/24 *STMF      x",
            "ANN 100 02/29/24 24:00:00 *STMF      x",
            "ANN 100 32/13/24 12:34:56 *FOO       x",
            "ANN 100 02:29:24 12:34:56 *STMF      x",
            "ANN 100 12:34:56 *STMF      x",
            "NOT SURE *STMF x",
            "-rw-r--r-- 1 me me 5 Feb 29  2024 *DIR x",
            "02-29-24  12:34PM  5 *DIR x",
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn every_line_of_the_samples_is_an_entry() {
        every_line_is_an_entry(&SAMPLES, |line| parse_line(line).is_some());
    }

    #[test]
    fn cut_and_altered_lines_are_harmless() {
        cut_and_altered(&SAMPLES, b" */.:9A\0\xFF", |altered, cut| {
            assert!(parse_line(altered).is_none_or(|entry| !entry.name.is_empty()));
            parse_line(cut);
        });
    }
}
