//! Data connections: passive or active, plain or under TLS, and the server's verdict at their end.

use std::net::TcpStream;
use std::time::Duration;

use super::active::Waiting;
use super::proxied::Place;
use super::pulse::{Noops, Pulse};
use super::session::{Session, Type, VERDICT_PATIENCE, done, line, said};
use super::stream::Stream;
use crate::charset::{Guess, for_terminal};
use crate::ending::Stake;
use crate::error::{Cause, Phase};
use crate::meter::{Gauge, Start};
use crate::path::RemotePath;
use crate::rate::Rate;
use crate::reply::Reply;

/// How long an EPSV port may take to connect before PASV is tried: behind some NAT boxes EPSV is
/// answered and then blocked.
const EPSV_PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait for the server's words once a transfer has broken.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How many bytes may follow a STOR of which nobody knows whether it is refused: as many as the buffers of
/// both sides take however small they are. vsftpd neither reads what it refuses nor closes the
/// connection, so whoever sends more than that waits for it in vain.
const UNHEARD: u64 = 32 * 1024;

/// How many 1xx replies may come before the one that counts.
const MOST_PRELIMINARY: usize = 8;

/// The near side of a data connection before the transfer command is sent.
enum Door {
    Open(TcpStream),
    Awaited(Waiting),
}

/// What comes after a transfer, so that its first command can be on its way already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Another transfer.
    Transfer,
    /// Nothing, or nothing known.
    Unknown,
}

/// A transfer under way. It borrows the session: nothing else can be asked before its end, and
/// only [`Self::finish_download`] and [`Self::finish_upload`] know whether
/// it succeeded.
#[must_use = "only finish_download() and finish_upload() read the verdict"]
pub struct Transfer<'s> {
    session: &'s mut Session,
    /// The data connection.
    pub stream: Stream,
    /// How many bytes the server said will come; downloads of images only.
    pub announced: Option<u64>,
    /// The byte of the file that it begins with.
    pub from: u64,
    /// How its file is called.
    pub path: RemotePath,
    /// How large the file is, where somebody wanted to know.
    size: Option<u64>,
    /// The file that is stored, where it can be asked for its size afterwards.
    stored: Option<RemotePath>,
    /// That a signal may cut the data connection. It goes with it, or the server would not see its
    /// end.
    stake: Option<Stake>,
}

