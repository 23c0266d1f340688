//! Files fetched by several lanes: what one lane leaves to another, and stdout that they share.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::thread;

use ftp_core::charset::Charset;
use ftp_core::checksum::Sum;
use ftp_core::error::{Cause, Failure};
use ftp_core::face::local_stdout;
use ftp_core::local::Draft;
use ftp_core::newer::Known;
use ftp_core::path::RemotePath;
use ftp_core::place::Spot;
use ftp_core::pool::{Errand, Pool};
use ftp_core::refusals::is_directory;
use ftp_core::report::Report;
use ftp_core::resume::{Fetch, Sink};
use ftp_core::segments;
use ftp_core::servers::Server;
use ftp_core::sys;
use ftp_core::turns::Turns;
use ftp_core::verify::Copied;
use ftp_core::wire::{Next, Type, Wants};

use crate::run::{Done, Get, Job, remote, settle};

/// One file to fetch, and where to.
#[derive(Debug)]
pub struct Piece {
    path: RemotePath,
    kind: Type,
    next: Next,
    known: Known,
    goal: Goal,
    /// How messages show names.
    charset: Charset,
}

/// Where a file goes.
#[derive(Debug)]
pub enum Goal {
    /// To stdout, in its turn.
    Stdout,
    /// To this file.
    File(Spot),
    /// To stdout by way of the pipe of this place.
    Place(u64),
}

impl Get {
    /// Leaves a file to whoever is free, or fetches it now.
    pub fn hand_out(
        &self,
        server: &mut Server,
        report: &mut Report,
        job: &Job<'_>,
        goal: Goal,
    ) -> Result<Done, Failure> {
        let (&Job { path, kind, next, known }, charset) = (job, report.charset);
        let goal = match goal {
            Goal::Stdout if self.turns.is_some() => Goal::Place(self.next_place()),
            goal => goal,
        };
        let piece = Piece { path: path.clone(), kind, next, known, goal, charset };
        let wants = Wants::to_transfer(path);
        // On disk it has two more of about that length.
        let bytes = size_of::<Piece>() + 3 * path.as_bytes().len();
        let errand = Errand { origin: server.origin().clone(), wants, bytes, work: piece };
        if let Some(errand) = self.pool.offer(errand, |wants| server.arrive(wants)) {
            return self.fetch_to(server, job, &errand.work.goal);
        }
        // Without turns the work comes back from the pool when there is too much.
        if self.turns.is_some() {
            match self.pool.overdue(server.origin()) {
                Some(due) => {
                    report.forget();
                    self.piece(server, report, &due.work);
                    report.charset = charset;
                }
                None => self.pool.let_some_go(),
            }
        }
        Ok(Done::Elsewhere)
    }

    /// Fetches what another lane left.
    pub fn piece(&self, server: &mut Server, report: &mut Report, piece: &Piece) {
        report.charset = piece.charset;
        if let (Some(turns), Goal::Place(place)) = (&self.turns, &piece.goal) {
            turns.wait_for(*place);
        }
        let Piece { path, kind, next, known, goal, .. } = piece;
        let job = Job { path, kind: *kind, next: *next, known: *known };
        let file = match goal {
            Goal::File(file) => Some(file.shown().as_os_str().as_bytes().to_vec()),
            Goal::Stdout | Goal::Place(_) => None,
        };
        report.begin(server.origin().url_of(path), file);
        let done = self.fetch_to(server, &job, goal);
        settle(server, report, &job, done);
    }

    fn fetch_to(&self, server: &mut Server, job: &Job<'_>, goal: &Goal) -> Result<Done, Failure> {
        let done = match goal {
            Goal::File(file) => self.to_file(server, job, file),
            Goal::Stdout => self.to_stdout(server, job, io::stdout().as_fd()),
            Goal::Place(place) => self.to_turn(server, job, *place),
        };
        done.map_err(|failure| match &failure.cause {
            Cause::Refused(reply)
                if is_directory(server, job.path, reply, job.next == Next::Unknown) =>
            {
                remote(job, Cause::Operand("is a directory; -R fetches it".into()))
            }
            _ => failure,
        })
    }

    /// Fetches into a draft, and compares it with what the server has where that was asked for.
    pub fn fetch_into(
        &self,
        server: &mut Server,
        job: &Job<'_>,
        draft: &Draft,
    ) -> Result<Copied, Cause> {
        let Some(check) = self.check(server, job)? else {
            let count = self.fetch_as_planned(server, job, (draft, None))?;
            return Ok(Copied::new(count, None));
        };
        let count = self.fetch_as_planned(server, job, (draft, check.sum.as_ref()))?;
        check.fill(draft.file(), (0, count)).map_err(Cause::Local)?;
        let held = check.hold(server, job.path, (count, self.retries));
        if let (Err(Cause::WrongSum { .. }), Draft::Kept { part, .. }) = (&held, draft) {
            part.file.set_len(0).map_err(Cause::Local)?;
        }
        held.map(|()| Copied::new(count, Some(&check)))
    }

    /// Over several sessions where that was asked for, or from where an earlier run came.
    fn fetch_as_planned(
        &self,
        server: &mut Server,
        job: &Job<'_>,
        (draft, sum): (&Draft, Option<&Sum>),
    ) -> Result<u64, Cause> {
        let sink = match draft {
            Draft::Kept { part, .. } => Sink::Part(&part.file),
            Draft::Beside { file, .. } => Sink::File(file),
            Draft::Direct(file) => Sink::Stream(file.as_fd()),
        };
        if self.segments.get() == 1 || job.kind == Type::Ascii || !draft.may_be_reopened() {
            return self.fetch(server, job, (sink, sum));
        }
        let Job { path, kind, next, known } = *job;
        let retries = self.retries;
        let fetch = Fetch { path, sink, kind, next, retries, span: None, sum, known };
        segments::fetch(server, &fetch, &|| draft.reopen(), self.segments)
    }

    fn to_turn(&self, server: &mut Server, job: &Job<'_>, place: u64) -> Result<Done, Failure> {
        let Some(turns) = &self.turns else { return Ok(Done::Elsewhere) };
        let done = match turns.writer(place) {
            Ok(pipe) => self.to_stdout(server, job, pipe.as_fd()),
            Err(error) => Err(Failure::new(*b"stdout", local_stdout(error))),
        };
        match done {
            // Whoever empties the pipes has said why nobody does any more.
            Err(Failure { cause: Cause::StdoutClosed, .. }) => Ok(Done::Elsewhere),
            done => done,
        }
    }

    /// Runs `work`, and writes meanwhile to stdout what the lanes fetch, where they share it.
    pub fn with_stdout(&self, work: impl FnOnce() -> Report) -> Report {
        let Some(turns) = &self.turns else { return work() };
        thread::scope(|scope| {
            let forwarder = scope.spawn(|| forward(turns, &self.pool));
            let mut report = work();
            turns.close();
            if let Ok(Err(error)) = forwarder.join() {
                report.cause(*b"stdout", local_stdout(error));
            }
            report
        })
    }
}

fn forward(turns: &Turns, pool: &Pool<Piece>) -> io::Result<()> {
    let forwarded = turns.forward(io::stdout().as_fd());
    if let Err(error) = &forwarded {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // What the lanes are doing is for nobody.
            sys::die_of_broken_pipe();
        }
        pool.stop();
    }
    forwarded
}
