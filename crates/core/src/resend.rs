//! One file stored in spite of breaks: a lost connection is made again, and the upload goes on at
//! what the server has. Of what cannot be read twice the last bytes are kept for that.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};

use crate::begun;
use crate::checksum::Sum;
use crate::copy::End;
use crate::deliver::{Departure, Seen, Sizes, Store, send, send_kept};
use crate::ending::Stake;
use crate::error::Cause;
use crate::path::RemotePath;
use crate::resume::is_moot;
use crate::retry::may_pass;
use crate::rewind::Rewindable;
use crate::servers::Server;
use crate::wire::{Transfer, Type, Wants};

/// Where the bytes of an upload come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A file, which can be read again from any byte; it begins at this one.
    File(&'a File, u64),
    /// A pipe or terminal: what was read is gone, but for the last of it; see [`crate::rewind`].
    Stream(BorrowedFd<'a>),
}

/// A file to store.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// Where it goes.
    pub path: &'a RemotePath,
    /// What it is called on a terminal: the path it will have.
    pub name: &'a RemotePath,
    /// What becomes of a file that is there.
    pub how: Store,
    /// Its bytes.
    pub source: Source<'a>,
    /// How it is transferred.
    pub kind: Type,
    /// How many bytes the source must have, where that was said (`--size`).
    pub size: Option<u64>,
    /// What sees the bytes on their way.
    pub sum: Option<&'a Sum>,
    /// How many tries in a row may bring nothing.
    pub retries: u32,
    /// Whether what an earlier run left of a file is gone on with (`-c`), and left for a later one.
    pub resumes: bool,
}

/// A source at work.
#[derive(Debug)]
enum Supply<'a> {
    File(&'a File, u64),
    Stream(Rewindable<'a>),
}

impl<'a> Supply<'a> {
    fn of(source: Source<'a>) -> Self {
        match source {
            Source::File(file, begin) => Self::File(file, begin),
            Source::Stream(stream) => Self::Stream(Rewindable::new(stream)),
        }
    }

    /// The first byte that can be had once more.
    fn begin(&self) -> u64 {
        match self {
            Self::File(..) => 0,
            Self::Stream(stream) => stream.begin(),
        }
    }

    /// How many bytes there are, or were by now.
    fn length(&self) -> io::Result<u64> {
        match self {
            Self::File(file, begin) => Ok(file.metadata()?.len().saturating_sub(*begin)),
            Self::Stream(stream) => Ok(stream.taken()),
        }
    }

    /// How many bytes come from byte `from` on, where that is known.
    fn left(&self, from: u64) -> Option<u64> {
        match self {
            Self::File(..) => self.length().ok().map(|length| length.saturating_sub(from)),
            Self::Stream(_) => None,
        }
    }

    /// Goes back to byte `to`; `false` when it cannot be had once more.
    fn rewind(&mut self, to: u64) -> io::Result<bool> {
        match self {
            Self::File(file, begin) => file.seek(SeekFrom::Start(*begin + to)).map(|_| true),
            Self::Stream(stream) => stream.rewind(to),
        }
    }

    /// The bytes from one offset to another, or as many of the last of them as can be had.
    fn part(&mut self, from: u64, to: u64) -> io::Result<Option<Vec<u8>>> {
        let from = from.max(self.begin());
        if from > to || !self.rewind(from)? {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        match self {
            Self::File(file, _) => (&mut &**file).take(to - from).read_to_end(&mut bytes)?,
            Self::Stream(stream) => stream.take(to - from).read_to_end(&mut bytes)?,
        };
        Ok(Some(bytes))
    }

    fn send(&mut self, transfer: Transfer<'_>, how: (Type, Seen<'_>), sizes: Sizes) -> Departure {
        match self {
            Self::File(file, _) => send(transfer, End::Plain(file.as_fd()), how, sizes),
            Self::Stream(stream) => send_kept(transfer, stream, how, sizes),
        }
    }
}

/// How far an upload has come.
#[derive(Debug)]
struct Progress<'a> {
    supply: Supply<'a>,
    /// Bytes of the file that were sent, by the last try and what the server had before it.
    taken: u64,
    /// Bytes that the server had when the last try began.
    stored: u64,
    /// Whether a part was put together wrongly, so that only a whole file will do.
    whole_only: bool,
    /// Whether there is a half file on the server.
    begun: bool,
    /// That a signal removes it.
    stake: Option<Stake>,
    /// Whether to look for what an earlier run left.
    looks: bool,
}

