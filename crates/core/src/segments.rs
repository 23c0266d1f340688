//! One file fetched over several sessions at once, each at its own place in the file. What can be
//! done over one session only (no SIZE, no REST, a small file) is left to `resume`.
//!
//! The file is counted in units. Whoever comes to a unit that nobody has taken takes it and goes on,
//! so a session that is not to be had costs nothing: the one before it goes through its place.
//!
//! Each connection reads a file of its own, which another file may have replaced in between. Where the bytes of two of
//! them meet, the first reads on into those of the second, and both have to be the same.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::num::NonZeroU32;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::copy::{CopyError, End, Side, copy};
use crate::crlf::Lines;
use crate::crowd::is_crowded;
use crate::deliver::{self, Beats};
use crate::error::{Cause, Phase};
use crate::flow::Flow;
use crate::newer::{Known, Version};
use crate::path::RemotePath;
use crate::resume::{self, Fetch, is_moot};
use crate::retry::may_pass;
use crate::seam::{SAMPLE, Sample};
use crate::servers::Server;
use crate::wire::{Next, Transfer, Type, Wants};

/// How many units a file has, as long as they come out neither small nor large. At the end sessions
/// stand still for no longer than one of them takes.
const PARTS: u64 = 128;

/// The least bytes of a unit, and the most.
const UNIT: (u64, u64) = (256 << 10, 2 << 20);

/// The least bytes that somebody goes back for who has come to the end of a stretch: closing and opening a
/// data connection takes three waits.
const GAP: u64 = 1 << 20;

/// The least that a session of its own is opened for, in bytes.
const WORTHWHILE: u64 = 4 << 20;

/// How often somebody whose connection is not made yet looks whether it is still of use.
const GLANCE: Duration = Duration::from_millis(50);

/// Fetches a file over up to `most` sessions; returns its bytes. `open` opens the file that
/// `job.sink` is once more, for writing, with a place of its own; it is empty.
///
/// # Errors
/// Those of [`resume::fetch`], and a file that changed while it was fetched. There may be holes in
/// what was written then.
pub fn fetch(
    server: &mut Server,
    job: &Fetch<'_>,
    open: &(dyn Fn() -> io::Result<File> + Sync),
    most: NonZeroU32,
) -> Result<u64, Cause> {
    let mut version = job.known.version;
    let known = match over_several(server, job, open, (most, &mut version)) {
        Ok(Some(bytes)) => return Ok(bytes),
        Ok(None) => Known::asked(version),
        Err(Cause::Changed) if job.retries > 0 => {
            let session = server.session(Wants::to_transfer(job.path))?;
            session.tell(
                job.path,
                "the file changed meanwhile and is fetched anew over one connection",
            );
            Known::default()
        }
        Err(cause) => return Err(cause),
    };
    open().and_then(|file| file.set_len(0)).map_err(Cause::Local)?;
    resume::fetch(server, &Fetch { known, ..*job })
}

/// `None` when one session has to do it, from the beginning.
fn over_several(
    server: &mut Server,
    job: &Fetch<'_>,
    open: &(dyn Fn() -> io::Result<File> + Sync),
    (most, known): (NonZeroU32, &mut Version),
) -> Result<Option<u64>, Cause> {
    let mut ahead = dial_ahead(server, job.path, most);
    make_room(server, job.path, &mut ahead);
    let version = match version(server, job.path) {
        Ok(version) => version,
        Err(cause) if may_pass(&cause, server.was_reached()) => {
            server.try_again();
            return Ok(None);
        }
        Err(cause) => return Err(cause),
    };
    *known = version;
    let size = version.size.unwrap_or(0);
    let count = (size / WORTHWHILE).min(most.get().into());
    if count < 2 {
        return Ok(None);
    }
    let board = Board::new(size, count);
    let now = thread::scope(|scope| {
        for segment in 1..count {
            let dialed = ahead.pop().unwrap_or_else(|| dial(server));
            let board = &board;
            let begin = board.units() * segment / count;
            scope.spawn(move || {
                let _shift = Shift(board);
                join_in(&dialed, (job, board), open, begin);
            });
        }
        board.settle(work(server, (job, &board), open, None));
        drop(Shift(&board));
        // The others read how the server says that it is done meanwhile. For another session there may be
        // no room before they have left.
        let at_once = board.is_filled() && server.is_in();
        at_once.then(|| self::version(server, job.path).ok()).flatten()
    });
    let Some(seams) = board.end()? else { return Ok(None) };
    let now = now.map_or_else(|| version_at_last(server, job), Ok)?;
    if now != version || !fit(job.sink.file(), &seams).map_err(Cause::Local)? {
        return Err(Cause::Changed);
    }
    if version.modified.is_none() {
        tell_of_no_time(server, job.path)?;
    }
    Ok(Some(size))
}

