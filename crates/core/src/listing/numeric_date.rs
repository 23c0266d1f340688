//! Dates in numbers, as the listings of big hosts have them. Which of the three numbers is the day
//! is for each format to say; here they are only cut apart and checked.

use super::fields::decimal;
use crate::time::Civil;

/// The two-digit year from which on 19.. is meant, where the system's own rule is not known: FTP
/// listings are not older than 1970.
pub(super) const SINCE_1970: i64 = 70;

/// A date's year, month and day, still in digits.
pub(super) type YearMonthDay<'a> = [&'a [u8]; 3];

/// The three parts of `field` between two separators, none of them empty.
pub(super) fn parts(field: &[u8], separator: u8) -> Option<[&[u8]; 3]> {
    let mut parts = field.split(|&b| b == separator).filter(|part| !part.is_empty());
    let three = [parts.next()?, parts.next()?, parts.next()?];
    let bytes = three.iter().map(|part| part.len()).sum::<usize>();
    (parts.next().is_none() && bytes + 2 == field.len()).then_some(three)
}

/// The day at midnight. The year has four digits, or two, which from `since` on are 19.. and below
/// it 20..; month and day have one or two and are in range, though the month may be too short.
pub(super) fn civil(date: YearMonthDay<'_>, since: i64) -> Option<Civil> {
    let [year, month, day] = date;
    let number = i64::try_from(decimal(year)?).ok()?;
    let year = match year.len() {
        4 => number,
        2 if number < since => 2000 + number,
        2 => 1900 + number,
        _ => return None,
    };
    let small = |text: &[u8], most: u8| {
        let number = decimal(text).filter(|_| text.len() <= 2)?;
        u8::try_from(number).ok().filter(|number| (1..=most).contains(number))
    };
    Some(Civil { year, month: small(month, 12)?, day: small(day, 31)?, ..Civil::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parts() {
        for (text, expected) in [
            ("2024/02/29", Some(["2024", "02", "29"])),
            ("6/12/95", Some(["6", "12", "95"])),
            ("/02/29", None),
            ("02//29", None),
            ("02/29/", None),
            ("02/29", None),
            ("1/2/3/4", None),
            ("2024-02-29", None),
            ("", None),
        ] {
            let expected = expected.map(|three| three.map(str::as_bytes));
            assert_eq!(parts(text.as_bytes(), b'/'), expected, "{text}");
        }
    }

    #[test]
    fn years_months_and_days() {
        for (date, expected) in [
            (["2024", "02", "29"], Some((2024, 2, 29))),
            (["69", "2", "31"], Some((2069, 2, 31))),
            (["70", "12", "1"], Some((1970, 12, 1))),
            (["024", "02", "29"], None),
            (["24", "13", "29"], None),
            (["24", "00", "29"], None),
            (["24", "012", "29"], None),
            (["24", "12", "32"], None),
            (["24", "1x", "2"], None),
        ] {
            let got = civil(date.map(str::as_bytes), SINCE_1970);
            assert_eq!(got.map(|day| (day.year, day.month, day.day)), expected, "{date:?}");
        }
    }
}
