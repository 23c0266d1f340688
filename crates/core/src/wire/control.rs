//! The door to suppaftp: a control connection on which a command goes out and a reply comes back.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use suppaftp::rustls::ClientConfig;
use suppaftp::{FtpError, FtpResult, ImplFtpStream, TlsConnector};

use super::bytechars::{ByteChars, to_chars};
use super::link::{Link, PENDING};
use super::stream::Stream;
use super::trace::Trace;
use crate::ending::{Ending, Stake};
use crate::error::{Cause, Phase};
use crate::reply::Reply;
use crate::secret::Secret;

/// A control connection.
pub(super) struct Control {
    ftp: ImplFtpStream<Port>,
    link: Arc<Mutex<Link>>,
    /// Whether a reply was lost or came too late: from then on nobody knows which command the next
    /// one answers.
    out_of_step: bool,
}

/// suppaftp's end of the Link; ours is in [`Control`].
#[derive(Debug)]
struct Port {
    link: Arc<Mutex<Link>>,
    socket: TcpStream,
}

/// Hands suppaftp the Port in place of the stream it believes to have connected.
#[derive(Debug)]
struct Hand {
    port: Mutex<Option<Port>>,
}

impl Control {
    /// Puts suppaftp over `stream`, whose greeting is still unread.
    ///
    /// suppaftp takes a stream of ours only where it starts TLS. So it is let start TLS on a
    /// socket pair on which the answers lie ready (220, and 234 to its AUTH), and the Link takes
    /// the place of that pair; the PBSZ and PROT it then writes are answered here too. Nothing of
    /// this reaches the server.
    pub(super) fn over(stream: Stream, patience: Duration, trace: Trace) -> Result<Self, Cause> {
        Self::assemble(stream, patience, trace).map_err(|error| match error {
            FtpError::ConnectionError(error) => Cause::Local(error),
            other => Cause::Protocol(other.to_string()),
        })
    }

