//! One listing, line by line: each line is given to the format that fits it, and lines that fit none
//! are counted, never dropped in silence. What the lines mean is for the formats to know.

use super::entry::{Entry, Line};
use super::{
    bare, blocks, dos, eplf, mlsd, mvs, netpresenz, netware, os2, os400, tandem, totals, unix,
    vmcms, vms, vxworks,
};
use crate::line::{Piece, take_line};

/// The forms a listing comes in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// MLSD (RFC 3659 §7): made for machines, times in UTC.
    Mlsd,
    /// EPLF: made for machines too, by the author of publicfile.
    Eplf,
    /// A Macintosh under NetPresenz: `ls -l` with the lengths of both forks.
    NetPresenz,
    /// LIST as `ls -l` has it.
    Unix,
    /// `ls -ls` and `ls -li`: blocks or a file's number before all else.
    UnixBlocks,
    /// LIST as `DIR` of Windows has it.
    Dos,
    /// Novell NetWare.
    NetWare,
    /// OS/2.
    Os2,
    /// IBM i, the OS/400.
    Os400,
    /// HP NonStop Guardian, the Tandem.
    Tandem,
    /// VxWorks.
    VxWorks,
    /// z/VM CMS.
    VmCms,
    /// OpenVMS.
    Vms,
    /// z/OS data sets, members and jobs.
    Mvs,
    /// `ls -s`: blocks and a name.
    Blocks,
    /// Names alone. Nearly any text is one, so this is the last resort.
    Bare,
}

/// All formats, in the order in which they are tried: where two can read a line, the one that says
/// more precisely what it wants comes first.
pub const FORMATS: [Format; 16] = [
    Format::NetPresenz,
    Format::Unix,
    Format::Dos,
    Format::Eplf,
    Format::Mlsd,
    Format::UnixBlocks,
    Format::NetWare,
    Format::Os2,
    Format::Os400,
    Format::Tandem,
    Format::VxWorks,
    Format::VmCms,
    Format::Vms,
    Format::Mvs,
    Format::Blocks,
    Format::Bare,
];

/// Those that may still read a line in a listing of another format: gateways mix them.
const EVERYDAY: [Format; 4] = [Format::Unix, Format::Dos, Format::Eplf, Format::Mlsd];

/// What is told of each entry; an error from it ends the reading.
pub type Found<'v, E> = dyn FnMut(Entry<'_>) -> Result<(), E> + 'v;

/// Reads the lines of one listing. Takes the same memory whatever the listing's length.
#[derive(Clone, Debug)]
pub struct ListReader {
    tries: &'static [Format],
    settled: Option<Format>,
    recent: unix::Recent,
    /// Whether lines are known to be MLSD's, which may hold a name without a fact.
    by_mlsd: bool,
    vms: vms::Reader,
    mvs: mvs::Reader,
    blocks: blocks::Reader,
    held: Held,
    entries: u64,
    unknown: u64,
}

/// Lines at the beginning of a listing that no format fits: bare names, if nothing else follows.
#[derive(Clone, Debug, Default)]
struct Held {
    /// The lines, each with a line end.
    text: Vec<u8>,
    lines: u64,
    /// Whether one of them is a single word.
    word: bool,
    /// Whether the last line was no name. A listing may be cut in the middle of its last.
    doubt: bool,
    /// Whether it is settled that they are no bare names.
    refused: bool,
}

/// Most lines that are held back until they are taken for bare names, and most bytes.
const MOST_HELD: u64 = 1000;
const MOST_HELD_BYTES: usize = 256 * 1024;

impl ListReader {
    /// For the answer to MLSD. Its format is laid down, so no other is tried.
    pub fn mlsd() -> Self {
        // MLSD dates carry their year; `recent` is never asked.
        Self { by_mlsd: true, ..Self::new(&[Format::Mlsd], 0) }
    }

    /// For the answer to LIST, or a listing of unknown origin: the lines tell which format it is.
    /// `now`, in seconds since the epoch, is for dates that name no year.
    pub fn list(now: i64) -> Self {
        Self::new(&FORMATS, now)
    }

    /// For one format and no other; `now` as for [`Self::list`].
    pub fn only(format: Format, now: i64) -> Self {
        let place = FORMATS.iter().position(|known| *known == format).unwrap_or_default();
        Self::new(FORMATS.get(place..=place).unwrap_or_default(), now)
    }

