//! The line that `ls -l` begins with: the word for "total", in the language of the server's locale,
//! and a number of blocks. It names no entry.

use super::words::look_up;

/// Whether a line is such a total. `ls -lh` has `4.0K` for a number.
pub fn is_total(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let Some(blank) = text.iter().rposition(|&b| b == b' ' || b == b':') else { return false };
    let (Some(word), Some(count)) = (text.get(..blank), text.get(blank + 1..)) else {
        return false;
    };
    is_count(count) && is_word(word.strip_suffix(b":").unwrap_or(word).trim_ascii_end())
}

fn is_count(count: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'K' | b'M' | b'G' | b'T');
    count.first().is_some_and(u8::is_ascii_digit) && count.iter().all(fits)
}

fn is_word(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"total")
        || IDEOGRAPHIC.contains(&word)
        || look_up(word, WORDS).is_some()
}

/// From the translations of GNU `ls`, in lower case, sorted.
#[rustfmt::skip]
static WORDS: &[(&str, ())] = &[
    ("celkem", ()), ("celkom", ()), ("gesamt", ()), ("guztira", ()), ("insgesamt", ()),
    ("iomlán", ()), ("jumlah", ()), ("kokku", ()), ("omugatte", ()), ("razem", ()),
    ("skupno", ()), ("sveukupno", ()), ("toplam", ()), ("totaal", ()), ("totale", ()),
    ("totalo", ()), ("totalt", ()), ("tổng", ()), ("viso", ()), ("yhteensä", ()),
    ("összesen", ()), ("σύνολο", ()), ("загалом", ()), ("итого", ()), ("общо", ()),
    ("укупно", ()), ("усяго", ()),
];

/// The same where a letter is several bytes, in each charset: `合計` (UTF-8, EUC-JP, Shift_JIS),
/// `总计` and `总用量` (UTF-8, GBK), `總計` and `總用量` (UTF-8, Big5), `합계` (UTF-8, EUC-KR).
const IDEOGRAPHIC: &[&[u8]] = &[
    "合計".as_bytes(),
    b"\xB9\xE7\xB7\xD7",
    b"\x8D\x87\x8Cv",
    "总计".as_bytes(),
    b"\xD7\xDC\xBC\xC6",
    "总用量".as_bytes(),
    b"\xD7\xDC\xD3\xC3\xC1\xBF",
    "總計".as_bytes(),
    b"\xC1`\xADp",
    "總用量".as_bytes(),
    b"\xC1`\xA5\xCE\xB6q",
    "합계".as_bytes(),
    b"\xC7\xD5\xB0\xE8",
];

#[cfg(test)]
mod tests {
    use super::super::words::encoded;
    use super::*;

    #[test]
    fn totals_of_all_languages() {
        assert!(WORDS.is_sorted_by(|a, b| a.0.as_bytes() < b.0.as_bytes()));
        for (word, ()) in WORDS {
            for mut line in encoded(word) {
                line.extend_from_slice(b" 12");
                assert!(is_total(&line), "{}", line.escape_ascii());
            }
        }
        for line in ["total 0", "Total: 12", "TOTAL 4.0K", "insgesamt 1,2G", "合計 8", "total:3"]
        {
            assert!(is_total(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in ["", " ", "total", "total loss", "totals 1", "12", "x 12", "total 1 2", ": 1"] {
            assert!(!is_total(line.as_bytes()), "{line}");
        }
    }
}
