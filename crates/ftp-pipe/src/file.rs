//! One file to all destinations: from what is there already to its name, and away from the source
//! where it is moved.

use std::time::Instant;

use ftp_core::charset::for_terminal;
use ftp_core::direct::{self, Sent};
use ftp_core::ending::Stake;
use ftp_core::error::Cause;
use ftp_core::newer::{Known, Version};
use ftp_core::path::RemotePath;
use ftp_core::refusals;
use ftp_core::relay::{self, Begun, Relay, RelayError, Relayed};
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::spread::{Branch, spread};
use ftp_core::stage;
use ftp_core::stamp;
use ftp_core::verify::{Copied, Remote, are_alike};
use ftp_core::wire::{Type, Wants};

use crate::gone;
use crate::run::{Failed, Job, Pipe};
use crate::sink::Target;

/// A file at one destination, on its way.
struct Copy<'t> {
    /// The number of the destination.
    place: usize,
    target: Target<'t>,
    /// That a signal removes what has no name yet.
    _stake: Option<Stake>,
}

/// What came of one copy: how, and what the destination says of it.
type Done = Result<(Relayed, &'static str), RelayError>;

impl Pipe<'_> {
    /// Copies a file, and reports how that went.
    pub fn file(&mut self, server: &mut Server, report: &mut Report, job: &Job<'_>) {
        let (url, began) = (server.origin().url_of(job.from), Instant::now());
        let known = match self.known(server, job) {
            Ok(known) => known,
            Err(cause) => return self.copy_failed(server, report, job.from, Failed::Source(cause)),
        };
        let version = known.version;
        let copies = self.begin(server, report, (job, version));
        if let [copy] = copies.as_slice()
            && self.renamed(server, copy, job)
        {
            report.begin_at(began, url, self.url(copy));
            return report.worked(&format!("{}: renamed", report.shown(job.from.as_bytes())));
        }
        let done = match self.copy(server, &copies, (job, known)) {
            Ok(done) => done,
            Err(cause) => return self.copy_failed(server, report, job.from, Failed::Source(cause)),
        };
        let mut proven = if copies.len() == self.sinks.len() { Some(version) } else { None };
        for (copy, done) in copies.iter().zip(done) {
            report.begin_at(began, url.clone(), self.url(copy));
            match self.finish(server, (copy, done), (job, version)) {
                Ok((count, extra, found)) => {
                    proven = proven.and(found);
                    let name = self.shown(copy.place, copy.target.to);
                    report.moved(&name, &Copied::new(count, copy.target.check.as_ref()), extra);
                }
                Err(failed) => {
                    proven = None;
                    self.copy_failed(server, report, job.from, failed);
                }
            }
        }
        if self.how.moves && !copies.is_empty() {
            self.take_away(server, report, (job, proven));
        }
    }

    /// The URL of a copy.
    fn url(&self, copy: &Copy<'_>) -> Option<Vec<u8>> {
        let sink = self.sinks.get(copy.place)?;
        Some(sink.server.origin().url_of(copy.target.to))
    }

    /// A name at a destination, and which one that is where there are several.
    fn shown(&self, place: usize, to: &RemotePath) -> String {
        let name = for_terminal(&self.how.charset.show(to.as_bytes()));
        match (self.how.places.get(place), self.how.places.len()) {
            (Some(place), 2..) => format!("{}: {name}", place.origin.shown()),
            _ => name,
        }
    }

    /// Size and time at the source, where they are needed.
    fn known(&self, server: &mut Server, job: &Job<'_>) -> Result<Known, Cause> {
        if self.how.keep_time.is_none() {
            return Ok(job.known);
        }
        stamp::version(server, job.from, (job.known, self.how.retries))
    }

    /// The destinations that want the file. Where it stays away from one its source is kept, too.
    fn begin<'t>(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        (job, version): (&'t Job<'_>, Version),
    ) -> Vec<Copy<'t>> {
        let mut copies = Vec::new();
        for (place, to) in job.to.iter().enumerate() {
            let Some(to) = to else { continue };
            match self.begin_at(server, (place, to), (job, version)) {
                Ok(Some(copy)) => copies.push(copy),
                Ok(None) => {
                    self.run.gone.stays(server.origin(), job.from);
                    let there = self.sinks.get(place).map(|sink| sink.server.origin().url_of(to));
                    report.begin(server.origin().url_of(job.from), there);
                    report.skipped(&format!("{}: is there already", self.shown(place, to)));
                }
                Err(failed) => self.failed(server, report, job.from, failed),
            }
        }
        copies
    }

    fn begin_at<'t>(
        &mut self,
        server: &mut Server,
        (place, to): (usize, &'t RemotePath),
        (job, version): (&Job<'_>, Version),
    ) -> Result<Option<Copy<'t>>, Failed> {
        let Some(sink) = self.sinks.get_mut(place) else { return Ok(None) };
        if is_itself(server, sink.server, (job.from, to)).map_err(|e| e.at(place))? {
            return Err(Failed::Source(Cause::Operand("would be copied onto itself".into())));
        }
        let begun = sink.begin(to, version, job.kind == Type::Image);
        let Some(target) = begun.map_err(|cause| Failed::Sink(place, cause))? else {
            return Ok(None);
        };
        // Until it has its name, also while it is compared.
        let stake = target.temporary.as_ref().map(|path| sink.server.half(path).begun());
        Ok(Some(Copy { place, target, _stake: stake }))
    }

    /// Whether the server could give the file its new name: a move within one server that needs no
    /// copy. What it refuses is copied.
    fn renamed(&mut self, server: &mut Server, copy: &Copy<'_>, job: &Job<'_>) -> bool {
        let Some(sink) = self.sinks.get_mut(copy.place) else { return false };
        let one = self.how.moves && self.how.places.len() == 1 && copy.target.check.is_none();
        if !one || !server.is_same_account(sink.server) {
            return false;
        }
        let wants = Wants::to_ask(job.from);
        let session = sink.server.session(wants);
        session.is_ok_and(|session| stage::rename(session, job.from, copy.target.to).is_ok())
    }

    /// Brings the bytes to all of `copies`.
    ///
    /// # Errors
    /// The source's, which is one for all.
    fn copy(
        &mut self,
        server: &mut Server,
        copies: &[Copy<'_>],
        (job, known): (&Job<'_>, Known),
    ) -> Result<Vec<Done>, Cause> {
        let relay = Relay {
            from: job.from,
            to: job.from,
            kind: job.kind,
            sum: None,
            next: job.next,
            retries: self.how.retries,
            known,
            before: None,
            begun: if self.how.continues { Begun::Earlier } else { Begun::No },
            placement: self.how.placement(),
        };
        match copies {
            [] => Ok(Vec::new()),
            [copy] => Ok(vec![self.copy_one(server, copy, &relay)]),
            _ => self.copy_all(server, copies, &relay),
        }
    }

    fn copy_one(&mut self, server: &mut Server, copy: &Copy<'_>, relay: &Relay<'_>) -> Done {
        let Some(sink) = self.sinks.get_mut(copy.place) else {
            return Err(RelayError::Sink(Cause::Operand("no such destination".into())));
        };
        let sum = copy.target.check.as_ref().and_then(|check| check.sum.as_ref());
        let before = copy.target.found.filter(|_| copy.target.temporary.is_none());
        let relay = Relay { to: copy.target.path(), sum, before, ..*relay };
        match direct::send((&mut *server, &mut *sink.server), &relay, self.how.fxp)? {
            Sent::Whole { relayed, by } => Ok((relayed, by)),
            Sent::Not { begun, before } => {
                let begun = if begun { Begun::Now } else { relay.begun };
                let relay = Relay { begun, before: before.or(relay.before), ..relay };
                let relayed = relay::relay((&mut *server, &mut *sink.server), &relay)?;
                let is_enough = !(self.how.moves && relayed.inherited)
                    || sums_agree(server, sink.server, &relay).map_err(RelayError::Source)?;
                if is_enough {
                    return Ok((relayed, ""));
                }
                // What an earlier run left may be of another file, and this one will be removed.
                let relay = Relay { begun: Begun::No, ..relay };
                relay::relay((server, sink.server), &relay).map(|relayed| (relayed, ""))
            }
        }
    }

    fn copy_all(
        &mut self,
        server: &mut Server,
        copies: &[Copy<'_>],
        relay: &Relay<'_>,
    ) -> Result<Vec<Done>, Cause> {
        let sinks = self.sinks.iter_mut().enumerate().filter_map(|(place, sink)| {
            let copy = copies.iter().find(|copy| copy.place == place)?;
            let sum = copy.target.check.as_ref().and_then(|check| check.sum.as_ref());
            Some(Branch { sink: &mut *sink.server, to: copy.target.path(), sum })
        });
        let mut branches: Vec<_> = sinks.collect();
        let ends = spread(server, &mut branches, relay)?;
        Ok(ends.into_iter().map(|end| end.map(|relayed| (relayed, ""))).collect())
    }

    /// Compares a copy, and gives it its time and name. Returns its bytes, what else there is to say, and
    /// whether the destination has shown that it is whole.
    fn finish(
        &mut self,
        server: &mut Server,
        (copy, done): (&Copy<'_>, Done),
        (job, version): (&Job<'_>, Version),
    ) -> Result<(u64, &'static str, Option<Version>), Failed> {
        let place = copy.place;
        let at_sink = |cause| Failed::Sink(place, cause);
        let Some(sink) = self.sinks.get_mut(place) else { return Ok((0, "", None)) };
        let done = done.map_err(|error| match error {
            RelayError::Sink(cause) => {
                RelayError::Sink(refusals::of_upload(sink.server, copy.target.to, cause))
            }
            error => error,
        });
        let (Relayed { count, counted, source, .. }, by) = done.map_err(|error| error.at(place))?;
        sink.hold(&copy.target, count).map_err(at_sink)?;
        let held = copy.target.check.as_ref().map_or(Ok(()), |check| {
            check.hold_if_it_can(server, job.from, (count, self.how.retries))
        });
        held.map_err(|cause| Failed::Source(sink.take_back_if_wrong(&copy.target, count, cause)))?;
        sink.publish(&copy.target, version.modified).map_err(at_sink)?;
        if version.modified.is_none() && sink.insists_on_time() {
            let text = "the server does not tell its time, which -p is to keep";
            return Err(Failed::Source(Cause::Operand(text.into())));
        }
        let is_whole = source.proven && (counted || copy.target.check.is_some());
        Ok((count, by, is_whole.then_some(source.version)))
    }

    /// Removes the source, if every destination has shown that its copy is whole: of the version that is there.
    fn take_away(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        (job, proven): (&Job<'_>, Option<Version>),
    ) {
        let removed = match proven {
            Some(version) => gone::file(server, job.from, version, self.how.retries),
            None => Err(Cause::Operand("stays, since not every copy is proven whole".into())),
        };
        if let Err(cause) = removed {
            self.failed(server, report, job.from, Failed::Source(cause));
        }
    }
}

/// Whether source and destination are one file: storing it would cut it short while it is
/// read. Sessions of one user on one server see the same files under the same paths.
fn is_itself(
    server: &mut Server,
    sink: &mut Server,
    (from, to): (&RemotePath, &RemotePath),
) -> Result<bool, RelayError> {
    if !server.is_same_account(sink) || from.name() != to.name() {
        return Ok(false);
    }
    let wants = Wants { features: false, data: true };
    let from = server.session(wants).and_then(|session| session.from_root(from));
    let to = sink.session(wants).and_then(|session| session.from_root(to));
    Ok(from.map_err(RelayError::Source)? == to.map_err(RelayError::Sink)?)
}

/// Whether both servers compute the same checksum of the file; not where one of them cannot.
fn sums_agree(server: &mut Server, sink: &mut Server, relay: &Relay<'_>) -> Result<bool, Cause> {
    let mut source = Remote { server, path: relay.from };
    are_alike(&mut source, &mut Remote { server: sink, path: relay.to })
}

/// Whose failure it is.
trait At {
    /// At the destination of that number, if not at the source.
    fn at(self, place: usize) -> Failed;
}

impl At for RelayError {
    fn at(self, place: usize) -> Failed {
        match self {
            Self::Source(cause) => Failed::Source(cause),
            Self::Sink(cause) => Failed::Sink(place, cause),
        }
    }
}
