//! The servers of a run: one session each, opened when it is first needed, and again when it
//! was lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::charset::Charset;
use crate::crowd::is_crowded;
use crate::ending::{Ending, Stake};
use crate::error::{Cause, Outcome};
use crate::meter::Meter;
use crate::newer::Version;
use crate::path::RemotePath;
use crate::retry::{Tries, may_pass};
use crate::url::Origin;
use crate::wire::{Access, Account, Credentials, Dialed, Facts, Knowledge, Session, Wants};

/// How long a server may take to store what it had received when the connection was cut.
const STORING: Duration = Duration::from_millis(150);

/// Removes a file, and again as long as it comes back: some servers store a moment after the cut.
fn remove_twice(session: &mut Session, path: &RemotePath) {
    let _ = session.ask("DELE", Some(path));
    for _ in 0..3 {
        thread::sleep(session.waits().of(STORING));
        if !session.ask("DELE", Some(path)).is_ok_and(|reply| reply.is_done()) {
            break;
        }
    }
}

/// Finds whom to log in as at a server.
pub type FindCredentials = dyn Fn(&Origin) -> Result<Credentials, Cause> + Send + Sync;

/// A server and the session with it.
pub struct Server {
    account: Account,
    session: Option<Session>,
    /// A connection of which the login has not begun.
    dialed: Option<Dialed>,
    /// Why it is no use to try again in this run.
    gone: Option<Outcome>,
    /// Whether there ever was a session.
    reached: bool,
    /// Why no session could be opened, for the one who asks next.
    kept: Option<Cause>,
    /// Whether to wait for a place where the server has too many guests.
    patient: bool,
    /// How names are written there, where that may not change any more.
    charset: Option<Charset>,
}

/// A file that is about to be half on a server. A signal removes it over a connection of its own, since nothing is known
/// of the one that stores it.
pub struct Half {
    account: Account,
    path: RemotePath,
}

impl Half {
    /// It is half now, under a staging name: a signal removes it, as long as what is returned lives.
    pub fn begun(self) -> Stake {
        self.undone_by(|session, path| {
            remove_twice(session, path);
        })
    }

    /// The same under its own name, where `before` was: a signal removes it unless that is still there.
    pub fn begun_over(self, before: Version) -> Stake {
        self.undone_by(move |session, path| {
            let is_other = |now: Version| now.size != before.size || !now.may_be(&before);
            if session.version_at(path).is_ok_and(|now| now.is_some_and(is_other)) {
                remove_twice(session, path);
            }
        })
    }

    fn undone_by(self, undo: impl FnOnce(&mut Session, &RemotePath) + Send + 'static) -> Stake {
        let Self { account, path } = self;
        let ending = account.access.ending.clone();
        ending.undoes(move || {
            if let Ok(mut session) = Session::open(&account, Wants::default()) {
                undo(&mut session, &path);
                session.quit();
            }
        })
    }
}

impl Server {
    fn new(account: Account, patient: bool) -> Self {
        Self {
            account,
            session: None,
            dialed: None,
            gone: None,
            reached: false,
            kept: None,
            patient,
            charset: None,
        }
    }

    /// Where it is, and as whom the URL wants it.
    pub fn origin(&self) -> &Origin {
        &self.account.origin
    }

    /// What the run has learned of it.
    pub fn facts(&self) -> Facts {
        self.account.knowledge.facts()
    }

    /// Notes something of it, for all lanes and later connections.
    pub fn learn(&self, note: impl FnOnce(&mut Facts)) {
        self.account.knowledge.learn(note);
    }

    /// The tries of one piece of work, of which `most` in a row may bring nothing.
    pub fn tries(&self, most: u32) -> Tries {
        Tries::new(most, self.access().waits)
    }

    /// Does `work`, and again on a new connection where that was lost, as long as that may help. What it asks has to bear
    /// being asked twice.
    ///
    /// # Errors
    /// Those of `work`, when `retries` tries in a row brought nothing.
    pub fn mended<T>(
        &mut self,
        retries: u32,
        mut work: impl FnMut(&mut Self) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        let mut tries = self.tries(retries);
        loop {
            let cause = match work(self) {
                Ok(done) => return Ok(done),
                Err(cause) => cause,
            };
            if !may_pass(&cause, self.reached) || !tries.again() {
                return Err(cause);
            }
            self.try_again();
        }
    }

