//! From a host name to a connected socket, every wait bounded.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Cause, Phase};
use crate::sys;

/// Which addresses of a host may be used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Family {
    /// All, in the system's order.
    #[default]
    Any,
    /// `-4`
    V4,
    /// `-6`
    V6,
}

impl Family {
    fn admits(self, address: &SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// Connects to a host's control port: its addresses in turn, until one answers.
///
/// # Errors
/// No address, or none that answers within `limit`, which all attempts share.
pub(super) fn control(
    host: &str,
    port: u16,
    family: Family,
    limit: Duration,
) -> Result<TcpStream, Cause> {
    let deadline = Instant::now() + limit;
    let mut failed = Cause::Lost(Phase::Resolve, io::Error::other("the host has no such address"));
    let mut addresses = resolve(host, port, limit)?;
    addresses.retain(|address| family.admits(address));
    let mut more = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        // One that does not answer must leave time for the others.
        let left = deadline.saturating_duration_since(Instant::now()) / more;
        more = more.saturating_sub(1).max(1);
        match connect(address, left, Phase::Connect) {
            Ok(socket) => {
                sys::keep_alive(&socket);
                socket.set_nodelay(true).map_err(Cause::Local)?;
                socket.set_write_timeout(Some(limit)).map_err(Cause::Local)?;
                return Ok(socket);
            }
            Err(Cause::TimedOut(phase, _)) => failed = Cause::TimedOut(phase, limit),
            Err(cause) => failed = cause,
        }
    }
    Err(failed)
}

/// The system's resolver has no time limit of its own, so it is asked on a thread that is left
/// behind when it does not answer.
fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Cause> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let (answer, answered) = mpsc::channel();
    let name = host.to_owned();
    thread::spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(|list| list.collect());
        let _ = answer.send(found);
    });
    match answered.recv_timeout(limit) {
        Ok(found) => found.map_err(|error| Cause::Lost(Phase::Resolve, error)),
        Err(_) => Err(Cause::TimedOut(Phase::Resolve, limit)),
    }
}

/// Connects to one address.
///
/// # Errors
/// A refusal, or a wait longer than `limit`, in `phase`.
pub(super) fn connect(
    address: SocketAddr,
    limit: Duration,
    phase: Phase,
) -> Result<TcpStream, Cause> {
    if limit.is_zero() {
        return Err(Cause::TimedOut(phase, limit));
    }
    TcpStream::connect_timeout(&address, limit).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Cause::TimedOut(phase, limit),
        _ => Cause::Lost(phase, error),
    })
}
