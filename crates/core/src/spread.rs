//! One file from one server to several: read once, written to all. A destination that fails is left
//! out, and what broke there is mended afterwards, by a relay of its own; the others go on.

use std::io;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use crate::checksum::Sum;
use crate::deliver::{Arrival, Onto, Passage, Reception, end, pass};
use crate::error::{Cause, Phase};
use crate::fan::Fan;
use crate::path::RemotePath;
use crate::relay::{Begun, Relay, RelayError, Relayed, SourceBytes, follow, reception, relay};
use crate::resume::{Opened, Progress as Download, open};
use crate::retry::may_pass;
use crate::seam::{Recorder, Sample};
use crate::servers::Server;
use crate::stored::StoredFile;
use crate::wire::{Counted, Transfer, Wants};

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

/// Copies the file of `job`, whose `to`, `sum`, `before` and `begun` do not count, to all of `branches`, and tells
/// how that went for each, in their order.
///
/// # Errors
/// The source's, which is one for all: nothing of ours is left anywhere then.
pub fn spread(
    source: &mut Server,
    branches: &mut [Branch<'_>],
    job: &Relay<'_>,
) -> Result<Vec<Ended>, Cause> {
    let mut files: Vec<_> = branches
        .iter()
        .map(|branch| StoredFile::new(branch.to, job.kind, job.placement, None))
        .collect();
    let seam = Rc::new(Recorder::default());
    let ends = match together(source, branches, &mut files, (job, &seam)) {
        Ok(ends) => ends,
        Err(cause) => return Err(not_read(source, branches, files, (job, &seam, cause))),
    };
    let all = branches.iter_mut().zip(files).zip(ends);
    let settle = |((branch, file), end)| settled(source, branch, (file, end), (job, &seam));
    Ok(all.map(settle).collect())
}

/// What one destination came to, after the pass over all of them.
fn settled(
    source: &mut Server,
    branch: &mut Branch<'_>,
    (file, end): (StoredFile<'_>, Result<Relayed, Cause>),
    (job, seam): (&Relay<'_>, &Recorder),
) -> Ended {
    match end {
        Ok(relayed) => Ok(relayed),
        Err(cause) if may_pass(&cause, branch.sink.was_reached()) => {
            branch.sink.try_again();
            let Branch { sink, to, sum } = branch;
            let job = Relay { to, sum: *sum, begun: Begun::Now, before: file.before(), ..*job };
            relay((source, sink), &job)
        }
        Err(cause) => {
            let mut bytes = SourceBytes::of(source, job.from).or_samples(seam.all());
            Err(RelayError::Sink(file.give_up(branch.sink, cause, &mut bytes)))
        }
    }
}

/// The source failed: what is half is removed everywhere, where it is ours.
fn not_read(
    source: &mut Server,
    branches: &mut [Branch<'_>],
    files: Vec<StoredFile<'_>>,
    (job, seam, mut cause): (&Relay<'_>, &Recorder, Cause),
) -> Cause {
    source.try_again();
    let mut bytes = SourceBytes::of(source, job.from).or_samples(seam.all());
    for (branch, file) in branches.iter_mut().zip(files) {
        cause = file.give_up(branch.sink, cause, &mut bytes);
    }
    cause
}

/// An upload under way.
struct Upload<'b> {
    transfer: Transfer<'b>,
    /// How its data connection broke, if it did.
    broken: Option<io::Error>,
}

/// One download, and an upload to each. Of an upload only its own server's failures are told.
///
/// # Errors
/// The source's.
fn together(
    source: &mut Server,
    branches: &mut [Branch<'_>],
    files: &mut [StoredFile<'_>],
    (job, seam): (&Relay<'_>, &Rc<Recorder>),
) -> Result<Vec<Result<Relayed, Cause>>, Cause> {
    let mut down = Download::of(job.known);
    down.seam = Rc::clone(seam);
    let opened = thread::scope(|scope| {
        for Branch { sink, to, .. } in &mut *branches {
            scope.spawn(|| sink.reach(Wants::to_transfer(to)));
        }
        open(source, (job.from, job.kind), &mut down, &Sample::default())
    });
    let (from, passed) = match opened? {
        Opened::Rest(from, passed) => (from, passed),
        // Nothing was delivered before, so this cannot be.
        Opened::All => return Err(Cause::Changed),
    };
    let sums: Vec<_> = branches.iter().filter_map(|branch| branch.sum).collect();
    let left = from.announced.or(down.size());
    let mut uploads = begin(branches, files, left);
    let mut again = |rest: (Transfer<'_>, u64), down: &Download| {
        run(rest, &mut uploads, (job, &sums, down)).arrive()
    };
    let Arrival { moved, end } = again((from, passed), &down);
    down.take_in(moved);
    let patience = source.patience();
    let read = follow(source, job, (&mut down, end), (&mut again, patience));
    if let Err(RelayError::Source(cause)) = read {
        uploads.into_iter().flatten().for_each(|upload| {
            let _ = upload.transfer.abandon();
        });
        return Err(cause);
    }
    let ended = finish(uploads, patience);
    Ok(accepted(source, branches, files, (job, &down, ended)))
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

fn begin<'b>(
    branches: &'b mut [Branch<'_>],
    files: &mut [StoredFile<'_>],
    left: Option<u64>,
) -> Vec<Result<Upload<'b>, Cause>> {
    each_at_once(branches.iter_mut().zip(files), |(branch, file)| {
        let transfer = file.open(branch.sink, left)?;
        Ok(Upload { transfer, broken: None })
    })
}

/// Passes a download on to all that are not broken.
fn run<'s>(
    (from, passed): (Transfer<'s>, u64),
    uploads: &mut [Result<Upload<'_>, Cause>],
    (job, sums, down): (&Relay<'_>, &[&Sum], &Download),
) -> Passage<'s> {
    let living = uploads.iter_mut().flatten().filter(|upload| upload.broken.is_none());
    let parts = living.map(|Upload { transfer, broken }| (transfer.parts(), broken));
    let (mut ends, mut others, mut ill) = (Vec::new(), Vec::new(), Vec::new());
    for ((stream, pulse), broken) in parts {
        ends.push(end(stream));
        others.push(pulse);
        ill.push(broken);
    }
    let mut fan = Fan::new(ends);
    let how = Reception { sums: sums.to_vec(), others, ..reception(job, down, passed) };
    let passage = pass(from, Onto::All(&mut fan), how);
    for (ill, broken) in ill.into_iter().zip(fan.broken()) {
        *ill = broken;
    }
    passage
}

/// The verdicts, and the sizes that are told. What broke before its end has none.
fn finish(
    uploads: Vec<Result<Upload<'_>, Cause>>,
    patience: Duration,
) -> Vec<Result<Counted, Cause>> {
    each_at_once(uploads, |upload| {
        let Upload { transfer, broken } = upload?;
        match broken {
            None => Ok(transfer.finish_upload_and_count()),
            Some(error) => Err(transfer.broken(Cause::lost(Phase::Data, error, patience))),
        }
    })
}

/// What they come to.
fn accepted(
    source: &mut Server,
    branches: &mut [Branch<'_>],
    files: &mut [StoredFile<'_>],
    (job, down, ended): (&Relay<'_>, &Download, Vec<Result<Counted, Cause>>),
) -> Vec<Result<Relayed, Cause>> {
    let (count, found) = (down.delivered, down.found());
    let all = branches.iter_mut().zip(files).zip(ended);
    all.map(|((branch, file), ended)| {
        let mut bytes = SourceBytes::of(source, job.from);
        let counted = file.accept(branch.sink, count, ended?, &mut bytes)?;
        Ok(Relayed { count, counted, source: found, inherited: false })
    })
    .collect()
}