    /// The same for a place at this server, which has too many guests.
    pub fn tries_for_a_place(&self, most: u32) -> Tries {
        Tries::for_a_place(most, self.access().waits)
    }

    /// Whether the size that the server tells of a file has to be the number of bytes that were moved.
    pub fn checks_sizes(&self) -> bool {
        self.access().checks_sizes
    }

    fn access(&self) -> &Access {
        &self.account.access
    }

    /// The session, opened if there is none that can be used. `wants` goes into the first flight.
    ///
    /// # Errors
    /// Those of [`Session::open`]; a server that once was out of reach is not tried again.
    pub fn session(&mut self, wants: Wants) -> Result<&mut Session, Cause> {
        self.access().ending.go_on();
        if let Some(cause) = self.kept.take() {
            return Err(cause);
        }
        if let Some(outcome) = self.gone {
            return Err(Cause::NotTried(outcome));
        }
        let session = match self.session.take() {
            Some(session) if session.is_usable() => session,
            Some(lost) => {
                lost.hang_up();
                self.open(wants)?.in_place_of(lost)
            }
            None => self.open(wants)?,
        };
        self.reached = true;
        Ok(self.session.insert(session))
    }

    /// What a signal has to do about a half file at `path`.
    pub fn half(&self, path: &RemotePath) -> Half {
        Half { account: self.account.clone(), path: path.clone() }
    }

    fn open(&mut self, wants: Wants) -> Result<Session, Cause> {
        // Who was in before knows better what a lost session costs.
        let waits = self.patient && !self.reached;
        let most = if waits { self.access().retries } else { 0 };
        let mut tries = self.tries_for_a_place(most);
        loop {
            let opened = Session::open_over(self.dialed.take(), &self.account, wants);
            let Err(cause) = &opened else { return opened };
            if !is_crowded(cause) || !tries.again() {
                self.gone = cause.server_is_gone().then(|| cause.outcome());
                return opened;
            }
        }
    }

    /// Connects, so that the next [`Self::session`] has to log in only, and knows size and time of a file
    /// then. Where that cannot be done, `false`, it says why.
    pub fn dial(&mut self, about: Option<&RemotePath>) -> bool {
        match Session::dial(&self.account, about) {
            Ok(dialed) => self.dialed = Some(dialed),
            Err(cause) => {
                self.gone = cause.server_is_gone().then(|| cause.outcome());
                self.kept = Some(cause);
            }
        }
        self.dialed.is_some()
    }

    /// Opens the session, unless the server is full: `false` then, and nobody has waited. What else is
    /// wrong the next [`Self::session`] says.
    pub fn finds_room(&mut self, wants: Wants) -> bool {
        let patient = std::mem::replace(&mut self.patient, false);
        self.arrive(wants);
        self.patient = patient;
        let full = self.kept.take_if(|cause| is_crowded(cause)).is_some();
        if full {
            self.try_again();
        }
        !full
    }

    /// Whether there is a session by now. Where none can be opened, the next [`Self::session`] says
    /// why.
    pub fn arrive(&mut self, wants: Wants) -> bool {
        match self.session(wants) {
            Ok(_) => true,
            Err(cause) => {
                self.kept = Some(cause);
                false
            }
        }
    }

    /// Opens the data connection of the next transfer ahead, as far as that can be done.
    pub fn reach(&mut self, wants: Wants) {
        if self.arrive(wants)
            && let Some(session) = &mut self.session
        {
            session.reach();
        }
    }

    /// The bound on every single wait.
    pub fn patience(&self) -> Duration {
        self.access().timeout
    }

    /// Whether there is a session that can be used.
    pub fn is_in(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_usable)
    }

    /// Whether it is no use to ask for a session.
    pub fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// Whether the server was there in this run.
    pub fn was_reached(&self) -> bool {
        self.reached
    }

    /// Forgets that the server was out of reach, and a session of which replies are due: the next
    /// thing begins on a connection that is in order.
    pub fn try_again(&mut self) {
        self.gone = None;
    }

    /// Removes a half file, on a new connection if need be. What cannot be removed is left: the
    /// failure that led here is the one to report.
    pub fn remove_half(&mut self, path: &RemotePath) {
        self.try_again();
        if let Ok(session) = self.session(Wants::default()) {
            let _ = session.ask("DELE", Some(path));
        }
    }

    /// How names are written on this server, as far as is known by now.
    pub fn charset(&self) -> Charset {
        if let Some(fixed) = self.charset {
            return fixed;
        }
        self.session.as_ref().map_or(self.access().charset, Session::charset)
    }

    /// Stays with the charset that is known by now, whatever later listings look like: a tree that is
    /// copied must not change its names half way.
    pub fn fix_charset(&mut self) {
        self.charset = Some(self.charset()).filter(|charset| *charset != Charset::Auto);
    }

    /// The same server for one who works beside, with no session yet; it waits for no place.
    pub fn another(&self) -> Self {
        Self { charset: self.charset, ..Self::new(self.account.clone(), false) }
    }

    /// Takes leave.
    pub fn quit(self) {
        if let Some(session) = self.session {
            session.quit();
        }
    }

    /// Whether two servers are one host and port, and the same user on it.
    pub fn is_same_account(&self, other: &Self) -> bool {
        self.account.is_same(&other.account)
    }
}

