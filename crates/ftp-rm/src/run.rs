//! The work of ftp-rm: each path removed, trees from their leaves up.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ftp_core::error::Cause;
use ftp_core::face::local_stdout;
use ftp_core::listing::Kind;
use ftp_core::path::RemotePath;
use ftp_core::pool::Pool;
use ftp_core::refusals;
use ftp_core::reply::Reply;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::url::Origin;
use ftp_core::walk::{Item, Onward, Step, Sweep, walk};
use ftp_core::wire::{FLIGHT, Next, Wants};
use ftp_core::workers;

use crate::plan::{Depth, Plan};
use crate::rests::Rests;
use crate::share::{Nest, Piece, Role};

pub fn run(plan: Plan) -> Report {
    let Plan { report, servers, operands, depth, force, dry_run, lanes } = plan;
    let (pool, rests, places) = (workers::pool(lanes), Rests::default(), AtomicU64::new(0));
    let rm = Rm { depth, force, dry_run, pool, rests, places };
    let work = |server: &mut Server, report: &mut Report, piece: Piece| {
        rm.piece(server, report, piece);
    };
    workers::run(&rm.pool, (servers, report), &work, |lead| {
        let (servers, report) = (&mut lead.servers, &mut lead.report);
        let mut flight = Vec::new();
        sources::for_each(servers, &operands, report, &mut |server, report, source| {
            rm.operand(server, report, source, &mut flight);
            if report.reader_left() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        rm.finish(lead);
    })
}

/// Where the walk through a tree is.
#[derive(Default)]
struct Open {
    /// The directories around it.
    nests: Vec<Arc<Nest>>,
    /// Files that are to be removed together.
    flight: Vec<(RemotePath, Role)>,
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
    pub places: AtomicU64,
}

impl Rm {
    /// One operand. Files wait in `flight`, to go out together.
    fn operand(
        &self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
        flight: &mut Vec<Source>,
    ) {
        let waits = !self.dry_run && !source.path.is_directory();
        if waits {
            flight.push(source.clone());
        }
        let goes_now = !waits || flight.len() >= FLIGHT || source.next == Next::Unknown;
        if goes_now && !flight.is_empty() {
            let files = std::mem::take(flight);
            match self.pool.is_alone() {
                true => self.files(server, report, files),
                false => self.hand_out(server, report, files),
            }
        }
        if !waits && let Err(cause) = self.source(server, report, source) {
            report.forget();
            sources::fail(report, server.origin(), source.path.as_bytes(), cause);
        }
    }

    /// Removes files. What is none, or has refused to go, comes afterwards.
    fn files(&self, server: &mut Server, report: &mut Report, sources: Vec<Source>) {
        let replies = self.ask_all(server, report, sources.iter().map(|source| &source.path));
        for (source, reply) in sources.iter().zip(replies) {
            let done = match reply {
                Ok(None) => Ok(()),
                Ok(refused) => self.directory_or(server, report, &source.path, refused),
                Err(cause) => Err(cause),
            };
            if let Err(cause) = done {
                report.forget();
                sources::fail(report, server.origin(), source.path.as_bytes(), cause);
            }
        }
    }

    /// Sends DELE for all of `paths`, and tells of each what [`Self::ask`] does. Of what a lost connection
    /// leaves open one is told to be lost, and the others are asked again: a refusal means then that it was
    /// done, if there is no such file any more.
    pub fn ask_all<'p>(
        &self,
        server: &mut Server,
        report: &mut Report,
        paths: impl Iterator<Item = &'p RemotePath> + Clone,
    ) -> Vec<Result<Option<Reply>, Cause>> {
        let ascii = paths.clone().all(|path| path.as_bytes().is_ascii());
        let mut replies = Vec::new();
        let session = server.session(Wants { features: !ascii, data: false });
        let asked = session.and_then(|s| s.ask_all("DELE", paths.clone(), &mut replies));
        let (known, origin) = (replies.len(), server.origin().clone());
        let mut told: Vec<_> = paths
            .clone()
            .zip(replies)
            .map(|(path, reply)| Ok(self.removed(&origin, report, (path, reply))))
            .collect();
        let Err(cause) = asked else { return told };
        told.push(Err(cause));
        told.extend(paths.skip(known + 1).map(
            |path| match self.ask(server, report, "DELE", path)? {
                Some(refused) => self.is_there(server, path).map(|there| there.then_some(refused)),
                None => Ok(None),
            },
        ));
        told
    }

    /// `None` when the reply says that it is gone.
    fn removed(
        &self,
        origin: &Origin,
        report: &mut Report,
        (path, reply): (&RemotePath, Reply),
    ) -> Option<Reply> {
        if !reply.is_done() {
            return Some(reply);
        }
        report.begin(origin.url_of(path), None);
        report.worked(&format!("{} removed", report.shown(path.as_bytes())));
        None
    }

    /// What is done with an operand by itself.
    fn source(
        &self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
    ) -> Result<(), Cause> {
        report.begin(server.origin().url_of(&source.path), None);
        if self.dry_run {
            return self.rehearse(server, report, source);
        }
        if !self.pool.is_alone() {
            return self.put_off_directory(server, report, &source.path);
        }
        self.directory_or(server, report, &source.path, None)
    }

    /// Removes a directory, or what has `refused` to go as a file.
    pub fn directory_or(
        &self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
        refused: Option<Reply>,
    ) -> Result<(), Cause> {
        let Some(refused) = refused else {
            return match self.depth {
                Depth::Files => Err(needs_r()),
                Depth::EmptyDirectories => self.directory(server, report, path),
                Depth::Trees => self.tree(server, report, path),
            };
        };
        match self.depth {
            Depth::Files => self.missing_or((server, report), path, refused),
            Depth::EmptyDirectories => match self.ask(server, report, "RMD", path)? {
                None => Ok(()),
                // What RMD was refused for is the reason, unless it is no directory at all.
                Some(kept) => match refusals::is_directory(server, path, &refused, true) {
                    true => Err(Cause::Refused(kept)),
                    false => self.missing_or((server, report), path, refused),
                },
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
        let wants = Wants::to_ask(path);
        report.begin(server.origin().url_of(path), None);
        let session = server.session(wants)?;
        let reply = session.ask(verb, Some(path))?;
        if !reply.is_done() && !session.is_usable() {
            return Err(Cause::Refused(reply));
        }
        Ok(self.removed(&server.origin().clone(), report, (path, reply)))
    }

    /// With `-f` a refusal is no error when there is nothing to remove. 550 means that it is
    /// missing, or that it may not be removed, so the path itself is asked for.
    pub fn missing_or(
        &self,
        (server, report): (&mut Server, &mut Report),
        path: &RemotePath,
        refused: Reply,
    ) -> Result<(), Cause> {
        if self.depth == Depth::Files && refusals::is_directory(server, path, &refused, true) {
            return Err(needs_r());
        }
        if !self.force {
            return Err(Cause::Refused(refused));
        }
        if self.is_there(server, path)? {
            return Err(Cause::Refused(refused));
        }
        report.begin(server.origin().url_of(path), None);
        report.skipped(&format!("{}: is not there", report.shown(path.as_bytes())));
        Ok(())
    }

    fn is_there(&self, server: &mut Server, path: &RemotePath) -> Result<bool, Cause> {
        let session = server.session(Wants::default())?;
        Ok(session.entry(path)?.is_some() || session.enter(path)?.is_done())
    }

    /// Removes what is in a directory, then the directory. One of which something had to be left
    /// out stays: the server cut its listing, or holds a name that cannot be sent back.
    fn tree(
        &self,
        server: &mut Server,
        report: &mut Report,
        root: &RemotePath,
    ) -> Result<(), Cause> {
        let mut open = Open::default();
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
        Open { nests, flight }: &mut Open,
        step: &Step<'_>,
    ) -> Result<Onward, Cause> {
        sources::adopt_charset(server, report);
        if !matches!(step, Step::Leaf(_)) {
            self.offer(server, report, std::mem::take(flight));
        }
        match step {
            // It may be a link to one: then the link goes, and not what it leads to.
            Step::Approach(item) => {
                let gone = self.ask(server, report, "DELE", &item.path)?.is_none();
                return Ok(if gone { Onward::Past } else { Onward::In });
            }
            Step::Leaf(item) => {
                let Some(nest) = nests.get(item.below.len().saturating_sub(1)) else {
                    return Ok(Onward::In);
                };
                flight.push((item.path.clone(), Role::In(nest.one_more())));
                if flight.len() >= FLIGHT {
                    self.offer(server, report, std::mem::take(flight));
                }
            }
            Step::Enter(item) => {
                // One that was not left to its end stays, and what it is in.
                nests.truncate(item.below.len());
                nests.push(Nest::new(&item.path, nests.last()));
            }
            Step::Leave { whole, item } => {
                nests.truncate(item.below.len() + 1);
                if let Some(nest) = nests.pop().filter(|_| *whole) {
                    self.release(server, report, &nest)?;
                }
            }
            Step::Failed(failure) => sources::failed_in_tree(report, server.origin(), failure),
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
            (true, Depth::Files) => Err(needs_r()),
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
                    sources::failed_in_tree(report, server.origin(), &failure);
                    Ok(Onward::In)
                }
                Step::Approach(_) | Step::Leave { .. } => Ok(Onward::In),
            }),
            _ => print(server, report, path),
        }
    }
}

fn needs_r() -> Cause {
    Cause::Operand("is a directory; -r removes it".into())
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
        report.begin(server.origin().url_of(path), None);
        report.skipped_silently();
        return Ok(());
    }
    let mut line = report.charset.show(path.as_bytes()).into_owned();
    line.push(b'\n');
    io::stdout().lock().write_all(&line).map_err(local_stdout)
}
