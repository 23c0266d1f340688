//! Dates as `ls -l` writes them in all its locales and styles, and the year of those that name none.
//! What stands before and behind a date is not known here.

use super::entry::Stamp;
use super::fields::{Fields, decimal};
use super::ideographs::{is_year, month_and_day};
use super::months::{english, month};
use crate::time::{Civil, DAY, parse_clock, parse_date};

/// What "now" means for dates that name no year.
#[derive(Clone, Copy, Debug)]
pub struct Recent {
    latest: i64,
    year: i64,
}

impl Recent {
    /// `now` in seconds since the epoch, UTC. A day of slack ahead is for the server's time zone.
    pub fn at(now: i64) -> Self {
        let latest = now.saturating_add(DAY);
        Self { latest, year: Civil::from_seconds(latest).year }
    }

    /// The latest such date that is not ahead: servers leave out the year for the last months only.
    pub(super) fn guess(&self, date: Civil) -> Option<i64> {
        let of = |year| Civil { year, ..date }.seconds().filter(|&seconds| seconds <= self.latest);
        of(self.year).or_else(|| of(self.year - 1))
    }
}

/// What a date says; `None` when it has the form but no calendar has the day, or when the name of
/// its month means two.
pub(super) type Told = Option<Stamp>;

/// A way to read a date off the fields ahead; `None` leaves them anywhere.
pub(super) type Form = fn(&mut Fields<'_>, &Recent) -> Option<Told>;

/// Any date but those of `year_first`. Walks up to the blank before the name.
pub(super) fn date(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let before = *columns;
    let first = columns.next_field()?;
    if let Some(month) = english(first) {
        return after_month(month, columns, recent);
    }
    let forms: &[Form] = match first {
        [b'0'..=b'9', ..] => &[iso, day_first, points, numbers, ideographic],
        [b'-', ..] => &[unknown],
        _ => &[localised, weekday],
    };
    forms.iter().find_map(|form| {
        let mut ahead = before;
        let told = form(&mut ahead, recent)?;
        *columns = ahead;
        Some(told)
    })
}

/// `2024 febr  29`: Hungarian and Basque. A name behind it may look like a time and a size before
/// another date like its year, so this is for when nothing else fits.
pub(super) fn year_first(columns: &mut Fields<'_>, _: &Recent) -> Option<Told> {
    let year = year(columns.next_field()?)?;
    let month = month(columns.next_field()?)?;
    let day = day(columns.next_field()?)?;
    Some(local(Civil { year, month, day, ..Civil::default() }.seconds()))
}

/// `2024-02-29 12:34`, the whole date and time.
pub(super) fn iso_with_clock(columns: &mut Fields<'_>, _: &Recent) -> Option<Told> {
    let (year, month, day) = parse_date(columns.next_field()?)?;
    let field = columns.next_field()?;
    let (hour, minute, second) = parse_clock(without_fraction(field))?;
    let seconds = Civil { year, month, day, hour, minute, second }.seconds();
    if field.len() > 5
        && let Some(offset) = zone_ahead(columns)
    {
        return Some(seconds.map(|local| Stamp { seconds: local - offset, utc: true }));
    }
    Some(local(seconds))
}

/// The same, or the day alone: `ls --time-style=iso` and Polish ones pad it with a blank to the
/// width of their other form, `02-29 12:34`, so that what two blanks part from it is the name.
fn iso(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let mut ahead = *columns;
    let (year, month, day) = parse_date(columns.next_field()?)?;
    if !columns.rest().starts_with(b"  ")
        && let Some(told) = iso_with_clock(&mut ahead, recent)
        && ahead.name().is_some()
    {
        *columns = ahead;
        return Some(told);
    }
    columns.skip_padding();
    Some(local(Civil { year, month, day, ..Civil::default() }.seconds()))
}

/// The seconds of `12:34:56.000000000` may have a fraction, which no copy of a time could keep.
fn without_fraction(clock: &[u8]) -> &[u8] {
    match clock.split_at_checked(8) {
        Some((whole, [b'.' | b',', fraction @ ..])) if fraction.iter().all(u8::is_ascii_digit) => {
            whole
        }
        _ => clock,
    }
}

/// Steps over `+0800`, and gives it in seconds.
fn zone_ahead(columns: &mut Fields<'_>) -> Option<i64> {
    let mut ahead = *columns;
    let (&sign, digits) = ahead.next_field()?.split_first()?;
    let number = i64::try_from(decimal(digits).filter(|_| digits.len() == 4)?).ok()?;
    let offset = (number / 100 * 60 + number % 100) * 60;
    ahead.name()?;
    *columns = ahead;
    match sign {
        b'+' => Some(offset),
        b'-' => Some(-offset),
        _ => None,
    }
}

/// `Feb 29 12:34`, `Feb 29  2024`, with the month read.
fn after_month(month: u8, columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let day = day(columns.next_field()?)?;
    year_or_clock(month, day, columns, recent)
}

/// `фев 29 12:34`.
fn localised(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let name = columns.next_field()?;
    // Most words here are owners; a day behind them is quicker to rule out than a month.
    let day = day(columns.next_field()?)?;
    year_or_clock(month(name)?, day, columns, recent)
}

/// `Thu Feb 29 12:34:56 2024`: busybox and, long ago, GNU with `--full-time`.
fn weekday(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let days: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    let first = columns.next_field()?;
    days.iter().find(|day| first.eq_ignore_ascii_case(day))?;
    after_month(english(columns.next_field()?)?, columns, recent)
}

/// `29 Feb 12:34`, `29. Feb 2024`, Czech `29.\u{a0}úno 12.34`, Serbian `29. феб. у 12:34`.
fn day_first(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let first = columns.next_field()?;
    let digits = first.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = first.split_at_checked(digits)?;
    let day = day(number)?;
    let word = match rest {
        b"" | b"." => columns.next_field()?,
        [b'.', 0xC2, 0xA0, word @ ..] | [b'.', 0xA0, word @ ..] => word,
        _ => return None,
    };
    let month = month(word)?;
    let padded = rest == b"." && german_year_ahead(*columns);
    skip_serbian_at(columns);
    let told = year_or_clock(month, day, columns, recent)?;
    if padded {
        columns.skip_padding();
    }
    Some(told)
}

/// Whether a year stands right behind the month. German `ls` then pads the date at its end, to the
/// width of `29. Feb 12:34`; with a point behind the day, all others pad before the year.
fn german_year_ahead(mut columns: Fields<'_>) -> bool {
    let near = matches!(columns.rest(), [b' ', b'0'..=b'9', ..]);
    near && columns.next_field().is_some_and(|field| field.len() == 4 && decimal(field).is_some())
}

/// Steps over the Serbian `у` ("at") before a clock.
fn skip_serbian_at(columns: &mut Fields<'_>) {
    let mut ahead = *columns;
    if ahead.next_field() == Some("у".as_bytes()) {
        *columns = ahead;
    }
}

/// Finnish `29. 2.  2024` and `13.11. 21:47`.
fn points(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let first = columns.next_field()?;
    let point = first.iter().position(|&b| b == b'.')?;
    let (day_of, rest) = (day(first.get(..point)?)?, first.get(point + 1..)?);
    let word = if rest.is_empty() { columns.next_field()? } else { rest };
    let month = day(word.strip_suffix(b".")?).filter(|&month| month <= 12)?;
    year_or_clock(month, day_of, columns, recent)
}

/// `02-29 12:34`, of `ls --time-style=iso`; also `02-29 2024`.
fn numbers(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let &[m1, m2, b'-', d1, d2] = columns.next_field()? else { return None };
    let month = day(&[m1, m2]).filter(|&month| month <= 12)?;
    year_or_clock(month, day(&[d1, d2])?, columns, recent)
}

/// `2月 29 12:34`, `2024年 2月29日` and their like.
fn ideographic(columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let (year, month, day) = month_and_day(columns)?;
    match year {
        Some(year) => Some(local(Civil { year, month, day, ..Civil::default() }.seconds())),
        None => year_or_clock(month, day, columns, recent),
    }
}

/// libunftp writes this when its storage knows no time.
fn unknown(columns: &mut Fields<'_>, _: &Recent) -> Option<Told> {
    let words: [&[u8]; 3] = [b"---", b"--", b"--:--"];
    words.iter().all(|word| columns.next_field() == Some(word)).then_some(None)
}

/// The end of a date: a clock of the last twelve months, or a year.
fn year_or_clock(month: u8, day: u8, columns: &mut Fields<'_>, recent: &Recent) -> Option<Told> {
    let last = columns.next_field()?;
    if let Some((hour, minute, second)) = clock(last) {
        let date = Civil { year: 0, month, day, hour, minute, second };
        // Whoever writes seconds (BSD `ls -T`, busybox `ls -e`) writes the year behind them. Without
        // them, four digits there begin the name.
        let year = if last.len() > 5 { year_ahead(columns) } else { None };
        return Some(local(match year {
            Some(year) => Civil { year, ..date }.seconds(),
            None => recent.guess(date),
        }));
    }
    let year = year(last)?;
    Some(local(Civil { year, month, day, ..Civil::default() }.seconds()))
}

/// `12:34`, `12:34:56`, and `12.34` as Czech, Hungarian, Italian and Swedish have it.
fn clock(field: &[u8]) -> Option<(u8, u8, u8)> {
    if let Some(clock) = parse_clock(field) {
        return Some(clock);
    }
    match *field {
        [h, b'.', m1, m2] => parse_clock(&[h, b':', m1, m2]),
        [h1, h2, b'.', m1, m2] => parse_clock(&[h1, h2, b':', m1, m2]),
        _ => None,
    }
}

/// Steps over a year, if a name follows it.
fn year_ahead(columns: &mut Fields<'_>) -> Option<i64> {
    let mut ahead = *columns;
    let year = year(ahead.next_field()?)?;
    ahead.name()?;
    *columns = ahead;
    Some(year)
}

/// Four digits; with a point in Serbian, with a character for "year" in Japanese and Korean.
fn year(field: &[u8]) -> Option<i64> {
    let (digits, mark) = field.split_at_checked(4)?;
    let marked = mark.is_empty() || mark == b"." || is_year(mark);
    i64::try_from(decimal(digits).filter(|_| marked)?).ok()
}

fn day(field: &[u8]) -> Option<u8> {
    let day = decimal(field).filter(|day| (1..=31).contains(day))?;
    u8::try_from(day).ok()
}

fn local(seconds: Option<i64>) -> Told {
    seconds.map(|seconds| Stamp { seconds, utc: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{iso_utc, parse_iso};

    /// 2024-03-10T08:00:00Z.
    const NOW: i64 = 1_710_057_600;

    /// The time, with a `Z` if it is UTC, and the name behind it.
    fn read(line: &[u8], form: Form) -> Option<(Option<String>, &[u8])> {
        let mut columns = Fields::new(line);
        let told = form(&mut columns, &Recent::at(NOW))?;
        let shown = told.map(|stamp| {
            let text = iso_utc(stamp.seconds).to_string();
            if stamp.utc { text } else { text.replace('Z', "") }
        });
        Some((shown, columns.name()?))
    }

    #[track_caller]
    fn check(text: &str, form: Form, expected: Option<&str>, name: &str) {
        let (told, found) = read(text.as_bytes(), form).unwrap_or_else(|| panic!("none: {text}"));
        assert_eq!((told.as_deref(), found), (expected, name.as_bytes()), "{text}");
    }

    #[test]
    fn forms_with_a_name_behind_one_blank() {
        for (text, expected) in [
            ("Feb 29  2024", Some("2024-02-29T00:00:00")),
            ("Feb 29 2024", Some("2024-02-29T00:00:00")),
            ("JAN  1  1970", Some("1970-01-01T00:00:00")),
            ("Mar 10 08:30", Some("2024-03-10T08:30:00")),
            ("Mar 11 08:00", Some("2024-03-11T08:00:00")),
            ("Mar 11 08:01", Some("2023-03-11T08:01:00")),
            ("Feb 29  9:05", Some("2024-02-29T09:05:00")),
            ("Feb 29 12:34:56 2024", Some("2024-02-29T12:34:56")),
            ("Feb 29 12:34:56", Some("2024-02-29T12:34:56")),
            ("Thu Feb 29 12:34:56 2024", Some("2024-02-29T12:34:56")),
            ("Feb 29 12.34", Some("2024-02-29T12:34:00")),
            ("2024-02-29 12:34", Some("2024-02-29T12:34:00")),
            ("2024-02-29 12:34:56", Some("2024-02-29T12:34:56")),
            ("2024-02-29 12:34:56.000000000 +0800", Some("2024-02-29T04:34:56Z")),
            ("2024-02-29 12:34:56,123 -0330", Some("2024-02-29T16:04:56Z")),
            ("2024-02-29 12:34:56 +0000", Some("2024-02-29T12:34:56Z")),
            ("02-29 12:34", Some("2024-02-29T12:34:00")),
            ("09-26 2000", Some("2000-09-26T00:00:00")),
            ("29 Feb 2024", Some("2024-02-29T00:00:00")),
            ("29. Feb 12:34", Some("2024-02-29T12:34:00")),
            (" 5. M\u{e4}r 12:34", Some("2024-03-05T12:34:00")),
            ("29 f\u{e9}vr.  2024", Some("2024-02-29T00:00:00")),
            ("29 f\u{e9}vr. 12:34", Some("2024-02-29T12:34:00")),
            ("29. veebr  2024", Some("2024-02-29T00:00:00")),
            ("29.\u{a0}\u{fa}no  2024", Some("2024-02-29T00:00:00")),
            ("29.\u{a0}\u{fa}no 12.34", Some("2024-02-29T12:34:00")),
            ("29. феб. у 12:34", Some("2024-02-29T12:34:00")),
            ("29. феб. 2024.", Some("2024-02-29T00:00:00")),
            ("29. 2.  2024", Some("2024-02-29T00:00:00")),
            ("13.11. 21:47", Some("2023-11-13T21:47:00")),
            ("фев 29  2024", Some("2024-02-29T00:00:00")),
            ("Thu Feb 29  2024", Some("2024-02-29T00:00:00")),
            (" 2月 29  2024", Some("2024-02-29T00:00:00")),
            ("2月29日 12:34", Some("2024-02-29T12:34:00")),
            (" 2月 29日  2024年", Some("2024-02-29T00:00:00")),
            ("2024年 2月29日", Some("2024-02-29T00:00:00")),
            ("2월 29일  12:34", Some("2024-02-29T12:34:00")),
            ("Feb 30 12:34", None),
            ("Feb 28 25:34", None),
            ("Feb 29  2023", None),
            ("lis 13  2023", None),
            ("srp 13 12:34", None),
            ("2024-13-01 12:34", None),
            ("--- -- --:--", None),
        ] {
            check(&format!("{text}  x"), date, expected, " x");
        }
    }

    #[test]
    fn what_begins_a_name_is_no_date() {
        let day = Some("2024-02-29T00:00:00");
        let clock = Some("2024-02-29T12:34:00");
        for (text, expected, name) in [
            ("Feb 29 12:34 2024 report", clock, "2024 report"),
            ("Feb 29 12:34:56 2024", Some("2024-02-29T12:34:56"), "2024"),
            ("29 Feb 12:34 2023 x", clock, "2023 x"),
            ("2024-02-29 12:34 +0800 x", clock, "+0800 x"),
            // Padded to the width of the form with a clock.
            ("29. Feb 2024  x", day, "x"),
            ("29. Feb 2024   x", day, " x"),
            ("29. Feb 2024 x", day, "x"),
            ("29 Feb 2024  x", day, " x"),
            ("2024-02-29  x", day, "x"),
            ("2024-02-29 x", day, "x"),
            ("2024-02-29  12:34 x", day, "12:34 x"),
            ("2024-02-29 12:34", day, "12:34"),
        ] {
            check(text, date, expected, name);
        }
    }

    #[test]
    fn a_year_before_a_name_of_a_month() {
        for (text, expected, name) in [
            ("2024 febr  29 x", Some("2024-02-29T00:00:00"), "x"),
            ("2024 m\u{e1}rc   5  x", Some("2024-03-05T00:00:00"), " x"),
            ("2024  urt  1 12:34", Some("2024-01-01T00:00:00"), "12:34"),
            ("2024 lis  1 x", None, "x"),
        ] {
            check(text, year_first, expected, name);
            assert_eq!(read(text.as_bytes(), date), None, "{text}");
        }
    }

    #[test]
    fn charsets() {
        let (leap, march) = ("2024-02-29T00:00:00", "2024-03-01T00:00:00");
        for (line, expected) in [
            (&b" 1. M\xE4r 2024  x"[..], march),
            (b" 1. M\xC4R  2024 x", march),
            (b"29.\xA0\xFAno  2024 x", leap),
            (b"\xD4\xE5\xE2 29  2024 x", leap),
            (b"\xC6\xC5\xD7 29  2024 x", leap),
            (b" 2\xB7\xEE 29  2024 x", leap),
            (b"2024\xC4\xEA 2\xD4\xC229\xC8\xD5 x", leap),
        ] {
            let (told, name) = read(line, date).unwrap();
            assert_eq!((told.as_deref(), name), (Some(expected), &b"x"[..]));
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "x",
            "Feb",
            "Feb 29",
            "Feb 32 2024 x",
            "Foo 29 2024 x",
            "29 Foo 2024 x",
            "2024 Feb 29 12:34 x",
            "29.13. 2024 x",
            "13-29 12:34 x",
            "2 29 2024 x",
            "Thu x 29 2024 x",
            "29- Feb 2024 x",
            "--- -- x y",
            "29 Feb 02024 x",
            "фев x 2024 x",
            "12月 2024 x y",
        ] {
            assert_eq!(read(text.as_bytes(), date), None, "{text}");
        }
    }

    #[test]
    fn a_year_less_date_is_of_the_last_twelve_months() {
        for (now, text, expected) in [
            ("2024-12-31T23:30:00", "Jan  1 05:00", "2025-01-01T05:00:00Z"),
            ("2025-01-01T00:30:00", "Dec 31 20:00", "2024-12-31T20:00:00Z"),
            ("2025-01-15T00:00:00", "Feb 29 10:00", "2024-02-29T10:00:00Z"),
            ("2024-02-28T23:00:00", "Feb 29 02:00", "2024-02-29T02:00:00Z"),
            ("2026-06-01T00:00:00", "Jun  3 00:00", "2025-06-03T00:00:00Z"),
        ] {
            let recent = Recent::at(parse_iso(now.as_bytes()).unwrap());
            let told = date(&mut Fields::new(text.as_bytes()), &recent).unwrap().unwrap();
            assert_eq!(iso_utc(told.seconds).to_string(), expected, "{now} {text}");
        }
        for now in [i64::MIN, i64::MAX] {
            assert!(date(&mut Fields::new(b"Feb 28 10:00"), &Recent::at(now)).is_some());
        }
    }
}
