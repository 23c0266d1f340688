//! What `--move` takes away at the source: files once their copies are proven, and at the end the
//! directories that nothing was left in.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ftp_core::error::Cause;
use ftp_core::path::RemotePath;
use ftp_core::report::Report;
use ftp_core::retry::{Tries, may_pass};
use ftp_core::servers::{Server, Servers};
use ftp_core::sources;
use ftp_core::url::Origin;
use ftp_core::walk::Item;
use ftp_core::wire::Wants;

/// What all lanes know of directories.
#[derive(Debug, Default)]
pub struct Gone(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Directories that were walked, those inside before those around them.
    left: Vec<(Origin, RemotePath)>,
    /// Those in which something is left, with the name of their server.
    stay: HashSet<(String, RemotePath)>,
}

impl Gone {
    /// Something at `path` is still there.
    pub fn stays(&self, origin: &Origin, path: &RemotePath) {
        if let Some(parent) = path.parent() {
            self.known().stay.insert((origin.shown(), parent));
        }
    }

    /// A directory was walked; `whole` tells whether all that is in it was seen.
    pub fn left(&self, origin: &Origin, item: &Item, whole: bool) {
        let dir = item.path.trimmed();
        let named = !matches!(dir.name().as_slice(), b"" | b"." | b"..");
        let mut known = self.known();
        if !whole {
            known.stay.insert((origin.shown(), dir.clone()));
        }
        if named {
            known.left.push((origin.clone(), dir));
        }
    }

    /// Removes the directories in which nothing is left.
    pub fn directories(&self, servers: &mut Servers, report: &mut Report) {
        let left = std::mem::take(&mut self.known().left);
        for (origin, dir) in left {
            let here = (origin.shown(), dir.clone());
            if self.known().stay.contains(&here) {
                self.stays(&origin, &dir);
                continue;
            }
            let removed = servers.at(&origin).and_then(|server| {
                let session = server.session(Wants::default())?;
                session.command("RMD", Some(&dir))
            });
            if let Err(cause) = removed {
                self.stays(&origin, &dir);
                sources::fail(report, &origin, dir.as_bytes(), cause);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a file at the source, over as many connections as it takes.
///
/// # Errors
/// The server's refusal, or its loss.
pub fn file(server: &mut Server, path: &RemotePath, retries: u32) -> Result<(), Cause> {
    let (mut tries, mut lost) = (Tries::new(retries), false);
    loop {
        let cause = match remove(server, path) {
            // The try before did it, and only its answer was lost.
            Err(Cause::Refused(reply)) if lost && reply.code() == 550 => return Ok(()),
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

fn remove(server: &mut Server, path: &RemotePath) -> Result<(), Cause> {
    let session = server.session(Wants { features: !path.as_bytes().is_ascii(), data: true })?;
    session.command("DELE", Some(path)).map(drop)
}
