//! The size of a file on a server, by all ways in which a server can tell it: SIZE, MLST, a listing.

use crate::error::Cause;
use crate::listing::{Entry, Kind, mlst_reply};
use crate::look;
use crate::path::RemotePath;
use crate::wire::Session;

/// The size of a file in bytes, by the first way in which the server tells it; `None` where it does not, or there is no
/// such file.
///
/// # Errors
/// The connection is lost.
pub fn told(session: &mut Session, path: &RemotePath) -> Result<Option<u64>, Cause> {
    match session.size_before_transfer(path)? {
        Some(size) => Ok(Some(size)),
        None => without_size(session, path),
    }
}

/// The same where SIZE is not to be asked.
///
/// # Errors
/// The connection is lost.
pub fn without_size(session: &mut Session, path: &RemotePath) -> Result<Option<u64>, Cause> {
    match by_mlst(session, path)? {
        Some(size) => Ok(Some(size)),
        None => by_listing(session, path),
    }
}

/// As [`told`], where no transfer follows.
///
/// # Errors
/// The connection is lost.
pub fn told_alone(session: &mut Session, path: &RemotePath) -> Result<Option<u64>, Cause> {
    match session.size(path)? {
        Some(size) => Ok(Some(size)),
        None => without_size(session, path),
    }
}

/// Whether MLST or a listing tells the size `count`: a second opinion where SIZE tells another one. Some servers count
/// records, or know a new file only a moment later.
///
/// # Errors
/// The connection is lost.
pub fn is_confirmed(session: &mut Session, path: &RemotePath, count: u64) -> Result<bool, Cause> {
    Ok(by_mlst(session, path)? == Some(count) || by_listing(session, path)? == Some(count))
}

/// Whether there is a file of that name, by the first way in which the server tells it.
///
/// # Errors
/// The connection is lost.
pub fn is_there(session: &mut Session, path: &RemotePath) -> Result<bool, Cause> {
    if let Some(version) = session.version_at(path)? {
        return Ok(!version.is_nothing());
    }
    if session.features()?.mlst && session.answers("MLST") {
        return Ok(session.ask("MLST", Some(path))?.is_done());
    }
    Ok(look::listed(session, path)?.is_some())
}

/// Whether MLST shows a file of that name: a second opinion where SIZE tells its size. `None` where it is not known.
///
/// # Errors
/// The connection is lost.
pub fn is_shown(session: &mut Session, path: &RemotePath) -> Result<Option<bool>, Cause> {
    if !session.features()?.mlst || !session.answers("MLST") {
        return Ok(None);
    }
    let reply = session.ask("MLST", Some(path))?;
    Ok(match reply.code() {
        _ if reply.is_done() => Some(true),
        550 => Some(false),
        _ => None,
    })
}

fn by_mlst(session: &mut Session, path: &RemotePath) -> Result<Option<u64>, Cause> {
    if !session.features()?.mlst || !session.answers("MLST") {
        return Ok(None);
    }
    let reply = session.ask("MLST", Some(path))?;
    let entry = if reply.is_done() { mlst_reply(reply.raw()) } else { None };
    Ok(entry.as_ref().and_then(size_of_file))
}

fn by_listing(session: &mut Session, path: &RemotePath) -> Result<Option<u64>, Cause> {
    Ok(look::listed(session, path)?.as_ref().and_then(size_of_file))
}

/// The size of a link is not that of the file.
fn size_of_file(entry: &Entry<'_>) -> Option<u64> {
    entry.size.filter(|_| entry.kind == Kind::File)
}
