//! Lines as `ls -l` writes them: what LIST gives nearly everywhere, the names of owners and the
//! shape of the date apart. Lines that are no entry (`total 12`) are for the caller to know.

use std::borrow::Cow;

use memchr::memmem;

pub use super::dates::Recent;
use super::dates::{Form, Told, date, iso_with_clock, year_first};
use super::entry::{Entry, Kind};
use super::fields::{Fields, decimal};

/// The most fields between the mode and the size that are looked through: a link count, an owner
/// and a group of several words each (`Domain Users`).
const MOST_FIELDS: usize = 12;

/// One line of an `ls -l` listing, without its line end; `None` when it is not in that format.
///
/// The name begins after exactly one blank behind the date. Between mode and date there may be a
/// link count, an owner and a group, in this order, each of them or none; then the size.
pub fn parse_line<'a>(line: &'a [u8], recent: &Recent) -> Option<Entry<'a>> {
    let Some((kind, mode)) = mode_of(line.get(..10)?) else { return unreadable(line) };
    let columns = Fields::new(after_mode(line.get(10..)?)?);
    let tail = usual(columns, recent).or_else(|| other_layout(columns, recent, kind))?;
    let mut entry = Entry::new(tail.name, kind);
    if kind == Kind::Link {
        let (name, target) = split_link(tail.name, tail.size);
        entry.name = Cow::Borrowed(name);
        entry.target = target.map(Cow::Borrowed);
    }
    entry.mode = Some(mode);
    entry.size = tail.size;
    entry.modified = tail.told;
    let (owner, group) = owners(columns, tail.skipped);
    entry.owner = owner.map(Cow::Borrowed);
    entry.group = group.map(Cow::Borrowed);
    Some(entry)
}

/// `d????????? ? ? ? ? ? name`: how GNU `ls` shows what it could read the name of and no more.
fn unreadable(line: &[u8]) -> Option<Entry<'_>> {
    let (&class, rest) = line.split_first()?;
    let kind = if class == b'?' { Kind::Other } else { kind_of(class)? };
    let mut columns = Fields::new(rest.strip_prefix(b"?????????")?);
    for _ in 0..5 {
        columns.next_field().filter(|field| field == b"?")?;
    }
    columns.name().map(|name| Entry::new(name, kind))
}

/// Kind and permission bits of the ten characters that lead a line.
fn mode_of(text: &[u8]) -> Option<(Kind, u32)> {
    let (&class, bits) = text.split_first()?;
    let kind = kind_of(class)?;
    let mode = bits.iter().enumerate().try_fold(0, |mode, (at, &b)| Some(mode | bit(at, b)?))?;
    Some((kind, mode))
}

fn kind_of(class: u8) -> Option<Kind> {
    Some(match class {
        b'-' => Kind::File,
        b'd' => Kind::Dir,
        b'l' => Kind::Link,
        // Devices, pipe, socket, and the doors, ports and migrated files of Solaris and IRIX.
        b'b' | b'c' | b'p' | b's' | b'D' | b'P' | b'C' | b'M' | b'n' | b'w' => Kind::Other,
        _ => return None,
    })
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
    told: Told,
    name: &'a [u8],
    skipped: usize,
}

/// The layout that nearly all servers use: link count, owner, group, size. Tried first, so that an
/// owner called `may` with a number for a group is not taken for a date.
fn usual<'a>(columns: Fields<'a>, recent: &Recent) -> Option<Tail<'a>> {
    tail(after(columns, 3)?, 3, recent, date)
}

/// All others, the surest first.
fn other_layout<'a>(columns: Fields<'a>, recent: &Recent, kind: Kind) -> Option<Tail<'a>> {
    after(columns, 3)
        .and_then(|after| tail(after, 3, recent, year_first))
        .or_else(|| search(columns, recent, date))
        .or_else(|| search(columns, recent, year_first))
        .or_else(|| without_size(columns, recent).filter(|_| kind != Kind::File))
}

/// What follows `count` fields.
fn after(mut columns: Fields<'_>, count: usize) -> Option<Fields<'_>> {
    for _ in 0..count {
        columns.next_field()?;
    }
    Some(columns)
}

/// The first field that is a size with a date behind it.
fn search<'a>(mut columns: Fields<'a>, recent: &Recent, form: Form) -> Option<Tail<'a>> {
    for skipped in 0..MOST_FIELDS {
        if let Some(tail) = tail(columns, skipped, recent, form) {
            return Some(tail);
        }
        columns.next_field()?;
    }
    None
}

/// Owner, group and a whole date: what Android's old `toolbox ls` writes of all that is no file.
fn without_size<'a>(columns: Fields<'a>, recent: &Recent) -> Option<Tail<'a>> {
    let mut columns = after(columns, 2)?;
    let told = iso_with_clock(&mut columns, recent)?;
    Some(Tail { size: None, told, name: columns.name()?, skipped: 2 })
}

fn tail<'a>(
    mut columns: Fields<'a>,
    skipped: usize,
    recent: &Recent,
    form: Form,
) -> Option<Tail<'a>> {
    let size = size(&mut columns)?;
    let told = form(&mut columns, recent)?;
    Some(Tail { size, told, name: columns.name()?, skipped })
}

