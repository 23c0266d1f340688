//! One listing, line by line: each line is given to the format that fits it, and lines that fit none
//! are counted, never dropped in silence. What the lines mean is for the formats to know.

use super::entry::Entry;
use super::{dos, mlsd, unix};

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

/// What is told of each entry; an error from it ends the reading.
pub type Found<'v, E> = dyn FnMut(Entry<'_>) -> Result<(), E> + 'v;

/// Reads the lines of one listing. Takes the same memory whatever the listing's length.
#[derive(Clone, Debug)]
pub struct ListReader {
    tries: &'static [Format],
    settled: Option<Format>,
    recent: unix::Recent,
    entries: u64,
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
        let recent = unix::Recent::at(now);
        Self { tries, settled: None, recent, entries: 0, unknown: 0 }
    }

    /// Reads one line, given without its line end. The first format that fits an entry is tried
    /// first from then on; a line that it does not fit is tried in the others.
    ///
    /// # Errors
    /// What `found` returns.
    pub fn read<E>(&mut self, line: &[u8], found: &mut Found<'_, E>) -> Result<(), E> {
        match self.entry(line) {
            Some(entry) => {
                self.entries += 1;
                found(entry)
            }
            None if is_noise(line) => Ok(()),
            None => {
                self.pass_over();
                Ok(())
            }
        }
    }

    fn entry<'a>(&mut self, line: &'a [u8]) -> Option<Entry<'a>> {
        if let Some(entry) = self.settled.and_then(|format| self.parse(format, line)) {
            return Some(entry);
        }
        let others = self.tries.iter().filter(|format| Some(**format) != self.settled);
        for &format in others {
            if let Some(entry) = self.parse(format, line) {
                self.settled.get_or_insert(format);
                return Some(entry);
            }
        }
        None
    }

    /// Counts a line that could not be read, such as one that is too long to be given.
    pub fn pass_over(&mut self) {
        self.unknown = self.unknown.saturating_add(1);
    }

    /// To be called at the end of the listing: what was held back for want of a format is told now.
    ///
    /// # Errors
    /// What `found` returns.
    pub fn finish<E>(&mut self, _found: &mut Found<'_, E>) -> Result<(), E> {
        Ok(())
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

    /// How many entries were told.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// How many lines were in no format. Above 0 the listing must not be taken for complete.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }
}

/// Whether a line says nothing about any file: blanks only, or the `total 12` that begins `ls -l`.
fn is_noise(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let sum = match text.split_at_checked(5) {
        Some((word, rest)) if word.eq_ignore_ascii_case(b"total") => rest,
        _ => return text.is_empty(),
    };
    let count = sum.strip_prefix(b":").unwrap_or(sum).trim_ascii_start();
    // `ls -lh` writes 4.0K.
    let digits = count
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'K' | b'M' | b'G' | b'T'));
    count.first().is_some_and(u8::is_ascii_digit) && digits
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const UNIX: &[u8] = b"-rw-r--r-- 1 me me 5 Feb 29  2024 unix";
    const DOS: &[u8] = b"02-29-24  12:34PM       <DIR>          dos";
    const MLSD: &[u8] = b"type=file; mlsd";

    #[derive(Debug, Eq, PartialEq)]
    enum Seen {
        Entry,
        Noise,
        Unknown,
    }

    fn read(reader: &mut ListReader, line: &[u8]) -> Seen {
        let before = (reader.entries(), reader.unknown());
        let mut found = 0;
        let Ok(()) = reader.read::<Infallible>(line, &mut |_| {
            found += 1;
            Ok(())
        });
        assert_eq!(reader.entries(), before.0 + found);
        match (found, reader.unknown() - before.1) {
            (1, 0) => Seen::Entry,
            (0, 0) => Seen::Noise,
            (0, 1) => Seen::Unknown,
            other => panic!("{other:?} of {}", line.escape_ascii()),
        }
    }

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
                assert_eq!(read(&mut reader, line), Seen::Entry, "{}", line.escape_ascii());
                assert_eq!(reader.format(), Some(format));
            }
        }
    }

    #[test]
    fn mlsd_reads_nothing_else() {
        let mut reader = ListReader::mlsd();
        assert_eq!(read(&mut reader, UNIX), Seen::Unknown);
        assert_eq!(read(&mut reader, b" x"), Seen::Unknown);
        assert_eq!(read(&mut reader, MLSD), Seen::Entry);
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
            assert_eq!(read(&mut reader, line.as_bytes()), Seen::Noise, "{line}");
        }
        for line in ["total", "total loss", "totals 1", "/pub:", "ls: x: denied", "-rw-r--r-- 1"] {
            assert_eq!(read(&mut reader, line.as_bytes()), Seen::Unknown, "{line}");
        }
        assert_eq!(reader.format(), None);
    }
}
