//! What `--move` takes away at the source: files once their copies are proven, and at the end the
//! directories that nothing was left in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ftp_core::error::Cause;
use ftp_core::kept::Kept;
use ftp_core::listing::{By, Entry, Kind};
use ftp_core::met::Met;
use ftp_core::newer::Version;
use ftp_core::path::RemotePath;
use ftp_core::report::Report;
use ftp_core::retry::may_pass;
use ftp_core::servers::{Server, Servers};
use ftp_core::sizes;
use ftp_core::sources;
use ftp_core::url::Origin;
use ftp_core::walk::Item;
use ftp_core::wire::Wants;

/// What all lanes know of directories.
#[derive(Debug)]
pub struct Gone {
    /// Whether anything is taken away at all.
    moves: bool,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Directories that were walked, by server, those inside before those around them.
    left: Vec<(Origin, Kept)>,
    /// Those in which something is left, with the name of their server.
    stay: Met,
    /// Why not all of that is known: then no directory goes.
    lost: Option<Cause>,
}

impl Known {
    fn stays(&mut self, origin: &Origin, dir: &RemotePath) {
        let noted = self.stay.insert(&key(origin, dir)).map_err(Cause::Local);
        self.note(noted.map(drop));
    }

    fn left(&mut self, origin: &Origin, dir: &RemotePath) {
        let known = self.left.iter().position(|(other, _)| other.same_session(origin));
        if known.is_none() {
            self.left.push((origin.clone(), Kept::new(By::Arrival, false)));
        }
        let place = known.unwrap_or(self.left.len() - 1);
        let entry = Entry::new(b"", Kind::Dir);
        let kept = self.left.get_mut(place).map(|(_, kept)| kept.push(dir.as_bytes(), &entry));
        self.note(kept.unwrap_or(Ok(())).map_err(Cause::from));
    }

    fn note(&mut self, done: Result<(), Cause>) {
        if let Err(cause) = done {
            self.lost.get_or_insert(cause);
        }
    }
}

fn key(origin: &Origin, dir: &RemotePath) -> Vec<u8> {
    [origin.shown().as_bytes(), b"\0", dir.as_bytes()].concat()
}

/// How many bytes of the directories stay in memory while they are removed.
const HELD: usize = 1024 * 1024;

impl Gone {
    /// `moves` is whether anything is taken away.
    pub fn new(moves: bool) -> Self {
        Self { moves, known: Mutex::default() }
    }

    /// Something at `path` is still there.
    pub fn stays(&self, origin: &Origin, path: &RemotePath) {
        if let Some(parent) = path.parent().filter(|_| self.moves) {
            self.known().stays(origin, &parent);
        }
    }

    /// A directory was walked; `whole` tells whether all that is in it was seen.
    pub fn left(&self, origin: &Origin, item: &Item, whole: bool) {
        if !self.moves {
            return;
        }
        let dir = item.path.trimmed();
        let named = !matches!(dir.name().as_slice(), b"" | b"." | b"..");
        let mut known = self.known();
        if !whole {
            known.stays(origin, &dir);
        }
        if named {
            known.left(origin, &dir);
        }
    }

    /// Removes the directories in which nothing is left.
    pub fn directories(&self, servers: &mut Servers, report: &mut Report) {
        let left = std::mem::take(&mut self.known().left);
        for (origin, kept) in left {
            if let Err(cause) = self.at(servers, report, &origin, kept) {
                return sources::fail(report, &origin, &[], cause);
            }
        }
    }

    fn at(
        &self,
        servers: &mut Servers,
        report: &mut Report,
        origin: &Origin,
        kept: Kept,
    ) -> Result<(), Cause> {
        if let Some(cause) = self.known().lost.take() {
            return Err(cause);
        }
        let mut dirs = kept.in_order(HELD)?;
        while let Some(dir) = dirs.next_entry().map_err(Cause::Local)? {
            let Ok(dir) = RemotePath::new(dir.name.into_owned()) else { continue };
            self.directory(servers, report, origin, &dir)?;
        }
        Ok(())
    }

    fn directory(
        &self,
        servers: &mut Servers,
        report: &mut Report,
        origin: &Origin,
        dir: &RemotePath,
    ) -> Result<(), Cause> {
        if self.known().stay.contains(&key(origin, dir)).map_err(Cause::Local)? {
            self.stays(origin, dir);
            return self.known().lost.take().map_or(Ok(()), Err);
        }
        let removed = servers.at(origin).and_then(|server| {
            let session = server.session(Wants::default())?;
            session.command("RMD", Some(dir))
        });
        if let Err(cause) = removed {
            self.stays(origin, dir);
            sources::fail(report, origin, dir.as_bytes(), cause);
        }
        self.known().lost.take().map_or(Ok(()), Err)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a file at the source, over as many connections as it takes, if it still is the `version` that was copied.
///
/// # Errors
/// The server's refusal, its loss, or another version.
pub fn file(
    server: &mut Server,
    path: &RemotePath,
    version: Version,
    retries: u32,
) -> Result<(), Cause> {
    let (mut tries, mut lost) = (server.tries(retries), false);
    loop {
        let cause = match remove(server, path, (version, lost)) {
            Err(cause) => cause,
            Ok(()) => return Ok(()),
        };
        lost |= !cause.session_survives();
        if !may_pass(&cause, server.was_reached()) || !tries.again() {
            return Err(cause);
        }
        server.try_again();
    }
}

/// `lost` tells whether the answer to a DELE may have been lost: then a file that is not there is removed.
fn remove(
    server: &mut Server,
    path: &RemotePath,
    (version, lost): (Version, bool),
) -> Result<(), Cause> {
    let session = server.session(Wants::to_transfer(path))?;
    let now = session.version_at(path)?;
    if lost && now.is_some_and(|now| now.is_nothing()) {
        return Ok(());
    }
    let now = match now.filter(|now| now.size.is_some()) {
        Some(now) => now,
        None => Version { size: sizes::told(session, path)?, ..now.unwrap_or_default() },
    };
    if now.size.is_none() || !now.may_be(&version) {
        let text = "stays: it is not the version any more that was copied";
        return Err(Cause::Operand(text.into()));
    }
    session.command("DELE", Some(path)).map(drop)
}
