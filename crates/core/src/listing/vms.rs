//! Lines as `DIRECTORY` of VMS writes them: LIST of UCX and its successors (TCP/IP Services of DEC,
//! Compaq, HP), of MultiNet, TCPware, CMU/IP and MadGoat. An entry may take two lines, and the second then
//! says to which name it belongs by nothing but its place; so there is a reader with a memory.

use std::borrow::Cow;

use memchr::memchr;

use super::Line;
use super::entry::{Entry, Kind, Role};
use super::fields::decimal;

mod columns;

/// The longest name that is kept for its columns on the next line. ODS-5 allows 236 characters,
/// each of them up to six bytes when escaped, and some servers print the directory before it.
const MOST_NAME: usize = 4096;

/// Reads the lines of one VMS listing.
///
/// Names are as the server sends them, version and `^` escapes included, and that is how it takes
/// them back. Not so directories: `FOO.DIR;1` is called `FOO`, since CWD takes nothing else; and a
/// directory before the name (`[SMITH]LOGIN.COM;3`, of CMU) is left out, as it is the one listed.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// A name whose columns have to come on the next line; empty when there is none.
    half: Vec<u8>,
    /// Whether such columns did not come.
    lost: bool,
    /// Whether the line before was an entry, so that what it had no room for may follow.
    after_entry: bool,
}

impl Reader {
    /// Reads one line, given without its line end. Size is never known (blocks only), the time is
    /// the server's own. `None` for a line that is not of VMS, empty lines among them.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        let half = std::mem::take(&mut self.half);
        let after_entry = std::mem::take(&mut self.after_entry);
        if let Some(entry) = second_half(&half, line).or_else(|| {
            self.lost |= !half.is_empty();
            whole(line)
        }) {
            self.after_entry = true;
            return Some(Line::Entry(entry));
        }
        if is_first_half(line) {
            self.half.extend_from_slice(line.trim_ascii_end());
            return Some(Line::Noise);
        }
        let remainder = after_entry && line.starts_with(b" ") && columns::is_remainder(line);
        (remainder || is_heading(line)).then_some(Line::Noise)
    }

    /// Whether a name was read whose columns did not come, or not yet. At the end of a listing it
    /// then lacks an entry.
    pub fn pending(&self) -> bool {
        self.lost || !self.half.is_empty()
    }
}

/// Whether a line belongs to a VMS listing and names no file: `Directory DISK$USER:[SMITH]` and its
/// short form, `Total of 3 files, 12/20 blocks.`, and the message that there are no files.
pub fn is_heading(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let spec = strip_any(text, &[b"Directory of ", b"Directory "]).unwrap_or(text);
    let sum = strip_any(text, &[b"Total of ", b"Grand total of "]);
    is_directory(spec.trim_ascii_start())
        || sum.is_some_and(is_sum)
        || text.starts_with(b"%DIRECT-W-NOFILES")
}

fn strip_any<'a>(text: &'a [u8], prefixes: &[&[u8]]) -> Option<&'a [u8]> {
    prefixes.iter().find_map(|prefix| text.strip_prefix(*prefix))
}

/// `DISK$USER:[SMITH]` or `[SMITH]`, and behind it nothing or the pattern that was asked for.
fn is_directory(spec: &[u8]) -> bool {
    let Some((_, pattern)) = split_directory(spec) else { return false };
    let clean = !spec.iter().any(|&b| b <= b' ' || b == b'/');
    clean && (pattern.is_empty() || memchr(b'*', pattern).is_some())
}

/// What follows `Total of`: counts, and what is counted.
fn is_sum(text: &[u8]) -> bool {
    let text = text.strip_suffix(b".").unwrap_or(text);
    let mut words = text.split(|b| matches!(b, b' ' | b',')).filter(|word| !word.is_empty());
    let known = |word: &[u8]| {
        let counted: [&[u8]; 8] =
            [b"file", b"files", b"block", b"blocks", b"directory", b"directories", b"in", b"and"];
        columns::is_size(word) || counted.contains(&word)
    };
    words.next().is_some_and(columns::is_size) && words.all(known)
}

/// An entry with its columns on its own line. Without a version it must have owner and protection.
fn whole(line: &[u8]) -> Option<Entry<'_>> {
    let (name, rest) = line.split_at_checked(memchr(b' ', line)?)?;
    let (mut entry, versioned) = named(name)?;
    let columns = columns::parse(rest)?;
    if !versioned && (columns.owner.is_none() || columns.mode.is_none()) {
        return None;
    }
    columns.fill(&mut entry);
    Some(entry)
}

/// An entry whose columns stand alone on `line`; `half` is the line before.
fn second_half<'a>(half: &[u8], line: &'a [u8]) -> Option<Entry<'a>> {
    let columns = columns::parse(line.strip_prefix(b" ")?)?;
    let (named, _) = named(half)?;
    let mut entry =
        Entry { name: Cow::Owned(named.name.into_owned()), ..Entry::new(b"", named.kind) };
    entry.role = named.role;
    columns.fill(&mut entry);
    Some(entry)
}

/// Whether a line is a name whose columns are to follow. VMS has a dot in every name, and a version
/// behind it.
fn is_first_half(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let versioned = line.len() <= MOST_NAME && named(line).is_some_and(|(_, versioned)| versioned);
    versioned && memchr(b'.', line).is_some()
}

/// The entry that a name stands for, and whether it has a version.
fn named(text: &[u8]) -> Option<(Entry<'_>, bool)> {
    let name = split_directory(text).map_or(text, |(_, name)| name);
    // What ODS-5 has in no name, and ODS-2 neither.
    let foreign = |&b: &u8| b <= b' ' || b == 0x7F || br#"\:<>/*?"|"#.contains(&b);
    if name.is_empty() || name.iter().any(foreign) {
        return None;
    }
    let plain = without_version(name);
    let versioned = plain.is_some();
    let stem = strip_dir(plain.unwrap_or(name));
    if plain.is_some_and(<[u8]>::is_empty) {
        return None;
    }
    let Some(stem) = stem else { return Some((Entry::new(name, Kind::File), versioned)) };
    let mut entry = Entry::new(stem, Kind::Dir);
    if stem == b"000000" {
        // The master file directory of a disk lists itself; a walk into it would have no end.
        entry.role = Role::Itself;
    }
    Some((entry, versioned))
}

/// The name before `;1`; versions have one to five digits.
fn without_version(name: &[u8]) -> Option<&[u8]> {
    let at = name.iter().rposition(|&b| b == b';')?;
    let version = name.get(at + 1..).filter(|version| version.len() <= 5)?;
    decimal(version)?;
    name.get(..at)
}

/// The name before `.DIR`, which makes a directory.
fn strip_dir(name: &[u8]) -> Option<&[u8]> {
    let (stem, kind) = name.split_at_checked(name.len().checked_sub(4)?)?;
    (kind.eq_ignore_ascii_case(b".DIR") && !stem.is_empty()).then_some(stem)
}

/// Cuts `DISK$USER:[SMITH]LOGIN.COM;3` behind the directory.
fn split_directory(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let open = memchr(b'[', text)?;
    let before = text.get(..open)?;
    if !before.is_empty() && !before.ends_with(b":") {
        return None;
    }
    text.split_at_checked(open + memchr(b']', text.get(open..)?)? + 1)
}

#[cfg(test)]
mod tests;
