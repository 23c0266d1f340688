//! What a path is: a directory, whose entries are told, or a file.

use crate::error::Cause;
use crate::listing::{Entry, Kind, base_name};
use crate::path::RemotePath;
use crate::wire::{Listed, Session, Visit};

/// What a path turned out to be.
#[derive(Debug)]
pub enum Sight {
    /// A directory; its entries were visited.
    Directory(Listed),
    /// A file, or whatever else is no directory.
    File(Entry<'static>),
}

/// Lists `path` if it is a directory, and tells what it is if not. A trailing slash says that it
/// is one.
///
/// No listing is asked for twice: a refused MLSD and a LIST that shows just one entry of the same
/// name, or nothing, are followed up by a question about the path itself.
///
/// # Errors
/// The server's refusal when there is no such thing, or what `visit` returns.
pub fn look(
    session: &mut Session,
    path: &RemotePath,
    hidden: bool,
    visit: &mut Visit<'_>,
) -> Result<Sight, Cause> {
    if path.is_directory() || path.is_empty() {
        let listed = session.list(path, hidden, visit)?;
        return settle(session, path, listed);
    }
    let name = path.name();
    let mut first: Option<Entry<'static>> = None;
    let mut seen = 0_u64;
    let listed = session.list(path, hidden, &mut |entry| {
        seen += 1;
        if seen == 1 && base_name(&entry.name) == name && entry.kind != Kind::Dir {
            first = Some(entry.into_owned());
            return Ok(());
        }
        first.take().map_or(Ok(()), &mut *visit)?;
        visit(entry)
    });
    match (listed, first) {
        (Err(Cause::Refused(reply)), _) if session.is_usable() => match session.entry(path)? {
            Some(entry) => Ok(Sight::File(entry)),
            None => Err(Cause::Refused(reply)),
        },
        (Err(cause), _) => Err(cause),
        (Ok(listed), Some(entry)) => {
            if !listed.by_mlsd && session.size(path)?.is_some() {
                return Ok(Sight::File(entry));
            }
            visit(entry)?;
            Ok(Sight::Directory(listed))
        }
        (Ok(listed), None) => settle(session, path, listed),
    }
}

/// A LIST that shows nothing proves nothing: vsftpd answers it with 226 for a missing directory
/// too. Being able to enter decides.
fn settle(session: &mut Session, path: &RemotePath, listed: Listed) -> Result<Sight, Cause> {
    if listed.entries == 0 && !listed.by_mlsd && !path.is_empty() {
        let entered = session.enter(path)?;
        if !entered.is_done() {
            return Err(Cause::Refused(entered));
        }
    }
    Ok(Sight::Directory(listed))
}
