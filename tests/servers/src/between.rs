//! Stands between a tool and a plain FTP server on loopback: puts TLS before it, from the first byte (`ftps://`)
//! or when it is asked for (`AUTH TLS`), or cuts its connections after so many bytes. What is said and sent is else
//! passed on as it is, and so is a reset.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long one side is listened to before the other is.
const SLICE: Duration = Duration::from_millis(2);

/// How long a data connection is awaited.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many bytes a data connection may hold on its way through us, in each socket.
const BUFFERED: usize = 256 * 1024;

/// What is done to connections.
#[derive(Clone, Default)]
#[expect(missing_debug_implementations, reason = "it holds a function")]
pub struct Guise {
    /// Puts TLS before the server.
    pub tls: Option<Arc<ServerConfig>>,
    /// TLS begins with `AUTH TLS`, and nobody logs in before.
    pub explicit: bool,
    /// Tells after how many bytes the next data connection is cut.
    pub cuts: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
    /// How many were cut.
    pub count: Arc<AtomicU64>,
}

impl Guise {
    /// TLS from the first byte, with a certificate and its key in PEM files.
    ///
    /// # Errors
    /// What they lack.
    pub fn tls(certificate: &Path, key: &Path) -> Result<Self, Box<dyn Error>> {
        let certificate = CertificateDer::from_pem_file(certificate)?;
        let key = PrivateKeyDer::from_pem_file(key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        Ok(Self { tls: Some(Arc::new(config)), ..Self::default() })
    }
}

/// A proxy, or none.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    scheme: &'static str,
}

impl Proxy {
    /// The server itself.
    pub fn none(address: SocketAddr) -> Self {
        Self { address, scheme: "ftp" }
    }

    /// Listens before `server`, at its address, for as long as this process lives.
    ///
    /// # Errors
    /// No port left.
    pub fn before(server: SocketAddr, guise: Guise) -> io::Result<Self> {
        let listener = TcpListener::bind((server.ip(), 0))?;
        let address = listener.local_addr()?;
        let scheme = if guise.tls.is_some() && !guise.explicit { "ftps" } else { "ftp" };
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let guise = guise.clone();
                thread::spawn(move || control(near, server, &guise));
            }
        });
        Ok(Self { address, scheme })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a tool is to be given.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }
}

/// The client's side of a connection.
enum Near {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Near {
    fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        let near = match tls {
            None => Self::Plain(socket),
            Some(config) => Self::Tls(Box::new(under_tls(socket, config)?)),
        };
        near.socket().set_read_timeout(Some(SLICE))?;
        Ok(near)
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Ends what is written, with close_notify where there is TLS.
    fn finish(&mut self) {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        let _ = self.socket().shutdown(Shutdown::Write);
    }

    fn reset(&self) {
        let _ = rustix::net::sockopt::set_socket_linger(self.socket(), Some(Duration::ZERO));
    }
}

impl Read for Near {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => match stream.read(buffer) {
                // No close_notify: the tool has simply left.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                read => read,
            },
        }
    }
}

impl Write for Near {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A write in the middle of the handshake would have to wait for the client.
fn under_tls(
    mut socket: TcpStream,
    config: &Arc<ServerConfig>,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let mut session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(session, socket))
}

/// What a read with a short patience came to.
enum Heard {
    Bytes(usize),
    Nothing,
    End,
    Broken,
}

fn hear(source: &mut impl Read, buffer: &mut [u8]) -> Heard {
    match source.read(buffer) {
        Ok(0) => Heard::End,
        Ok(count) => Heard::Bytes(count),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {
                Heard::Nothing
            }
            _ => Heard::Broken,
        },
    }
}

/// A control connection. Every second cut of its data takes it along. Lines of the server that announce a port announce one of ours.
fn control(near: TcpStream, server: SocketAddr, guise: &Guise) {
    let Ok(mut far) = TcpStream::connect(server) else { return };
    let asked = if guise.explicit { asked_for_tls(&near, &far) } else { Ok(()) };
    let Ok(mut near) = asked.and_then(|()| Near::new(near, guise.tls.as_ref())) else { return };
    let _ = far.set_read_timeout(Some(SLICE));
    let _ = far.set_nodelay(true);
    let (mut buffer, mut said, mut told) = (vec![0; 64 * 1024], Vec::new(), Vec::new());
    let dead = Arc::new(AtomicBool::new(false));
    // What CPSV announces is for another server, to which we are not between.
    let mut for_others = false;
    loop {
        if dead.load(Ordering::Relaxed) {
            return near.reset();
        }
        match hear(&mut near, &mut buffer) {
            Heard::Bytes(count) => said.extend_from_slice(buffer.get(..count).unwrap_or(&[])),
            Heard::Nothing => {}
            Heard::End | Heard::Broken => return,
        }
        for line in lines(&mut said) {
            for_others = line.starts_with(b"CPSV");
            // The server behind knows nothing of TLS, and something has to answer in its turn.
            let asks = line.starts_with(b"PBSZ") || line.starts_with(b"PROT");
            let line = if asks { b"NOOP\r\n".to_vec() } else { line };
            if far.write_all(&line).is_err() {
                return;
            }
        }
        match hear(&mut far, &mut buffer) {
            Heard::Bytes(count) => told.extend_from_slice(buffer.get(..count).unwrap_or(&[])),
            Heard::Nothing => {}
            Heard::End => {
                let _ = near.write_all(&told);
                near.finish();
                return;
            }
            Heard::Broken => return near.reset(),
        }
        for line in lines(&mut told) {
            let line = if for_others { line } else { announce(line, server, (guise, &dead)) };
            if near.write_all(&line).and_then(|()| near.flush()).is_err() {
                return;
            }
        }
    }
}

