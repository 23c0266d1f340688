//! Civil dates and seconds since 1970-01-01T00:00:00, either way, and the forms FTP writes them in.
//! Knows no zone and reads no clock: whoever needs "now" is given it.

use std::fmt;

/// Seconds in a day; FTP knows no leap seconds.
pub const DAY: i64 = 86_400;

/// A date and a time of day in the proleptic Gregorian calendar, in no zone of its own.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Civil {
    /// Astronomical year: 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60; 60 is taken as the first second of the next minute.
    pub second: u8,
}

impl Civil {
    /// The date `seconds` after the epoch; every i64 has one.
    pub fn from_seconds(seconds: i64) -> Self {
        let (year, month, day) = date_of(seconds.div_euclid(DAY));
        let rest = seconds.rem_euclid(DAY);
        let part = |value: i64| u8::try_from(value).unwrap_or(0);
        Self {
            year,
            month,
            day,
            hour: part(rest / 3600),
            minute: part(rest / 60 % 60),
            second: part(rest % 60),
        }
    }

    /// Seconds since the epoch; `None` for what no calendar has (30 February, 25:00) and for
    /// years beyond an i64 of seconds.
    pub fn seconds(&self) -> Option<i64> {
        let far = self.year.unsigned_abs() > 300_000_000_000;
        if far || self.hour > 23 || self.minute > 59 || self.second > 60 || !self.is_date() {
            return None;
        }
        let time =
            i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        // Wider than i64: just before i64::MIN whole days overflow although the sum does not.
        i64::try_from(i128::from(self.days()) * i128::from(DAY) + i128::from(time)).ok()
    }

    fn is_date(&self) -> bool {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        (1..=days).contains(&self.day)
    }

    /// Days since the epoch. Years are counted from March, so that a leap day ends its year.
    fn days(&self) -> i64 {
        let month = i64::from(self.month);
        let year = self.year - i64::from(month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }
}

/// The date `days` after the epoch: the inverse of `Civil::days`.
fn date_of(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let civil_month = (month + 2) % 12 + 1;
    let year = era * 400 + year + i64::from(civil_month <= 2);
    (year, u8::try_from(civil_month).unwrap_or(0), u8::try_from(day).unwrap_or(0))
}

/// An RFC 3659 §2.3 time value, `YYYYMMDDHHMMSS` with or without `.fff`, as seconds (UTC there);
/// the fraction is dropped. Also the 15 digits `19124...` of servers that print "19" and then the
/// years since 1900: the year 2024.
pub fn parse_timeval(text: &[u8]) -> Option<i64> {
    let whole = match text.iter().position(|&b| b == b'.') {
        Some(dot) => {
            let fraction = text.get(dot + 1..)?;
            number(fraction.get(..1)?).filter(|_| fraction.iter().all(u8::is_ascii_digit))?;
            text.get(..dot)?
        }
        None => text,
    };
    let (year, rest) = match (whole.len(), whole.strip_prefix(b"19")) {
        (14, _) => (number(whole.get(..4)?)?, whole.get(4..)?),
        (15, Some(late)) => (1900 + number(late.get(..3)?)?, late.get(3..)?),
        _ => return None,
    };
    let part = |at: usize| two_digits(rest.get(at..at + 2)?);
    let (month, day, hour) = (part(0)?, part(2)?, part(4)?);
    Civil { year, month, day, hour, minute: part(6)?, second: part(8)? }.seconds()
}

/// `YYYY-MM-DD`, then nothing or a `T` or blank and `HH:MM` or `HH:MM:SS`, then nothing or `Z`, as
/// seconds. What a person types for a point in time.
pub fn parse_iso(text: &[u8]) -> Option<i64> {
    let (date, time) = text.strip_suffix(b"Z").unwrap_or(text).split_at_checked(10)?;
    let (year, month, day) = parse_date(date)?;
    let (hour, minute, second) = match time {
        [] => (0, 0, 0),
        [b'T' | b't' | b' ', clock @ ..] => parse_clock(clock)?,
        _ => return None,
    };
    Civil { year, month, day, hour, minute, second }.seconds()
}

/// `YYYY-MM-DD` as its three numbers, not yet checked against the calendar.
pub(crate) fn parse_date(text: &[u8]) -> Option<(i64, u8, u8)> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    Some((number(&[y1, y2, y3, y4])?, two_digits(&[m1, m2])?, two_digits(&[d1, d2])?))
}

/// `HH:MM`, `H:MM` or either with `:SS` as its three numbers, not yet checked against the clock.
pub(crate) fn parse_clock(text: &[u8]) -> Option<(u8, u8, u8)> {
    match *text {
        [h, b':', m1, m2] => Some((two_digits(&[b'0', h])?, two_digits(&[m1, m2])?, 0)),
        [h1, h2, b':', m1, m2] => Some((two_digits(&[h1, h2])?, two_digits(&[m1, m2])?, 0)),
        [ref clock @ .., b':', s1, s2] if clock.len() > 3 => {
            let (hour, minute, _) = parse_clock(clock).filter(|_| clock.len() < 6)?;
            Some((hour, minute, two_digits(&[s1, s2])?))
        }
        _ => None,
    }
}

