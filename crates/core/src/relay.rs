//! One file from server to server in spite of breaks: each side is resumed on its own, the other
//! waits or follows. Nothing touches the disk.

use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use crate::begun;
use crate::checksum::Sum;
use crate::crlf::Lines;
use crate::deliver::{Arrival, Landed, Onto, Passage, end, pass};
use crate::ending::Stake;
use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::resume::{Opened, Progress, is_moot, open, settle};
use crate::retry::may_pass;
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
    /// How many bytes a listing says that it has.
    pub size: Option<u64>,
    /// What may be at the destination of it already.
    pub begun: Begun,
    /// Whether what is half at the destination is left there, for a later run (`-c`).
    pub keeps: bool,
}

/// Who may have begun a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Begun {
    /// Nobody: what is there is another file.
    No,
    /// An earlier run, of which nothing is known (`-c`). What is whole needs no more.
    Earlier,
    /// This run, in another way that did not succeed.
    Now,
}

/// A file that was relayed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Relayed {
    /// Its bytes.
    pub count: u64,
    /// Whether the destination said that it has so many, and not only that it is done.
    pub counted: bool,
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
    /// Whether anything was sent by this relay.
    sent: bool,
    /// Whether going on failed, so that only a whole file will do.
    whole_only: bool,
    /// Whether it is the source that is being opened: there it was not tried again.
    opening: bool,
    /// That a signal removes it.
    stake: Option<Stake>,
}

