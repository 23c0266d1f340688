//! One file over the wire: fetched into a local end, stored from one, or relayed between two
//! servers. What becomes of local files is the caller's.

use std::io;
use std::os::fd::AsFd;

use crate::copy::{CopyError, End, Side, copy};
use crate::crlf::Lines;
use crate::error::{Cause, Phase};
use crate::flow::Flow;
use crate::rate::Rate;
use crate::rewind::{Rewindable, copy_kept};
use crate::wire::{Next, Stream, Transfer, Type};

/// How a file is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Store {
    /// STOR: the file is replaced.
    Replace,
    /// APPE: bytes go to the end of what is there.
    Append,
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
    (lines, next): (Lines, Next),
    passed: u64,
) -> Arrival {
    transfer.announced = transfer.announced.map(|count| count.saturating_sub(passed));
    let rate = transfer.rate();
    let flow = Flow { rate: rate.as_deref(), ..lines.into() };
    match copy(end(&mut transfer.stream), sink, flow) {
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

/// Sends all of `source`, which must have `size` bytes where that is known.
pub fn send(
    mut transfer: Transfer<'_>,
    source: End<'_>,
    kind: Type,
    size: Option<u64>,
) -> Departure {
    let rate = transfer.rate();
    let copied = copy(source, end(&mut transfer.stream), up(kind, size, rate.as_deref()));
    depart(transfer, copied, size)
}

/// The same from a stream of which the last bytes are kept.
pub fn send_kept(
    mut transfer: Transfer<'_>,
    source: &mut Rewindable<'_>,
    kind: Type,
    size: Option<u64>,
) -> Departure {
    let rate = transfer.rate();
    let copied = copy_kept(source, end(&mut transfer.stream), up(kind, size, rate.as_deref()));
    depart(transfer, copied, size)
}

/// How an upload flows: a source that has more than `size` bytes is not read to its end.
fn up(kind: Type, size: Option<u64>, rate: Option<&Rate>) -> Flow<'_> {
    let lines = if kind == Type::Ascii { Lines::ToWire } else { Lines::Keep };
    Flow { most: size.unwrap_or(u64::MAX), rate, ..lines.into() }
}

fn depart(transfer: Transfer<'_>, copied: Result<u64, CopyError>, size: Option<u64>) -> Departure {
    match copied.and_then(|moved| has_size(moved, size)) {
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

/// A source of another size than was said is one that broke.
fn has_size(moved: u64, size: Option<u64>) -> Result<u64, CopyError> {
    let text = match size {
        Some(size) if moved < size => format!("ended after {moved} of {size} bytes"),
        Some(size) if moved > size => format!("has more than {size} bytes"),
        _ => return Ok(moved),
    };
    Err(CopyError { side: Side::Source, error: io::Error::other(text), moved })
}

/// The end of a data connection that is copied from or to.
pub fn end(stream: &mut Stream) -> End<'_> {
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
