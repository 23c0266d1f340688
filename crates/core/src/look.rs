//! What a path is: a directory, whose entries are told, or a file.

use crate::error::Cause;
use crate::listing::{Entry, Kind, Role, base_name, mlst_reply, name_in};
use crate::path::RemotePath;
use crate::wire::{Listed, Session, Visit, takes_argument};

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
        session.prove(path, listed)?;
        return Ok(Sight::Directory(listed));
    }
    if !session.has_mlsd()?
        && let Some(size) = session.size_before_transfer(path)?
    {
        return file_by_list(session, path, size).map(Sight::File);
    }
    let mut own: Option<Entry<'static>> = None;
    let (mut count, name) = (0_u64, path.name());
    let listed = session.list(path, hidden, &mut |entry| {
        count += 1;
        if count == 1 && entry.kind != Kind::Dir && base_name(&entry.name) == name {
            own = Some(entry.into_owned());
            return Ok(());
        }
        own.take().map_or(Ok(()), &mut *visit)?;
        visit(entry)
    });
    match listed {
        Err(Cause::Refused(reply)) if session.is_usable() => match session.entry(path)? {
            Some(entry) if entry.kind != Kind::Dir => Ok(Sight::File(entry)),
            _ => Err(Cause::Refused(reply)),
        },
        Err(cause) => Err(cause),
        Ok(listed) => directory_or_file(session, path, (listed, own), visit),
    }
}

/// LIST of a file shows the file, and so does that of a directory which holds one file of its own
/// name: `own`, where that is all there was. Being able to enter it decides.
fn directory_or_file(
    session: &mut Session,
    path: &RemotePath,
    (listed, own): (Listed, Option<Entry<'static>>),
    visit: &mut Visit<'_>,
) -> Result<Sight, Cause> {
    let Some(own) = own else {
        session.prove(path, listed)?;
        return Ok(Sight::Directory(listed));
    };
    if !listed.by_mlsd && !session.enter(path)?.is_done() {
        return Ok(Sight::File(own));
    }
    visit(own)?;
    Ok(Sight::Directory(listed))
}

/// What there is to know of `path` itself, be it a directory or not (`ls -d`).
///
/// # Errors
/// The server's refusal when there is no such thing.
pub fn describe(session: &mut Session, path: &RemotePath) -> Result<Entry<'static>, Cause> {
    let name = path.name();
    if session.features()?.mlst {
        let reply = session.ask("MLST", some(path))?;
        let entry = if reply.is_done() { mlst_reply(reply.raw()) } else { None };
        if let Some(entry) = entry.filter(|entry| fits(entry, path)) {
            return Ok(entry.into_owned());
        }
    }
    if !name.is_empty()
        && let Some(entry) =
            in_parent(session, path, &name, By::Any)?.filter(|entry| fits(entry, path))
    {
        return Ok(entry);
    }
    let reply = if path.is_empty() { None } else { Some(session.enter(path)?) };
    match reply {
        Some(refused) if !refused.is_done() => match session.entry(path)? {
            Some(entry) if !path.is_directory() => Ok(entry),
            _ => Err(Cause::Refused(refused)),
        },
        _ => Ok(Entry::new(&name, Kind::Dir).into_owned()),
    }
}

/// Whether `entry` can be what `path` names: a slash at its end asks for a directory.
fn fits(entry: &Entry<'_>, path: &RemotePath) -> bool {
    !path.is_directory() || matches!(entry.kind, Kind::Dir | Kind::Link)
}

/// The login directory is meant by a bare command.
fn some(path: &RemotePath) -> Option<&RemotePath> {
    (!path.is_empty()).then_some(path)
}

/// What lists a directory.
#[derive(Clone, Copy)]
enum By {
    /// MLSD where the server has it, else LIST.
    Any,
    /// LIST.
    List,
}

/// What the listing of the directory above tells, where it can be had.
fn in_parent(
    session: &mut Session,
    path: &RemotePath,
    name: &[u8],
    list: By,
) -> Result<Option<Entry<'static>>, Cause> {
    let parent = path.parent().unwrap_or_default();
    let mut found = None;
    let visit: &mut Visit<'_> = &mut |entry| {
        if entry.role == Role::Child && name_in(parent.as_bytes(), &entry.name) == name {
            found = Some(entry.into_owned());
        }
        Ok(())
    };
    let hidden = name.starts_with(b".");
    let listed = match list {
        By::Any => session.list(&parent, hidden, visit),
        By::List => session.list_by_list(&parent, hidden, visit),
    };
    match listed {
        Err(cause) if !cause.session_survives() => Err(cause),
        _ => Ok(found),
    }
}

/// What LIST tells of one path: of the path itself where that can be asked, else of the directory above. `None` where it is not shown.
///
/// # Errors
/// The connection is lost.
pub fn listed(session: &mut Session, path: &RemotePath) -> Result<Option<Entry<'static>>, Cause> {
    let name = path.name();
    if name.is_empty() {
        return Ok(None);
    }
    if !takes_argument(path) {
        return in_parent(session, path, &name, By::List);
    }
    let mut found = None;
    let listed = session.list_by_list(path, false, &mut |entry| {
        if base_name(&entry.name) == name {
            found = Some(entry.into_owned());
        }
        Ok(())
    });
    match listed {
        Err(cause) if !cause.session_survives() => Err(cause),
        _ => Ok(found),
    }
}

/// What LIST tells of a file. vsftpd takes the path for a pattern and shows links to the file as
/// well, so the line is chosen by its name.
fn file_by_list(
    session: &mut Session,
    path: &RemotePath,
    size: u64,
) -> Result<Entry<'static>, Cause> {
    let name = path.name();
    let mut found = Entry { size: Some(size), ..Entry::new(&name, Kind::File) }.into_owned();
    let listed = session.list(path, false, &mut |entry| {
        if base_name(&entry.name) == name {
            found = entry.into_owned();
        }
        Ok(())
    });
    match listed {
        Err(cause) if !cause.session_survives() => Err(cause),
        _ => Ok(found),
    }
}
