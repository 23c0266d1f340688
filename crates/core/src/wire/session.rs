//! A logged-in session: commands and their replies. Data connections are in `data`.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use super::access::Access;
use super::account::Account;
use super::control::Control;
use super::greet::{self, OlderTls};
use super::knowledge::{Facts, Knowledge};
use super::proxied::Place;
use super::pulse::Noops;
use super::tls::TlsSession;
use crate::charset::{Charset, Guess, for_terminal};
use crate::ending::Stake;
use crate::error::{Cause, Phase};
use crate::features::Features;
use crate::newer::Version;
use crate::path::RemotePath;
use crate::proxy::Proxy;
use crate::reply::Reply;
use crate::waits::Waits;

/// What a server says after it has read or scanned a whole file may take this many times `--timeout`:
/// the verdict on a transfer, a checksum.
pub(super) const VERDICT_PATIENCE: u32 = 4;

/// How many commands go out together: their replies are a few KiB.
pub const FLIGHT: usize = 64;

/// What the first flight of commands should bring back besides the login.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Wants {
    /// The server's FEAT list.
    pub features: bool,
    /// A data connection right after the login.
    pub data: bool,
}

impl Wants {
    /// What a transfer of `path` needs. A name that is not ASCII means something only once the server was
    /// told that names are UTF-8, where its FEAT says that it understands that.
    pub fn to_transfer(path: &RemotePath) -> Self {
        Self { data: true, ..Self::to_ask(path) }
    }

    /// The same for commands about `path`.
    pub fn to_ask(path: &RemotePath) -> Self {
        Self { features: !path.as_bytes().is_ascii(), data: false }
    }
}

/// The transfer type the server is in (RFC 959 §3.1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    /// Bytes as they are.
    Image,
    /// Lines that end in CRLF on the wire.
    Ascii,
}

impl Type {
    /// The command that sets it.
    pub(super) fn command(self) -> &'static [u8] {
        match self {
            Self::Image => b"TYPE I",
            Self::Ascii => b"TYPE A",
        }
    }
}

/// A logged-in control connection.
pub struct Session {
    pub(super) control: Control,
    /// The server and the login: for a second connection in place of this one, too.
    pub(super) account: Account,
    /// What all connections of this session share; `None` without TLS.
    pub(super) tls: Option<TlsSession>,
    /// Whether PROT P was accepted, so that data connections are under TLS too.
    pub(super) protected: bool,
    /// What the server can do, once FEAT has been asked.
    pub(super) features: Option<Features>,
    /// The type the server is in, as far as we know.
    pub(super) kind: Option<Type>,
    /// Where the next passive data connection goes, when the server has said so already.
    pub(super) passive: Option<Place>,
    /// The next passive data connection, where it stands already.
    pub(super) ahead: Option<TcpStream>,
    /// Whether an EPSV for the next transfer is on its way.
    pub(super) epsv_presumed: bool,
    /// Whether the server is known to read no command during a transfer.
    pub(super) one_by_one: bool,
    /// The SIZE that went out at the end of an upload, ahead of the verdict.
    pub(super) size_presumed: Option<Vec<u8>>,
    /// What was asked behind the login, see [`Dialed`], and the replies.
    pub(super) told: Vec<(Vec<u8>, Option<Reply>)>,
    /// Whether the working directory is not the login directory, so that another connection could
    /// not take the place of this one.
    pub(super) away: bool,
    /// The login directory, once PWD has been asked.
    home: Option<Vec<u8>>,
    /// The NOOPs that were sent during transfers.
    pub(super) noops: Noops,
    /// Whether a transfer began whose end was never read: nothing more can be asked then.
    pub(super) in_transfer: bool,
    /// Whether the server has said that it began the last transfer.
    pub(super) began: bool,
    /// That a signal may cut the control connection.
    _stake: Option<Stake>,
    /// Whether a REST was sent whose transfer has not come to its end.
    pub(super) rest_lingers: bool,
    /// What the names in all listings look like, where that is to tell the encoding.
    pub(super) guess: Option<Guess>,
}

