//! Facts that a run has learned of one server. They outlive connections: all sessions with the server, of every
//! lane and segment, read and write the same ones. What holds for one connection alone is in `session`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::access::Access;

/// How often in a row a connection has to end at a command before that is not sent any more.
const MOST_HANG_UPS: u8 = 2;

/// Facts of one server, shared by all sessions with it.
#[derive(Clone, Debug)]
pub struct Knowledge(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    facts: Facts,
    /// Commands at which connections ended, and how often in a row.
    hang_ups: Vec<(Vec<u8>, u8)>,
    /// Commands that were never answered but by 500 or 502.
    unknown: Vec<Vec<u8>>,
    /// Commands that had another answer.
    known: Vec<Vec<u8>>,
}

/// What a server was found to do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// It takes commands before the replies to earlier ones are in.
    pub pipelining: bool,
    /// Its EPSV ports can be reached.
    pub epsv: bool,
    /// It knows MLSD, as far as nothing else was seen.
    pub mlsd: bool,
    /// It reads the `-a` of `LIST -a` as an option, as far as nothing else was seen.
    pub list_all: bool,
    /// Its MLSD shows the directory itself among the entries.
    pub mlsd_shows_itself: bool,
    /// Its `LIST -a` shows the directory itself among the entries.
    pub list_shows_itself: bool,
    /// It knows TLS 1.2, as far as nothing else was seen.
    pub tls12: bool,
    /// Whether it begins a download where REST says.
    pub restart: Restart,
    /// It keeps what is before the byte where REST lets an upload begin, as far as nothing else was seen.
    pub restart_store: bool,
    /// Its MLST or LIST tells the size of a file that was just stored, as far as nothing else was seen.
    pub tells_stored: bool,
    /// Distance of its LIST clock from UTC.
    pub clock: Clock,
    /// Command that sets the time of a file.
    pub set_time: SetTime,
    /// Whether it copies files by itself (SITE CPFR); `None` before it was asked.
    pub site_copy: Option<bool>,
    /// Way to the destination of the run without passing through the client.
    pub fxp: Route,
}

/// What a server makes of REST before a RETR.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Restart {
    /// Nothing was seen that proves it.
    #[default]
    Untried,
    /// It begins there.
    Works,
    /// It says 350, and sends the file from its beginning.
    Ignored,
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
            restart_store: true,
            tells_stored: true,
            ..Facts::default()
        };
        Self(Arc::new(Mutex::new(Shared { facts, ..Shared::default() })))
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

    /// `verb` was answered, and not by 500 or 502.
    pub(super) fn answered(&self, verb: &[u8]) {
        let shared = &mut *self.shared();
        shared.hang_ups.retain(|(at, _)| at != verb);
        shared.unknown.retain(|unknown| unknown != verb);
        note(&mut shared.known, verb);
    }

    /// `verb` was answered by 500 or 502: the server does not know it, unless it has shown that it does.
    pub(super) fn refused(&self, verb: &[u8]) {
        let shared = &mut *self.shared();
        shared.hang_ups.retain(|(at, _)| at != verb);
        if !shared.known.iter().any(|known| known == verb) {
            note(&mut shared.unknown, verb);
        }
    }

    /// Whether `verb` is worth asking: the server may know it, and connections do not end at it.
    pub fn answers(&self, verb: &str) -> bool {
        let is_unknown = self.shared().unknown.iter().any(|unknown| unknown == verb.as_bytes());
        !is_unknown && !self.hangs_up_at(verb)
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

fn note(verbs: &mut Vec<Vec<u8>>, verb: &[u8]) {
    if !verbs.iter().any(|noted| noted == verb) {
        verbs.push(verb.to_vec());
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
