//! One file stored in spite of breaks: a lost connection is made again, and the upload goes on at
//! what the server has. Of what cannot be read twice the last bytes are kept for that.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};

use crate::begun::Ours;
use crate::checksum::Sum;
use crate::copy::End;
use crate::deliver::{Departure, Seen, Sizes, send, send_kept};
use crate::error::Cause;
use crate::newer::Version;
use crate::path::RemotePath;
use crate::retry::may_pass;
use crate::rewind::Rewindable;
use crate::seam::Sample;
use crate::servers::Server;
use crate::stored::{Placement, StoredFile};
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
    /// Under which name, and what becomes of a part of it.
    pub placement: Placement,
    /// What is there, where that is known.
    pub before: Option<Version>,
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

    fn bytes(&mut self, from: u64, to: u64) -> io::Result<Option<Vec<u8>>> {
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

impl Ours for Supply<'_> {
    fn part(&mut self, from: u64, to: u64) -> Result<Option<Vec<u8>>, Cause> {
        self.bytes(from, to).map_err(Cause::Local)
    }

    fn samples(&self) -> Vec<Sample> {
        match self {
            Self::File(..) => Vec::new(),
            Self::Stream(stream) => vec![Sample { offset: 0, bytes: stream.head().to_vec() }],
        }
    }
}

/// How far an upload has come.
#[derive(Debug)]
struct Progress<'a> {
    supply: Supply<'a>,
    file: StoredFile<'a>,
    /// Bytes of the file that were sent, by the last try and what the server had before it.
    taken: u64,
    /// Whether to look for what an earlier run left.
    looks: bool,
}

/// Stores a file; returns its bytes. Where the server can tell, its size of the file has to agree.
///
/// # Errors
/// The server's refusal, a break that trying again did not mend, or a size that disagrees. What is
/// half on the server then is removed, if it is ours.
pub fn store(server: &mut Server, job: &Upload<'_>) -> Result<u64, Cause> {
    let mut progress = Progress {
        supply: Supply::of(job.source),
        file: StoredFile::new(job.path, job.kind, job.placement, job.before),
        taken: 0,
        looks: job.placement == Placement::Kept,
    };
    let mut tries = server.tries(job.retries);
    loop {
        let before = progress.file.offset;
        let cause = match attempt(server, job, &mut progress) {
            Ok(()) => return Ok(progress.taken),
            Err(cause) => cause,
        };
        if progress.file.offset > before {
            tries.progressed();
        }
        let refused_to_go_on = progress.file.whole_only && matches!(cause, Cause::Refused(_));
        let passes = refused_to_go_on || may_pass(&cause, server.was_reached());
        let mendable = passes && can_resume(job, &progress);
        if !mendable || !tries.again() {
            return Err(progress.give_up(server, cause));
        }
        server.try_again();
    }
}

/// Whether the bytes that the server may have lost can be had once more, as far as is known before it
/// was asked what it has.
fn can_resume(job: &Upload<'_>, progress: &Progress<'_>) -> bool {
    let begins_anew = progress.file.whole_only || job.kind == Type::Ascii;
    let can_go_back = !begins_anew || progress.supply.begin() == 0;
    !progress.file.begun || job.placement != Placement::Appended && can_go_back
}

/// Finds where to go on, and brings the source there.
fn go_back(
    server: &mut Server,
    job: &Upload<'_>,
    progress: &mut Progress<'_>,
) -> Result<(), Cause> {
    let stored = progress.find_part(server)?;
    let supply = &mut progress.supply;
    let length = supply.length().map_err(Cause::Local)?;
    if supply.rewind(stored).map_err(Cause::Local)? {
        return Ok(());
    }
    let kept = length - supply.begin();
    let asks = progress.file.resumes();
    let stored = if asks { server.session(Wants::default())?.size(job.path)? } else { None };
    Err(Cause::Forgotten { sent: length, stored, kept })
}

fn attempt(
    server: &mut Server,
    job: &Upload<'_>,
    progress: &mut Progress<'_>,
) -> Result<(), Cause> {
    if look_back(server, progress)? {
        return Ok(());
    }
    if progress.file.begun {
        go_back(server, job, progress)?;
    }
    let offset = progress.file.offset;
    let left = progress.supply.left(offset);
    let mut transfer = progress.file.open(server, left)?;
    transfer.path = job.name.clone();
    let size = job.size.map(|size| size.saturating_sub(offset));
    let seen = (job.sum.as_slice(), offset);
    let Departure { moved, end } =
        progress.supply.send(transfer, (job.kind, seen), (size, size.or(left)));
    progress.taken = offset + moved;
    progress.file.accept(server, progress.taken, end?, &mut progress.supply).map(drop)
}

impl Progress<'_> {
    /// How many bytes the server has of ours.
    fn find_part(&mut self, server: &mut Server) -> Result<u64, Cause> {
        let length = self.supply.length().map_err(Cause::Local)?;
        self.file.find_part(server, length, &mut self.supply)
    }

    /// Ends an upload that failed. What was refused in the end may be the rest of a transfer that broke.
    fn give_up(mut self, server: &mut Server, cause: Cause) -> Cause {
        let broke = self.file.offset > 0;
        match self.file.give_up(server, cause, &mut self.supply) {
            Cause::Refused(reply) if broke => Cause::BadVerdict(reply),
            cause => cause,
        }
    }
}

/// Looks once for what an earlier run left; whether that is the whole file.
fn look_back(server: &mut Server, progress: &mut Progress<'_>) -> Result<bool, Cause> {
    if !progress.looks {
        return Ok(false);
    }
    progress.file.begun = true;
    let stored = progress.find_part(server)?;
    progress.supply.rewind(0).map_err(Cause::Local)?;
    progress.looks = false;
    progress.file.begun = stored > 0;
    progress.taken = stored;
    let length = progress.supply.length().map_err(Cause::Local)?;
    Ok(stored > 0 && stored == length)
}
