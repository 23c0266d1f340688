//! Reading directory listings: one format a file, all over byte slices, no I/O. Here a line is given
//! to the format that fits it, and lines that fit none are counted, never dropped in silence.

use memchr::memrchr;

mod dates;
mod dos;
mod entry;
mod fields;
mod ideographs;
mod mlsd;
mod months;
mod totals;
mod unix;
mod words;

pub use entry::{Entry, Kind, Role, Stamp};
pub use mlsd::{mlsd_line, mlst_line, mlst_reply};

/// The forms a listing comes in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// MLSD (RFC 3659 §7): made for machines, times in UTC.
    Mlsd,
    /// LIST as `ls -l` has it.
    Unix,
    /// LIST as `DIR` of Windows has it.
    Dos,
}

/// What one line of a listing is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line<'a> {
    /// An entry; it borrows from the line.
    Entry(Entry<'a>),
    /// Nothing to know: an empty line, or `total 12`.
    Noise,
    /// In no format known here. There may be a file in it, so the listing is not complete.
    Unknown,
}

/// Reads the lines of one listing. Allocates nothing, whatever the listing's length.
#[derive(Clone, Debug)]
pub struct ListReader {
    tries: &'static [Format],
    settled: Option<Format>,
    recent: unix::Recent,
    unknown: u64,
}

impl ListReader {
    /// For the answer to MLSD. Its format is laid down, so no other is tried.
    pub fn mlsd() -> Self {
        // MLSD dates carry their year; `recent` is never asked.
        Self::new(&[Format::Mlsd], 0)
    }

    /// For the answer to LIST, or a listing of unknown origin: the lines tell which format it is.
    /// `now`, in seconds since the epoch, is for dates that name no year.
    pub fn list(now: i64) -> Self {
        Self::new(&[Format::Unix, Format::Dos, Format::Mlsd], now)
    }

    fn new(tries: &'static [Format], now: i64) -> Self {
        Self { tries, settled: None, recent: unix::Recent::at(now), unknown: 0 }
    }

    /// Reads one line, given without its line end. The first format that fits an entry is tried
    /// first from then on; a line that it does not fit is tried in the others.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Line<'a> {
        if let Some(entry) = self.settled.and_then(|format| self.parse(format, line)) {
            return Line::Entry(entry);
        }
        let others = self.tries.iter().filter(|format| Some(**format) != self.settled);
        for &format in others {
            if let Some(entry) = self.parse(format, line) {
                self.settled.get_or_insert(format);
                return Line::Entry(entry);
            }
        }
        if is_noise(line) {
            return Line::Noise;
        }
        self.unknown = self.unknown.saturating_add(1);
        Line::Unknown
    }

    fn parse<'a>(&self, format: Format, line: &'a [u8]) -> Option<Entry<'a>> {
        match format {
            Format::Mlsd => mlsd::parse_line(line),
            Format::Unix => unix::parse_line(line, &self.recent),
            Format::Dos => dos::parse_line(line),
        }
    }

    /// The format of the first entry; `None` before it.
    pub fn format(&self) -> Option<Format> {
        self.settled
    }

    /// How many lines were in no format. Above 0 the listing must not be taken for complete.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }
}

/// Whether a line says nothing about any file: blanks only, or the `total 12` that begins `ls -l`.
fn is_noise(line: &[u8]) -> bool {
    line.trim_ascii().is_empty() || totals::is_total(line)
}

/// The name alone of an entry of the directory `dir`: some servers print `dir/name` when they are
/// given `dir` to list. Anything else stays as it is.
pub fn name_in<'a>(dir: &[u8], name: &'a [u8]) -> &'a [u8] {
    let below = name.strip_prefix(dir).and_then(|rest| rest.strip_prefix(b"/"));
    match below {
        Some(below) if !dir.is_empty() && base_name(below) == below => below,
        _ => name,
    }
}

/// The last component of a name that came with its path: servers that are given a directory or a
/// file to LIST may print `dir/name`. Slashes at the end are dropped; what is slashes only stays.
pub fn base_name(name: &[u8]) -> &[u8] {
    let Some(last) = name.iter().rposition(|&b| b != b'/') else { return name };
    let whole = name.get(..=last).unwrap_or(name);
    memrchr(b'/', whole).and_then(|slash| whole.get(slash + 1..)).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIX: &[u8] = b"-rw-r--r-- 1 me me 5 Feb 29  2024 unix";
    const DOS: &[u8] = b"02-29-24  12:34PM       <DIR>          dos";
    const MLSD: &[u8] = b"type=file; mlsd";

    #[test]
    fn the_first_format_that_fits_is_kept_and_the_others_still_read() {
        for (order, format) in [
            ([UNIX, DOS, MLSD], Format::Unix),
            ([DOS, MLSD, UNIX], Format::Dos),
            ([MLSD, UNIX, DOS], Format::Mlsd),
        ] {
            let mut reader = ListReader::list(0);
            assert_eq!(reader.format(), None);
            for line in order {
                assert!(matches!(reader.read(line), Line::Entry(_)), "{}", line.escape_ascii());
                assert_eq!(reader.format(), Some(format));
            }
            assert_eq!(reader.unknown(), 0);
        }
    }

    #[test]
    fn mlsd_reads_nothing_else() {
        let mut reader = ListReader::mlsd();
        assert_eq!(reader.read(UNIX), Line::Unknown);
        assert_eq!(reader.read(b" x"), Line::Unknown);
        assert!(matches!(reader.read(MLSD), Line::Entry(_)));
        assert_eq!(reader.unknown(), 2);
    }

    #[test]
    fn noise_is_not_unknown() {
        let mut reader = ListReader::list(0);
        for line in [
            "",
            "  ",
            "total 0",
            "total 123456",
            "Total: 12",
            "total 4.0K",
            "total 1.2G",
            "TOTAL 1",
        ] {
            assert_eq!(reader.read(line.as_bytes()), Line::Noise, "{line}");
        }
        assert_eq!(reader.unknown(), 0);
        for line in ["total", "total loss", "totals 1", "/pub:", "ls: x: denied", "-rw-r--r-- 1"] {
            assert_eq!(reader.read(line.as_bytes()), Line::Unknown, "{line}");
        }
        assert_eq!((reader.unknown(), reader.format()), (6, None));
    }

    #[test]
    fn base_names() {
        for (name, base) in [
            ("a", "a"),
            ("a/b", "b"),
            ("/a/b c ", "b c "),
            ("a/b/", "b"),
            ("./a//", "a"),
            ("/", "/"),
            ("//", "//"),
            ("", ""),
        ] {
            assert_eq!(base_name(name.as_bytes()), base.as_bytes(), "{name}");
        }
    }
}
