//! From a host name to a connected socket, every wait bounded.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Mutex, PoisonError, mpsc};
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

/// The addresses of hosts, each asked for once in a run.
#[derive(Debug, Default)]
pub struct Names {
    family: Family,
    known: Mutex<HashMap<(String, u16), Vec<SocketAddr>>>,
}

impl Names {
    /// Of hosts of which the addresses of `family` may be used.
    pub fn of(family: Family) -> Self {
        Self { family, ..Self::default() }
    }

    fn resolve(&self, host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Cause> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (host.to_owned(), port);
        if let Some(addresses) = known().get(&key) {
            return Ok(addresses.clone());
        }
        let mut addresses = resolve(host, port, limit)?;
        addresses.retain(|address| self.family.admits(address));
        known().insert(key, addresses.clone());
        Ok(addresses)
    }
}

/// How long an attempt has for itself before the next address is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to a host's control port: the first of its addresses that answers.
///
/// # Errors
/// No address, or none that answers within `limit`, which all attempts share.
pub(super) fn control(
    names: &Names,
    (host, port): (&str, u16),
    limit: Duration,
) -> Result<TcpStream, Cause> {
    let deadline = Instant::now() + limit;
    let addresses = names.resolve(host, port, limit)?;
    let socket = race(&alternating(addresses), deadline, limit)?;
    sys::keep_alive(&socket);
    socket.set_nodelay(true).map_err(Cause::Local)?;
    socket.set_write_timeout(Some(limit)).map_err(Cause::Local)?;
    Ok(socket)
}

/// The families in turn, the system's first choice first: where one of them leads nowhere the other is
/// not behind all of its addresses (RFC 8305 §4).
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (ours, theirs): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first);
    let mut theirs = theirs.into_iter();
    let mut turns: Vec<_> = ours.into_iter().flat_map(|one| [Some(one), theirs.next()]).collect();
    turns.extend(theirs.map(Some));
    turns.into_iter().flatten().collect()
}

/// Tries one address after the other, each with a head start before the next, or until it fails. Who
/// answers first is taken; attempts that are still under way end by themselves.
fn race(addresses: &[SocketAddr], deadline: Instant, limit: Duration) -> Result<TcpStream, Cause> {
    let left = || deadline.saturating_duration_since(Instant::now());
    if let [address] = addresses {
        return connect(*address, left(), Phase::Connect).map_err(|cause| within(cause, limit));
    }
    let (told, ended) = mpsc::channel();
    let mut failed = Cause::Lost(Phase::Resolve, io::Error::other("the host has no such address"));
    let (mut waiting, mut under_way) = (addresses.iter(), 0_usize);
    loop {
        if let Some(&address) = waiting.next() {
            let (told, time) = (told.clone(), left());
            thread::spawn(move || told.send(connect(address, time, Phase::Connect)));
            under_way += 1;
        } else if under_way == 0 {
            return Err(failed);
        }
        let patience = if waiting.len() > 0 { HEAD_START.min(left()) } else { left() };
        match ended.recv_timeout(patience) {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(cause)) => {
                under_way -= 1;
                failed = within(cause, limit);
            }
            Err(_) if left().is_zero() => return Err(Cause::TimedOut(Phase::Connect, limit)),
            Err(_) => {}
        }
    }
}

/// A wait that was cut short by those before it is told as the whole one.
fn within(cause: Cause, limit: Duration) -> Cause {
    match cause {
        Cause::TimedOut(phase, _) => Cause::TimedOut(phase, limit),
        cause => cause,
    }
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
        let end = control(&Names::default(), ("127.0.0.1", port), limit);
        assert!(matches!(end, Err(Cause::TimedOut(Phase::Connect, l)) if l == limit), "{end:?}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn an_address_that_does_not_answer_costs_a_head_start() {
        let (hole, _queued) = black_hole();
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let addresses = [hole.local_addr().unwrap(), closed, door.local_addr().unwrap()];
        let (begun, limit) = (Instant::now(), Duration::from_secs(20));
        let socket = race(&addresses, begun + limit, limit).unwrap();
        assert_eq!(socket.peer_addr().unwrap(), door.local_addr().unwrap());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn all_addresses_may_fail_each_in_its_own_way() {
        let (hole, _queued) = black_hole();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let limit = Duration::from_millis(400);
        let soon = || Instant::now() + limit;
        let refused = race(&[closed, closed], soon(), limit);
        assert!(matches!(refused, Err(Cause::Lost(Phase::Connect, _))), "{refused:?}");
        let silent = race(&[closed, hole.local_addr().unwrap()], soon(), limit);
        assert!(matches!(silent, Err(Cause::TimedOut(Phase::Connect, l)) if l == limit));
        assert!(matches!(race(&[], soon(), limit), Err(Cause::Lost(Phase::Resolve, _))));
    }

    #[test]
    fn families_take_turns() {
        let of = |text: &[&str]| -> Vec<SocketAddr> {
            text.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 21)).collect()
        };
        for (resolved, tried) in [
            (vec!["::1", "::2", "::3", "1.0.0.1"], vec!["::1", "1.0.0.1", "::2", "::3"]),
            (vec!["1.0.0.1", "::1", "::2"], vec!["1.0.0.1", "::1", "::2"]),
            (vec!["1.0.0.1", "1.0.0.2"], vec!["1.0.0.1", "1.0.0.2"]),
            (vec![], vec![]),
        ] {
            assert_eq!(alternating(of(&resolved)), of(&tried));
        }
    }

    #[test]
    fn a_family_that_the_host_has_no_address_of_is_an_error() {
        let end = control(&Names::of(Family::V6), ("127.0.0.1", 1), Duration::from_secs(1));
        assert!(matches!(end, Err(Cause::Lost(Phase::Resolve, _))), "{end:?}");
    }
}
