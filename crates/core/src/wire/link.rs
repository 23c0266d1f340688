//! The Link: the stream under suppaftp. It sends commands before suppaftp does, swallows them
//! when suppaftp writes them, and hands over one clean reply at a time.
//!
//! A *presumed* line is one that is on its way already because we know what suppaftp will write.
//! Replies come back in the order in which lines were sent, so the queue of presumed lines is the
//! list of replies due.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use suppaftp::rustls::ClientConfig;

use super::stream::Stream;
use super::trace::Trace;
use crate::error::Cause;
use crate::reply::{Reply, ReplyReader, undouble};
use crate::secret::Secret;
use crate::sys;

/// The line that asks for a reply already due: never sent. No server knows such a command, so a
/// mistake here would show at once.
pub(super) const PENDING: &[u8] = b"*PENDING*\r\n";

/// A reply that the server owes us.
#[derive(Debug, Eq, PartialEq)]
enum Due {
    /// To a line already sent that suppaftp will write; `PENDING` stands for a reply that no line
    /// asked for, such as the greeting or the 226 of a transfer.
    Line(Vec<u8>),
    /// To a line that nobody waits for, such as OPTS.
    Unheard,
}

/// The control connection as suppaftp sees it.
#[derive(Debug)]
pub(super) struct Link {
    stream: Stream,
    /// The replies due, oldest first.
    due: VecDeque<Due>,
    /// How many replies to pass over before the one suppaftp waits for.
    unheard: usize,
    /// The part of a command line that suppaftp has written so far.
    writing: Vec<u8>,
    incoming: ReplyReader,
    /// A reply that was looked for before anybody asked for it.
    early: Option<Reply>,
    /// The clean form of the last reply, while suppaftp reads it.
    clean: VecDeque<u8>,
    last: Option<Reply>,
    patience: Duration,
    trace: Trace,
    /// Whether a byte 0xFF goes out once; suppaftp doubles it, as RFC 959 wants.
    literal_ff: bool,
    /// What must not show in the trace, should a server repeat it.
    secrets: Vec<Secret>,
}

impl Link {
    /// A Link over a connected socket, with suppaftp's opening lines and their answers already in
    /// place: it insists on PBSZ and PROT whenever it is handed a stream of ours.
    pub(super) fn rehearsed(stream: Stream, patience: Duration, trace: Trace) -> Self {
        Self {
            stream,
            due: [b"PBSZ 0\r\n", b"PROT P\r\n"].map(|line| Due::Line(line.to_vec())).into(),
            unheard: 0,
            writing: Vec::new(),
            incoming: ReplyReader::default(),
            early: None,
            clean: b"200 ready\r\n200 ready\r\n".to_vec().into(),
            last: None,
            patience,
            trace,
            literal_ff: false,
            secrets: Vec::new(),
        }
    }

    /// Sends `lines`, CRLF included, in one segment; suppaftp will write them later.
    pub(super) fn presume(&mut self, lines: &[Vec<u8>]) -> io::Result<()> {
        self.send(&lines.concat())?;
        self.due.extend(lines.iter().cloned().map(Due::Line));
        Ok(())
    }

    /// Sends a line whose answer does not matter; its reply is passed over when its turn comes.
    pub(super) fn say(&mut self, line: &[u8]) -> io::Result<()> {
        self.send(line)?;
        self.due.push_back(Due::Unheard);
        Ok(())
    }

    /// Sends a line whose answer is read without it, as that of a transfer. What was presumed before, and
    /// nobody asked for, is dropped.
    pub(super) fn say_and_owe(&mut self, line: &[u8]) -> io::Result<()> {
        if self.owes() {
            self.drop_due()?;
        }
        self.send(line)?;
        self.owe();
        Ok(())
    }

    fn drop_due(&mut self) -> io::Result<()> {
        for _ in 0..std::mem::take(&mut self.due).len() {
            self.next_reply()?;
        }
        Ok(())
    }

    /// Sends a line beside all others: whose replies come when is for the caller to find out.
    pub(super) fn send_beside(&mut self, line: &[u8]) -> io::Result<()> {
        self.send(line)
    }

    /// Marks a reply as due that no command line asks for.
    pub(super) fn owe(&mut self) {
        self.due.push_back(Due::Line(PENDING.to_vec()));
    }

    /// Marks a reply as due, before all others, that no command line asks for.
    pub(super) fn owe_first(&mut self) {
        self.due.push_front(Due::Line(PENDING.to_vec()));
    }

    /// Whether a reply is due to a line that was sent ahead.
    pub(super) fn owes(&self) -> bool {
        self.due.iter().any(|due| *due != Due::Unheard)
    }

