//! One file from server to server in spite of breaks: each side is resumed on its own, the other
//! waits or follows. Nothing touches the disk.

use crate::begun;
use crate::checksum::Sum;
use crate::crlf::Lines;
use crate::deliver::{Arrival, end, receive};
use crate::ending::Stake;
use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::resume::{Opened, Progress, is_moot, open, settle};
use crate::retry::{Tries, may_pass};
use crate::servers::Server;
use crate::wire::{Next, Transfer, Type, Wants};

/// A file to relay.
#[derive(Clone, Copy, Debug)]
pub struct Relay<'a> {
    /// Where it is.
    pub from: &'a RemotePath,
    /// Where it goes.
    pub to: &'a RemotePath,
    /// How it is transferred; text is not resumed.
    pub kind: Type,
    /// What sees the bytes on their way.
    pub sum: Option<&'a Sum>,
    /// What the source is asked for after it.
    pub next: Next,
    /// How many tries in a row may bring nothing, on each side.
    pub retries: u32,
    /// Whether a part of it may be at the destination already.
    pub begun: bool,
}

/// Which side of a relay failed.
#[derive(Debug)]
pub enum RelayError {
    /// The file could not be read from the source.
    Source(Cause),
    /// The file could not be stored at the destination.
    Sink(Cause),
}

/// What is known of the destination's file.
#[derive(Debug, Default)]
struct Stored {
    /// Whether a part of it may be there.
    begun: bool,
    /// Bytes it had when the last try began.
    size: u64,
    /// Whether going on failed, so that only a whole file will do.
    whole_only: bool,
    /// Whether it is the source that is being opened: there it was not tried again.
    opening: bool,
    /// That a signal removes it.
    stake: Option<Stake>,
}

