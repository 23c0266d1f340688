//! Lines of NetPresenz, Peter Lewis's FTP server for the old Mac OS, and of WebSTAR and Rumpus which
//! took over its form: `ls -l` with both forks of a file, or the number of items in a folder.

use super::entry::{Entry, Kind};
use super::fields::{Fields, decimal};
use super::unix::{self, Recent};

/// Blanks that stand at least behind the mode. The column there holds a fork of up to 10 MB, or the
/// word `folder`; the link count of `ls -l` has a narrower one.
const GAP: &[u8] = b"    ";

/// One line of a NetPresenz listing, without its line end; `None` when it is not in that format.
///
/// `-------r--   326  1391972  1392298 Nov 22  1995 name`: the resource fork, the data fork and both
/// together, which must add up; that and the wide column tell it from `ls -l` with a link count, a
/// numeric owner and no group. `size` is the data fork, for that is what RETR sends: both together
/// is never sent, since MacBinary (SITE MACB) adds a header and fills up blocks.
///
/// `drwxrwxr-x   folder  2 May 10  1996 name`: 2 is a number of items, so `size` is unknown.
pub fn parse_line<'a>(line: &'a [u8], recent: &Recent) -> Option<Entry<'a>> {
    let (_, behind) = line.split_at_checked(10)?;
    if !behind.starts_with(GAP) {
        return None;
    }
    let mut entry = unix::parse_line(line, recent)?;
    entry.size = match entry.kind {
        Kind::File => Some(data_fork(Fields::new(behind))?),
        Kind::Dir => folder(Fields::new(behind))?,
        Kind::Link | Kind::Other => return None,
    };
    entry.owner = None;
    entry.group = None;
    Some(entry)
}

/// The data fork of the three sizes.
fn data_fork(mut columns: Fields<'_>) -> Option<u64> {
    let mut size = || columns.next_field().and_then(decimal);
    let (resource, data, both) = (size()?, size()?, size()?);
    let adds_up = resource.checked_add(data) == Some(both);
    let dated = columns.next_field()?.first()?.is_ascii_alphabetic();
    (adds_up && dated).then_some(data)
}

/// `Some(None)` for the word `folder` and a number of items, the date right behind.
fn folder(mut columns: Fields<'_>) -> Option<Option<u64>> {
    let named = columns.next_field()? == b"folder";
    decimal(columns.next_field()?)?;
    let dated = columns.next_field()?.first()?.is_ascii_alphabetic();
    (named && dated).then_some(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::iso_minutes;

    /// 2026-11-23T19:00:00Z.
    const NOW: i64 = 1_795_460_400;

    #[test]
    fn entries() {
        for (line, kind, mode, size, time, name) in [
            (
                "-------r--         326  1391972  1392298 Nov 22  2023 MegaPhone.sit",
                Kind::File,
                0o4,
                Some(1_391_972),
                "2023-11-22 00:00",
                "MegaPhone.sit",
            ),
            (
                "drwxrwxr-x               folder        2 May 10  1996 network",
                Kind::Dir,
                0o775,
                None,
                "1996-05-10 00:00",
                "network",
            ),
            (
                "-rw-r--r--        0      208143684 208143684 Jan 14 02:13 Chapter 3  v1.1.mov",
                Kind::File,
                0o644,
                Some(208_143_684),
                "2026-01-14 02:13",
                "Chapter 3  v1.1.mov",
            ),
        ] {
            let entry = parse_line(line.as_bytes(), &Recent::at(NOW));
            let entry = entry.unwrap_or_else(|| panic!("no entry: {line}"));
            let shown = entry.modified.map(|stamp| iso_minutes(stamp.seconds).to_string());
            assert_eq!((entry.kind, entry.size), (kind, size), "{line}");
            assert_eq!((entry.mode, shown.as_deref()), (Some(mode), Some(time)), "{line}");
            assert_eq!((entry.owner, entry.group, entry.target), (None, None, None), "{line}");
            assert_eq!(entry.name, name.as_bytes(), "{line}");
        }
    }

    #[test]
    fn plain_ls_is_none() {
        for line in [
            "-rw-r--r--   1 1000 1001 Feb 29  2024 x",
            "-rw-r--r--     326  1391972  1392299 Nov 22  2023 x",
            "-rw-r--r--     1 1000 1001 5 Feb 29  2024 x",
            "-rw-r--r--    1 0        0              2 Feb 29  2024 x",
            "-rw-r--r--            1         1000         1001           1234  Feb 29 2024 x",
            "drwxr-xr-x folder 2 May 10  1996 x",
            "drwxr-xr-x    folder me 2 May 10  1996 x",
            "drwxr-xr-x    2 folder 2 May 10  1996 x",
            "lrwxr-xr-x    1 2 3 May 10  1996 x -> y",
            "-rw-r--r--    18446744073709551615 1 0 May 10  1996 x",
            "-rw-r--r--    1 2 3",
            "",
        ] {
            assert_eq!(parse_line(line.as_bytes(), &Recent::at(NOW)), None, "{line}");
        }
    }

    #[test]
    fn the_sample_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/netpresenz-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let mut entries = 0;
        for line in lines.filter(|line| !line.is_empty()) {
            assert!(parse_line(line, &Recent::at(NOW)).is_some(), "{}", line.escape_ascii());
            entries += 1;
        }
        assert_eq!(entries, 12);
    }
}
