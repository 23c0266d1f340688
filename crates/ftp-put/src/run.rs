//! The work of ftp-put: each local file stored where the plan says.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ftp_core::error::{Cause, Failure};
use ftp_core::face::{show_progress, tidy_when_told};
use ftp_core::local::Unfinished;
use ftp_core::met::Met;
use ftp_core::newer::{Insist, Version};
use ftp_core::parents::Made;
use ftp_core::path::RemotePath;
use ftp_core::pool::Pool;
use ftp_core::producer::Producer;
use ftp_core::refusals;
use ftp_core::report::Report;
use ftp_core::resend::{self, Upload};
use ftp_core::servers::Server;
use ftp_core::sources;
use ftp_core::stage;
use ftp_core::stamp::{self, Existing, Spared, Stamp};
use ftp_core::stored::{Placement, take_back};
use ftp_core::sys;
use ftp_core::verify::{Check, Copied, Verify};
use ftp_core::wire::{Type, Wants};
use ftp_core::workers;

use crate::plan::{Local, Plan};
use crate::share::Piece;

pub fn run(plan: Plan) -> Report {
    let Plan { mut report, servers, origin, sources, to, .. } = plan;
    tidy_when_told(&servers.ending(), Unfinished::default(), &mut report);
    show_progress(&servers, (plan.progress, false), &mut report);
    let how = How {
        placement: plan.placement,
        recursive: plan.recursive,
        parents: plan.parents,
        kind: if plan.ascii { Type::Ascii } else { Type::Image },
        atomic: plan.atomic,
        no_clobber: plan.no_clobber,
        newer: plan.newer,
        keep_time: plan.keep_time,
        mode: plan.mode,
        verify: plan.verify,
        size: plan.size,
        retries: plan.retries,
    };
    let pool = workers::pool(plan.lanes);
    let work = |server: &mut Server, report: &mut Report, piece: Piece| {
        piece.store(Put::new(&how, &pool, server, report));
    };
    workers::run(&pool, (servers, report), &work, |lead| match lead.servers.at(&origin) {
        Err(cause) => sources::fail(&mut lead.report, &origin, &[], cause),
        Ok(server) => {
            let mut put = Put::new(&how, &pool, server, &mut lead.report);
            for source in &sources {
                put.source(source, &to);
            }
        }
    })
}

/// How files are stored.
pub struct How {
    pub placement: Placement,
    recursive: bool,
    parents: bool,
    kind: Type,
    atomic: bool,
    no_clobber: bool,
    newer: bool,
    keep_time: Option<Insist>,
    mode: Option<u32>,
    verify: Option<Verify>,
    size: Option<u64>,
    retries: u32,
}

/// One lane at work.
pub struct Put<'a> {
    pub server: &'a mut Server,
    pub report: &'a mut Report,
    pub how: &'a How,
    /// The files that are left to other lanes.
    pub pool: &'a Pool<Piece>,
    made: Made,
    /// What this run has stored: two sources of one name must not overwrite each other.
    pub sent: Met,
}

const NO_STDIN: &str = "is closed, or /dev/null opened for writing, too: nothing is put; </dev/null puts an empty file";

impl<'a> Put<'a> {
    pub fn new(
        how: &'a How,
        pool: &'a Pool<Piece>,
        server: &'a mut Server,
        report: &'a mut Report,
    ) -> Self {
        Self { server, report, how, pool, made: Made::default(), sent: Met::default() }
    }

    fn source(&mut self, source: &Local, to: &RemotePath) {
        let here = match source {
            Local::Path(path) => Some(path.as_path()),
            Local::Stdin | Local::Command(..) => None,
        };
        self.begin(to, here);
        let done = match source {
            Local::Stdin => self.stdin(to),
            Local::Path(path) => self.path(path, to),
            Local::Command(program, arguments) => self.command(program, arguments, to),
        };
        self.settle(done);
    }

    fn stdin(&mut self, to: &RemotePath) -> Result<(), Failure> {
        let failed = |error| Failure::new(*b"stdin", Cause::Local(error));
        let stdin = io::stdin();
        // An empty file over a good one cannot be mended, and nobody who closes stdin means one.
        if sys::may_have_been_closed(&stdin) {
            return Err(failed(io::Error::other(NO_STDIN)));
        }
        self.prepare(to)?;
        self.claim(b"stdin", to)?;
        let Existing::Goes(found) = self.existing(to, Version::default())? else { return Ok(()) };
        let file = File::from(stdin.as_fd().try_clone_to_owned().map_err(failed)?);
        self.open(&file, b"stdin", (to, found))
    }