/// All servers of a run, or all of one side of it.
pub struct Servers {
    access: Arc<Access>,
    /// How some hosts are reached, by their names.
    own: Vec<(String, Arc<Access>)>,
    credentials: Arc<FindCredentials>,
    known: Vec<Server>,
    /// What the run has learned of each server, shared with those who work beside.
    learned: Arc<Mutex<Vec<(Origin, Knowledge)>>>,
    /// Whether a full server is waited for; see [`Self::for_one_more`].
    patient: bool,
}

impl Servers {
    /// Nobody is connected to yet.
    pub fn new(access: Arc<Access>, credentials: Arc<FindCredentials>) -> Self {
        let (own, known, learned) = (Vec::new(), Vec::new(), Arc::default());
        Self { access, own, credentials, known, learned, patient: true }
    }

    /// Some hosts are reached otherwise.
    pub fn with_own(self, own: Vec<(String, Arc<Access>)>) -> Self {
        Self { own, ..self }
    }

    fn access_to(&self, origin: &Origin) -> Arc<Access> {
        let own = self.own.iter().find(|(host, _)| host.eq_ignore_ascii_case(&origin.host));
        Arc::clone(own.map_or(&self.access, |(_, access)| access))
    }

    /// The end of the run, should a signal bring it.
    pub fn ending(&self) -> Ending {
        self.access.ending.clone()
    }

    /// What counts the bytes of the run.
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.access.meter)
    }

    /// The other side of a relay, where names are written in `charset`.
    pub fn another_side_in(&self, charset: Charset) -> Self {
        let there = |access: &Access| Arc::new(Access { charset, ..access.clone() });
        let own = self.own.iter().map(|(host, access)| (host.clone(), there(access))).collect();
        let credentials = Arc::clone(&self.credentials);
        let learned = Arc::clone(&self.learned);
        Self { own, learned, ..Self::new(there(&self.access), credentials) }
    }

    /// The same for one who works beside others: with sessions of its own, as far as the servers
    /// have room for them now. It waits for no place, since those who are in can do the work.
    pub fn for_one_more(&self) -> Self {
        let (access, credentials) = (Arc::clone(&self.access), Arc::clone(&self.credentials));
        let (own, learned) = (self.own.clone(), Arc::clone(&self.learned));
        Self { own, learned, patient: false, ..Self::new(access, credentials) }
    }

    fn knowledge_of(&self, origin: &Origin, access: &Access) -> Knowledge {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, knowledge)) = learned.iter().find(|(one, _)| one.same_session(origin)) {
            return knowledge.clone();
        }
        let knowledge = Knowledge::of(access);
        learned.push((origin.clone(), knowledge.clone()));
        knowledge
    }

    /// The server at `origin`.
    ///
    /// # Errors
    /// Credentials that cannot be read.
    pub fn at(&mut self, origin: &Origin) -> Result<&mut Server, Cause> {
        let place = self.known.iter().position(|server| server.origin().same_session(origin));
        let place = match place {
            Some(place) => place,
            None => {
                let credentials = (self.credentials)(origin)?;
                let (access, origin) = (self.access_to(origin), origin.clone());
                let knowledge = self.knowledge_of(&origin, &access);
                let account = Account { origin, access, credentials, knowledge };
                self.known.push(Server::new(account, self.patient));
                self.known.len() - 1
            }
        };
        let known = self.known.get_mut(place);
        known.ok_or_else(|| Cause::Operand("a server that was just here is gone".into()))
    }

    /// Takes leave of all servers.
    pub fn quit(self) {
        self.known.into_iter().for_each(Server::quit);
    }
}
