//! Data connections: passive or active, plain or under TLS, and the server's verdict at their end.

use std::net::TcpStream;
use std::time::Duration;

use super::active::Waiting;
use super::proxied::Place;
use super::pulse::{Noops, Pulse};
use super::session::{Session, Type, VERDICT_PATIENCE, Wants, done, line, said};
use super::stream::Stream;
use crate::charset::{Guess, for_terminal};
use crate::ending::Stake;
use crate::error::{Cause, Phase};
use crate::meter::{Gauge, Start};
use crate::newer::Version;
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

/// An upload to begin.
#[derive(Clone, Copy, Debug)]
pub struct StoreRequest<'a> {
    /// Whether the bytes are added to what is there.
    pub append: bool,
    /// Where they go.
    pub path: &'a RemotePath,
    /// How they are transferred.
    pub kind: Type,
    /// How many bytes of the file the server has.
    pub from: u64,
    /// How many come now, where that is known.
    pub length: Option<u64>,
}

/// The end of an upload.
#[derive(Debug)]
pub struct Counted {
    /// The server's last word on the transfer, or why there is none.
    pub verdict: Result<(), Cause>,
    /// How many bytes the file has then; `None` where the server does not tell, or where that would say nothing (text,
    /// what was appended).
    pub size: Result<Option<u64>, Cause>,
}

/// A transfer to begin.
#[derive(Debug)]
struct Request<'a> {
    /// RETR, STOR, APPE, LIST and the like.
    verb: &'a str,
    /// The verb where the server takes no REST; `None` where that is the same.
    without_rest: Option<&'a str>,
    path: &'a RemotePath,
    kind: Type,
    /// The byte of the file that it begins with.
    from: u64,
    /// Command lines about the file, which go out ahead.
    questions: Vec<Vec<u8>>,
}

impl<'a> Request<'a> {
    /// From the beginning, without a question.
    fn of(verb: &'a str, path: &'a RemotePath, kind: Type) -> Self {
        Self { verb, without_rest: None, path, kind, from: 0, questions: Vec::new() }
    }

    fn rest(&self) -> Vec<u8> {
        format!("REST {}", self.from).into_bytes()
    }

