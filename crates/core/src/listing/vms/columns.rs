//! The columns that VMS puts behind a file's name, on its line or on the next: blocks, date, owner,
//! protection; or the reason why there are none. Knows nothing of names.

use std::borrow::Cow;

use memchr::memchr;

use crate::listing::entry::Stamp;
use crate::listing::fields::{Fields, decimal};
use crate::listing::months::english;
use crate::listing::numeric_date::parts;
use crate::time::{Civil, parse_clock};

/// What stands in place of the columns when the server may not look into the file's header, or the
/// directory names a file that is gone. Before or instead of the words there may be a message's
/// code, as in `%RMS-E-PRV`.
const REFUSALS: [&[u8]; 5] = [
    b"no such file",
    b"file not found",
    b"insufficient privilege",
    b"no privilege for attempted operation",
    b"file currently locked by another user",
];

/// What the columns tell. The blocks are not kept: they count 512 bytes each, used and allocated,
/// and no server says how much of the last one is the file's.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Columns<'a> {
    pub(super) modified: Option<Stamp>,
    pub(super) owner: Option<&'a [u8]>,
    pub(super) group: Option<&'a [u8]>,
    /// Read, write and execute of owner, group and world; there is no bit for the right to delete,
    /// and no class for SYSTEM, which comes first.
    pub(super) mode: Option<u32>,
}

/// Reads all that follows a name. `None` unless there is a date, after a count of blocks or none,
/// or a refusal. The owner may be missing, and the protection.
pub(super) fn parse(text: &[u8]) -> Option<Columns<'_>> {
    if is_refusal(text.trim_ascii_start()) {
        return Some(Columns::default());
    }
    let mut fields = Fields::new(text);
    let first = fields.next_field()?;
    let day = if is_size(first) { day(fields.next_field()?)? } else { day(first)? };
    let seconds = match clock_ahead(&mut fields) {
        Some(clock) => {
            clock.and_then(|(hour, minute, second)| Civil { hour, minute, second, ..day }.seconds())
        }
        None => day.seconds(),
    };
    let rest = fields.rest().trim_ascii();
    if !matches!(rest.first(), None | Some(b'[' | b'(')) {
        return None;
    }
    let modified = seconds.map(|seconds| Stamp { seconds, utc: false });
    let (owner, group, protection) = owners(rest);
    Some(Columns { modified, owner, group, mode: mode_of(protection) })
}

/// Whether a line holds an owner or a protection and nothing else: what a narrow terminal's
/// listing puts below an entry.
pub(super) fn is_remainder(line: &[u8]) -> bool {
    let (owner, _, protection) = owners(line.trim_ascii());
    match protection {
        [] => owner.is_some(),
        _ => mode_of(protection).is_some(),
    }
}

fn is_refusal(text: &[u8]) -> bool {
    if is_message(text) {
        return true;
    }
    REFUSALS.iter().any(|known| {
        text.split_at_checked(known.len()).is_some_and(|(head, _)| head.eq_ignore_ascii_case(known))
    })
}

/// Whether a message of the system begins here: `%FACILITY-S-IDENT`, S being how bad it is.
fn is_message(text: &[u8]) -> bool {
    let code = text.strip_prefix(b"%").map(|text| {
        let word = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'-';
        text.get(..text.iter().position(|b| !word(b)).unwrap_or(text.len())).unwrap_or(text)
    });
    matches!(
        code.and_then(|code| parts(code, b'-')),
        Some([_, [b'S' | b'I' | b'W' | b'E' | b'F'], _])
    )
}

/// Whether a field counts blocks: `2`, `2/8` (used and allocated), or, where the process shows
/// bytes, `1KB/4KB`.
pub(super) fn is_size(field: &[u8]) -> bool {
    let mut halves = field.splitn(2, |&b| b == b'/');
    halves.all(|half| {
        let units: [&[u8]; 4] = [b"KB", b"MB", b"GB", b"TB"];
        let unit = units.iter().find_map(|unit| half.strip_suffix(*unit));
        let mut digits = unit.unwrap_or(half).splitn(if unit.is_some() { 2 } else { 1 }, is_point);
        digits.all(|digits| decimal(digits).is_some())
    })
}

fn is_point(b: &u8) -> bool {
    *b == b'.'
}

/// `1-JAN-2024`, or with the month in small letters.
fn day(field: &[u8]) -> Option<Civil> {
    let [day, month, year] = parts(field, b'-')?;
    let month = english(month)?;
    let day_of_month = decimal(day).filter(|number| (1..=31).contains(number) && day.len() <= 2)?;
    Some(Civil {
        year: i64::try_from(decimal(year).filter(|_| year.len() == 4)?).ok()?,
        month,
        day: u8::try_from(day_of_month).ok()?,
        ..Civil::default()
    })
}

/// Steps over the time of day: `10:00`, `10:00:00` or `10:00:00.00`. `None` when there is none,
/// `Some(None)` for digits that are no time.
fn clock_ahead(fields: &mut Fields<'_>) -> Option<Option<(u8, u8, u8)>> {
    let mut ahead = *fields;
    let field = ahead.next_field().filter(|field| field.first().is_some_and(u8::is_ascii_digit))?;
    *fields = ahead;
    let end = field.iter().position(is_point).unwrap_or(field.len());
    let clock = field.get(..end).and_then(parse_clock);
    // Hundredths are cut off; digits they must be.
    let hundredths = field.get(end + 1..).unwrap_or_default();
    Some(clock.filter(|_| hundredths.iter().all(u8::is_ascii_digit)))
}

