//! Words of other languages in a listing, whatever charset the server has: a word is decoded in each
//! charset in turn until a table knows it. Which words there are is not decided here, and names of
//! files never come through here.

/// The longest word looked up, in bytes of UTF-8.
const LONGEST: usize = 16;

/// What `table` (lower case, sorted by its UTF-8 bytes) has for `word`: in UTF-8 of any letter case,
/// or in one of the single-byte charsets below.
pub(super) fn look_up<T: Copy>(word: &[u8], table: &[(&str, T)]) -> Option<T> {
    if word.len() > LONGEST {
        return None;
    }
    match std::str::from_utf8(word) {
        Ok(text) => find(text.chars(), table),
        Err(_) => CHARSETS
            .iter()
            .find_map(|decode| find(word.iter().map(|&b| decoded(b, *decode)), table)),
    }
}

fn find<T: Copy>(word: impl Iterator<Item = char>, table: &[(&str, T)]) -> Option<T> {
    let mut folded = [0_u8; LONGEST + 4];
    let mut length = 0;
    for letter in word {
        let lower = letter.to_lowercase().next()?;
        let room = folded.get_mut(length..length + 4)?;
        length += lower.encode_utf8(room).len();
    }
    let folded = folded.get(..length)?;
    let at = table.binary_search_by(|(known, _)| known.as_bytes().cmp(folded)).ok()?;
    table.get(at).map(|&(_, value)| value)
}

/// What a byte above ASCII is in one charset; U+FFFD where it is no letter that matters.
type Decode = fn(u8) -> char;

/// In the order they are tried in. No word of the tables is another word in an earlier one, which
/// the tests of the tables hold.
const CHARSETS: [Decode; 7] = [latin_1, latin_2, latin_5, greek, windows_1251, koi8, iso_8859_5];

fn decoded(b: u8, decode: Decode) -> char {
    if b.is_ascii() { char::from(b) } else { decode(b) }
}

/// ISO-8859-1, which windows-1252 agrees with.
fn latin_1(b: u8) -> char {
    char::from(b)
}

/// ISO-8859-2 and windows-1250, which differ in `ź` and `ž`.
fn latin_2(b: u8) -> char {
    match b {
        0xEC | 0xCC => 'ě',
        0xF8 | 0xD8 => 'ř',
        0xE8 | 0xC8 => 'č',
        0xF9 | 0xD9 => 'ů',
        0xBC | 0xAC | 0x9F | 0x8F => 'ź',
        0xBE | 0xAE | 0x9E | 0x8E => 'ž',
        _ => char::from(b),
    }
}

/// ISO-8859-9, which windows-1254 agrees with.
fn latin_5(b: u8) -> char {
    match b {
        0xF0 | 0xD0 => 'ğ',
        0xFE | 0xDE => 'ş',
        _ => char::from(b),
    }
}

/// ISO-8859-7 and, letters with an accent in capitals apart, windows-1253.
fn greek(b: u8) -> char {
    letter(0x2D0, b)
}

fn windows_1251(b: u8) -> char {
    match b {
        0xC0.. => letter(0x350, b),
        0xB2 | 0xB3 => 'і',
        0xA3 | 0xBC => 'ј',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// KOI8-R and KOI8-U.
fn koi8(b: u8) -> char {
    const LETTERS: [char; 32] = [
        'ю', 'а', 'б', 'ц', 'д', 'е', 'ф', 'г', 'х', 'и', 'й', 'к', 'л', 'м', 'н', 'о', 'п', 'я',
        'р', 'с', 'т', 'у', 'ж', 'в', 'ь', 'ы', 'з', 'ш', 'э', 'щ', 'ч', 'ъ',
    ];
    match b {
        0xC0.. => LETTERS.get(usize::from(b & 0x1F)).copied().unwrap_or_default(),
        0xA6 | 0xB6 => 'і',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

fn iso_8859_5(b: u8) -> char {
    letter(0x360, b)
}

/// The letter of an alphabet that a charset keeps in the order of Unicode.
fn letter(offset: u32, b: u8) -> char {
    char::from_u32(offset + u32::from(b)).unwrap_or_default()
}

/// For the tests of tables: `word` in each of the charsets that can write it, as it is.
#[cfg(test)]
pub(super) fn encoded(word: &str) -> Vec<Vec<u8>> {
    let byte = |decode: Decode, c: char| (0..=255_u8).rev().find(|&b| decoded(b, decode) == c);
    CHARSETS
        .iter()
        .filter_map(|&decode| word.chars().map(|c| byte(decode, c)).collect())
        .chain([word.as_bytes().to_vec()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[(&str, u8)] = &[("bře", 1), ("mär", 2), ("şub", 3), ("фев", 4)];

    #[test]
    fn every_charset_and_case() {
        for (word, value) in [
            (&b"b\xF8e"[..], Some(1)),
            (b"B\xD8E", Some(1)),
            (b"M\xC4R", Some(2)),
            (b"\xDEub", Some(3)),
            (b"\xD4\xE5\xE2", Some(4)),
            (b"\xC6\xC5\xD7", Some(4)),
            (b"\xE6\xE5\xD7", Some(4)),
            (b"\xE4\xD5\xD2", Some(4)),
            ("ФЕВ".as_bytes(), Some(4)),
            ("MÄR".as_bytes(), Some(2)),
            (b"", None),
            (b"\xFF\xFF", None),
            (b"m\xC3", None),
            (&[0xC0; 16], None),
            (&[b'a'; 17], None),
        ] {
            assert_eq!(look_up(word, TABLE), value, "{}", word.escape_ascii());
        }
    }
}
