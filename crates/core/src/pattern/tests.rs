//! What matches and what does not. Expanding patterns against a server is tested elsewhere.

use std::time::{Duration, Instant};

use super::*;

/// `text` as typed; a `\` makes the next character a literal byte.
fn typed(text: &str) -> Vec<Typed> {
    let (mut out, mut chars) = (Vec::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(Typed::Byte(chars.next().map_or(b'\\', |c| c as u32 as u8))),
            _ => out.push(Typed::Char(c)),
        }
    }
    out
}

fn glob(text: &str, charset: Charset) -> Glob {
    match Component::parse(&typed(text), charset).unwrap() {
        Component::Wild(glob) => glob,
        Component::Literal(_) => panic!("{text} is literal"),
    }
}

#[test]
fn names_that_match_and_names_that_do_not() {
    for (pattern, yes, no) in [
        ("*", &["a", "a.b", "é", "-"][..], &[".a", ".", ".."][..]),
        ("*.txt", &["a.txt", ".x.txt"][..1], &[".txt", "a.txt ", "a.TXT"]),
        (".*", &[".a", "..a", "..."], &["a", ".", ".."]),
        ("[.]a", &[], &[".a"]),
        ("?", &["a", "é", "中"], &["ab", ""]),
        ("a?c", &["abc", "aéc"], &["ac", "abbc"]),
        ("a*b*c", &["abc", "axbxc", "abbcc", "abcbc"], &["ab", "acb", "abcx"]),
        ("[a-cx]1", &["a1", "b1", "x1"], &["d1", "-1", "A1"]),
        ("[!a-c]", &["d", "é", "-"], &["a", "b", ".", ""]),
        ("[^a]", &["b", "^"], &["a"]),
        ("[a^]", &["a", "^"], &["b"]),
        ("[]]", &["]"], &["[", "a"]),
        ("[!]]", &["a"], &["]"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[-a]", &["a", "-"], &["b"]),
        ("[z-a]*", &[], &["a", "z", "m"]),
        ("[é-ü]", &["ö"], &["a"]),
        ("*[", &["a[", "["], &["a"]),
        ("\\**", &["*", "*a"], &["a"]),
        ("[\\]a]", &["]", "a"], &["\\"]),
        ("[a\\-c]", &["-", "a", "c"], &["b"]),
        ("[\\!a]", &["!", "a"], &["b"]),
        ("**a", &["a", "ba"], &["b"]),
    ] {
        let glob = glob(pattern, Charset::Bytes);
        for name in yes {
            assert!(glob.matches(name.as_bytes(), Charset::Bytes), "{pattern} {name}");
        }
        for name in no {
            assert!(!glob.matches(name.as_bytes(), Charset::Bytes), "{pattern} {name}");
        }
    }
}

#[test]
fn what_is_not_utf_8_counts_byte_by_byte() {
    for (pattern, name, expected) in [
        ("?", &b"\xff"[..], true),
        ("??", b"\xff\xe9", true),
        ("?", b"\xff\xe9", false),
        ("[\\\u{e9}\\\u{ff}]", b"\xff", true),
        ("[!a]", b"\xff", true),
        // Half a character matches no whole one.
        ("\\\u{c3}?", "é".as_bytes(), false),
        ("*\\\u{a9}", "é".as_bytes(), false),
        ("*\\\u{c3}\\\u{a9}", "é".as_bytes(), true),
    ] {
        assert_eq!(glob(pattern, Charset::Bytes).matches(name, Charset::Bytes), expected);
    }
}

#[test]
fn characters_whose_second_byte_is_special_in_ascii() {
    let gbk = Charset::for_label(b"gbk").unwrap();
    let name = |text: &str| gbk.encode(text.as_bytes()).unwrap();
    for (pattern, text, expected) in [
        ("?", "譡", true),
        ("[中-文]", "丮", true),
        ("[中-文]", "一", false),
        ("[中]*", "中文", true),
        ("*文", "中文", true),
        ("[\\\u{d6}\\\u{d0}]", "中", true),
        ("?[", "中", false),
    ] {
        let result = glob(pattern, gbk).matches(&name(text), gbk);
        assert_eq!(result, expected, "{pattern} {text}");
    }
    // D75B: the second byte is `[`, which must not be found as one.
    assert!(!glob("*[", gbk).matches(b"\xd7[", gbk));
    assert!(glob("?", gbk).matches(b"\xd7[", gbk));
    let unencodable = Component::parse(&typed("[😀]"), gbk);
    assert_eq!(unencodable, Err(Unencodable::Missing('😀')));
}

#[test]
fn a_pattern_knows_its_ends() {
    let parse = |text: &str| Pattern::parse(&typed(text), Charset::Bytes).unwrap();
    for (text, absolute, components, directory) in
        [("/a//*/", true, 2, true), ("*", false, 1, false), ("a/?\\/b", false, 3, false)]
    {
        let pattern = parse(text).unwrap();
        assert_eq!(
            (pattern.absolute, pattern.components.len(), pattern.directory),
            (absolute, components, directory)
        );
    }
    for plain in ["", "/", "a/b", "a[b", "[a/b]", "[]", "[!]", "\\*"] {
        assert_eq!(parse(plain), None, "{plain}");
    }
}

#[test]
fn many_stars_cost_no_more_than_the_product_of_the_lengths() {
    let name = vec![b'a'; 10_000];
    let start = Instant::now();
    let glob = glob(&("*a".repeat(200) + "*b"), Charset::Bytes);
    assert!(!glob.matches(&name, Charset::Bytes));
    assert!(start.elapsed() < Duration::from_secs(5));
}
