//! The way to one data connection: a port that listens, refuses or swallows, or the client's own.
//! What goes through it is decided by `dialogue` and by `auto`.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use crate::control::{Control, is_wait};
use crate::net::{self, BlackHole, RefusingPort};
use crate::text::Vars;

/// Where the next data connection comes from.
#[derive(Debug)]
pub enum Door {
    /// A listener of ours (PASV, EPSV).
    Passive(TcpListener),
    /// The client listens (PORT, EPRT).
    Active(SocketAddr),
    /// A port that refuses.
    Dead(RefusingPort),
    /// A port that answers nothing.
    Hole(BlackHole),
}

impl Door {
    /// Opens a listener.
    ///
    /// # Errors
    /// The system has no port left.
    pub fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        Ok(Self::Passive(listener))
    }

    /// Opens a port that refuses.
    ///
    /// # Errors
    /// The system has no port left.
    pub fn dead() -> io::Result<Self> {
        RefusingPort::hold().map(Self::Dead)
    }

    /// Opens a port that answers nothing.
    ///
    /// # Errors
    /// The system has no port left.
    pub fn hole() -> io::Result<Self> {
        BlackHole::open().map(Self::Hole)
    }

    /// Reads the address out of a PORT or EPRT command; `None` for any other command.
    pub fn announced(line: &[u8]) -> Option<Self> {
        let (verb, address) = str::from_utf8(line).ok()?.split_once(' ')?;
        match verb.to_ascii_uppercase().as_str() {
            "PORT" => port_address(address).map(Self::Active),
            "EPRT" => eprt_address(address).map(Self::Active),
            _ => None,
        }
    }

    /// The variables a reply can announce this port with.
    ///
    /// # Errors
    /// It is the client's port, or the socket is gone.
    pub fn vars(&self) -> io::Result<Vars> {
        let port = match self {
            Self::Passive(listener) => listener.local_addr()?.port(),
            Self::Dead(refusing) => refusing.port,
            Self::Hole(hole) => hole.port()?,
            Self::Active(_) => {
                return Err(io::Error::other("the client's port cannot be announced"));
            }
        };
        let [hi, lo] = port.to_be_bytes();
        Ok(Vars::from([
            ("port", port.to_string().into_bytes()),
            ("hi", hi.to_string().into_bytes()),
            ("lo", lo.to_string().into_bytes()),
            ("pasv_port", format!("{hi},{lo}").into_bytes()),
            ("epsv", format!("229 Entering Extended Passive Mode (|||{port}|)").into_bytes()),
            ("pasv", format!("227 Entering Passive Mode (127,0,0,1,{hi},{lo})").into_bytes()),
        ]))
    }

    /// Waits until the data connection stands.
    ///
    /// # Errors
    /// It does not within the bounds, or the client left.
    pub fn open(&self, control: &mut Control) -> io::Result<TcpStream> {
        let stream = match self {
            Self::Passive(listener) => accept(listener, control)?,
            Self::Active(address) => net::connect(*address, control.bounds().wait)?,
            Self::Dead(_) | Self::Hole(_) => return Err(ErrorKind::NotConnected.into()),
        };
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(control.bounds().wait))?;
        stream.set_write_timeout(Some(control.bounds().wait))?;
        Ok(stream)
    }
}

fn accept(listener: &TcpListener, control: &mut Control) -> io::Result<TcpStream> {
    let deadline = Instant::now() + control.bounds().wait;
    loop {
        match listener.accept() {
            Ok((stream, _)) => return Ok(stream),
            Err(e) if !is_wait(e.kind()) => return Err(e),
            Err(_) if control.gone() => return Err(ErrorKind::ConnectionAborted.into()),
            Err(_) if Instant::now() > deadline => return Err(ErrorKind::TimedOut.into()),
            Err(_) => {}
        }
    }
}

fn port_address(source: &str) -> Option<SocketAddr> {
    let numbers: Vec<u8> = source.split(',').map(|n| n.parse().ok()).collect::<Option<_>>()?;
    match *numbers.as_slice() {
        [a, b, c, d, hi, lo] => {
            Some((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([hi, lo])).into())
        }
        _ => None,
    }
}

fn eprt_address(source: &str) -> Option<SocketAddr> {
    let mut parts = source.split('|').skip(2);
    let ip: IpAddr = parts.next()?.parse().ok()?;
    Some((ip, parts.next()?.parse().ok()?).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announced_addresses_are_read() {
        for (line, expected) in [
            ("PORT 127,0,0,1,4,1", Some("127.0.0.1:1025")),
            ("EPRT |1|127.0.0.1|1025|", Some("127.0.0.1:1025")),
            ("EPRT |2|::1|1025|", Some("[::1]:1025")),
            ("PORT 127,0,0,1,4", None),
            ("PORT 127,0,0,256,4,1", None),
            ("RETR 1,2,3,4,5,6", None),
            ("NOOP", None),
        ] {
            let got = match Door::announced(line.as_bytes()) {
                Some(Door::Active(address)) => Some(address.to_string()),
                _ => None,
            };
            assert_eq!(got.as_deref(), expected, "{line}");
        }
    }
}
