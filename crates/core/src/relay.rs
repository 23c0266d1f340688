//! One file from server to server in spite of breaks: each side is resumed on its own, the other
//! waits or follows. Nothing touches the disk.

use std::panic::resume_unwind;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use crate::begun::{self, Ours};
use crate::checksum::Sum;
use crate::crlf::Lines;
use crate::deliver::{Arrival, Landed, Onto, Passage, Reception, end, pass};
use crate::error::{Cause, Phase};
use crate::newer::{Known, Version};
use crate::path::RemotePath;
use crate::resume::{Found, Opened, Progress as Download, confirm, is_moot, open, settle};
use crate::retry::may_pass;
use crate::seam::{Recorder, Recording, Sample};
use crate::servers::Server;
use crate::stored::{Placement, StoredFile};
use crate::wire::{Counted, Next, Transfer, Type, Wants};

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
    /// What a listing, or a question just asked, says of it.
    pub known: Known,
    /// What is at the destination, where that is known.
    pub before: Option<Version>,
    /// What may be at the destination of it already.
    pub begun: Begun,
    /// Under which name it is stored there, and what becomes of a part of it.
    pub placement: Placement,
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
    /// What the source said of it.
    pub source: Found,
    /// Whether some of them are of an earlier run.
    pub inherited: bool,
}

/// Which side of a relay failed.
#[derive(Debug)]
pub enum RelayError {
    /// The file could not be read from the source.
    Source(Cause),
    /// The file could not be stored at the destination.
    Sink(Cause),
}

/// A relay under way.
struct Progress<'a> {
    file: StoredFile<'a>,
    /// What is known of the version whose bytes the destination has.
    known: Known,
    /// Whether anything was sent by this relay.
    sent: bool,
    /// Whether an earlier run has sent what the destination had at first.
    inherited: bool,
    /// Whether it is the source that is being opened: there it was not tried again.
    opening: bool,
    /// How many other versions the source had.
    versions: u32,
    /// Samples of what has passed.
    seam: Rc<Recorder>,
}

