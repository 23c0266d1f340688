//! How an entry is printed. Pure: an entry in, bytes out.

use std::io::Write as _;

use ftp_core::charset::{Charset, for_terminal};
use ftp_core::json::Object;
use ftp_core::listing::{Entry, Kind};
use ftp_core::time::iso_utc;

use crate::colors::Colors;

/// What is told of each entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Its name.
    Names,
    /// Type, mode, owner, group, size and time before it.
    Long,
    /// One JSON object.
    Json,
}

/// How the whole output looks.
#[derive(Clone, Debug)]
pub struct Shape {
    pub form: Form,
    /// Full URLs in place of names.
    pub urls: bool,
    /// A sign behind the name tells its kind.
    pub classify: bool,
    /// Sizes in columns are rounded to two digits.
    pub human: bool,
    /// NUL ends an entry instead of LF.
    pub nul: bool,
    /// The output goes to a terminal, which must see no control characters.
    pub terminal: bool,
    /// The colours of names, where they have any.
    pub colors: Option<Colors>,
    pub charset: Charset,
}

/// One entry, and how to reach it.
pub struct Shown<'a> {
    /// The name to print: relative to what is listed, the server's bytes.
    pub name: &'a [u8],
    /// Its URL, where one is wanted and known.
    pub url: Option<&'a [u8]>,
    pub entry: &'a Entry<'a>,
}

impl Shape {
    /// Appends one entry to `out`, its end included.
    pub fn print(&self, shown: &Shown<'_>, out: &mut Vec<u8>) {
        match self.form {
            Form::Names => {}
            Form::Long => self.columns(shown.entry, out),
            Form::Json => return self.object(shown, out),
        }
        match shown.url {
            Some(url) if self.urls => out.extend_from_slice(url),
            _ => self.name(shown, out),
        }
        if self.classify && !self.urls {
            out.extend_from_slice(sign(shown.entry));
        }
        if let (Form::Long, Some(target)) = (self.form, &shown.entry.target) {
            out.extend_from_slice(b" -> ");
            self.text(target, out);
        }
        out.push(if self.nul { 0 } else { b'\n' });
    }

    fn name(&self, shown: &Shown<'_>, out: &mut Vec<u8>) {
        let colors = self.colors.as_ref();
        let color = colors.map(|colors| colors.of(shown.entry, &self.charset.show(shown.name)));
        let Some(color) = color.filter(|color| !color.is_empty()) else {
            return self.text(shown.name, out);
        };
        // SGR of ECMA-48 (8.3.117)
        out.extend([b"\x1b[", color, b"m"].concat());
        self.text(shown.name, out);
        out.extend_from_slice(b"\x1b[0m");
    }

    /// A name of the server's: as bytes into pipes, escaped for a terminal.
    pub fn text(&self, wire: &[u8], out: &mut Vec<u8>) {
        if !self.terminal && self.charset == Charset::Bytes {
            return out.extend_from_slice(wire);
        }
        let shown = self.charset.show(wire);
        if self.terminal {
            out.extend_from_slice(for_terminal(&shown).as_bytes());
        } else {
            out.extend_from_slice(&shown);
        }
    }

    /// The columns before the name. Widths are fixed, since entries are printed as they come.
    fn columns(&self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(mode_text(entry).as_bytes());
        for word in [&entry.owner, &entry.group] {
            out.push(b' ');
            let start = out.len();
            self.text(word.as_deref().unwrap_or(b"-"), out);
            out.resize(out.len().max(start + 8), b' ');
        }
        // Writing to a Vec does not fail.
        let _ = match entry.size {
            Some(size) if self.human => write!(out, " {:>12}", human(size)),
            Some(size) => write!(out, " {size:>12}"),
            None => write!(out, " {:>12}", "-"),
        };
        let _ = match entry.modified {
            Some(stamp) => write!(out, " {} ", iso_utc(stamp.seconds)),
            None => write!(out, " {:<20} ", "-"),
        };
    }

    fn object(&self, shown: &Shown<'_>, out: &mut Vec<u8>) {
        let entry = shown.entry;
        let mut object = Object::default();
        object.name("name", &self.charset.show(shown.name), shown.name);
        object.text("url", shown.url);
        object.text("type", Some(kind_text(entry.kind).as_bytes()));
        object.raw("size", entry.size.map(|size| size.to_string()).as_deref());
        let time = entry.modified.map(|stamp| iso_utc(stamp.seconds).to_string());
        object.text("mtime", time.as_deref().map(str::as_bytes));
        let mode = entry.mode.map(|mode| format!("{mode:04o}"));
        object.text("mode", mode.as_deref().map(str::as_bytes));
        for (key, word) in
            [("owner", &entry.owner), ("group", &entry.group), ("target", &entry.target)]
        {
            object.text(key, word.as_ref().map(|word| self.charset.show(word)).as_deref());
        }
        out.extend_from_slice(object.line().as_bytes());
    }
}

