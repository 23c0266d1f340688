//! Lines as VM/CMS writes them: LIST of z/VM and its ancestors, for minidisks and for the Shared File
//! System. What the same server writes with `SITE LISTFORMAT UNIX` is `ls -l`, and not for here.

use std::borrow::Cow;

use super::entry::{Entry, Kind, Stamp};
use super::fields::{Fields, decimal};
use super::numeric_date::{SINCE_1970, civil, parts};
use crate::time::{Civil, parse_clock};

/// One line of a CMS listing, without its line end; `None` when it is not in that format: file name
/// and type, record format, record length, records, blocks, date, time, and mostly a label.
///
/// The name of a file is `NAME.TYPE`, which is what RETR takes; it stands in no one place of the
/// line and is put together. A directory's is its name alone. There is no size: neither records
/// times the longest record, nor blocks, tell how many bytes a transfer brings. Dates are the
/// server's own, `2024-02-29`, or the month first as CMS has it: `2/29/24`.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields::new(line);
    let name = fields.next_field().filter(|word| is_name(word, 16))?;
    let class = fields.next_field().filter(|word| is_name(word, 8))?;
    let is_dir = columns(&mut fields)?;
    let mut entry = match (is_dir, class) {
        (true, b"DIR") => Entry::new(name, Kind::Dir),
        (false, _) if name.len() <= 8 => file(name, class),
        _ => return None,
    };
    entry.modified = time(&mut fields)?.map(|seconds| Stamp { seconds, utc: false });
    let _label = fields.next_field();
    fields.next_field().is_none().then_some(entry)
}

fn file<'a>(name: &[u8], class: &[u8]) -> Entry<'a> {
    let name = [name, b".", class].concat();
    Entry { name: Cow::Owned(name), ..Entry::new(b"", Kind::File) }
}

/// Steps over format, length, records and blocks; tells whether they are dashes, a directory's.
fn columns(fields: &mut Fields<'_>) -> Option<bool> {
    let format = fields.next_field()?;
    let mut numbers =
        [fields.next_field()?, fields.next_field()?, fields.next_field()?].into_iter();
    match format {
        b"V" | b"F" => numbers.all(|number| decimal(number).is_some()).then_some(false),
        b"-" => numbers.all(|number| number == b"-").then_some(true),
        _ => None,
    }
}

/// Date and time of day with its seconds, or a dash for both; `Some(None)` when no calendar has the day.
fn time(fields: &mut Fields<'_>) -> Option<Option<i64>> {
    let date = fields.next_field()?;
    let clock = fields.next_field()?;
    if (date, clock) == (b"-", b"-") {
        return Some(None);
    }
    let day = iso(date).or_else(|| american(date))?;
    let (hour, minute, second) = parse_clock(clock).filter(|_| clock.len() > 6)?;
    Some(Civil { hour, minute, second, ..day }.seconds())
}

fn iso(date: &[u8]) -> Option<Civil> {
    let date @ [year, _, _] = parts(date, b'-')?;
    civil(date, SINCE_1970).filter(|_| year.len() == 4)
}

fn american(date: &[u8]) -> Option<Civil> {
    let [month, day, year] = parts(date, b'/')?;
    civil([year, month, day], SINCE_1970)
}

/// Whether a word may be a file's name or type: capitals, digits and a few marks. CMS also keeps
/// names in small letters.
fn is_name(word: &[u8], most: usize) -> bool {
    let allowed = |&b: &u8| b.is_ascii_alphanumeric() || b"$#@+-:_".contains(&b) || b >= 0xA0;
    word.len() <= most && word.iter().all(allowed) && word != b"-"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::trial::tests::{cut_and_altered, every_line_is_an_entry};
    use crate::time::iso_utc;

    const SAMPLES: [(&[u8], &str); 2] = [
        (
            include_bytes!("../../../../tests/listings/vmcms-minidisk-list.txt"),
            include_str!("../../../../tests/listings/vmcms-minidisk-list.json"),
        ),
        (
            include_bytes!("../../../../tests/listings/vmcms-sfs-list.txt"),
            include_str!("../../../../tests/listings/vmcms-sfs-list.json"),
        ),
    ];

    #[test]
    fn names_kinds_and_times() {
        for (line, name, kind, time) in [
            (
                "PROFILE  EXEC     V         84        120          1  2024-02-29 12:34:56 191",
                "PROFILE.EXEC",
                Kind::File,
                Some("2024-02-29T12:34:56Z"),
            ),
            (
                "A B F 80 11 1 6/12/95 11:12:13 TCM191",
                "A.B",
                Kind::File,
                Some("1995-06-12T11:12:13Z"),
            ),
            ("A B F 80 11 1 12/31/1999 1:02:03", "A.B", Kind::File, Some("1999-12-31T01:02:03Z")),
            ("A DIR F 80 11 1 02/30/24 11:12:13 -", "A.DIR", Kind::File, None),
            ("D DIR - - - - 2024-02-29 12:34:56 -", "D", Kind::Dir, Some("2024-02-29T12:34:56Z")),
            ("LONGDIRECTORY16C DIR - - - - - - -", "LONGDIRECTORY16C", Kind::Dir, None),
        ] {
            let got = parse_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"));
            let shown = got.modified.map(|stamp| iso_utc(stamp.seconds).to_string());
            assert_eq!((&*got.name, got.kind), (name.as_bytes(), kind), "{line}");
            assert_eq!((shown.as_deref(), got.size), (time, None), "{line}");
        }
    }

    #[test]
    fn other_formats_are_none() {
        for line in [
            "",
            "A",
            "A B F 80 11 1 2024-02-29",
            "A B F 80 11 1 24-02-29 12:34:56 191",
            "A B F 80 11 1 2024-02-29 12:34 191",
            "A B F 80 11 1 29/02/2024 12:34:56 191",
            "A B F 80 11 1 2024-02-29 12:34:56 191 X",
            "A B F 80 11 2024-02-29 12:34:56 191",
            "A B X 80 11 1 2024-02-29 12:34:56 191",
            "A B F 80 11 - 2024-02-29 12:34:56 191",
            "A B - - - - 2024-02-29 12:34:56 191",
            "A.B C F 80 11 1 2024-02-29 12:34:56 191",
            "TOOLONGNAME B F 80 11 1 2024-02-29 12:34:56 191",
            "-rw-r--r-- 1 me me 5 Feb 29  2024 x",
            "02-29-24  12:34PM  5 x",
            "WPTA01 3290 2004/03/04 1 3 FB 80 3125 PO X",
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
        cut_and_altered(&SAMPLES, b" -/:.9F\0\xFF", |altered, cut| {
            assert!(parse_line(altered).is_none_or(|entry| !entry.name.is_empty()));
            parse_line(cut);
        });
    }
}
