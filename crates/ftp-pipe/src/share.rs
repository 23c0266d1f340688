//! The lanes of `-P N`: each has a session with the source and one with each destination. The lead
//! makes directories and hands out the files.

use ftp_core::charset::Charset;
use ftp_core::newer::Known;
use ftp_core::path::RemotePath;
use ftp_core::pool::{Errand, Lane};
use ftp_core::report::Report;
use ftp_core::servers::{Server, Servers};
use ftp_core::sources;
use ftp_core::url::Origin;
use ftp_core::wire::{Next, Type, Wants};

use crate::run::{Failed, Job, Pipe, Run};

/// A file to copy.
#[derive(Debug)]
pub struct Piece {
    from: RemotePath,
    to: Vec<Option<RemotePath>>,
    kind: Type,
    next: Next,
    known: Known,
    /// How messages show names.
    charset: Charset,
}

/// One lane: its sessions, and how its copies went.
pub struct Group<'a> {
    pub sources: Servers,
    /// Of each destination.
    pub sinks: Vec<Servers>,
    pub report: Report,
    pub run: &'a Run<'a>,
}

impl Lane<Piece> for Group<'_> {
    type Left = Report;

    fn another(&self) -> Self {
        let sources = self.sources.for_one_more();
        let sinks = self.sinks.iter().map(Servers::for_one_more).collect();
        Self { sources, sinks, report: self.report.another(), run: self.run }
    }

    fn arrive(&mut self, origin: &Origin, wants: Wants) -> bool {
        let Self { sources, sinks, run, .. } = self;
        let at = |servers: &mut Servers, origin| {
            servers.at(origin).is_ok_and(|server| server.arrive(wants))
        };
        let places = run.how.places.iter().zip(sinks);
        at(sources, origin) && places.into_iter().all(|(place, sink)| at(sink, &place.origin))
    }

    fn work(&mut self, errand: Errand<Piece>) -> bool {
        let Piece { from, to, kind, next, known, charset } = errand.work;
        let Self { sources, sinks, report, run } = self;
        report.charset = charset;
        let server = match sources.at(&errand.origin) {
            Ok(server) => server,
            Err(cause) => {
                sources::fail(report, &errand.origin, &[], cause);
                return false;
            }
        };
        let mut pipe = match Pipe::new(run, sinks) {
            Ok(pipe) => pipe,
            Err((place, cause)) => {
                sources::fail(report, &place.origin, &[], cause);
                return false;
            }
        };
        let job = Job { from: &from, to, kind, next, known };
        pipe.file(server, report, &job);
        !(server.is_gone() || pipe.sinks.iter().all(|sink| sink.server.is_gone()))
    }

    fn leave(self) -> Report {
        self.sources.quit();
        self.sinks.into_iter().for_each(Servers::quit);
        self.report
    }
}

impl Pipe<'_> {
    /// Copies a file, or leaves that to another lane. What this run has stored it does not store
    /// again.
    pub fn hand_out(&mut self, server: &mut Server, report: &mut Report, job: Job<'_>) {
        let Job { from, mut to, kind, next, known } = job;
        for (place, to) in to.iter_mut().enumerate() {
            let sink = self.sinks.get_mut(place).zip(to.as_ref());
            if let Some(Err(cause)) = sink.map(|(sink, to)| sink.claim(to)) {
                *to = None;
                self.failed(server, report, from, Failed::Source(cause));
            }
        }
        if to.iter().all(Option::is_none) {
            return;
        }
        let paths = to.iter().flatten().chain([from]);
        let ascii = paths.into_iter().all(|path| path.as_bytes().is_ascii());
        let wants = Wants { features: !ascii, data: true };
        let work = Piece { from: from.clone(), to, kind, next, known, charset: report.charset };
        let paths = work.to.iter().flatten().chain([from]);
        let bytes = paths.map(|path| size_of::<Piece>() + path.as_bytes().len()).sum();
        let errand = Errand { origin: server.origin().clone(), wants, bytes, work };
        let sinks = &mut self.sinks;
        let arrive =
            |wants| server.arrive(wants) && sinks.iter_mut().all(|sink| sink.server.arrive(wants));
        let Some(errand) = self.run.pool.offer(errand, arrive) else { return };
        let to = errand.work.to;
        self.file(server, report, &Job { from, to, kind, next, known });
    }
}