impl Session {
    /// Opens the download of a file from byte `from` on, or from its beginning where the server
    /// does not take REST: [`Transfer::from`] tells.
    ///
    /// # Errors
    /// The server's refusal, or a data connection that cannot be had.
    pub fn retrieve(
        &mut self,
        path: &RemotePath,
        kind: Type,
        from: u64,
    ) -> Result<Transfer<'_>, Cause> {
        let asks = self.access().meter.is_watched() && kind == Type::Image;
        let size = if asks { self.size_before_transfer(path)? } else { None };
        let retrieve = line("RETR", Some(path));
        let mut transfer = self.transfer_from(kind, from, (&|_| retrieve.clone(), true))?;
        transfer.size = size;
        transfer.path = path.clone();
        if path.as_bytes().ends_with(b"bytes)") {
            // What stands in the reply may be the file's name.
            transfer.announced = None;
        }
        Ok(transfer)
    }

    /// Opens the upload of a file, or of bytes to `append` to one. With `from` it is the rest of a
    /// file of which the server has so many bytes; `length` is how many come now, where that is known.
    ///
    /// # Errors
    /// The server's refusal, or a data connection that cannot be had.
    pub fn store(
        &mut self,
        append: bool,
        path: &RemotePath,
        kind: Type,
        (from, length): (u64, Option<u64>),
    ) -> Result<Transfer<'_>, Cause> {
        // Bytes that come twice do no harm behind a REST, so APPE is the second choice.
        let command =
            |restarts: bool| line(if append || !restarts { "APPE" } else { "STOR" }, Some(path));
        let is_small = from == 0 && length.is_some_and(|length| length <= UNHEARD);
        let mut transfer = match is_small && !append && self.hears_later() {
            true => self.store_unheard(path, kind)?,
            false => self.transfer_from(kind, from, (&command, false))?,
        };
        transfer.announced = None;
        transfer.path = path.clone();
        transfer.stored = (kind == Type::Image && !append).then(|| path.clone());
        Ok(transfer)
    }

    /// Sends a transfer command (RETR, STOR, APPE, LIST and the like, one line without CRLF) and
    /// opens the data connection.
    ///
    /// # Errors
    /// The server's refusal, or a data connection that cannot be had.
    pub fn transfer(&mut self, line: &[u8], kind: Type) -> Result<Transfer<'_>, Cause> {
        self.transfer_from(kind, 0, (&|_| line.to_vec(), false))
    }

    /// `command` is told whether the server begins where it should; if it is the same in any case, it
    /// goes out together with the REST.
    fn transfer_from(
        &mut self,
        kind: Type,
        from: u64,
        (command, in_any_case): (&dyn Fn(bool) -> Vec<u8>, bool),
    ) -> Result<Transfer<'_>, Cause> {
        self.keep_resumable()?;
        self.set_type(kind)?;
        let door = self.door()?;
        // REST counts for the very next command only (RFC 3659 §5.3), so nothing may come between.
        let rest = format!("REST {from}").into_bytes();
        if from > 0 && in_any_case && self.pipelines() {
            self.control.presume(&[rest.clone(), command(true)])?;
        }
        if from == 0 {
            self.forget_rest()?;
        }
        let restarts = from == 0 || self.send(&rest)?.code() == 350;
        let from = if restarts { from } else { 0 };
        self.rest_lingers = from > 0;
        let reply = self.send(&command(restarts))?;
        if !reply.is_preliminary() {
            if from > 0 && self.is_usable() {
                // A refused command may leave the REST in force for the next one.
                self.forget_rest()?;
            }
            return Err(match reply.is_done() {
                true => Cause::Protocol("the server ended a transfer before it began".into()),
                false => Cause::Refused(reply),
            });
        }
        self.control.owe();
        self.in_transfer = true;
        self.began = true;
        let stream = self.step_through(door)?;
        let announced = reply.announced_bytes().filter(|_| kind == Type::Image);
        let stake = self.access().ending.cuts(stream.socket());
        let path = RemotePath::default();
        let (size, stored) = (None, None);
        Ok(Transfer { session: self, stream, announced, from, path, size, stored, stake })
    }

    /// Takes back the REST of a transfer that did not come to its end: libunftp would begin the next one
    /// there, and call it a success.
    fn forget_rest(&mut self) -> Result<(), Cause> {
        if std::mem::take(&mut self.rest_lingers) {
            self.send(b"REST 0")?;
        }
        Ok(())
    }

    /// Whether bytes may follow a STOR at once, before the server has said anything to it: it hears them
    /// only when it has, and what it refuses it does not take. Under TLS it speaks first. There may be no
    /// more of them than [`UNHEARD`].
    fn hears_later(&self) -> bool {
        self.one_by_one && !self.protected && self.may_presume_epsv()
    }

    /// Sends a STOR on whose answer nobody waits: it is read with the verdict.
    fn store_unheard(&mut self, path: &RemotePath, kind: Type) -> Result<Transfer<'_>, Cause> {
        self.set_type(kind)?;
        let door = self.door()?;
        self.forget_rest()?;
        self.control.say_and_owe(&line("STOR", Some(path)))?;
        self.in_transfer = true;
        self.began = false;
        let stream = self.step_through(door)?;
        let stake = self.access().ending.cuts(stream.socket());
        let path = path.clone();
        let (announced, size, stored) = (None, None, None);
        Ok(Transfer { session: self, stream, announced, from: 0, path, size, stored, stake })
    }

    fn door(&mut self) -> Result<Door, Cause> {
        if let Some(active) = self.access().active.clone() {
            let local = self.control.local().map_err(Cause::Local)?;
            let waiting = Waiting::listen(&active, local.ip())?;
            done(self.send(&waiting.command())?)?;
            return Ok(Door::Awaited(waiting));
        }
        match self.ahead.take() {
            Some(socket) => Ok(Door::Open(socket)),
            None => self.passive_connection().map(Door::Open),
        }
    }

    /// Connects where EPSV says, else where PASV says. Where PASV leads somewhere and EPSV does not, EPSV is not asked
    /// again in this run.
    fn passive_connection(&mut self) -> Result<TcpStream, Cause> {
        if !self.facts().epsv {
            return self.passive();
        }
        if let Some(socket) = self.extended_passive()? {
            return Ok(socket);
        }
        let socket = self.passive()?;
        self.learn_fact(|facts| facts.epsv = false);
        Ok(socket)
    }

    /// Connects where EPSV says; `None` where that leads nowhere.
    fn extended_passive(&mut self) -> Result<Option<TcpStream>, Cause> {
        if self.passive.is_none() {
            self.epsv_presumed = false;
            let reply = self.send(b"EPSV")?;
            self.take_epsv(&reply);
        }
        let Some(place) = self.passive.take() else { return Ok(None) };
        let patience = self.access().waits.of(EPSV_PATIENCE);
        let connected = place.connect(self.access().timeout.min(patience));
        if connected.is_err() {
            self.control.trace().note("nothing answers at the EPSV port: trying PASV");
        }
        Ok(connected.ok())
    }

    /// Opens the data connection of the next transfer before that is asked for, so that the wait for
    /// it falls into another one. Whatever keeps it from that shows when the transfer begins.
    pub fn reach(&mut self) {
        if self.access().active.is_some() || !self.facts().epsv || !self.is_usable() {
            return;
        }
        if self.ahead.is_none() {
            self.ahead = self.passive_connection().ok();
        }
    }

    /// Where the server listened it does not any more.
    pub(super) fn forget_passive(&mut self) {
        self.passive = None;
        self.ahead = None;
    }

    /// Takes the answer to an EPSV.
    pub(super) fn take_epsv(&mut self, reply: &Reply) {
        self.forget_passive();
        let port = reply.epsv_port().filter(|_| reply.code() == 229);
        self.passive = port.and_then(|port| self.place(port).ok());
        if reply.code() / 100 == 5 {
            self.learn_fact(|facts| facts.epsv = false);
        }
    }

    /// Connects where PASV says.
    fn passive(&mut self) -> Result<TcpStream, Cause> {
        let place = self.passive_place(b"PASV")?;
        place.connect(self.access().timeout)
    }

    /// Where PASV says, or CPSV, its like for FXP. The host in the answer is the control connection's
    /// unless the user trusts it: behind NAT it is wrong, and a hostile server could name a third party.
    pub(super) fn passive_place(&mut self, command: &[u8]) -> Result<Place, Cause> {
        let reply = self.send(command)?;
        if !reply.is_done() {
            let said = said(&reply);
            let text = format!("no passive data connection: {said} (try --active)");
            return Err(Cause::Operand(text));
        }
        let Some(named) = reply.pasv_address() else {
            return Err(Cause::Protocol("an answer to PASV without an address".into()));
        };
        let place = self.place(named.port()).map_err(|e| Cause::Lost(Phase::Reply, e))?;
        Ok(if self.access().trust_pasv { place.moved_to(named) } else { place })
    }

    fn step_through(&mut self, door: Door) -> Result<Stream, Cause> {
        let timeout = self.access().timeout;
        let socket = match door {
            Door::Open(socket) => socket,
            Door::Awaited(waiting) => {
                let peer = self.control.peer().map_err(|e| Cause::Lost(Phase::Reply, e))?;
                waiting.accept(peer.ip(), timeout)?
            }
        };
        socket.set_read_timeout(Some(timeout)).map_err(Cause::Local)?;
        socket.set_write_timeout(Some(timeout)).map_err(Cause::Local)?;
        let (stream, least) = (Stream::Plain(socket), self.access().min_rate);
        let stream = match &self.tls {
            Some(tls) if self.protected => {
                let config = std::sync::Arc::clone(&tls.config);
                stream
                    .secure(&config, &self.account.origin.host, timeout)
                    .map_err(|cause| self.last_words(cause, false))?
            }
            _ => stream,
        };
        Ok(stream.paced(least))
    }

    /// The server's own reason for a broken transfer, if it gives one within a moment; else
    /// `cause`.
    fn last_words(&mut self, cause: Cause, may_be_refusal: bool) -> Cause {
        match self.last_reply() {
            Some(reply) if !reply.is_done() => self.judged(reply, may_be_refusal),
            _ => cause,
        }
    }

    /// What the server says within a moment on a transfer that was given up.
    fn last_reply(&mut self) -> Option<Reply> {
        let patience = self.access().waits.of(LAST_WORDS);
        self.control.set_patience(patience.min(self.access().timeout));
        let verdict = self.final_reply(Phase::Verdict);
        self.control.set_patience(self.access().timeout);
        self.end_transfer(verdict.as_ref().ok()?);
        verdict.ok()
    }

    fn download_verdict(&mut self, stream: Stream, next: Next) -> Result<Reply, Cause> {
        if next == Next::Transfer && self.noops.open == 0 && self.may_presume_epsv() {
            self.control.presume(&[b"EPSV".to_vec()])?;
            self.epsv_presumed = true;
        }
        stream.close();
        self.verdict()
    }

    /// Reads the verdict. A server that works on commands beside the transfer may answer the
    /// presumed EPSV first: libunftp does.
    fn verdict(&mut self) -> Result<Reply, Cause> {
        self.control.set_patience(self.access().timeout * VERDICT_PATIENCE);
        let mut reply = self.final_reply(Phase::Verdict)?;
        if reply.code() == 229 && self.epsv_presumed {
            self.take_epsv(&reply);
            self.epsv_presumed = false;
            reply = self.control.command(b"EPSV", Phase::Verdict)?;
        }
        self.control.set_patience(self.access().timeout);
        self.end_transfer(&reply);
        Ok(reply)
    }

    /// The transfer is over, and this was the last word on it.
    pub(super) fn end_transfer(&mut self, verdict: &Reply) {
        self.in_transfer = false;
        self.rest_lingers &= !verdict.is_done();
        self.settle_noops();
        if verdict.code() == 421 {
            self.control.give_up();
        }
    }

    /// Whether `reply` answers a NOOP: the verdict on a transfer is none of these. It is counted then.
    fn is_of_noop(&mut self, reply: &Reply) -> bool {
        let fits = matches!(reply.code(), 200 | 500..=504);
        if self.noops.open == 0 || !fits {
            return false;
        }
        self.noops.open -= 1;
        true
    }

    /// Reads the answers to NOOPs that are still open. A session of which that is not possible is
    /// given up: the verdict is in, and counts.
    fn settle_noops(&mut self) {
        if self.noops.open > 0 && self.control.is_in_step() && self.read_up_to_pwd().is_err() {
            self.control.give_up();
        }
        self.noops = Noops::default();
    }

    fn read_up_to_pwd(&mut self) -> Result<(), Cause> {
        let mut reply = self.control.command(b"PWD", Phase::Reply)?;
        while self.is_of_noop(&reply) {
            self.control.owe_first();
            reply = self.control.pending(Phase::Reply)?;
        }
        Ok(())
    }

    /// Reads the reply that is due, passing over 1xx: 120 before 220, or the 110 of a marker.
    pub(super) fn final_reply(&mut self, phase: Phase) -> Result<Reply, Cause> {
        let mut passed = 0;
        while passed < MOST_PRELIMINARY {
            let reply = self.control.pending(phase)?;
            if reply.is_preliminary() {
                self.began = true;
                passed += 1;
            } else if !self.is_of_noop(&reply) {
                return Ok(reply);
            }
            self.control.owe_first();
        }
        self.control.give_up();
        Err(Cause::Protocol("one preliminary reply after the other".into()))
    }

    /// What a verdict that is no 2xx means. libunftp says 150 before it looks for the file, so its 550
    /// is the refusal that others send in place of the 150; but not when data came before it.
    fn judged(&self, reply: Reply, may_be_refusal: bool) -> Cause {
        match reply.code() {
            _ if !self.began => Cause::Refused(reply),
            550 | 553 if may_be_refusal => Cause::Refused(reply),
            _ => Cause::BadVerdict(reply),
        }
    }
}

