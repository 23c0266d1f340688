//! Lines as `ls -l` writes them: what LIST gives nearly everywhere, the names of owners and the
//! shape of the date apart. Lines that are no entry (`total 12`) are for the caller to know.

use std::borrow::Cow;

use memchr::memmem;

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use crate::time::{Civil, DAY, parse_clock, parse_date};

/// The most fields between the mode and the size that are looked through: a link count, an owner
/// and a group of several words each (`Domain Users`).
const MOST_FIELDS: usize = 12;

/// What "now" means for dates that name no year.
#[derive(Clone, Copy, Debug)]
pub struct Recent {
    latest: i64,
    year: i64,
}

impl Recent {
    /// `now` in seconds since the epoch, UTC. A day of slack ahead is for the server's time zone.
    pub fn at(now: i64) -> Self {
        let latest = now.saturating_add(DAY);
        Self { latest, year: Civil::from_seconds(latest).year }
    }

    /// The latest such date that is not ahead: servers leave out the year for the last months only.
    pub(super) fn guess(&self, date: Civil) -> Option<i64> {
        let of = |year| Civil { year, ..date }.seconds().filter(|&seconds| seconds <= self.latest);
        of(self.year).or_else(|| of(self.year - 1))
    }
}

/// One line of an `ls -l` listing, without its line end; `None` when it is not in that format.
///
/// The name begins after exactly one blank behind the date. Between mode and date there may be a
/// link count, an owner and a group, in this order, each of them or none; then the size.
pub fn parse_line<'a>(line: &'a [u8], recent: &Recent) -> Option<Entry<'a>> {
    let (kind, mode) = mode_of(line.get(..10)?)?;
    let columns = Fields::new(after_mode(line.get(10..)?)?);
    let tail = usual(columns, recent).or_else(|| search(columns, recent))?;
    let mut entry = Entry::new(tail.name, kind);
    if kind == Kind::Link {
        let (name, target) = split_link(tail.name, tail.size);
        entry.name = Cow::Borrowed(name);
        entry.target = target.map(Cow::Borrowed);
    }
    entry.mode = Some(mode);
    entry.size = tail.size;
    entry.modified = tail.seconds.map(|seconds| Stamp { seconds, utc: false });
    let (owner, group) = owners(columns, tail.skipped);
    entry.owner = owner.map(Cow::Borrowed);
    entry.group = group.map(Cow::Borrowed);
    Some(entry)
}

/// Kind and permission bits of the ten characters that lead a line.
fn mode_of(text: &[u8]) -> Option<(Kind, u32)> {
    let (&class, bits) = text.split_first()?;
    let kind = match class {
        b'-' => Kind::File,
        b'd' => Kind::Dir,
        b'l' => Kind::Link,
        // Devices, pipe, socket, and the doors, ports and migrated files of Solaris and IRIX.
        b'b' | b'c' | b'p' | b's' | b'D' | b'P' | b'C' | b'M' | b'n' | b'w' => Kind::Other,
        _ => return None,
    };
    let mode = bits.iter().enumerate().try_fold(0, |mode, (at, &b)| Some(mode | bit(at, b)?))?;
    Some((kind, mode))
}

/// The bits that letter `b` at place `at` of nine stands for.
fn bit(at: usize, b: u8) -> Option<u32> {
    let own = 0o400_u32 >> at;
    match (at, b) {
        (_, b'-') => Some(0),
        (0 | 3 | 6, b'r') | (1 | 4 | 7, b'w') | (2 | 5 | 8, b'x') => Some(own),
        (2, b's') => Some(0o4000 | own),
        (2, b'S') => Some(0o4000),
        (5, b's') => Some(0o2000 | own),
        // `l` is mandatory locking on Solaris: setgid without execute.
        (5, b'S' | b'l' | b'L') => Some(0o2000),
        (8, b't') => Some(0o1000 | own),
        (8, b'T') => Some(0o1000),
        _ => None,
    }
}

/// What follows the mode and the mark some systems put behind it: ACL, SELinux, attributes.
fn after_mode(rest: &[u8]) -> Option<&[u8]> {
    let rest = match rest {
        [b'+' | b'.' | b'@', rest @ ..] => rest,
        _ => rest,
    };
    rest.starts_with(b" ").then_some(rest)
}

/// The end of a line from the size on, and how many fields stand before it.
struct Tail<'a> {
    size: Option<u64>,
    seconds: Option<i64>,
    name: &'a [u8],
    skipped: usize,
}

