//! From a host to a logged-in session, in as few round trips as the server bears.
//!
//! Before the greeting is read the whole login is on its way. A server that cannot take that is
//! tried once more with one command at a time.

use std::cell::Cell;
use std::net::TcpStream;

use super::access::{Access, Credentials, TlsPolicy};
use super::account::Account;
use super::connect;
use super::control::Control;
use super::proxied;
use super::session::{Dialed, Session, Type, Wants, done, line, said};
use super::stream::Stream;
use crate::crowd::has_no_room;
use crate::error::{Cause, Phase};
use crate::login::{Verdict, judge};
use crate::reply::Reply;
use crate::secret::Secret;
use crate::url::{Origin, Scheme};

/// Whether TLS 1.3 is ruled out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OlderTls {
    Yes,
    No,
}

/// See [`Session::open`]. `dialed` is to the server already.
pub(super) fn open(
    account: &Account,
    dialed: Option<Dialed>,
    wants: Wants,
    older_tls: OlderTls,
) -> Result<Session, Cause> {
    let guest = Guest { account, wants, older_tls, dialed: Cell::new(dialed) };
    if account.knowledge.facts().pipelining
        && let Some(session) = guest.pipelined()?
    {
        return Ok(session);
    }
    let session = guest.one_by_one()?;
    session.stop_pipelining();
    Ok(session)
}

/// A socket to the server, straight or through a proxy.
pub(super) fn reach(account: &Account) -> Result<TcpStream, Cause> {
    let Access { names, timeout, trace, proxies, .. } = &*account.access;
    let Origin { host, port, .. } = &account.origin;
    let Some(proxy) = proxies.to(host, *port) else {
        trace.note(&format!("connecting to {host}, port {port}"));
        return connect::control(names, (host, *port), *timeout);
    };
    trace.note(&format!("connecting to {host}, port {port}, through {}", proxy.shown()));
    proxied::control(proxy, (host, *port), names, *timeout)
}

struct Guest<'a> {
    account: &'a Account,
    wants: Wants,
    older_tls: OlderTls,
    /// For the first try.
    dialed: Cell<Option<Dialed>>,
}