/// Stores a file; returns its bytes. Where the server can tell, its size of the file has to agree.
///
/// # Errors
/// The server's refusal, a break that trying again did not mend, or a size that disagrees. What is
/// half on the server then is removed.
pub fn store(server: &mut Server, job: &Upload<'_>) -> Result<u64, Cause> {
    let supply = Supply::of(job.source);
    let mut progress = Progress {
        supply,
        taken: 0,
        stored: 0,
        whole_only: false,
        begun: false,
        stake: None,
        looks: job.resumes,
    };
    let mut tries = server.tries(job.retries);
    loop {
        let before = progress.stored;
        let cause = match attempt(server, job, &mut progress) {
            Ok(()) => return Ok(progress.taken),
            Err(cause) => cause,
        };
        if progress.stored > before {
            tries.progressed();
        }
        let refused_to_go_on = progress.whole_only && matches!(cause, Cause::Refused(_));
        let passes = refused_to_go_on || may_pass(&cause, server.was_reached());
        let mendable = passes && can_resume(job, &progress);
        if !mendable || !tries.again() {
            clear(server, job, &mut progress, &cause);
            return Err(match cause {
                // What was refused is the rest of a transfer that broke.
                Cause::Refused(reply) if progress.stored > 0 => Cause::BadVerdict(reply),
                cause => cause,
            });
        }
        server.try_again();
    }
}

/// Whether the bytes that the server may have lost can be had once more, as far as is known before it
/// was asked what it has.
fn can_resume(job: &Upload<'_>, progress: &Progress<'_>) -> bool {
    let begins_anew = progress.whole_only || job.kind == Type::Ascii;
    let can_go_back = !begins_anew || progress.supply.begin() == 0;
    !progress.begun || job.how == Store::Replace && can_go_back
}

/// Finds where to go on, and brings the source there.
fn go_back(
    server: &mut Server,
    job: &Upload<'_>,
    progress: &mut Progress<'_>,
) -> Result<(), Cause> {
    let resumes = job.kind == Type::Image && !progress.whole_only;
    let stored = if resumes { ours_there(server, job, &mut progress.supply)? } else { None };
    let supply = &mut progress.supply;
    let length = supply.length().map_err(Cause::Local)?;
    progress.stored = stored.unwrap_or(0);
    if supply.rewind(progress.stored).map_err(Cause::Local)? {
        return Ok(());
    }
    let kept = length - supply.begin();
    let stored = if resumes { server.session(Wants::default())?.size(job.path)? } else { None };
    Err(Cause::Forgotten { sent: length, stored, kept })
}

