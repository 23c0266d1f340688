//! Colours of names, by the variable LS_COLORS that dircolors(1) makes. Whether there are any is
//! decided in `plan`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use ftp_core::listing::{Entry, Kind};

/// What ls(1) takes where LS_COLORS is not set.
const DEFAULTS: &[u8] = b"di=01;34:ln=01;36:ex=01;32";

/// The colours of kinds and of endings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Colors {
    dir: Vec<u8>,
    link: Vec<u8>,
    program: Vec<u8>,
    file: Vec<u8>,
    /// Ends of names without their star, later ones first, since they win.
    endings: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Colors {
    /// Reads the value of LS_COLORS; what is not understood is passed over.
    pub fn read(variable: Option<&OsStr>) -> Self {
        let text = variable.map(OsStr::as_bytes).filter(|text| !text.is_empty());
        let mut colors = Self::default();
        for item in text.unwrap_or(DEFAULTS).split(|&b| b == b':') {
            let at = item.iter().position(|&b| b == b'=').unwrap_or(item.len());
            let (key, value) = item.split_at_checked(at).unwrap_or_default();
            colors.keep(key, value.strip_prefix(b"=").unwrap_or_default());
        }
        colors.endings.reverse();
        colors
    }

    /// Nothing but the numbers of colours is kept, so that a colour can only be that.
    fn keep(&mut self, key: &[u8], value: &[u8]) {
        let plain = value.iter().any(|&b| b != b'0') || value.is_empty();
        let value = match value.iter().all(|b| b.is_ascii_digit() || *b == b';') {
            true if plain => value.to_vec(),
            _ => Vec::new(),
        };
        match key {
            b"di" => self.dir = value,
            b"ln" => self.link = value,
            b"ex" => self.program = value,
            b"fi" => self.file = value,
            [b'*', ending @ ..] => self.endings.push((ending.to_vec(), value)),
            _ => {}
        }
    }

    /// The colour of an entry with this name: numbers for the terminal, empty for none.
    pub fn of(&self, entry: &Entry<'_>, name: &[u8]) -> &[u8] {
        match entry.kind {
            Kind::Dir => &self.dir,
            Kind::Link => &self.link,
            Kind::Other => b"",
            Kind::File => {
                let runs = entry.mode.is_some_and(|mode| mode & 0o111 != 0);
                if runs && !self.program.is_empty() { &self.program } else { self.of_file(name) }
            }
        }
    }

    fn of_file(&self, name: &[u8]) -> &[u8] {
        let fits = |ending: &[u8]| {
            let at = name.len().checked_sub(ending.len());
            at.and_then(|at| name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
        };
        let found = self.endings.iter().find(|(ending, _)| fits(ending));
        found.map_or(&self.file, |(_, color)| color)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(variable: &str, name: &str, kind: Kind, mode: Option<u32>) -> String {
        let mut entry = Entry::new(name.as_bytes(), kind);
        entry.mode = mode;
        let colors = Colors::read(Some(OsStr::new(variable)));
        String::from_utf8(colors.of(&entry, name.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn kinds_programs_and_endings() {
        let set =
            "rs=0:di=1;34:ln=target:ex=32:fi=00:*.tar=31:*.gz=35:*.tar.gz=36:*~=90:*.x=\x1b[2J";
        for (name, kind, mode, expected) in [
            ("d.tar", Kind::Dir, None, "1;34"),
            ("l", Kind::Link, None, ""),
            ("run.tar", Kind::File, Some(0o755), "32"),
            ("a.tar", Kind::File, Some(0o644), "31"),
            ("A.TAR", Kind::File, None, "31"),
            ("a.tar.gz", Kind::File, None, "36"),
            ("a~", Kind::File, None, "90"),
            ("a.x", Kind::File, None, ""),
            ("tar", Kind::File, None, ""),
            ("o.tar", Kind::Other, None, ""),
        ] {
            assert_eq!(color(set, name, kind, mode), expected, "{name}");
        }
        assert_eq!(color("fi=33", "a", Kind::File, None), "33");
        assert_eq!(color("ex=:*.tar=31", "a.tar", Kind::File, Some(0o755)), "31");
    }

    #[test]
    fn without_the_variable_they_are_those_of_ls() {
        assert_eq!(Colors::read(None), Colors::read(Some(OsStr::new(""))));
        assert_eq!(Colors::read(None).of(&Entry::new(b"d", Kind::Dir), b"d"), b"01;34");
    }

    #[test]
    fn nonsense_is_passed_over() {
        for text in ["di", "=", ":::", "*", "*=1", "di=1=2", "\u{e9}=1", "di=;;;"] {
            Colors::read(Some(OsStr::new(text))).of(&Entry::new(b"", Kind::File), b"");
        }
    }
}