/// The layout that nearly all servers use: link count, owner, group, size. Tried first, so that an
/// owner called `may` with a number for a group is not taken for a date.
fn usual<'a>(mut columns: Fields<'a>, recent: &Recent) -> Option<Tail<'a>> {
    for _ in 0..3 {
        columns.next_field()?;
    }
    tail(columns, 3, recent)
}

/// Any other layout: the first field that is a size with a date behind it.
fn search<'a>(mut columns: Fields<'a>, recent: &Recent) -> Option<Tail<'a>> {
    for skipped in 0..MOST_FIELDS {
        if let Some(tail) = tail(columns, skipped, recent) {
            return Some(tail);
        }
        columns.next_field()?;
    }
    None
}

fn tail<'a>(mut columns: Fields<'a>, skipped: usize, recent: &Recent) -> Option<Tail<'a>> {
    let size = size(&mut columns)?;
    let seconds = date(&mut columns, recent)?;
    Some(Tail { size, seconds, name: columns.name()?, skipped })
}

/// A size; `Some(None)` for what stands in its place: `major, minor` of a device, or a size that
/// a 32-bit server let overflow below zero.
fn size(columns: &mut Fields<'_>) -> Option<Option<u64>> {
    let field = columns.next_field()?;
    if let Some(bytes) = decimal(field) {
        return Some(Some(bytes));
    }
    if let Some(major) = field.strip_suffix(b",") {
        decimal(major)?;
        decimal(columns.next_field()?)?;
        return Some(None);
    }
    if let Some(negative) = field.strip_prefix(b"-") {
        return decimal(negative).map(|_| None);
    }
    let comma = field.iter().position(|&b| b == b',')?;
    decimal(field.get(..comma)?)?;
    decimal(field.get(comma + 1..)?).map(|_| None)
}

/// A date in one of the forms; `Some(None)` when it has the form but no calendar has the day.
fn date(columns: &mut Fields<'_>, recent: &Recent) -> Option<Option<i64>> {
    let first = columns.next_field()?;
    if let Some(month) = month(first) {
        return month_first(month, columns, recent);
    }
    if let Some((year, month, day)) = parse_date(first) {
        let (hour, minute, second) = parse_clock(columns.next_field()?)?;
        return Some(Civil { year, month, day, hour, minute, second }.seconds());
    }
    // libunftp writes this when its storage knows no time.
    let unknown = first == b"---"
        && columns.next_field()? == b"--"
        && columns.next_field().is_some_and(|clock| clock == b"--:--");
    unknown.then_some(None)
}

/// `Mon dd HH:MM` or `Mon dd  YYYY`.
fn month_first(month: u8, columns: &mut Fields<'_>, recent: &Recent) -> Option<Option<i64>> {
    let day = decimal(columns.next_field()?).filter(|day| (1..=31).contains(day))?;
    let day = u8::try_from(day).ok()?;
    let last = columns.next_field()?;
    if let Some((hour, minute, second)) = parse_clock(last) {
        return Some(recent.guess(Civil { year: 0, month, day, hour, minute, second }));
    }
    let year = decimal(last).filter(|_| last.len() == 4)?;
    let year = i64::try_from(year).ok()?;
    Some(Civil { year, month, day, ..Civil::default() }.seconds())
}

/// The number of an English month, in three letters of any case.
fn month(word: &[u8]) -> Option<u8> {
    let &[a, b, c] = word else { return None };
    match [a | 0x20, b | 0x20, c | 0x20].as_slice() {
        b"jan" => Some(1),
        b"feb" => Some(2),
        b"mar" => Some(3),
        b"apr" => Some(4),
        b"may" => Some(5),
        b"jun" => Some(6),
        b"jul" => Some(7),
        b"aug" => Some(8),
        b"sep" => Some(9),
        b"oct" => Some(10),
        b"nov" => Some(11),
        b"dec" => Some(12),
        _ => None,
    }
}

/// Owner and group among the `count` fields before the size. More words than that are a name with
/// blanks in it, and nothing tells where it ends: then both stay unknown.
fn owners<'a>(mut columns: Fields<'a>, count: usize) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let links = columns;
    let linked = columns.next_field().is_some_and(|first| decimal(first).is_some());
    let (mut columns, words) =
        if linked && count > 0 { (columns, count - 1) } else { (links, count) };
    match words {
        1 => (columns.next_field(), None),
        2 => (columns.next_field(), columns.next_field()),
        _ => (None, None),
    }
}

