//! The work of ftp-pipe: each file relayed from its server to the destination.

use std::collections::HashSet;
use std::ops::ControlFlow;

use ftp_core::direct::{self, Fxp, Sent};
use ftp_core::error::Cause;
use ftp_core::face::tidy_when_told;
use ftp_core::listing::Kind;
use ftp_core::local::Unfinished;
use ftp_core::newer::{Insist, Version};
use ftp_core::parents::Made;
use ftp_core::path::RemotePath;
use ftp_core::pool::Pool;
use ftp_core::relay::{self, Relay, RelayError};
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::stamp::{self, Stamp};
use ftp_core::url::Origin;
use ftp_core::verify::{Check, Verify};
use ftp_core::walk::{Item, Onward, Step, Sweep, walk};
use ftp_core::wire::{Next, Type, Wants};
use ftp_core::workers;

use crate::plan::Plan;
use crate::share::{Pair, Piece};

pub fn run(plan: Plan) -> Report {
    let Plan { mut report, sources, sinks, operands, origin, .. } = plan;
    tidy_when_told(&sinks.ending(), Unfinished::default(), &mut report);
    let how = How {
        origin,
        to: plan.to,
        recursive: plan.recursive,
        parents: plan.parents,
        ascii: plan.ascii,
        no_clobber: plan.no_clobber,
        newer: plan.newer,
        keep_time: plan.keep_time,
        verify: plan.verify,
        fxp: plan.fxp,
        retries: plan.retries,
        pool: workers::pool(plan.lanes),
    };
    let lead = Pair { sources, sinks, report, how: &how };
    let (mut report, others) = how.pool.run(lead, |lead| match lead.sinks.at(&how.origin) {
        Err(cause) => sources::fail(&mut lead.report, &how.origin, &[], cause),
        Ok(sink) => {
            let mut pipe = Pipe::new(&how, sink);
            let (servers, report) = (&mut lead.sources, &mut lead.report);
            sources::for_each(servers, &operands, report, &mut |server, report, source| {
                pipe.source(server, report, source);
                ControlFlow::Continue(())
            });
        }
    });
    others.iter().for_each(|other| report.absorb(other));
    report
}

/// How files are copied.
pub struct How {
    /// The server that is written to.
    pub origin: Origin,
    to: RemotePath,
    recursive: bool,
    parents: bool,
    ascii: bool,
    no_clobber: bool,
    newer: bool,
    keep_time: Option<Insist>,
    verify: Option<Verify>,
    fxp: Fxp,
    retries: u32,
    /// The files that are left to other lanes.
    pub pool: Pool<Piece>,
}

/// One lane at work.
pub struct Pipe<'a> {
    pub sink: &'a mut Server,
    pub how: &'a How,
    made: Made,
    /// What this run has stored: two sources of one name must not overwrite each other.
    sent: HashSet<RemotePath>,
}

/// One file: from where, to where, and how.
pub struct Job<'a> {
    pub from: &'a RemotePath,
    pub to: &'a RemotePath,
    pub kind: Type,
    pub next: Next,
    /// What a listing said of it.
    pub known: Version,
}

impl<'a> Pipe<'a> {
    pub fn new(how: &'a How, sink: &'a mut Server) -> Self {
        Self { sink, how, made: Made::default(), sent: HashSet::new() }
    }

    fn source(&mut self, server: &mut Server, report: &mut Report, source: &Source) {
        let ascii = source.ascii.unwrap_or(self.how.ascii);
        let kind = if ascii { Type::Ascii } else { Type::Image };
        let done = self.try_source(server, report, source, kind);
        self.settle(server, report, &source.path, done);
    }

    fn try_source(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
        kind: Type,
    ) -> Result<(), RelayError> {
        let to = self.target(source).map_err(RelayError::Source)?;
        if self.how.recursive && !source.is_file(server).map_err(RelayError::Source)? {
            return self.tree(server, report, (&source.path, &to), kind);
        }
        if source.path.is_directory() || source.path.is_empty() {
            let text = "is a directory; -R copies it";
            return Err(RelayError::Source(Cause::Operand(text.into())));
        }
        self.prepare(&to).map_err(RelayError::Sink)?;
        let known = Version::default();
        let job = Job { from: &source.path, to: &to, kind, next: source.next, known };
        self.hand_out(server, report, &job)
    }

