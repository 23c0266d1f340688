//! One file fetched in spite of breaks: a lost connection is made again, and the transfer goes on at
//! the byte where it broke. The reader never sees a gap or a byte twice.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;

use crate::checksum::Sum;
use crate::copy::End;
use crate::crlf::Lines;
use crate::deliver::{Arrival, receive, receive_part};
use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::retry::may_pass;
use crate::servers::Server;
use crate::wire::{Next, Stream, Transfer, Type, Wants};

/// A file to fetch.
#[derive(Clone, Copy)]
pub struct Fetch<'a> {
    /// Where it is.
    pub path: &'a RemotePath,
    /// Where it goes. Bytes are only ever appended.
    pub sink: BorrowedFd<'a>,
    /// How it is transferred. Text cannot be resumed: its bytes there and here do not count alike.
    pub kind: Type,
    /// What comes after it.
    pub next: Next,
    /// How many tries in a row may bring nothing.
    pub retries: u32,
    /// What an earlier run left in `sink`, readable: it may be gone on with, if its end is what the
    /// server has there.
    pub part: Option<&'a File>,
    /// The bytes of the file that are wanted, if not all are.
    pub span: Option<Span>,
    /// What sees the bytes on their way.
    pub sum: Option<&'a Sum>,
}

/// Some of the bytes of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The first.
    pub begin: u64,
    /// The one behind the last; `None` for the end of the file.
    pub end: Option<u64>,
    /// How many bytes the file has, if that was asked a moment ago.
    pub total: Option<u64>,
}

/// Bytes at the end of a part that are compared with the server's. A power cut leaves zeros there
/// that were written and never reached the disk.
const COMPARED: u64 = 64 * 1024;

/// How far a fetch has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Bytes given to the sink.
    pub delivered: u64,
    /// How many of them, the last ones, have to be compared before they count.
    pub unproven: u64,
    /// Bytes the file has, where the server said so.
    pub total: Option<u64>,
    /// Whether that was a moment ago, so that it need not be asked again.
    pub sized: bool,
}

impl Progress {
    /// Whether all bytes that the server promised are delivered.
    pub fn is_whole(&self) -> bool {
        self.total == Some(self.delivered)
    }

    /// Whether a download that came to `cause` can be taken up again: it is no text of which a part
    /// is delivered, and not whole with a verdict against it.
    pub fn can_go_on(&self, kind: Type, cause: &Cause) -> bool {
        let judged = self.is_whole() && matches!(cause, Cause::BadVerdict(_));
        !judged && (kind == Type::Image || self.delivered == 0)
    }
}

/// A download that was opened.
pub enum Opened<'s> {
    /// What is not delivered yet; so many bytes of it were read and passed over before.
    Rest(Transfer<'s>, u64),
    /// Nothing is left to ask for.
    All,
}

/// Fetches a file; returns its bytes.
///
/// # Errors
/// The server's refusal, a break that trying again did not mend, a file that changed meanwhile, or a
/// local failure.
pub fn fetch(server: &mut Server, job: &Fetch<'_>) -> Result<u64, Cause> {
    let (mut progress, mut tries) = (begin(job)?, server.tries(job.retries));
    let first = job.span.map_or(0, |span| span.begin);
    loop {
        let before = progress.delivered;
        let Err(cause) = attempt(server, job, &mut progress) else {
            return Ok(progress.delivered - first);
        };
        if progress.delivered > before {
            tries.progressed();
        }
        let mendable = progress.can_go_on(job.kind, &cause);
        if !mendable || !may_pass(&cause, server.was_reached()) || !tries.again() {
            return Err(cause);
        }
        server.try_again();
    }
}

fn begin(job: &Fetch<'_>) -> Result<Progress, Cause> {
    if let Some(Span { begin, total, .. }) = job.span {
        let sized = total.is_some();
        return Ok(Progress { delivered: begin, total, sized, ..Progress::default() });
    }
    let length =
        job.part.map(File::metadata).transpose().map_err(Cause::Local)?.map(|part| part.len());
    let delivered = length.unwrap_or(0);
    Ok(Progress { delivered, unproven: delivered.min(COMPARED), ..Progress::default() })
}

