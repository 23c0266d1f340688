//! The work of ftp-get: each file fetched to where the plan says.

use std::io;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ftp_core::checksum::Sum;
use ftp_core::error::{Cause, Failure};
use ftp_core::face::{local_stdout, show_progress, tidy_when_told};
use ftp_core::kept::Kept;
use ftp_core::listing::Kind;
use ftp_core::local::Unfinished;
use ftp_core::met::Met;
use ftp_core::names;
use ftp_core::newer::{Insist, Known, Version};
use ftp_core::partial::Parts;
use ftp_core::path::RemotePath;
use ftp_core::place::Spot;
use ftp_core::pool::Pool;
use ftp_core::prepare::Operand;
use ftp_core::report::Report;
use ftp_core::resume::{self, Fetch, Sink, Span};
use ftp_core::servers::{Server, Servers};
use ftp_core::sources::{self, Source};
use ftp_core::stamp;
use ftp_core::turns::Turns;
use ftp_core::verify::{Check, Copied, Verify};
use ftp_core::walk::{Item, Onward, Step, Sweep, walk};
use ftp_core::wire::{Next, Type, Wants};
use ftp_core::workers;

use crate::args::Range;
use crate::dates;
use crate::plan::{Destination, Plan};
use crate::share::{Goal, Piece};

pub fn run(plan: Plan) -> Report {
    let Plan { mut report, servers, operands, lanes, .. } = plan;
    let unfinished = Unfinished::default();
    tidy_when_told(&servers.ending(), unfinished.clone(), &mut report);
    let to_stdout = plan.destination == Destination::Stdout;
    show_progress(&servers, (plan.progress, to_stdout), &mut report);
    let get = Get {
        destination: plan.destination,
        recursive: plan.recursive,
        ascii: plan.ascii,
        no_clobber: plan.no_clobber,
        continues: plan.continues,
        parts: Parts::default(),
        retries: plan.retries,
        segments: plan.segments,
        newer: plan.newer,
        keep_time: plan.keep_time,
        range: plan.range,
        verify: plan.verify,
        folders: Mutex::default(),
        top: OnceLock::new(),
        unfinished,
        written: Mutex::default(),
        pool: if to_stdout { workers::pool_in_order(lanes) } else { workers::pool(lanes) },
        turns: (to_stdout && lanes.get() > 1).then(|| Turns::new(lanes)),
        places: AtomicU64::new(0),
    };
    let report = get.with_stdout(|| get.run((servers, report), &operands));
    get.date_folders(report)
}

pub struct Get {
    destination: Destination,
    recursive: bool,
    ascii: bool,
    no_clobber: bool,
    pub continues: bool,
    pub parts: Parts,
    pub retries: u32,
    /// Over how many sessions one file is fetched.
    pub segments: NonZeroU32,
    pub newer: bool,
    pub keep_time: Option<Insist>,
    range: Option<Range>,
    verify: Option<Verify>,
    /// The directories that were made, and the times they are to have once everything is in them.
    pub folders: Mutex<Option<Kept>>,
    /// The directory of `-d`, held open.
    pub top: OnceLock<Spot>,
    pub unfinished: Unfinished,
    /// What this run has written: two sources of one name must not overwrite each other.
    written: Mutex<Met>,
    /// The files that are left to other lanes.
    pub pool: Pool<Piece>,
    /// Where they all write, when there are several and stdout is one.
    pub turns: Option<Turns>,
    /// How many have a place there.
    places: AtomicU64,
}

/// What became of a file that did not fail.
pub enum Done {
    /// It was fetched.
    Fetched(Copied),
    /// So many bytes of a tree were fetched; of its files was told before.
    Walked(u64),
    /// It was here already, and `-n`, `-N` or `-c` lets it be.
    Left,
    /// Another lane does it, and says how it went.
    Elsewhere,
}

/// One file: where it is, and how it is fetched.
pub struct Job<'a> {
    pub path: &'a RemotePath,
    pub kind: Type,
    pub next: Next,
    /// What a listing said of it.
    pub known: Known,
}