    fn path(&mut self, path: &Path, to: &RemotePath) -> Result<(), Failure> {
        let found = fs::metadata(path).map_err(|error| local(path, error))?;
        if found.is_dir() && !self.how.recursive {
            let text = "is a directory; -R copies it";
            return Err(Failure::new(bytes(path), Cause::Operand(text.into())));
        }
        let to = self.target(path, to)?;
        self.prepare(&to)?;
        if found.is_dir() { self.tree(path, &to) } else { self.hand_out(path, &to) }
    }

    /// Where a file goes: into a directory it keeps its name. `dir/.` and the like have none, and
    /// what is in them goes into the directory itself, as with `cp -R`.
    fn target(&self, path: &Path, to: &RemotePath) -> Result<RemotePath, Failure> {
        if !(to.is_empty() || to.is_directory()) {
            return Ok(to.clone());
        }
        match path.file_name() {
            Some(name) if !bytes(path).ends_with(b"/.") => self.child(to, name.as_bytes(), path),
            _ => Ok(to.clone()),
        }
    }

    /// The path of `name`, typed or found here, in a remote directory.
    fn child(&self, dir: &RemotePath, name: &[u8], path: &Path) -> Result<RemotePath, Failure> {
        let bad = |text: String| Failure::new(bytes(path), Cause::Operand(text));
        let wire = self.report.charset.encode(name).map_err(|error| bad(error.to_string()))?;
        dir.join(&wire).map_err(|_| bad("FTP cannot carry a line end in a name".into()))
    }

    pub fn prepare(&mut self, to: &RemotePath) -> Result<(), Failure> {
        match to.parent().filter(|_| self.how.parents) {
            Some(parent) => self.make(&parent, true),
            None => Ok(()),
        }
    }

    fn make(&mut self, dir: &RemotePath, parents: bool) -> Result<(), Failure> {
        let session = self.server.session(Wants::to_ask(dir));
        let made = session.and_then(|session| match parents {
            true => self.made.with_parents(session, dir),
            false => self.made.directory(session, dir),
        });
        made.map_err(|cause| Failure::new(dir.as_bytes(), cause))
    }

    pub fn file(&mut self, path: &Path, to: &RemotePath) -> Result<(), Failure> {
        self.begin(to, Some(path));
        let file = File::open(path).map_err(|error| local(path, error))?;
        let found = file.metadata().map_err(|error| local(path, error))?;
        let ours = Version { size: Some(found.len()), modified: Some(found.mtime()) };
        let Existing::Goes(found) = self.existing(to, ours)? else { return Ok(()) };
        self.open(&file, bytes(path), (to, found))
    }

    /// What is known of the file that is there; `Stays` where `-n` or `-N` says so, which is told.
    pub fn existing(&mut self, to: &RemotePath, ours: Version) -> Result<Existing, Failure> {
        let spared = Spared { all: self.how.no_clobber, newer: self.how.newer };
        let existing = stamp::existing(self.server, to, ours, (spared, self.how.retries))
            .map_err(|cause| Failure::new(to.as_bytes(), cause))?;
        if existing == Existing::Stays {
            let shown = self.report.shown(to.as_bytes());
            self.report.skipped(&format!("{shown}: is there already"));
        }
        Ok(existing)
    }

    /// What is open as `file` from where it stands: a regular file can be read again, also when it
    /// is stdin, whose beginning somebody else may have read.
    fn open(
        &mut self,
        mut file: &File,
        what: &[u8],
        (to, found): (&RemotePath, Option<Version>),
    ) -> Result<(), Failure> {
        let ours = file.metadata().ok();
        let modified = ours.as_ref().map(MetadataExt::mtime);
        let regular = ours.is_some_and(|ours| ours.is_file());
        let source = match file.stream_position() {
            Ok(begin) if regular => resend::Source::File(file, begin),
            _ => resend::Source::Stream(file.as_fd()),
        };
        self.send(Input { what, source, modified, producer: None }, (to, found))
    }

