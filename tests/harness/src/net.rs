//! Sockets that misbehave on purpose: resets, ports that refuse, ports that swallow.
//! Well-behaved sockets need nothing but std.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, listen, socket_with, sockopt,
};

/// Closes with a RST instead of a FIN, as a crashed peer or a cut-in firewall does.
pub fn reset(stream: TcpStream) {
    let _ = sockopt::set_socket_linger(&stream, Some(Duration::ZERO));
    drop(stream);
}

/// A port where connecting is refused; nobody else gets it while this lives.
#[derive(Debug)]
pub struct RefusingPort {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Bound but not listening: the kernel answers SYNs with RST.
    _held: OwnedFd,
}

impl RefusingPort {
    /// Takes a free port.
    ///
    /// # Errors
    /// The system has no socket or port left.
    pub fn hold() -> io::Result<Self> {
        // The tool and its children must not inherit it.
        let flags = SocketFlags::CLOEXEC;
        let held = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        let port = SocketAddrV4::try_from(getsockname(&held)?)?.port();
        Ok(Self { port, _held: held })
    }
}

/// A port that answers nothing at all, like one behind a firewall that drops packets: its queue
/// of one is kept full, and Linux drops the SYNs that come on top.
#[derive(Debug)]
pub struct BlackHole {
    listener: TcpListener,
    _fillers: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens it and fills its queue.
    ///
    /// # Errors
    /// The system has no socket or port left.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listen(&listener, 0)?;
        let address = listener.local_addr()?;
        let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        let fillers = std::iter::from_fn(fill).take(8).collect();
        Ok(Self { listener, _fillers: fillers })
    }

    /// The port.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }
}

/// Connects to an address a client announced, with a bound on the wait.
///
/// # Errors
/// Refused, or not in time.
pub fn connect(address: SocketAddr, wait: Duration) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(&address, wait)
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read};

    use super::*;

    #[test]
    fn a_refusing_port_refuses() {
        let refusing = RefusingPort::hold().unwrap();
        let error = TcpStream::connect((Ipv4Addr::LOCALHOST, refusing.port)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_black_hole_answers_nothing() {
        let hole = BlackHole::open().unwrap();
        let address = (Ipv4Addr::LOCALHOST, hole.port().unwrap()).into();
        let error = connect(address, Duration::from_millis(300)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_reset_is_not_an_end() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        reset(listener.accept().unwrap().0);
        let error = client.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}
