//! One file fetched in spite of breaks: a lost connection is made again, and the transfer goes on at
//! the byte where it broke. The reader never sees a gap or a byte twice, nor bytes of another version of the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use crate::checksum::Sum;
use crate::copy::End;
use crate::crlf::Lines;
use crate::deliver::{Arrival, Reception, receive, receive_part};
use crate::error::{Cause, Phase};
use crate::newer::{Known, Version};
use crate::path::RemotePath;
use crate::retry::may_pass;
use crate::seam::{Recorder, Recording, SAMPLE, Sample};
use crate::servers::Server;
use crate::sizes;
use crate::wire::{Next, Restart, Stream, Transfer, Type, Wants};

/// A file to fetch.
#[derive(Clone, Copy)]
pub struct Fetch<'a> {
    /// Where it is.
    pub path: &'a RemotePath,
    /// Where it goes.
    pub sink: Sink<'a>,
    /// How it is transferred. Text cannot be resumed: its bytes there and here do not count alike.
    pub kind: Type,
    /// What comes after it.
    pub next: Next,
    /// How many tries in a row may bring nothing.
    pub retries: u32,
    /// The bytes of the file that are wanted, if not all are.
    pub span: Option<Span>,
    /// What sees the bytes on their way.
    pub sum: Option<&'a Sum>,
    /// What is known of it.
    pub known: Known,
}

/// Where a download goes.
#[derive(Clone, Copy)]
pub enum Sink<'a> {
    /// A file of ours, readable: what is in it can be compared with the server's, and thrown away.
    File(&'a File),
    /// The same with a part of an earlier run in it, which is gone on with if its end is what the server has there.
    Part(&'a File),
    /// Anything else: what was written to it stays.
    Stream(BorrowedFd<'a>),
}

impl<'a> Sink<'a> {
    fn fd(&self) -> BorrowedFd<'a> {
        match *self {
            Self::File(file) | Self::Part(file) => file.as_fd(),
            Self::Stream(fd) => fd,
        }
    }

    /// The file, where what was written can be read.
    pub fn file(&self) -> Option<&'a File> {
        match self {
            Self::File(file) | Self::Part(file) => Some(file),
            Self::Stream(_) => None,
        }
    }

    /// The last bytes before `progress`, which the next connection has to bring, too.
    /// `begin` is the offset of the first byte that is in the sink.
    fn sample(&self, progress: &Progress, begin: u64) -> io::Result<Sample> {
        let Some(file) = self.file() else { return Ok(progress.sample()) };
        let here = progress.delivered.saturating_sub(begin);
        let count = here.min(progress.overlap as u64);
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(SAMPLE)];
        file.read_exact_at(&mut bytes, here - count)?;
        (&mut &*file).seek(SeekFrom::Start(here))?;
        Ok(Sample { offset: progress.delivered - count, bytes })
    }
}

/// Some of the bytes of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The first.
    pub begin: u64,
    /// The one behind the last; `None` for the end of the file.
    pub end: Option<u64>,
    /// What the server said of the file a moment ago.
    pub version: Version,
}

/// What the server of a download said of the file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Found {
    /// Size and time, as far as they were told.
    pub version: Version,
    /// Whether as many bytes came as it has by that.
    pub proven: bool,
}

/// How far a fetch has come.
#[derive(Debug)]
pub struct Progress {
    /// Bytes given to the sink.
    pub delivered: u64,
    /// Bytes the file has, as the server announced them with the transfer.
    pub total: Option<u64>,
    /// What else is known of the version whose bytes were delivered.
    pub version: Version,
    /// Whether that was asked a moment ago, so that it need not be asked again.
    pub asked: bool,
    /// Whether SIZE was asked for this version, so that what it did not tell has to be asked otherwise.
    size_asked: bool,
    /// Whether more than one connection brought what is delivered.
    resumed: bool,
    /// Whether an earlier run has fetched what is delivered.
    pub inherited: bool,
    /// Whether the number of bytes is what the server says that the file has.
    pub proven: bool,
    /// Samples of what was delivered, for a sink that cannot be read.
    pub seam: Rc<Recorder>,
    /// Bytes before the seam that are compared, at most.
    overlap: usize,
    /// Whether they became fewer, since a connection ended among them.
    shrunk: bool,
    /// Whether the file is read from its beginning again: bytes at the place where REST led were others.
    rereads: bool,
    /// Whether the last connection brought other bytes at the seam, or too many.
    differs: bool,
}

impl Progress {
    /// Of a file of which this is known.
    pub fn of(known: Known) -> Self {
        Self {
            delivered: 0,
            total: None,
            version: known.version,
            asked: false,
            size_asked: known.asked,
            resumed: false,
            inherited: false,
            proven: false,
            seam: Rc::default(),
            overlap: SAMPLE,
            shrunk: false,
            rereads: false,
            differs: false,
        }
    }