    /// Where a source goes: into a directory it keeps its name, or its path below `--base`.
    fn target(&self, source: &Source) -> Result<RemotePath, Cause> {
        if !(self.how.to.is_empty() || self.how.to.is_directory()) {
            return Ok(self.how.to.clone());
        }
        let name = source.below.clone().unwrap_or_else(|| source.path.name());
        if matches!(name.as_slice(), b"" | b"." | b"..") {
            return Ok(self.how.to.clone());
        }
        self.how.to.join(&name).map_err(|_| Cause::Operand("a line end in a name".into()))
    }

    fn prepare(&mut self, to: &RemotePath) -> Result<(), Cause> {
        match to.parent().filter(|_| self.how.parents) {
            Some(parent) => {
                let session = self.sink.session(Wants { features: false, data: false })?;
                self.made.with_parents(session, &parent)
            }
            None => Ok(()),
        }
    }

    /// # Errors
    /// Something was stored under that name already.
    pub fn claim(&mut self, to: &RemotePath) -> Result<(), RelayError> {
        if self.sent.insert(to.clone()) {
            return Ok(());
        }
        let text = "would overwrite a file just copied under the same name";
        Err(RelayError::Source(Cause::Operand(text.into())))
    }

    pub fn file(
        &mut self,
        server: &mut Server,
        report: &Report,
        job: &Job<'_>,
    ) -> Result<(), RelayError> {
        if self.is_itself(server, job)? {
            let text = "would be copied onto itself";
            return Err(RelayError::Source(Cause::Operand(text.into())));
        }
        let Job { from, to, kind, next, .. } = *job;
        let version = match self.how.keep_time {
            Some(_) => stamp::version(server, from, job.known).map_err(RelayError::Source)?,
            None => Version::default(),
        };
        if self.leaves(to, version).map_err(RelayError::Sink)? {
            report.done(&format!("{}: is there already", report.shown(to.as_bytes())));
            return Ok(());
        }
        let retries = self.how.retries;
        let verify = self.how.verify.filter(|_| kind == Type::Image);
        let check = verify.map(|verify| Check::begin(self.sink, verify)).transpose();
        let check = check.map_err(RelayError::Sink)?;
        let sum = check.as_ref().and_then(|check| check.sum.as_ref());
        let relayed = Relay { from, to, kind, sum, next, retries, begun: false };
        let sent = direct::send((&mut *server, &mut *self.sink), &relayed, self.how.fxp)?;
        let (count, how) = match sent {
            Sent::Whole(count) => (count, ", server to server"),
            Sent::Not { begun } => {
                (relay::relay((server, self.sink), &Relay { begun, ..relayed })?, "")
            }
        };
        if let Some(check) = &check {
            self.verified(server, job, (check, count))?;
        }
        self.keep_time(to, version)?;
        report.done(&format!("{}: {count} bytes{how}", report.shown(job.to.as_bytes())));
        Ok(())
    }

    /// Whether what is there stays, since `-n` or `-N` says so.
    fn leaves(&mut self, to: &RemotePath, ours: Version) -> Result<bool, Cause> {
        match (self.how.no_clobber, self.how.newer) {
            (true, _) => stamp::is_there(self.sink, to),
            (false, true) => stamp::version(self.sink, to, Version::default())
                .map(|theirs| !theirs.is_nothing() && !ours.replaces(&theirs)),
            (false, false) => Ok(false),
        }
    }

    /// Holds what both servers have against what passed us, the source where it can compute the same.
    /// What is wrong is removed.
    fn verified(
        &mut self,
        server: &mut Server,
        job: &Job<'_>,
        (check, count): (&Check, u64),
    ) -> Result<(), RelayError> {
        let tries = (count, self.how.retries);
        let sink = check.hold(self.sink, job.to, tries).map_err(RelayError::Sink);
        let held = sink.and_then(|()| {
            check.hold_if_it_can(server, job.from, tries).map_err(RelayError::Source)
        });
        if let Err(RelayError::Source(cause) | RelayError::Sink(cause)) = &held
            && matches!(cause, Cause::WrongSum { .. } | Cause::WrongSize { .. })
        {
            self.sink.remove_half(job.to);
        }
        held
    }