    fn assemble(stream: Stream, patience: Duration, trace: Trace) -> FtpResult<Self> {
        let io = FtpError::ConnectionError;
        let socket = stream.socket().try_clone().map_err(io)?;
        let link = Arc::new(Mutex::new(Link::rehearsed(stream, patience, trace)));
        let port = Port { link: Arc::clone(&link), socket };
        let (mut ours, theirs) = UnixStream::pair().map_err(io)?;
        ours.write_all(b"220 ready\r\n234 ready\r\n").map_err(io)?;
        let stage = TcpStream::from(OwnedFd::from(theirs));
        let mut ftp = ImplFtpStream::connect_with_stream(stage)?
            .into_secure(Hand { port: Mutex::new(Some(port)) }, "")?;
        ftp.set_encoding(ByteChars);
        Ok(Self { ftp, link, out_of_step: false })
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one command, without CRLF, and reads its reply, whatever it is.
    ///
    /// # Errors
    /// A lost connection, a run-out wait or an unreadable reply, all in `phase`.
    pub(super) fn command(&mut self, line: &[u8], phase: Phase) -> Result<Reply, Cause> {
        let answer = self.exchange(line, phase);
        self.out_of_step |= answer.is_err();
        answer
    }

    fn exchange(&mut self, line: &[u8], phase: Phase) -> Result<Reply, Cause> {
        match self.ftp.custom_command(to_chars(line), &[]) {
            Ok(_) | Err(FtpError::UnexpectedResponse(_)) => {
                self.link().take_last().ok_or_else(|| Cause::Protocol("no reply was read".into()))
            }
            Err(FtpError::ConnectionError(error)) => Err(self.lost(error, phase)),
            Err(other) => Err(Cause::Protocol(other.to_string())),
        }
    }

    /// Reads the next reply that is due without a command: a greeting, or the end of a transfer.
    pub(super) fn pending(&mut self, phase: Phase) -> Result<Reply, Cause> {
        let token = PENDING.strip_suffix(b"\r\n").unwrap_or(PENDING);
        self.command(token, phase)
    }

    /// Marks a reply as due that no command asks for; [`Self::pending`] reads it.
    pub(super) fn owe(&mut self) {
        self.link().owe();
    }

    /// As [`Self::owe`], but before everything else that is due: the 220 after a 120.
    pub(super) fn owe_first(&mut self) {
        self.link().owe_first();
    }

    /// Sends command lines, without CRLF, ahead of time and in one segment. Each must then be
    /// given to [`Self::command`] in the same order, or is dropped together with its reply.
    pub(super) fn presume(&mut self, lines: &[Vec<u8>]) -> Result<(), Cause> {
        let wire: Vec<_> = lines.iter().map(|line| on_the_wire(line)).collect();
        let sent = self.link().presume(&wire);
        self.out_of_step |= sent.is_err();
        sent.map_err(|error| self.lost(error, Phase::Reply))
    }

    /// Keeps `secrets` out of the trace of replies.
    pub(super) fn hide(&mut self, secrets: Vec<Secret>) {
        self.link().hide(secrets);
    }

    /// From now on a byte 0xFF goes out once, not doubled as telnet wants it.
    pub(super) fn send_ff_literally(&mut self) {
        self.link().send_ff_literally();
    }

    /// Sends a command line, without CRLF, whose answer does not matter.
    pub(super) fn say(&mut self, line: &[u8]) -> Result<(), Cause> {
        let sent = self.link().say(&on_the_wire(line));
        self.out_of_step |= sent.is_err();
        sent.map_err(|error| self.lost(error, Phase::Reply))
    }

    /// Sends a command line, without CRLF, whose answer [`Self::pending`] reads.
    pub(super) fn say_and_owe(&mut self, line: &[u8]) -> Result<(), Cause> {
        let sent = self.link().say_and_owe(&on_the_wire(line));
        self.out_of_step |= sent.is_err();
        sent.map_err(|error| self.lost(error, Phase::Reply))
    }

    /// Sends a NOOP in the middle of a transfer. When it is answered nobody knows.
    pub(super) fn beat(&mut self) -> io::Result<()> {
        self.link().send_beside(b"NOOP\r\n")
    }

    /// Starts TLS on the control connection.
    pub(super) fn secure(&mut self, config: &Arc<ClientConfig>, host: &str) -> Result<(), Cause> {
        let secured = self.link().secure(config, host);
        self.out_of_step |= secured.is_err();
        secured
    }

    /// Whether replies still answer the commands that are sent.
    pub(super) fn is_in_step(&self) -> bool {
        !self.out_of_step
    }

    /// Gives the connection up: nothing more may be asked on it.
    pub(super) fn give_up(&mut self) {
        self.out_of_step = true;
    }

    /// Whether a reply is due to a line that was sent ahead.
    pub(super) fn owes(&self) -> bool {
        self.link().owes()
    }

    /// Whether the next reply is due to `line`, without CRLF, which was sent ahead.
    pub(super) fn owes_next(&self, line: &[u8]) -> bool {
        self.link().owes_next(&on_the_wire(line))
    }

    /// Whether a whole reply is here, waiting up to `limit` for it. A wait in vain does no harm.
    ///
    /// # Errors
    /// A lost connection, or what is no reply.
    pub(super) fn arrived(&mut self, limit: Duration) -> Result<bool, Cause> {
        let arrived = self.link().arrived(limit);
        self.out_of_step |= arrived.is_err();
        arrived.map_err(|error| self.lost(error, Phase::Reply))
    }

    /// The socket, to wait for it together with others.
    pub(super) fn socket(&self) -> io::Result<TcpStream> {
        self.link().socket().try_clone()
    }

    /// Lets the end of the run cut the connection.
    pub(super) fn stake(&self, ending: &Ending) -> Option<Stake> {
        ending.cuts(self.link().socket())
    }

    /// How long each reply may take from now on.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.link().set_patience(patience);
    }

    /// The server's address, to which data connections go.
    pub(super) fn peer(&self) -> io::Result<SocketAddr> {
        self.link().socket().peer_addr()
    }

    /// Our own address, on which active data connections are awaited.
    pub(super) fn local(&self) -> io::Result<SocketAddr> {
        self.link().socket().local_addr()
    }

    pub(super) fn trace(&self) -> Trace {
        self.link().trace()
    }

    fn lost(&self, error: io::Error, phase: Phase) -> Cause {
        match error.kind() {
            io::ErrorKind::InvalidData => Cause::Protocol(format!("the server sent {error}")),
            _ => Cause::lost(phase, error, self.link().patience()),
        }
    }
}

/// The line as suppaftp will write it: telnet's 0xFF doubled (RFC 854), CRLF at the end.
fn on_the_wire(line: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(line.len() + 2);
    for &byte in line {
        wire.push(byte);
        if byte == 0xFF {
            wire.push(byte);
        }
    }
    wire.extend_from_slice(b"\r\n");
    wire
}

impl TlsConnector for Hand {
    type Stream = Port;

    fn connect(&self, _domain: &str, _stage: TcpStream) -> FtpResult<Port> {
        let mut port = self.port.lock().unwrap_or_else(PoisonError::into_inner);
        port.take().ok_or_else(|| FtpError::SecureError("one session, one Link".into()))
    }
}

impl suppaftp::TlsStream for Port {
    type InnerStream = Self;

    fn tcp_stream(self) -> FtpResult<TcpStream> {
        Ok(self.socket)
    }

    fn get_ref(&self) -> &TcpStream {
        &self.socket
    }

    fn mut_ref(&mut self) -> &mut Self {
        self
    }
}

impl Port {
    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.link().read(buffer)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.link().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link().flush()
    }
}