    /// The last bytes that were delivered, as far as samples of them were taken.
    pub fn sample(&self) -> Sample {
        let mut sample = self.seam.before(self.delivered);
        let passed = sample.bytes.len().saturating_sub(self.overlap);
        sample.offset += passed as u64;
        sample.bytes.drain(..passed);
        sample
    }

    /// A connection ended after `read` bytes before the seam: where each one brings so few, more would never pass it.
    fn shrink(&mut self, read: u64, sample: &Sample) {
        let half = usize::try_from(read).unwrap_or(SAMPLE).min(sample.bytes.len()) / 2;
        self.shrunk = read > 0 && half < self.overlap;
        if self.shrunk {
            self.overlap = half;
        }
    }

    /// Whether the last connection ended before the seam, and the next one will pass it sooner.
    pub fn has_shrunk(&mut self) -> bool {
        std::mem::take(&mut self.shrunk)
    }

    /// Bytes that the server says the file has.
    pub fn size(&self) -> Option<u64> {
        self.total.or(self.version.size)
    }

    /// Whether all bytes that the server promised are delivered.
    pub fn is_whole(&self) -> bool {
        self.size() == Some(self.delivered)
    }

    /// Whether a download that came to `cause` can be taken up again: it is no text of which a part
    /// is delivered, and not whole with a verdict against it.
    pub fn can_go_on(&self, kind: Type, cause: &Cause) -> bool {
        let judged = self.is_whole() && matches!(cause, Cause::BadVerdict(_));
        !judged && (kind == Type::Image || self.delivered == 0)
    }

    /// Whether it is worth to read the file from its beginning after a connection that brought other bytes: some
    /// servers say yes to REST, and send from the beginning.
    pub fn may_reread(&mut self) -> bool {
        let may = std::mem::take(&mut self.differs) && !self.rereads && !self.inherited;
        self.rereads |= may;
        may
    }

    /// Nothing is delivered, and nothing known of the file.
    fn begin_anew(&mut self) {
        let Self { rereads, overlap, .. } = *self;
        *self = Self { rereads, overlap, ..Self::of(Known::default()) };
    }

    /// What is known of the version whose bytes were delivered.
    pub fn known(&self) -> Known {
        Known { version: self.version, asked: self.size_asked }
    }

    /// What the source of a download said of it.
    pub fn found(&self) -> Found {
        Found { version: Version { size: self.size(), ..self.version }, proven: self.proven }
    }