    fn keep_time(&mut self, to: &RemotePath, version: Version) -> Result<(), RelayError> {
        let time = version.modified.zip(self.how.keep_time);
        if self.how.keep_time == Some(Insist::Yes) && time.is_none() {
            let text = "the server does not tell its time, which -p is to keep";
            return Err(RelayError::Source(Cause::Operand(text.into())));
        }
        let stamp = Stamp { time, mode: None };
        stamp::set(self.sink, to, stamp, self.how.retries).map_err(RelayError::Sink)
    }

    /// Whether source and destination are one file: storing it would cut it short while it is
    /// read. Sessions of one user on one server see the same files under the same paths.
    fn is_itself(&mut self, server: &mut Server, job: &Job<'_>) -> Result<bool, RelayError> {
        if !server.is_same_account(self.sink) || job.from.name() != job.to.name() {
            return Ok(false);
        }
        let wants = Wants { features: false, data: true };
        let from = server.session(wants).and_then(|session| session.from_root(job.from));
        let to = self.sink.session(wants).and_then(|session| session.from_root(job.to));
        Ok(from.map_err(RelayError::Source)? == to.map_err(RelayError::Sink)?)
    }

    /// A tree, as `cp -R` copies it; empty directories too.
    fn tree(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        (root, to): (&RemotePath, &RemotePath),
        kind: Type,
    ) -> Result<(), RelayError> {
        self.prepare(to).map_err(RelayError::Sink)?;
        let walked = walk(server, root, Sweep::EVERYTHING, &mut |server, step| {
            sources::adopt_charset(server, report);
            let (item, done) = match &step {
                Step::Enter(item) => (item, self.directory(to, item)),
                Step::Leaf(item) => (item, self.leaf(server, report, (item, to), kind)),
                Step::Approach(_) | Step::Leave { .. } => return Ok(Onward::In),
                Step::Failed(failure) => {
                    report.failed(failure);
                    return Ok(Onward::In);
                }
            };
            self.settle(server, report, &item.path, done);
            Ok(Onward::In)
        });
        walked.map_err(RelayError::Source)
    }

    fn directory(&mut self, to: &RemotePath, item: &Item) -> Result<(), RelayError> {
        let dir = below(to, item).map_err(RelayError::Sink)?;
        let wants = Wants { features: !dir.as_bytes().is_ascii(), data: false };
        let made = self.sink.session(wants).and_then(|session| self.made.directory(session, &dir));
        made.map_err(RelayError::Sink)
    }

    fn leaf(
        &mut self,
        server: &mut Server,
        report: &Report,
        (item, to): (&Item, &RemotePath),
        kind: Type,
    ) -> Result<(), RelayError> {
        if item.entry.kind == Kind::Other {
            let text = "neither a file nor a directory";
            return Err(RelayError::Source(Cause::Operand(text.into())));
        }
        let to = below(to, item).map_err(RelayError::Sink)?;
        let (from, next, known) = (&item.path, Next::Transfer, item.version());
        self.hand_out(server, report, &Job { from, to: &to, kind, next, known })
    }

    /// Reports a failure under the name of the side that it belongs to.
    pub fn settle(
        &self,
        server: &Server,
        report: &mut Report,
        path: &RemotePath,
        done: Result<(), RelayError>,
    ) {
        match done {
            Ok(()) => {}
            Err(RelayError::Source(cause)) => {
                sources::fail(report, &server.origin, path.as_bytes(), cause);
            }
            Err(RelayError::Sink(cause)) => {
                let what = [path.as_bytes(), b" -> ", self.sink.origin.shown().as_bytes()].concat();
                sources::fail(report, &self.sink.origin, &what, cause);
            }
        }
    }
}

fn below(to: &RemotePath, item: &Item) -> Result<RemotePath, Cause> {
    let relative = item.relative();
    if relative.is_empty() {
        return Ok(to.trimmed());
    }
    to.join(&relative).map_err(|_| Cause::Operand("a line end in a name".into()))
}
