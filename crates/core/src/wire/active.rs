//! Active data connections: we listen, the server connects (RFC 959 §3.2, RFC 2428 §2).

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::error::{Cause, Phase};
use crate::sys::{self, Ready};

/// How to be reached by the server.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Active {
    /// The address to announce, for a client behind NAT; else that of the control connection.
    pub address: Option<IpAddr>,
    /// The ports to listen on; else any.
    pub ports: Option<RangeInclusive<u16>>,
}

/// A port on which the server is awaited.
#[derive(Debug)]
pub(super) struct Waiting {
    listener: TcpListener,
    announced: SocketAddr,
}

impl Waiting {
    /// Listens on the address of the control connection.
    ///
    /// # Errors
    /// No free port in the range.
    pub(super) fn listen(active: &Active, local: IpAddr) -> Result<Self, Cause> {
        let listener = bind(active.ports.clone().unwrap_or(0..=0), local)?;
        let port = listener.local_addr().map_err(Cause::Local)?.port();
        let announced = SocketAddr::new(active.address.unwrap_or(local).to_canonical(), port);
        Ok(Self { listener, announced })
    }

    /// The command that tells the server where to connect.
    pub(super) fn command(&self) -> Vec<u8> {
        port_command(self.announced)
    }

    /// Takes the server's connection. A stranger who found the port first is sent away.
    ///
    /// # Errors
    /// Nobody came within `limit`.
    pub(super) fn accept(self, server: IpAddr, limit: Duration) -> Result<TcpStream, Cause> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let came = sys::wait(&self.listener, Ready::Read, Some(left)).map_err(Cause::Local)?;
            if !came {
                return Err(Cause::TimedOut(Phase::DataConnect, limit));
            }
            let (socket, peer) = self.listener.accept().map_err(Cause::Local)?;
            if peer.ip().to_canonical() == server.to_canonical() {
                return Ok(socket);
            }
        }
    }
}

/// The command that tells a server where to connect: PORT for IPv4, which every server knows, EPRT
/// for IPv6.
pub(super) fn port_command(address: SocketAddr) -> Vec<u8> {
    let port = address.port();
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            let [high, low] = port.to_be_bytes();
            format!("PORT {a},{b},{c},{d},{high},{low}").into_bytes()
        }
        IpAddr::V6(ip) => format!("EPRT |2|{ip}|{port}|").into_bytes(),
    }
}

fn bind(ports: RangeInclusive<u16>, local: IpAddr) -> Result<TcpListener, Cause> {
    let mut failed = io::Error::from(io::ErrorKind::AddrInUse);
    for port in ports {
        match TcpListener::bind((local, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(Cause::Local(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_address_may_differ_from_ours() {
        let active = Active { address: "10.1.2.3".parse().ok(), ports: None };
        let waiting = Waiting::listen(&active, "127.0.0.1".parse().unwrap()).unwrap();
        let command = String::from_utf8(waiting.command()).unwrap();
        assert!(command.starts_with("PORT 10,1,2,3,"), "{command}");
    }

    #[test]
    fn a_taken_range_is_an_error_and_a_free_port_in_it_is_used() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let local = "127.0.0.1".parse().unwrap();
        let active = Active { address: None, ports: Some(port..=port) };
        assert!(Waiting::listen(&active, local).is_err());
    }

    #[test]
    fn nobody_coming_is_a_timeout() {
        let local: IpAddr = "127.0.0.1".parse().unwrap();
        let waiting = Waiting::listen(&Active::default(), local).unwrap();
        let end = waiting.accept(local, Duration::from_millis(10));
        assert!(matches!(end, Err(Cause::TimedOut(Phase::DataConnect, _))));
    }
}
