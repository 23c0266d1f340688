//! LIST shows times on the server's own clock and does not say how far that is from UTC; MDTM is
//! in UTC (RFC 3659 §3). One file's MDTM tells the offset for a whole server.

use crate::error::Cause;
use crate::listing::{Entry, Kind, Role};
use crate::path::RemotePath;
use crate::servers::Server;
use crate::time::DAY;
use crate::wire::{Clock, Session, Wants};

/// What is done about times on the server's own clock.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Times {
    /// They stay as they were sent.
    #[default]
    AsSent,
    /// They become UTC where the server names MDTM among its features.
    Learn,
    /// They must become UTC.
    Insist,
}

/// How many files are asked for before the server is given up: one may be gone, or written to.
const MOST_ASKED: usize = 3;

/// Zones are whole quarters of an hour from UTC (+05:45 in Nepal).
const QUARTER: i64 = 15 * 60;

/// The widest offsets in use are -12 and +14 hours.
const WIDEST: i64 = 14 * 3600;

/// The files in a listing whose MDTM is worth asking for, newest first: LIST gives the time of day of new ones
/// only, and one of exactly midnight may be none.
#[derive(Debug)]
pub struct Witnesses {
    times: Times,
    best: Vec<(Vec<u8>, i64)>,
}

impl Witnesses {
    /// None yet; where times stay as they were sent none is wanted.
    pub fn new(times: Times) -> Self {
        Self { times, best: Vec::new() }
    }

    /// Looks at an entry of the listing, and at its name in the directory.
    pub fn see(&mut self, name: &[u8], entry: &Entry<'_>) {
        let Some(shown) = shown_time(entry).filter(|_| self.times != Times::AsSent) else { return };
        let place = self.best.partition_point(|(_, other)| *other >= shown);
        if place < MOST_ASKED {
            self.best.insert(place, (name.to_vec(), shown));
            self.best.truncate(MOST_ASKED);
        }
    }
}

/// How far the clock of `server` is from UTC in seconds, as far as that was asked for and the server can tell.
/// `witnesses` has seen the listing of `dir`.
///
/// # Errors
/// The connection is lost; or, where it was insisted on, the clock cannot be learned.
pub fn offset_of(
    server: &mut Server,
    dir: &RemotePath,
    witnesses: &Witnesses,
) -> Result<Option<i64>, Cause> {
    if server.facts().clock == Clock::Unknown {
        let clock = learn(server.session(Wants::default())?, dir, witnesses)?;
        server.learn(|facts| facts.clock = clock);
    }
    match (server.facts().clock, witnesses.times) {
        (_, Times::AsSent) => Ok(None),
        (Clock::Offset(offset), _) => Ok(Some(offset)),
        (Clock::Untold, Times::Insist) => {
            let text = "the server does not tell its clock by MDTM; times are shown as sent";
            Err(Cause::Operand(text.into()))
        }
        (Clock::Untold | Clock::Unknown, _) => Ok(None),
    }
}

/// An entry whose time is UTC if the server's clock is known already.
pub fn shown<'a>(mut entry: Entry<'a>, clock: Clock, times: Times) -> Entry<'a> {
    if let (Clock::Offset(offset), Times::Learn | Times::Insist) = (clock, times) {
        entry.modified = entry.modified.map(|stamp| stamp.to_utc(offset));
    }
    entry
}

fn learn(session: &mut Session, dir: &RemotePath, witnesses: &Witnesses) -> Result<Clock, Cause> {
    let asked = match witnesses.times {
        Times::AsSent => false,
        Times::Learn => session.features()?.mdtm,
        Times::Insist => true,
    };
    let best = if asked { witnesses.best.as_slice() } else { &[] };
    let mut clock = Clock::Unknown;
    for (name, shown) in best {
        let Ok(path) = dir.join(name) else { continue };
        match session.modified(&path)?.and_then(|utc| offset(*shown, utc)) {
            Some(offset) => return Ok(Clock::Offset(offset)),
            None => clock = Clock::Untold,
        }
    }
    Ok(clock)
}

fn shown_time(entry: &Entry<'_>) -> Option<i64> {
    let stamp = entry.modified.filter(|stamp| !stamp.utc && stamp.seconds.rem_euclid(DAY) != 0)?;
    (entry.kind == Kind::File && entry.role == Role::Child).then_some(stamp.seconds)
}

/// How much later UTC is than the clock that showed `shown`; `None` where the two cannot be the
/// same moment. LIST cuts off the seconds, so `utc` may be up to a minute late.
fn offset(shown: i64, utc: i64) -> Option<i64> {
    let late = utc.checked_sub(shown)?;
    let offset = late.checked_add(QUARTER / 2)?.div_euclid(QUARTER) * QUARTER;
    let fits = (-60..=120).contains(&(late - offset)) && offset.abs() <= WIDEST;
    fits.then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Stamp;

    #[test]
    fn offsets_are_quarters_of_an_hour() {
        for (late, expected) in [
            (0, Some(0)),
            (59, Some(0)),
            (-8 * 3600 + 30, Some(-8 * 3600)),
            (5 * 3600 + 45 * 60 + 59, Some(5 * 3600 + 45 * 60)),
            (12 * 3600, Some(12 * 3600)),
            (-14 * 3600 + 1, Some(-14 * 3600)),
            (300, None),
            (15 * 3600, None),
            (i64::MAX, None),
        ] {
            assert_eq!(offset(0, late), expected, "{late}");
        }
        assert_eq!(offset(i64::MIN, i64::MAX), None);
    }

    #[test]
    fn new_files_with_a_time_of_day_are_asked_for() {
        let mut witnesses = Witnesses::new(Times::Learn);
        let mut none = Witnesses::new(Times::AsSent);
        for (name, kind, seconds, utc) in [
            ("old", Kind::File, 60, false),
            ("midnight", Kind::File, 9 * DAY, false),
            ("dir", Kind::Dir, 8 * DAY + 60, false),
            ("utc", Kind::File, 8 * DAY + 60, true),
            ("new", Kind::File, 7 * DAY + 60, false),
            ("older", Kind::File, 30, false),
            ("oldest", Kind::File, 20, false),
        ] {
            let mut entry = Entry::new(name.as_bytes(), kind);
            entry.modified = Some(Stamp { seconds, utc });
            witnesses.see(name.as_bytes(), &entry);
            none.see(name.as_bytes(), &entry);
        }
        let names: Vec<_> = witnesses.best.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [&b"new"[..], b"old", b"older"]);
        assert!(none.best.is_empty());
    }
}