/// Cuts `name -> target`. Both may hold an arrow themselves; a link's size is the length of its
/// target, which tells the right one where the server is true to it. Else it is the first.
fn split_link(text: &[u8], size: Option<u64>) -> (&[u8], Option<&[u8]>) {
    const ARROW: &[u8] = b" -> ";
    let cut = |at: usize| {
        let name = text.get(..at).filter(|name| !name.is_empty())?;
        let target = text.get(at + ARROW.len()..).filter(|target| !target.is_empty())?;
        Some((name, target))
    };
    let by_size = size
        .and_then(|size| usize::try_from(size).ok())
        .and_then(|size| text.len().checked_sub(size)?.checked_sub(ARROW.len()))
        .filter(|&at| text.get(at..).is_some_and(|rest| rest.starts_with(ARROW)))
        .and_then(cut);
    match by_size.or_else(|| memmem::find_iter(text, ARROW).find_map(cut)) {
        Some((name, target)) => (name, Some(target)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{iso_minutes, parse_iso};

    /// 2024-03-10T08:00:00Z.
    const NOW: i64 = 1_710_057_600;

    fn entry(line: &str) -> Entry<'_> {
        parse_line(line.as_bytes(), &Recent::at(NOW)).unwrap_or_else(|| panic!("no entry: {line}"))
    }

    #[test]
    fn layouts_of_columns() {
        for (columns, owner, group, size) in [
            ("   1 root     staff         12", Some("root"), Some("staff"), Some(12)),
            (" 1 0 0 12", Some("0"), Some("0"), Some(12)),
            ("+ 1 root staff 12", Some("root"), Some("staff"), Some(12)),
            (". 1 root staff 12", Some("root"), Some("staff"), Some(12)),
            ("@ 1 root staff 12", Some("root"), Some("staff"), Some(12)),
            (" 1 root 12", Some("root"), None, Some(12)),
            (" root staff 12", Some("root"), Some("staff"), Some(12)),
            (" 1 12", None, None, Some(12)),
            (" 12", None, None, Some(12)),
            (" 1 may 12 2020", Some("may"), Some("12"), Some(2020)),
            (" 1 Domain Admins Domain Users 12", None, None, Some(12)),
            (" 1 root root 1, 3", Some("root"), Some("root"), None),
            (" 1 root root 1,3", Some("root"), Some("root"), None),
            (" 1 root root -2147483648", Some("root"), Some("root"), None),
            (" 1 ftp ftp 18446744073709551615", Some("ftp"), Some("ftp"), Some(u64::MAX)),
        ] {
            let line = format!("-rw-r--r--{columns} Feb 29  2024 x");
            let got = entry(&line);
            assert_eq!(got.owner.as_deref(), owner.map(str::as_bytes), "{line}");
            assert_eq!(got.group.as_deref(), group.map(str::as_bytes), "{line}");
            assert_eq!((got.size, got.name.as_ref()), (size, &b"x"[..]), "{line}");
            assert_eq!(got.modified, Some(Stamp { seconds: 1_709_164_800, utc: false }));
        }
    }

    #[test]
    fn dates() {
        for (date, expected) in [
            ("Feb 29  2024", Some("2024-02-29 00:00")),
            ("Feb 29 2024", Some("2024-02-29 00:00")),
            ("JAN  1  1970", Some("1970-01-01 00:00")),
            ("Mar 10 08:30", Some("2024-03-10 08:30")),
            ("Mar 11 08:00", Some("2024-03-11 08:00")),
            ("Mar 11 08:01", Some("2023-03-11 08:01")),
            ("Dec 31 23:59", Some("2023-12-31 23:59")),
            ("Feb 29 12:34", Some("2024-02-29 12:34")),
            ("Feb 29  9:05", Some("2024-02-29 09:05")),
            ("2024-02-29 12:34", Some("2024-02-29 12:34")),
            ("2024-02-29 12:34:56", Some("2024-02-29 12:34")),
            ("Feb 30 12:34", None),
            ("Feb 29  2023", None),
            ("2024-13-01 12:34", None),
            ("--- -- --:--", None),
        ] {
            let line = format!("-rw-r--r-- 1 me me 5 {date}  x");
            let got = entry(&line);
            let shown = got.modified.map(|stamp| iso_minutes(stamp.seconds).to_string());
            assert_eq!((shown.as_deref(), got.name.as_ref()), (expected, &b" x"[..]), "{line}");
        }
    }

    #[test]
    fn a_year_less_date_is_of_the_last_twelve_months() {
        for (now, date, expected) in [
            ("2024-12-31T23:30:00", "Jan  1 05:00", "2025-01-01 05:00"),
            ("2025-01-01T00:30:00", "Dec 31 20:00", "2024-12-31 20:00"),
            ("2025-01-15T00:00:00", "Feb 29 10:00", "2024-02-29 10:00"),
            ("2024-02-28T23:00:00", "Feb 29 02:00", "2024-02-29 02:00"),
            ("2026-06-01T00:00:00", "Jun  3 00:00", "2025-06-03 00:00"),
        ] {
            let line = format!("-rw-r--r-- 1 me me 5 {date} x");
            let recent = Recent::at(parse_iso(now.as_bytes()).unwrap());
            let stamp = parse_line(line.as_bytes(), &recent).unwrap().modified.unwrap();
            assert_eq!(iso_minutes(stamp.seconds).to_string(), expected, "{now} {date}");
        }
        for now in [i64::MIN, i64::MAX] {
            let line = b"-rw-r--r-- 1 me me 5 Feb 28 10:00 x";
            assert!(parse_line(line, &Recent::at(now)).is_some());
        }
    }

    #[test]
    fn modes_and_kinds() {
        for (text, kind, mode) in [
            ("-rw-r--r--", Kind::File, 0o644),
            ("drwxrwxrwt", Kind::Dir, 0o1777),
            ("drwxrwx--T", Kind::Dir, 0o1770),
            ("-rwsr-xr-x", Kind::File, 0o4755),
            ("-rwSr--r--", Kind::File, 0o4644),
            ("-rwxr-sr-x", Kind::File, 0o2755),
            ("-rw-r-Sr--", Kind::File, 0o2644),
            ("-rw-r-lr--", Kind::File, 0o2644),
            ("lrwxrwxrwx", Kind::Link, 0o777),
            ("crw-rw-rw-", Kind::Other, 0o666),
            ("s---------", Kind::Other, 0),
        ] {
            let line = format!("{text} 1 me me 5 Feb 29  2024 x");
            assert_eq!((entry(&line).kind, entry(&line).mode), (kind, Some(mode)), "{text}");
        }
    }

    #[test]
    fn names_keep_every_blank_and_arrows_belong_to_links() {
        for (line, name, target) in [
            ("-rw-r--r-- 1 me me 5 Feb 29  2024  a", " a", None),
            ("-rw-r--r-- 1 me me 5 Feb 29  2024   a  b ", "  a  b ", None),
            ("-rw-r--r-- 1 me me 5 Mar  1 10:00 2024 report", "2024 report", None),
            ("-rw-r--r-- 1 me me 5 Feb 29  2024 a -> b", "a -> b", None),
            ("lrwxrwxrwx 1 me me 1 Feb 29  2024 a -> b", "a", Some("b")),
            ("lrwxrwxrwx 1 me me 6 Feb 29  2024 a -> b -> c", "a", Some("b -> c")),
            ("lrwxrwxrwx 1 me me 1 Feb 29  2024 a -> b -> c", "a -> b", Some("c")),
            ("lrwxrwxrwx 1 me me 0 Feb 29  2024 a -> b -> c", "a", Some("b -> c")),
            ("lrwxrwxrwx 1 me me 0 Feb 29  2024 a", "a", None),
            ("lrwxrwxrwx 1 me me 0 Feb 29  2024 a -> ", "a -> ", None),
            ("lrwxrwxrwx 1 me me 0 Feb 29  2024  -> b", " -> b", None),
        ] {
            assert_eq!(entry(line).name, name.as_bytes(), "{line}");
            assert_eq!(entry(line).target.as_deref(), target.map(str::as_bytes), "{line}");
        }
    }

    #[test]
    fn other_formats_are_none() {
        for line in [
            "",
            "total 12",
            "-rw-r--r--",
            "-rw-r--r--1 me me 5 Feb 29  2024 x",
            "-rw-r--r-- 1 me me 5 Feb 29  2024",
            "-rw-r--r-- 1 me me 5 Feb 29  2024 ",
            "-rw-r--r-- 1 me me Feb 29  2024 x",
            "-rw-r--r-- 1 me me 5 Foo 29  2024 x",
            "-rw-r--r-- 1 me me 5 Feb 32  2024 x",
            "-rw-r--q-- 1 me me 5 Feb 29  2024 x",
            "02-29-24  12:34PM  5 x",
        ] {
            assert_eq!(parse_line(line.as_bytes(), &Recent::at(NOW)), None, "{line}");
        }
    }
}