/// Whether what was read twice is in the file as it was read the second time.
fn fit(file: Option<&File>, seams: &[Sample]) -> io::Result<bool> {
    let Some(file) = file else { return Ok(false) };
    let mut here = vec![0; SAMPLE];
    for seam in seams {
        let here = here.get_mut(..seam.bytes.len()).unwrap_or_default();
        file.read_exact_at(here, seam.offset)?;
        if *here != seam.bytes[..] {
            return Ok(false);
        }
    }
    Ok(true)
}

fn tell_of_no_time(server: &mut Server, path: &RemotePath) -> Result<(), Cause> {
    let session = server.session(Wants::to_transfer(path))?;
    session.tell(
        path,
        "the server tells no time of change: a file that was replaced meanwhile by one of the same size shows only \
         where the segments meet",
    );
    Ok(())
}

/// The other connections, where this is the first file from a server: they are made while the first session
/// logs in and asks for `path`. That one is connected before, so that it has its place, and logs in alone, so
/// that a wrong password is sent once.
fn dial_ahead(server: &mut Server, path: &RemotePath, most: NonZeroU32) -> Vec<Receiver<Server>> {
    // Other names mean something only once the server was told that they are UTF-8.
    let about = Some(path).filter(|path| path.as_bytes().is_ascii());
    match !server.was_reached() && server.dial(about) {
        true => (1..most.get()).map(|_| dial(server)).collect(),
        false => Vec::new(),
    }
}

/// A server that is full may have let in one of the others in place of the first, as its processes come to
/// count them (ProFTPD): then they go, since only the first waits for a place.
fn make_room(server: &mut Server, path: &RemotePath, ahead: &mut Vec<Receiver<Server>>) {
    if !ahead.is_empty() && !server.finds_room(Wants::to_transfer(path)) {
        ahead.clear();
    }
}

/// Another connection to the same server, once it is made: nothing comes where it cannot be, and nobody
/// has to wait for it.
fn dial(server: &Server) -> Receiver<Server> {
    let (told, dialed) = mpsc::channel();
    let mut other = server.another();
    thread::spawn(move || {
        if other.dial(None) {
            let _ = told.send(other);
        }
    });
    dialed
}

fn version(server: &mut Server, path: &RemotePath) -> Result<Version, Cause> {
    server.session(Wants::to_transfer(path))?.size_and_time(path)
}

/// The same when all others have left. A full server may not have noticed that yet.
fn version_at_last(server: &mut Server, job: &Fetch<'_>) -> Result<Version, Cause> {
    let mut tries = server.tries_for_a_place(job.retries);
    loop {
        server.try_again();
        match version(server, job.path) {
            Err(cause) if is_crowded(&cause) && tries.again() => {}
            told => return told,
        }
    }
}

/// Who fetches what.
struct Board {
    size: u64,
    /// Bytes of all units but the last.
    unit: u64,
    state: Mutex<State>,
    /// Somebody has left, or the last unit is here.
    news: Condvar,
}

struct State {
    taken: Vec<bool>,
    /// How many units are here, all of them.
    here: u64,
    /// How many are at work.
    crew: u64,
    /// Nobody goes on.
    stopped: bool,
    /// The server sends what was not asked for: it says yes to REST and means no.
    overrun: bool,
    /// What was read twice.
    seams: Vec<Sample>,
    cause: Option<Cause>,
}

