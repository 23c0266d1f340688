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
    TcpStream::connect_timeout(&address, limit).map_err(|error| Cause::lost(phase, error, limit))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A port whose queue is full: the kernel drops what else comes, as a dead host does.
    fn black_hole() -> (TcpListener, Vec<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let soon = Duration::from_millis(100);
        let queued = (0..8).map_while(|_| TcpStream::connect_timeout(&address, soon).ok());
        let queued = queued.collect();
        (listener, queued)
    }

    #[test]
    fn a_host_that_does_not_answer_is_given_up_in_time() {
        let (listener, _queued) = black_hole();
        let port = listener.local_addr().unwrap().port();
        let begun = Instant::now();
        let limit = Duration::from_millis(200);
        let end = control("127.0.0.1", port, Family::Any, limit);
        assert!(matches!(end, Err(Cause::TimedOut(Phase::Connect, l)) if l == limit), "{end:?}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_family_that_the_host_has_no_address_of_is_an_error() {
        let end = control("127.0.0.1", 1, Family::V6, Duration::from_secs(1));
        assert!(matches!(end, Err(Cause::Lost(Phase::Resolve, _))), "{end:?}");
    }
}
