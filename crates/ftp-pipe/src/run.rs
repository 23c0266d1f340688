//! The work of ftp-pipe: each operand from its server to the destinations. Trees are walked in
//! `tree`, single files are copied in `file`.

use std::ops::ControlFlow;

use ftp_core::error::Cause;
use ftp_core::face::{show_progress, tidy_when_told};
use ftp_core::local::Unfinished;
use ftp_core::newer::Known;
use ftp_core::path::RemotePath;
use ftp_core::pool::Pool;
use ftp_core::refusals;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::wire::{Next, Type};
use ftp_core::workers;

use crate::gone::Gone;
use crate::plan::{How, Plan};
use crate::share::{Group, Piece};
use crate::sink::Sink;

pub fn run(plan: Plan) -> Report {
    let Plan { mut report, sources, sinks, operands, how, progress, lanes } = plan;
    tidy_when_told(&sources.ending(), Unfinished::default(), &mut report);
    show_progress(&sources, (progress, false), &mut report);
    let run = Run { how: &how, pool: workers::pool(lanes), gone: Gone::new(how.moves) };
    let lead = Group { sources, sinks, report, run: &run };
    let (mut report, others) = run.pool.run(lead, |lead| {
        let Group { sources: servers, sinks, report, .. } = &mut *lead;
        match Pipe::new(&run, sinks) {
            Err((place, cause)) => sources::fail(report, &place.origin, &[], cause),
            Ok(mut pipe) => {
                sources::for_each(servers, &operands, report, &mut |server, report, source| {
                    pipe.source(server, report, source);
                    ControlFlow::Continue(())
                })
            }
        }
        if how.moves {
            run.pool.catch_up(lead);
            run.gone.directories(&mut lead.sources, &mut lead.report);
        }
    });
    others.iter().for_each(|other| report.absorb(other));
    report
}

/// What all lanes share.
pub struct Run<'a> {
    pub how: &'a How,
    /// The files that are left to other lanes.
    pub pool: Pool<Piece>,
    /// What `--move` has to know of directories.
    pub gone: Gone,
}

/// One lane at work.
pub struct Pipe<'a> {
    pub run: &'a Run<'a>,
    pub how: &'a How,
    pub sinks: Vec<Sink<'a>>,
}

/// One file: from where, to where, and how.
pub struct Job<'a> {
    pub from: &'a RemotePath,
    /// Its path at each destination; none where it has failed already.
    pub to: Vec<Option<RemotePath>>,
    pub kind: Type,
    pub next: Next,
    /// What a listing said of it.
    pub known: Known,
}

/// Which side of a copy failed: the source, or the destination of that number.
pub enum Failed {
    Source(Cause),
    Sink(usize, Cause),
}

impl<'a> Pipe<'a> {
    /// # Errors
    /// A destination whose credentials cannot be had.
    pub fn new(
        run: &'a Run<'a>,
        sinks: &'a mut [ftp_core::servers::Servers],
    ) -> Result<Self, (&'a crate::plan::Place, Cause)> {
        Ok(Self { run, how: run.how, sinks: Sink::all(sinks, run.how)? })
    }

    fn source(&mut self, server: &mut Server, report: &mut Report, source: &Source) {
        if let Err(cause) = self.try_source(server, report, source) {
            self.failed(server, report, &source.path, Failed::Source(cause));
        }
    }

    fn try_source(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
    ) -> Result<(), Cause> {
        let ascii = source.ascii.unwrap_or(self.how.ascii);
        let kind = if ascii { Type::Ascii } else { Type::Image };
        if self.how.recursive && !source.is_file(server)? {
            return self.tree(server, report, source, kind);
        }
        if source.path.is_directory() || source.path.is_empty() {
            return Err(Cause::Operand("is a directory; -R copies it".into()));
        }
        let mut targets = self.targets(server, report, source).into_iter();
        let to = self.at_each(server, report, &source.path, &mut |sink| {
            let to = targets.next().flatten();
            to.map(|to| sink.prepare(&to).map(|()| to)).transpose()
        });
        let to = to.into_iter().map(Option::flatten).collect();
        let (from, next, known) = (&source.path, source.next, Known::default());
        self.hand_out(server, report, Job { from, to, kind, next, known });
        Ok(())
    }

    /// Where a source goes at each destination; what fails is reported. Into a directory it keeps its
    /// name, or its path below `--base`.
    pub fn targets(
        &mut self,
        server: &Server,
        report: &mut Report,
        source: &Source,
    ) -> Vec<Option<RemotePath>> {
        let name = source.below.clone().unwrap_or_else(|| source.path.name());
        self.at_each(server, report, &source.path, &mut |sink| sink.target(&name, server.charset()))
    }

    /// Does something at each destination; what fails is reported, under the source's name.
    pub fn at_each<T>(
        &mut self,
        server: &Server,
        report: &mut Report,
        path: &RemotePath,
        work: &mut dyn FnMut(&mut Sink<'a>) -> Result<T, Cause>,
    ) -> Vec<Option<T>> {
        let done: Vec<_> = self.sinks.iter_mut().map(work).collect();
        let each = done.into_iter().enumerate().map(|(place, done)| {
            done.map_err(|cause| self.failed(server, report, path, Failed::Sink(place, cause))).ok()
        });
        each.collect()
    }

    /// Reports the failure of a copy whose source may be a directory.
    pub fn copy_failed(
        &self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
        failed: Failed,
    ) {
        let failed = match failed {
            Failed::Source(Cause::Refused(reply))
                if !self.how.recursive && refusals::is_directory(server, path, &reply, true) =>
            {
                Failed::Source(Cause::Operand("is a directory; -R copies it".into()))
            }
            failed => failed,
        };
        self.failed(server, report, path, failed);
    }

    /// Reports a failure under the name of the side that it belongs to. What is left at the source keeps
    /// its directory there.
    pub fn failed(&self, server: &Server, report: &mut Report, path: &RemotePath, failed: Failed) {
        self.run.gone.stays(server.origin(), path);
        let (place, cause) = match failed {
            Failed::Source(cause) => {
                return sources::fail(report, server.origin(), path.as_bytes(), cause);
            }
            Failed::Sink(place, cause) => (place, cause),
        };
        let Some(sink) = self.sinks.get(place) else { return };
        if !report.has_subject() {
            let there = sink.server.origin().url_of(&RemotePath::default());
            report.begin(server.origin().url_of(path), Some(there));
        }
        let what = [path.as_bytes(), b" -> ", sink.server.origin().shown().as_bytes()].concat();
        sources::fail(report, sink.server.origin(), &what, cause);
    }
}