impl<'s> Transfer<'s> {
    /// What the session's listings tell of its names.
    pub(super) fn guess(&mut self) -> &mut Option<Guess> {
        &mut self.session.guess
    }

    /// How many bytes the whole file has, by what the server announced. Of a part some servers
    /// announce the part (ProFTPD), others the whole (vsftpd); `known`, from an earlier connection,
    /// tells which. The announcement is put right for [`Self::finish_download`].
    ///
    /// # Errors
    /// The file is not the one it was.
    pub fn total(&mut self, known: Option<u64>) -> Result<Option<u64>, Cause> {
        let (from, Some(announced)) = (self.from, self.announced) else { return Ok(known) };
        let total = match known {
            None if from == 0 => announced,
            None => {
                self.announced = None;
                return Ok(None);
            }
            Some(total) if announced == total || announced.checked_add(from) == Some(total) => {
                total
            }
            Some(_) => return Err(Cause::changed()),
        };
        self.announced = Some(total.saturating_sub(from));
        Ok(Some(total))
    }

    /// The data connection, and what keeps the control connection alive while it is used.
    pub fn parts(&mut self) -> (&mut Stream, Pulse<'_>) {
        let Session { control, noops, account, .. } = &mut *self.session;
        (&mut self.stream, Pulse::new(control, noops, account.access.keep_alive))
    }

