//! What `charset` promises, over whole encodings. Not a place for the other parsers' tests.

use std::collections::HashSet;

use super::*;

const LABELS: [&str; 16] = [
    "utf-8",
    "gbk",
    "gb18030",
    "big5",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "windows-1252",
    "windows-1251",
    "windows-1253",
    "windows-874",
    "koi8-r",
    "iso-8859-2",
    "macintosh",
    "x-user-defined",
    "ibm866",
];

fn named(label: &str) -> Charset {
    Charset::for_label(label.as_bytes()).unwrap()
}

#[test]
fn labels() {
    for label in LABELS {
        assert!(named(label).name().is_some(), "{label}");
    }
    assert_eq!(named(" GB2312 "), named("gbk"));
    for (label, said) in [
        ("utf-16", "try utf-8"),
        ("utf-16be", "try utf-8"),
        ("iso-2022-jp", "try shift_jis or euc-jp"),
        ("hz-gb-2312", "try gbk or euc-kr"),
        ("latin9000", "unknown encoding 'latin9000'"),
        ("", "unknown encoding ''"),
        ("\x1b[m", "unknown encoding '\\x1b[m'"),
    ] {
        let message = Charset::for_label(label.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(said), "{label}: {message}");
    }
}

#[test]
fn typed_text_becomes_the_servers_bytes() {
    for (label, typed, wire) in [
        ("gbk", "中文.txt", &b"\xd6\xd0\xce\xc4.txt"[..]),
        ("gbk", "譡", b"\xd7\x5b"),
        ("big5", "功", b"\xa5\x5c"),
        ("shift_jis", "表", b"\x95\x5c"),
        ("euc-kr", "한", b"\xc7\xd1"),
        ("windows-1252", "café ¥", b"caf\xe9 \xa5"),
        ("utf-8", "é", "é".as_bytes()),
    ] {
        assert_eq!(named(label).encode(typed.as_bytes()).as_deref(), Ok(wire), "{typed}");
        assert_eq!(named(label).show(wire), typed.as_bytes(), "{typed}");
    }
    assert_eq!(named("gbk").encode(b"\xff\xe4\xb8\xad"), Ok(b"\xff\xd6\xd0".to_vec()));
    assert_eq!(Charset::Bytes.encode(b"\xff\xd6"), Ok(b"\xff\xd6".to_vec()));
}
#[test]
fn what_the_encoding_lacks_is_named() {
    for (label, typed, lacking) in [
        ("gbk", "aé😀b", '😀'),
        ("windows-1252", "中é", '中'),
        ("shift_jis", "5¥", '¥'),
        ("euc-jp", "a\u{203e}", '\u{203e}'),
    ] {
        assert_eq!(named(label).encode(typed.as_bytes()), Err(Unencodable::Missing(lacking)));
    }
    assert!(Unencodable::Missing('中').to_string().ends_with("'中' (U+4E2D)"));
}

#[test]
fn only_the_folded_characters_turn_into_ascii() {
    for label in LABELS {
        let Charset::Named(encoding) = named(label) else { unreachable!() };
        // Beyond these two blocks there is nothing that looks like ASCII.
        let lookalikes = ('\u{80}'..='\u{3000}').chain('\u{ff00}'..='\u{ffff}');
        for c in lookalikes.filter(|c| !FOLDED.contains(c)) {
            let text = c.to_string();
            let (wire, _, replaced) = encoding.encode(&text);
            assert!(replaced || !wire.is_ascii(), "{label} {c}");
        }
    }
}

#[test]
fn ascii_stands_for_itself_and_no_longer_character_holds_a_slash() {
    let ascii: Vec<u8> = (0..128).collect();
    for label in LABELS {
        assert_eq!(named(label).show(&ascii), &ascii[..], "{label}");
        for lead in 0x80..=0xff {
            let units: Vec<_> = named(label).units(&[lead, b'/']).collect();
            assert_eq!(units.get(1), Some(&(Unit::Char('/'), 1)), "{label} {lead:x}");
        }
    }
}

/// Whether any text is sent as these two bytes: one character of two bytes, or two of one
/// byte each, any of which may be raw; but two raw bytes that are UTF-8 are read as text.
fn has_a_text(pair: [u8; 2], known: &HashSet<Vec<u8>>) -> bool {
    let chars = pair.map(|b| known.contains(&vec![b]));
    let parts = pair.iter().zip(chars).all(|(&b, char)| char || b >= 0x80);
    let read_as_text = chars == [false; 2] && std::str::from_utf8(&pair).is_ok();
    known.contains(&pair.to_vec()) || (parts && !read_as_text)
}