impl Get {
    fn run(&self, with: (Servers, Report), operands: &[Operand]) -> Report {
        let work = |server: &mut Server, report: &mut Report, piece: Piece| {
            self.piece(server, report, &piece);
        };
        workers::run(&self.pool, with, &work, |lead| {
            let (servers, report) = (&mut lead.servers, &mut lead.report);
            sources::for_each(servers, operands, report, &mut |server, report, source| {
                self.source(server, report, source);
                unless_over(report)
            });
        })
    }

    fn source(&self, server: &mut Server, report: &mut Report, source: &Source) {
        let ascii = source.ascii.unwrap_or(self.ascii);
        let kind = if ascii { Type::Ascii } else { Type::Image };
        let job = Job { path: &source.path, kind, next: source.next, known: Known::default() };
        report.begin(server.origin().url_of(&source.path), None);
        let done = match (&self.destination, self.recursive) {
            (Destination::Below(dir), true) => self.tree(server, report, dir, (source, &job)),
            _ if source.path.is_directory() || source.path.is_empty() => {
                Err(remote(&job, Cause::Operand("is a directory; -R fetches it".into())))
            }
            (Destination::Stdout, _) => self.hand_out(server, report, &job, Goal::Stdout),
            (Destination::File(file), _) => {
                self.to_own_file(server, report, &job, Spot::Named(file.clone()))
            }
            (Destination::Below(dir), _) => self
                .below(report, dir, source)
                .and_then(|file| self.to_own_file(server, report, &job, file)),
        };
        settle(server, report, &job, done);
    }