    /// Whether the next reply is due to `line`, CRLF included, which was sent ahead.
    pub(super) fn owes_next(&self, line: &[u8]) -> bool {
        let mut due = self.due.iter().filter(|due| **due != Due::Unheard);
        due.next().is_some_and(|due| *due == Due::Line(line.to_vec()))
    }

    /// Keeps `secrets` out of the trace.
    pub(super) fn hide(&mut self, secrets: Vec<Secret>) {
        self.secrets = secrets;
    }

    /// From now on a byte 0xFF goes out once.
    pub(super) fn send_ff_literally(&mut self) {
        self.literal_ff = true;
    }

    /// The last reply as the server sent it.
    pub(super) fn take_last(&mut self) -> Option<Reply> {
        self.last.take()
    }

    /// How long one reply may take from now on.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn socket(&self) -> &TcpStream {
        self.stream.socket()
    }

    pub(super) fn trace(&self) -> Trace {
        self.trace
    }

    /// Puts the connection under TLS. What a stranger slipped in behind the 234, before the
    /// handshake, would be taken for the server's later: such a connection is given up.
    pub(super) fn secure(&mut self, config: &Arc<ClientConfig>, host: &str) -> Result<(), Cause> {
        if !self.incoming.is_empty() || !self.due.is_empty() {
            return Err(Cause::Tls("the server sent bytes before the TLS handshake".into()));
        }
        let plain = self.stream.plain().ok_or_else(|| Cause::Tls("TLS is on already".into()))?;
        let socket = plain.try_clone().map_err(Cause::Local)?;
        self.stream = Stream::Plain(socket).secure(config, host, self.patience)?;
        Ok(())
    }

    fn send(&mut self, lines: &[u8]) -> io::Result<()> {
        for line in lines.split_inclusive(|&b| b == b'\n') {
            self.trace.sent(line);
        }
        match self.literal_ff {
            true => self.stream.write_all(&undouble(lines))?,
            false => self.stream.write_all(lines)?,
        }
        self.stream.flush()
    }

    /// What to do with a line of suppaftp's: swallow it when it is presumed; else the presumption
    /// has failed, so the replies to what was sent are read and dropped before it goes out.
    fn line_written(&mut self, line: Vec<u8>) -> io::Result<()> {
        let unheard = self.due.iter().take_while(|due| **due == Due::Unheard).count();
        match self.due.get(unheard) {
            Some(Due::Line(presumed)) if *presumed == line => {
                self.due.drain(..=unheard);
                self.unheard += unheard;
                return Ok(());
            }
            Some(_) => self.drop_due()?,
            None => {
                self.due.clear();
                self.unheard += unheard;
            }
        }
        if line == PENDING {
            return Err(io::Error::other("no reply is due"));
        }
        self.send(&line)
    }

    /// Whether a whole reply is here, within `limit`. It stays for the next that asks for one.
    pub(super) fn arrived(&mut self, limit: Duration) -> io::Result<bool> {
        if self.early.is_some() {
            return Ok(true);
        }
        match self.reply_by(Instant::now() + limit) {
            Ok(reply) => {
                self.early = Some(reply);
                Ok(true)
            }
            Err(error) if ran_out(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn next_reply(&mut self) -> io::Result<Reply> {
        match self.early.take() {
            Some(reply) => Ok(reply),
            None => self.reply_by(Instant::now() + self.patience),
        }
    }

    fn reply_by(&mut self, deadline: Instant) -> io::Result<Reply> {
        loop {
            match self.incoming.take() {
                Ok(Some(reply)) => {
                    self.trace.received(&reply.without(&self.secrets));
                    return Ok(reply);
                }
                Ok(None) => self.receive(deadline)?,
                Err(bad) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, bad.to_string()));
                }
            }
        }
    }

    fn receive(&mut self, deadline: Instant) -> io::Result<()> {
        self.stream.set_deadline(deadline)?;
        sys::quick_ack(self.stream.socket());
        let mut chunk = [0; 4096];
        let count = retrying(|| self.stream.read(&mut chunk))?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed the connection",
            ));
        }
        self.incoming.push(chunk.get(..count).unwrap_or(&[]));
        Ok(())
    }
}

/// Whether a wait came to its end without what was waited for.
fn ran_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// A read that a signal interrupted is no failure.
fn retrying(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writing.extend_from_slice(bytes);
        while let Some(end) = memchr::memchr(b'\n', &self.writing) {
            let line = self.writing.drain(..=end).collect();
            self.line_written(line)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Link {
    /// suppaftp wants five bytes at least, a code it can read and one line; the server's own
    /// words stay with us.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.clean.is_empty() {
            for _ in 0..std::mem::take(&mut self.unheard) {
                self.next_reply()?;
            }
            let reply = self.next_reply()?;
            self.clean.extend(format!("{:03} reply\r\n", reply.code()).bytes());
            self.last = Some(reply);
        }
        self.clean.read(buffer)
    }
}