impl Board {
    /// For a crew of so many. The first unit is taken by the one that begins the file.
    fn new(size: u64, crew: u64) -> Self {
        let unit = (size / PARTS).clamp(UNIT.0, UNIT.1);
        let units = usize::try_from(size.div_ceil(unit)).unwrap_or(usize::MAX);
        let taken = (0..units).map(|unit| unit == 0).collect();
        let state = State {
            taken,
            here: 0,
            crew,
            stopped: false,
            overrun: false,
            seams: Vec::new(),
            cause: None,
        };
        Self { size, unit, state: Mutex::new(state), news: Condvar::new() }
    }

    fn units(&self) -> u64 {
        self.size.div_ceil(self.unit)
    }

    /// Takes a unit; `false` when somebody else has it, or nobody shall go on.
    fn take(&self, unit: u64) -> bool {
        let mut state = self.state();
        let stopped = state.stopped;
        let place = usize::try_from(unit).ok().and_then(|unit| state.taken.get_mut(unit));
        place.is_some_and(|taken| !stopped && !std::mem::replace(taken, true))
    }

    /// A unit is here, all of it.
    fn arrived(&self) {
        self.state().here += 1;
        self.news.notify_all();
    }

    /// Waits until all bytes are here, or nobody is left who could bring them; says whether they are.
    fn is_filled(&self) -> bool {
        let units = self.units();
        let goes_on = |state: &mut State| state.here < units && state.crew > 0;
        let state = self.news.wait_while(self.state(), goes_on);
        state.unwrap_or_else(PoisonError::into_inner).here >= units
    }

    /// The middle of the longest stretch that nobody has taken: who is before it needs half the time
    /// then.
    fn gap(&self) -> Option<u64> {
        let state = self.state();
        let runs = state.taken.chunk_by(|one, other| one == other);
        let least = GAP.div_ceil(self.unit).max(2);
        let (mut at, mut best) = (0, (usize::try_from(least).unwrap_or(usize::MAX) - 1, None));
        for run in runs {
            let free = run.first() == Some(&false);
            if free && run.len() > best.0 {
                best = (run.len(), Some(at + run.len() / 2));
            }
            at += run.len();
        }
        best.1.filter(|_| !state.stopped).and_then(|unit| u64::try_from(unit).ok())
    }

    /// Who was dialed, unless that comes to nothing, or too late to be of use.
    fn awaited(&self, dialed: &Receiver<Server>) -> Option<Server> {
        loop {
            match dialed.recv_timeout(GLANCE) {
                Ok(server) => return Some(server),
                Err(RecvTimeoutError::Timeout) if self.is_wanted() => {}
                Err(_) => return None,
            }
        }
    }

    /// Reads bytes that another connection brings, too: `most` of them, or a sample.
    fn read_again(&self, transfer: &mut Transfer<'_>, offset: u64, most: u64) -> io::Result<()> {
        let mut bytes = Vec::new();
        let most = most.min(SAMPLE as u64);
        let read = (&mut transfer.stream).take(most).read_to_end(&mut bytes);
        let is_all = bytes.len() as u64 == most;
        self.state().seams.push(Sample { offset, bytes });
        match read {
            Ok(_) if !is_all => Err(io::ErrorKind::UnexpectedEof.into()),
            read => read.map(drop),
        }
    }

    /// Whether there is anything left to take.
    fn is_wanted(&self) -> bool {
        let state = self.state();
        !state.stopped && state.taken.contains(&false)
    }

    fn overrun(&self) {
        let mut state = self.state();
        state.overrun = true;
        state.stopped = true;
    }

    fn settle(&self, worked: Result<(), Cause>) {
        if let Err(cause) = worked {
            let mut state = self.state();
            state.stopped = true;
            state.cause.get_or_insert(cause);
        }
    }

    /// What was read twice, where the whole file is here.
    fn end(self) -> Result<Option<Vec<Sample>>, Cause> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.cause {
            Some(_) if state.overrun => Ok(None),
            Some(cause) => Err(cause),
            None if state.overrun || state.taken.contains(&false) => Ok(None),
            None => Ok(Some(state.seams)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the crew at work, however that ends.
struct Shift<'b>(&'b Board);

impl Drop for Shift<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.crew = state.crew.saturating_sub(1);
        self.0.news.notify_all();
    }
}