/// Relays a file; returns its bytes.
///
/// # Errors
/// Names the side that failed, when trying again did not mend it. What is half at the destination
/// then is removed.
pub fn relay(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<u64, RelayError> {
    let (mut stored, mut tries) =
        (Stored { begun: job.begun, ..Stored::default() }, Tries::new(job.retries));
    loop {
        let before = stored.size;
        let error = match attempt((source, sink), job, &mut stored) {
            Ok(count) => return Ok(count),
            Err(error) => error,
        };
        if stored.size > before {
            tries.progressed();
        }
        let mendable = match &error {
            // The source has had its tries, while the destination was held open.
            RelayError::Source(cause) => stored.opening && may_pass(cause, source.was_reached()),
            RelayError::Sink(cause) => {
                let refused_to_go_on = stored.whole_only && matches!(cause, Cause::Refused(_));
                refused_to_go_on || may_pass(cause, sink.was_reached())
            }
        };
        if !mendable || !tries.again() {
            clear((source, sink), job, &stored, &error);
            return Err(error);
        }
        sink.try_again();
        source.try_again();
    }
}

/// One connection of the destination's, and as many of the source's as it takes.
///
/// The source is opened first: a STOR for a file that is then not there would leave an empty one.
fn attempt(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    stored: &mut Stored,
) -> Result<u64, RelayError> {
    let wants = Wants { features: !job.to.as_bytes().is_ascii(), data: true };
    stored.size = 0;
    stored.opening = true;
    if stored.begun && job.kind == Type::Image && !stored.whole_only {
        stored.size = proven((&mut *source, &mut *sink), job)?.unwrap_or(0);
    }
    let mut progress = Progress { delivered: stored.size, ..Progress::default() };
    let opened = open(source, (job.from, job.kind), &mut progress).map_err(RelayError::Source)?;
    stored.opening = false;
    let half = sink.half(job.to);
    let session = sink.session(wants).map_err(RelayError::Sink)?;
    let mut up = session.store(false, job.to, job.kind, stored.size).map_err(|cause| {
        stored.whole_only |= stored.size > 0 && matches!(cause, Cause::Refused(_));
        RelayError::Sink(cause)
    })?;
    stored.begun = true;
    stored.stake.get_or_insert_with(|| half.begun());
    if let Opened::Rest(down, passed) = opened {
        let arrival = run((down, passed), &mut up, (job, progress.delivered));
        progress.delivered += arrival.moved;
        if let Err(error) = follow(source, &mut up, job, (&mut progress, arrival.end)) {
            // What the server still has to store must not come after the DELE.
            up.abandon();
            return Err(error);
        }
    }
    if let Err(cause) = up.finish_upload() {
        return settled(sink, job, progress.delivered, cause).map_err(RelayError::Sink);
    }
    agree(sink, job, stored, progress.delivered).map_err(RelayError::Sink)?;
    Ok(progress.delivered)
}

/// How many bytes the destination has of the file, when the last of them are the source's. It may have
/// said 150 and broken before it opened the file: then the old one is there.
fn proven(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<Option<u64>, RelayError> {
    let mut at_source = None;
    let mut ours = |from: u64, to: u64| match begun::tail(source, job.from, from, to) {
        Ok(bytes) => Ok(bytes.map(|mut bytes| {
            // The source goes on behind what the destination has.
            bytes.truncate(usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX));
            bytes
        })),
        Err(cause) => {
            at_source = Some(cause);
            Ok(None)
        }
    };
    let there = begun::stored(sink, job.to, u64::MAX, &mut ours).map_err(RelayError::Sink);
    match at_source {
        Some(cause) => Err(RelayError::Source(cause)),
        None => there,
    }
}

/// Everything was sent, and the destination's last word is missing: its size decides.
fn settled(sink: &mut Server, job: &Relay<'_>, want: u64, cause: Cause) -> Result<u64, Cause> {
    if !is_moot(&cause) || job.kind == Type::Ascii {
        return Err(cause);
    }
    sink.try_again();
    let session = sink.session(Wants { features: false, data: true });
    match session.and_then(|session| session.size_before_transfer(job.to)) {
        Ok(Some(size)) if size == want => Ok(want),
        _ => Err(cause),
    }
}

fn run(
    (down, passed): (Transfer<'_>, u64),
    up: &mut Transfer<'_>,
    (job, begin): (&Relay<'_>, u64),
) -> Arrival {
    let lines = if job.kind == Type::Ascii { Lines::ToWire } else { Lines::Keep };
    let seen = job.sum.map(|sum| (sum, begin));
    let (stream, pulse) = up.parts();
    receive(down, end(stream), (lines, job.next), (passed, seen, Some(pulse)))
}

/// Takes the source up again as long as that helps, after its first connection came to `last`.
fn follow(
    source: &mut Server,
    up: &mut Transfer<'_>,
    job: &Relay<'_>,
    (progress, mut last): (&mut Progress, Result<(), Cause>),
) -> Result<(), RelayError> {
    let mut tries = Tries::new(job.retries);
    loop {
        let cause = match last {
            Ok(()) => return Ok(()),
            // What cannot be written here is the destination's connection.
            Err(Cause::Local(error)) => {
                return Err(RelayError::Sink(Cause::lost(Phase::Data, error, up.timeout())));
            }
            Err(cause) => cause,
        };
        if progress.is_whole() && is_moot(&cause) {
            return settle(source, job.from, progress, cause).map_err(RelayError::Source);
        }
        let mendable = progress.can_go_on(job.kind, &cause);
        if !mendable || !may_pass(&cause, source.was_reached()) || !tries.again() {
            return Err(RelayError::Source(cause));
        }
        source.try_again();
        last = match open(source, (job.from, job.kind), progress) {
            Ok(Opened::All) => Ok(()),
            Ok(Opened::Rest(down, passed)) => {
                let arrival = run((down, passed), up, (job, progress.delivered));
                progress.delivered += arrival.moved;
                if arrival.moved > 0 {
                    tries.progressed();
                }
                arrival.end
            }
            Err(cause) => Err(cause),
        };
    }
}

/// Compares the destination's size of the file with what came from the source.
fn agree(sink: &mut Server, job: &Relay<'_>, stored: &mut Stored, want: u64) -> Result<(), Cause> {
    if job.kind == Type::Ascii {
        return Ok(());
    }
    let session = sink.session(Wants { features: false, data: true })?;
    match session.size_before_transfer(job.to)? {
        Some(got) if got != want => {
            stored.whole_only |= stored.size > 0;
            Err(Cause::WrongSize { got, want })
        }
        _ => Ok(()),
    }
}

/// Removes what a failed relay left, where it can be asked for.
fn clear(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    stored: &Stored,
    error: &RelayError,
) {
    let untouched = match error {
        RelayError::Source(_) => false,
        RelayError::Sink(cause) => {
            let refused = matches!(cause, Cause::Refused(_)) && stored.size == 0;
            cause.server_is_gone()
                || (refused && !matches!(proven((source, sink), job), Ok(Some(_))))
        }
    };
    if stored.begun && !untouched {
        sink.remove_half(job.to);
    }
}
