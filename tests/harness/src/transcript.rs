//! What a server said and saw, in order: for expectations and for the report of a failure.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::text::show;

/// One thing that happened on one control connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Bytes the server sent.
    Said(Vec<u8>),
    /// A command line the server read, without its CRLF, as it was on the wire.
    Saw(Vec<u8>),
    /// A fact about the connections, for the reader of a report.
    Note(String),
    /// Something the client must not do: the case fails.
    Problem(String),
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<(Duration, usize, Event)>,
    connections: usize,
    flights: usize,
}

/// The log of one server, shared by its threads.
#[derive(Clone, Debug)]
pub struct Transcript {
    start: Instant,
    log: Arc<Mutex<Log>>,
}

impl Default for Transcript {
    fn default() -> Self {
        Self { start: Instant::now(), log: Arc::default() }
    }
}

impl Transcript {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more control connection and gives its number, from 1.
    pub fn connected(&self) -> usize {
        let mut log = self.log();
        log.connections += 1;
        log.connections
    }

    /// Counts one more flight (see `tests/README.md`).
    pub fn flight(&self) {
        self.log().flights += 1;
    }

    /// Adds an event of connection `id`; 0 is the server itself.
    pub fn add(&self, id: usize, event: Event) {
        let at = self.start.elapsed();
        self.log().events.push((at, id, event));
    }

    /// How many control connections were accepted.
    pub fn connections(&self) -> usize {
        self.log().connections
    }

    /// How often the client took its turn, over all control connections.
    pub fn flights(&self) -> usize {
        self.log().flights
    }

    /// Every command line seen, over all connections, in order of arrival.
    pub fn commands(&self) -> Vec<Vec<u8>> {
        self.pick(|event| match event {
            Event::Saw(line) => Some(line.clone()),
            _ => None,
        })
    }

    /// What the client did wrong.
    pub fn problems(&self) -> Vec<String> {
        self.pick(|event| match event {
            Event::Problem(text) => Some(text.clone()),
            _ => None,
        })
    }

    fn pick<T>(&self, wanted: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        self.log().events.iter().filter_map(|(_, _, event)| wanted(event)).collect()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, id, event) in &self.log().events {
            let at = at.as_secs_f32();
            match event {
                Event::Said(bytes) => writeln!(f, "  {at:7.3} [{id}] > {}", show(bytes))?,
                Event::Saw(line) => writeln!(f, "  {at:7.3} [{id}] < {}", show(line))?,
                Event::Note(text) => writeln!(f, "  {at:7.3} [{id}]   ({text})")?,
                Event::Problem(text) => writeln!(f, "  {at:7.3} [{id}] ! {text}")?,
            }
        }
        Ok(())
    }
}
