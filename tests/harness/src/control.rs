//! One control connection, seen from the server: lines in, bytes out, flights counted.
//! What to answer is decided by `dialogue` and by `auto`.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::net;
use crate::transcript::{Event, Transcript};

/// How long one blocking read lasts before the stop flag and the deadline are looked at again.
const TICK: Duration = Duration::from_millis(10);
/// No client of ours sends a longer command; a longer one is a problem, not a full memory.
const MAX_LINE: usize = 64 * 1024;

/// The bounds of every wait, shared by the threads of one server.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How long the server waits for the client, at any place.
    pub wait: Duration,
    /// How long the server listens before it answers, so that what the client sent without
    /// waiting counts as one flight; zero answers at once.
    pub settle: Duration,
    /// Set when the tool has ended: nothing more will come.
    pub stop: Arc<AtomicBool>,
}

impl Bounds {
    /// Waits of at most `wait`.
    pub fn new(wait: Duration) -> Self {
        Self { wait, settle: Duration::ZERO, stop: Arc::default() }
    }

    /// Whether the tool has ended.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What waiting for a command line gave.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// A command line without its line end, byte for byte.
    Line(Vec<u8>),
    /// The client closed or reset the connection.
    Closed,
    /// Nothing came in time.
    Silence,
}

/// A control connection and what was read from it but not yet taken.
#[derive(Debug)]
pub struct Control {
    stream: TcpStream,
    id: usize,
    buffer: Vec<u8>,
    closed: bool,
    spoke: bool,
    bounds: Bounds,
    transcript: Transcript,
}

impl Control {
    /// Takes over an accepted connection.
    ///
    /// # Errors
    /// The socket does not take its options, so it is gone already.
    pub fn new(stream: TcpStream, bounds: Bounds, transcript: Transcript) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(bounds.wait))?;
        let id = transcript.connected();
        Ok(Self { stream, id, buffer: Vec::new(), closed: false, spoke: true, bounds, transcript })
    }

    /// The bounds of its waits.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Adds a fact to the transcript.
    pub fn note(&self, text: impl Into<String>) {
        self.transcript.add(self.id, Event::Note(text.into()));
    }

    /// Adds a failure to the transcript.
    pub fn problem(&self, text: impl Into<String>) {
        self.transcript.add(self.id, Event::Problem(text.into()));
    }

    /// Waits for a command line.
    pub fn line(&mut self) -> Incoming {
        self.line_within(self.bounds.wait)
    }

    /// Waits for a command line, but not longer than `wait`.
    pub fn line_within(&mut self, wait: Duration) -> Incoming {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(line) = self.take_line() {
                self.transcript.add(self.id, Event::Saw(line.clone()));
                return Incoming::Line(line);
            }
            if self.closed {
                return Incoming::Closed;
            }
            let last_look = Instant::now() >= deadline || self.bounds.stopped();
            if !self.read_once() && last_look && !self.closed {
                return Incoming::Silence;
            }
        }
    }

    /// Looks at the next command line without taking it; `None` when there is none in time.
    pub fn peek(&mut self, wait: Duration) -> Option<Vec<u8>> {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let line = self.buffer.get(..end)?;
                return Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec());
            }
            if !self.read_once() && (self.closed || Instant::now() >= deadline) {
                return None;
            }
        }
    }

    /// Whether the client has hung up.
    pub fn gone(&mut self) -> bool {
        self.read_once();
        self.closed
    }

    /// Whether the client sends more without having been answered; looks for `settle` at least.
    pub fn pending(&mut self, settle: Duration) -> bool {
        let deadline = Instant::now() + settle;
        while Instant::now() < deadline && !self.closed {
            self.read_once();
        }
        !self.buffer.is_empty()
    }

    /// Throws away what was sent ahead, as servers do that flush their input at login.
    pub fn drop_pending(&mut self) {
        self.note(format!("dropped {} bytes sent ahead", self.buffer.len()));
        self.buffer.clear();
    }

    /// Whether the client has hung up or sent something new; used while a transfer stalls.
    pub fn stirs(&mut self) -> bool {
        self.read_once();
        self.closed || !self.buffer.is_empty()
    }

    /// Says `bytes` in one segment.
    ///
    /// # Errors
    /// The client is gone.
    pub fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.spoke && !self.bounds.settle.is_zero() {
            self.pending(self.bounds.settle);
        }
        self.transcript.add(self.id, Event::Said(bytes.to_vec()));
        self.spoke = true;
        self.stream.write_all(bytes)
    }

    /// Says `bytes` one by one, each in a segment of its own.
    ///
    /// # Errors
    /// The client is gone.
    pub fn say_slowly(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transcript.add(self.id, Event::Said(bytes.to_vec()));
        self.spoke = true;
        for byte in bytes {
            self.stream.write_all(&[*byte])?;
            sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Hangs up with a RST.
    pub fn reset(self) {
        self.note("control connection reset by the server");
        net::reset(self.stream);
    }

    /// Hangs up. What the client sent ahead is read first: else the kernel would send a RST,
    /// which can destroy replies still on their way.
    pub fn close(mut self) {
        self.note("control connection closed by the server");
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
        let deadline = Instant::now() + Duration::from_millis(100);
        while !self.closed && Instant::now() < deadline {
            self.read_once();
        }
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let end = self.buffer.iter().position(|b| *b == b'\n')?;
        let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
        line.pop();
        if line.pop_if(|b| *b == b'\r').is_none() {
            self.problem("a command line ended in LF alone");
        }
        if line.iter().any(|b| matches!(b, 0 | b'\r')) {
            self.problem("a command line held NUL or CR");
        }
        Some(line)
    }

    /// One bounded read; whether anything came.
    fn read_once(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.closed = true,
            Ok(n) => return self.received(chunk.get(..n).unwrap_or(&[])),
            Err(e) if is_wait(e.kind()) => {}
            Err(_) => self.closed = true,
        }
        false
    }

    fn received(&mut self, bytes: &[u8]) -> bool {
        if self.spoke {
            self.transcript.flight();
            self.spoke = false;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > MAX_LINE {
            self.problem("more than 64 KiB of commands ahead");
            self.closed = true;
        }
        true
    }
}

/// Whether a read or accept gave up only because nothing was there yet.
pub fn is_wait(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
