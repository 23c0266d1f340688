//! Where a port is, and the way there: straight, or through a proxy. After the handshake with the proxy
//! the socket is the server's and nothing of the proxy is left on it: what came behind the
//! proxy's answer is still to be read.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connect::{self, Names};
use super::http_connect;
use super::socks::{self, Heard, Method};
use crate::error::{Cause, Phase};
use crate::proxy::{Kind, Proxy};

/// The longest answer that is read: more than any proxy has to say.
const ANSWER_MAX: usize = 16 << 10;

/// Where a data connection goes.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// To an address of the server's.
    At(SocketAddr),
    /// To a port of a host that a proxy knows.
    Behind {
        proxy: Arc<Proxy>,
        /// The proxy's own address, found for the control connection.
        at: SocketAddr,
        host: String,
        port: u16,
    },
}

impl Place {
    /// The same way to another address, which the server named.
    pub(super) fn moved_to(self, address: SocketAddr) -> Self {
        match self {
            Self::At(_) => Self::At(address),
            Self::Behind { proxy, at, .. } => {
                Self::Behind { proxy, at, host: address.ip().to_string(), port: address.port() }
            }
        }
    }

    /// Opens a data connection.
    ///
    /// # Errors
    /// A refusal, or a wait longer than `limit`; the proxy's are told from the server's.
    pub(super) fn connect(&self, limit: Duration) -> Result<TcpStream, Cause> {
        let phase = Phase::DataConnect;
        match self {
            Self::At(address) => connect::connect(*address, limit, phase),
            Self::Behind { proxy, at, host, port } => {
                let blame = |cause| blamed(proxy, cause);
                let socket = connect::connect(*at, limit, phase).map_err(blame)?;
                lead(&socket, proxy, (host, *port), (limit, phase)).map_err(blame)?;
                Ok(socket)
            }
        }
    }
}

/// Connects to a host's control port through a proxy. `names` is for the way to the proxy.
///
/// # Errors
/// Those of the proxy, which they name.
pub(super) fn control(
    proxy: &Proxy,
    (host, port): (&str, u16),
    names: &Names,
    limit: Duration,
) -> Result<TcpStream, Cause> {
    let blame = |cause| blamed(proxy, cause);
    let socket = connect::control(names, (&proxy.host, proxy.port), limit).map_err(blame)?;
    lead(&socket, proxy, (host, port), (limit, Phase::Proxy)).map_err(blame)?;
    Ok(socket)
}

fn blamed(proxy: &Proxy, cause: Cause) -> Cause {
    Cause::Proxy(proxy.shown(), Box::new(cause))
}

/// Has the proxy connect a socket to `host`, all of it within `limit`.
fn lead(
    socket: &TcpStream,
    proxy: &Proxy,
    (host, port): (&str, u16),
    (limit, phase): (Duration, Phase),
) -> Result<(), Cause> {
    let mut talk = Talk { socket, deadline: Instant::now() + limit, limit, phase };
    socket.set_write_timeout(Some(limit)).map_err(Cause::Local)?;
    if host.contains('%') {
        return Err(talk.failed("an address with a zone means nothing to it".into()));
    }
    match proxy.kind {
        Kind::Socks5 => talk.socks(proxy, host, port)?,
        Kind::Http => {
            talk.say(&http_connect::request(host, port, proxy.login.as_ref()))?;
            let has_login = proxy.login.is_some();
            talk.hear(|bytes| http_connect::connected(bytes, has_login))?;
        }
    }
    // What is read next may take any time of its own.
    socket.set_read_timeout(Some(limit)).map_err(Cause::Local)
}

struct Talk<'s> {
    socket: &'s TcpStream,
    deadline: Instant,
    limit: Duration,
    phase: Phase,
}

