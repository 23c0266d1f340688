//! From operands to the paths they mean on their servers, one after the other.

use std::ops::ControlFlow;

use crate::charset::{Charset, for_terminal};
use crate::error::{Cause, Failure};
use crate::expand::{Match, Matches, expand};
use crate::listing::{Entry, Kind};
use crate::path::RemotePath;
use crate::prepare::Operand;
use crate::report::Report;
use crate::servers::{Server, Servers};
use crate::url::{Origin, Target, Unread};
use crate::wire::{Next, Wants};

/// One path to work on.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path on the server.
    pub path: RemotePath,
    /// The path below `--base`, the server's bytes.
    pub below: Option<Vec<u8>>,
    /// What `;type=` said.
    pub ascii: Option<bool>,
    /// What a listing has told already, for a path that a pattern matched.
    pub entry: Option<Entry<'static>>,
    /// Whether another path on the same server follows.
    pub next: Next,
}

impl Source {
    /// Whether this is a file, for the tools that take trees too. A trailing slash says that it is
    /// a directory; a link may lead to either, so the server is asked.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn is_file(&self, server: &mut Server) -> Result<bool, Cause> {
        if self.path.is_directory() || self.path.is_empty() {
            return Ok(false);
        }
        let known = match &self.entry {
            Some(entry) if entry.kind != Kind::Link => Some(entry.kind),
            _ => {
                let wants = Wants { features: true, data: true };
                server.session(wants)?.entry(&self.path)?.map(|entry| entry.kind)
            }
        };
        Ok(known.is_some_and(|kind| kind != Kind::Dir))
    }
}

/// What is done with each path; it breaks when the rest is for nobody.
pub type OnSource<'v> = dyn FnMut(&mut Server, &mut Report, &Source) -> ControlFlow<()> + 'v;

/// Calls `visit` for each path that `operands` mean, in their order, patterns expanded. An operand
/// that fails is reported, and the rest goes on.
pub fn for_each(
    servers: &mut Servers,
    operands: &[Operand],
    report: &mut Report,
    visit: &mut OnSource<'_>,
) {
    for (place, operand) in operands.iter().enumerate() {
        let origin = &operand.address.origin;
        report.forget();
        let server = match servers.at(origin) {
            Ok(server) => server,
            Err(cause) => {
                fail(report, origin, &shown(operand), cause);
                continue;
            }
        };
        let follows =
            operands.get(place + 1).is_some_and(|o| o.address.origin.same_session(origin));
        let next = if follows { Next::Transfer } else { Next::Unknown };
        match each_path(server, (operand, next), report, visit) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return,
            Err(cause) => fail(report, origin, &shown(operand), cause),
        }
    }
}

/// Calls `visit` for each path of one operand. `next` is what follows the last.
fn each_path(
    server: &mut Server,
    (operand, next): (&Operand, Next),
    report: &mut Report,
    visit: &mut OnSource<'_>,
) -> Result<ControlFlow<()>, Cause> {
    let mut paths = paths(server, operand, report)?;
    let mut coming = paths.next()?;
    while let Some(Match { path, entry }) = coming {
        coming = paths.next()?;
        let source = Source {
            path,
            below: operand.below.clone(),
            ascii: operand.address.ascii,
            entry,
            next: if coming.is_some() { Next::Transfer } else { next },
        };
        if visit(server, report, &source).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        report.forget();
    }
    Ok(ControlFlow::Continue(()))
}

/// What one operand means.
enum Paths {
    One(Option<RemotePath>),
    Many(Matches),
}

impl Paths {
    fn next(&mut self) -> Result<Option<Match>, Cause> {
        match self {
            Self::One(path) => Ok(path.take().map(|path| Match { path, entry: None })),
            Self::Many(matches) => matches.next_match(),
        }
    }
}

/// Reports a failure of one path. Where the whole server is at fault it is the server that is
/// named.
pub fn fail(report: &mut Report, origin: &Origin, path: &[u8], cause: Cause) {
    let server = cause.server_is_gone() || path.is_empty();
    let what = if server { origin.shown().into_bytes() } else { path.to_vec() };
    if !report.has_subject() {
        report.begin(url(origin, path), None);
    }
    report.cause(what, cause);
}

/// Reports what failed in a tree.
pub fn failed_in_tree(report: &mut Report, origin: &Origin, failure: &Failure) {
    report.begin(url(origin, &failure.what), None);
    report.failed(failure);
}

fn url(origin: &Origin, path: &[u8]) -> Vec<u8> {
    origin.url_of(&RemotePath::new(path.to_vec()).unwrap_or_default())
}

fn paths(server: &mut Server, operand: &Operand, report: &mut Report) -> Result<Paths, Cause> {
    let target = match &operand.address.target {
        Target::Unread(unread) => &read(server, unread)?,
        known => known,
    };
    adopt_charset(server, report);
    match target {
        Target::Path(path) => Ok(Paths::One(Some(path.clone()))),
        Target::Unread(unread) => Err(Cause::Operand(unread_still(unread))),
        Target::Glob(pattern) => {
            let found = expand(server, pattern, report.charset)?;
            adopt_charset(server, report);
            if found.is_empty() {
                return Err(Cause::Operand("no match (-g takes wild cards as they are)".into()));
            }
            Ok(Paths::Many(found))
        }
    }
}

/// From here on names are shown as `server` writes them; with `--encoding auto` that is what its
/// listings so far tell.
pub fn adopt_charset(server: &Server, report: &mut Report) {
    let charset = server.charset();
    if charset != report.charset
        && let Some(name) = charset.name()
    {
        report.done(&format!("{}: names are taken for {name}", server.origin().shown()));
    }
    report.charset = charset;
}

/// Finds out how `server` writes names, and what the path means then. Where even a listing shows
/// no names but ASCII it is UTF-8.
fn read(server: &mut Server, unread: &Unread) -> Result<Target, Cause> {
    if server.charset() == Charset::Auto {
        let session = server.session(Wants { features: true, data: true })?;
        session.list(&unread.known_parent(), false, &mut |_| Ok(()))?;
    }
    let charset = match server.charset() {
        Charset::Auto => Charset::Bytes,
        known => known,
    };
    unread.read(charset).map_err(Cause::Operand)
}

fn unread_still(unread: &Unread) -> String {
    format!("{} has no meaning yet", for_terminal(&unread.shown()))
}

/// How messages name an operand as a whole.
fn shown(operand: &Operand) -> Vec<u8> {
    match &operand.address.target {
        Target::Path(path) => path.as_bytes().to_vec(),
        Target::Glob(pattern) => pattern.shown(),
        Target::Unread(unread) => unread.shown(),
    }
}
