//! Easily parsed LIST format: `+facts,<TAB>name`, what Bernstein's publicfile and anonftpd answer to
//! LIST, and NcFTPd when asked. One line an entry; there are no headings.

use std::borrow::Cow;

use memchr::memchr;

use super::entry::{Entry, Kind, Stamp};
use super::fields::{decimal, octal};

/// One line in EPLF, without its line end; `None` when it is not in that format.
///
/// The name is everything after the first tab, blanks and further tabs included. Times are seconds
/// since the epoch, UTC. Facts of unknown meaning are passed over, as the format asks; a line
/// without any fact is not taken.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    let line = line.strip_prefix(b"+")?;
    let (facts, name) = line.split_at_checked(memchr(b'\t', line)?)?;
    let facts = Facts::parse(facts)?;
    let name = name.get(1..).filter(|name| !name.is_empty())?;
    Some(facts.entry(name))
}

/// The facts of one line that mean something to us.
#[derive(Default)]
struct Facts<'a> {
    dir: bool,
    file: bool,
    size: Option<u64>,
    seconds: Option<i64>,
    mode: Option<u32>,
    unique: Option<&'a [u8]>,
}

impl<'a> Facts<'a> {
    /// Reads `fact,` over and over; the last comma may be missing. `None` for an empty fact, or one
    /// with a blank or a control byte in it: facts are single words.
    fn parse(text: &'a [u8]) -> Option<Self> {
        let mut facts = Self::default();
        for fact in text.strip_suffix(b",").unwrap_or(text).split(|&b| b == b',') {
            let (first, value) = fact.split_first()?;
            if !fact.iter().all(|&b| b > b' ' && b != 0x7F) {
                return None;
            }
            facts.put(*first, value);
        }
        Some(facts)
    }

    /// Keeps one fact, a letter and its value; a value in the wrong form leaves it unknown.
    fn put(&mut self, fact: u8, value: &'a [u8]) {
        match (fact, value) {
            (b'/', []) => self.dir = true,
            (b'r', []) => self.file = true,
            (b's', size) => self.size = decimal(size),
            (b'm', time) => self.seconds = decimal(time).and_then(|time| i64::try_from(time).ok()),
            (b'i', [_, ..]) => self.unique = Some(value),
            (b'u', [b'p', mode @ ..]) => self.mode = octal(mode).filter(|&mode| mode <= 0o7777),
            _ => {}
        }
    }

    fn entry(self, name: &'a [u8]) -> Entry<'a> {
        // `/` says that CWD may work, `r` that RETR may. With neither the server tells nothing.
        let kind = match (self.dir, self.file) {
            (true, _) => Kind::Dir,
            (false, true) => Kind::File,
            (false, false) => Kind::Other,
        };
        let mut entry = Entry::new(name, kind);
        entry.size = self.size;
        entry.modified = self.seconds.map(|seconds| Stamp { seconds, utc: true });
        entry.mode = self.mode;
        entry.unique = self.unique.map(Cow::Borrowed);
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Role;

    const SAMPLE: &[u8] = include_bytes!("../../../../tests/listings/eplf-list.txt");
    const EXPECTED: &str = include_str!("../../../../tests/listings/eplf-list.json");

    fn entry(line: &str) -> Entry<'_> {
        parse_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"))
    }

    #[test]
    fn facts_are_read_and_unknown_ones_passed_over() {
        let got = entry("+i8388621.29609,m1709210096,r,s280,up4644,x,Foo=1,\tthe name");
        let mut whole = Entry::new(b"the name", Kind::File);
        whole.unique = Some(b"8388621.29609"[..].into());
        whole.modified = Some(Stamp { seconds: 1_709_210_096, utc: true });
        whole.size = Some(280);
        whole.mode = Some(0o4644);
        assert_eq!(got, whole);
    }

    #[test]
    fn kinds_and_names() {
        for (line, kind, name) in [
            ("+/,\tdir", Kind::Dir, "dir"),
            ("+r,\tfile", Kind::File, "file"),
            ("+r,/,\tboth", Kind::Dir, "both"),
            ("+m1,\tneither", Kind::Other, "neither"),
            ("+r\tno last comma", Kind::File, "no last comma"),
            ("+r,\t blanks ", Kind::File, " blanks "),
            ("+r,\ta\tb,\t", Kind::File, "a\tb,\t"),
            ("+rx,//,\tlonger facts", Kind::Other, "longer facts"),
        ] {
            assert_eq!((entry(line).kind, &*entry(line).name), (kind, name.as_bytes()), "{line}");
        }
        assert_eq!(entry("+/,\t..").role, Role::Parent);
    }

    #[test]
    fn a_bad_value_is_unknown_and_the_name_stays() {
        for facts in ["s-1,mx,i,up8,u644", "s,m,up", "s18446744073709551616,m9223372036854775808"] {
            let line = format!("+{facts},\tx");
            assert_eq!(entry(&line), Entry::new(b"x", Kind::Other), "{facts}");
        }
        assert_eq!(entry("+up10000,\tx").mode, None);
    }

    #[test]
    fn other_formats_are_none() {
        for line in [
            "",
            "+",
            "+\t",
            "+\tname",
            "+r,",
            "+r,\t",
            "+r,,\tx",
            "+,\tx",
            "+r, s5,\tx",
            "+r, name",
            "r,\tx",
            " +r,\tx",
            "+ added\tx",
            "drwxr-xr-x 2 a b 4096 Feb 29  2024 +r,\tx",
        ] {
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn every_line_of_the_sample_is_an_entry() {
        let read = SAMPLE.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r"));
        let lines: Vec<_> = read.flatten().collect();
        for line in &lines {
            assert!(parse_line(line).is_some(), "{}", line.escape_ascii());
        }
        assert_eq!(lines.len(), EXPECTED.lines().count());
    }

    #[test]
    fn cut_and_altered_lines_are_harmless() {
        for line in SAMPLE.split(|&b| b == b'\n') {
            let places = 0..line.len();
            for (at, byte) in places.flat_map(|at| b" ,+\t/m9\0\xFF".map(|byte| (at, byte))) {
                let mut altered = line.to_vec();
                altered[at] = byte;
                assert!(parse_line(&altered).is_none_or(|entry| !entry.name.is_empty()));
                parse_line(&line[..at]);
            }
        }
    }
}
