//! Several writers, one stdout: each writes into a pipe of its own, and the pipes are emptied in the
//! order of the writers' places, as if one had written after the other.

use std::collections::BTreeMap;
use std::io::{self, PipeReader, PipeWriter};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::copy::{CopyError, End, copy};
use crate::crlf::Lines;

/// Most pipes for each of those who write: a descriptor and a few MiB each.
const PIPES: u64 = 4;

/// Who writes, and who is next.
#[derive(Debug)]
pub struct Turns {
    state: Mutex<State>,
    changed: Condvar,
    /// How many pipes there may be at once.
    ahead: u64,
}

#[derive(Debug, Default)]
struct State {
    /// The place whose bytes come now.
    now: u64,
    /// The pipes of that place and of later ones; `None` where one could not be had.
    pipes: BTreeMap<u64, Option<PipeReader>>,
    /// No more writers will come.
    closed: bool,
}

impl Turns {
    /// For `lanes` that write at once. So that they can write on while one of them is slow, there may
    /// be a few pipes more that nobody has read yet.
    pub fn new(lanes: NonZeroU32) -> Self {
        let ahead = u64::from(lanes.get()).saturating_mul(PIPES);
        Self { state: Mutex::default(), changed: Condvar::new(), ahead }
    }

    /// Waits while `place` is too far ahead of its turn.
    pub fn wait_for(&self, place: u64) {
        let mut state = self.state();
        while place >= state.now.saturating_add(self.ahead) && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Where the writer at `place` writes. Places are numbered from 0, each is asked for once, and
    /// none may be left out for good.
    ///
    /// # Errors
    /// No more descriptors, or nobody reads any more.
    pub fn writer(&self, place: u64) -> io::Result<PipeWriter> {
        let mut state = self.state();
        if state.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let (out, into) =
            io::pipe().map(|(out, into)| (Some(out), Ok(into))).unwrap_or_else(|e| (None, Err(e)));
        state.pipes.insert(place, out);
        self.changed.notify_all();
        into
    }

    /// Writes what the writers write into `sink`, each in its turn, until [`Self::close`].
    ///
    /// # Errors
    /// `sink` takes no more; the writers' pipes are closed then.
    pub fn forward(&self, sink: BorrowedFd<'_>) -> io::Result<()> {
        while let Some(pipe) = self.next() {
            let copied = pipe.map_or(Ok(0), |pipe| {
                copy(End::Plain(pipe.as_fd()), End::Plain(sink), Lines::Keep.into())
            });
            if let Err(CopyError { error, .. }) = copied {
                let mut state = self.state();
                state.closed = true;
                state.pipes.clear();
                self.changed.notify_all();
                return Err(error);
            }
            self.state().now += 1;
            self.changed.notify_all();
        }
        Ok(())
    }

    fn next(&self) -> Option<Option<PipeReader>> {
        let mut state = self.state();
        loop {
            let now = state.now;
            if let Some(pipe) = state.pipes.remove(&now) {
                return Some(pipe);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that all writers have come: [`Self::forward`] ends behind the last of them.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::thread;

    use super::*;

    fn lanes(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    fn write(turns: &Turns, place: u64) {
        turns.wait_for(place);
        write!(turns.writer(place).unwrap(), "<{place}>").unwrap();
    }

    #[test]
    fn bytes_come_in_the_order_of_the_places() {
        let turns = Turns::new(lanes(2));
        let (mut out, into) = io::pipe().unwrap();
        let mut text = String::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                // The last one is too far ahead until the first has been read.
                [1, 0, 3, 2, 7, 6, 5, 4, 8].iter().for_each(|place| write(&turns, *place));
                turns.close();
            });
            turns.forward(into.as_fd()).unwrap();
            drop(into);
            out.read_to_string(&mut text).unwrap();
        });
        assert_eq!(text, "<0><1><2><3><4><5><6><7><8>");
    }

    #[test]
    fn when_nobody_takes_the_bytes_every_writer_is_told() {
        let turns = Turns::new(lanes(1));
        let full = File::options().write(true).open("/dev/full").unwrap();
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let written = io::copy(&mut io::repeat(0), &mut turns.writer(0).unwrap());
                assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
                // It waits for a turn that never comes.
                turns.wait_for(100);
                let later = turns.writer(100).unwrap_err();
                assert_eq!(later.kind(), io::ErrorKind::BrokenPipe);
            });
            let error = turns.forward(full.as_fd()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            writer.join().unwrap();
        });
    }
}
