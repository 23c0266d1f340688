//! One file from one server to several: read once, written to all. A destination that fails is left
//! out, and what broke there is mended afterwards, by a relay of its own; the others go on.

use std::io;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use crate::checksum::Sum;
use crate::deliver::{Arrival, Onto, Passage, end, pass};
use crate::ending::Stake;
use crate::error::{Cause, Phase};
use crate::fan::Fan;
use crate::path::RemotePath;
use crate::relay::{Begun, Relay, RelayError, Relayed, agree, follow, lines, relay, settled};
use crate::resume::{Opened, Progress, open};
use crate::retry::may_pass;
use crate::servers::Server;
use crate::wire::{Transfer, Wants};

/// One destination.
pub struct Branch<'a> {
    /// Its server.
    pub sink: &'a mut Server,
    /// Where the file goes there.
    pub to: &'a RemotePath,
    /// What sees the bytes for it.
    pub sum: Option<&'a Sum>,
}

/// What came of one destination.
pub type Ended = Result<Relayed, RelayError>;

/// Copies the file of `job`, whose `to`, `sum` and `begun` do not count, to all of `branches`, and tells
/// how that went for each, in their order.
///
/// # Errors
/// The source's, which is one for all: nothing is left anywhere then.
pub fn spread(
    source: &mut Server,
    branches: &mut [Branch<'_>],
    job: &Relay<'_>,
) -> Result<Vec<Ended>, Cause> {
    match together(source, branches, job) {
        Err(not_read) => Err(clear(branches, job, not_read)),
        Ok(ends) => Ok(branches
            .iter_mut()
            .zip(ends)
            .map(|(branch, end)| match end {
                Ok(relayed) => Ok(relayed),
                Err(cause) if may_pass(&cause, branch.sink.was_reached()) => {
                    branch.sink.try_again();
                    mended(source, branch, job)
                }
                Err(cause) => {
                    if !matches!(cause, Cause::Refused(_)) && !cause.server_is_gone() && !job.keeps
                    {
                        branch.sink.remove_half(branch.to);
                    }
                    Err(RelayError::Sink(cause))
                }
            })
            .collect()),
    }
}

/// One destination by itself, after the pass over all of them broke there.
fn mended(source: &mut Server, branch: &mut Branch<'_>, job: &Relay<'_>) -> Ended {
    let Branch { sink, to, sum } = branch;
    relay((source, sink), &Relay { to, sum: *sum, begun: Begun::Now, ..*job })
}

/// What the source left half is removed everywhere.
fn clear(branches: &mut [Branch<'_>], job: &Relay<'_>, NotRead { cause, begun }: NotRead) -> Cause {
    let half = branches.iter_mut().zip(begun).filter(|(_, begun)| *begun && !job.keeps);
    half.for_each(|(branch, _)| branch.sink.remove_half(branch.to));
    cause
}

/// The source failed.
struct NotRead {
    cause: Cause,
    /// Which destinations have a half file.
    begun: Vec<bool>,
}

/// An upload under way.
struct Upload<'b> {
    transfer: Transfer<'b>,
    /// How its data connection broke, if it did.
    broken: Option<io::Error>,
    /// That a signal removes what is half there.
    stake: Option<Stake>,
}

/// One download, and an upload to each. Of an upload only its own server's failures are told.
fn together(
    source: &mut Server,
    branches: &mut [Branch<'_>],
    job: &Relay<'_>,
) -> Result<Vec<Result<Relayed, Cause>>, NotRead> {
    let mut progress = Progress::default();
    let opened = thread::scope(|scope| {
        for Branch { sink, to, .. } in &mut *branches {
            scope.spawn(|| sink.reach(Wants::to_transfer(to)));
        }
        open(source, (job.from, job.kind), &mut progress)
    });
    let nowhere = || vec![false; branches.len()];
    let (down, passed) = match opened {
        Ok(Opened::Rest(down, passed)) => (down, passed),
        // Nothing was delivered before, so this cannot be.
        Ok(Opened::All) => return Err(NotRead { cause: Cause::changed(), begun: nowhere() }),
        Err(cause) => return Err(NotRead { cause, begun: nowhere() }),
    };
    let sums: Vec<_> = branches.iter().filter_map(|branch| branch.sum).collect();
    let mut uploads = begin(branches, job);
    let mut again =
        |rest: (Transfer<'_>, u64), begin| run(rest, &mut uploads, (job, &sums, begin)).arrive();
    let Arrival { moved, end } = again((down, passed), 0);
    progress.delivered += moved;
    let patience = source.patience();
    let read = follow(source, job, (&mut progress, end), (&mut again, patience));
    if let Err(RelayError::Source(cause)) = read {
        let begun = uploads.iter().map(Result::is_ok).collect();
        uploads.into_iter().flatten().for_each(|upload| {
            let _ = upload.transfer.abandon();
        });
        return Err(NotRead { cause, begun });
    }
    let ended = finish(uploads, patience);
    Ok(counted(branches, job, (progress.delivered, ended)))
}

/// Runs `work` for each of `items` at once, so that they wait together; the results in their order.
fn each_at_once<I: Send, R: Send>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> R + Sync,
) -> Vec<R> {
    thread::scope(|scope| {
        let work = &work;
        let all: Vec<_> = items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
        let ends = all.into_iter().map(thread::ScopedJoinHandle::join);
        ends.map(|end| end.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn begin<'b>(branches: &'b mut [Branch<'_>], job: &Relay<'_>) -> Vec<Result<Upload<'b>, Cause>> {
    each_at_once(branches, |Branch { sink, to, .. }| {
        let half = sink.half(to);
        let transfer =
            sink.session(Wants::to_transfer(to))?.store(false, to, job.kind, (0, job.size))?;
        let stake = (!job.keeps).then(|| half.begun());
        Ok(Upload { transfer, broken: None, stake })
    })
}

/// Passes a download on to all that are not broken.
fn run<'s>(
    (down, passed): (Transfer<'s>, u64),
    uploads: &mut [Result<Upload<'_>, Cause>],
    (job, sums, begin): (&Relay<'_>, &[&Sum], u64),
) -> Passage<'s> {
    let living = uploads.iter_mut().flatten().filter(|upload| upload.broken.is_none());
    let parts = living.map(|Upload { transfer, broken, .. }| (transfer.parts(), broken));
    let (mut ends, mut pulses, mut ill) = (Vec::new(), Vec::new(), Vec::new());
    for ((stream, pulse), broken) in parts {
        ends.push(end(stream));
        pulses.push(pulse);
        ill.push(broken);
    }
    let mut fan = Fan::new(ends);
    let how = (lines(job), job.next);
    let passage = pass(down, Onto::All(&mut fan), how, (passed, (sums, begin), pulses));
    for (ill, broken) in ill.into_iter().zip(fan.broken()) {
        *ill = broken;
    }
    passage
}

/// The verdicts, and the sizes that are told.
fn finish(
    uploads: Vec<Result<Upload<'_>, Cause>>,
    patience: Duration,
) -> Vec<Result<Option<u64>, Cause>> {
    each_at_once(uploads, |upload| {
        let Upload { transfer, broken, stake: _stake } = upload?;
        match broken {
            None => transfer.finish_upload_and_count(),
            Some(error) => Err(transfer.broken(Cause::lost(Phase::Data, error, patience))),
        }
    })
}

/// What they come to.
fn counted(
    branches: &mut [Branch<'_>],
    job: &Relay<'_>,
    (count, ended): (u64, Vec<Result<Option<u64>, Cause>>),
) -> Vec<Result<Relayed, Cause>> {
    each_at_once(branches.iter_mut().zip(ended), |(Branch { sink, to, .. }, ended)| match ended {
        Ok(told) => agree(count, told),
        Err(cause) => settled(sink, &Relay { to, ..*job }, count, cause),
    })
}
