//! One file stored in spite of breaks: a lost connection is made again, and the upload goes on at
//! what the server has. What cannot be read twice is sent once.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};

use crate::copy::End;
use crate::deliver::{Departure, Store, send};
use crate::error::Cause;
use crate::path::RemotePath;
use crate::resume::is_moot;
use crate::retry::{Tries, may_pass};
use crate::servers::Server;
use crate::wire::{Type, Wants};

/// Where the bytes of an upload come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A file, which can be read again from any byte; it begins at this one.
    File(&'a File, u64),
    /// A pipe or terminal: what was read is gone.
    Stream(BorrowedFd<'a>),
}

/// A file to store.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// Where it goes.
    pub path: &'a RemotePath,
    /// What becomes of a file that is there.
    pub how: Store,
    /// Its bytes.
    pub source: Source<'a>,
    /// How it is transferred.
    pub kind: Type,
    /// How many bytes the source must have, where that was said (`--size`).
    pub size: Option<u64>,
    /// How many tries in a row may bring nothing.
    pub retries: u32,
}

/// How far an upload has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Bytes taken from the source, by all tries together or, of a file, by the last one.
    taken: u64,
    /// Bytes that the server had when the last try began.
    stored: u64,
    /// Whether a part was put together wrongly, so that only a whole file will do.
    whole_only: bool,
    /// Whether there is a half file on the server.
    begun: bool,
}

/// Stores a file; returns its bytes. Where the server can tell, its size of the file has to agree.
///
/// # Errors
/// The server's refusal, a break that trying again did not mend, or a size that disagrees. What is
/// half on the server then is removed.
pub fn store(server: &mut Server, job: &Upload<'_>) -> Result<u64, Cause> {
    let (mut progress, mut tries) = (Progress::default(), Tries::new(job.retries));
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
            clear(server, job, &progress, &cause);
            return Err(cause);
        }
        server.try_again();
    }
}

/// Whether the bytes that the server may have lost can be had once more.
fn can_resume(job: &Upload<'_>, progress: &Progress) -> bool {
    match job.source {
        Source::File(..) => job.how == Store::Replace || !progress.begun,
        Source::Stream(_) => !progress.begun,
    }
}

fn attempt(server: &mut Server, job: &Upload<'_>, progress: &mut Progress) -> Result<(), Cause> {
    let session =
        server.session(Wants { features: !job.path.as_bytes().is_ascii(), data: true })?;
    let resumes = progress.begun && job.kind == Type::Image && !progress.whole_only;
    progress.stored = match job.source {
        Source::File(file, begin) if resumes => {
            let length = file.metadata().map_err(Cause::Local)?.len().saturating_sub(begin);
            let stored = session.size_before_transfer(job.path)?;
            stored.filter(|&stored| stored <= length).unwrap_or(0)
        }
        _ => 0,
    };
    if let Source::File(mut file, begin) = job.source
        && progress.begun
    {
        file.seek(SeekFrom::Start(begin + progress.stored)).map_err(Cause::Local)?;
    }
    let append = job.how == Store::Append;
    let transfer = session.store(append, job.path, job.kind, progress.stored);
    let transfer = transfer.inspect_err(|cause| {
        // ProFTPD takes the REST and refuses the STOR behind it (AllowStoreRestart).
        progress.whole_only |= progress.stored > 0 && matches!(cause, Cause::Refused(_));
    })?;
    progress.begun = true;
    let source = match job.source {
        Source::File(file, _) => file.as_fd(),
        Source::Stream(stream) => stream,
    };
    let size = job.size.map(|size| size.saturating_sub(progress.stored));
    let Departure { moved, all, end } = send(transfer, End::Plain(source), job.kind, size);
    progress.taken = progress.stored + moved;
    match end {
        Ok(()) => agree(server, job, progress),
        Err(cause) if all && is_moot(&cause) => settle(server, job, progress, cause),
        Err(cause) => Err(cause),
    }
}

/// Compares the server's size of a stored file with what was sent.
fn agree(server: &mut Server, job: &Upload<'_>, progress: &mut Progress) -> Result<(), Cause> {
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
    progress: &Progress,
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
fn clear(server: &mut Server, job: &Upload<'_>, progress: &Progress, cause: &Cause) {
    let refused = matches!(cause, Cause::Refused(_)) && progress.stored == 0;
    let ours = progress.begun && job.how == Store::Replace;
    if ours && !refused && !cause.server_is_gone() {
        server.remove_half(job.path);
    }
}
