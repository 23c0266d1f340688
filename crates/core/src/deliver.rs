//! One file over the wire: fetched into a local end, stored from one, or relayed between two
//! servers. What becomes of local files is the caller's.

use std::cell::RefCell;
use std::io;
use std::os::fd::AsFd;

use crate::checksum::Sum;
use crate::copy::{CopyError, End, Side, copy};
use crate::crlf::Lines;
use crate::error::{Cause, Phase};
use crate::fan::Fan;
use crate::flow::{Flow, Tap};
use crate::rate::Rate;
use crate::rewind::{Rewindable, copy_kept};
use crate::seam::Recording;
use crate::wire::{Counted, Next, Pulse, Stream, Transfer, Type};

/// The checksums of a file, and at which byte of it a transfer begins.
pub type Seen<'a> = (&'a [&'a Sum], u64);

/// Where a download goes.
pub enum Onto<'a, 'f> {
    /// To one end.
    One(End<'a>),
    /// To several.
    All(&'a mut Fan<'f>),
}

/// What came of a download.
#[derive(Debug)]
pub struct Arrival {
    /// Bytes given to the sink, whatever the end was.
    pub moved: u64,
    /// The server's verdict, or why there is none.
    pub end: Result<(), Cause>,
}

/// A download of which all bytes came, and whose verdict is due.
pub struct Landed<'s> {
    transfer: Transfer<'s>,
    moved: u64,
    next: Next,
}

impl Landed<'_> {
    /// Whether that is known to be all: the server announced so many, or, where it announced none, there
    /// are as many as are `expected` of this part.
    pub fn is_whole(&self, expected: Option<u64>) -> bool {
        self.transfer.announced.or(expected) == Some(self.moved)
    }

    /// Reads the verdict.
    ///
    /// # Errors
    /// Those of [`Transfer::finish_download`].
    pub fn verdict(self) -> Result<(), Cause> {
        self.transfer.finish_download(self.moved, self.next).map(drop)
    }

    /// The same, and makes the data connection of the next transfer.
    ///
    /// # Errors
    /// Those of [`Transfer::finish_download`].
    pub fn verdict_and_reach(self) -> Result<(), Cause> {
        self.transfer.finish_download_and_reach(self.moved, self.next).map(drop)
    }
}

/// What came of the bytes of a download.
pub struct Passage<'s> {
    /// Bytes given to the sink, whatever the end was.
    pub moved: u64,
    /// The download at its end, or why it broke.
    pub end: Result<Landed<'s>, Cause>,
}

impl Passage<'_> {
    /// Reads the verdict, where there is one.
    pub fn arrive(self) -> Arrival {
        Arrival { moved: self.moved, end: self.end.and_then(Landed::verdict) }
    }
}

/// What becomes of the bytes of a download on their way.
pub struct Reception<'a> {
    /// What becomes of line ends.
    pub lines: Lines,
    /// What comes after the transfer.
    pub next: Next,
    /// Bytes of the transfer that were read before.
    pub passed: u64,
    /// Bytes that may come; more are a sign of another file. `None` where any number may.
    pub most: Option<u64>,
    /// The checksums of the file.
    pub sums: Vec<&'a Sum>,
    /// The offset in the file of the first byte.
    pub begin: u64,
    /// What takes samples of the bytes.
    pub seam: Option<Recording<'a>>,
    /// What keeps more control connections alive: those of the servers that the sink leads to.
    pub others: Vec<Pulse<'a>>,
}

impl From<u64> for Reception<'_> {
    /// The bytes of an image from this one on, all of them, and nothing after them.
    fn from(begin: u64) -> Self {
        Self {
            lines: Lines::Keep,
            next: Next::Unknown,
            passed: 0,
            most: None,
            sums: Vec::new(),
            begin,
            seam: None,
            others: Vec::new(),
        }
    }
}

/// Receives a download into `sink` to its end.
pub fn receive(transfer: Transfer<'_>, sink: End<'_>, how: Reception<'_>) -> Arrival {
    pass(transfer, Onto::One(sink), how).arrive()
}

