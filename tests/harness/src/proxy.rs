//! A proxy on 127.0.0.1 that speaks SOCKS5 and CONNECT of HTTP, and misbehaves when told to. All names are
//! those of this machine to it, and so are all addresses but those of 127.0.0.0/8, so a tool that gets to `ftp.invalid` has gone through it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a server that greets is waited for, so that its greeting goes out in one segment with the
/// answer of the proxy.
const GREETING: Duration = Duration::from_millis(20);

/// What it does instead of connecting.
#[derive(Clone, Copy, Debug)]
pub enum Harm {
    /// Nothing at all, not even an answer.
    Stall,
    /// It hangs up.
    Close,
    /// It says that the server refuses: code 5, or 502.
    Refuse,
    /// Its rules do not allow it: code 2, or 403.
    Forbid,
    /// It answers these bytes.
    Say(&'static [u8]),
}

/// What a proxy does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// The user name and password it wants.
    pub login: Option<(&'static str, &'static str)>,
    /// From this connection on, the first being 0, it does harm.
    pub harm: Option<(usize, Harm)>,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one; it lives as long as the test.
    ///
    /// # Errors
    /// No port left.
    pub fn start(manners: Manners) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, asked) = (listener.local_addr()?, Arc::new(Mutex::new(Vec::new())));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let guest = Guest { manners, number, log: Arc::clone(&log) };
                thread::spawn(move || client.and_then(|client| guest.serve(client)));
            }
        });
        Ok(Self { address, asked })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The `host:port` that it was asked to connect to, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One connection.
struct Guest {
    manners: Manners,
    number: usize,
    log: Arc<Mutex<Vec<String>>>,
}

impl Guest {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let harm = self.manners.harm.filter(|(from, _)| self.number >= *from).map(|(_, harm)| harm);
        match harm {
            Some(Harm::Stall) => {
                thread::sleep(Duration::from_secs(60));
                return Ok(());
            }
            // What is closed unread is reset.
            Some(Harm::Close) => return client.read(&mut [0; 1024]).map(drop),
            Some(Harm::Say(bytes)) => {
                let _ = client.read(&mut [0; 1024])?;
                return client.write_all(bytes);
            }
            _ => {}
        }
        let mut first = [0];
        client.peek(&mut first)?;
        let is_socks = first == [5];
        let asked = if is_socks { self.socks(&mut client)? } else { self.http(&mut client)? };
        let Some((host, port)) = asked else { return Ok(()) };
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{host}:{port}"));
        let (yes, refused, forbidden) = if is_socks { SOCKS } else { HTTP };
        match harm {
            Some(Harm::Forbid) => return client.write_all(forbidden),
            Some(Harm::Refuse) => return client.write_all(refused),
            _ => {}
        }
        let here = host.parse().ok().filter(Ipv4Addr::is_loopback).unwrap_or(Ipv4Addr::LOCALHOST);
        match TcpStream::connect((here, port)) {
            Ok(server) => join(client, server, yes),
            Err(_) => client.write_all(refused),
        }
    }

    fn socks(&self, client: &mut TcpStream) -> io::Result<Option<(String, u16)>> {
        let _version = take::<1>(client)?;
        let offered = word(client)?;
        let wanted = if self.manners.login.is_some() { 2 } else { 0 };
        if !offered.contains(&wanted) {
            client.write_all(&[5, 255])?;
            return Ok(None);
        }
        client.write_all(&[5, wanted])?;
        if let Some((user, password)) = self.manners.login {
            let _version = take::<1>(client)?;
            let given = [word(client)?, word(client)?];
            let right = given == [user.as_bytes(), password.as_bytes()];
            client.write_all(&[1, u8::from(!right)])?;
            if !right {
                return Ok(None);
            }
        }
        let [_, _, _, kind] = take(client)?;
        let host = match kind {
            1 => Ipv4Addr::from(take::<4>(client)?).to_string(),
            _ => String::from_utf8(word(client)?).map_err(io::Error::other)?,
        };
        Ok(Some((host, u16::from_be_bytes(take(client)?))))
    }

    fn http(&self, client: &mut TcpStream) -> io::Result<Option<(String, u16)>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(take::<1>(client)?);
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        // `me:s3cret` is the login of all tests.
        let right = head.contains("Proxy-Authorization: Basic bWU6czNjcmV0\r\n");
        if self.manners.login.is_some() && !right {
            client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")?;
            return Ok(None);
        }
        let place = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
        let place = place.and_then(|place| place.rsplit_once(':'));
        Ok(place.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?))))
    }
}

type Answers = (&'static [u8], &'static [u8], &'static [u8]);

/// Yes, the server refuses, and the rules do not allow it.
const SOCKS: Answers = (
    b"\x05\x00\x00\x03\x04name\x00\x15",
    b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00",
    b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00",
);
const HTTP: Answers = (
    b"HTTP/1.1 200 Connection established\r\nProxy-agent: harness\r\n\r\n",
    b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
    b"HTTP/1.1 403 Filtered\r\n\r\n",
);

fn take<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Bytes behind their number.
fn word(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let [length] = take(client)?;
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn join(mut client: TcpStream, mut server: TcpStream, yes: &[u8]) -> io::Result<()> {
    let mut greeting = [0; 1024];
    server.set_read_timeout(Some(GREETING))?;
    let greeted = server.read(&mut greeting).unwrap_or(0);
    server.set_read_timeout(None)?;
    client.write_all(&[yes, greeting.get(..greeted).unwrap_or_default()].concat())?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(Shutdown::Write)
    });
    let _ = io::copy(&mut server, &mut client);
    client.shutdown(Shutdown::Write)
}