    /// The cap on all transfers of the run together.
    pub fn rate(&self) -> Option<std::sync::Arc<Rate>> {
        self.session.access().rate.clone()
    }

    /// What counts its bytes: `passed` of them have been read, and `left` are to come, where that is
    /// known.
    pub fn gauge(&self, passed: u64, left: Option<u64>) -> Gauge {
        let begin = self.from.saturating_add(passed);
        let name = for_terminal(&self.session.charset().show(self.path.as_bytes()));
        let total = left.map(|left| left.saturating_add(begin)).or(self.size);
        self.session.access().meter.begin(Start { name, begin, total })
    }

    /// The bound on every wait of this transfer.
    pub fn timeout(&self) -> Duration {
        self.session.access().timeout
    }

    /// Ends a download of `received` bytes: reads the verdict, and compares with what the server
    /// announced. With `next`, the EPSV for the next transfer goes out first: the server is done
    /// with this one, since its last byte is here.
    ///
    /// # Errors
    /// Anything but 2xx, or a count that does not agree.
    pub fn finish_download(self, received: u64, next: Next) -> Result<Reply, Cause> {
        self.end_download(received, next).1
    }

    /// As [`Self::finish_download`]. With `next` the data connection of the next transfer is made, too,
    /// for a caller who has something else to wait for meanwhile.
    ///
    /// # Errors
    /// Those of [`Self::finish_download`].
    pub fn finish_download_and_reach(self, received: u64, next: Next) -> Result<Reply, Cause> {
        let (session, verdict) = self.end_download(received, next);
        if verdict.is_ok() && next == Next::Transfer {
            session.reach();
        }
        verdict
    }