    /// Bytes that may still come; `None` where the end is not known, or the file may grow.
    pub fn left(&self) -> Option<u64> {
        let resumes = self.delivered > 0;
        self.size().filter(|_| resumes).map(|size| size.saturating_sub(self.delivered))
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
    let mut versions = job.retries;
    let first = job.span.map_or(0, |span| span.begin);
    loop {
        let before = progress.delivered;
        let cause = match attempt(server, job, &mut progress) {
            Ok(()) => return Ok(progress.delivered - first),
            Err(Cause::Changed) if progress.may_reread() => continue,
            Err(Cause::Changed) if job.sink.file().is_some() && job.span.is_none() => {
                let counts = !progress.inherited;
                empty(job, &mut progress)?;
                if counts && (versions == 0 || !tries.again()) {
                    return Err(Cause::Changed);
                }
                versions = versions.saturating_sub(u32::from(counts));
                continue;
            }
            Err(cause) => cause,
        };
        if progress.delivered > before || progress.has_shrunk() {
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
    if let Some(Span { begin, version, .. }) = job.span {
        let asked = version.size.is_some();
        let mut progress = Progress::of(Known::asked(version));
        (progress.delivered, progress.asked) = (begin, asked);
        return Ok(progress);
    }
    let mut progress = Progress::of(job.known);
    if let Sink::Part(file) = job.sink {
        progress.delivered = file.metadata().map_err(Cause::Local)?.len();
        progress.inherited = progress.delivered > 0;
    }
    Ok(progress)
}

/// Throws away what was delivered.
fn empty(job: &Fetch<'_>, progress: &mut Progress) -> Result<(), Cause> {
    let Some(mut file) = job.sink.file() else { return Ok(()) };
    file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(Cause::Local)?;
    job.sum.into_iter().for_each(Sum::forget);
    progress.begin_anew();
    Ok(())
}

/// One connection's worth of a file.
fn attempt(server: &mut Server, job: &Fetch<'_>, progress: &mut Progress) -> Result<(), Cause> {
    let begin = job.span.map_or(0, |span| span.begin);
    let sample = job.sink.sample(progress, begin).map_err(Cause::Local)?;
    let Opened::Rest(transfer, passed) = open(server, (job.path, job.kind), progress, &sample)?
    else {
        return Ok(());
    };
    let sink = End::Plain(job.sink.fd());
    let end = job.span.and_then(|span| span.end);
    let arrival = match end {
        Some(end) => {
            let count = end.saturating_sub(progress.delivered);
            receive_part(transfer, sink, count, reception(job, progress, passed).seam)
        }
        None => receive(transfer, sink, reception(job, progress, passed)),
    };
    conclude(server, job, progress, arrival)
}

fn reception<'a>(job: &Fetch<'a>, progress: &'a Progress, passed: u64) -> Reception<'a> {
    let is_text = job.kind == Type::Ascii;
    let recorder = (!is_text && job.sink.file().is_none()).then_some(&*progress.seam);
    Reception {
        lines: if is_text { Lines::ToLocal } else { Lines::Keep },
        next: job.next,
        passed,
        most: progress.left().filter(|_| !is_text),
        sums: job.sum.as_slice().to_vec(),
        seam: recorder.map(|recorder| Recording { recorder, begin: progress.delivered }),
        ..Reception::from(progress.delivered)
    }
}

/// What one connection came to.
fn conclude(
    server: &mut Server,
    job: &Fetch<'_>,
    progress: &mut Progress,
    Arrival { moved, end }: Arrival,
) -> Result<(), Cause> {
    progress.take_in(moved);
    let is_cut = job.span.is_some_and(|span| span.end.is_some());
    match end {
        Ok(()) if is_cut || job.kind == Type::Ascii => Ok(()),
        Ok(()) => confirm(server, job.path, progress),
        Err(cause) if progress.is_whole() && is_moot(&cause) => {
            settle(server, job.path, progress, cause)
        }
        end => end,
    }
}

impl Progress {
    /// Counts bytes that one connection brought to the sink.
    pub fn take_in(&mut self, moved: u64) {
        self.differs = self.left().is_some_and(|left| moved > left);
        if moved == 0 && self.overlap > 0 && self.resumed {
            self.overlap /= 2;
            self.shrunk = true;
        }
        self.delivered += moved;
    }
}

/// Opens the download of what is not delivered yet, and passes over `sample`, which has to be the same there.
///
/// # Errors
/// The server's refusal, a break, or a file that is not the one it was.
pub fn open<'s>(
    server: &'s mut Server,
    (path, kind): (&RemotePath, Type),
    progress: &mut Progress,
    sample: &Sample,
) -> Result<Opened<'s>, Cause> {
    let begins = progress.delivered == 0;
    let asks = !begins && !std::mem::take(&mut progress.asked);
    if asks && is_all(server, path, progress)? && !progress.inherited {
        return Ok(Opened::All);
    }
    let from_start = progress.rereads || server.facts().restart == Restart::Ignored;
    let place = if sample.bytes.is_empty() { progress.delivered } else { sample.offset };
    let from = if from_start { 0 } else { place };
    let session = server.session(Wants::to_transfer(path))?;
    let knowledge = session.knowledge();
    let is_known = progress.size_asked || progress.version.is_known();
    let mut transfer = match begins && kind == Type::Image && !is_known {
        true => session.retrieve_and_ask(path)?,
        false => session.retrieve(path, kind, from)?,
    };
    progress.size_asked |= transfer.asked;
    progress.resumed |= !begins;
    progress.version = progress.version.or(transfer.told);
    if let Some(total) = transfer.total(progress.total)? {
        progress.total = Some(total);
    }
    // A server without REST sends the file from its beginning.
    let passed = progress.delivered - transfer.from;
    let mut read = 0;
    match pass_over(&mut transfer, sample, (progress.delivered, &mut read)) {
        Ok(true) => {
            if !sample.bytes.is_empty() && transfer.from > 0 {
                knowledge.learn(|facts| facts.restart = Restart::Works);
            } else if progress.rereads {
                knowledge.learn(|facts| facts.restart = Restart::Ignored);
            }
            progress.inherited = false;
            Ok(Opened::Rest(transfer, passed))
        }
        Ok(false) => {
            progress.differs = transfer.from > 0;
            transfer.abandon();
            Err(Cause::Changed)
        }
        Err(error) => {
            if transfer.from == sample.offset {
                progress.shrink(read, sample);
            }
            let may_be_short = read == 0 && progress.version.size.is_none();
            let cause = Cause::lost(Phase::Data, error, transfer.timeout());
            match transfer.last_words() {
                Some(reply) if reply.is_done() && may_be_short => Err(Cause::Changed),
                Some(reply) if !reply.is_done() => Err(Cause::BadVerdict(reply)),
                _ => Err(cause),
            }
        }
    }
}

/// Whether what is delivered is the whole file already: when nothing is left to ask for, some
/// servers refuse the REST.
fn is_all(server: &mut Server, path: &RemotePath, progress: &mut Progress) -> Result<bool, Cause> {
    let now = server.session(Wants::to_transfer(path))?.size_and_time(path)?;
    let is_other =
        |size| size < progress.delivered || progress.total.is_some_and(|total| size != total);
    if !progress.version.may_be(&now) || now.size.is_some_and(is_other) {
        return Err(Cause::Changed);
    }
    progress.version = now.or(progress.version);
    progress.size_asked = true;
    progress.proven = now.size == Some(progress.delivered);
    Ok(progress.proven)
}

/// The server says that it is done, and a FIN is all that says so of the bytes (RFC 959 §3.4): there have to be as many
/// as the server says that the file has.
///
/// # Errors
/// There are fewer, or the connection is lost.
pub fn confirm(
    server: &mut Server,
    path: &RemotePath,
    progress: &mut Progress,
) -> Result<(), Cause> {
    let count = progress.delivered;
    if progress.resumed && !is_still(server, path, progress)? {
        return Err(Cause::Changed);
    }
    // A file may grow while it is sent.
    progress.proven = progress.size().is_some_and(|size| count >= size);
    if progress.proven || !server.checks_sizes() {
        return Ok(());
    }
    let session = server.session(Wants::to_transfer(path))?;
    let told = match progress.size_asked && progress.version.size.is_none() {
        true => sizes::without_size(session, path)?,
        false => sizes::told(session, path)?,
    };
    if told == Some(count) || (told.is_some() && sizes::is_confirmed(session, path, count)?) {
        progress.proven = true;
        return Ok(());
    }
    match told.or(progress.version.size) {
        Some(size) if size < count => Err(Cause::Changed),
        Some(size) => {
            progress.version.size = Some(size);
            Err(Cause::WrongSize { got: count, want: size })
        }
        None => {
            session
                .tell(path, "the server reports no size, so the end of the data counts as its end");
            Ok(())
        }
    }
}

/// Whether a file of which several connections brought the parts is the one that it was when the last of them began.
fn is_still(server: &mut Server, path: &RemotePath, progress: &Progress) -> Result<bool, Cause> {
    let now = server.session(Wants::to_transfer(path))?.size_and_time(path)?;
    Ok(progress.version.may_be(&now))
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

/// Reads up to byte `delivered` of the file, and counts in `read`; whether `sample` was there.
fn pass_over(
    transfer: &mut Transfer<'_>,
    sample: &Sample,
    (delivered, read): (u64, &mut u64),
) -> io::Result<bool> {
    let mut stream = Counting { stream: &mut transfer.stream, read };
    if sample.bytes.is_empty() {
        return stream.skip(delivered - transfer.from).map(|()| true);
    }
    stream.skip(sample.offset.saturating_sub(transfer.from))?;
    let mut theirs = vec![0; sample.bytes.len()];
    stream.read_exact(&mut theirs)?;
    if theirs != sample.bytes {
        return Ok(false);
    }
    stream.skip(delivered.saturating_sub(sample.end())).map(|()| true)
}

/// A data connection whose bytes are counted.
struct Counting<'c> {
    stream: &'c mut Stream,
    read: &'c mut u64,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        *self.read += count as u64;
        Ok(count)
    }
}

