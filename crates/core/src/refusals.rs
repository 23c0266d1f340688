//! What stands behind a refusal, where the server can be asked: 550 and 553 say neither that a path
//! is a directory nor that its directory is not there.

use crate::error::Cause;
use crate::path::RemotePath;
use crate::reply::Reply;
use crate::servers::Server;
use crate::wire::Wants;

/// Whether what the server did not do something with as a file is a directory. Some say so; the
/// others are asked, if `may_ask`.
pub fn is_directory(
    server: &mut Server,
    path: &RemotePath,
    refusal: &Reply,
    may_ask: bool,
) -> bool {
    if refusal.says_any(&[b"is a directory", b"regular file", b"plain file"]) {
        return true;
    }
    may_ask && refusal.code() == 550 && can_be_entered(server, path) == Some(true)
}

/// The refusal of an upload to `path`, with what is wrong about that place, if it is the place.
pub fn of_upload(server: &mut Server, path: &RemotePath, cause: Cause) -> Cause {
    let may_be_the_place = matches!(&cause, Cause::Refused(reply) if is_about_a_place(reply));
    match may_be_the_place.then(|| wrong_place(server, path)).flatten() {
        Some(hint) => Cause::Hinted(Box::new(cause), hint),
        None => cause,
    }
}

/// A server that speaks of permission has said all: a tree that may not be written is not asked about file by
/// file.
fn is_about_a_place(reply: &Reply) -> bool {
    matches!(reply.code(), 450 | 451 | 550 | 553) && !reply.says_any(&[b"permission"])
}

fn wrong_place(server: &mut Server, path: &RemotePath) -> Option<&'static str> {
    if can_be_entered(server, path)? {
        return Some("that is a directory; a slash at its end puts the file into it");
    }
    let parent = path.parent().filter(|parent| !parent.trimmed().is_empty())?;
    let is_there = can_be_entered(server, &parent)?;
    (!is_there).then_some("there is no directory for it; -m makes one")
}

/// `None` where the server could not be asked.
fn can_be_entered(server: &mut Server, path: &RemotePath) -> Option<bool> {
    let session = server.session(Wants { features: false, data: false }).ok()?;
    Some(session.enter(path).ok()?.is_done())
}
