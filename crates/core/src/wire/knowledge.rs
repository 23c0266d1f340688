//! Facts that a run has learned of one server. They outlive connections: all sessions with the server, of every
//! lane and segment, read and write the same ones. What holds for one connection alone is in `session`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::access::Access;

/// How often in a row a connection has to end at a command before that is not sent any more.
const MOST_HANG_UPS: u8 = 2;

/// Facts of one server, shared by all sessions with it.
#[derive(Clone, Debug)]
pub struct Knowledge(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    facts: Facts,
    /// Commands at which connections ended, and how often in a row.
    hang_ups: Vec<(Vec<u8>, u8)>,
}

/// What a server was found to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Facts {
    /// It takes commands before the replies to earlier ones are in.
    pub pipelining: bool,
    /// Its EPSV ports can be reached.
    pub epsv: bool,
    /// It knows MLSD, as far as nothing else was seen.
    pub mlsd: bool,
    /// It reads the `-a` of `LIST -a` as an option, as far as nothing else was seen.
    pub list_all: bool,
    /// It knows TLS 1.2, as far as nothing else was seen.
    pub tls12: bool,
    /// Distance of its LIST clock from UTC.
    pub clock: Clock,
    /// Command that sets the time of a file.
    pub set_time: SetTime,
    /// Whether it copies files by itself (SITE CPFR); `None` before it was asked.
    pub site_copy: Option<bool>,
    /// Way to the destination of the run without passing through the client.
    pub fxp: Route,
}

/// How far the clock that a server's LIST shows is from UTC.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Clock {
    /// It was not asked yet.
    #[default]
    Unknown,
    /// UTC is this many seconds later than what LIST shows.
    Offset(i64),
    /// The server was asked and could not tell.
    Untold,
}

/// The commands that set a time, in the order they are tried.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SetTime {
    /// `MFMT time path` (draft-somers-ftp-mfxx): ProFTPD, Pure-FTPd, FileZilla Server, pyftpdlib.
    #[default]
    Mfmt,
    /// `MDTM time path`: vsftpd, Serv-U. Others look for a file of that name and find none.
    Mdtm,
    /// `SITE UTIME path atime mtime ctime UTC`: what ncftpd had first.
    SiteUtime,
    /// `SITE UTIME time path`, of Serv-U and its kin.
    SiteUtimeFirst,
}

/// How a server and the destination of the run reach each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Route {
    /// It was not tried yet.
    #[default]
    Unknown,
    /// So.
    By(Way),
    /// Not at all: they were asked, or it broke.
    Shut,
}

/// Which of two servers listens for the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// The destination connects to the source.
    SourceListens,
    /// The source connects to the destination.
    SinkListens,
}

impl Knowledge {
    /// Nothing is known yet but what the user said: whether commands may be sent ahead, and EPSV used.
    pub fn of(access: &Access) -> Self {
        Self::new(access.pipeline, access.epsv)
    }

    fn new(pipelining: bool, epsv: bool) -> Self {
        let facts = Facts {
            pipelining,
            epsv,
            mlsd: true,
            list_all: true,
            tls12: true,
            clock: Clock::default(),
            set_time: SetTime::default(),
            site_copy: None,
            fxp: Route::default(),
        };
        Self(Arc::new(Mutex::new(Shared { facts, hang_ups: Vec::new() })))
    }

    /// What is known by now.
    pub fn facts(&self) -> Facts {
        self.shared().facts
    }

    /// Notes something for all sessions.
    pub fn learn(&self, note: impl FnOnce(&mut Facts)) {
        note(&mut self.shared().facts);
    }

    /// A connection ended in place of the reply to `verb`.
    pub(super) fn hung_up_at(&self, verb: &[u8]) {
        let hang_ups = &mut self.shared().hang_ups;
        match hang_ups.iter_mut().find(|(at, _)| at == verb) {
            Some((_, times)) => *times = times.saturating_add(1),
            None => hang_ups.push((verb.to_vec(), 1)),
        }
    }

    /// `verb` was answered.
    pub(super) fn answered(&self, verb: &[u8]) {
        self.shared().hang_ups.retain(|(at, _)| at != verb);
    }

    /// Whether connections to this server end at `verb`, as those of small devices do at commands that they do not
    /// know.
    pub fn hangs_up_at(&self, verb: &str) -> bool {
        let hang_ups = &self.shared().hang_ups;
        hang_ups.iter().any(|(at, times)| at == verb.as_bytes() && *times >= MOST_HANG_UPS)
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sessions_share_what_one_has_learned() {
        let one = Knowledge::new(true, true);
        let other = one.clone();
        other.learn(|facts| facts.epsv = false);
        assert!(!one.facts().epsv && one.facts().pipelining);
    }

    #[test]
    fn a_command_is_given_up_when_connections_end_at_it_again_and_again() {
        let knowledge = Knowledge::new(true, true);
        knowledge.hung_up_at(b"SIZE");
        assert!(!knowledge.hangs_up_at("SIZE"), "that may have been the network");
        knowledge.answered(b"SIZE");
        knowledge.hung_up_at(b"SIZE");
        assert!(!knowledge.hangs_up_at("SIZE"));
        knowledge.hung_up_at(b"SIZE");
        assert!(knowledge.hangs_up_at("SIZE") && !knowledge.hangs_up_at("MDTM"));
    }
}