    pub fn send(
        &mut self,
        input: Input<'_>,
        (to, found): (&RemotePath, Option<Version>),
    ) -> Result<(), Failure> {
        let staged = self.how.atomic || input.producer.is_some();
        let temporary = staged.then(|| stage::temporary(to));
        let path = temporary.as_ref().unwrap_or(to);
        let placement = if staged { Placement::Staged } else { self.how.placement };
        let remote = Remote { path, placement };
        // Until it has its name, also while the producer is waited for.
        let _stake = temporary.as_ref().map(|temporary| self.server.half(temporary).begun());
        let verify = self.how.verify.filter(|_| self.how.kind == Type::Image);
        let check = verify.map(|verify| Check::begin(self.server, verify)).transpose();
        let check = check.map_err(|cause| Failure::new(to.as_bytes(), cause))?;
        let upload = Upload {
            path,
            name: to,
            placement,
            before: found.filter(|_| !staged),
            source: input.source,
            kind: self.how.kind,
            sum: check.as_ref().and_then(|check| check.sum.as_ref()),
            size: self.how.size,
            retries: self.how.retries,
        };
        let stamp = Stamp { time: input.modified.zip(self.how.keep_time), mode: self.how.mode };
        let retries = self.how.retries;
        let before = Snapshot::of(input.source);
        let stored = resend::store(self.server, &upload);
        let stored = stored.and_then(|count| self.unchanged(before, input.source, (remote, count)));
        let stored = stored.and_then(|count| match &check {
            Some(check) => self.verified(check, input.source, (remote, count)),
            None => Ok(count),
        });
        let done = match temporary.as_ref() {
            Some(temporary) => stored.and_then(|count| {
                self.vouched(input.producer, temporary)?;
                let stamped = stamp::set(self.server, temporary, stamp, retries);
                stamped.inspect_err(|_| self.server.remove_half(temporary))?;
                stage::publish(self.server, temporary, to, retries).map(|()| count)
            }),
            None => {
                stored.and_then(|count| stamp::set(self.server, to, stamp, retries).map(|()| count))
            }
        };
        match done {
            Ok(count) => {
                let copied = Copied::new(count, check.as_ref());
                self.report.moved(&self.report.shown(to.as_bytes()), &copied, "");
                Ok(())
            }
            Err(cause) if is_local(&cause) => Err(Failure::new(input.what, cause)),
            Err(cause) => {
                Err(Failure::new(to.as_bytes(), refusals::of_upload(self.server, to, cause)))
            }
        }
    }