impl Talk<'_> {
    fn socks(&mut self, proxy: &Proxy, host: &str, port: u16) -> Result<(), Cause> {
        let has_login = proxy.login.is_some();
        self.say(&socks::hello(has_login))?;
        let method = self.hear(|bytes| socks::method(bytes, has_login))?;
        if let (Method::Login, Some((user, password))) = (method, &proxy.login) {
            self.say(&socks::login(user, password))?;
            self.hear(socks::logged_in)?;
        }
        self.say(&socks::request(host, port))?;
        self.hear(socks::connected)
    }

    fn say(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        self.socket.write_all(bytes).map_err(|error| self.lost(error))
    }

    /// Reads one answer and no byte more.
    fn hear<T>(&mut self, parse: impl Fn(&[u8]) -> Heard<T>) -> Result<T, Cause> {
        let mut answer = Vec::new();
        while answer.len() < ANSWER_MAX {
            let read = answer.len();
            let mut ahead = [0; 1024];
            let here = self.look(&mut ahead)?;
            answer.extend_from_slice(ahead.get(..here).unwrap_or_default());
            let parsed = parse(&answer).map_err(|why| self.failed(why))?;
            let end = parsed.as_ref().map_or(answer.len(), |(_, end)| *end);
            let mut taken = vec![0; end.saturating_sub(read)];
            self.socket.read_exact(&mut taken).map_err(|error| self.lost(error))?;
            if let Some((said, _)) = parsed {
                return Ok(said);
            }
        }
        Err(self.failed("its answer has no end".into()))
    }

    /// Waits for bytes and looks at them, without taking them.
    fn look(&self, ahead: &mut [u8]) -> Result<usize, Cause> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Cause::TimedOut(self.phase, self.limit));
        }
        self.socket.set_read_timeout(Some(left)).map_err(Cause::Local)?;
        match self.socket.peek(ahead) {
            Ok(0) => Err(self.failed("it closed the connection".into())),
            Ok(here) => Ok(here),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(self.lost(error)),
        }
    }

    fn lost(&self, error: io::Error) -> Cause {
        Cause::lost(self.phase, error, self.limit)
    }

    fn failed(&self, why: String) -> Cause {
        Cause::Lost(self.phase, io::Error::other(why))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::secret::Secret;

    const LIMIT: Duration = Duration::from_millis(300);

    /// A proxy that sends these answers, each after it has heard something, and then stays silent;
    /// all in small pieces.
    fn proxy(kind: Kind, login: bool, answers: &[&[u8]]) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        thread::spawn(move || {
            let mut far = listener.accept().unwrap().0;
            for answer in answers {
                let _ = far.read(&mut [0; 1000]);
                drip(&mut far, &answer);
            }
            thread::sleep(Duration::from_secs(3));
        });
        let login = login.then(|| (b"u".to_vec(), Secret::new(b"s3cret".to_vec())));
        Proxy { kind, host: "127.0.0.1".into(), port, login }
    }

    fn drip(far: &mut TcpStream, answer: &[u8]) {
        for part in answer.chunks(1 + answer.len() / 50) {
            let _ = far.write_all(part);
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn end(kind: Kind, login: bool, answers: &[&[u8]]) -> Result<TcpStream, (String, Cause)> {
        let begun = Instant::now();
        let proxy = proxy(kind, login, answers);
        let end = control(&proxy, ("h.example", 21), &Names::default(), LIMIT);
        assert!(begun.elapsed() < Duration::from_secs(3));
        end.map_err(|cause| match cause {
            Cause::Proxy(name, cause) => (name, *cause),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_greeting_behind_the_answer_is_the_servers() {
        let four = b"\x05\0\0\x01\x01\x02\x03\x04\0\x15220 x";
        let name = b"\x05\0\0\x03\x02hi\0\x15220 x";
        for (kind, login, answers) in [
            (Kind::Socks5, false, &[&b"\x05\0"[..], four][..]),
            (Kind::Socks5, true, &[b"\x05\x02", b"\x01\0", name]),
            (Kind::Http, true, &[b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n220 x"]),
        ] {
            let mut bytes = [0; 5];
            end(kind, login, answers).unwrap().read_exact(&mut bytes).unwrap();
            assert_eq!(&bytes, b"220 x");
        }
    }

    #[test]
    fn what_a_proxy_says_instead_ends_it() {
        for (kind, login, answers) in [
            (Kind::Socks5, false, &[&b"\x05\xff"[..]][..]),
            (Kind::Socks5, true, &[b"\x05\x02", b"\x01\x01"]),
            (Kind::Socks5, false, &[b"\x05\0", b"\x05\x05\0\x01\0\0\0\0\0\0"]),
            (Kind::Socks5, false, &[b"HTTP/1.1 400 Bad\r\n\r\n"]),
            (Kind::Http, false, &[b"HTTP/1.1 407 Who\r\n\r\n"]),
            (Kind::Http, false, &[b"220 ftp\r\n"]),
        ] {
            let (name, cause) = end(kind, login, answers).unwrap_err();
            assert!(name.contains("://127.0.0.1:") && !name.contains('@'), "{name}");
            assert!(matches!(cause, Cause::Lost(Phase::Proxy, _)), "{answers:?} {cause:?}");
            assert!(!format!("{cause:?}").contains("s3cret"));
        }
    }

    #[test]
    fn silence_and_answers_without_end_are_bounded() {
        let slow = (Kind::Socks5, &[&b"\x05\0"[..], b"\x05"][..]);
        for (kind, answers) in [slow, (Kind::Http, &[b"HTTP/1.1 200 OK\r\nA: "])] {
            let (_, cause) = end(kind, false, answers).unwrap_err();
            assert!(matches!(cause, Cause::TimedOut(Phase::Proxy, LIMIT)), "{cause:?}");
        }
        let endless = [&b"HTTP/1.1 200 OK\r\n"[..], &[b'x'; 40_000]].concat();
        let (_, cause) = end(Kind::Http, false, &[&endless]).unwrap_err();
        assert!(format!("{cause:?}").contains("has no end"), "{cause:?}");
    }

    #[test]
    fn an_address_of_this_machine_alone_is_not_for_a_proxy() {
        let far = proxy(Kind::Socks5, false, &[]);
        assert!(control(&far, ("fe80::1%lo", 21), &Names::default(), LIMIT).is_err());
    }
}