    pub fn fetch(
        &self,
        server: &mut Server,
        job: &Job<'_>,
        (sink, sum): (Sink<'_>, Option<&Sum>),
    ) -> Result<u64, Cause> {
        let Job { path, kind, next, known } = *job;
        let span = match self.range {
            Some(range) => Some(server.mended(self.retries, |server| span(server, path, range))?),
            None => None,
        };
        let fetch = Fetch { path, sink, kind, next, retries: self.retries, span, sum, known };
        resume::fetch(server, &fetch)
    }

    pub fn to_stdout(
        &self,
        server: &mut Server,
        job: &Job<'_>,
        stdout: BorrowedFd<'_>,
    ) -> Result<Done, Failure> {
        let fetched = self.check(server, job).and_then(|check| {
            let sum = check.as_ref().and_then(|check| check.sum.as_ref());
            let count = self.fetch(server, job, (Sink::Stream(stdout), sum))?;
            if let Some(check) = &check {
                check.hold(server, job.path, (count, self.retries))?;
            }
            Ok(Done::Fetched(Copied::new(count, check.as_ref())))
        });
        fetched.map_err(|cause| match cause {
            Cause::Local(error) => Failure::new(*b"stdout", local_stdout(error)),
            cause => remote(job, cause),
        })
    }

    /// What the copy of a file is compared by, if it is.
    pub fn check(&self, server: &mut Server, job: &Job<'_>) -> Result<Option<Check>, Cause> {
        let verify = self.verify.filter(|_| job.kind == Type::Image);
        verify.map(|verify| Check::begin(server, verify)).transpose()
    }

    /// The number of the next file on its way to stdout.
    pub fn next_place(&self) -> u64 {
        self.places.fetch_add(1, Ordering::Relaxed)
    }

    /// Fetches to a file that nothing else in this run is fetched to.
    fn to_own_file(
        &self,
        server: &mut Server,
        report: &mut Report,
        job: &Job<'_>,
        file: Spot,
    ) -> Result<Done, Failure> {
        report.goes_to(file.shown().as_os_str().as_bytes());
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = written.insert(file.shown().as_os_str().as_bytes());
        if !is_new.map_err(|error| local(file.shown(), error))? {
            let text =
                format!("would overwrite {}, which was just fetched", file.shown().display());
            return Err(remote(job, Cause::Operand(text)));
        }
        drop(written);
        self.hand_out(server, report, job, Goal::File(file))
    }

    pub fn to_file(
        &self,
        server: &mut Server,
        job: &Job<'_>,
        file: &Spot,
    ) -> Result<Done, Failure> {
        let here = |error| local(file.shown(), error);
        if self.no_clobber && file.open().and_then(|place| place.look()).map_err(here)?.is_some() {
            return Ok(Done::Left);
        }
        let known = match self.keep_time {
            Some(_) => {
                let asked = stamp::version(server, job.path, (job.known, self.retries));
                asked.map_err(|cause| remote(job, cause))?
            }
            None => job.known,
        };
        let version = known.version;
        if self.newer && dates::of(file).is_some_and(|here| !version.replaces(&here)) {
            return Ok(Done::Left);
        }
        let job = &Job { known, ..*job };
        let Some((draft, known)) = self.draft(server, job, file)? else { return Ok(Done::Left) };
        let job = &Job { known, ..*job };
        let fetched = self.fetch_into(server, job, &draft);
        let copied = fetched.map_err(|cause| match cause {
            Cause::Local(error) => here(error),
            cause => remote(job, cause),
        })?;
        if let Some(time) = version.modified {
            dates::set(&draft, time).map_err(here)?;
        } else if self.keep_time == Some(Insist::Yes) {
            let text = "the server does not tell its time, which -p is to keep";
            return Err(remote(job, Cause::Operand(text.into())));
        }
        if self.no_clobber {
            return Ok(if draft.commit_new().map_err(here)? {
                Done::Fetched(copied)
            } else {
                Done::Left
            });
        }
        draft.commit().map_err(here)?;
        Ok(Done::Fetched(copied))
    }

    /// The directory of `-d`. It is made, and from here on it is the one that was opened.
    fn top(&self, dir: &Path) -> Result<&Spot, Failure> {
        if let Some(top) = self.top.get() {
            return Ok(top);
        }
        let top = Spot::top(dir).map_err(|error| local(dir, error))?;
        Ok(self.top.get_or_init(|| top))
    }

    /// The file a source becomes below `dir`, whose directories are made.
    fn below(&self, report: &Report, dir: &Path, source: &Source) -> Result<Spot, Failure> {
        let wire = source.below.clone().unwrap_or_else(|| source.path.name());
        let shown = report.charset.show(&wire).into_owned();
        let parts: Vec<&[u8]> = match &source.below {
            Some(_) => shown.split(|&b| b == b'/').filter(|part| !part.is_empty()).collect(),
            None => vec![&shown],
        };
        let mut file = self.top(dir)?.clone();
        for part in parts {
            file = file.child(part).ok_or_else(|| {
                let why = names::refusal(part).unwrap_or_default();
                Failure::new(source.path.as_bytes(), Cause::Operand(why.into()))
            })?;
        }
        file.make_parents().map_err(|error| local(file.shown(), error))?;
        Ok(file)
    }

    /// A tree, as `cp -R` copies it: `dir/NAME/...`, or `dir/...` for the login directory.
    fn tree(
        &self,
        server: &mut Server,
        report: &mut Report,
        dir: &Path,
        (source, job): (&Source, &Job<'_>),
    ) -> Result<Done, Failure> {
        let root = self.below(report, dir, source);
        if source.is_file(server).map_err(|cause| remote(job, cause))? {
            return self.to_own_file(server, report, job, root?);
        }
        let root = match root {
            Ok(root) => root,
            Err(failure) if names::is_plain(&source.path.name()) => return Err(failure),
            // The login directory, or `tree/.`: what is in it goes into `dir` itself.
            Err(_) => self.top(dir)?.clone(),
        };
        let mut total = 0;
        let walked = walk(server, job.path, Sweep::EVERYTHING, &mut |server, step| {
            server.fix_charset();
            sources::adopt_charset(server, report);
            match step {
                Step::Enter(item) => self.folder(report, &root, item),
                Step::Leaf(item) => total += self.leaf(server, report, &root, (item, job.kind)),
                Step::Approach(_) | Step::Leave { .. } => {}
                Step::Failed(failure) => {
                    sources::failed_in_tree(report, server.origin(), &failure);
                }
            }
            if report.reader_left() { Err(Cause::StdoutClosed) } else { Ok(Onward::In) }
        });
        let alone = self.pool.is_alone();
        let done = || if alone { Done::Walked(total) } else { Done::Elsewhere };
        walked.map(|()| done()).map_err(|cause| remote(job, cause))
    }

    fn folder(&self, report: &mut Report, root: &Spot, item: &Item) {
        let Ok(dir) = local_path(report, root, item) else { return };
        if let Err(error) = dir.make() {
            report.failed(&local(dir.shown(), error));
        } else if let Some(time) = item.version().modified
            && self.keep_time.is_some()
        {
            self.date_later(report, &dir, time);
        }
    }

    /// One file of a tree. Devices and the like are left out: reading one might never end.
    fn leaf(
        &self,
        server: &mut Server,
        report: &mut Report,
        root: &Spot,
        (item, kind): (&Item, Type),
    ) -> u64 {
        let known = Known::listed(item.version());
        let job = Job { path: &item.path, kind, next: Next::Transfer, known };
        report.begin(server.origin().url_of(&item.path), None);
        let fetched = match local_path(report, root, item) {
            Err(why) => Err(remote(&job, Cause::Operand(why.into()))),
            Ok(_) if item.entry.kind == Kind::Other => {
                Err(remote(&job, Cause::Operand("neither a file nor a directory".into())))
            }
            Ok(file) => self.to_own_file(server, report, &job, file),
        };
        let count = match fetched {
            Ok(Done::Fetched(ref copied)) => copied.count,
            _ => 0,
        };
        settle(server, report, &job, fetched);
        count
    }
}

fn unless_over(report: &Report) -> ControlFlow<()> {
    if report.reader_left() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Says how one file went.
pub fn settle(server: &Server, report: &mut Report, job: &Job<'_>, done: Result<Done, Failure>) {
    match done {
        Ok(Done::Elsewhere) => report.forget(),
        Ok(Done::Left) => {
            report.skipped(&format!("{}: is here already", report.shown(job.path.as_bytes())));
        }
        Ok(Done::Walked(count)) => {
            report.forget();
            report.done(&format!("{}: {count} bytes", report.shown(job.path.as_bytes())));
        }
        Ok(Done::Fetched(copied)) => {
            report.moved(&report.shown(job.path.as_bytes()), &copied, "");
        }
        Err(Failure { what, cause }) => sources::fail(report, server.origin(), &what, cause),
    }
}

/// The local path of something in a tree, or why one of its names cannot be had here.
fn local_path(report: &Report, root: &Spot, item: &Item) -> Result<Spot, &'static str> {
    let mut spot = root.clone();
    for name in &item.below {
        let shown = report.charset.show(name);
        spot = spot.child(&shown).ok_or_else(|| names::refusal(&shown).unwrap_or_default())?;
    }
    Ok(spot)
}

/// Which bytes of a file `range` means.
fn span(server: &mut Server, path: &RemotePath, range: Range) -> Result<Span, Cause> {
    let wants = Wants::to_transfer(path);
    let version = server.session(wants)?.size_and_time(path)?;
    let span = span_of(range, version)?;
    if let (Some(size), 1..) = (version.size, span.begin) {
        resume::try_rest(server, path, size)?;
    }
    Ok(span)
}

fn span_of(range: Range, version: Version) -> Result<Span, Cause> {
    let span = |begin, end| Span { begin, end, version };
    match (range, version.size) {
        (Range::From(begin, _), Some(size)) if begin >= size => {
            Err(Cause::Operand(format!("has only {size} bytes")))
        }
        (Range::From(begin, last), size) => {
            let end = last.map(|last| last.saturating_add(1)).into_iter().chain(size).min();
            Ok(span(begin, end))
        }
        (Range::Last(count), Some(size)) => Ok(span(size.saturating_sub(count), Some(size))),
        (Range::Last(_), None) => {
            let text = "the server does not tell its size, so its end is not known";
            Err(Cause::Operand(text.into()))
        }
    }
}

pub fn local(path: &Path, error: io::Error) -> Failure {
    Failure::new(path.as_os_str().as_bytes(), Cause::Local(error))
}

pub fn remote(job: &Job<'_>, cause: Cause) -> Failure {
    Failure::new(job.path.as_bytes(), cause)
}
