//! One file fetched over several sessions at once, each at its own place in the file. What can be
//! done over one session only (no SIZE, no REST, a small file) is left to `resume`.
//!
//! The file is counted in units. Whoever comes to a unit that nobody has taken takes it and goes on,
//! so a session that is not to be had costs nothing: the one before it goes through its place.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::num::NonZeroU32;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::copy::{CopyError, End, Side, copy};
use crate::crlf::Lines;
use crate::deliver::{self, Beats};
use crate::error::{Cause, Phase};
use crate::flow::Flow;
use crate::path::RemotePath;
use crate::resume::{self, Fetch, is_moot};
use crate::retry::{Tries, may_pass};
use crate::servers::Server;
use crate::wire::{Next, Transfer, Type, Wants};

/// The bytes of a unit: twice what a step of a copy may overshoot. At the end sessions stand still for
/// no longer than one of these takes.
const UNIT: u64 = 2 << 20;

/// The least that a session of its own is opened for, in bytes.
const WORTHWHILE: u64 = 4 << 20;

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
    match over_several(server, job, open, most)? {
        Some(bytes) => Ok(bytes),
        None => {
            open().and_then(|file| file.set_len(0)).map_err(Cause::Local)?;
            resume::fetch(server, job)
        }
    }
}

/// What tells that a file is still the one it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Version {
    size: u64,
    modified: Option<i64>,
}

/// `None` when one session has to do it, from the beginning.
fn over_several(
    server: &mut Server,
    job: &Fetch<'_>,
    open: &(dyn Fn() -> io::Result<File> + Sync),
    most: NonZeroU32,
) -> Result<Option<u64>, Cause> {
    let version = match version(server, job.path) {
        Ok(Some(version)) => version,
        Ok(None) => return Ok(None),
        Err(cause) if may_pass(&cause, server.was_reached()) => {
            server.try_again();
            return Ok(None);
        }
        Err(cause) => return Err(cause),
    };
    let count = (version.size / WORTHWHILE).min(most.get().into());
    if count < 2 {
        return Ok(None);
    }
    let board = Board::new(version.size);
    thread::scope(|scope| {
        for segment in 1..count {
            let (mut other, board) = (server.another(), &board);
            let begin = board.units() * segment / count;
            scope.spawn(move || {
                let job = Fetch { next: Next::Unknown, ..*job };
                board.settle(work(&mut other, (&job, board), open, Some(begin)));
                other.quit();
            });
        }
        board.settle(work(server, (job, &board), open, None));
    });
    server.try_again();
    match board.end()? {
        true if self::version(server, job.path)? == Some(version) => Ok(Some(version.size)),
        true => Err(Cause::changed()),
        false => Ok(None),
    }
}

/// `None` where the server has no SIZE, or the file is too small for all this.
fn version(server: &mut Server, path: &RemotePath) -> Result<Option<Version>, Cause> {
    let wants = Wants { features: !path.as_bytes().is_ascii(), data: true };
    let session = server.session(wants)?;
    let (size, modified) = session.size_and_time(path)?;
    let size = size.filter(|&size| size >= 2 * WORTHWHILE);
    Ok(size.map(|size| Version { size, modified }))
}

/// Who fetches what.
struct Board {
    size: u64,
    state: Mutex<State>,
}

struct State {
    taken: Vec<bool>,
    /// Nobody goes on.
    stopped: bool,
    /// The server sends what was not asked for: it says yes to REST and means no.
    overrun: bool,
    cause: Option<Cause>,
}

impl Board {
    /// The first unit is taken by the one that begins the file.
    fn new(size: u64) -> Self {
        let units = usize::try_from(size.div_ceil(UNIT)).unwrap_or(usize::MAX);
        let taken = (0..units).map(|unit| unit == 0).collect();
        let state = State { taken, stopped: false, overrun: false, cause: None };
        Self { size, state: Mutex::new(state) }
    }

    fn units(&self) -> u64 {
        self.size.div_ceil(UNIT)
    }