/// Relays a file.
///
/// # Errors
/// Names the side that failed, when trying again did not mend it. What is half at the destination
/// then is removed, if it is ours.
pub fn relay(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<Relayed, RelayError> {
    let mut progress = Progress::of(job);
    let mut tries = sink.tries(job.retries);
    loop {
        let before = progress.file.offset;
        let error = match attempt((source, sink), job, &mut progress) {
            Ok(relayed) => return Ok(relayed),
            Err(error) => error,
        };
        if progress.file.offset > before {
            tries.progressed();
        }
        let mendable = match &error {
            RelayError::Source(Cause::Changed) => progress.may_begin_anew(job),
            // The source has had its tries, while the destination was held open.
            RelayError::Source(cause) => progress.opening && may_pass(cause, source.was_reached()),
            RelayError::Sink(cause) => {
                let whole_only = progress.file.whole_only;
                let refused_to_go_on = whole_only && matches!(cause, Cause::Refused(_));
                refused_to_go_on || may_pass(cause, sink.was_reached())
            }
        };
        if !mendable || !tries.again() {
            return Err(give_up((source, sink), job, progress, error));
        }
        sink.try_again();
        source.try_again();
    }
}

impl<'a> Progress<'a> {
    fn of(job: &Relay<'a>) -> Self {
        let mut file = StoredFile::new(job.to, job.kind, job.placement, job.before);
        file.begun = job.begun != Begun::No;
        let (known, seam) = (job.known, Rc::default());
        Self { file, known, sent: false, inherited: false, opening: false, versions: 0, seam }
    }

    /// Another version of the file is at the source: it is sent from its beginning, as many times as tries may bring
    /// nothing. Text cannot be told apart.
    fn may_begin_anew(&mut self, job: &Relay<'_>) -> bool {
        self.versions += 1;
        self.file.whole_only = true;
        self.known = Known::default();
        self.seam = Rc::default();
        job.sum.into_iter().for_each(Sum::forget);
        job.kind == Type::Image && self.versions <= job.retries
    }
}

/// One connection of the destination's, and as many of the source's as it takes.
///
/// The source is opened first: a STOR for a file that is then not there would leave an empty one. The
/// destination's data connection is made meanwhile.
fn attempt(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    progress: &mut Progress<'_>,
) -> Result<Relayed, RelayError> {
    progress.opening = true;
    let delivered = find_part((&mut *source, &mut *sink), job, &mut progress.file)?;
    let mut down = Download::of(progress.known);
    down.delivered = delivered;
    down.seam = Rc::clone(&progress.seam);
    let opened = thread::scope(|scope| {
        scope.spawn(|| sink.reach(Wants::to_transfer(job.to)));
        open(source, (job.from, job.kind), &mut down, &Sample::default())
    });
    let opened = opened.map_err(RelayError::Source)?;
    progress.known = down.known();
    progress.opening = false;
    progress.inherited = delivered > 0 && (progress.inherited || first_of_earlier(job, progress));
    if job.begun == Begun::Earlier && !progress.sent && matches!(opened, Opened::All) {
        return Ok(Relayed {
            count: delivered,
            counted: true,
            source: down.found(),
            inherited: true,
        });
    }
    let expected = down.size().map(|size| size.saturating_sub(delivered));
    let left = match &opened {
        Opened::All => Some(0),
        Opened::Rest(from, _) => from.announced.or(expected),
    };
    let up = progress.file.open(sink, left).map_err(RelayError::Sink)?;
    progress.sent = true;
    let (moved, passed) = first_pass(opened, up, (job, &down), expected);
    down.take_in(moved);
    let ended = match passed {
        Passed::Whole(told, ended) => {
            let judged = told.or_else(|cause| judge(source, job, &mut down, cause));
            judged.map_err(RelayError::Source)?;
            down.proven = true;
            ended
        }
        Passed::Open(last, up) => send_rest(source, job, (&mut down, last), up)?,
    };
    let mut bytes = SourceBytes::of(source, job.from);
    let accepted = progress.file.accept(sink, down.delivered, ended, &mut bytes);
    let (counted, inherited) = (accepted.map_err(RelayError::Sink)?, progress.inherited);
    Ok(Relayed { count: down.delivered, counted, source: down.found(), inherited })
}

/// What the first connection of the source came to.
enum Passed<'u> {
    /// It brought all bytes: the verdicts of source and destination.
    Whole(Result<(), Cause>, Counted),
    /// What the source said in the end, or how it broke; more may be sent to the destination.
    Open(Result<(), Cause>, Transfer<'u>),
}

/// Passes on what the first connection of the source brings, and says how many bytes that was.
fn first_pass<'u>(
    opened: Opened<'_>,
    mut up: Transfer<'u>,
    (job, down): (&Relay<'_>, &Download),
    expected: Option<u64>,
) -> (u64, Passed<'u>) {
    let Opened::Rest(from, passed) = opened else { return (0, Passed::Open(Ok(()), up)) };
    let Passage { moved, end } = run((from, passed), &mut up, (job, down));
    let passed = match end {
        Ok(landed) if landed.is_whole(expected) => {
            let (told, ended) = both_verdicts(landed, up);
            Passed::Whole(told, ended)
        }
        end => Passed::Open(end.and_then(Landed::verdict), up),
    };
    (moved, passed)
}

/// Sends what the first connection of the source, which came to `last`, did not bring.
fn send_rest(
    source: &mut Server,
    job: &Relay<'_>,
    (down, last): (&mut Download, Result<(), Cause>),
    mut up: Transfer<'_>,
) -> Result<Counted, RelayError> {
    let patience = up.timeout();
    let mut again =
        |rest: (Transfer<'_>, u64), down: &Download| run(rest, &mut up, (job, down)).arrive();
    match follow(source, job, (down, last), (&mut again, patience)) {
        Ok(()) => Ok(up.finish_upload_and_count()),
        // Its words say why, if it was refused.
        Err(RelayError::Sink(cause)) => Err(RelayError::Sink(up.broken(cause))),
        Err(error) => {
            // What the server still has to store must not come after the DELE.
            up.abandon();
            Err(error)
        }
    }
}

/// Whether what the destination has is of an earlier run.
fn first_of_earlier(job: &Relay<'_>, progress: &Progress<'_>) -> bool {
    job.begun == Begun::Earlier && !progress.sent
}

/// Waits for the verdicts of both servers at once: the destination's and its size of the file, the
/// source's and the data connection of its next file.
fn both_verdicts(landed: Landed<'_>, up: Transfer<'_>) -> (Result<(), Cause>, Counted) {
    thread::scope(|scope| {
        let told = scope.spawn(|| landed.verdict_and_reach());
        let ended = up.finish_upload_and_count();
        (told.join().unwrap_or_else(|panic| resume_unwind(panic)), ended)
    })
}

/// The last word of the source is not 226: where all bytes are here its size decides.
///
/// # Errors
/// `cause`, where it does not help.
fn judge(
    source: &mut Server,
    job: &Relay<'_>,
    down: &mut Download,
    cause: Cause,
) -> Result<(), Cause> {
    match down.is_whole() && is_moot(&cause) {
        true => settle(source, job.from, down, cause),
        false => Err(cause),
    }
}

/// How many bytes the destination has of the file, when the first and last of them are the source's. It may have
/// said 150 and broken before it opened the file: then the old one is there.
fn find_part(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    file: &mut StoredFile<'_>,
) -> Result<u64, RelayError> {
    let mut bytes = SourceBytes::of(source, job.from);
    let there = file.find_part(sink, u64::MAX, &mut bytes).map_err(RelayError::Sink);
    match bytes.lost {
        Some(cause) => Err(RelayError::Source(cause)),
        None => there,
    }
}

/// The bytes of the file at the source, to be compared with what a destination has.
pub struct SourceBytes<'s> {
    source: &'s mut Server,
    path: &'s RemotePath,
    /// Why they cannot be had.
    lost: Option<Cause>,
    /// What passed of them.
    samples: Vec<Sample>,
}

impl<'s> SourceBytes<'s> {
    /// Nothing is read yet.
    pub fn of(source: &'s mut Server, path: &'s RemotePath) -> Self {
        Self { source, path, lost: None, samples: Vec::new() }
    }

    /// The same, with samples of what has passed, for a source that is gone.
    pub fn or_samples(self, samples: Vec<Sample>) -> Self {
        Self { samples, ..self }
    }
}

impl Ours for SourceBytes<'_> {
    fn part(&mut self, from: u64, to: u64) -> Result<Option<Vec<u8>>, Cause> {
        match begun::tail(self.source, self.path, from, to) {
            Ok(bytes) => Ok(bytes.and_then(|mut bytes| {
                let length = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
                // The source goes on behind what the destination has; a shorter one is another file.
                bytes.truncate(length);
                (bytes.len() == length).then_some(bytes)
            })),
            Err(cause) => {
                self.lost = Some(cause);
                Ok(None)
            }
        }
    }

    fn samples(&self) -> Vec<Sample> {
        self.samples.clone()
    }
}