impl Counting<'_> {
    /// Reads `count` bytes and throws them away.
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.by_ref().take(count), &mut io::sink())?;
        if passed == count { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Whether the server begins where REST says, tried at the last byte of a file of `size` bytes: some say yes, and send
/// all of it. A part of a file that is not its end tells nothing of that.
///
/// # Errors
/// The server's refusal, or a lost connection.
pub fn try_rest(server: &mut Server, path: &RemotePath, size: u64) -> Result<(), Cause> {
    if size < 2 || server.facts().restart != Restart::Untried {
        return Ok(());
    }
    let session = server.session(Wants::to_transfer(path))?;
    let knowledge = session.knowledge();
    let mut transfer = session.retrieve(path, Type::Image, size - 1)?;
    let mut bytes = Vec::new();
    let read = (&mut transfer.stream).take(2).read_to_end(&mut bytes);
    let restart = match (transfer.from > 0, bytes.len()) {
        (true, 1) => Restart::Works,
        (true, 2) => Restart::Ignored,
        _ => Restart::Untried,
    };
    knowledge.learn(|facts| facts.restart = restart);
    match read {
        Ok(_) => drop(transfer.abandon()),
        Err(error) => {
            let cause = Cause::lost(Phase::Data, error, transfer.timeout());
            return Err(transfer.broken(cause));
        }
    }
    Ok(())
}
