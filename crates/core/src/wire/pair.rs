//! Two sessions whose servers send a file to each other (FXP): one listens, the other connects, and
//! no byte passes through here. Whether that is worth trying, and what to do when it fails, is for
//! those who relay.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use super::active::port_command;
use super::connect::connect;
use super::knowledge::Way;
use super::proxied::Place;
use super::session::{Session, Type, Wants, line};
use crate::ending::Stake;
use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::reply::Reply;
use crate::sys;

/// How long the two may take until both say that they transfer: where a firewall is between them
/// nothing would come, and the file goes through here instead.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the other side may take to notice that one has failed, or ended.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How long a reply that has begun to arrive may take to be whole before the other side is looked
/// at again.
const SLICE: Duration = Duration::from_millis(20);

/// How long a refusal of the RETR is looked for before the STOR is sent, at least: the answer to
/// the PORT that goes out meanwhile takes as long on most networks.
const EARLY: Duration = Duration::from_millis(2);

/// A port that nobody listens on here, to ask whether foreign addresses are taken at all.
const ANY_PORT: u16 = 1025;

/// Times in a row that a destination which cannot tell how far it is is waited for.
const MOST_UNTOLD: u32 = 10;

/// Who plays the client of TLS on the data connection: one of two servers has to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Client {
    /// Nobody: it is not under TLS.
    Nobody,
    /// The source, since it knows SSCN.
    Source,
    /// The destination, since it knows SSCN.
    Sink,
    /// Whoever listens, by CPSV in the place of PASV; whether the source knows it, and the destination.
    Listener(bool, bool),
}

impl Client {
    /// Whether the servers can meet in this way.
    fn allows(self, way: Way) -> bool {
        match (self, way) {
            (Self::Listener(source, _), Way::SourceListens) => source,
            (Self::Listener(_, sink), Way::SinkListens) => sink,
            _ => true,
        }
    }
}

/// A file that could not be sent directly.
#[derive(Debug)]
pub struct Indirect {
    /// Whether it was the destination that failed.
    pub at_sink: bool,
    /// Why.
    pub cause: Cause,
    /// Whether the destination may have begun the file.
    pub begun: bool,
}

/// A source and a destination.
pub struct Pair<'s> {
    /// Where the file is.
    pub source: &'s mut Session,
    /// Where it goes.
    pub sink: &'s mut Session,
    /// What is done once the destination has begun the file: from then on a signal removes it.
    pub begun: Option<Begun<'s>>,
}

/// Tells that a file is half there.
pub type Begun<'s> = Box<dyn FnOnce() -> Option<Stake> + 's>;

/// One side of a transfer under way.
struct Side<'s> {
    session: &'s mut Session,
    /// The command whose reply has not begun to come; it is on its way.
    asked: Option<Vec<u8>>,
    /// Where it waits for the other side, if it does.
    listens: Option<SocketAddr>,
    /// Whether it said that the transfer has begun.
    begun: bool,
    verdict: Option<Reply>,
    /// What is done when it says so.
    half: Option<Begun<'s>>,
    stake: Option<Stake>,
}

