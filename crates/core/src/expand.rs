//! From a pattern to the paths on a server that it matches.

use crate::charset::Charset;
use crate::error::Cause;
use crate::listing::{Entry, Kind, MAX_ENTRIES, Role, TooMany, base_name};
use crate::names::is_plain;
use crate::path::RemotePath;
use crate::pattern::{Component, Glob, Pattern};
use crate::servers::Server;
use crate::walk::too_many;
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

/// All paths on `server` that `pattern` matches, in the order of their bytes. None is no error
/// here: what an empty glob means is the tool's to say.
///
/// # Errors
/// The connection is lost, or a directory that the pattern names cannot be listed.
pub fn expand(
    server: &mut Server,
    pattern: &Pattern,
    charset: Charset,
) -> Result<Vec<Match>, Cause> {
    let root: &[u8] = if pattern.absolute { b"/" } else { b"" };
    let mut found = vec![Match { path: new_path(root.to_vec())?, entry: None }];
    let last = pattern.components.len().saturating_sub(1);
    for (place, component) in pattern.components.iter().enumerate() {
        let directories_only = place < last || pattern.directory;
        let mut deeper = Vec::new();
        let wild = pattern.components.iter().take(place).any(|c| matches!(c, Component::Wild(_)));
        for dir in &found {
            match component {
                // Behind a wild card it may be there or not; before one, not being there is an error.
                Component::Literal(name) if wild => {
                    deeper.extend(literal(server, join(&dir.path, name)?, directories_only)?);
                }
                Component::Literal(name) => {
                    deeper.push(Match { path: join(&dir.path, name)?, entry: None });
                }
                Component::Wild(glob) => {
                    let link = |entry: &Entry<'_>| entry.kind == Kind::Link;
                    let may_be_file = dir.entry.as_ref().is_some_and(link);
                    let sought = Sought { glob, charset, directories_only, may_be_file };
                    deeper.extend(matches(server, &dir.path, &sought)?);
                }
            }
        }
        if deeper.len() > MAX_ENTRIES {
            return Err(too_many(TooMany));
        }
        found = deeper;
    }
    if pattern.directory {
        for one in &mut found {
            one.path = join(&one.path, b"")?;
        }
    }
    Ok(found)
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

/// Most bytes of names and of what links lead to that one pattern keeps of a directory.
const MOST_TEXT: usize = 64 * 1024 * 1024;

struct Sought<'a> {
    glob: &'a Glob,
    charset: Charset,
    directories_only: bool,
    /// Whether the directory to look in may be none.
    may_be_file: bool,
}

fn matches(
    server: &mut Server,
    dir: &RemotePath,
    sought: &Sought<'_>,
) -> Result<Vec<Match>, Cause> {
    let (mut found, mut held): (Vec<Entry<'static>>, usize) = (Vec::new(), 0);
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
            held += entry.name.len() + entry.target.as_ref().map_or(0, |target| target.len());
            if found.len() >= MAX_ENTRIES || held > MOST_TEXT {
                return Err(too_many(TooMany));
            }
            let name = name.to_vec();
            found.push(Entry { name: name.into(), ..entry.into_owned() });
        }
        Ok(())
    });
    match listed {
        // A link that a wild card took for a directory.
        Err(Cause::Refused(reply)) if sought.may_be_file && matches!(reply.code(), 501 | 550) => {
            return Ok(Vec::new());
        }
        Err(cause) => return Err(cause),
        Ok(listed) if listed.truncated || listed.unknown > 0 => {
            let text = "a listing that the pattern needs is not whole";
            return Err(Cause::Operand(text.into()));
        }
        Ok(_) => {}
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
        .into_iter()
        .map(|entry| Ok(Match { path: join(dir, &entry.name)?, entry: Some(entry) }))
        .collect()
}

fn join(dir: &RemotePath, name: &[u8]) -> Result<RemotePath, Cause> {
    dir.join(name).map_err(|_| Cause::Protocol("a name with a NUL or CR in it".into()))
}

fn new_path(raw: Vec<u8>) -> Result<RemotePath, Cause> {
    RemotePath::new(raw).map_err(|_| Cause::Protocol("a name with a NUL or CR in it".into()))
}