/// Cuts `[GROUP,OWNER] (RWED,RWED,RE,)` into owner, group and protection, each of which may be
/// missing. With one name between the brackets it is the owner's.
fn owners(text: &[u8]) -> (Option<&[u8]>, Option<&[u8]>, &[u8]) {
    let cut = text.strip_prefix(b"[").and_then(|inner| {
        let end = memchr(b']', inner)?;
        Some((inner.get(..end)?, inner.get(end + 1..)?.trim_ascii_start()))
    });
    let Some((inside, rest)) = cut else { return (None, None, text) };
    let present = |name: &&[u8]| !name.is_empty();
    let (group, owner) = match memchr(b',', inside) {
        Some(comma) => (inside.get(..comma), inside.get(comma + 1..)),
        None => (None, Some(inside)),
    };
    let clean = |name: Option<_>| name.map(<[u8]>::trim_ascii).filter(present);
    (clean(owner), clean(group), rest)
}

/// The mode that `(RWED,RWED,RE,)` comes to: SYSTEM, OWNER, GROUP and WORLD, in this order.
fn mode_of(text: &[u8]) -> Option<u32> {
    let inside = text.strip_prefix(b"(")?;
    let inside = inside.get(..memchr(b')', inside)?)?;
    let mut classes = inside.split(|&b| b == b',').map(<[u8]>::trim_ascii);
    let mut class = || classes.next().and_then(bits);
    let (_system, owner, group, world) = (class()?, class()?, class()?, class()?);
    classes.next().is_none().then_some(owner << 6 | group << 3 | world)
}

fn bits(class: &[u8]) -> Option<u32> {
    class.iter().try_fold(0, |bits, b| match b {
        b'R' => Some(bits | 4),
        b'W' => Some(bits | 2),
        b'E' => Some(bits | 1),
        b'D' => Some(bits),
        _ => None,
    })
}

impl<'a> Columns<'a> {
    /// Puts what is known here into an entry.
    pub(super) fn fill(self, entry: &mut crate::listing::Entry<'a>) {
        entry.modified = self.modified;
        entry.owner = self.owner.map(Cow::Borrowed);
        entry.group = self.group.map(Cow::Borrowed);
        entry.mode = self.mode;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::iso_utc;

    #[test]
    fn dates_and_times() {
        for (text, expected) in [
            (" 2/8   1-JAN-2024 10:00:00.00", Some("2024-01-01T10:00:00Z")),
            (" 2/8   29-FEB-2024 12:34:56", Some("2024-02-29T12:34:56Z")),
            ("\x20  2  8-sep-1996 16:09 [SYSTEM]", Some("1996-09-08T16:09:00Z")),
            (" 12KB/16KB 31-DEC-1999 23:59:59.99", Some("1999-12-31T23:59:59Z")),
            (" 1.5MB 2-MAY-2000 1:02", Some("2000-05-02T01:02:00Z")),
            (" 5-MAR-1993", Some("1993-03-05T00:00:00Z")),
            (" 2 30-FEB-2024 10:00", None),
            (" 2 1-JAN-2024 25:00", None),
            (" 2 1-JAN-2024 10:0", None),
            (" 2 1-JAN-2024 10:00:00.x", None),
            (" %RMS-E-PRV, insufficient privilege", None),
            ("  No such file", None),
            (" insufficient privilege or object protection violation", None),
        ] {
            let columns = parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            let shown = columns.modified.map(|stamp| iso_utc(stamp.seconds).to_string());
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn owners_and_protections() {
        for (text, owner, group, mode) in [
            ("[STAFF,SMITH] (RWED,RWED,RE,)", Some("SMITH"), Some("STAFF"), Some(0o750)),
            ("[SYSTEM]  (RWED,RWED,RWED,RE)", Some("SYSTEM"), None, Some(0o775)),
            ("[001,023](,R,W,E)", Some("023"), Some("001"), Some(0o421)),
            ("[STAFF, SMITH  ]", Some("SMITH"), Some("STAFF"), None),
            ("[,X] (RWED,RWED,RE)", Some("X"), None, None),
            ("(RWED,RWED,RE,,)", None, None, None),
            ("(RWED,RWED,RX,)", None, None, None),
            ("(RWED,RWED,RE,R)", None, None, Some(0o754)),
            ("[STAFF,SMI", None, None, None),
            ("", None, None, None),
        ] {
            let line = format!(" 1 1-JAN-2024 10:00 {text}");
            let got = parse(line.as_bytes()).unwrap();
            assert_eq!(
                (got.owner, got.group),
                (owner.map(str::as_bytes), group.map(str::as_bytes))
            );
            assert_eq!(got.mode, mode, "{text}");
            let known = owner.is_some() && group.is_some() || mode.is_some();
            assert!(is_remainder(text.as_bytes()) || !known, "{text}");
        }
    }

    #[test]
    fn other_text_is_none() {
        for text in [
            "",
            " ",
            " 2/8",
            " 2/8 1-JAN-24 10:00",
            " 2/8 1-JAX-2024 10:00",
            " 2/8 32-JAN-2024 10:00",
            " 2/8/9 1-JAN-2024 10:00",
            " 1.5 1-JAN-2024 10:00",
            " 2/ 1-JAN-2024 10:00",
            " 2 1-JAN-2024 10:00 and words",
            " such a file",
            " %RMS-X-PRV, insufficient",
            " %RMS",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
