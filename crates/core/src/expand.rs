//! From a pattern to the paths on a server that it matches.

use crate::charset::Charset;
use crate::error::Cause;
use crate::kept::Kept;
use crate::listing::{By, Entry, Kind, Role, base_name};
use crate::merge::InOrder;
use crate::names::is_plain;
use crate::path::RemotePath;
use crate::pattern::{Component, Glob, Pattern};
use crate::servers::Server;
use crate::wire::Wants;

/// A path that a pattern matched.
#[derive(Clone, Debug)]
pub struct Match {
    /// The path, with a slash at its end where the pattern has one.
    pub path: RemotePath,
    /// What its listing says of it; `None` when it ends in a literal component, which was not
    /// looked up.
    pub entry: Option<Entry<'static>>,
}

/// All that a pattern matched, to be read in order.
#[derive(Debug)]
pub struct Matches {
    found: InOrder,
    is_empty: bool,
    /// Whether the pattern ends in a slash.
    directory: bool,
}

/// How much of the matches stays in memory while something is done with them, or with a listing.
const HELD: usize = 3 * 1024 * 1024;

impl Matches {
    /// Whether there is no match.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// The next match.
    ///
    /// # Errors
    /// The temporary file fails in which they are kept.
    pub fn next_match(&mut self) -> Result<Option<Match>, Cause> {
        let Some(mut found) = next(&mut self.found)? else { return Ok(None) };
        if self.directory {
            found.path = join(&found.path, b"")?;
        }
        Ok(Some(found))
    }
}

/// Keeps a match under its whole path. What was not looked up is kept as what no match is: the directory that
/// was listed.
fn keep(kept: &mut Kept, found: &Match) -> Result<(), Cause> {
    let mut unknown = Entry::new(b".", Kind::Other);
    unknown.role = Role::Itself;
    Ok(kept.push(found.path.as_bytes(), found.entry.as_ref().unwrap_or(&unknown))?)
}

fn next(kept: &mut InOrder) -> Result<Option<Match>, Cause> {
    let Some(entry) = kept.next_entry().map_err(Cause::Local)? else { return Ok(None) };
    let path = new_path(entry.name.to_vec())?;
    let name = path.name();
    let entry = Entry { name: name.into(), ..entry.into_owned() };
    Ok(Some(Match { path, entry: Some(entry).filter(|entry| entry.role == Role::Child) }))
}

/// All paths on `server` that `pattern` matches, in the order of their bytes. None is no error
/// here: what an empty glob means is the tool's to say.
///
/// # Errors
/// The connection is lost, or a directory that the pattern names cannot be listed; there are too many, or the
/// temporary file fails in which many are kept.
pub fn expand(server: &mut Server, pattern: &Pattern, charset: Charset) -> Result<Matches, Cause> {
    let root: &[u8] = if pattern.absolute { b"/" } else { b"" };
    let mut found = as_found();
    keep(&mut found, &Match { path: new_path(root.to_vec())?, entry: None })?;
    let last = pattern.components.len().saturating_sub(1);
    for (place, component) in pattern.components.iter().enumerate() {
        let wild = pattern.components.iter().take(place).any(|c| matches!(c, Component::Wild(_)));
        let directories_only = place < last || pattern.directory;
        let step = Step { component, wild, charset, directories_only };
        let (mut above, mut deeper) = (found.in_order(HELD)?, as_found());
        while let Some(dir) = next(&mut above)? {
            step.below(server, &dir, &mut deeper)?;
        }
        found = deeper;
    }
    let is_empty = found.used().entries == 0;
    Ok(Matches { found: found.in_order(HELD)?, is_empty, directory: pattern.directory })
}

/// Matches stay as they are found: below directories in order, each in order.
fn as_found() -> Kept {
    Kept::new(By::Arrival, false)
}

/// One component of a pattern.
struct Step<'a> {
    component: &'a Component,
    /// Whether one before it is a wild card.
    wild: bool,
    charset: Charset,
    directories_only: bool,
}

impl Step<'_> {
    /// Keeps what the component matches in `dir`.
    fn below(&self, server: &mut Server, dir: &Match, kept: &mut Kept) -> Result<(), Cause> {
        match self.component {
            // Behind a wild card it may be there or not; before one, not being there is an error.
            Component::Literal(name) if self.wild => {
                let found = literal(server, join(&dir.path, name)?, self.directories_only)?;
                found.iter().try_for_each(|found| keep(kept, found))
            }
            Component::Literal(name) => {
                keep(kept, &Match { path: join(&dir.path, name)?, entry: None })
            }
            Component::Wild(glob) => {
                let may_be_file = dir.entry.as_ref().is_some_and(|entry| entry.kind == Kind::Link);
                let (charset, directories_only) = (self.charset, self.directories_only);
                let sought = Sought { glob, charset, directories_only, may_be_file };
                let Some(mut found) = matches(server, &dir.path, &sought)? else { return Ok(()) };
                while let Some(entry) = found.next_entry().map_err(Cause::Local)? {
                    let path = join(&dir.path, &entry.name)?;
                    kept.push(path.as_bytes(), &entry)?;
                }
                Ok(())
            }
        }
    }
}

/// The path, if there is such a thing.
fn literal(
    server: &mut Server,
    path: RemotePath,
    directories_only: bool,
) -> Result<Option<Match>, Cause> {
    let session = server.session(Wants { features: true, data: true })?;
    let entry = session.entry(&path)?;
    let there = match &entry {
        Some(entry) => !directories_only || matches!(entry.kind, Kind::Dir | Kind::Link),
        None => session.enter(&path)?.is_done(),
    };
    Ok(there.then_some(Match { path, entry: entry.filter(|entry| entry.kind != Kind::Dir) }))
}

struct Sought<'a> {
    glob: &'a Glob,
    charset: Charset,
    directories_only: bool,
    /// Whether the directory to look in may be none.
    may_be_file: bool,
}

/// What is sought in `dir`, by name; `None` where that is no directory after all.
fn matches(
    server: &mut Server,
    dir: &RemotePath,
    sought: &Sought<'_>,
) -> Result<Option<InOrder>, Cause> {
    let mut found = Kept::new(By::Name, false);
    let session = server.session(Wants { features: true, data: true })?;
    let listed = session.list(dir, sought.glob.wants_hidden(), &mut |entry| {
        let name = base_name(&entry.name);
        // A link may lead to a directory.
        let fits = !sought.directories_only || matches!(entry.kind, Kind::Dir | Kind::Link);
        if entry.role == Role::Child
            && fits
            && is_plain(name)
            && sought.glob.matches(name, sought.charset)
        {
            found.push(name, &entry)?;
        }
        Ok(())
    });
    match listed {
        // A link that a wild card took for a directory.
        Err(Cause::Refused(reply)) if sought.may_be_file && matches!(reply.code(), 501 | 550) => {
            return Ok(None);
        }
        Err(cause) => return Err(cause),
        Ok(listed) if listed.truncated || listed.unknown > 0 => {
            let text = "a listing that the pattern needs is not whole";
            return Err(Cause::Operand(text.into()));
        }
        Ok(_) => {}
    }
    Ok(Some(found.in_order(HELD)?))
}

fn join(dir: &RemotePath, name: &[u8]) -> Result<RemotePath, Cause> {
    dir.join(name).map_err(|_| Cause::Protocol("a name with a NUL or CR in it".into()))
}

fn new_path(raw: Vec<u8>) -> Result<RemotePath, Cause> {
    RemotePath::new(raw).map_err(|_| Cause::Protocol("a name with a NUL or CR in it".into()))
}
