//! The end of a run by a signal: what is half done on servers is undone, and nothing new begins. Which
//! signals, and dying of them, is `sys`'s.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How long the undoing may take: a login and a DELE on a slow line. Another signal ends it at once.
const PATIENCE: Duration = Duration::from_secs(3);

/// Shared by all that works in a run.
#[derive(Clone, Debug, Default)]
pub struct Ending(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    begun: AtomicBool,
    open: Mutex<Open>,
}

/// What is under way.
#[derive(Default)]
struct Open {
    next: u64,
    sockets: BTreeMap<u64, TcpStream>,
    undone: BTreeMap<u64, Box<Undo>>,
}

type Undo = dyn FnOnce() + Send;

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("sockets", &self.sockets).finish_non_exhaustive()
    }
}

/// Something that the end has to know of, as long as this lives.
#[derive(Debug)]
#[must_use = "it is forgotten when this is dropped"]
pub struct Stake {
    ending: Ending,
    number: u64,
}

impl Ending {
    /// A connection that is cut at the end, so that the server lets go of what it was writing: a file
    /// that is open cannot be removed on Windows.
    pub fn cuts(&self, socket: &TcpStream) -> Option<Stake> {
        let socket = socket.try_clone().ok()?;
        Some(self.note(|open, number| drop(open.sockets.insert(number, socket))))
    }

    /// What is to be done at the end, on a thread of its own.
    pub fn undoes(&self, undo: impl FnOnce() + Send + 'static) -> Stake {
        self.note(|open, number| drop(open.undone.insert(number, Box::new(undo))))
    }

    fn note(&self, note: impl FnOnce(&mut Open, u64)) -> Stake {
        let mut open = self.open();
        open.next += 1;
        let number = open.next;
        note(&mut open, number);
        Stake { ending: self.clone(), number }
    }

    /// Comes back only as long as the run is not at its end: nothing new is to begin then, and
    /// nothing to be said.
    pub fn go_on(&self) {
        while self.0.begun.load(Ordering::Acquire) {
            thread::park();
        }
    }

    /// Ends the run: cuts all connections, undoes what is half done, and waits for that, but not for
    /// ever.
    pub fn come(&self) {
        self.0.begun.store(true, Ordering::Release);
        let (sockets, undone) = {
            let mut open = self.open();
            (std::mem::take(&mut open.sockets), std::mem::take(&mut open.undone))
        };
        for socket in sockets.into_values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        let (told, done) = mpsc::channel();
        let count = undone.len();
        for undo in undone.into_values() {
            let told = told.clone();
            thread::spawn(move || {
                undo();
                told.send(())
            });
        }
        let deadline = Instant::now() + PATIENCE;
        for _ in 0..count {
            if done.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_err() {
                break;
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stake {
    fn drop(&mut self) {
        let mut open = self.ending.open();
        open.sockets.remove(&self.number);
        open.undone.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn what_is_under_way_is_undone_and_what_is_over_is_not() {
        let ending = Ending::default();
        let undone = Arc::new(AtomicUsize::new(0));
        let stake = |count| {
            let undone = Arc::clone(&undone);
            ending.undoes(move || {
                undone.fetch_add(count, Ordering::SeqCst);
            })
        };
        let _kept = (stake(1), stake(10));
        drop(stake(100));
        ending.go_on();
        ending.come();
        assert_eq!(undone.load(Ordering::SeqCst), 11);
    }

    #[test]
    fn connections_are_cut() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let ending = Ending::default();
        let _stake = ending.cuts(&near);
        ending.come();
        assert_eq!(near.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn what_takes_for_ever_is_not_waited_for() {
        let ending = Ending::default();
        let _stake = ending.undoes(|| thread::sleep(PATIENCE * 20));
        let begun = Instant::now();
        ending.come();
        assert!(begun.elapsed() < PATIENCE * 10);
    }
}