fn two_digits(text: &[u8]) -> Option<u8> {
    match *text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// A short run of digits; the callers' slices are too short to overflow.
fn number(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |sum, &b| {
        b.is_ascii_digit().then(|| sum.saturating_mul(10).saturating_add(i64::from(b - b'0')))
    })
}

/// How a time is written out. Years outside 0 to 9999 get a sign, as ISO 8601 wants.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    civil: Civil,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Iso,
    Minutes,
    Timeval,
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
pub fn iso_utc(seconds: i64) -> Written {
    Written { civil: Civil::from_seconds(seconds), form: Form::Iso }
}

/// `YYYY-MM-DD HH:MM`, as `ls -l --time-style=long-iso` has it; names no zone.
pub fn iso_minutes(seconds: i64) -> Written {
    Written { civil: Civil::from_seconds(seconds), form: Form::Minutes }
}

/// `YYYYMMDDHHMMSS`, what MFMT and MDTM want (RFC 3659 §2.3).
pub fn timeval(seconds: i64) -> Written {
    Written { civil: Civil::from_seconds(seconds), form: Form::Timeval }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second } = self.civil;
        if !(0..=9999).contains(&year) {
            write!(f, "{year:+05}")?;
        } else {
            write!(f, "{year:04}")?;
        }
        match self.form {
            Form::Iso => write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
            Form::Minutes => write!(f, "-{month:02}-{day:02} {hour:02}:{minute:02}"),
            Form::Timeval => write!(f, "{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAP: i64 = 1_709_210_096;

    #[test]
    fn dates_and_seconds_go_both_ways() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (LEAP, "2024-02-29T12:34:56Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (-2_203_891_200, "1900-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "+10000-01-01T00:00:00Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (-62_167_219_201, "-0001-12-31T23:59:59Z"),
        ] {
            assert_eq!(iso_utc(seconds).to_string(), text);
            assert_eq!(Civil::from_seconds(seconds).seconds(), Some(seconds), "{text}");
        }
    }

    #[test]
    fn every_i64_has_a_date_and_comes_back() {
        for shift in 0..64 {
            for seconds in [i64::MIN >> shift, i64::MAX >> shift, (i64::MAX >> shift) - 86_399] {
                assert_eq!(Civil::from_seconds(seconds).seconds(), Some(seconds));
            }
        }
    }

    #[test]
    fn four_centuries_of_days_are_consecutive() {
        let mut last = Civil::from_seconds(-DAY);
        for day in 0..146_097 {
            let civil = Civil::from_seconds(day * DAY);
            assert!(civil > last && civil.seconds() == Some(day * DAY), "{civil:?}");
            last = civil;
        }
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        let good = Civil { year: 2023, month: 2, day: 28, hour: 23, minute: 59, second: 60 };
        assert_eq!(good.seconds(), Some(1_677_628_800));
        for bad in [
            Civil { day: 29, ..good },
            Civil { day: 0, ..good },
            Civil { month: 0, ..good },
            Civil { month: 13, ..good },
            Civil { hour: 24, ..good },
            Civil { minute: 60, ..good },
            Civil { second: 61, ..good },
            Civil { year: i64::MAX, ..good },
            Civil { year: i64::MIN, ..good },
            Civil { year: 1900, day: 29, ..good },
        ] {
            assert_eq!(bad.seconds(), None, "{bad:?}");
        }
    }

    #[test]
    fn time_values() {
        for (text, seconds) in [
            ("20240229123456", Some(LEAP)),
            ("20240229123456.789", Some(LEAP)),
            ("191240229123456", Some(LEAP)),
            ("19700101000000", Some(0)),
            ("20240229123460", Some(LEAP + 4)),
            ("20240229123456.", None),
            ("20240229123456.x", None),
            ("20241329123456", None),
            ("20230229123456", None),
            ("20240229243456", None),
            ("2024022912345", None),
            ("202402291234567", None),
            ("2024022912345x", None),
            ("+0240229123456", None),
            ("", None),
            (".5", None),
        ] {
            assert_eq!(parse_timeval(text.as_bytes()), seconds, "{text}");
        }
        assert_eq!(timeval(LEAP).to_string(), "20240229123456");
    }

    #[test]
    fn typed_times() {
        for (text, seconds) in [
            ("2024-02-29T12:34:56Z", Some(LEAP)),
            ("2024-02-29 12:34:56", Some(LEAP)),
            ("2024-02-29T12:34", Some(LEAP - 56)),
            ("2024-02-29", Some(1_709_164_800)),
            ("2024-02-30", None),
            ("2024-2-29", None),
            ("2024-02-29T", None),
            ("2024-02-29x12:34", None),
            ("2024-02-29T12:34:56:00", None),
            ("", None),
        ] {
            assert_eq!(parse_iso(text.as_bytes()), seconds, "{text}");
        }
        assert_eq!(iso_minutes(LEAP).to_string(), "2024-02-29 12:34");
    }
}