/// The sign of `ls -F`. What a special file is, listings do not tell alike.
fn sign(entry: &Entry<'_>) -> &'static [u8] {
    match entry.kind {
        Kind::Dir => b"/",
        Kind::Link => b"@",
        Kind::File if entry.mode.is_some_and(|mode| mode & 0o111 != 0) => b"*",
        Kind::File | Kind::Other => b"",
    }
}

/// A size as `ls -h` has it: two digits at least, rounded up, in powers of 1024.
fn human(size: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if size < 1024 {
        return size.to_string();
    }
    let (mut tenths, mut unit) = (u128::from(size) * 10, "");
    for next in UNITS {
        // Rounding up step by step ends at the same as rounding up once.
        (tenths, unit) = (tenths.div_ceil(1024), next);
        if tenths <= 10 * 1023 {
            break;
        }
    }
    match tenths {
        ..100 => format!("{}.{}{unit}", tenths / 10, tenths % 10),
        _ => format!("{}{unit}", tenths.div_ceil(10)),
    }
}

fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Dir => "dir",
        Kind::Link => "link",
        Kind::Other => "other",
    }
}

/// The ten characters of `ls -l`; question marks where the mode is unknown.
fn mode_text(entry: &Entry<'_>) -> String {
    let kind = match entry.kind {
        Kind::File => '-',
        Kind::Dir => 'd',
        Kind::Link => 'l',
        Kind::Other => '?',
    };
    let Some(mode) = entry.mode else { return format!("{kind}?????????") };
    let mut text = String::from(kind);
    for (shift, special, letters) in [(6, 0o4000, "sS"), (3, 0o2000, "sS"), (0, 0o1000, "tT")] {
        let bits = mode >> shift;
        text.push(if bits & 4 == 0 { '-' } else { 'r' });
        text.push(if bits & 2 == 0 { '-' } else { 'w' });
        let (set, unset) = letters.split_at(1);
        text.push_str(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => unset,
            (false, true) => "x",
            (false, false) => "-",
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use ftp_core::listing::Stamp;

    use super::*;

    const SHAPE: Shape = Shape {
        form: Form::Names,
        urls: false,
        classify: false,
        human: false,
        nul: false,
        terminal: false,
        colors: None,
        charset: Charset::Bytes,
    };

    fn printed(shape: Shape, entry: &Entry<'_>) -> String {
        let mut out = Vec::new();
        shape.print(&Shown { name: &entry.name, url: Some(b"ftp://h/x"), entry }, &mut out);
        out.escape_ascii().to_string()
    }

    #[test]
    fn names_are_bytes_in_pipes_and_escaped_on_terminals() {
        let entry = Entry::new(b"\x1b[2J\xff", Kind::File);
        assert_eq!(printed(SHAPE, &entry), r"\x1b[2J\xff\n");
        assert_eq!(printed(Shape { terminal: true, ..SHAPE }, &entry), r"\\x1b[2J\\xff\n");
        assert_eq!(printed(Shape { nul: true, ..SHAPE }, &entry), r"\x1b[2J\xff\x00");
        assert_eq!(printed(Shape { urls: true, ..SHAPE }, &entry), r"ftp://h/x\n");
    }

    #[test]
    fn colours_are_round_names_alone_and_the_name_stays_escaped() {
        let colors = Some(Colors::read(None));
        let shape = Shape { colors, terminal: true, classify: true, ..SHAPE };
        let dir = Entry::new(b"\x1b[0m", Kind::Dir);
        assert_eq!(printed(shape.clone(), &dir), r"\x1b[01;34m\\x1b[0m\x1b[0m/\n");
        assert_eq!(printed(shape, &Entry::new(b"plain", Kind::File)), r"plain\n");
    }

    #[test]
    fn long_lines() {
        let long = Shape { form: Form::Long, ..SHAPE };
        let mut entry = Entry::new(b"x", Kind::Link);
        entry.mode = Some(0o4755);
        entry.size = Some(5);
        entry.modified = Some(Stamp { seconds: 0, utc: true });
        entry.owner = Some(b"me".as_slice().into());
        entry.target = Some(b"y".as_slice().into());
        let text = "lrwsr-xr-x me       -                   5 1970-01-01T00:00:00Z x -> y\\n";
        assert_eq!(printed(long.clone(), &entry), text);
        let bare = "??????????".replacen('?', "-", 1);
        assert!(printed(long, &Entry::new(b"x", Kind::File)).starts_with(&bare));
    }

    #[test]
    fn sizes_for_people() {
        for (size, text) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_137, "9.9K"),
            (10_138, "10K"),
            (10_240, "10K"),
            (10_241, "11K"),
            (1_047_552, "1023K"),
            (1_047_553, "1.0M"),
            (1_048_576, "1.0M"),
            (5_368_709_120, "5.0G"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(human(size), text, "{size}");
        }
    }

    #[test]
    fn objects_have_every_member() {
        let json = Shape { form: Form::Json, ..SHAPE };
        let entry = Entry::new(b"a\"\xb0\xe6", Kind::Dir);
        let mut out = Vec::new();
        json.print(&Shown { name: &entry.name, url: Some(b"u"), entry: &entry }, &mut out);
        let text = "{\"name\":\"a\\\"\u{fffd}\u{fffd}\",\"name_bytes\":\"a%22%B0%E6\",\"url\":\"u\",\
            \"type\":\"dir\",\"size\":null,\"mtime\":null,\"mode\":null,\"owner\":null,\
            \"group\":null,\"target\":null}\n";
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