    fn end_download(self, received: u64, next: Next) -> (&'s mut Session, Result<Reply, Cause>) {
        let Self { session, stream, announced, stake, .. } = self;
        drop(stake);
        let verdict = session.download_verdict(stream, next);
        let judged = verdict.and_then(|reply| match announced {
            _ if !reply.is_done() => Err(session.judged(reply, received == 0)),
            // More is none: a log grows while it is sent.
            Some(want) if received < want => Err(Cause::WrongSize { got: received, want }),
            _ => Ok(reply),
        });
        (session, judged)
    }

    /// Ends an upload: everything is on its way, and the server says that it has it.
    ///
    /// # Errors
    /// Anything but 2xx, or a connection lost before it.
    pub fn finish_upload(mut self) -> Result<Reply, Cause> {
        let stored = self.stored.take();
        self.end_upload(stored.as_ref()).1
    }

    /// The same, and asks how many bytes the file has then; `None` where the server does not tell, or
    /// where that would say nothing (text, what was appended).
    ///
    /// # Errors
    /// Those of [`Self::finish_upload`].
    pub fn finish_upload_and_count(mut self) -> Result<Option<u64>, Cause> {
        let stored = self.stored.take();
        let (session, verdict) = self.end_upload(stored.as_ref());
        verdict?;
        stored.map_or(Ok(None), |path| session.size_before_transfer(&path))
    }

    fn end_upload(self, stored: Option<&RemotePath>) -> (&'s mut Session, Result<Reply, Cause>) {
        let Self { session, mut stream, stake, .. } = self;
        drop(stake);
        if let Err(error) = stream.finish_upload() {
            drop(stream);
            // Who refuses behind the 150 may have closed before we did.
            let cause = session.last_words(Cause::Lost(Phase::Data, error), true);
            return (session, Err(cause));
        }
        let asked = stored.map_or(Ok(()), |path| session.presume_size(path));
        let verdict = asked.and_then(|()| session.verdict());
        drop(stream);
        let judged = verdict.and_then(|reply| match reply.is_done() {
            true => Ok(reply),
            false => Err(session.judged(reply, true)),
        });
        (session, judged)
    }

    /// Gives up a transfer that is in order, because something else failed. The session can be
    /// used afterwards if the server says within a moment that it has noticed.
    pub fn abandon(self) -> &'s mut Session {
        let Self { session, stream, stake, .. } = self;
        drop((stream, stake));
        session.last_reply();
        session
    }

    /// Gives up a transfer whose data connection broke with `cause`: the server may say why, and
    /// its words explain more than a reset connection does.
    pub fn broken(self, cause: Cause) -> Cause {
        let Self { session, stream, stake, .. } = self;
        drop((stream, stake));
        session.last_words(cause, false)
    }
}