    fn new(tries: &'static [Format], now: i64) -> Self {
        Self {
            tries,
            settled: None,
            recent: unix::Recent::at(now),
            by_mlsd: false,
            vms: vms::Reader::default(),
            mvs: mvs::Reader::default(),
            blocks: blocks::Reader::default(),
            held: Held::default(),
            entries: 0,
            unknown: 0,
        }
    }

    /// Reads one line, given without its line end. The first format that fits an entry or knows a
    /// heading is the listing's from then on.
    ///
    /// # Errors
    /// What `found` returns.
    pub fn read<E>(&mut self, line: &[u8], found: &mut Found<'_, E>) -> Result<(), E> {
        match self.line(line) {
            Some(Line::Entry(entry)) => {
                self.entries += 1;
                found(entry)
            }
            Some(Line::Noise) => Ok(()),
            None if is_noise(line) => Ok(()),
            None if self.settled.is_none() && self.tries.contains(&Format::Bare) => {
                self.hold(line, found)
            }
            None => {
                self.pass_over();
                Ok(())
            }
        }
    }

    /// Reads what was cut off a stream; a line too long to be kept is counted.
    ///
    /// # Errors
    /// What `found` returns.
    pub fn read_piece<E>(&mut self, piece: Piece<'_>, found: &mut Found<'_, E>) -> Result<(), E> {
        match piece {
            Piece::Line(line) | Piece::Unended(line) => self.read(line, found),
            Piece::Overlong => {
                self.pass_over();
                Ok(())
            }
        }
    }

    fn line<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        let Some(settled) = self.settled else { return self.settle(line) };
        if let Some(read) = self.parse(settled, line) {
            return Some(read);
        }
        let others = EVERYDAY.iter().filter(|format| **format != settled);
        let mut others = others.filter(|format| self.tries.contains(format)).copied();
        others.find_map(|format| self.stateless(format, line)).map(Line::Entry)
    }

    /// Tries all formats but the last resort.
    fn settle<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        let tries = self.tries.iter().copied().filter(|format| *format != Format::Bare);
        for format in tries {
            let Some(read) = self.parse(format, line) else { continue };
            // `total 12` begins more than one format's listings.
            if !(format == Format::Blocks && read == Line::Noise) {
                self.settled = Some(format);
                let held = std::mem::take(&mut self.held);
                self.unknown = self.unknown.saturating_add(held.lines);
            }
            return Some(read);
        }
        None
    }

    fn parse<'a>(&mut self, format: Format, line: &'a [u8]) -> Option<Line<'a>> {
        match format {
            Format::Vms => self.vms.read(line),
            Format::Mvs => self.mvs.read(line),
            Format::Blocks => self.blocks.read(line),
            Format::Tandem if tandem::is_heading(line) => Some(Line::Noise),
            Format::VxWorks if vxworks::is_heading(line) => Some(Line::Noise),
            _ => self.stateless(format, line).map(Line::Entry),
        }
    }

    fn stateless<'a>(&self, format: Format, line: &'a [u8]) -> Option<Entry<'a>> {
        match format {
            Format::Mlsd if self.by_mlsd => mlsd::mlsd_line(line),
            Format::Mlsd => mlsd::parse_line(line),
            Format::Eplf => eplf::parse_line(line),
            Format::NetPresenz => netpresenz::parse_line(line, &self.recent),
            Format::Unix => unix::parse_line(line, &self.recent),
            Format::UnixBlocks => unix::parse_line(blocks::after_blocks(line)?, &self.recent),
            Format::Dos => dos::parse_line(line),
            Format::NetWare => netware::parse_line(line, &self.recent),
            Format::Os2 => os2::parse_line(line),
            Format::Os400 => os400::parse_line(line),
            Format::Tandem => tandem::parse_line(line),
            Format::VxWorks => vxworks::parse_line(line),
            Format::VmCms => vmcms::parse_line(line),
            Format::Bare => bare::parse_line(line),
            Format::Vms | Format::Mvs | Format::Blocks => None,
        }
    }

    /// Keeps a line that may be a bare name until it is known whether all are.
    fn hold<E>(&mut self, line: &[u8], found: &mut Found<'_, E>) -> Result<(), E> {
        let held = &mut self.held;
        if held.refused || held.doubt || !bare::is_name(line) {
            if held.doubt {
                self.unknown = self.unknown.saturating_add(held.lines);
                *held = Held { refused: true, ..Held::default() };
            }
            held.doubt = !held.refused;
            self.pass_over();
            return Ok(());
        }
        held.word |= bare::is_word(line);
        held.lines += 1;
        held.text.extend_from_slice(line);
        held.text.push(b'\n');
        if held.lines < MOST_HELD && held.text.len() < MOST_HELD_BYTES {
            return Ok(());
        }
        self.release(found)
    }

    /// Decides about the lines that were held: one word among them, and they are names.
    fn release<E>(&mut self, found: &mut Found<'_, E>) -> Result<(), E> {
        let held = std::mem::take(&mut self.held);
        if !held.word {
            self.held.refused = true;
            self.unknown = self.unknown.saturating_add(held.lines);
            return Ok(());
        }
        self.settled = Some(Format::Bare);
        let mut rest = held.text.as_slice();
        while let Some((line, after)) = take_line(rest) {
            self.read(line, found)?;
            rest = after;
        }
        Ok(())
    }

    /// Counts a line that could not be read.
    fn pass_over(&mut self) {
        self.unknown = self.unknown.saturating_add(1);
    }

    /// To be called at the end of the listing: what was held back for want of a format is told now.
    ///
    /// # Errors
    /// What `found` returns.
    pub fn finish<E>(&mut self, found: &mut Found<'_, E>) -> Result<(), E> {
        if self.vms.pending() {
            self.pass_over();
        }
        if self.held.lines == 0 { Ok(()) } else { self.release(found) }
    }

    /// The format of the listing; `None` while no line has told.
    pub fn format(&self) -> Option<Format> {
        self.settled
    }

    /// How many entries were told.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// How many lines were in no format. Above 0 the listing must not be taken for complete. Lines
    /// that are held back count from [`Self::finish`] on.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }
}