/// One connection's worth of a file.
fn attempt(server: &mut Server, job: &Fetch<'_>, progress: &mut Progress) -> Result<(), Cause> {
    let Opened::Rest(mut transfer, mut passed) = open(server, (job.path, job.kind), progress)?
    else {
        return Ok(());
    };
    if let Some(part) = job.part
        && progress.unproven > 0
    {
        match proves(&mut transfer.stream, part, progress) {
            Ok(true) => {}
            Ok(false) => {
                transfer.abandon();
                *progress = Progress::default();
                restart(part).map_err(Cause::Local)?;
                return attempt(server, job, progress);
            }
            Err(error) => {
                let cause = Cause::lost(Phase::Data, error, transfer.timeout());
                return Err(transfer.broken(cause));
            }
        }
        passed += std::mem::take(&mut progress.unproven);
    }
    let lines = if job.kind == Type::Ascii { Lines::ToLocal } else { Lines::Keep };
    let sink = End::Plain(job.sink);
    let seen = (job.sum.as_slice(), progress.delivered);
    let Arrival { moved, end } = match job.span.and_then(|span| span.end) {
        Some(end) => receive_part(transfer, sink, end.saturating_sub(progress.delivered)),
        None => receive(transfer, sink, (lines, job.next), (passed, seen)),
    };
    progress.delivered += moved;
    match end {
        Err(cause) if progress.is_whole() && is_moot(&cause) => {
            settle(server, job.path, progress, cause)
        }
        end => end,
    }
}

/// Opens the download of what is not delivered yet.
///
/// # Errors
/// The server's refusal, a break, or a file that is not the one it was.
pub fn open<'s>(
    server: &'s mut Server,
    (path, kind): (&RemotePath, Type),
    progress: &mut Progress,
) -> Result<Opened<'s>, Cause> {
    let from = progress.delivered.saturating_sub(progress.unproven);
    let sized = std::mem::take(&mut progress.sized);
    let asks = progress.delivered > 0 && !sized;
    if asks && is_all(server, path, progress)? && progress.unproven == 0 {
        return Ok(Opened::All);
    }
    let wants = Wants::to_transfer(path);
    let session = server.session(wants)?;
    let mut transfer = session.retrieve(path, kind, from)?;
    if let Some(total) = transfer.total(progress.total)? {
        progress.total = Some(total);
    }
    // A server without REST sends the file from its beginning.
    let passed = from - transfer.from;
    match pass_over(&mut transfer.stream, passed) {
        Ok(()) => Ok(Opened::Rest(transfer, passed)),
        Err(error) => {
            let cause = Cause::lost(Phase::Data, error, transfer.timeout());
            Err(transfer.broken(cause))
        }
    }
}

/// Whether what is delivered is the whole file already: when nothing is left to ask for, some
/// servers refuse the REST.
fn is_all(server: &mut Server, path: &RemotePath, progress: &mut Progress) -> Result<bool, Cause> {
    let session = server.session(Wants { features: false, data: true })?;
    match (session.size_before_transfer(path)?, progress.total) {
        (Some(size), Some(total)) if size != total => Err(Cause::changed()),
        (Some(size), _) if size < progress.delivered => Err(Cause::changed()),
        (Some(size), _) => {
            progress.total = Some(size);
            Ok(size == progress.delivered)
        }
        (None, _) => Ok(false),
    }
}

/// Whether the server's bytes are those at the end of the part, behind which the part then stands.
fn proves(stream: &mut Stream, part: &File, progress: &Progress) -> io::Result<bool> {
    let from = progress.delivered.saturating_sub(progress.unproven);
    let count = usize::try_from(progress.unproven).unwrap_or(usize::MAX);
    let (mut theirs, mut ours) = (vec![0; count], vec![0; count]);
    stream.read_exact(&mut theirs)?;
    part.read_exact_at(&mut ours, from)?;
    (&mut &*part).seek(SeekFrom::Start(progress.delivered))?;
    Ok(theirs == ours)
}

/// Empties a part that is not what it should be.
fn restart(mut part: &File) -> io::Result<()> {
    part.set_len(0)?;
    part.rewind()
}

/// Whether all bytes may be there in spite of `cause`: the connection ended, or the server says
/// that it did. An error that it met in reading (451, 551) is none of those.
pub fn is_moot(cause: &Cause) -> bool {
    match cause {
        Cause::Lost(..) | Cause::TimedOut(..) | Cause::Protocol(_) => true,
        Cause::BadVerdict(reply) => matches!(reply.code(), 421 | 425 | 426),
        _ => false,
    }
}

/// All bytes that were promised are here, and the last word is not 226: the size decides, asked for
/// on a new connection if need be.
///
/// # Errors
/// `cause`, when the size does not agree or cannot be had.
pub fn settle(
    server: &mut Server,
    path: &RemotePath,
    progress: &mut Progress,
    cause: Cause,
) -> Result<(), Cause> {
    server.try_again();
    match is_all(server, path, progress) {
        Ok(true) => Ok(()),
        _ => Err(cause),
    }
}

/// Reads `count` bytes and throws them away.
fn pass_over(stream: &mut Stream, count: u64) -> io::Result<()> {
    let passed = io::copy(&mut stream.take(count), &mut io::sink())?;
    if passed == count { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