/// A size; `Some(None)` for what stands in its place.
fn size(columns: &mut Fields<'_>) -> Option<Option<u64>> {
    let field = columns.next_field()?;
    match decimal(field) {
        Some(bytes) if !minor_ahead(columns) => Some(Some(bytes)),
        Some(_) => Some(None),
        None => no_size(field, columns).map(|()| None).or_else(|| shortened(field)),
    }
}

/// Steps over the second half of HP-UX's `major 0xminor`.
fn minor_ahead(columns: &mut Fields<'_>) -> bool {
    let minor =
        columns.rest().starts_with(b" 0x") && { *columns }.next_field().is_some_and(is_hexadecimal);
    if minor {
        columns.next_field();
    }
    minor
}

/// `major, minor` of a device, the single `0x3000002` of macOS, or a size that a 32-bit server let
/// overflow below zero.
fn no_size(field: &[u8], columns: &mut Fields<'_>) -> Option<()> {
    if let Some(major) = field.strip_suffix(b",") {
        decimal(major)?;
        return decimal(columns.next_field()?).map(drop);
    }
    if let Some(negative) = field.strip_prefix(b"-") {
        return decimal(negative).map(drop);
    }
    if is_hexadecimal(field) {
        return Some(());
    }
    let comma = field.iter().position(|&b| b == b',')?;
    decimal(field.get(..comma)?)?;
    decimal(field.get(comma + 1..)?).map(drop)
}

fn is_hexadecimal(field: &[u8]) -> bool {
    let digits = field.strip_prefix(b"0x").unwrap_or_default();
    !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit)
}

/// A size made for people, `1.2K` or `4,0M`: not exact, so none at all; but `512B` is, of BSD.
fn shortened(field: &[u8]) -> Option<Option<u64>> {
    let (&unit, number) = field.split_last()?;
    if unit == b'B' && decimal(number).is_some() {
        return Some(decimal(number));
    }
    let mut parts = number.splitn(2, |b| matches!(b, b'.' | b','));
    let known = b"kKMGTPEZYRQ".contains(&unit);
    (known && parts.all(|part| decimal(part).is_some())).then_some(None)
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
    use super::super::entry::Stamp;
    use super::*;

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
    fn layouts_with_other_dates() {
        let leap = 1_709_164_800;
        for (line, owner, size, name) in [
            ("-rw-r--r-- 1 me me 12 29 Feb 2024 x", Some("me"), Some(12), "x"),
            ("-rw-r--r-- 1 me 12 29 Feb 2024 x", Some("me"), Some(12), "x"),
            ("-rw-r--r-- 1 12 29 Feb 2024 x", None, Some(12), "x"),
            ("-rw-r--r-- 29 12 Feb 29 2024 x", None, Some(12), "x"),
            ("-rw-r--r-- 1 500 2024 Feb 29 2024 x", Some("500"), Some(2024), "x"),
            ("-rw-r--r-- 1 me me 12 2024 febr  29 2023 x", Some("me"), Some(12), "2023 x"),
            ("-rw-r--r-- 1 me me 12  2月 29  2024 x", Some("me"), Some(12), "x"),
            ("-rw-r--r-- 1 me 12 2024년  2월 29일 x", Some("me"), Some(12), "x"),
            ("-rw-r--r-- me me 12 2024-02-29  x", Some("me"), Some(12), "x"),
            ("drwxr-xr-x me me 2024-02-29 00:00 x", Some("me"), None, "x"),
            ("crw------- 1 bin sys 31 0x005000 Feb 29  2024 x", Some("bin"), None, "x"),
            ("crw------- 1 me me 0x3000002 Feb 29  2024 x", Some("me"), None, "x"),
            ("-rw-r--r-- 1 me me 1.2K Feb 29  2024 x", Some("me"), None, "x"),
            ("-rw-r--r-- 1 me me 4,0M Feb 29  2024 x", Some("me"), None, "x"),
            ("-rw-r--r-- 1 me me 512B Feb 29  2024 x", Some("me"), Some(512), "x"),
        ] {
            let got = entry(line);
            assert_eq!(got.owner.as_deref(), owner.map(str::as_bytes), "{line}");
            assert_eq!((got.size, got.name.as_ref()), (size, name.as_bytes()), "{line}");
            assert_eq!(got.modified, Some(Stamp { seconds: leap, utc: false }), "{line}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_an_entry_by_its_name() {
        let line = "d????????? ? ?    ?       ?            ?  a b";
        assert_eq!(entry(line), Entry::new(b" a b", Kind::Dir));
        assert_eq!(entry("?????????? ? ? ? ? ? x"), Entry::new(b"x", Kind::Other));
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
            "d????????? ? ? ? ? x",
            "d????????? ? ? ? ? ?",
            "-rw-r--r-- me me 2024-02-29 00:00 x",
            "-rw-r--r-- 1 me me 1.2.3K Feb 29  2024 x",
            "-rw-r--r-- 1 me me K Feb 29  2024 x",
            "-rw-r--r-- 1 me me 0x Feb 29  2024 x",
        ] {
            assert_eq!(parse_line(line.as_bytes(), &Recent::at(NOW)), None, "{line}");
        }
    }
}
