//! The work of ftp-ls: each URL listed in the form that the plan says.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::ops::ControlFlow;

use ftp_core::error::Cause;
use ftp_core::face::local_stdout;
use ftp_core::listing::{Entry, Kind, Role, name_in};
use ftp_core::look::{Sight, look};
use ftp_core::names::is_plain;
use ftp_core::path::RemotePath;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::url::{Origin, Target};
use ftp_core::walk::{Onward, Step, Sweep, walk, within_bounds};
use ftp_core::wire::{Listed, Wants};

use crate::format::{Form, Shape, Shown};
use crate::plan::Plan;

pub fn run(mut plan: Plan) -> Report {
    let several = plan.operands.len() > 1
        || plan.operands.iter().any(|o| matches!(o.address.target, Target::Glob(_)));
    let plain = plan.shape.form != Form::Json && !plan.shape.urls && !plan.shape.nul;
    let mut list = List {
        out: BufWriter::with_capacity(64 * 1024, io::stdout().lock()),
        shape: plan.shape,
        hidden: plan.hidden,
        recursive: plan.recursive,
        unsorted: plan.unsorted,
        types: plan.types,
        headings: several && plain && !plan.recursive,
        begun: false,
        in_directory: false,
    };
    let report = &mut plan.report;
    sources::for_each(&mut plan.servers, &plan.operands, report, &mut |server, report, source| {
        if let Err(cause) = list.source(server, report, source) {
            sources::fail(report, &server.origin, source.path.as_bytes(), cause);
        }
        if report.reader_left() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Err(error) = list.out.flush()
        && !report.reader_left()
    {
        report.cause(*b"stdout", local_stdout(error));
    }
    plan.servers.quit();
    plan.report
}

struct List {
    out: BufWriter<StdoutLock<'static>>,
    shape: Shape,
    hidden: bool,
    recursive: bool,
    unsorted: bool,
    types: Option<Vec<Kind>>,
    /// Directories are told apart by a line with their URL, as `ls` does it.
    headings: bool,
    begun: bool,
    /// Whether what was printed last belongs to a directory with a heading.
    in_directory: bool,
}

impl List {
    fn source(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
    ) -> Result<(), Cause> {
        let path = &source.path;
        if let Some(entry) = source.entry.as_ref().filter(|entry| entry.kind != Kind::Dir) {
            return self.print(&server.origin, path, path.as_bytes(), entry);
        }
        if self.recursive && !source.is_file(server)? {
            return self.tree(server, report, path);
        }
        let origin = server.origin.clone();
        let wants = Wants { features: true, data: true };
        let session = server.session(wants)?;
        if self.unsorted && !self.headings {
            let (hidden, dir) = (self.hidden, path.trimmed());
            let mut odd = Vec::new();
            let sight =
                look(session, path, hidden, &mut |entry| match member(&dir, hidden, &entry) {
                    Member::Shown(name) => self.member(&origin, path, (name, &entry)),
                    Member::Hidden => Ok(()),
                    Member::Odd => keep_odd(&mut odd, &entry),
                })?;
            return self.settle((&origin, path), report, sight, odd);
        }
        self.sorted(server, report, path)
    }

    fn sorted(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
    ) -> Result<(), Cause> {
        let origin = server.origin.clone();
        let session = server.session(Wants::default())?;
        let (mut entries, mut odd): (Vec<Entry<'static>>, _) = (Vec::new(), Vec::new());
        let (hidden, dir) = (self.hidden, path.trimmed());
        let sight = look(session, path, hidden, &mut |entry| match member(&dir, hidden, &entry) {
            Member::Shown(name) => {
                within_bounds(entries.len())?;
                let name = name.to_vec();
                entries.push(Entry { name: name.into(), ..entry.into_owned() });
                Ok(())
            }
            Member::Hidden => Ok(()),
            Member::Odd => keep_odd(&mut odd, &entry),
        })?;
        if let Sight::Directory(_) = sight {
            if !self.unsorted {
                entries.sort_by(|a, b| a.name.cmp(&b.name));
            }
            self.heading(&origin, path)?;
            for entry in &entries {
                self.member(&origin, path, (&entry.name, entry))?;
            }
        }
        self.settle((&origin, path), report, sight, odd)
    }

    /// What is to be said once a path has been seen whole.
    fn settle(
        &mut self,
        (origin, path): (&Origin, &RemotePath),
        report: &mut Report,
        sight: Sight,
        odd: Vec<Vec<u8>>,
    ) -> Result<(), Cause> {
        for name in odd {
            let shown = [path.trimmed().as_bytes(), b"/", &name].concat();
            let text = "a name that could lead out of its directory";
            report.cause(shown, Cause::Operand(text.into()));
        }
        match sight {
            Sight::File(entry) => {
                if std::mem::take(&mut self.in_directory) {
                    self.out.write_all(b"\n").map_err(local_stdout)?;
                }
                self.print(origin, path, path.as_bytes(), &entry)
            }
            Sight::Directory(listed) => complete(report, path, listed),
        }
    }

    fn tree(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        root: &RemotePath,
    ) -> Result<(), Cause> {
        let sweep = Sweep { hidden: self.hidden, whole_only: false };
        walk(server, root, sweep, &mut |server, step| match step {
            Step::Enter(_) | Step::Leave { .. } => Ok(Onward::In),
            Step::Approach(item) | Step::Leaf(item) => {
                let shown = self.print(&server.origin, &item.path, &item.relative(), &item.entry);
                shown.map(|()| Onward::In)
            }
            Step::Failed(failure) => {
                report.failed(&failure);
                Ok(Onward::In)
            }
        })
    }

    fn heading(&mut self, origin: &Origin, path: &RemotePath) -> Result<(), Cause> {
        if !self.headings {
            return Ok(());
        }
        let mut text = if self.begun { b"\n".to_vec() } else { Vec::new() };
        text.extend_from_slice(&origin.url_of(path));
        text.extend_from_slice(b":\n");
        self.begun = true;
        self.in_directory = true;
        self.out.write_all(&text).map_err(local_stdout)
    }

    /// An entry of the directory `dir`.
    fn member(
        &mut self,
        origin: &Origin,
        dir: &RemotePath,
        (name, entry): (&[u8], &Entry<'_>),
    ) -> Result<(), Cause> {
        let odd = |_| Cause::Protocol("a name with a NUL or CR in it".into());
        let path = dir.join(name).map_err(odd)?;
        self.print(origin, &path, name, entry)
    }

    /// One line of output. The URL of a directory ends in a slash, so that it is read as one.
    fn print(
        &mut self,
        origin: &Origin,
        path: &RemotePath,
        name: &[u8],
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        if self.types.as_ref().is_some_and(|types| !types.contains(&entry.kind)) {
            return Ok(());
        }
        let mut url = Vec::new();
        if self.shape.urls || self.shape.form == Form::Json {
            url = origin.url_of(path);
            if entry.kind == Kind::Dir && !url.ends_with(b"/") {
                url.push(b'/');
            }
        }
        let mut line = Vec::with_capacity(128);
        self.shape.print(&Shown { name, url: &url, entry }, &mut line);
        self.begun = true;
        self.out.write_all(&line).map_err(local_stdout)
    }
}

/// What to do with an entry of a directory.
enum Member<'a> {
    Shown(&'a [u8]),
    Hidden,
    /// Its name names nothing in the directory.
    Odd,
}

/// `dir` is without a slash at its end.
fn member<'a>(dir: &RemotePath, hidden: bool, entry: &'a Entry<'_>) -> Member<'a> {
    let name = name_in(dir.as_bytes(), &entry.name);
    match entry.role {
        Role::Child if !is_plain(name) => Member::Odd,
        Role::Child if hidden || !name.starts_with(b".") => Member::Shown(name),
        _ => Member::Hidden,
    }
}

/// Odd names are told at the end; a hostile server may send any number of them.
fn keep_odd(odd: &mut Vec<Vec<u8>>, entry: &Entry<'_>) -> Result<(), Cause> {
    const MOST: usize = 100;
    if odd.len() < MOST {
        odd.push(entry.name.to_vec());
    }
    Ok(())
}

/// Whether all of a directory was shown.
fn complete(report: &Report, path: &RemotePath, listed: Listed) -> Result<(), Cause> {
    if listed.truncated {
        return Err(Cause::Operand("the server left entries out of this listing".into()));
    }
    let lines = format!("{} lines of this listing could not be read", listed.unknown);
    match (listed.unknown, listed.entries) {
        (0, _) => Ok(()),
        (_, 0) => Err(Cause::Operand(lines)),
        _ => {
            report.done(&format!("{}: {lines}", report.shown(path.as_bytes())));
            Ok(())
        }
    }
}
