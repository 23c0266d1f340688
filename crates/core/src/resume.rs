//! One file fetched in spite of breaks: a lost connection is made again, and the transfer goes on at
//! the byte where it broke. The reader never sees a gap or a byte twice.

use std::io::{self, Read};
use std::os::fd::BorrowedFd;

use crate::copy::End;
use crate::deliver::{Arrival, receive};
use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::retry::{Tries, may_pass};
use crate::servers::Server;
use crate::wire::{Next, Stream, Type, Wants};

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
}

/// How far a fetch has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Bytes given to the sink.
    delivered: u64,
    /// Bytes the file has, where the server said so.
    total: Option<u64>,
}

/// Fetches a file; returns its bytes.
///
/// # Errors
/// The server's refusal, a break that trying again did not mend, a file that changed meanwhile, or a
/// local failure.
pub fn fetch(server: &mut Server, job: &Fetch<'_>) -> Result<u64, Cause> {
    let (mut progress, mut tries) = (Progress::default(), Tries::new(job.retries));
    loop {
        let before = progress.delivered;
        let Err(cause) = attempt(server, job, &mut progress) else {
            return Ok(progress.delivered);
        };
        if progress.delivered > before {
            tries.progressed();
        }
        let whole = progress.total == Some(progress.delivered);
        let refused = whole && matches!(cause, Cause::BadVerdict(_));
        let resumable = !refused && (job.kind == Type::Image || progress.delivered == 0);
        if !resumable || !may_pass(&cause, server.was_reached()) || !tries.again() {
            return Err(cause);
        }
        server.try_again();
    }
}

/// One connection's worth of a file.
fn attempt(server: &mut Server, job: &Fetch<'_>, progress: &mut Progress) -> Result<(), Cause> {
    if progress.delivered > 0 && is_all(server, job, progress)? {
        return Ok(());
    }
    let wants = Wants { features: !job.path.as_bytes().is_ascii(), data: true };
    let session = server.session(wants)?;
    let mut transfer = session.retrieve(job.path, job.kind, progress.delivered)?;
    if let Some(total) = transfer.total(progress.total)? {
        progress.total = Some(total);
    }
    // A server without REST sends the file from its beginning.
    if let Err(error) = pass_over(&mut transfer.stream, progress.delivered - transfer.from) {
        let cause = Cause::lost(Phase::Data, error, transfer.timeout());
        return Err(transfer.broken(cause));
    }
    let passed = progress.delivered - transfer.from;
    let Arrival { moved, end } =
        receive(transfer, End::Plain(job.sink), (job.kind, job.next), passed);
    progress.delivered += moved;
    match end {
        Err(cause) if progress.total == Some(progress.delivered) && is_moot(&cause) => {
            settle(server, job, progress, cause)
        }
        end => end,
    }
}

/// Whether what is delivered is the whole file already: when nothing is left to ask for, some
/// servers refuse the REST.
fn is_all(server: &mut Server, job: &Fetch<'_>, progress: &mut Progress) -> Result<bool, Cause> {
    let session = server.session(Wants { features: false, data: true })?;
    match (session.size_before_transfer(job.path)?, progress.total) {
        (Some(size), Some(total)) if size != total => Err(changed()),
        (Some(size), _) if size < progress.delivered => Err(changed()),
        (Some(size), _) => {
            progress.total = Some(size);
            Ok(size == progress.delivered)
        }
        (None, _) => Ok(false),
    }
}

fn changed() -> Cause {
    Cause::Operand("the file changed on the server while it was fetched".into())
}

/// Whether all bytes may be there in spite of `cause`: the connection ended, or the server says
/// that it did. An error that it met in reading (451, 551) is none of those.
fn is_moot(cause: &Cause) -> bool {
    match cause {
        Cause::Lost(..) | Cause::TimedOut(..) | Cause::Protocol(_) => true,
        Cause::BadVerdict(reply) => matches!(reply.code(), 421 | 425 | 426),
        _ => false,
    }
}

/// All bytes that were promised are here, and the last word is not 226: the size decides, asked for
/// on a new connection if need be.
fn settle(
    server: &mut Server,
    job: &Fetch<'_>,
    progress: &mut Progress,
    cause: Cause,
) -> Result<(), Cause> {
    server.try_again();
    match is_all(server, job, progress) {
        Ok(true) => Ok(()),
        _ => Err(cause),
    }
}

/// Reads `count` bytes and throws them away.
fn pass_over(stream: &mut Stream, count: u64) -> io::Result<()> {
    let passed = io::copy(&mut stream.take(count), &mut io::sink())?;
    if passed == count { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