impl Pair<'_> {
    /// Which way the servers can take, found with one wait on both: each is given an address of the
    /// other. Most refuse any address but the client's, as they should by default.
    ///
    /// # Errors
    /// A lost connection, of the destination or not.
    pub fn way(&mut self) -> Result<Option<Way>, Indirect> {
        let Some((source, sink)) = self.addresses() else { return Ok(None) };
        let Some(client) = self.client()?.filter(|_| may_meet(source, sink)) else {
            return Ok(None);
        };
        self.source.take_presumed().map_err(at_source)?;
        self.sink.take_presumed().map_err(at_sink)?;
        let to_source = port_command(SocketAddr::new(sink, ANY_PORT));
        let to_sink = port_command(SocketAddr::new(source, ANY_PORT));
        self.source.presume(&to_source).map_err(at_source)?;
        self.sink.presume(&to_sink).map_err(at_sink)?;
        let by_source = self.source.send(&to_source).map_err(at_source)?;
        let by_sink = self.sink.send(&to_sink).map_err(at_sink)?;
        // A PORT ends the listening that an earlier EPSV began.
        self.source.forget_passive();
        self.sink.forget_passive();
        Ok(ways(&by_source, &by_sink).into_iter().find(|way| client.allows(*way)))
    }

    /// The addresses of both, where they can be known: behind a proxy they cannot.
    fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        let of = |session: &Session| match session.place(ANY_PORT) {
            Ok(Place::At(address)) => Some(address.ip().to_canonical()),
            _ => None,
        };
        Some((of(self.source)?, of(self.sink)?))
    }

    /// Who plays the client of TLS; `None` where the data would not be as safe as on the way through
    /// here: never in the clear where one side has it under TLS.
    fn client(&mut self) -> Result<Option<Client>, Indirect> {
        match (self.source.protected, self.sink.protected) {
            (false, false) => return Ok(Some(Client::Nobody)),
            (true, true) => {}
            _ => return Ok(None),
        }
        if self.sink.has(b"SSCN").map_err(at_sink)? {
            return Ok(Some(Client::Sink));
        }
        if self.source.has(b"SSCN").map_err(at_source)? {
            return Ok(Some(Client::Source));
        }
        let at_source = self.source.has(b"CPSV").map_err(at_source)?;
        let at_sink = self.sink.has(b"CPSV").map_err(at_sink)?;
        Ok((at_source || at_sink).then_some(Client::Listener(at_source, at_sink)))
    }

    /// Has `from` sent to `to`, and waits for the verdict of both servers.
    ///
    /// # Errors
    /// A side's refusal or loss, or no progress within the timeout of the run.
    pub fn send(&mut self, way: Way, from: &RemotePath, to: &RemotePath) -> Result<(), Indirect> {
        self.source.set_type(Type::Image).map_err(at_source)?;
        self.sink.set_type(Type::Image).map_err(at_sink)?;
        let client = self.client()?.unwrap_or(Client::Nobody);
        self.sscn(client, b"SSCN ON")?;
        let by_cpsv = matches!(client, Client::Listener(..));
        let sent = match way {
            Way::SourceListens => self.fetched_by_sink((from, to), by_cpsv),
            Way::SinkListens => self.pushed_by_source((from, to), by_cpsv),
        };
        match sent {
            Err(failed) if !self.is_usable() => Err(failed),
            sent => self.sscn(client, b"SSCN OFF").and(sent),
        }
    }

    fn is_usable(&self) -> bool {
        self.source.is_usable() && self.sink.is_usable()
    }

    /// Says `text` to the server that plays the client. Its answer does not matter: without the
    /// other part the handshake fails, and the file goes through here.
    fn sscn(&mut self, client: Client, text: &[u8]) -> Result<(), Indirect> {
        match client {
            Client::Nobody | Client::Listener(..) => Ok(()),
            Client::Sink => self.sink.control.say(text).map_err(at_sink),
            Client::Source => self.source.control.say(text).map_err(at_source),
        }
    }

    /// The source is asked first: a STOR for a file that is then refused would leave an empty one.
    fn fetched_by_sink(
        &mut self,
        (from, to): (&RemotePath, &RemotePath),
        by_cpsv: bool,
    ) -> Result<(), Indirect> {
        let address = self.source.listening(by_cpsv).map_err(at_source)?;
        let (retrieve, store) = (line("RETR", Some(from)), line("STOR", Some(to)));
        self.source.presume(&retrieve).map_err(at_source)?;
        self.source.in_transfer = true;
        accept(self.sink.send(&port_command(address))).map_err(at_sink)?;
        if self.source.control.arrived(EARLY).map_err(at_source)? {
            let reply = self.source.control.command(&retrieve, Phase::Reply).map_err(at_source)?;
            if !reply.is_preliminary() {
                self.source.end_transfer(&reply);
                return Err(at_source(Cause::Refused(reply)));
            }
            return self.both((None, store), (Way::SourceListens, address), to);
        }
        self.both((Some(retrieve), store), (Way::SourceListens, address), to)
    }

    fn pushed_by_source(
        &mut self,
        (from, to): (&RemotePath, &RemotePath),
        by_cpsv: bool,
    ) -> Result<(), Indirect> {
        let address = self.sink.listening(by_cpsv).map_err(at_sink)?;
        accept(self.source.send(&port_command(address))).map_err(at_source)?;
        self.source.control.set_patience(
            self.source.access().waits.of(PATIENCE).min(self.source.access().timeout),
        );
        let reply = self.source.send(&line("RETR", Some(from)));
        self.source.control.set_patience(self.source.access().timeout);
        let reply = reply.map_err(at_source)?;
        if !reply.is_preliminary() {
            return Err(at_source(Cause::Refused(reply)));
        }
        self.both((None, line("STOR", Some(to))), (Way::SinkListens, address), to)
    }

    /// Sends the STOR and waits for both verdicts. `retrieve` is the command that the source has
    /// not said anything about.
    fn both(
        &mut self,
        (retrieve, store): (Option<Vec<u8>>, Vec<u8>),
        (way, address): (Way, SocketAddr),
        to: &RemotePath,
    ) -> Result<(), Indirect> {
        let begun = |failed: Indirect| Indirect { begun: true, ..failed };
        self.source.in_transfer = true;
        let source_began = retrieve.is_none();
        if source_began {
            self.source.control.owe();
        }
        self.sink.presume(&store).map_err(|cause| begun(at_sink(cause)))?;
        self.sink.in_transfer = true;
        let mut source = Side {
            session: self.source,
            asked: retrieve,
            listens: (way == Way::SourceListens).then_some(address),
            begun: source_began,
            verdict: None,
            half: None,
            stake: None,
        };
        let mut sink = Side {
            session: self.sink,
            asked: Some(store),
            listens: (way == Way::SinkListens).then_some(address),
            begun: false,
            verdict: None,
            half: self.begun.take(),
            stake: None,
        };
        attend(&mut source, &mut sink, to).map_err(begun)
    }
}

