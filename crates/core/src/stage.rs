//! Uploads that appear under their name whole or not at all: a temporary name beside the target, and
//! the renaming.

use std::iter;

use crate::error::Cause;
use crate::path::RemotePath;
use crate::retry::may_pass;
use crate::servers::Server;
use crate::sizes;
use crate::wire::{Session, Wants};

/// Random letters and digits in a temporary name: enough that two processes never share one.
const RANDOM: usize = 12;

/// A name in the directory of `target` that nobody else uses. It is ASCII and short, so that any
/// server takes it, and begins with a dot, so that those who process `*` do not see it.
pub fn temporary(target: &RemotePath) -> RemotePath {
    let random: String = iter::repeat_with(fastrand::alphanumeric).take(RANDOM).collect();
    let name = format!(".ftp-{random}.part");
    let beside = target.parent().unwrap_or_default().join(name.as_bytes());
    // A parent of a path holds no more line ends than the path did.
    beside.unwrap_or_default()
}

/// Gives the file at `temporary` the name `target`, replacing what is there. A lost connection is
/// made again up to `retries` times in a row.
///
/// # Errors
/// The server's refusal, or a break that trying again did not mend. The temporary file is removed
/// then, and the old one is under its name, where that can still be asked for.
pub fn publish(
    server: &mut Server,
    temporary: &RemotePath,
    target: &RemotePath,
    retries: u32,
) -> Result<(), Cause> {
    let mut renaming = Renaming { temporary, target, aside: None, lost: false };
    let mut tries = server.tries(retries);
    loop {
        let cause = match renaming.attempt(server) {
            Ok(()) => return Ok(()),
            Err(cause) => cause,
        };
        renaming.lost |= !cause.session_survives();
        if !may_pass(&cause, server.was_reached()) || !tries.again() {
            renaming.undo(server);
            return Err(cause);
        }
        server.try_again();
    }
}

/// A file on its way to its name, over as many connections as it takes.
struct Renaming<'a> {
    temporary: &'a RemotePath,
    target: &'a RemotePath,
    /// Where the old file may be meanwhile.
    aside: Option<RemotePath>,
    /// Whether an answer was lost, so that its command may have been obeyed.
    lost: bool,
}

impl Renaming<'_> {
    fn attempt(&mut self, server: &mut Server) -> Result<(), Cause> {
        let wants = Wants::to_ask(self.target);
        match server.session(wants).and_then(|session| self.rename(session)) {
            Err(Cause::Refused(reply)) if self.lost && is_missing(server, self.temporary) => {
                // The try before did it, and only its answer was lost.
                if is_missing(server, self.target) {
                    return Err(Cause::Refused(reply));
                }
            }
            renamed => renamed?,
        }
        match &self.aside {
            Some(aside) => server.session(wants)?.ask("DELE", Some(aside)).map(drop),
            None => Ok(()),
        }
    }

    /// RNFR and RNTO. Servers on Windows do not rename onto a file, and some say 250 and do not: then that one is moved
    /// aside first, and back again if that was not the reason.
    fn rename(&mut self, session: &mut Session) -> Result<(), Cause> {
        let why = match rename(session, self.temporary, self.target) {
            Err(cause) if session.is_usable() && is_in_the_way(&cause) => cause,
            other => return other,
        };
        if !sizes::is_there(session, self.temporary)? {
            return Err(why);
        }
        let aside = self.aside.insert(temporary(self.target));
        match rename(session, self.target, aside) {
            // Where its SIZE lies it may have been moved all the same.
            Err(Cause::NotRenamed) => {}
            Err(cause) if cause.session_survives() => {
                self.aside = None;
                return Err(why);
            }
            moved => moved?,
        }
        match rename(session, self.temporary, self.target) {
            Err(cause) if cause.session_survives() && session.is_usable() => {
                match session.rename(aside, self.target) {
                    Err(cause) if !cause.session_survives() => return Err(cause),
                    // What is refused was not moved aside.
                    _ => self.aside = None,
                }
                Err(why)
            }
            other => other,
        }
    }

    /// Nothing helped: the old file gets its name back, and the new one goes.
    fn undo(&self, server: &mut Server) {
        server.try_again();
        if let Some(aside) = &self.aside
            && is_missing(server, self.target)
            && let Ok(session) = server.session(Wants::default())
        {
            // What cannot be done leaves the failure that led here the one to report.
            let _ = session.rename(aside, self.target);
        }
        server.remove_half(self.temporary);
    }
}

/// Gives the file at `from` the name `to`, and looks whether that has happened: some servers say 250 where something has
/// that name, and do nothing.
///
/// # Errors
/// The server's refusal, a lost connection, or a file that still has its old name.
pub fn rename(session: &mut Session, from: &RemotePath, to: &RemotePath) -> Result<(), Cause> {
    let still_there = match session.rename_and_look(from, to)? {
        (None, None) => sizes::without_size(session, from)?.is_some(),
        (None, Some(_)) => false,
        (Some(_), _) => sizes::is_shown(session, from)?.unwrap_or(true),
    };
    if still_there { Err(Cause::NotRenamed) } else { Ok(()) }
}

/// Whether a renaming may have failed because a file has the new name.
fn is_in_the_way(cause: &Cause) -> bool {
    match cause {
        Cause::Refused(reply) => reply.code() / 100 == 5,
        Cause::NotRenamed => true,
        _ => false,
    }
}

fn is_missing(server: &mut Server, path: &RemotePath) -> bool {
    let asked = server.session(Wants::to_ask(path));
    matches!(asked.and_then(|session| sizes::is_there(session, path)), Ok(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temporary_name_is_beside_the_target() {
        for (target, dir) in [("a", ""), ("d/a", "d/"), ("/a", "/"), ("d//e/a", "d//e/")] {
            let target = RemotePath::new(target.into()).unwrap();
            let (one, other) = (temporary(&target), temporary(&target));
            let name = one.as_bytes().strip_prefix(dir.as_bytes()).unwrap();
            assert!(name.starts_with(b".ftp-") && name.ends_with(b".part"), "{one:?}");
            assert!(!name.contains(&b'/') && one != other);
        }
    }
}
