//! A server on 127.0.0.1 that lives as long as one case: accepts, hands each control connection
//! to its dialogue or to the built-in server, and tells afterwards what it saw.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use crate::auto::session::{Shared, serve};
use crate::auto::setup::Setup;
use crate::auto::tree::{Kind, Node, Tree, resolve};
use crate::control::{Bounds, Control, is_wait};
use crate::dialogue::play;
use crate::lines::lines;
use crate::script::Step;
use crate::text::{Result, Vars};
use crate::transcript::{Event, Transcript};

/// What a server is to do: the first connections follow the dialogues, the others get the
/// built-in server; where there is none, one more connection is a failure.
#[derive(Debug, Default)]
pub struct Role {
    /// One for each connection, in order.
    pub dialogues: Vec<Vec<Step>>,
    /// For all connections after those.
    pub auto: Option<Setup>,
}

/// An address that is bound already: clients can be told of it before the server runs.
#[derive(Debug)]
pub struct Bound(TcpListener, SocketAddr);

impl Bound {
    /// Binds a free port of 127.0.0.1.
    ///
    /// # Errors
    /// The system has no port left.
    pub fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self(listener, address))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.1
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    bounds: Bounds,
    transcript: Transcript,
    files: Option<Arc<Shared>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a built-in server from the lines of an `auto:` block, for tests in plain Rust.
    ///
    /// # Errors
    /// A line that is not understood, or no port left.
    pub fn auto(block: &str) -> Result<Self> {
        let role = Role { dialogues: Vec::new(), auto: Some(Setup::parse(&lines(block)?)?) };
        Self::plain(role)
    }

    /// Starts a scripted server, one block for each connection, for tests in plain Rust.
    ///
    /// # Errors
    /// A line that is not understood, or no port left.
    pub fn scripted(blocks: &[&str]) -> Result<Self> {
        let dialogues = blocks.iter().map(|block| crate::script::parse(&lines(block)?));
        Self::plain(Role { dialogues: dialogues.collect::<Result<_>>()?, auto: None })
    }

    fn plain(role: Role) -> Result<Self> {
        let bound = Bound::new().map_err(|e| e.to_string())?;
        Ok(Self::start(bound, role, Bounds::new(Duration::from_secs(10)), Vars::new()))
    }

    /// Starts a server on `bound`.
    pub fn start(bound: Bound, role: Role, bounds: Bounds, vars: Vars) -> Self {
        let transcript = Transcript::default();
        let files = role.auto.map(|setup| Arc::new(Shared::new(setup)));
        let Bound(listener, address) = bound;
        let house = House {
            dialogues: role.dialogues,
            files: files.clone(),
            bounds: bounds.clone(),
            vars,
            transcript: transcript.clone(),
        };
        let thread = Some(thread::spawn(move || house.accept_all(&listener)));
        Self { address, bounds, transcript, files, thread }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was said and seen so far.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The files as they are now; an empty tree for a server that is scripted only.
    pub fn tree(&self) -> Tree {
        self.files.as_ref().map(|shared| shared.tree().clone()).unwrap_or_default()
    }

    /// The bytes of a file on the server, by its path.
    pub fn file(&self, path: &[u8]) -> Option<Vec<u8>> {
        self.tree().file(&resolve(b"/", path)).map(<[u8]>::to_vec)
    }

    /// Whether STOR or APPE opened a file, whatever became of it.
    pub fn wrote(&self, path: &[u8]) -> bool {
        self.files.as_ref().is_some_and(|shared| shared.written().contains(&resolve(b"/", path)))
    }

    /// Puts a file there, as if somebody else had.
    pub fn put(&self, path: &[u8], bytes: &[u8]) {
        if let Some(files) = &self.files {
            files.tree().put(&resolve(b"/", path), Node::new(Kind::File(bytes.to_vec())));
        }
    }

    /// Removes a file, as if somebody else had.
    pub fn remove(&self, path: &[u8]) {
        if let Some(files) = &self.files {
            files.tree().remove(&resolve(b"/", path));
        }
    }

    /// Waits until all that the client sent was seen, then ends all threads. The tool has to have
    /// ended before, or its connections are cut.
    pub fn stop(&mut self) {
        self.bounds.stop.store(true, Ordering::Relaxed);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            self.transcript.add(0, Event::Problem("the server panicked".to_owned()));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the accepting thread owns.
struct House {
    dialogues: Vec<Vec<Step>>,
    files: Option<Arc<Shared>>,
    bounds: Bounds,
    vars: Vars,
    transcript: Transcript,
}

impl House {
    /// Accepts until the tool has ended and nobody waits at the door any more.
    fn accept_all(self, listener: &TcpListener) {
        let mut dialogues = self.dialogues.iter();
        thread::scope(|scope| {
            while let Some(stream) = self.next_client(listener) {
                let (house, dialogue) = (&self, dialogues.next());
                scope.spawn(move || house.receive(stream, dialogue));
            }
        });
        for _ in dialogues {
            let text = "a scripted connection was never made".to_owned();
            self.transcript.add(0, Event::Problem(text));
        }
    }

    fn next_client(&self, listener: &TcpListener) -> Option<TcpStream> {
        loop {
            let stopped = self.bounds.stopped();
            match listener.accept() {
                Ok((stream, _)) => return Some(stream),
                Err(error) if !is_wait(error.kind()) || stopped => return None,
                Err(_) => sleep(Duration::from_millis(1)),
            }
        }
    }

    fn receive(&self, stream: TcpStream, dialogue: Option<&Vec<Step>>) {
        let control = match Control::new(stream, self.bounds.clone(), self.transcript.clone()) {
            Ok(control) => control,
            Err(error) => return self.transcript.add(0, Event::Note(error.to_string())),
        };
        match (dialogue, &self.files) {
            (Some(steps), _) => play(control, steps, &self.vars),
            (None, Some(files)) => serve(control, files),
            (None, None) => control.problem("this connection was not expected"),
        }
    }
}