/// Relays a file.
///
/// # Errors
/// Names the side that failed, when trying again did not mend it. What is half at the destination
/// then is removed.
pub fn relay(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<Relayed, RelayError> {
    let (mut stored, mut tries) =
        (Stored { begun: job.begun != Begun::No, ..Stored::default() }, sink.tries(job.retries));
    loop {
        let before = stored.size;
        let error = match attempt((source, sink), job, &mut stored) {
            Ok(relayed) => return Ok(relayed),
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
/// The source is opened first: a STOR for a file that is then not there would leave an empty one. The
/// destination's data connection is made meanwhile.
fn attempt(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    stored: &mut Stored,
) -> Result<Relayed, RelayError> {
    let wants = Wants::to_transfer(job.to);
    stored.size = 0;
    stored.opening = true;
    if stored.begun && job.kind == Type::Image && !stored.whole_only {
        stored.size = proven((&mut *source, &mut *sink), job)?.unwrap_or(0);
    }
    let mut progress = Progress { delivered: stored.size, ..Progress::default() };
    let opened = thread::scope(|scope| {
        scope.spawn(|| sink.reach(wants));
        open(source, (job.from, job.kind), &mut progress)
    });
    let opened = opened.map_err(RelayError::Source)?;
    stored.opening = false;
    if job.begun == Begun::Earlier && !stored.sent && matches!(opened, Opened::All) {
        return Ok(Relayed { count: progress.delivered, counted: true });
    }
    let half = sink.half(job.to);
    let session = sink.session(wants).map_err(RelayError::Sink)?;
    let left = match &opened {
        Opened::All => Some(0),
        Opened::Rest(down, _) => down.announced.or(job.size),
    };
    let mut up = session.store(false, job.to, job.kind, (stored.size, left)).map_err(|cause| {
        stored.whole_only |= stored.size > 0 && matches!(cause, Cause::Refused(_));
        RelayError::Sink(cause)
    })?;
    stored.begun = true;
    stored.sent = true;
    if !job.keeps {
        stored.stake.get_or_insert_with(|| half.begun());
    }
    let expected = job.size.map(|size| size.saturating_sub(progress.delivered));
    let passed = match opened {
        Opened::All => None,
        Opened::Rest(down, passed) => {
            let Passage { moved, end } = run((down, passed), &mut up, (job, progress.delivered));
            progress.delivered += moved;
            Some(end)
        }
    };
    let last = match passed.transpose() {
        Ok(Some(landed)) if landed.is_whole(expected) => {
            let (told, ended) = both_verdicts(landed, up);
            let judged = told.or_else(|cause| judge(source, job, &mut progress, cause));
            judged.map_err(RelayError::Source)?;
            let ended = conclude(sink, job, stored, (progress.delivered, ended));
            return ended.map_err(RelayError::Sink);
        }
        end => end.and_then(|landed| landed.map_or(Ok(()), Landed::verdict)),
    };
    let patience = up.timeout();
    let mut again = |rest: (Transfer<'_>, u64), begin| run(rest, &mut up, (job, begin)).arrive();
    if let Err(error) = follow(source, job, (&mut progress, last), (&mut again, patience)) {
        // What the server still has to store must not come after the DELE.
        up.abandon();
        return Err(error);
    }
    let ended = up.finish_upload_and_count();
    conclude(sink, job, stored, (progress.delivered, ended)).map_err(RelayError::Sink)
}

/// Waits for the verdicts of both servers at once: the destination's and its size of the file, the
/// source's and the data connection of its next file.
fn both_verdicts(
    landed: Landed<'_>,
    up: Transfer<'_>,
) -> (Result<(), Cause>, Result<Option<u64>, Cause>) {
    thread::scope(|scope| {
        let told = scope.spawn(|| landed.verdict_and_reach());
        let ended = up.finish_upload_and_count();
        (told.join().unwrap_or_else(|panic| resume_unwind(panic)), ended)
    })
}

/// What the destination's last word comes to, and the size that it told.
fn conclude(
    sink: &mut Server,
    job: &Relay<'_>,
    stored: &mut Stored,
    (count, ended): (u64, Result<Option<u64>, Cause>),
) -> Result<Relayed, Cause> {
    match ended {
        Ok(told) => agree(count, told).inspect_err(|_| stored.whole_only |= stored.size > 0),
        Err(cause) => settled(sink, job, count, cause),
    }
}

/// The last word of the source is not 226: where all bytes are here its size decides.
///
/// # Errors
/// `cause`, where it does not help.
fn judge(
    source: &mut Server,
    job: &Relay<'_>,
    progress: &mut Progress,
    cause: Cause,
) -> Result<(), Cause> {
    match progress.is_whole() && is_moot(&cause) {
        true => settle(source, job.from, progress, cause),
        false => Err(cause),
    }
}

/// How many bytes the destination has of the file, when the last of them are the source's. It may have
/// said 150 and broken before it opened the file: then the old one is there.
fn proven(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<Option<u64>, RelayError> {
    let mut at_source = None;
    let mut ours = |from: u64, to: u64| match begun::tail(source, job.from, from, to) {
        Ok(bytes) => Ok(bytes.and_then(|mut bytes| {
            let length = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
            // The source goes on behind what the destination has; a shorter one is another file.
            bytes.truncate(length);
            (bytes.len() == length).then_some(bytes)
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
///
/// # Errors
/// `cause`, where it does not help.
pub fn settled(
    sink: &mut Server,
    job: &Relay<'_>,
    count: u64,
    cause: Cause,
) -> Result<Relayed, Cause> {
    if !is_moot(&cause) || job.kind == Type::Ascii {
        return Err(cause);
    }
    sink.try_again();
    let session = sink.session(Wants { features: false, data: true });
    match session.and_then(|session| session.size_before_transfer(job.to)) {
        Ok(Some(size)) if size == count => Ok(Relayed { count, counted: true }),
        _ => Err(cause),
    }
}

/// Compares the destination's size of the file with what came from the source.
///
/// # Errors
/// They differ.
pub fn agree(count: u64, told: Option<u64>) -> Result<Relayed, Cause> {
    match told {
        Some(got) if got != count => Err(Cause::WrongSize { got, want: count }),
        told => Ok(Relayed { count, counted: told.is_some() }),
    }
}

fn run<'s>(
    (down, passed): (Transfer<'s>, u64),
    up: &mut Transfer<'_>,
    (job, begin): (&Relay<'_>, u64),
) -> Passage<'s> {
    let (stream, pulse) = up.parts();
    let how = (lines(job), job.next);
    pass(down, Onto::One(end(stream)), how, (passed, (job.sum.as_slice(), begin), vec![pulse]))
}

/// What becomes of line ends on the way: text is in the form of the wire on both sides.
pub fn lines(job: &Relay<'_>) -> Lines {
    if job.kind == Type::Ascii { Lines::ToWire } else { Lines::Keep }
}

/// Passes on what a download brings from a byte on; with how many bytes of it were read before.
pub type Again<'a> = dyn FnMut((Transfer<'_>, u64), u64) -> Arrival + 'a;

/// Takes the source up again as long as that helps, after its first connection came to `last`. Bytes go
/// where `again` sends them; what cannot be sent there is lost after `patience`.
///
/// # Errors
/// Names the side that failed.
pub fn follow(
    source: &mut Server,
    job: &Relay<'_>,
    (progress, mut last): (&mut Progress, Result<(), Cause>),
    (again, patience): (&mut Again<'_>, Duration),
) -> Result<(), RelayError> {
    let mut tries = source.tries(job.retries);
    loop {
        let cause = match last {
            Ok(()) => return Ok(()),
            // What cannot be written here is the destination's connection.
            Err(Cause::Local(error)) => {
                return Err(RelayError::Sink(Cause::lost(Phase::Data, error, patience)));
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
                let Arrival { moved, end } = again((down, passed), progress.delivered);
                progress.delivered += moved;
                if moved > 0 {
                    tries.progressed();
                }
                end
            }
            Err(cause) => Err(cause),
        };
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
    if stored.begun && !untouched && !job.keeps {
        sink.remove_half(job.to);
    }
}
