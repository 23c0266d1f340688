//! Lines that are a name and nothing else: what some servers answer to LIST, and what NLST is. Since
//! nearly any text could be a name, this is for listings of which no line is in any other format.

use memchr::memmem;

use super::entry::{Entry, Kind};

/// The line as a bare name; `None` where `is_name` says no.
///
/// A `/` at the end (`ls -F`, `ls -p`) tells a directory and is no part of its name. Nothing tells
/// what a name without one is, so that is `Kind::Other`. The marks `*`, `@`, `=` and `|` of `ls -F`
/// stay: they may be the name's own.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    is_name(line).then(|| marked(line))
}

/// The entry of a name that may have a `/` at its end.
pub(super) fn marked(name: &[u8]) -> Entry<'_> {
    match name.iter().rposition(|&b| b != b'/').and_then(|last| name.get(..=last)) {
        Some(plain) if plain.len() < name.len() => Entry::new(plain, Kind::Dir),
        _ => Entry::new(name, Kind::Other),
    }
}

/// Whether a line may be one bare name, a path included (`dir/name`, `/pub/name`).
///
/// Not what messages look like (`ls: no such file`, `550 Denied`, `sub:` of `ls -R`), nor columns
/// (blanks at an end or side by side), links (`->`), control characters, or slashes alone.
pub fn is_name(line: &[u8]) -> bool {
    let control = line.iter().any(u8::is_ascii_control);
    let edge = |b: Option<&u8>| b.is_none_or(|&b| b == b' ');
    let root = line.iter().all(|&b| b == b'/');
    let odd =
        [b"  ".as_slice(), b": ", b"->"].iter().any(|part| memmem::find(line, part).is_some());
    let blank = edge(line.first()) || edge(line.last());
    !(control || blank || root || odd || line.ends_with(b":") || is_reply(line))
}

/// Whether a line may be one bare name and has no blank in it. Prose has blanks.
pub fn is_word(line: &[u8]) -> bool {
    is_name(line) && !line.contains(&b' ')
}

/// Whether a line begins as a reply does: a code that RFC 959 §4.2.1 provides for, and a blank.
fn is_reply(line: &[u8]) -> bool {
    matches!(line, [b'1'..=b'6', b'0'..=b'5', b'0'..=b'9', b' ', ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Role;

    #[test]
    fn names_and_words() {
        for (line, name, word) in [
            ("README", true, true),
            ("a b", true, false),
            ("dir/name", true, true),
            ("/pub/x", true, true),
            ("./", true, true),
            ("a:b", true, true),
            ("prog*", true, true),
            ("版本", true, true),
            ("550", true, true),
            ("550.txt", true, true),
            ("2024 report", true, false),
            ("199 x", true, false),
            ("", false, false),
            (" a", false, false),
            ("a ", false, false),
            ("a  b", false, false),
            ("a\tb", false, false),
            ("a\x7f", false, false),
            ("a -> b", false, false),
            ("ls: cannot access x", false, false),
            ("x: Permission denied", false, false),
            ("sub:", false, false),
            ("550 x", false, false),
            ("226 files listed", false, false),
            ("/", false, false),
            ("//", false, false),
        ] {
            let got = (is_name(line.as_bytes()), is_word(line.as_bytes()));
            assert_eq!(got, (name, word), "{line:?}");
            assert_eq!(parse_line(line.as_bytes()).is_some(), name, "{line:?}");
        }
        assert!(is_word(b"\xB0\xE6\xB1\xBE"));
    }

    #[test]
    fn marks_at_the_end() {
        for (line, name, kind, role) in [
            ("a", "a", Kind::Other, Role::Child),
            ("a/", "a", Kind::Dir, Role::Child),
            ("a/b//", "a/b", Kind::Dir, Role::Child),
            ("a@", "a@", Kind::Other, Role::Child),
            ("./", ".", Kind::Dir, Role::Itself),
            ("..", "..", Kind::Other, Role::Parent),
        ] {
            let entry = parse_line(line.as_bytes()).unwrap();
            assert_eq!((entry.name.as_ref(), entry.kind), (name.as_bytes(), kind), "{line}");
            assert_eq!((entry.role, entry.size), (role, None), "{line}");
        }
    }

    #[test]
    fn the_sample_is_read_whole() {
        let sample = include_bytes!("../../../../tests/listings/bare-list.txt").as_slice();
        let lines = sample.split(|&b| b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let mut entries = 0;
        for line in lines.filter(|line| !line.is_empty()) {
            assert!(parse_line(line).is_some(), "{}", line.escape_ascii());
            entries += 1;
        }
        assert_eq!(entries, 16);
    }
}
