//! One file over the wire: fetched into a local end, stored from one, or relayed between two
//! servers. What becomes of local files is the caller's.

use std::io;
use std::os::fd::AsFd;

use crate::copy::{CopyError, End, Side, copy};
use crate::crlf::Lines;
use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::wire::{Next, Session, Stream, Transfer, Type};

/// How a file is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Store {
    /// STOR: the file is replaced.
    Replace,
    /// APPE: bytes go to the end of what is there.
    Append,
}

/// Which side of a relay failed.
#[derive(Debug)]
pub enum RelayError {
    /// The file could not be read from the source.
    Source(Cause),
    /// The file could not be stored at the destination.
    Sink(Cause),
}

/// What came of a download.
#[derive(Debug)]
pub struct Arrival {
    /// Bytes given to the sink, whatever the end was.
    pub moved: u64,
    /// The server's verdict, or why there is none.
    pub end: Result<(), Cause>,
}

/// Receives a download into `sink` to its end, after `passed` bytes of it were read already.
pub fn receive(
    mut transfer: Transfer<'_>,
    sink: End<'_>,
    (kind, next): (Type, Next),
    passed: u64,
) -> Arrival {
    let lines = if kind == Type::Ascii { Lines::ToLocal } else { Lines::Keep };
    transfer.announced = transfer.announced.map(|count| count.saturating_sub(passed));
    match copy(end(&mut transfer.stream), sink, lines) {
        Ok(moved) => Arrival { moved, end: transfer.finish_download(moved, next).map(drop) },
        Err(broken) if is_whole(&transfer, &broken) => {
            let moved = broken.moved;
            Arrival { moved, end: transfer.finish_download(moved, next).map(drop) }
        }
        Err(CopyError { side: Side::Source, error, moved }) => {
            let cause = lost(&transfer, error);
            Arrival { moved, end: Err(transfer.broken(cause)) }
        }
        Err(CopyError { side: Side::Sink, error, moved }) => {
            Arrival { moved, end: Err(Cause::Local(error)) }
        }
    }
}

/// What came of an upload.
#[derive(Debug)]
pub struct Departure {
    /// Bytes taken from the source and sent, whatever the end was.
    pub moved: u64,
    /// Whether that was all the source had.
    pub all: bool,
    /// The server's verdict, or why there is none. `Cause::Local` is the source's.
    pub end: Result<(), Cause>,
}

/// Sends all of `source`.
pub fn send(mut transfer: Transfer<'_>, source: End<'_>, kind: Type) -> Departure {
    let lines = if kind == Type::Ascii { Lines::ToWire } else { Lines::Keep };
    match copy(source, end(&mut transfer.stream), lines) {
        Ok(moved) => Departure { moved, all: true, end: transfer.finish_upload().map(drop) },
        Err(CopyError { side: Side::Source, error, moved }) => {
            transfer.abandon();
            Departure { moved, all: false, end: Err(Cause::Local(error)) }
        }
        Err(CopyError { side: Side::Sink, error, moved }) => {
            let cause = lost(&transfer, error);
            Departure { moved, all: false, end: Err(transfer.broken(cause)) }
        }
    }
}

/// Relays `from` to `to`; returns the bytes that came from the source. Nothing touches the disk.
///
/// The source is opened first: a STOR for a file that is then not there would leave an empty one.
///
/// # Errors
/// Names the side that failed. When the source breaks, the half file is removed again.
pub fn relay(
    (source, from): (&mut Session, &RemotePath),
    (sink, to): (&mut Session, &RemotePath),
    kind: Type,
    next: Next,
) -> Result<u64, RelayError> {
    let mut down = source.retrieve(from, kind, 0).map_err(RelayError::Source)?;
    let mut up = match sink.store(false, to, kind, 0) {
        Ok(up) => up,
        Err(cause) => {
            down.abandon();
            return Err(RelayError::Sink(cause));
        }
    };
    let lines = if kind == Type::Ascii { Lines::ToWire } else { Lines::Keep };
    let count = match copy(end(&mut down.stream), end(&mut up.stream), lines) {
        Ok(count) => count,
        Err(broken) if is_whole(&down, &broken) => broken.moved,
        Err(CopyError { side: Side::Source, error, .. }) => {
            let cause = lost(&down, error);
            let cause = down.broken(cause);
            take_back(up, Store::Replace, to);
            return Err(RelayError::Source(cause));
        }
        Err(CopyError { side: Side::Sink, error, .. }) => {
            let cause = lost(&up, error);
            let cause = up.broken(cause);
            down.abandon();
            return Err(RelayError::Sink(not_whole(sink, Store::Replace, to, cause)));
        }
    };
    // The source's verdict decides whether the destination may keep the file.
    if let Err(cause) = down.finish_download(count, next) {
        take_back(up, Store::Replace, to);
        return Err(RelayError::Source(cause));
    }
    let finished = up.finish_upload();
    finished
        .and_then(|_| agree(sink, Store::Replace, to, kind, count))
        .map_err(|cause| RelayError::Sink(not_whole(sink, Store::Replace, to, cause)))
}

/// The end of a data connection that is copied from or to.
fn end(stream: &mut Stream) -> End<'_> {
    match *stream {
        Stream::Plain(ref socket) => End::Plain(socket.as_fd()),
        Stream::Tls(_) => End::Opaque(stream),
    }
}

/// Whether a TLS connection that ended without its close_notify brought all that was announced:
/// some servers never send one, and only the count tells that from a cut.
fn is_whole(transfer: &Transfer<'_>, broken: &CopyError) -> bool {
    broken.side == Side::Source
        && broken.error.kind() == io::ErrorKind::UnexpectedEof
        && transfer.announced == Some(broken.moved)
}

fn lost(transfer: &Transfer<'_>, error: io::Error) -> Cause {
    Cause::lost(Phase::Data, error, transfer.timeout())
}

/// Compares the server's size of a stored file with what was sent.
fn agree(
    session: &mut Session,
    how: Store,
    path: &RemotePath,
    kind: Type,
    sent: u64,
) -> Result<u64, Cause> {
    if kind == Type::Ascii || how == Store::Append {
        return Ok(sent);
    }
    match session.size_before_transfer(path)? {
        Some(size) if size != sent => Err(Cause::WrongSize { got: size, want: sent }),
        _ => Ok(sent),
    }
}

/// Removes what an upload left that did not become whole, where it can still be asked for. A
/// refusal has left nothing, or a file that may not be touched.
fn not_whole(session: &mut Session, how: Store, path: &RemotePath, cause: Cause) -> Cause {
    let half = matches!(
        cause,
        Cause::BadVerdict(_) | Cause::WrongSize { .. } | Cause::Lost(..) | Cause::TimedOut(..)
    );
    if half {
        remove_half(session, how, path);
    }
    cause
}

/// Gives up an upload whose source broke, and removes the half file.
fn take_back(transfer: Transfer<'_>, how: Store, path: &RemotePath) {
    remove_half(transfer.abandon(), how, path);
}

/// Removes a half file. What cannot be removed is left: the failure that led here is the one to
/// report.
pub fn remove_half(session: &mut Session, how: Store, path: &RemotePath) {
    if how == Store::Replace && session.is_usable() {
        let _ = session.ask("DELE", Some(path));
    }
}