/// As [`receive`], up to the last byte.
pub fn pass<'s>(mut transfer: Transfer<'s>, sink: Onto<'_, '_>, how: Reception<'_>) -> Passage<'s> {
    let Reception { lines, next, passed, most, sums, begin, seam, others } = how;
    transfer.announced = transfer.announced.map(|count| count.saturating_sub(passed));
    let (rate, mut tap) = (transfer.rate(), tap((&sums, begin)));
    let gauge = transfer.gauge(passed, transfer.announced);
    let (stream, pulse) = transfer.parts();
    let beats = Beats::of(others.into_iter().chain([pulse]));
    let beat = || beats.beat();
    let beat = beats.any().then_some(&beat as &dyn Fn());
    let (rate, tap) = (rate.as_deref(), dynamic(&mut tap));
    let limit = most.unwrap_or(u64::MAX);
    let flow = Flow { most: limit, rate, gauge: Some(&gauge), beat, tap, seam, ..lines.into() };
    let copied = match sink {
        Onto::One(sink) => copy(end(stream), sink, flow),
        Onto::All(fan) => fan.copy(end(stream), flow),
    };
    match copied {
        Ok(moved) if moved > limit => {
            transfer.abandon();
            Passage { moved, end: Err(Cause::Changed) }
        }
        Ok(moved) => Passage { moved, end: Ok(Landed { transfer, moved, next }) },
        Err(broken) if is_whole(&transfer, &broken, most) => {
            let moved = broken.moved;
            Passage { moved, end: Ok(Landed { transfer, moved, next }) }
        }
        Err(CopyError { side: Side::Source, error, moved }) => {
            let cause = lost(&transfer, error);
            Passage { moved, end: Err(transfer.broken(cause)) }
        }
        Err(CopyError { side: Side::Sink, error, moved }) => {
            Passage { moved, end: Err(Cause::Local(error)) }
        }
    }
}

/// Receives the first `count` bytes of a download, and gives up the rest.
pub fn receive_part(
    mut transfer: Transfer<'_>,
    sink: End<'_>,
    count: u64,
    seam: Option<Recording<'_>>,
) -> Arrival {
    let (rate, gauge) = (transfer.rate(), transfer.gauge(0, Some(count)));
    let (stream, pulse) = transfer.parts();
    let beats = Beats::of([pulse]);
    let beat = || beats.beat();
    let beat = beats.any().then_some(&beat as &dyn Fn());
    let rate = rate.as_deref();
    let flow = Flow { rate, gauge: Some(&gauge), beat, seam, ..Lines::Keep.into() };
    let mut part = io::Read::take(stream, count);
    let copied = copy(End::Input(&mut part), sink, flow);
    let (moved, end) = match copied {
        Ok(moved) if moved < count => (moved, Ok(false)),
        Ok(moved) => (moved, Ok(true)),
        Err(CopyError { side, error, moved }) => (moved, Err((side, error))),
    };
    let end = match end {
        Ok(true) if transfer.announced != Some(count) => {
            transfer.abandon();
            Ok(())
        }
        Ok(true) => transfer.finish_download(moved, Next::Unknown).map(drop),
        Ok(false) => transfer
            .finish_download(moved, Next::Unknown)
            .and(Err(Cause::WrongSize { got: moved, want: count })),
        Err((Side::Source, error)) => {
            let cause = lost(&transfer, error);
            Err(transfer.broken(cause))
        }
        Err((Side::Sink, error)) => Err(Cause::Local(error)),
    };
    Arrival { moved, end }
}

/// What came of an upload.
#[derive(Debug)]
pub struct Departure {
    /// Bytes taken from the source and sent, whatever the end was.
    pub moved: u64,
    /// What the server says to them, or why they are not all that the source had: `Cause::Local` is the source's.
    pub end: Result<Counted, Cause>,
}

/// How many bytes an upload must have, where that is said, and how many there are, as far as that can be
/// told.
pub type Sizes = (Option<u64>, Option<u64>);

