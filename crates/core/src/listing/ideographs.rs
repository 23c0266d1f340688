//! Dates with the Chinese, Japanese and Korean characters for year, month and day, in the charsets
//! of those languages. The rest of a date, and whether one fits, is not decided here.

use super::fields::{Fields, decimal};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit {
    Year,
    Month,
    Day,
}

/// `年 月 日` in UTF-8, EUC-JP, Shift_JIS, GBK and Big5, `년 월 일` in UTF-8 and EUC-KR. No one is
/// the beginning of another, so that the charset need not be known.
const MARKS: &[(&[u8], Unit)] = &[
    ("年".as_bytes(), Unit::Year),
    (b"\xC7\xAF", Unit::Year),
    (b"\x94N", Unit::Year),
    (b"\xC4\xEA", Unit::Year),
    (b"\xA6~", Unit::Year),
    ("년".as_bytes(), Unit::Year),
    (b"\xB3\xE2", Unit::Year),
    ("月".as_bytes(), Unit::Month),
    (b"\xB7\xEE", Unit::Month),
    (b"\x8C\x8E", Unit::Month),
    (b"\xD4\xC2", Unit::Month),
    (b"\xA4\xEB", Unit::Month),
    ("월".as_bytes(), Unit::Month),
    (b"\xBF\xF9", Unit::Month),
    ("日".as_bytes(), Unit::Day),
    (b"\xC6\xFC", Unit::Day),
    (b"\x93\xFA", Unit::Day),
    (b"\xC8\xD5", Unit::Day),
    (b"\xA4\xE9", Unit::Day),
    ("일".as_bytes(), Unit::Day),
    (b"\xC0\xCF", Unit::Day),
];

/// `[2024年] 2月 29[日]` off the fields ahead, blanks between or not: year if it is there, month, day.
pub(super) fn month_and_day(columns: &mut Fields<'_>) -> Option<(Option<i64>, u8, u8)> {
    let (mut number, mut unit, mut rest) = numbered(columns.rest())?;
    let mut year = None;
    if unit == Some(Unit::Year) {
        year = Some(i64::from(number));
        (number, unit, rest) = numbered(rest)?;
    }
    let month = number.try_into().ok().filter(|month| (1..=12).contains(month))?;
    if unit != Some(Unit::Month) {
        return None;
    }
    (number, unit, rest) = numbered(rest)?;
    let day = number.try_into().ok().filter(|day| (1..=31).contains(day))?;
    let ends = matches!(unit, None | Some(Unit::Day)) && rest.starts_with(b" ");
    *columns = Fields::new(rest);
    ends.then_some((year, month, day))
}

/// Whether `mark` is the character for "year".
pub(super) fn is_year(mark: &[u8]) -> bool {
    MARKS.contains(&(mark, Unit::Year))
}

/// A number of up to four digits, blanks before it skipped, its unit, and what follows.
fn numbered(text: &[u8]) -> Option<(u16, Option<Unit>, &[u8])> {
    let text = text.trim_ascii_start();
    let digits = text.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let number = u16::try_from(decimal(number).filter(|_| digits < 5)?).ok()?;
    let unit = MARKS.iter().find_map(|&(mark, unit)| Some((unit, rest.strip_prefix(mark)?)));
    Some(match unit {
        Some((unit, rest)) => (number, Some(unit), rest),
        None => (number, None, rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[u8]) -> Option<(Option<i64>, u8, u8)> {
        month_and_day(&mut Fields::new(line))
    }

    #[test]
    fn forms_and_charsets() {
        let leap = Some((Some(2024), 2, 29));
        for (line, expected) in [
            ("2024年 2月29日 a".as_bytes(), leap),
            ("2024年2月29日 a".as_bytes(), leap),
            ("2024년  2월 29일 a".as_bytes(), leap),
            (b"2024\xC4\xEA 2\xD4\xC229\xC8\xD5 a", leap),
            (b"2024\xA6~ 2\xA4\xEB29\xA4\xE9 a", leap),
            (b"2024\xC7\xAF 2\xB7\xEE29\xC6\xFC a", leap),
            (b"2024\x94N 2\x8C\x8E29\x93\xFA a", leap),
            (b"2024\xB3\xE2 2\xBF\xF9 29\xC0\xCF a", leap),
            (" 2月 29  2024 a".as_bytes(), Some((None, 2, 29))),
            ("11월 13일  21:47 a".as_bytes(), Some((None, 11, 13))),
            ("12月13日 21:47 a".as_bytes(), Some((None, 12, 13))),
            ("13月 1 2024 a".as_bytes(), None),
            ("2月 32 2024 a".as_bytes(), None),
            ("2月 29x 2024 a".as_bytes(), None),
            ("2月29日".as_bytes(), None),
            ("29日2月 2024 a".as_bytes(), None),
            ("2月 29年 a".as_bytes(), None),
            ("2024年 29日 a".as_bytes(), None),
            (b"2 29 2024 a", None),
            (b"", None),
        ] {
            assert_eq!(read(line), expected, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn marks_are_told_apart() {
        for (at, (mark, _)) in MARKS.iter().enumerate() {
            let others = MARKS.iter().enumerate().filter(|(other, _)| *other != at);
            assert!(others.into_iter().all(|(_, (other, _))| !other.starts_with(mark)));
        }
    }
}