    /// A file that was written to meanwhile, but for its end, is neither the old one nor the new one:
    /// that is removed, where it is ours alone.
    fn unchanged(
        &mut self,
        before: Option<Snapshot>,
        source: resend::Source<'_>,
        (remote, count): (Remote<'_>, u64),
    ) -> Result<u64, Cause> {
        let (Some(before), Some(now)) = (before, Snapshot::of(source)) else { return Ok(count) };
        if now == before || count > before.length {
            return Ok(count);
        }
        let text = "was changed while it was sent, so it is not kept on the server";
        Err(remote.take_back(self.server, count, Cause::Local(io::Error::other(text))))
    }

    /// Holds what the server has against what was sent. What is wrong is removed, and so is what nobody
    /// can vouch for if it has no name yet.
    fn verified(
        &mut self,
        check: &Check,
        source: resend::Source<'_>,
        (remote, count): (Remote<'_>, u64),
    ) -> Result<u64, Cause> {
        if let resend::Source::File(file, begin) = source {
            check.fill(file, (begin, count)).map_err(Cause::Local)?;
        }
        let held = check.hold(self.server, remote.path, (count, self.how.retries));
        held.map(|()| count).map_err(|cause| match cause {
            Cause::WrongSum { .. } | Cause::WrongSize { .. } => {
                remote.take_back(self.server, count, cause)
            }
            cause if remote.placement == Placement::Staged => {
                remote.take_back(self.server, count, cause)
            }
            cause => cause,
        })
    }

    /// A directory with all that is in it. What cannot be copied is reported, and the rest goes on.
    fn tree(&mut self, dir: &Path, to: &RemotePath) -> Result<(), Failure> {
        self.make(to, false)?;
        let mut entries: Vec<(PathBuf, bool)> = fs::read_dir(dir)
            .and_then(|entries| entries.map(|entry| look(&entry?)).collect())
            .map_err(|error| local(dir, error))?;
        entries.sort();
        self.make_ahead(&entries, to);
        for (path, _) in entries {
            let done = self.entry(&path, to);
            self.settle(done);
        }
        Ok(())
    }

    /// Makes the directories in `to` together, so that their waits fall into one. What cannot be made is
    /// told when it is entered.
    fn make_ahead(&mut self, entries: &[(PathBuf, bool)], to: &RemotePath) {
        let dirs: Vec<_> = entries
            .iter()
            .filter(|(_, is_dir)| *is_dir)
            .filter_map(|(path, _)| self.child(to, path.file_name()?.as_bytes(), path).ok())
            .collect();
        if dirs.is_empty() {
            return;
        }
        let wants = Wants { features: !dirs.iter().all(is_ascii), data: false };
        if let Ok(session) = self.server.session(wants) {
            let _ = self.made.directories(session, &dirs);
        }
    }

    /// Links are followed to files, since FTP cannot make any, but not to directories: there the
    /// tree might have no end.
    fn entry(&mut self, path: &Path, to: &RemotePath) -> Result<(), Failure> {
        let link = fs::symlink_metadata(path).map_err(|error| local(path, error))?.is_symlink();
        let found = fs::metadata(path).map_err(|error| local(path, error))?;
        let name = path.file_name().unwrap_or_default();
        let to = self.child(to, name.as_bytes(), path)?;
        self.begin(&to, Some(path));
        let refuse = |text: &str| Err(Failure::new(bytes(path), Cause::Operand(text.into())));
        match (found.is_dir(), found.is_file()) {
            (true, _) if link => refuse("a link to a directory is left out"),
            (true, _) => self.tree(path, &to),
            (_, true) => self.hand_out(path, &to),
            _ => refuse("neither a file nor a directory"),
        }
    }

    /// From now on the report is about the file that goes to `to`.
    fn begin(&mut self, to: &RemotePath, path: Option<&Path>) {
        let url = self.server.origin().url_of(to);
        self.report.begin(url, path.map(|path| bytes(path).to_vec()));
    }

    pub fn settle(&mut self, done: Result<(), Failure>) {
        match done {
            Ok(()) => self.report.forget(),
            Err(Failure { what, cause }) => {
                sources::fail(self.report, self.server.origin(), &what, cause);
            }
        }
    }
}

/// Where a file is on the server while it is stored.
#[derive(Clone, Copy)]
struct Remote<'a> {
    path: &'a RemotePath,
    placement: Placement,
}

impl Remote<'_> {
    /// What was stored there must not stay, because of `cause`.
    fn take_back(self, server: &mut Server, count: u64, cause: Cause) -> Cause {
        take_back(server, self.path, (self.placement, count), cause)
    }
}

/// Where an entry is, and whether it is a directory itself.
fn look(entry: &fs::DirEntry) -> io::Result<(PathBuf, bool)> {
    Ok((entry.path(), entry.file_type()?.is_dir()))
}

/// What tells that nobody wrote to a file.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Snapshot {
    /// Bytes from where it is read on.
    length: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
}

impl Snapshot {
    /// Of a file; `None` for a stream.
    fn of(source: resend::Source<'_>) -> Option<Self> {
        let resend::Source::File(file, begin) = source else { return None };
        let found = file.metadata().ok()?;
        let length = found.len().saturating_sub(begin);
        Some(Self { length, modified: (found.mtime(), found.mtime_nsec()) })
    }
}

/// What is sent, and what messages call it.
pub struct Input<'a> {
    pub what: &'a [u8],
    pub source: resend::Source<'a>,
    /// When it was last modified, in seconds since 1970, UTC.
    pub modified: Option<i64>,
    /// The command that writes it, on whose exit status everything depends.
    pub producer: Option<&'a mut Producer>,
}

pub fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// Whether it is the file here that failed, which messages name then.
fn is_local(cause: &Cause) -> bool {
    match cause {
        Cause::Local(_) => true,
        Cause::Hinted(cause, _) => is_local(cause),
        _ => false,
    }
}

fn is_ascii(path: &RemotePath) -> bool {
    path.as_bytes().is_ascii()
}

fn local(path: &Path, error: io::Error) -> Failure {
    Failure::new(bytes(path), Cause::Local(error))
}