/// One of the others: works from the unit `begin` on, once its connection is there.
fn join_in(
    dialed: &Receiver<Server>,
    (job, board): (&Fetch<'_>, &Board),
    open: &(dyn Fn() -> io::Result<File> + Sync),
    begin: u64,
) {
    let Some(mut server) = board.awaited(dialed) else { return };
    let job = Fetch { next: Next::Unknown, ..*job };
    board.settle(work(&mut server, (&job, board), open, Some(begin)));
    server.quit();
}

/// One session at work: from `first` as far as nobody else has been, then in the middle of what is
/// left. Without `first` it begins the file.
fn work(
    server: &mut Server,
    with: (&Fetch<'_>, &Board),
    open: &(dyn Fn() -> io::Result<File> + Sync),
    first: Option<u64>,
) -> Result<(), Cause> {
    let (leads, file) = (first.is_none(), open().map_err(Cause::Local)?);
    let mut stretch = Stretch { with, file, at: 0, own: 0, overlap: SAMPLE, owned: true, leads };
    if leads {
        stretch.fetch(server)?;
    }
    let mut next = first.or_else(|| with.1.gap());
    while let Some(unit) = next {
        stretch.at = unit * with.1.unit;
        (stretch.own, stretch.overlap, stretch.owned) = (0, SAMPLE, false);
        let fetched = stretch.fetch(server);
        if fetched.is_err() && !stretch.owned {
            // There is no room for one more, or no REST: who is before it goes on through it.
            return Ok(());
        }
        fetched?;
        next = with.1.gap();
    }
    Ok(())
}

/// What one session fetches in one go.
struct Stretch<'a> {
    with: (&'a Fetch<'a>, &'a Board),
    file: File,
    /// The next byte.
    at: u64,
    /// How many bytes before it are of this stretch, too.
    own: u64,
    /// How many of them a new connection reads again, at most.
    overlap: usize,
    /// Whether its unit is taken by us.
    owned: bool,
    /// Whether it is over the session that goes on afterwards.
    leads: bool,
}

impl Stretch<'_> {
    /// Fetches until somebody else goes on, or to the end. A break is mended where it broke.
    fn fetch(&mut self, server: &mut Server) -> Result<(), Cause> {
        let mut tries = server.tries(self.with.0.retries);
        loop {
            let before = self.at;
            let Err(cause) = self.attempt(server) else { return Ok(()) };
            if self.at > before {
                tries.progressed();
            }
            let mendable = self.owned && may_pass(&cause, server.was_reached());
            if !mendable || self.with.1.state().stopped || !tries.again() {
                return Err(cause);
            }
            server.try_again();
        }
    }

    fn attempt(&mut self, server: &mut Server) -> Result<(), Cause> {
        let (job, board) = self.with;
        let session = server.session(Wants::to_transfer(job.path))?;
        let again = self.own.min(self.overlap as u64);
        let mut transfer = session.retrieve(job.path, Type::Image, self.at - again)?;
        if transfer.from != self.at - again {
            transfer.abandon();
            return Err(Cause::Operand("the server has no REST".into()));
        }
        transfer.total(Some(board.size))?;
        if let Err(error) = board.read_again(&mut transfer, self.at - again, again) {
            // The next connection may end after as many bytes.
            self.overlap /= 2;
            return Err(broken(transfer, Side::Source, error));
        }
        if !self.owned && !board.take(self.at / board.unit) {
            transfer.abandon();
            return Ok(());
        }
        self.owned = true;
        self.file.seek(SeekFrom::Start(self.at)).map_err(Cause::Local)?;
        self.receive(transfer)
    }

    fn receive(&mut self, mut transfer: Transfer<'_>) -> Result<(), Cause> {
        let ((job, board), rate) = (self.with, transfer.rate());
        let gauge = transfer.gauge(0, Some(board.size - self.at));
        loop {
            let unit = self.at / board.unit;
            let end = (unit + 1).saturating_mul(board.unit);
            let last = end >= board.size;
            // At the end of the file it is the server that ends, and one byte more is too many.
            let most = if last { board.size } else { end - 1 } - self.at;
            let (stream, pulse) = transfer.parts();
            let beats = Beats::of([pulse]);
            let beat = || beats.beat();
            let beat = beats.any().then_some(&beat as &dyn Fn());
            let (rate, gauge) = (rate.as_deref(), Some(&gauge));
            let flow = Flow { most, rate, gauge, beat, ..Lines::Keep.into() };
            let copied = copy(deliver::end(stream), End::Plain(self.file.as_fd()), flow);
            let (moved, broke) = match copied {
                Ok(moved) => (moved, None),
                Err(CopyError { side, error, moved }) => (moved, Some((side, error))),
            };
            self.at += moved;
            self.own += moved;
            if let Some((side, error)) = broke {
                return Err(broken(transfer, side, error));
            }
            if self.at > board.size {
                board.overrun();
                transfer.abandon();
                return Ok(());
            }
            if self.at >= end.min(board.size) {
                board.arrived();
            }
            if last || self.at < end {
                return self.finish(transfer, job.next);
            }
            if !board.take(unit + 1) {
                self.leave(transfer);
                return Ok(());
            }
        }
    }

    /// Somebody else has the rest. A session that nobody needs any more is not asked how it ended.
    fn leave(&self, mut transfer: Transfer<'_>) {
        let board = self.with.1;
        let _ = board.read_again(&mut transfer, self.at, board.size - self.at);
        match self.leads || self.with.1.gap().is_some() {
            true => drop(transfer.abandon()),
            false => drop(transfer),
        }
    }

    /// The server has sent its last byte.
    fn finish(&self, transfer: Transfer<'_>, next: Next) -> Result<(), Cause> {
        let (got, want) = (self.at, self.with.1.size);
        let received = got - transfer.from;
        match transfer.finish_download(received, next) {
            Ok(_) if got < want => Err(Cause::WrongSize { got, want }),
            // The size is asked for once more when all is here.
            Err(cause) if got < want || !is_moot(&cause) => Err(cause),
            _ => Ok(()),
        }
    }
}

fn broken(transfer: Transfer<'_>, side: Side, error: io::Error) -> Cause {
    match side {
        Side::Source => {
            let cause = Cause::lost(Phase::Data, error, transfer.timeout());
            transfer.broken(cause)
        }
        Side::Sink => Cause::Local(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: u64 = UNIT.1;

    #[test]
    fn units_are_neither_small_nor_large() {
        for (size, unit) in [(8 << 20, 256 << 10), (64 << 20, 512 << 10), (1 << 40, LARGEST)] {
            assert_eq!(Board::new(size, 1).unit, unit);
        }
    }

    #[test]
    fn who_is_done_begins_in_the_middle_of_what_is_left() {
        let board = Board::new(1000 * LARGEST + 1, 1);
        assert_eq!((board.units(), board.gap()), (1001, Some(501)));
        assert!(board.take(501) && !board.take(501) && !board.take(0) && !board.take(1001));
        assert_eq!(board.gap(), Some(251));
        for unit in (1..500).chain(502..1000) {
            assert!(board.take(unit));
        }
        // One unit alone is left to who comes to it.
        assert_eq!(board.gap(), None);
        assert!(board.take(500) && board.take(1000));
        assert!(board.end().unwrap().is_some());
    }

    #[test]
    fn nobody_goes_back_for_little() {
        let board = Board::new(16 << 20, 1);
        for unit in 1..60 {
            assert!(board.take(unit));
        }
        assert_eq!(board.gap(), Some(62), "four units of 256 KiB");
        assert!(board.take(60));
        assert_eq!(board.gap(), None, "three");
    }

    #[test]
    fn nobody_goes_on_after_a_failure() {
        let board = Board::new(1000 * LARGEST, 1);
        board.settle(Err(Cause::Changed));
        assert!(!board.take(1) && board.gap().is_none());
        assert!(board.end().is_err());
    }
}