/// Sends all of `source`.
pub fn send(
    transfer: Transfer<'_>,
    source: End<'_>,
    how: (Type, Seen<'_>),
    sizes: Sizes,
) -> Departure {
    upload(transfer, how, sizes, |to, flow| copy(source, to, flow))
}

/// The same from a stream of which the last bytes are kept.
pub fn send_kept(
    transfer: Transfer<'_>,
    source: &mut Rewindable<'_>,
    how: (Type, Seen<'_>),
    sizes: Sizes,
) -> Departure {
    upload(transfer, how, sizes, |to, flow| copy_kept(source, to, flow))
}

/// An upload of what `fill` gives.
fn upload(
    mut transfer: Transfer<'_>,
    (kind, seen): (Type, Seen<'_>),
    (size, known): Sizes,
    fill: impl FnOnce(End<'_>, Flow<'_>) -> Result<u64, CopyError>,
) -> Departure {
    let (rate, mut tap) = (transfer.rate(), tap(seen));
    let gauge = transfer.gauge(0, known);
    let (stream, pulse) = transfer.parts();
    let beats = Beats::of([pulse]);
    let beat = || beats.beat();
    let beat = beats.any().then_some(&beat as &dyn Fn());
    let (gauge, tap) = (Some(&gauge), dynamic(&mut tap));
    let flow = Flow { gauge, beat, tap, ..up(kind, size, rate.as_deref()) };
    let copied = fill(end(stream), flow);
    depart(transfer, copied, size)
}

/// The control connections that are kept alive during a copy.
pub struct Beats<'a>(Vec<RefCell<Pulse<'a>>>);

impl<'a> Beats<'a> {
    /// Of those that have something to send.
    pub fn of(pulses: impl IntoIterator<Item = Pulse<'a>>) -> Self {
        Self(pulses.into_iter().filter(Pulse::beats).map(RefCell::new).collect())
    }

    /// Whether any of them has.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Sends what is due.
    pub fn beat(&self) {
        for pulse in &self.0 {
            pulse.borrow_mut().beat();
        }
    }
}

/// What shows the bytes of a transfer to the sums of its file.
fn tap<'s>((sums, begin): Seen<'s>) -> Option<impl FnMut(u64, &[u8]) + use<'s>> {
    let see = move |offset: u64, bytes: &[u8]| {
        sums.iter().for_each(|sum| sum.see(begin + offset, bytes));
    };
    (!sums.is_empty()).then_some(see)
}

fn dynamic<'a>(tap: &'a mut Option<impl FnMut(u64, &[u8]) + 'a>) -> Option<&'a mut Tap<'a>> {
    tap.as_mut().map(|tap| tap as &mut Tap<'a>)
}

/// How an upload flows: a source that has more than `size` bytes is not read to its end.
fn up(kind: Type, size: Option<u64>, rate: Option<&Rate>) -> Flow<'_> {
    let lines = if kind == Type::Ascii { Lines::ToWire } else { Lines::Keep };
    Flow { most: size.unwrap_or(u64::MAX), rate, ..lines.into() }
}

fn depart(transfer: Transfer<'_>, copied: Result<u64, CopyError>, size: Option<u64>) -> Departure {
    match copied.and_then(|moved| has_size(moved, size)) {
        Ok(moved) => Departure { moved, end: Ok(transfer.finish_upload_and_count()) },
        Err(CopyError { side: Side::Source, error, moved }) => {
            transfer.abandon();
            Departure { moved, end: Err(Cause::Local(error)) }
        }
        Err(CopyError { side: Side::Sink, error, moved }) => {
            let cause = lost(&transfer, error);
            Departure { moved, end: Err(transfer.broken(cause)) }
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
        Stream::Tls(_) | Stream::Paced(_) => End::Opaque(stream),
    }
}

/// Whether a TLS connection that ended without its close_notify brought all that the file has:
/// some servers never send one, and only the count tells that from a cut.
fn is_whole(transfer: &Transfer<'_>, broken: &CopyError, most: Option<u64>) -> bool {
    let told = transfer.told.size.filter(|_| transfer.from == 0);
    broken.side == Side::Source
        && broken.error.kind() == io::ErrorKind::UnexpectedEof
        && transfer.announced.or(told).or(most) == Some(broken.moved)
}

fn lost(transfer: &Transfer<'_>, error: io::Error) -> Cause {
    Cause::lost(Phase::Data, error, transfer.timeout())
}