/// Passes the greeting on and refuses everything until TLS is asked for, in the words of vsftpd.
fn asked_for_tls(near: &TcpStream, far: &TcpStream) -> io::Result<()> {
    near.set_read_timeout(Some(PATIENCE))?;
    far.set_read_timeout(Some(PATIENCE))?;
    let (mut near, mut greeting) = (near, line_of(far)?);
    loop {
        near.write_all(&greeting)?;
        let line = line_of(near)?;
        if line.starts_with(b"AUTH") {
            return near.write_all(b"234 go on\r\n");
        }
        greeting = b"530 Non-anonymous sessions must use encryption.\r\n".to_vec();
    }
}

/// One line, byte by byte: what follows it may be no text any more.
fn line_of(mut source: impl Read) -> io::Result<Vec<u8>> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\n") && line.len() < 4096 {
        source.read_exact(&mut byte)?;
        line.extend_from_slice(&byte);
    }
    Ok(line)
}

/// Takes the whole lines out of `bytes`.
fn lines(bytes: &mut Vec<u8>) -> Vec<Vec<u8>> {
    let end = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let whole: Vec<u8> = bytes.drain(..end).collect();
    whole.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect()
}

/// A line of the server's, with a port of ours where it announces one.
fn announce(line: Vec<u8>, server: SocketAddr, with: (&Guise, &Arc<AtomicBool>)) -> Vec<u8> {
    let text = line.escape_ascii().to_string();
    let port = if text.starts_with("229 ") {
        text.split("|||").nth(1).and_then(|rest| rest.split('|').next()?.parse().ok())
    } else if text.starts_with("227 ") {
        pasv_port(&text)
    } else {
        None
    };
    let Some(port) = port else { return line };
    match data_port(SocketAddr::new(server.ip(), port), with) {
        Ok(ours) if text.starts_with("229 ") => {
            format!("229 Entering extended passive mode (|||{ours}|)\r\n").into_bytes()
        }
        Ok(ours) => {
            let (host, high, low) =
                (server.ip().to_string().replace('.', ","), ours >> 8, ours & 255);
            format!("227 Entering passive mode ({host},{high},{low})\r\n").into_bytes()
        }
        Err(_) => line,
    }
}

fn pasv_port(text: &str) -> Option<u16> {
    let inside = text.split('(').nth(1)?.split(')').next()?;
    let mut numbers = inside.split(',').skip(4).map(str::parse::<u16>);
    Some((numbers.next()?.ok()? << 8) | numbers.next()?.ok()?)
}

/// A port of ours that leads to `server`, once.
fn data_port(server: SocketAddr, (guise, dead): (&Guise, &Arc<AtomicBool>)) -> io::Result<u16> {
    let listener = TcpListener::bind((server.ip(), 0))?;
    let port = listener.local_addr()?.port();
    // What lies in our buffers is lost with a cut, and no router holds megabytes.
    rustix::net::sockopt::set_socket_recv_buffer_size(&listener, BUFFERED)?;
    listener.set_nonblocking(true)?;
    let (guise, dead) = (guise.clone(), Arc::clone(dead));
    thread::spawn(move || {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok((near, _)) = listener.accept() {
                return data(near, server, (&guise, &dead));
            }
            thread::sleep(SLICE);
        }
    });
    Ok(port)
}

/// A data connection, both ways, until one side ends.
fn data(near: TcpStream, server: SocketAddr, (guise, dead): (&Guise, &AtomicBool)) {
    let _ = near.set_nonblocking(false);
    // Servers take the connection before they say 150, and the tool begins TLS behind that.
    let (Ok(far), Ok(near)) = (TcpStream::connect(server), Near::new(near, guise.tls.as_ref()))
    else {
        return;
    };
    let _ = far.set_read_timeout(Some(SLICE));
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(&far, BUFFERED);
    let most = guise.cuts.as_ref().map_or(u64::MAX, |cut| cut());
    let cut = Mutex::new(false);
    let broken = pump(near, far, most, &cut);
    if broken && *cut.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
        let before = guise.count.fetch_add(1, Ordering::Relaxed);
        dead.store(before % 2 == 1, Ordering::Relaxed);
    }
}

fn pump(mut near: Near, mut far: TcpStream, most: u64, cut: &Mutex<bool>) -> bool {
    let (mut buffer, mut moved) = (vec![0; 256 * 1024], 0_u64);
    let reset_far = |far: &TcpStream| {
        let _ = rustix::net::sockopt::set_socket_linger(far, Some(Duration::ZERO));
    };
    // Who was heard last is heard first, and the other only when that is silent.
    let mut downwards = true;
    loop {
        let heard =
            if downwards { hear(&mut far, &mut buffer) } else { hear(&mut near, &mut buffer) };
        match heard {
            Heard::Bytes(count) => {
                moved += count as u64;
                let bytes = buffer.get(..count).unwrap_or(&[]);
                if downwards && near.write_all(bytes).is_err() {
                    reset_far(&far);
                    return true;
                } else if !downwards && far.write_all(bytes).is_err() {
                    near.reset();
                    return true;
                }
            }
            Heard::Nothing => downwards = !downwards,
            Heard::End if downwards => {
                near.finish();
                return false;
            }
            Heard::End => {
                let _ = far.shutdown(Shutdown::Write);
                // The server may still have something to say about its end.
                let _ = far.set_read_timeout(Some(PATIENCE));
                let _ = far.read(&mut [0]);
                near.finish();
                return false;
            }
            Heard::Broken if downwards => {
                near.reset();
                return true;
            }
            Heard::Broken => {
                reset_far(&far);
                return true;
            }
        }
        if moved > most {
            *cut.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = true;
            near.reset();
            reset_far(&far);
            return true;
        }
    }
}
