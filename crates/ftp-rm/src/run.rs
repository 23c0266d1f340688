//! The work of ftp-rm: each path removed, trees from their leaves up.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use ftp_core::error::Cause;
use ftp_core::face::local_stdout;
use ftp_core::listing::Kind;
use ftp_core::path::RemotePath;
use ftp_core::pool::Pool;
use ftp_core::reply::Reply;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::walk::{Item, Onward, Step, Sweep, walk};
use ftp_core::wire::Wants;
use ftp_core::workers;

use crate::plan::{Depth, Plan};
use crate::share::{Nest, Piece, Rests};

pub fn run(plan: Plan) -> Report {
    let Plan { report, servers, operands, depth, force, dry_run, lanes } = plan;
    let (pool, rests, places) = (workers::pool(lanes), Rests::default(), AtomicUsize::new(0));
    let rm = Rm { depth, force, dry_run, pool, rests, places };
    let work = |server: &mut Server, report: &mut Report, piece: Piece| {
        rm.piece(server, report, piece);
    };
    workers::run(&rm.pool, (servers, report), &work, |lead| {
        let (servers, report) = (&mut lead.servers, &mut lead.report);
        sources::for_each(servers, &operands, report, &mut |server, report, source| {
            if let Err(cause) = rm.source(server, report, source) {
                report.forget();
                sources::fail(report, &server.origin, source.path.as_bytes(), cause);
            }
            if report.reader_left() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        rm.finish(lead);
    })
}

/// What cannot be seen whole stays.
const SWEEP: Sweep = Sweep { whole_only: true, ..Sweep::EVERYTHING };

pub struct Rm {
    pub depth: Depth,
    force: bool,
    dry_run: bool,
    /// The files that are left to other lanes.
    pub pool: Pool<Piece>,
    /// What the lead does when all files are done.
    pub rests: Rests,
    /// How many operands were left to other lanes.
    pub places: AtomicUsize,
}

impl Rm {
    /// Files are tried first, so a link to a directory is removed and not what it leads to.
    fn source(
        &self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
    ) -> Result<(), Cause> {
        let path = &source.path;
        report.begin(server.origin.url_of(path), None);
        if self.dry_run {
            return self.rehearse(server, report, source);
        }
        if !self.pool.is_alone() {
            return self.hand_out(server, report, source);
        }
        if path.is_directory() {
            return self.directory_or(server, report, source, None);
        }
        match self.ask(server, report, "DELE", path)? {
            None => Ok(()),
            refused => self.directory_or(server, report, source, refused),
        }
    }

    /// Removes a directory, or what has `refused` to go as a file.
    pub fn directory_or(
        &self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
        refused: Option<Reply>,
    ) -> Result<(), Cause> {
        let path = &source.path;
        let Some(refused) = refused else {
            return match self.depth {
                Depth::Files => Err(Cause::Operand("is a directory; -r removes it".into())),
                Depth::EmptyDirectories => self.directory(server, report, path),
                Depth::Trees => self.tree(server, report, path),
            };
        };
        match self.depth {
            Depth::Files => self.missing_or((server, report), path, refused),
            Depth::EmptyDirectories => match self.ask(server, report, "RMD", path)? {
                None => Ok(()),
                Some(_) => self.missing_or((server, report), path, refused),
            },
            Depth::Trees => match self.tree(server, report, path) {
                // It is no directory either: what the server said of the file is the reason.
                Err(Cause::Refused(_)) => self.missing_or((server, report), path, refused),
                other => other,
            },
        }
    }

    fn directory(
        &self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
    ) -> Result<(), Cause> {
        match self.ask(server, report, "RMD", path)? {
            None => Ok(()),
            Some(refused) => self.missing_or((server, report), path, refused),
        }
    }

    /// Sends a command that removes something; `None` when it is gone, else the refusal.
    pub fn ask(
        &self,
        server: &mut Server,
        report: &mut Report,
        verb: &str,
        path: &RemotePath,
    ) -> Result<Option<Reply>, Cause> {
        let wants = Wants { features: !path.as_bytes().is_ascii(), data: false };
        report.begin(server.origin.url_of(path), None);
        let session = server.session(wants)?;
        let reply = session.ask(verb, Some(path))?;
        if reply.is_done() {
            report.worked(&format!("{} removed", report.shown(path.as_bytes())));
            return Ok(None);
        }
        if session.is_usable() { Ok(Some(reply)) } else { Err(Cause::Refused(reply)) }
    }

    /// With `-f` a refusal is no error when there is nothing to remove. 550 means that it is
    /// missing, or that it may not be removed, so the path itself is asked for.
    pub fn missing_or(
        &self,
        (server, report): (&mut Server, &mut Report),
        path: &RemotePath,
        refused: Reply,
    ) -> Result<(), Cause> {
        if !self.force {
            return Err(Cause::Refused(refused));
        }
        let session = server.session(Wants::default())?;
        let there = session.entry(path)?.is_some() || session.enter(path)?.is_done();
        if there {
            return Err(Cause::Refused(refused));
        }
        report.begin(server.origin.url_of(path), None);
        report.skipped(&format!("{}: is not there", report.shown(path.as_bytes())));
        Ok(())
    }

    /// Removes what is in a directory, then the directory. One of which something had to be left
    /// out stays: the server cut its listing, or holds a name that cannot be sent back.
    fn tree(
        &self,
        server: &mut Server,
        report: &mut Report,
        root: &RemotePath,
    ) -> Result<(), Cause> {
        let mut open = Vec::new();
        let walked = walk(server, root, SWEEP, &mut |server, step| {
            self.step(server, report, &mut open, &step)
        });
        match walked {
            Err(Cause::Refused(refused)) if root.is_directory() => {
                self.missing_or((server, report), root, refused)
            }
            other => other,
        }
    }

    fn step(
        &self,
        server: &mut Server,
        report: &mut Report,
        open: &mut Vec<Arc<Nest>>,
        step: &Step<'_>,
    ) -> Result<Onward, Cause> {
        sources::adopt_charset(server, report);
        match step {
            // It may be a link to one: then the link goes, and not what it leads to.
            Step::Approach(item) => {
                let gone = self.ask(server, report, "DELE", &item.path)?.is_none();
                return Ok(if gone { Onward::Past } else { Onward::In });
            }
            Step::Leaf(item) => {
                let nest = open.get(item.below.len().saturating_sub(1));
                nest.map_or(Ok(()), |nest| self.hand_out_leaf(server, report, &item.path, nest))?;
            }
            Step::Enter(item) => {
                // One that was not left to its end stays, and what it is in.
                open.truncate(item.below.len());
                open.push(Nest::new(&item.path, open.last()));
            }
            Step::Leave { whole, item } => {
                open.truncate(item.below.len() + 1);
                if let Some(nest) = open.pop().filter(|_| *whole) {
                    self.release(server, report, &nest)?;
                }
            }
            Step::Failed(failure) => sources::failed_in_tree(report, &server.origin, failure),
        }
        Ok(Onward::In)
    }

    /// Prints what would go, in the order in which it would go.
    fn rehearse(
        &self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
    ) -> Result<(), Cause> {
        let path = &source.path;
        let directory = match is_directory(server, source) {
            Err(Cause::Refused(_)) if self.force => return Ok(()),
            known => known?,
        };
        match (directory, self.depth) {
            (true, Depth::Files) => Err(Cause::Operand("is a directory; -r removes it".into())),
            (true, Depth::Trees) => walk(server, path, SWEEP, &mut |server, step| match step {
                Step::Enter(_) => {
                    sources::adopt_charset(server, report);
                    Ok(Onward::In)
                }
                Step::Leaf(Item { path, .. })
                | Step::Leave { item: Item { path, .. }, whole: true } => {
                    print(server, report, path).map(|()| Onward::In)
                }
                Step::Failed(failure) => {
                    sources::failed_in_tree(report, &server.origin, &failure);
                    Ok(Onward::In)
                }
                Step::Approach(_) | Step::Leave { .. } => Ok(Onward::In),
            }),
            _ => print(server, report, path),
        }
    }
}

/// Whether a path is a directory; the server's refusal when there is no such thing.
fn is_directory(server: &mut Server, source: &Source) -> Result<bool, Cause> {
    if source.path.is_directory() {
        return Ok(true);
    }
    if let Some(entry) = &source.entry {
        return Ok(entry.kind == Kind::Dir);
    }
    let session = server.session(Wants { features: true, data: false })?;
    if let Some(entry) = session.entry(&source.path)? {
        return Ok(entry.kind == Kind::Dir);
    }
    let entered = session.enter(&source.path)?;
    if entered.is_done() { Ok(true) } else { Err(Cause::Refused(entered)) }
}

/// Says what would go.
fn print(server: &Server, report: &mut Report, path: &RemotePath) -> Result<(), Cause> {
    if report.is_json() {
        report.begin(server.origin.url_of(path), None);
        report.skipped_silently();
        return Ok(());
    }
    let mut line = report.charset.show(path.as_bytes()).into_owned();
    line.push(b'\n');
    io::stdout().lock().write_all(&line).map_err(local_stdout)
}
