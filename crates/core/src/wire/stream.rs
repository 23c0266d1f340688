//! A socket, plain or under TLS: what control and data connections are made of.

use std::io::{self, BufRead, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use suppaftp::rustls::ClientConfig;

use super::tls::{self, TlsStream};
use crate::copy::{ReadWrite, read_into};
use crate::error::Cause;
use crate::pace::{Pace, SPAN};

/// How long a server may take to answer our close_notify after an upload. IIS never does.
const FAREWELL: Duration = Duration::from_secs(2);

/// A socket, plain or under TLS.
#[derive(Debug)]
pub enum Stream {
    /// Bytes as they are; the kernel may move them.
    Plain(TcpStream),
    /// Bytes that this process has to encrypt.
    Tls(Box<TlsStream>),
    /// One of these, which has to be fast enough: all bytes pass through memory.
    Paced(Box<(Stream, Pace)>),
}

impl Stream {
    /// The socket below, whose timeouts bound every wait.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock.socket,
            Self::Paced(paced) => paced.0.socket(),
        }
    }

    /// The socket, when its bytes are the file's bytes.
    pub fn plain(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(socket) => Some(socket),
            Self::Tls(_) | Self::Paced(_) => None,
        }
    }

    /// Puts a plain socket under TLS, within `limit`.
    ///
    /// # Errors
    /// Those of the handshake; the socket is gone then.
    pub(super) fn secure(
        self,
        config: &Arc<ClientConfig>,
        host: &str,
        limit: Duration,
    ) -> Result<Self, Cause> {
        match self {
            Self::Plain(socket) => {
                let stream = tls::handshake(config, host, socket, limit)?;
                Ok(Self::Tls(Box::new(stream)))
            }
            Self::Tls(_) | Self::Paced(_) => Ok(self),
        }
    }

    /// Has the peer move `least` bytes a second, if any are asked for.
    pub(super) fn paced(self, least: u64) -> Self {
        match least {
            0 => self,
            least => Self::Paced(Box::new((self, Pace::new(least, SPAN)))),
        }
    }

    /// Sets when the next read must be over.
    pub(super) fn set_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        match self {
            Self::Plain(socket) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                socket.set_read_timeout(Some(left))
            }
            Self::Tls(stream) => {
                stream.sock.deadline = Some(deadline);
                Ok(())
            }
            Self::Paced(paced) => paced.0.set_deadline(deadline),
        }
    }

    /// Closes a connection that was read to its end; under TLS the server is told so.
    pub(super) fn close(self) {
        match self {
            Self::Plain(_) => {}
            Self::Tls(mut stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
            Self::Paced(paced) => paced.0.close(),
        }
    }

    /// Ends an upload: everything is on its way, and the server is told that no more comes.
    ///
    /// Under TLS the peer's last bytes must be read by rustls itself: they hold the tickets with
    /// which the next data connection resumes. Without them, servers that demand resumption
    /// (vsftpd's `require_ssl_reuse`, ProFTPD's default) refuse the third upload.
    ///
    /// # Errors
    /// The socket's, when the last bytes could not be sent.
    pub(super) fn finish_upload(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.shutdown(Shutdown::Write),
            Self::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()?;
                while stream.conn.wants_write() {
                    stream.conn.write_tls(&mut stream.sock)?;
                }
                stream.sock.socket.shutdown(Shutdown::Write)?;
                stream.sock.deadline = Some(Instant::now() + FAREWELL);
                let _ = drain(stream);
                Ok(())
            }
            Self::Paced(paced) => paced.0.finish_upload(),
        }
    }
}

fn drain(stream: &mut TlsStream) -> io::Result<()> {
    let mut scrap = [0; 4096];
    // A server has nothing to say on an upload: what comes is tickets, which rustls keeps to itself.
    stream.read(&mut scrap).map(drop)
}

impl ReadWrite for Stream {
    /// What rustls has decrypted is taken where it lies: a record at a time.
    fn chunk<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        if let Self::Tls(stream) = self {
            let record = stream.fill_buf()?;
            return Ok(record.get(..buffer.len()).unwrap_or(record));
        }
        read_into(self, buffer)
    }

    fn consume(&mut self, count: usize) {
        if let Self::Tls(stream) = self {
            stream.consume(count);
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
            Self::Paced(paced) => {
                let (stream, pace) = &mut **paced;
                pace.time(|| stream.read(buffer))
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Paced(paced) => {
                let (stream, pace) = &mut **paced;
                pace.time(|| stream.write(bytes))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
            Self::Paced(paced) => paced.0.flush(),
        }
    }
}