fn run<'s>(
    (from, passed): (Transfer<'s>, u64),
    up: &mut Transfer<'_>,
    (job, down): (&Relay<'_>, &Download),
) -> Passage<'s> {
    let (stream, pulse) = up.parts();
    let sums = job.sum.as_slice().to_vec();
    let how = Reception { sums, others: vec![pulse], ..reception(job, down, passed) };
    pass(from, Onto::One(end(stream)), how)
}

/// How the bytes of a relay come: text is in the form of the wire on both sides, and images leave samples, since the
/// destination cannot be asked what it has got while it is written.
pub fn reception<'r>(job: &Relay<'_>, down: &'r Download, passed: u64) -> Reception<'r> {
    let is_text = job.kind == Type::Ascii;
    let seam = Recording { recorder: &down.seam, begin: down.delivered };
    Reception {
        lines: if is_text { Lines::ToWire } else { Lines::Keep },
        next: job.next,
        passed,
        most: down.left().filter(|_| !is_text),
        seam: (!is_text).then_some(seam),
        ..Reception::from(down.delivered)
    }
}

/// Passes on what a download brings from a byte on; with how many bytes of it were read before.
pub type Again<'a> = dyn FnMut((Transfer<'_>, u64), &Download) -> Arrival + 'a;

/// Takes the source up again as long as that helps, after its first connection came to `last`. Bytes go
/// where `again` sends them; what cannot be sent there is lost after `patience`.
///
/// # Errors
/// Names the side that failed.
pub fn follow(
    source: &mut Server,
    job: &Relay<'_>,
    (down, mut last): (&mut Download, Result<(), Cause>),
    (again, patience): (&mut Again<'_>, Duration),
) -> Result<(), RelayError> {
    let mut tries = source.tries(job.retries);
    loop {
        let cause = match last.and_then(|()| confirmed(source, job, down)) {
            Ok(()) => return Ok(()),
            // What cannot be written here is the destination's connection.
            Err(Cause::Local(error)) => {
                return Err(RelayError::Sink(Cause::lost(Phase::Data, error, patience)));
            }
            Err(cause) => cause,
        };
        if down.is_whole() && is_moot(&cause) {
            return settle(source, job.from, down, cause).map_err(RelayError::Source);
        }
        let rereads = matches!(cause, Cause::Changed) && down.may_reread();
        let mendable = down.can_go_on(job.kind, &cause) && may_pass(&cause, source.was_reached());
        if down.has_shrunk() {
            tries.progressed();
        }
        if !(rereads || mendable && tries.again()) {
            return Err(RelayError::Source(cause));
        }
        source.try_again();
        let sample = down.sample();
        last = match open(source, (job.from, job.kind), down, &sample) {
            Ok(Opened::All) => Ok(()),
            Ok(Opened::Rest(from, passed)) => {
                let Arrival { moved, end } = again((from, passed), down);
                down.take_in(moved);
                if moved > 0 {
                    tries.progressed();
                }
                end
            }
            Err(cause) => Err(cause),
        };
    }
}

fn confirmed(source: &mut Server, job: &Relay<'_>, down: &mut Download) -> Result<(), Cause> {
    match job.kind {
        Type::Image => confirm(source, job.from, down),
        Type::Ascii => Ok(()),
    }
}

/// Ends a relay that failed: what it left is removed where it is ours.
fn give_up(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    progress: Progress<'_>,
    error: RelayError,
) -> RelayError {
    source.try_again();
    let mut bytes = SourceBytes::of(source, job.from).or_samples(progress.seam.all());
    let end = |cause| progress.file.give_up(sink, cause, &mut bytes);
    match error {
        RelayError::Source(cause) => RelayError::Source(end(cause)),
        RelayError::Sink(cause) => RelayError::Sink(end(cause)),
    }
}