impl Guest<'_> {
    /// Logs in ahead of the replies; `None` when this server cannot take it.
    fn pipelined(&self) -> Result<Option<Session>, Cause> {
        let mut session = self.connect()?;
        let secure_later = self.may_start_tls();
        let auth = vec![b"AUTH TLS".to_vec()];
        let mut flight = if secure_later { auth } else { self.flight(&session) };
        session.control.presume(&flight)?;
        match greeting(&mut session) {
            Err(Cause::Lost(..)) => return Ok(None),
            other => other?,
        }
        if secure_later {
            self.start_tls(&mut session)?;
            flight = self.flight(&session);
            session.control.presume(&flight)?;
        }
        self.read_flight(session, &flight)
    }

    fn read_flight(
        &self,
        mut session: Session,
        flight: &[Vec<u8>],
    ) -> Result<Option<Session>, Cause> {
        let (replies, hung_up) = collect(&mut session, flight)?;
        match judge(&replies, hung_up) {
            Verdict::Refused(reply) => Err(self.refused(reply)),
            Verdict::OneByOne => {
                session.control.trace().note("no pipelining here: one command at a time");
                Ok(None)
            }
            Verdict::WantsAccount => {
                self.give_account(&mut session)?;
                self.settle(session).map(Some)
            }
            Verdict::In { in_order: false } => {
                // It works on several commands at once, and answers what is done first.
                session.stop_pipelining();
                self.settle(session).map(Some)
            }
            Verdict::In { in_order: true } => {
                for (line, reply) in flight.iter().zip(replies).skip(2) {
                    take_answer(&mut session, line, reply)?;
                }
                self.settle(session).map(Some)
            }
        }
    }

    /// Logs in with one command at a time.
    fn one_by_one(&self) -> Result<Session, Cause> {
        let mut session = self.connect()?;
        greeting(&mut session)?;
        if self.may_start_tls() {
            self.start_tls(&mut session)?;
        }
        let user = session.send(&self.user())?;
        let reply = match user.code() {
            331 => session.send(&self.pass())?,
            _ => user,
        };
        match reply.code() {
            332 => self.give_account(&mut session)?,
            _ if reply.is_done() => {}
            _ => return Err(self.refused(reply)),
        }
        self.settle(session)
    }

    fn connect(&self) -> Result<Session, Cause> {
        let Access { timeout, trace, .. } = *self.account.access;
        let Origin { host, .. } = &self.account.origin;
        let Dialed { socket, questions } = match self.dialed.take() {
            Some(dialed) => dialed,
            None => Session::dial(self.account, None)?,
        };
        let mut stream = Stream::Plain(socket);
        let mut tls = None;
        if self.account.origin.scheme == Scheme::Ftps {
            let session = self.trust()?.for_session(self.older_tls == OlderTls::Yes);
            stream = stream.secure(&session.config, host, timeout)?;
            tls = Some(session);
        }
        let mut control = Control::over(stream, timeout, trace)?;
        control.hide(self.secrets());
        let mut session = Session::new(control, self.account.clone());
        session.control.owe();
        session.tls = tls;
        session.told = questions.into_iter().map(|question| (question, None)).collect();
        Ok(session)
    }

    fn trust(&self) -> Result<&super::tls::TlsTrust, Cause> {
        let trust = self.account.access.trust.as_ref();
        trust.ok_or_else(|| Cause::Tls("no trusted certificates were read".into()))
    }

    fn policy(&self) -> TlsPolicy {
        match self.account.origin.scheme {
            Scheme::Ftp => self.account.access.tls,
            Scheme::Ftps | Scheme::Ftpes => TlsPolicy::Require,
        }
    }

    /// Whether AUTH TLS is to be sent: not where TLS is on from the first byte.
    fn may_start_tls(&self) -> bool {
        self.account.origin.scheme != Scheme::Ftps && self.policy() != TlsPolicy::Off
    }

    fn start_tls(&self, session: &mut Session) -> Result<(), Cause> {
        let reply = session.send(b"AUTH TLS")?;
        if reply.code() == 234 || reply.code() == 334 {
            let tls = self.trust()?.for_session(self.older_tls == OlderTls::Yes);
            session.control.secure(&tls.config, &self.account.origin.host)?;
            session.tls = Some(tls);
            return Ok(());
        }
        if self.policy() == TlsPolicy::Try {
            let text = "this server refuses TLS: going on in the clear, password and all; \
                        --tls=require does not";
            session.control.trace().tell(text);
            return Ok(());
        }
        let said = said(&reply);
        Err(Cause::Tls(format!("the server refuses TLS: {said} (--tls=try goes on in the clear)")))
    }

    /// All commands of a login, in the order in which servers want them.
    fn flight(&self, session: &Session) -> Vec<Vec<u8>> {
        let mut lines = vec![self.user(), self.pass()];
        lines.extend(followers(session, self.wants));
        lines
    }

    fn user(&self) -> Vec<u8> {
        [&b"USER "[..], &self.account.credentials.user].concat()
    }

    fn pass(&self) -> Vec<u8> {
        [&b"PASS "[..], self.account.credentials.password.expose()].concat()
    }

    fn give_account(&self, session: &mut Session) -> Result<(), Cause> {
        let Some(account) = &self.account.credentials.account else {
            return Err(Cause::Operand("the server wants an account: give it --account".into()));
        };
        let reply = session.send(&[&b"ACCT "[..], account.expose()].concat())?;
        if reply.is_done() { Ok(()) } else { Err(self.refused(reply)) }
    }

    /// After the login: whatever the flight did not bring is asked for now, TYPE I above all.
    fn settle(&self, mut session: Session) -> Result<Session, Cause> {
        if session.tls.is_some() && !session.protected {
            session.send(b"PBSZ 0")?;
            let reply = session.send(b"PROT P")?;
            take_answer(&mut session, b"PROT P", reply)?;
        }
        session.set_type(Type::Image)?;
        if self.wants.features {
            session.features()?;
        }
        for quote in &self.account.access.quotes {
            done(session.send(quote)?)?;
        }
        Ok(session)
    }

    fn secrets(&self) -> Vec<Secret> {
        let Credentials { password, account, .. } = &self.account.credentials;
        [Some(password), account.as_ref()].into_iter().flatten().cloned().collect()
    }

    fn refused(&self, reply: Reply) -> Cause {
        let reply = reply.masked(&self.secrets());
        if reply.code() == 421 || has_no_room(&reply) {
            return Cause::TurnedAway(reply);
        }
        let who = crate::charset::for_terminal(&self.account.credentials.user);
        Cause::LoginRefused(reply, format!("user {who}, {}", self.account.credentials.source))
    }
}