    /// The command line; `restarts` tells whether the server takes the REST, if there is one.
    fn command(&self, restarts: bool) -> Vec<u8> {
        let verb = self.without_rest.filter(|_| !restarts).unwrap_or(self.verb);
        line(verb, Some(self.path).filter(|path| !path.is_empty()))
    }
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
    /// What was asked for ahead of it.
    pub told: Version,
    /// Whether anything was.
    pub asked: bool,
    /// Whether bytes go to the server.
    is_upload: bool,
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
        self.download(&Request { from, ..Request::of("RETR", path, kind) })
    }

    /// The same from the beginning. Size and time of the file are asked for in the same flight, where commands may go
    /// out together: [`Transfer::told`] has the answers.
    ///
    /// # Errors
    /// Those of [`Self::retrieve`].
    pub fn retrieve_and_ask(&mut self, path: &RemotePath) -> Result<Transfer<'_>, Cause> {
        let questions = if self.pipelines() { self.questions_about(path) } else { Vec::new() };
        self.download(&Request { questions, ..Request::of("RETR", path, Type::Image) })
    }

    fn download(&mut self, request: &Request<'_>) -> Result<Transfer<'_>, Cause> {
        let mut told = None;
        let mut transfer = self.begin(request, &mut told)?;
        transfer.told = told.unwrap_or_default();
        transfer.asked = !request.questions.is_empty();
        if request.path.as_bytes().ends_with(b"bytes)") {
            // What stands in the reply may be the file's name.
            transfer.announced = None;
        }
        Ok(transfer)
    }

    /// Opens the upload of a file, or of bytes to add to one. Where commands may go out together, what is there is
    /// asked for in the same flight, and told to `before`; nothing is told where the server does not say.
    ///
    /// # Errors
    /// The server's refusal, or a data connection that cannot be had.
    pub fn store(
        &mut self,
        request: &StoreRequest<'_>,
        before: Option<&mut Option<Version>>,
    ) -> Result<Transfer<'_>, Cause> {
        let StoreRequest { append, path, kind, from, length } = *request;
        let is_small = from == 0 && length.is_some_and(|length| length <= UNHEARD);
        let mut transfer = match is_small && !append && self.hears_later() {
            true => self.store_unheard(path, kind)?,
            false => self.store_heard(request, before)?,
        };
        transfer.announced = None;
        transfer.is_upload = true;
        transfer.stored = (kind == Type::Image && !append).then(|| path.clone());
        Ok(transfer)
    }

    fn store_heard(
        &mut self,
        request: &StoreRequest<'_>,
        before: Option<&mut Option<Version>>,
    ) -> Result<Transfer<'_>, Cause> {
        let StoreRequest { append, path, kind, from, .. } = *request;
        let verb = if append { "APPE" } else { "STOR" };
        let asks = before.is_some() && self.pipelines();
        let questions = if asks { self.questions_about(path) } else { Vec::new() };
        // Bytes that come twice do no harm behind a REST, so APPE is the second choice.
        let request = Request {
            from,
            without_rest: Some("APPE"),
            questions,
            ..Request::of(verb, path, kind)
        };
        let mut told = None;
        let begun = self.begin(&request, &mut told);
        if let Some(before) = before {
            *before = told;
        }
        begun
    }

    /// Begins a listing: LIST, MLSD and the like, with a path or without.
    ///
    /// # Errors
    /// The server's refusal, or a data connection that cannot be had.
    pub(super) fn begin_listing(
        &mut self,
        verb: &str,
        path: Option<&RemotePath>,
        kind: Type,
    ) -> Result<Transfer<'_>, Cause> {
        let nowhere = RemotePath::default();
        let request = Request::of(verb, path.unwrap_or(&nowhere), kind);
        let mut transfer = self.begin(&request, &mut None)?;
        // Whatever number stands in the 150 of a listing is not the number of its bytes.
        transfer.announced = None;
        Ok(transfer)
    }

    /// Begins a transfer. What was asked ahead is put into `told` as soon as it is known.
    fn begin(
        &mut self,
        request: &Request<'_>,
        told: &mut Option<Version>,
    ) -> Result<Transfer<'_>, Cause> {
        self.keep_resumable()?;
        self.set_type(request.kind)?;
        let door = self.door()?;
        if request.from == 0 {
            self.forget_rest()?;
        }
        self.send_flight(request)?;
        *told = match self.answers_to(&request.questions) {
            // A device that hangs up at what it does not know would never come to the transfer.
            Err(Cause::Lost(..)) if !self.away => {
                self.reconnect(Wants { data: true, ..Wants::to_ask(request.path) })?;
                return self.begin(&Request { questions: Vec::new(), ..*request }, &mut None);
            }
            told => told?,
        };
        // REST counts for the very next command only (RFC 3659 §5.3), so nothing may come between.
        let restarts = request.from == 0 || self.send(&request.rest())?.code() == 350;
        let from = if restarts { request.from } else { 0 };
        self.rest_lingers = from > 0;
        let reply = self.send(&request.command(restarts))?;
        if !reply.is_preliminary() {
            return Err(self.not_begun(reply, from));
        }
        self.control.owe();
        self.in_transfer = true;
        self.began = true;
        let stream = self.step_through(door)?;
        let announced = reply.announced_bytes().filter(|_| request.kind == Type::Image);
        Ok(Transfer { announced, from, ..self.transfer_over(stream, request.path) })
    }

    /// Sends all that may go out together: questions, and what follows them. An upload waits for the answer to its
    /// REST, since it has another command where that is refused.
    fn send_flight(&mut self, request: &Request<'_>) -> Result<(), Cause> {
        let Request { questions, from, without_rest, .. } = request;
        let mut flight = questions.clone();
        if *from == 0 {
            flight.push(request.command(true));
        } else if without_rest.is_none() {
            flight.extend([request.rest(), request.command(true)]);
        }
        match self.pipelines() && flight.len() > 1 {
            true => self.control.presume(&flight),
            false => Ok(()),
        }
    }

    /// Why a transfer did not begin. A refused command may leave the REST in force for the next one.
    fn not_begun(&mut self, reply: Reply, from: u64) -> Cause {
        if from > 0
            && self.is_usable()
            && let Err(cause) = self.forget_rest()
        {
            return cause;
        }
        match reply.is_done() {
            true => Cause::Protocol("the server ended a transfer before it began".into()),
            false => Cause::Refused(reply),
        }
    }

    fn transfer_over(&mut self, stream: Stream, path: &RemotePath) -> Transfer<'_> {
        let stake = self.access().ending.cuts(stream.socket());
        Transfer {
            session: self,
            stream,
            announced: None,
            from: 0,
            path: path.clone(),
            told: Version::default(),
            asked: false,
            is_upload: false,
            stored: None,
            stake,
        }
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
        Ok(self.transfer_over(stream, path))
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
                    .map_err(|cause| self.last_words(cause, Progress::BytesCame))?
            }
            _ => stream,
        };
        Ok(stream.paced(least))
    }

    /// The server's own reason for a broken transfer, if it gives one within a moment; else
    /// `cause`.
    fn last_words(&mut self, cause: Cause, progress: Progress) -> Cause {
        match self.last_reply() {
            Some(reply) if !reply.is_done() => self.judged(reply, progress),
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
    fn judged(&self, reply: Reply, progress: Progress) -> Cause {
        match (reply.code(), progress) {
            _ if !self.began => Cause::Refused(reply),
            (550 | 553, Progress::NothingCame) => Cause::Refused(reply),
            (550 | 553, Progress::Upload) => Cause::RefusedLate(reply),
            _ => Cause::BadVerdict(reply),
        }
    }
}

/// How far a transfer was when the server ended it.
#[derive(Clone, Copy)]
enum Progress {
    /// A download without a byte.
    NothingCame,
    /// A download of which there are bytes.
    BytesCame,
    /// An upload.
    Upload,
}

impl Progress {
    fn received(bytes: u64) -> Self {
        if bytes == 0 { Self::NothingCame } else { Self::BytesCame }
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
            Some(_) => return Err(Cause::Changed),
        };
        self.announced = Some(total.saturating_sub(from));
        Ok(Some(total))
    }

    /// The data connection, and what keeps the control connection alive while it is used.
    pub fn parts(&mut self) -> (&mut Stream, Pulse<'_>) {
        let Session { control, noops, account, .. } = &mut *self.session;
        (&mut self.stream, Pulse::new(control, noops, account.access.keep_alive))
    }

    /// The data connection ended without TLS saying so.
    pub(super) fn note_unclosed(&self) {
        let text = "the server ended a data connection without the close_notify of TLS";
        self.session.control.trace().tell(text);
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
        let total = left.map(|left| left.saturating_add(begin)).or(self.told.size);
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
            _ if !reply.is_done() => Err(session.judged(reply, Progress::received(received))),
            // More is none: a log grows while it is sent.
            Some(want) if received < want && session.access().checks_sizes => {
                Err(Cause::WrongSize { got: received, want })
            }
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

    /// The same, and asks how many bytes the file has then.
    pub fn finish_upload_and_count(mut self) -> Counted {
        let stored = self.stored.take();
        let (session, verdict) = self.end_upload(stored.as_ref());
        let asked = stored.filter(|_| verdict.is_ok());
        let size = asked.map_or(Ok(None), |path| session.size_before_transfer(&path));
        Counted { verdict: verdict.map(drop), size }
    }

    fn end_upload(self, stored: Option<&RemotePath>) -> (&'s mut Session, Result<Reply, Cause>) {
        let Self { session, mut stream, stake, .. } = self;
        drop(stake);
        if let Err(error) = stream.finish_upload() {
            drop(stream);
            // Who refuses behind the 150 may have closed before we did.
            let cause = session.last_words(Cause::Lost(Phase::Data, error), Progress::Upload);
            return (session, Err(cause));
        }
        let asked = stored.map_or(Ok(()), |path| session.presume_size(path));
        let verdict = asked.and_then(|()| session.verdict());
        drop(stream);
        let judged = verdict.and_then(|reply| match reply.is_done() {
            true => Ok(reply),
            false => Err(session.judged(reply, Progress::Upload)),
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

    /// Gives up a transfer whose data connection has ended, or broke; what the server says of it within a moment.
    pub fn last_words(self) -> Option<Reply> {
        let Self { session, stream, stake, .. } = self;
        drop((stream, stake));
        session.last_reply()
    }

    /// Gives up a transfer whose data connection broke with `cause`: the server may say why, and
    /// its words explain more than a reset connection does.
    pub fn broken(self, cause: Cause) -> Cause {
        let Self { session, stream, stake, is_upload, .. } = self;
        drop((stream, stake));
        session.last_words(cause, if is_upload { Progress::Upload } else { Progress::BytesCame })
    }
}
