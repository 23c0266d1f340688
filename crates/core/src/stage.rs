//! Uploads that appear under their name whole or not at all: a temporary name beside the target, and
//! the renaming.

use std::iter;

use crate::error::Cause;
use crate::path::RemotePath;
use crate::retry::{Tries, may_pass};
use crate::servers::Server;
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
/// then, where that can still be asked for.
pub fn publish(
    server: &mut Server,
    temporary: &RemotePath,
    target: &RemotePath,
    retries: u32,
) -> Result<(), Cause> {
    let (mut tries, mut lost) = (Tries::new(retries), false);
    loop {
        let wants = Wants { features: !target.as_bytes().is_ascii(), data: false };
        let renamed = server.session(wants).and_then(|session| rename(session, temporary, target));
        let cause = match renamed {
            Ok(()) => return Ok(()),
            // The first try did it, and only its answer was lost.
            Err(Cause::Refused(reply)) if lost && is_missing(server, temporary) => {
                return match is_missing(server, target) {
                    false => Ok(()),
                    true => Err(Cause::Refused(reply)),
                };
            }
            Err(cause) => cause,
        };
        lost |= !cause.session_survives();
        if !may_pass(&cause, server.was_reached()) || !tries.again() {
            server.remove_half(temporary);
            return Err(cause);
        }
        server.try_again();
    }
}

/// RNFR and RNTO. Servers on Windows do not rename onto a file: then that one is moved aside first,
/// and back again if that was not the reason.
fn rename(session: &mut Session, from: &RemotePath, to: &RemotePath) -> Result<(), Cause> {
    match session.rename(from, to) {
        Err(Cause::Refused(reply)) if session.is_usable() && reply.code() / 100 == 5 => {
            let aside = temporary(to);
            if session.size(from)?.is_none() || session.rename(to, &aside).is_err() {
                return Err(Cause::Refused(reply));
            }
            match session.rename(from, to) {
                Ok(()) => session.ask("DELE", Some(&aside)).map(drop),
                Err(_) if session.is_usable() => {
                    session.rename(&aside, to).and(Err(Cause::Refused(reply)))
                }
                Err(cause) => Err(cause),
            }
        }
        other => other,
    }
}

fn is_missing(server: &mut Server, path: &RemotePath) -> bool {
    let asked = server.session(Wants::default()).and_then(|session| session.size(path));
    matches!(asked, Ok(None))
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