fn decoded(charset: Charset, wire: &[u8]) -> Option<Vec<u8>> {
    let Charset::Named(encoding) = charset else { return None };
    let text = encoding.decode_without_bom_handling_and_without_replacement(wire)?;
    charset.encode(text.as_bytes()).ok()
}

#[test]
fn all_pairs_of_bytes_come_back() {
    for label in ["gbk", "big5", "shift_jis", "euc-kr", "windows-1253"] {
        let charset = named(label);
        let known: HashSet<Vec<u8>> = (0..=u16::MAX)
            .map(u16::to_be_bytes)
            .flat_map(|pair| [decoded(charset, &pair[1..]), decoded(charset, &pair)])
            .flatten()
            .collect();
        for pair in (0..=u16::MAX).map(u16::to_be_bytes) {
            let shown = charset.show(&pair);
            let back = charset.encode(&shown).as_deref() == Ok(&pair);
            assert!(back || shown == &pair[..], "{label} {pair:x?}");
            assert_eq!(back, has_a_text(pair, &known), "{label} {pair:x?}");
        }
    }
}

/// A fixed sequence of bytes (xorshift), the same in every run.
fn noise(mut seed: u64) -> impl Iterator<Item = u8> {
    std::iter::repeat_with(move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_be_bytes()[0]
    })
}

#[test]
fn any_bytes_come_back_or_are_shown_raw() {
    let mut noise = noise(7);
    for label in LABELS {
        for len in (0..40).cycle().take(2000) {
            let wire: Vec<u8> = noise.by_ref().take(len).collect();
            let charset = named(label);
            let shown = charset.show(&wire);
            assert!(charset.encode(&shown).as_deref() == Ok(&wire) || shown == wire, "{label}");
            assert_eq!(charset.units(&wire).map(|(_, used)| used).sum::<usize>(), len);
        }
    }
}

#[test]
fn stray_bytes_stay_beside_what_decodes() {
    assert_eq!(named("gbk").show(b"\xd6\xd0\xff."), &b"\xe4\xb8\xad\xff."[..]);
    // gb18030 reads A2E3 as the euro sign and writes it as 80: shown raw, so it comes back.
    assert_eq!(named("gbk").show(b"\xa2\xe3"), &b"\xa2\xe3"[..]);
    // Nothing typed is sent as D2AA in windows-1253: these two bytes are read as U+04AA.
    assert!(!named("windows-1253").comes_back(b"\xd2\xaa"));
    let units: Vec<Unit> = named("gbk").units(b"a\xd6\xd0\xff").map(|(unit, _)| unit).collect();
    assert_eq!(units, [Unit::Char('a'), Unit::Char('中'), Unit::Byte(0xff)]);
}

#[test]
fn nothing_reaches_a_terminal_raw() {
    for (shown, visible) in [
        (&b"a b\\c"[..], "a b\\c"),
        (b"a\nb\r\t\x1b[2J\x7f", "a\\nb\\r\\t\\x1b[2J\\x7f"),
        ("\u{85}\u{9b}".as_bytes(), "\\u{85}\\u{9b}"),
        ("x\u{202e}gpj\u{2066}".as_bytes(), "x\\u{202e}gpj\\u{2066}"),
        ("\u{200b}\u{feff}中".as_bytes(), "\\u{200b}\\u{feff}中"),
        (b"caf\xe9", "caf\\xe9"),
    ] {
        assert_eq!(for_terminal(shown), visible);
    }
}

#[test]
fn names_go_from_one_encoding_to_another_or_are_refused() {
    let (gbk, utf8, latin) = (named("gbk"), named("utf-8"), named("windows-1252"));
    let recoded = |from: Charset, wire: &[u8], to| from.recode(wire, to).map(Cow::into_owned);
    assert_eq!(recoded(gbk, b"\xd6\xd0/a", utf8), Ok("中/a".as_bytes().to_vec()));
    assert_eq!(recoded(gbk, b"\xd6\xd0", Charset::Bytes), Ok("中".as_bytes().to_vec()));
    assert_eq!(recoded(Charset::Bytes, "中".as_bytes(), gbk), Ok(b"\xd6\xd0".to_vec()));
    assert_eq!(recoded(gbk, b"\xff", gbk), Ok(b"\xff".to_vec()));
    assert_eq!(recoded(gbk, b"a\xff", utf8), Err(BadName::NotText("GBK")));
    assert_eq!(recoded(Charset::Bytes, b"a\xff", gbk), Err(BadName::NotText("UTF-8")));
    let missing = BadName::Missing(Unencodable::Missing('中'));
    assert_eq!(recoded(utf8, "中".as_bytes(), latin), Err(missing));
}