/// Whether a line says nothing about any file: blanks only, or the `total 12` that begins `ls -l`.
fn is_noise(line: &[u8]) -> bool {
    line.trim_ascii().is_empty() || totals::is_total(line)
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
    fn mlsd_reads_nothing_else_and_names_without_facts() {
        let mut reader = ListReader::mlsd();
        assert_eq!(read(&mut reader, UNIX), Seen::Unknown);
        assert_eq!(read(&mut reader, b" x"), Seen::Entry);
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
        for line in ["/pub:", "total", "total loss", "totals 1", "ls: x: denied", "-rw-r--r-- 1"] {
            assert_eq!(read(&mut reader, line.as_bytes()), Seen::Unknown, "{line}");
        }
        assert_eq!(reader.format(), None);
    }

    /// Entries and unknown lines of a whole listing.
    fn whole(lines: &[&str]) -> (Vec<String>, u64) {
        let (mut reader, mut names) = (ListReader::list(0), Vec::new());
        let mut keep = |entry: Entry<'_>| {
            names.push(entry.name.escape_ascii().to_string());
            Ok::<(), Infallible>(())
        };
        for line in lines {
            let Ok(()) = reader.read(line.as_bytes(), &mut keep);
        }
        let Ok(()) = reader.finish(&mut keep);
        assert_eq!(reader.entries(), names.len() as u64);
        (names, reader.unknown())
    }

    #[test]
    fn names_alone_are_read_where_nothing_else_is() {
        let unix = "-rw-r--r-- 1 me me 5 Feb 29  2024 unix";
        for (lines, names, unknown) in [
            (&["a", "b c", "d/"][..], &["a", "b c", "d"][..], 0),
            (&["total 3", "a"], &["a"], 0),
            (&["b c", "d e"], &[], 2),
            (&["a", "ls: b: denied", "c"], &[], 3),
            (&["ls: b: denied", "a"], &[], 2),
            (&["a", "b c", "d "], &["a", "b c"], 1),
            (&["a", "b", unix, "c"], &["unix"], 3),
            (&[unix, "a"], &["unix"], 1),
            (&[], &[], 0),
        ] {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(whole(lines), (names, unknown), "{lines:?}");
        }
    }

    #[test]
    fn any_number_of_names_is_read_in_bounded_memory() {
        let mut reader = ListReader::list(0);
        let mut count = 0;
        let mut keep = |_: Entry<'_>| {
            count += 1;
            Ok::<(), Infallible>(())
        };
        let line = [b'x'; 300];
        for _ in 0..3 * MOST_HELD {
            let Ok(()) = reader.read(&line, &mut keep);
            assert!(reader.held.text.len() <= MOST_HELD_BYTES + line.len());
        }
        assert_eq!(reader.format(), Some(Format::Bare));
        let Ok(()) = reader.finish(&mut keep);
        assert_eq!((count, reader.unknown()), (3 * MOST_HELD, 0));
    }
}