/// Waits until both sides have said their last word, or one has failed.
fn attend(source: &mut Side<'_>, sink: &mut Side<'_>, to: &RemotePath) -> Result<(), Indirect> {
    let mut seen = Watch::default();
    while source.verdict.is_none() || sink.verdict.is_none() {
        let begun = source.begun && sink.begun;
        let one_ended = source.verdict.is_some() || sink.verdict.is_some();
        let access = sink.session.access();
        let (timeout, waits) = (access.timeout, access.waits);
        let limit = timeout.min(match (begun, one_ended) {
            (true, false) => timeout,
            (true, true) | (false, false) => waits.of(PATIENCE),
            (false, true) => waits.of(LAST_WORDS),
        });
        let heard = hear(source, sink, limit).inspect_err(|_| {
            source.leave();
            sink.leave();
        })?;
        let alive = heard || (begun && seen.grows(sink.session, to, one_ended));
        if !alive {
            source.leave();
            sink.leave();
            return Err(at_sink(Cause::TimedOut(Phase::Data, limit)));
        }
    }
    Ok(())
}

/// Takes what either side says within `limit`; whether anything was said.
fn hear(source: &mut Side<'_>, sink: &mut Side<'_>, limit: Duration) -> Result<bool, Indirect> {
    let socket = |side: &Side<'_>| side.session.control.socket().map_err(Cause::Local);
    let sockets = [socket(source).map_err(at_source)?, socket(sink).map_err(at_sink)?];
    let awaited = sockets.iter().zip([source.verdict.is_none(), sink.verdict.is_none()]);
    let fds: Vec<_> = awaited.filter(|(_, waits)| *waits).map(|(s, _)| s.as_fd()).collect();
    // Two replies may have come in one segment.
    let heard = source.listen(Duration::ZERO).map_err(at_source)?
        | sink.listen(Duration::ZERO).map_err(at_sink)?;
    if heard {
        return Ok(true);
    }
    if !sys::wait_any(&fds, limit).map_err(Cause::Local).map_err(at_sink)? {
        return Ok(false);
    }
    // What comes may be a part of a reply, or a ticket of TLS.
    source.listen(SLICE).map_err(at_source)?;
    sink.listen(SLICE).map_err(at_sink)?;
    Ok(true)
}

