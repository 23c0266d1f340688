//! Files relayed by several lanes, each with a pair of sessions. The lead walks the trees, makes the
//! directories and hands out the files.

use ftp_core::charset::Charset;
use ftp_core::newer::Version;
use ftp_core::path::RemotePath;
use ftp_core::pool::{Errand, Lane};
use ftp_core::relay::RelayError;
use ftp_core::report::Report;
use ftp_core::servers::{Server, Servers};
use ftp_core::sources;
use ftp_core::url::Origin;
use ftp_core::wire::{Next, Type, Wants};

use crate::run::{How, Job, Pipe};

/// One file to relay.
#[derive(Debug)]
pub struct Piece {
    from: RemotePath,
    to: RemotePath,
    kind: Type,
    next: Next,
    known: Version,
    /// How messages show names.
    charset: Charset,
}

/// One lane: the sessions of both sides.
pub struct Pair<'a> {
    pub sources: Servers,
    pub sinks: Servers,
    pub report: Report,
    pub how: &'a How,
}

impl Lane<Piece> for Pair<'_> {
    type Left = Report;

    fn another(&self) -> Self {
        let (sources, sinks) = (self.sources.for_one_more(), self.sinks.for_one_more());
        Self { sources, sinks, report: self.report.another(), how: self.how }
    }

    fn arrive(&mut self, origin: &Origin, wants: Wants) -> bool {
        let arrives = |side: &mut Servers, origin| side.at(origin).is_ok_and(|s| s.arrive(wants));
        arrives(&mut self.sources, origin) && arrives(&mut self.sinks, &self.how.origin)
    }

    fn work(&mut self, errand: Errand<Piece>) -> bool {
        let Piece { from, to, kind, next, known, charset } = errand.work;
        let Self { sources, sinks, report, how } = self;
        report.charset = charset;
        let (server, sink) = match (sources.at(&errand.origin), sinks.at(&how.origin)) {
            (Ok(server), Ok(sink)) => (server, sink),
            (Err(cause), _) | (_, Err(cause)) => {
                sources::fail(report, &errand.origin, from.as_bytes(), cause);
                return false;
            }
        };
        let mut pipe = Pipe::new(how, sink);
        let job = Job { from: &from, to: &to, kind, next, known };
        let done = pipe.file(server, report, &job);
        pipe.settle(server, report, &from, done);
        !(server.is_gone() || pipe.sink.is_gone())
    }

    fn leave(self) -> Report {
        self.sources.quit();
        self.sinks.quit();
        self.report
    }
}

impl Pipe<'_> {
    /// Leaves a file to whoever is free, or relays it now.
    pub fn hand_out(
        &mut self,
        server: &mut Server,
        report: &Report,
        job: &Job<'_>,
    ) -> Result<(), RelayError> {
        self.claim(job.to)?;
        let Job { from, to, kind, next, known } = *job;
        let ascii = [from, to].iter().all(|path| path.as_bytes().is_ascii());
        let wants = Wants { features: !ascii, data: true };
        let (from, to, charset) = (from.clone(), to.clone(), report.charset);
        let work = Piece { from, to, kind, next, known, charset };
        let errand = Errand { origin: server.origin.clone(), wants, work };
        let sink = &mut self.sink;
        let arrive = |wants| server.arrive(wants) && sink.arrive(wants);
        match self.how.pool.offer(errand, arrive) {
            Some(_) => self.file(server, report, job),
            None => Ok(()),
        }
    }
}
