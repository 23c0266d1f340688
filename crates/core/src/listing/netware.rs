//! Lines of Novell NetWare's FTP server: rights in brackets instead of a mode. In its NFS name
//! space the server writes plain `ls -l`, which is not the matter of this file.

use std::borrow::Cow;

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use super::months::english;
use super::unix::Recent;
use crate::time::{Civil, parse_clock};

/// The most words of an owner's name that are looked through.
const MOST_WORDS: usize = 6;

/// One line of a NetWare listing, without its line end; `None` when it is not in that format.
///
/// `d [RWCEAFMS] owner  512  Jan 16 18:53    name`, with or without a blank before the bracket.
/// Rights are no permission bits, so `mode` is unknown. An owner may be several words or missing.
/// 512 is what the server writes for every directory.
pub fn parse_line<'a>(line: &'a [u8], recent: &Recent) -> Option<Entry<'a>> {
    let (kind, behind) = kind_and_rights(line)?;
    let owners = behind.trim_ascii_start();
    let mut columns = Fields::new(owners);
    for _ in 0..=MOST_WORDS {
        if let Some(mut entry) = tail(columns, kind, recent) {
            let end = owners.len().checked_sub(columns.rest().len())?;
            let owner = owners.get(..end).filter(|owner| !owner.is_empty());
            entry.owner = owner.map(Cow::Borrowed);
            return Some(entry);
        }
        columns.next_field()?;
    }
    None
}

/// The type, and what follows the eight rights: read, write, create, erase, access control, file
/// scan, modify, supervisor. Versions differ in their order.
fn kind_and_rights(line: &[u8]) -> Option<(Kind, &[u8])> {
    let (class, rest) = line.split_first()?;
    let kind = match class {
        b'd' => Kind::Dir,
        b'-' => Kind::File,
        _ => return None,
    };
    let (rights, rest) = rest.trim_ascii_start().strip_prefix(b"[")?.split_at_checked(8)?;
    let known = rights.iter().all(|right| b"RWCEAFMS-".contains(right));
    let rest = rest.strip_prefix(b"]").filter(|rest| known && rest.starts_with(b" "))?;
    Some((kind, rest))
}

/// The end of a line from the size on.
fn tail<'a>(mut columns: Fields<'a>, kind: Kind, recent: &Recent) -> Option<Entry<'a>> {
    let size = decimal(columns.next_field()?)?;
    let seconds = date(&mut columns, recent)?;
    let name = columns.name()?;
    // NetWare sets four blanks behind the date; servers that took over its form set one.
    let name = name.strip_prefix(b"   ").filter(|name| !name.is_empty()).unwrap_or(name);
    let mut entry = Entry::new(name, kind);
    entry.size = Some(size);
    entry.modified = seconds.map(|seconds| Stamp { seconds, utc: false });
    Some(entry)
}

/// `Mon dd HH:MM` or `Mon dd  YYYY`; `Some(None)` for a day that no calendar has.
fn date(columns: &mut Fields<'_>, recent: &Recent) -> Option<Option<i64>> {
    let month = english(columns.next_field()?)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::iso_minutes;

    /// 2026-11-23T19:00:00Z.
    const NOW: i64 = 1_795_460_400;

    #[test]
    fn entries() {
        for (line, kind, size, time, owner, name) in [
            (
                "d [R----F--] supervisor            512       Jan 16 18:53    login",
                Kind::Dir,
                512,
                Some("2026-01-16 18:53"),
                Some("supervisor"),
                "login",
            ),
            (
                "-[RWCEAFMS] jrd  1234 Feb 29  2024 a  b ",
                Kind::File,
                1234,
                Some("2024-02-29 00:00"),
                Some("jrd"),
                "a  b ",
            ),
            (
                "- [-RCEAFMS] Mary Ann Lee 7 Dec 24 08:00  x",
                Kind::File,
                7,
                Some("2025-12-24 08:00"),
                Some("Mary Ann Lee"),
                " x",
            ),
            ("-   [--------]  0 Feb 30  2024     x", Kind::File, 0, None, None, " x"),
            (
                "- [R----F--] 42 1 Jan 16 18:53 x",
                Kind::File,
                1,
                Some("2026-01-16 18:53"),
                Some("42"),
                "x",
            ),
        ] {
            let entry = parse_line(line.as_bytes(), &Recent::at(NOW));
            let entry = entry.unwrap_or_else(|| panic!("no entry: {line}"));
            let shown = entry.modified.map(|stamp| iso_minutes(stamp.seconds).to_string());
            assert_eq!((entry.kind, entry.size, entry.mode), (kind, Some(size), None), "{line}");
            assert_eq!(shown.as_deref(), time, "{line}");
            assert_eq!(entry.owner.as_deref(), owner.map(str::as_bytes), "{line}");
            assert_eq!(entry.name, name.as_bytes(), "{line}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "d",
            "d [",
            "d [R----F--]",
            "d [R----F--] supervisor 512 Jan 16 18:53",
            "d [R----F--] supervisor 512 Jan 16 18:53 ",
            "d [R----F--] supervisor 512 Jan 32 18:53 x",
            "d [R----F--] supervisor Jan 16 18:53 x",
            "d [R----F-] supervisor 512 Jan 16 18:53 x",
            "d [R----F--]supervisor 512 Jan 16 18:53 x",
            "d [r----F--] supervisor 512 Jan 16 18:53 x",
            "l [R----F--] supervisor 512 Jan 16 18:53 x",
            "drwxr-xr-x 2 me me 512 Jan 16 18:53 x",
        ] {
            assert_eq!(parse_line(line.as_bytes(), &Recent::at(NOW)), None, "{line}");
        }
    }

    #[test]
    fn the_sample_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/netware-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let mut entries = 0;
        for line in lines.filter(|line| *line != b"total 0") {
            assert!(parse_line(line, &Recent::at(NOW)).is_some(), "{}", line.escape_ascii());
            entries += 1;
        }
        assert_eq!(entries, 15);
    }
}