impl Side<'_> {
    /// Takes a reply if one comes within `limit`; whether one came.
    fn listen(&mut self, limit: Duration) -> Result<bool, Cause> {
        if self.verdict.is_some() || !self.session.control.arrived(limit)? {
            return Ok(false);
        }
        let reply = match self.asked.take() {
            Some(command) => self.session.control.command(&command, Phase::Verdict)?,
            None => self.session.control.pending(Phase::Verdict)?,
        };
        if reply.is_preliminary() {
            self.begun = true;
            if let Some(half) = self.half.take() {
                self.stake = half();
            }
            self.session.control.owe_first();
            return Ok(true);
        }
        self.session.end_transfer(&reply);
        if !reply.is_done() {
            self.verdict = Some(reply.clone());
            return Err(match self.begun {
                true => Cause::BadVerdict(reply),
                false => Cause::Refused(reply),
            });
        }
        self.verdict = Some(reply);
        Ok(true)
    }

    /// The other side has failed: this one may notice within a moment; else its session is no use
    /// any more.
    fn leave(&mut self) {
        self.let_go();
        self.stop_listening();
        let access = self.session.access();
        let limit = access.waits.of(LAST_WORDS).min(access.timeout);
        for _ in 0..2 {
            if self.verdict.is_some() {
                return;
            }
            if !self.listen(limit).unwrap_or(false) {
                break;
            }
        }
        if self.verdict.is_none() {
            self.session.control.give_up();
        }
    }

    /// A side that has said its last word may still listen, and the other one be connected there and wait for bytes: a
    /// new port takes the place of the old one.
    fn stop_listening(&mut self) {
        if self.verdict.is_some() && self.listens.take().is_some() && self.session.is_usable() {
            let _ = self.session.listen_anew();
        }
    }

    /// Pure-FTPd drops the connection of a stranger and waits on for ours, up to 15 minutes, in
    /// which it hears nothing: one that comes from here and is closed at once ends that.
    fn let_go(&mut self) {
        let awaited = self.listens.take_if(|_| self.verdict.is_none() && !self.begun);
        if let Some(address) = awaited {
            // Who does not listen any more has no need of it.
            drop(connect(address, LAST_WORDS, Phase::Data));
        }
    }
}

/// How far the destination's file was seen to be.
#[derive(Default)]
struct Watch {
    size: Option<u64>,
    untold: u32,
}

impl Watch {
    /// Whether the file at `to` is longer than it was, asked for on a connection of its own: the
    /// servers say nothing while they transfer. Where that cannot be told it may be, a few times,
    /// unless one of them has ended.
    fn grows(&mut self, sink: &Session, to: &RemotePath, one_ended: bool) -> bool {
        let Some(size) = size_meanwhile(sink, to) else {
            self.untold += 1;
            return !one_ended && self.untold <= MOST_UNTOLD;
        };
        self.untold = 0;
        self.size.replace(size) != Some(size)
    }
}

fn size_meanwhile(sink: &Session, to: &RemotePath) -> Option<u64> {
    let mut session = Session::open(&sink.account, Wants::default()).ok()?;
    let size = session.size(to).ok().flatten();
    session.quit();
    size
}

impl Session {
    fn presume(&mut self, line: &[u8]) -> Result<(), Cause> {
        self.control.presume(&[line.to_vec()])
    }

