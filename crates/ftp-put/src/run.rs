//! The work of ftp-put: each local file stored where the plan says.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Seek};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ftp_core::deliver::Store;
use ftp_core::error::{Cause, Failure};
use ftp_core::face::tidy_when_told;
use ftp_core::local::Unfinished;
use ftp_core::parents::Made;
use ftp_core::path::RemotePath;
use ftp_core::pool::Pool;
use ftp_core::producer::Producer;
use ftp_core::report::Report;
use ftp_core::resend::{self, Upload};
use ftp_core::servers::Server;
use ftp_core::sources;
use ftp_core::stage;
use ftp_core::sys;
use ftp_core::wire::{Type, Wants};
use ftp_core::workers;

use crate::plan::{Local, Plan};
use crate::share::Piece;

pub fn run(plan: Plan) -> Report {
    let Plan { mut report, servers, origin, sources, to, .. } = plan;
    tidy_when_told(&servers.ending(), Unfinished::default(), &mut report);
    let how = How {
        store: plan.how,
        recursive: plan.recursive,
        parents: plan.parents,
        kind: if plan.ascii { Type::Ascii } else { Type::Image },
        atomic: plan.atomic,
        resumes: plan.resumes,
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
    pub store: Store,
    recursive: bool,
    parents: bool,
    kind: Type,
    atomic: bool,
    resumes: bool,
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
    pub sent: HashSet<RemotePath>,
}

impl<'a> Put<'a> {
    pub fn new(
        how: &'a How,
        pool: &'a Pool<Piece>,
        server: &'a mut Server,
        report: &'a mut Report,
    ) -> Self {
        Self { server, report, how, pool, made: Made::default(), sent: HashSet::new() }
    }

    fn source(&mut self, source: &Local, to: &RemotePath) {
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
        if sys::was_closed(&stdin) {
            return Err(failed(io::Error::other("is closed: there is nothing to put")));
        }
        self.prepare(to)?;
        self.claim(b"stdin", to)?;
        let file = File::from(stdin.as_fd().try_clone_to_owned().map_err(failed)?);
        self.open(&file, b"stdin", to)
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
        let session = self.server.session(Wants { features: !is_ascii(dir), data: false });
        let made = session.and_then(|session| match parents {
            true => self.made.with_parents(session, dir),
            false => self.made.directory(session, dir),
        });
        made.map_err(|cause| Failure::new(dir.as_bytes(), cause))
    }

    pub fn file(&mut self, path: &Path, to: &RemotePath) -> Result<(), Failure> {
        let file = File::open(path).map_err(|error| local(path, error))?;
        self.open(&file, bytes(path), to)
    }

    /// What is open as `file` from where it stands: a regular file can be read again, also when it
    /// is stdin, whose beginning somebody else may have read.
    fn open(&mut self, mut file: &File, what: &[u8], to: &RemotePath) -> Result<(), Failure> {
        let regular = file.metadata().is_ok_and(|found| found.is_file());
        let source = match file.stream_position() {
            Ok(begin) if regular => resend::Source::File(file, begin),
            _ => resend::Source::Stream(file.as_fd()),
        };
        self.send(Input { what, source, producer: None }, to)
    }

    pub fn send(&mut self, input: Input<'_>, to: &RemotePath) -> Result<(), Failure> {
        let staged = self.how.atomic || input.producer.is_some();
        let temporary = staged.then(|| stage::temporary(to));
        let path = temporary.as_ref().unwrap_or(to);
        // Until it has its name, also while the producer is waited for.
        let _stake = temporary.as_ref().map(|temporary| self.server.half(temporary).begun());
        let upload = Upload {
            path,
            how: self.how.store,
            source: input.source,
            kind: self.how.kind,
            size: self.how.size,
            retries: self.how.retries,
            resumes: self.how.resumes,
        };
        let stored = resend::store(self.server, &upload);
        let done = match temporary.as_ref() {
            Some(temporary) => stored.and_then(|count| {
                self.vouched(input.producer, temporary)?;
                stage::publish(self.server, temporary, to, self.how.retries).map(|()| count)
            }),
            None => stored,
        };
        match done {
            Ok(count) => {
                self.report.done(&format!("{}: {count} bytes", self.report.shown(to.as_bytes())));
                Ok(())
            }
            Err(Cause::Local(error)) => Err(Failure::new(input.what, Cause::Local(error))),
            Err(cause) => Err(Failure::new(to.as_bytes(), cause)),
        }
    }

    /// A directory with all that is in it. What cannot be copied is reported, and the rest goes on.
    fn tree(&mut self, dir: &Path, to: &RemotePath) -> Result<(), Failure> {
        self.make(to, false)?;
        let mut entries: Vec<PathBuf> = fs::read_dir(dir)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(|error| local(dir, error))?;
        entries.sort();
        for path in entries {
            let done = self.entry(&path, to);
            self.settle(done);
        }
        Ok(())
    }

    /// Links are followed to files, since FTP cannot make any, but not to directories: there the
    /// tree might have no end.
    fn entry(&mut self, path: &Path, to: &RemotePath) -> Result<(), Failure> {
        let link = fs::symlink_metadata(path).map_err(|error| local(path, error))?.is_symlink();
        let found = fs::metadata(path).map_err(|error| local(path, error))?;
        let name = path.file_name().unwrap_or_default();
        let to = self.child(to, name.as_bytes(), path)?;
        let refuse = |text: &str| Err(Failure::new(bytes(path), Cause::Operand(text.into())));
        match (found.is_dir(), found.is_file()) {
            (true, _) if link => refuse("a link to a directory is left out"),
            (true, _) => self.tree(path, &to),
            (_, true) => self.hand_out(path, &to),
            _ => refuse("neither a file nor a directory"),
        }
    }

    pub fn settle(&mut self, done: Result<(), Failure>) {
        if let Err(Failure { what, cause }) = done {
            sources::fail(self.report, &self.server.origin, &what, cause);
        }
    }
}

/// What is sent, and what messages call it.
pub struct Input<'a> {
    pub what: &'a [u8],
    pub source: resend::Source<'a>,
    /// The command that writes it, on whose exit status everything depends.
    pub producer: Option<&'a mut Producer>,
}

pub fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

fn is_ascii(path: &RemotePath) -> bool {
    path.as_bytes().is_ascii()
}

fn local(path: &Path, error: io::Error) -> Failure {
    Failure::new(bytes(path), Cause::Local(error))
}