fn attempt(
    server: &mut Server,
    job: &Upload<'_>,
    progress: &mut Progress<'_>,
) -> Result<(), Cause> {
    if look_back(server, job, progress)? {
        return Ok(());
    }
    let half = server.half(job.path);
    if progress.begun {
        go_back(server, job, progress)?;
    }
    let session = server.session(Wants::to_transfer(job.path))?;
    let append = job.how == Store::Append;
    let left = progress.supply.left(progress.stored);
    let transfer = session.store(append, job.path, job.kind, (progress.stored, left));
    let mut transfer = transfer.inspect_err(|cause| {
        // ProFTPD takes the REST and refuses the STOR behind it (AllowStoreRestart).
        progress.whole_only |= progress.stored > 0 && matches!(cause, Cause::Refused(_));
    })?;
    transfer.path = job.name.clone();
    progress.begun = true;
    let is_ours = job.how == Store::Replace && !job.resumes;
    if is_ours && progress.stake.is_none() {
        progress.stake = Some(half.begun());
    }
    let size = job.size.map(|size| size.saturating_sub(progress.stored));
    let seen = (job.sum.as_slice(), progress.stored);
    let Departure { moved, all, end } =
        progress.supply.send(transfer, (job.kind, seen), (size, size.or(left)));
    progress.taken = progress.stored + moved;
    match end {
        Ok(()) => agree(server, job, progress),
        Err(cause) if all && is_moot(&cause) => settle(server, job, progress, cause),
        Err(cause) => Err(cause),
    }
}

/// How many bytes the server has of ours.
fn ours_there(
    server: &mut Server,
    job: &Upload<'_>,
    supply: &mut Supply<'_>,
) -> Result<Option<u64>, Cause> {
    let length = supply.length().map_err(Cause::Local)?;
    let mut part = |from, to| supply.part(from, to).map_err(Cause::Local);
    begun::stored(server, job.path, length, &mut part)
}

/// Looks once for what an earlier run left; whether that is the whole file.
fn look_back(
    server: &mut Server,
    job: &Upload<'_>,
    progress: &mut Progress<'_>,
) -> Result<bool, Cause> {
    if !progress.looks || job.kind == Type::Ascii {
        return Ok(false);
    }
    let stored = ours_there(server, job, &mut progress.supply)?;
    progress.supply.rewind(0).map_err(Cause::Local)?;
    progress.looks = false;
    progress.begun = stored.is_some();
    progress.taken = stored.unwrap_or(0);
    Ok(stored.is_some_and(|stored| progress.supply.length().is_ok_and(|length| length == stored)))
}

/// Compares the server's size of a stored file with what was sent.
fn agree(server: &mut Server, job: &Upload<'_>, progress: &mut Progress<'_>) -> Result<(), Cause> {
    let want = progress.taken;
    match stored_size(server, job)? {
        Some(got) if got != want => {
            progress.whole_only |= progress.stored > 0;
            Err(Cause::WrongSize { got, want })
        }
        _ => Ok(()),
    }
}

/// Everything was sent, and the last word is missing: the size decides.
fn settle(
    server: &mut Server,
    job: &Upload<'_>,
    progress: &Progress<'_>,
    cause: Cause,
) -> Result<(), Cause> {
    server.try_again();
    match stored_size(server, job) {
        Ok(Some(size)) if size == progress.taken => Ok(()),
        _ => Err(cause),
    }
}

/// The size of the stored file; `None` where it does not count or the server cannot tell.
fn stored_size(server: &mut Server, job: &Upload<'_>) -> Result<Option<u64>, Cause> {
    if job.kind == Type::Ascii || job.how == Store::Append {
        return Ok(None);
    }
    let session = server.session(Wants { features: false, data: true })?;
    session.size_before_transfer(job.path)
}

/// Removes what a failed upload left, where it can be asked for. A refusal has left nothing, or a
/// file that may not be touched.
fn clear(server: &mut Server, job: &Upload<'_>, progress: &mut Progress<'_>, cause: &Cause) {
    let refused = matches!(cause, Cause::Refused(_)) && progress.stored == 0;
    let ours = progress.begun && job.how == Store::Replace && !job.resumes;
    // libunftp says 150 before it refuses; others have our bytes by then.
    let is_other = |server: &mut Server, progress: &mut Progress<'_>| {
        let there = ours_there(server, job, &mut progress.supply);
        job.kind == Type::Ascii || !matches!(there, Ok(Some(_)))
    };
    if ours && refused && is_other(server, progress) {
        return;
    }
    if ours && !cause.server_is_gone() {
        server.remove_half(job.path);
    }
}