    /// Takes the answer to an EPSV that went out ahead: nothing may be due before what is asked
    /// on both sides at once.
    fn take_presumed(&mut self) -> Result<(), Cause> {
        if self.control.owes() { self.take_presumed_epsv() } else { Ok(()) }
    }

    fn has(&mut self, feature: &[u8]) -> Result<bool, Cause> {
        Ok(self.features()?.has(feature))
    }

    fn listen_anew(&mut self) -> Result<(), Cause> {
        let place = match self.facts().epsv {
            true => {
                let reply = self.send(b"EPSV")?;
                self.take_epsv(&reply);
                return Ok(());
            }
            false => self.passive_place(b"PASV")?,
        };
        self.passive = Some(place);
        Ok(())
    }

    /// Where this server listens for a data connection; as the client of TLS on it `by_cpsv`.
    fn listening(&mut self, by_cpsv: bool) -> Result<SocketAddr, Cause> {
        if by_cpsv {
            self.forget_passive();
            return address_of(self.passive_place(b"CPSV")?);
        }
        if self.facts().epsv && self.passive.is_none() {
            let reply = self.send(b"EPSV")?;
            self.take_epsv(&reply);
        }
        let place = match self.passive.take() {
            Some(place) => place,
            None => self.passive_place(b"PASV")?,
        };
        address_of(place)
    }
}

/// An address that can be told to another server: behind a proxy none is known.
fn address_of(place: Place) -> Result<SocketAddr, Cause> {
    match place {
        Place::At(address) => Ok(address),
        Place::Behind { .. } => Err(Cause::Operand("its address is not known".into())),
    }
}

/// The ways that are open by the answers to the two PORTs. pyftpdlib connects at once, and says 425
/// as nobody listens there. As a destination it must not have such a connection: one that is over
/// before the STOR has come, as with a small file, is lost with its bytes.
fn ways(by_source: &Reply, by_sink: &Reply) -> Vec<Way> {
    let connects_at_once = |reply: &Reply| reply.code() == 425;
    let to_source = by_sink.is_done();
    let to_sink = by_source.is_done() || connects_at_once(by_source);
    let to_sink = to_sink && !connects_at_once(by_sink);
    let ways = [(Way::SourceListens, to_source), (Way::SinkListens, to_sink)];
    ways.into_iter().filter(|(_, open)| *open).map(|(way, _)| way).collect()
}

fn accept(reply: Result<Reply, Cause>) -> Result<(), Cause> {
    match reply? {
        reply if reply.is_done() => Ok(()),
        reply => Err(Cause::Refused(reply)),
    }
}

/// Whether an address by which we know one server can lead the other to it: nobody is told to
/// connect to its own loopback, or to a network that is private to us.
fn may_meet(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4() && reach(one) == reach(other)
}

/// How far an address reaches: this machine, this network, everywhere.
fn reach(address: IpAddr) -> u8 {
    let local = match address {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    if address.is_loopback() { 0 } else { 2 - u8::from(local) }
}

fn at_source(cause: Cause) -> Indirect {
    Indirect { at_sink: false, cause, begun: false }
}

fn at_sink(cause: Cause) -> Indirect {
    Indirect { at_sink: true, cause, begun: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_a_network_of_ours() {
        let meet = |a: &str, b: &str| may_meet(a.parse().unwrap(), b.parse().unwrap());
        assert!(meet("127.0.0.1", "127.0.0.2") && meet("10.0.0.1", "192.168.0.1"));
        assert!(meet("192.0.2.1", "198.51.100.7") && meet("2001:db8::1", "2001:db8::2"));
        assert!(!meet("127.0.0.1", "10.0.0.1") && !meet("10.0.0.1", "192.0.2.1"));
        assert!(!meet("2001:db8::1", "192.0.2.1") && !meet("fd00::1", "2001:db8::1"));
    }
}