/// What follows USER and PASS.
fn followers(session: &Session, wants: Wants) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    if session.tls.is_some() {
        lines.extend([line("PBSZ 0", None), line("PROT P", None)]);
    }
    lines.push(Type::Image.command().to_vec());
    if wants.features {
        lines.push(line("FEAT", None));
    }
    if wants.data && session.facts().epsv && session.access().active.is_none() {
        lines.push(line("EPSV", None));
    }
    lines.extend(session.told.iter().map(|(question, _)| question.clone()));
    lines
}

/// Waits for 220; 120 says that it will come (RFC 959 §5.4).
fn greeting(session: &mut Session) -> Result<(), Cause> {
    let reply = session.final_reply(Phase::Greeting)?;
    if !reply.is_done() {
        return Err(Cause::TurnedAway(reply));
    }
    let text = reply.raw().to_ascii_lowercase();
    if takes_ff_literally(&text) {
        session.control.send_ff_literally();
    }
    session.one_by_one = reads_nothing_meanwhile(&text);
    Ok(())
}

/// Whether a server reads no command during a transfer, so that one which comes too early is simply the
/// next: vsftpd. ProFTPD answers it with 450, others work on it beside the transfer.
fn reads_nothing_meanwhile(greeting: &[u8]) -> bool {
    memchr::memmem::find(greeting, b"vsftpd").is_some()
}

/// Whether a server is one of those that do not undo telnet's doubling of 0xFF (RFC 959 §3.1.1.1,
/// RFC 854), and would take a doubled one for a name with two. ProFTPD undoes it; these do not.
fn takes_ff_literally(greeting: &[u8]) -> bool {
    [&b"vsftpd"[..], b"pure-ftpd", b"pyftpdlib"]
        .iter()
        .any(|name| memchr::memmem::find(greeting, name).is_some())
}

/// Reads the replies to a presumed flight; `true` when the server hung up before all were in.
fn collect(session: &mut Session, flight: &[Vec<u8>]) -> Result<(Vec<Reply>, bool), Cause> {
    let mut replies = Vec::new();
    for line in flight {
        match session.control.command(line, Phase::Reply) {
            Ok(reply) => replies.push(reply),
            Err(Cause::Lost(..)) => return Ok((replies, true)),
            Err(cause) => return Err(cause),
        }
    }
    Ok((replies, false))
}

/// Takes the answer to one command behind PASS.
fn take_answer(session: &mut Session, line: &[u8], reply: Reply) -> Result<(), Cause> {
    match line {
        b"TYPE I" if reply.is_done() => session.kind = Some(Type::Image),
        b"FEAT" => session.learn(&reply)?,
        b"EPSV" => session.take_epsv(&reply),
        b"PROT P" if reply.is_done() => session.protected = true,
        b"PROT P" => {
            let said = said(&reply);
            return Err(Cause::Tls(format!(
                "the server refuses to protect data connections: {said}"
            )));
        }
        _ => {
            session.note_answer(line, &reply);
            let asked = session.told.iter_mut().find(|(question, _)| question == line);
            if let Some((_, told)) = asked {
                *told = Some(reply);
            }
        }
    }
    Ok(())
}