    /// Takes a unit; `false` when somebody else has it, or nobody shall go on.
    fn take(&self, unit: u64) -> bool {
        let mut state = self.state();
        let stopped = state.stopped;
        let place = usize::try_from(unit).ok().and_then(|unit| state.taken.get_mut(unit));
        place.is_some_and(|taken| !stopped && !std::mem::replace(taken, true))
    }

    /// The middle of the longest stretch that nobody has taken: who is before it needs half the time
    /// then.
    fn gap(&self) -> Option<u64> {
        let state = self.state();
        let runs = state.taken.chunk_by(|one, other| one == other);
        let (mut at, mut best) = (0, (1, None));
        for run in runs {
            let free = run.first() == Some(&false);
            if free && run.len() > best.0 {
                best = (run.len(), Some(at + run.len() / 2));
            }
            at += run.len();
        }
        best.1.filter(|_| !state.stopped).and_then(|unit| u64::try_from(unit).ok())
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

    /// Whether the whole file is here.
    fn end(self) -> Result<bool, Cause> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.cause {
            Some(_) if state.overrun => Ok(false),
            Some(cause) => Err(cause),
            None => Ok(!state.overrun && state.taken.iter().all(|&taken| taken)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One session at work: from `first` as far as nobody else has been, then in the middle of what is
/// left. Without `first` it begins the file.
fn work(
    server: &mut Server,
    with: (&Fetch<'_>, &Board),
    open: &(dyn Fn() -> io::Result<File> + Sync),
    first: Option<u64>,
) -> Result<(), Cause> {
    let mut stretch = Stretch { with, file: open().map_err(Cause::Local)?, at: 0, owned: true };
    if first.is_none() {
        stretch.fetch(server)?;
    }
    let mut next = first.or_else(|| with.1.gap());
    while let Some(unit) = next {
        stretch.at = unit * UNIT;
        stretch.owned = false;
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
    /// Whether its unit is taken by us.
    owned: bool,
}

impl Stretch<'_> {
    /// Fetches until somebody else goes on, or to the end. A break is mended where it broke.
    fn fetch(&mut self, server: &mut Server) -> Result<(), Cause> {
        let mut tries = Tries::new(self.with.0.retries);
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
        let wants = Wants { features: !job.path.as_bytes().is_ascii(), data: true };
        let mut transfer = server.session(wants)?.retrieve(job.path, Type::Image, self.at)?;
        if transfer.from != self.at {
            transfer.abandon();
            return Err(Cause::Operand("the server has no REST".into()));
        }
        transfer.total(Some(board.size))?;
        if !self.owned && !board.take(self.at / UNIT) {
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
            let unit = self.at / UNIT;
            let end = (unit + 1).saturating_mul(UNIT);
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
            match copied {
                Ok(moved) => self.at += moved,
                Err(CopyError { side, error, moved }) => {
                    self.at += moved;
                    return Err(broken(transfer, side, error));
                }
            }
            if self.at > board.size {
                board.overrun();
                transfer.abandon();
                return Ok(());
            }
            if last || self.at < end {
                return self.finish(transfer, job.next);
            }
            if !board.take(unit + 1) {
                transfer.abandon();
                return Ok(());
            }
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

    #[test]
    fn who_is_done_begins_in_the_middle_of_what_is_left() {
        let board = Board::new(10 * UNIT + 1);
        assert_eq!((board.units(), board.gap()), (11, Some(6)));
        assert!(board.take(6) && !board.take(6) && !board.take(0) && !board.take(11));
        assert_eq!(board.gap(), Some(3));
        for unit in 1..5 {
            assert!(board.take(unit));
        }
        assert_eq!(board.gap(), Some(9));
        for unit in 7..11 {
            assert!(board.take(unit));
        }
        // One unit alone is left to who comes to it.
        assert_eq!(board.gap(), None);
        assert!(board.take(5));
        assert!(board.end().unwrap());
    }

    #[test]
    fn nobody_goes_on_after_a_failure() {
        let board = Board::new(10 * UNIT);
        board.settle(Err(Cause::changed()));
        assert!(!board.take(1) && board.gap().is_none());
        assert!(board.end().is_err());
    }
}