/// A connection of which the login has not begun, and what is asked behind it.
#[derive(Debug)]
pub struct Dialed {
    pub(super) socket: TcpStream,
    pub(super) questions: Vec<Vec<u8>>,
}

impl Session {
    /// Connects, starts TLS as the account says, and logs in.
    ///
    /// # Errors
    /// The server is not reached, has no TLS where it is required, or refuses the login.
    pub fn open(account: &Account, wants: Wants) -> Result<Self, Cause> {
        Self::open_over(None, account, wants)
    }

    /// The same over a connection of [`Self::dial`], if there is one.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_over(
        dialed: Option<Dialed>,
        account: &Account,
        wants: Wants,
    ) -> Result<Self, Cause> {
        greet::open(account, dialed, wants, OlderTls::No)
    }

    /// Connects, and does not log in. Size and time of a file are asked for behind the login, so that
    /// [`Self::size_and_time`] knows them then.
    ///
    /// # Errors
    /// The server is not reached.
    pub fn dial(account: &Account, about: Option<&RemotePath>) -> Result<Dialed, Cause> {
        let questions = about.map_or(Vec::new(), |path| size_and_time(path).to_vec());
        greet::reach(account).map(|socket| Dialed { socket, questions })
    }

    pub(super) fn new(control: Control, account: Account) -> Self {
        let stake = control.stake(&account.access.ending);
        let guess = (account.access.charset == Charset::Auto).then(Guess::default);
        Self {
            control,
            account,
            tls: None,
            protected: false,
            features: None,
            kind: None,
            passive: None,
            ahead: None,
            epsv_presumed: false,
            one_by_one: false,
            size_presumed: None,
            told: Vec::new(),
            away: false,
            home: None,
            noops: Noops::default(),
            in_transfer: false,
            began: false,
            rest_lingers: false,
            _stake: stake,
            guess,
        }
    }

    /// How names are written on this server: as the run was told, or as all listings so far tell.
    pub fn charset(&self) -> Charset {
        let guessed =
            self.guess.as_ref().and_then(|guess| guess.charset(&self.account.origin.host));
        guessed.unwrap_or(self.account.access.charset)
    }

    /// The same, in a session that takes the place of `old`: what was seen there counts on.
    pub fn in_place_of(mut self, old: Self) -> Self {
        self.guess = old.guess;
        self
    }

    /// How servers are reached in this run.
    pub(super) fn access(&self) -> &Access {
        &self.account.access
    }

    /// How long the fixed waits are.
    pub fn waits(&self) -> Waits {
        self.access().waits
    }

    /// What the run has learned of the server.
    pub(super) fn facts(&self) -> Facts {
        self.account.knowledge.facts()
    }

    /// The same, to be changed when something shows.
    pub fn knowledge(&self) -> Knowledge {
        self.account.knowledge.clone()
    }

    /// Tells something about `path` to those who want to know more than errors (`-v`).
    pub fn tell(&self, path: &RemotePath, text: &str) {
        let shown = for_terminal(&self.charset().show(path.as_bytes()));
        self.control.trace().tell(&format!("{shown}: {text}"));
    }

    /// Notes something of the server for all sessions of the run.
    pub(super) fn learn_fact(&self, note: impl FnOnce(&mut Facts)) {
        self.account.knowledge.learn(note);
    }

    /// Whether commands may go out before the replies to earlier ones are in.
    pub(super) fn pipelines(&self) -> bool {
        self.facts().pipelining
    }

    /// From now on the server is sent one command at a time.
    pub(super) fn stop_pipelining(&self) {
        self.learn_fact(|facts| facts.pipelining = false);
    }

    /// Whether another command may be sent.
    pub fn is_usable(&self) -> bool {
        !self.in_transfer && self.control.is_in_step()
    }

    /// Sends `verb`, and `path` behind it where there is one, and reads the reply, whatever it is.
    ///
    /// # Errors
    /// The connection is lost or the wait runs out.
    pub fn ask(&mut self, verb: &str, path: Option<&RemotePath>) -> Result<Reply, Cause> {
        self.send(&line(verb, path))
    }

    /// Asks the same of several paths, in their order, with one wait where commands may go out ahead of
    /// their replies. There must be so few that their replies fit into the buffers between us: [`FLIGHT`].
    ///
    /// # Errors
    /// Those of [`Self::ask`]; what was answered before stands in `replies`.
    pub fn ask_all<'p>(
        &mut self,
        verb: &str,
        paths: impl IntoIterator<Item = &'p RemotePath>,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Cause> {
        let lines: Vec<_> = paths.into_iter().map(|path| line(verb, Some(path))).collect();
        if self.pipelines() {
            self.control.presume(&lines)?;
        }
        for line in &lines {
            replies.push(self.send(line)?);
        }
        Ok(())
    }

    /// The same with `rest` behind the path, and a blank between.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub fn ask_about(&mut self, verb: &str, path: &RemotePath, rest: &str) -> Result<Reply, Cause> {
        self.send(&[&line(verb, Some(path))[..], b" ", rest.as_bytes()].concat())
    }

    /// The same about what takes the server time: it has to read the whole file for a checksum.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub fn ask_for_long(&mut self, verb: &str, path: &RemotePath) -> Result<Reply, Cause> {
        self.control.set_patience(self.access().timeout * VERDICT_PATIENCE);
        let reply = self.ask(verb, Some(path))?;
        self.control.set_patience(self.access().timeout);
        Ok(reply)
    }

    /// As [`Self::ask`], and anything but 2xx is an error.
    ///
    /// # Errors
    /// The server's refusal, or the connection's end.
    pub fn command(&mut self, verb: &str, path: Option<&RemotePath>) -> Result<Reply, Cause> {
        done(self.ask(verb, path)?)
    }

    /// Makes sure that a data connection can resume the control connection's TLS session. Where
    /// the server gives no more TLS 1.3 tickets, the session starts again with TLS 1.2, whose
    /// sessions can be resumed any number of times; or, where the server has no TLS 1.2, with new
    /// tickets. ProFTPD gives two for a control connection, none for a resumed one, and refuses
    /// data connections that are not resumed.
    pub(super) fn keep_resumable(&mut self) -> Result<(), Cause> {
        let dry = self.tls.as_ref().is_some_and(|tls| self.protected && tls.tickets.ran_dry());
        if !dry || self.away {
            return Ok(());
        }
        self.control.trace().note("out of TLS 1.3 tickets: connecting again");
        let wants = Wants { features: self.features.is_some(), data: self.facts().epsv };
        // Some servers take one connection a user.
        self.control.say(b"QUIT")?;
        self.control.give_up();
        let open = |older_tls| greet::open(&self.account, None, wants, older_tls);
        let fresh = match self.facts().tls12 {
            true => match open(OlderTls::Yes) {
                Err(Cause::Tls(_)) => {
                    self.learn_fact(|facts| facts.tls12 = false);
                    open(OlderTls::No)
                }
                opened => opened,
            },
            false => open(OlderTls::No),
        };
        self.go_on_over(fresh?);
        Ok(())
    }

    /// A new connection takes the place of this one, which was lost.
    pub(super) fn reconnect(&mut self, wants: Wants) -> Result<(), Cause> {
        self.hang_up();
        let fresh = greet::open(&self.account, None, wants, OlderTls::No)?;
        self.go_on_over(fresh);
        Ok(())
    }

    fn go_on_over(&mut self, fresh: Self) {
        let guess = self.guess.take();
        *self = Self { guess, ..fresh };
    }

    /// Where a port of the server is: at the address that the control connection found, or behind
    /// the proxy that led to it, by the name that it was asked for.
    pub(super) fn place(&self, port: u16) -> io::Result<Place> {
        let mut peer = self.control.peer()?;
        if let Some(proxy) = self.proxy() {
            let (proxy, host) = (Arc::clone(proxy), self.account.origin.host.clone());
            return Ok(Place::Behind { proxy, at: peer, host, port });
        }
        // The peer's own address: an IPv6 one may have a zone.
        peer.set_port(port);
        Ok(Place::At(peer))
    }

    /// The proxy that leads to this server. It alone is the peer of our sockets then.
    pub(super) fn proxy(&self) -> Option<&Arc<Proxy>> {
        let origin = &self.account.origin;
        self.access().proxies.to(&origin.host, origin.port)
    }

    /// Sends one whole command line, without CRLF, or finds it sent ahead, and reads its reply. That to an
    /// EPSV which went out before comes first, and is kept for the next transfer: of what is not read in
    /// its turn all replies are dropped, and it would be done twice.
    pub(super) fn send(&mut self, line: &[u8]) -> Result<Reply, Cause> {
        if line != b"EPSV" && self.epsv_is_due() {
            self.take_presumed_epsv()?;
        }
        let answer = self.control.command(line, Phase::Reply);
        self.note_end_at(line, &answer);
        let reply = answer?;
        if reply.code() == 421 {
            self.control.give_up();
        }
        Ok(reply)
    }

    /// Notes where a connection ended, and which commands have an answer.
    fn note_end_at(&self, line: &[u8], answer: &Result<Reply, Cause>) {
        match answer {
            Ok(reply) => self.note_answer(line, reply),
            Err(Cause::Lost(..)) => self.account.knowledge.hung_up_at(verb_of(line)),
            Err(_) => {}
        }
    }

    /// Notes that a command was answered, or is not known here.
    pub(super) fn note_answer(&self, line: &[u8], reply: &Reply) {
        let knowledge = &self.account.knowledge;
        match reply.code() {
            500 | 502 => knowledge.refused(verb_of(line)),
            _ => knowledge.answered(verb_of(line)),
        }
    }

    /// What the server says it can do; asks once. A server without FEAT can do nothing special.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn features(&mut self) -> Result<&Features, Cause> {
        if self.features.is_none() {
            let reply = self.ask("FEAT", None)?;
            self.learn(&reply)?;
        }
        Ok(self.features.get_or_insert_default())
    }

    /// Takes the answer to FEAT, and turns UTF-8 names on where the server offers them: IIS keeps
    /// to its code page until told.
    pub(super) fn learn(&mut self, feat: &Reply) -> Result<(), Cause> {
        let features = if feat.is_done() { Features::parse(feat.raw()) } else { <_>::default() };
        if features.utf8 && self.account.access.charset.takes_utf8() {
            self.control.say(b"OPTS UTF8 ON")?;
        }
        self.features = Some(features);
        Ok(())
    }

    /// Puts the server into `kind`, unless it is there already.
    ///
    /// # Errors
    /// The server refuses the type, or is lost.
    pub(super) fn set_type(&mut self, kind: Type) -> Result<(), Cause> {
        if self.kind != Some(kind) {
            done(self.send(kind.command())?)?;
            self.kind = Some(kind);
        }
        Ok(())
    }

    /// Whether `verb` is worth asking, by what this server has answered to it in the run.
    pub fn answers(&self, verb: &str) -> bool {
        self.account.knowledge.answers(verb)
    }

    /// The size of a file in bytes; `None` where the server cannot tell or there is no such file.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn size(&mut self, path: &RemotePath) -> Result<Option<u64>, Cause> {
        if !self.answers("SIZE") {
            return Ok(None);
        }
        Ok(self.ask("SIZE", Some(path))?.size())
    }

    /// When a file was last modified, in seconds since the epoch, UTC (MDTM, RFC 3659 §3); `None`
    /// where the server cannot tell.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn modified(&mut self, path: &RemotePath) -> Result<Option<i64>, Cause> {
        Ok(self.ask("MDTM", Some(path))?.time())
    }

    /// As [`Self::size`], for a path that a transfer follows: the EPSV for it goes out together
    /// with the question.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn size_before_transfer(&mut self, path: &RemotePath) -> Result<Option<u64>, Cause> {
        if !self.answers("SIZE") {
            return Ok(None);
        }
        let size = line("SIZE", Some(path));
        if self.size_presumed.take().as_ref() != Some(&size) {
            self.send_together(vec![size])?;
        }
        let reply = self.ask("SIZE", Some(path))?;
        Ok(self.not_of_epsv(reply)?.size())
    }

    /// Sends the question for the size of what was stored, and the EPSV for the next transfer, before the
    /// verdict, to a server that will not read them before.
    pub(super) fn presume_size(&mut self, path: &RemotePath) -> Result<(), Cause> {
        if !(self.one_by_one && self.pipelines() && self.noops.open == 0) || self.epsv_presumed {
            return Ok(());
        }
        if !self.answers("SIZE") {
            return Ok(());
        }
        let size = line("SIZE", Some(path));
        self.size_presumed = Some(size.clone());
        let lines = self.with_epsv(vec![size]);
        self.control.presume(&lines)
    }

    /// Size and time of a file that a transfer follows for, as [`Self::size`] and
    /// [`Self::modified`] tell them: one wait, where commands may go out together.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn size_and_time(&mut self, path: &RemotePath) -> Result<Version, Cause> {
        Ok(self.found_before_transfer(path)?.unwrap_or_default())
    }

    /// What is at a path that a transfer follows for, as [`Self::version_at`] tells it.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn found_before_transfer(&mut self, path: &RemotePath) -> Result<Option<Version>, Cause> {
        let told = std::mem::take(&mut self.told);
        if let Some(replies) = replies_about(path, &told) {
            return Ok(self.found_by(&size_and_time(path), &replies));
        }
        let questions = self.questions_about(path);
        self.send_together(questions.clone())?;
        let mut replies = Vec::new();
        for question in &questions {
            let reply = self.send(question)?;
            replies.push(self.not_of_epsv(reply)?);
        }
        Ok(self.found_by(&questions, &replies))
    }

    /// What is there, by the answers to SIZE and MDTM: nothing where they say so, `None` where they do not tell.
    fn found_by(&self, questions: &[Vec<u8>], replies: &[Reply]) -> Option<Version> {
        let tells = replies.iter().any(|reply| reply.is_done() || reply.code() == 550);
        tells.then(|| self.version_of(questions, replies))
    }

    /// What the answers to SIZE and MDTM say. A server that works on several commands at once may have sent them in
    /// the other order.
    fn version_of(&self, questions: &[Vec<u8>], replies: &[Reply]) -> Version {
        if let [size, time] = replies
            && size.time().is_some()
            && time.time().is_none()
        {
            // A size of so many digits is no file's.
            self.stop_pipelining();
            return Version { size: time.size(), modified: size.time() };
        }
        let mut version = Version::default();
        for (question, reply) in questions.iter().zip(replies) {
            match question.starts_with(b"SIZE") {
                true => version.size = reply.size(),
                false => version.modified = reply.time(),
            }
        }
        version
    }

    /// The questions for size and time of a file that this server may be asked.
    pub(super) fn questions_about(&self, path: &RemotePath) -> Vec<Vec<u8>> {
        let knowledge = &self.account.knowledge;
        let verbs = ["SIZE", "MDTM"].into_iter().filter(|verb| knowledge.answers(verb));
        verbs.map(|verb| line(verb, Some(path))).collect()
    }

    /// Reads the answers to [`Self::questions_about`], which went out ahead, as [`Self::version_at`] tells them.
    pub(super) fn answers_to(&mut self, questions: &[Vec<u8>]) -> Result<Option<Version>, Cause> {
        let mut replies = Vec::new();
        for question in questions {
            let reply = self.send(question)?;
            if reply.is_preliminary() {
                return Err(self.answered_out_of_order());
            }
            replies.push(reply);
        }
        Ok(self.found_by(questions, &replies))
    }

    /// What is at `path`, as far as SIZE and MDTM tell: nothing where both say so, `None` where that cannot be told.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn version_at(&mut self, path: &RemotePath) -> Result<Option<Version>, Cause> {
        let questions = self.questions_about(path);
        if self.pipelines() {
            self.control.presume(&questions)?;
        }
        self.answers_to(&questions)
    }

    /// The server works on several commands at once, and what is due next cannot be told: it is sent one command at a
    /// time from now on.
    fn answered_out_of_order(&mut self) -> Cause {
        self.stop_pipelining();
        self.control.give_up();
        Cause::Protocol("replies in another order than the commands".into())
    }

    /// Sends questions about a file that a transfer follows for, and the EPSV for that behind them unless it
    /// went out at the end of the last transfer.
    fn send_together(&mut self, mut lines: Vec<Vec<u8>>) -> Result<(), Cause> {
        if !self.pipelines() {
            return Ok(());
        }
        if !self.epsv_is_due() {
            lines = self.with_epsv(lines);
        }
        self.control.presume(&lines)
    }

    fn epsv_is_due(&self) -> bool {
        self.epsv_presumed && self.control.owes_next(b"EPSV")
    }

    pub(super) fn take_presumed_epsv(&mut self) -> Result<(), Cause> {
        self.epsv_presumed = false;
        let reply = self.send(b"EPSV")?;
        self.take_epsv(&reply);
        Ok(())
    }

    /// `lines`, and the EPSV for the next transfer where its place is not known yet.
    fn with_epsv(&mut self, mut lines: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let has_place = self.passive.is_some() || self.ahead.is_some();
        if self.may_presume_epsv() && !has_place {
            lines.push(line("EPSV", None));
            self.epsv_presumed = true;
        }
        lines
    }

    /// The reply that `reply` should be. Where it is the answer to an EPSV that was sent behind the
    /// command, the server works on several at once (libunftp), and is sent one at a time from now on.
    fn not_of_epsv(&mut self, reply: Reply) -> Result<Reply, Cause> {
        if reply.code() != 229 {
            return Ok(reply);
        }
        self.take_epsv(&reply);
        self.stop_pipelining();
        self.epsv_presumed = false;
        self.send(b"EPSV")
    }

    /// Whether the next EPSV may go out before it is asked for.
    pub(super) fn may_presume_epsv(&self) -> bool {
        let facts = self.facts();
        facts.pipelining && facts.epsv && self.access().active.is_none()
    }

    /// Tries to enter `path`, and returns the reply to CWD. The working directory is the same
    /// afterwards, so that relative paths keep their meaning.
    ///
    /// # Errors
    /// The connection is lost, or there is no way back to the login directory.
    pub fn enter(&mut self, path: &RemotePath) -> Result<Reply, Cause> {
        let mut replies = self.enter_all(&[path])?;
        replies.pop().ok_or_else(|| Cause::Protocol("no reply to CWD".into()))
    }

    /// The same of several paths, with one wait where commands may go out together.
    fn enter_all(&mut self, paths: &[&RemotePath]) -> Result<Vec<Reply>, Cause> {
        let home = self.home()?;
        let back = [&b"CWD "[..], &home].concat();
        let together = self.pipelines();
        if together {
            let both = |path: &&RemotePath| [line("CWD", Some(path)), back.clone()];
            let lines: Vec<_> = paths.iter().flat_map(both).collect();
            self.control.presume(&lines)?;
        }
        let mut replies = Vec::new();
        for path in paths {
            let reply = self.ask("CWD", Some(path))?;
            match reply.is_done() {
                true => self.go_home(&home)?,
                false if together => drop(self.send(&back)?),
                false => {}
            }
            replies.push(reply);
        }
        Ok(replies)
    }

    /// Goes back to the login directory. Where that fails, relative paths would lead elsewhere from
    /// now on, so the session is given up.
    pub(super) fn go_home(&mut self, home: &[u8]) -> Result<(), Cause> {
        let reply = self.send(&[&b"CWD "[..], home].concat())?;
        if reply.is_done() {
            return Ok(());
        }
        self.control.give_up();
        Err(Cause::Refused(reply))
    }

    /// The components of `path` from the root, as far as text can tell: relative ones are put
    /// below the login directory.
    ///
    /// # Errors
    /// The login directory cannot be had.
    pub fn from_root(&mut self, path: &RemotePath) -> Result<Vec<Vec<u8>>, Cause> {
        let mut whole = Vec::new();
        if !path.as_bytes().starts_with(b"/") {
            whole = self.home()?;
            whole.push(b'/');
        }
        whole.extend_from_slice(path.as_bytes());
        let parts = whole.split(|&b| b == b'/').filter(|part| !matches!(*part, b"" | b"."));
        Ok(parts.map(<[u8]>::to_vec).collect())
    }

    /// The login directory as the server names it.
    pub(super) fn home(&mut self) -> Result<Vec<u8>, Cause> {
        if let Some(home) = &self.home {
            return Ok(home.clone());
        }
        let reply = done(self.send(b"PWD")?)?;
        let Some(home) = reply.quoted_path().filter(|home| !home.is_empty()) else {
            let text = "the server's answer to PWD cannot be read, so there would be no way back";
            return Err(Cause::Operand(text.into()));
        };
        if home.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')) {
            return Err(Cause::Protocol("a working directory with a line end in its name".into()));
        }
        self.home = Some(home.clone());
        Ok(home)
    }

    /// Makes a directory; one that is there already is as good, also when another process made it
    /// a moment ago: MKD may fail, being able to enter decides.
    ///
    /// # Errors
    /// MKD's refusal, when there is no such directory afterwards either.
    pub fn make_directory(&mut self, path: &RemotePath) -> Result<(), Cause> {
        let made = self.ask("MKD", Some(path))?;
        if made.is_done() || (made.code() != 421 && self.enter(path)?.is_done()) {
            return Ok(());
        }
        Err(Cause::Refused(made))
    }

    /// Sends the MKD of [`Self::make_directory`], which has to come next and takes the reply. One command
    /// that nothing else follows is not ahead of any reply, so every server takes it.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn begin_directory(&mut self, path: &RemotePath) -> Result<(), Cause> {
        self.control.presume(&[line("MKD", Some(path))])
    }

    /// The same of several, in two waits where commands may go out together; tells which of them are
    /// there now. There may be as many as for [`Self::ask_all`].
    ///
    /// # Errors
    /// The connection is lost, or there is no way back to the login directory.
    pub fn make_directories(&mut self, paths: &[RemotePath]) -> Result<Vec<bool>, Cause> {
        let mut made = Vec::new();
        self.ask_all("MKD", paths, &mut made)?;
        let mut there: Vec<_> = made.iter().map(Reply::is_done).collect();
        let refused = paths.iter().zip(&there).filter(|(_, there)| !**there).map(|(path, _)| path);
        let refused: Vec<_> = refused.collect();
        if !refused.is_empty() {
            let mut entered = self.enter_all(&refused)?.into_iter();
            for there in there.iter_mut().filter(|there| !**there) {
                *there = entered.next().is_some_and(|reply| reply.is_done());
            }
        }
        Ok(there)
    }

    /// Renames a file (RFC 959 §4.1.3).
    ///
    /// # Errors
    /// The server's refusal of either name, or a lost connection.
    pub fn rename(&mut self, from: &RemotePath, to: &RemotePath) -> Result<(), Cause> {
        let reply = self.ask("RNFR", Some(from))?;
        // 350 says that the new name is awaited; a server that is content at once is as good.
        if !(reply.code() == 350 || reply.is_done()) {
            return Err(Cause::Refused(reply));
        }
        self.command("RNTO", Some(to)).map(drop)
    }

    /// The same, and asks for the sizes of both names in the flight of the RNTO: what the old one has now, and the new
    /// one. `None` is a name that has no file, or that the server does not tell.
    ///
    /// # Errors
    /// Those of [`Self::rename`].
    pub fn rename_and_look(
        &mut self,
        from: &RemotePath,
        to: &RemotePath,
    ) -> Result<(Option<u64>, Option<u64>), Cause> {
        if !self.answers("SIZE") {
            return self.rename(from, to).map(|()| (None, None));
        }
        let reply = self.ask("RNFR", Some(from))?;
        if !(reply.code() == 350 || reply.is_done()) {
            return Err(Cause::Refused(reply));
        }
        let flight = [line("RNTO", Some(to)), line("SIZE", Some(from)), line("SIZE", Some(to))];
        if self.pipelines() {
            self.control.presume(&flight)?;
        }
        let renamed = self.ask("RNTO", Some(to))?;
        let (old, new) = (self.size(from)?, self.size(to)?);
        done(renamed).map(|_| (old, new))
    }

    /// Closes the connection of a session that cannot be used any more: it must not take the place of
    /// the next.
    pub fn hang_up(&self) {
        if let Ok(socket) = self.control.socket() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Leaves with QUIT, without waiting for the answer.
    pub fn quit(mut self) {
        if self.is_usable() {
            let _ = self.control.say(b"QUIT");
        }
    }
}

/// The replies to both questions, where they were asked behind the login.
fn replies_about(path: &RemotePath, told: &[(Vec<u8>, Option<Reply>)]) -> Option<Vec<Reply>> {
    let asked = told.iter().map(|(question, _)| question);
    let same = asked.eq(&size_and_time(path));
    let replies: Vec<_> = told.iter().filter_map(|(_, reply)| reply.clone()).collect();
    (same && replies.len() == told.len()).then_some(replies)
}

/// The first word of a command line.
fn verb_of(line: &[u8]) -> &[u8] {
    line.split(|&b| b == b' ').next().unwrap_or_default()
}

/// The questions for size and time of a file.
fn size_and_time(path: &RemotePath) -> [Vec<u8>; 2] {
    ["SIZE", "MDTM"].map(|verb| line(verb, Some(path)))
}

/// A command line. Servers skip blanks before an argument, take `~` at its beginning for a home directory (vsftpd removed
/// all that is in it) and `-` for an option, so such a path is given with `./` before it.
pub(super) fn line(verb: &str, path: Option<&RemotePath>) -> Vec<u8> {
    let mut line = verb.as_bytes().to_vec();
    if let Some(path) = path {
        line.push(b' ');
        let is_odd = |first: &u8| first.is_ascii_whitespace() || matches!(first, b'~' | b'-');
        if path.as_bytes().first().is_some_and(is_odd) {
            line.extend_from_slice(b"./");
        }
        line.extend_from_slice(path.as_bytes());
    }
    line
}

/// Code and words of a reply, for a message.
pub fn said(reply: &Reply) -> String {
    format!("{} {}", reply.code(), for_terminal(&reply.words()))
}

/// Anything but 2xx is a refusal.
pub(super) fn done(reply: Reply) -> Result<Reply, Cause> {
    if reply.is_done() { Ok(reply) } else { Err(Cause::Refused(reply)) }
}
