//! The work of ftp-ls: each URL listed as the plan says.

use std::io;
use std::ops::ControlFlow;

use ftp_core::clock::{self, Witnesses};
use ftp_core::error::Cause;
use ftp_core::kept::{Kept, ROOM, Unkept};
use ftp_core::line::Lines;
use ftp_core::listing::{By, Entry, Kind, Role, name_in};
use ftp_core::look::{Sight, describe, look};
use ftp_core::merge::InOrder;
use ftp_core::names::is_plain;
use ftp_core::path::RemotePath;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::url::Origin;
use ftp_core::walk::{Onward, Step, Sweep, walk};
use ftp_core::wire::{Listed, Wants};

use crate::format::Form;
use crate::output::{Output, Place};
use crate::plan::{self, Depth, Look, Plan};
use crate::stdin;

pub fn run(plan: Plan) -> Report {
    let Plan { mut report, source, look } = plan;
    let out = Output::new(look.shape.clone(), look.types.clone());
    let mut list = List { out, look };
    match source {
        plan::Source::Stdin { now, base } => {
            let listed = stdin::list(&mut list.out, &list.look, &mut report, now, base.as_ref());
            if let Err(cause) = listed {
                report.cause(*b"stdin", cause);
            }
        }
        plan::Source::Servers(mut servers, operands) => {
            sources::for_each(
                &mut servers,
                &operands,
                &mut report,
                &mut |server, report, source| {
                    if let Err(cause) = list.source(server, report, source) {
                        sources::fail(report, server.origin(), source.path.as_bytes(), cause);
                    }
                    match report.reader_left() {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    }
                },
            );
            servers.quit();
        }
    }
    end(list.out, &mut report);
    report
}

/// Writes out the rest, and says what could not be said line by line.
fn end(mut out: Output, report: &mut Report) {
    if !report.reader_left()
        && let Err(cause) = out.flush()
    {
        report.cause(*b"stdout", cause);
    }
    if out.untypeable() > 0 && !report.reader_left() {
        let count = out.untypeable();
        report.warn(&format!("{count} of these names would be read as others; use those of -u"));
    }
}

struct List {
    out: Output,
    look: Look,
}

impl List {
    fn source(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
    ) -> Result<(), Cause> {
        self.out.set_charset(report.charset);
        let path = &source.path;
        let known = source.entry.as_ref();
        match self.look.depth {
            Depth::Raw => return self.raw(server, path),
            Depth::Itself => return self.itself(server, report, path, known),
            _ => {}
        }
        if let Some(entry) = known.filter(|entry| entry.kind != Kind::Dir) {
            return self.alone(server, report, path, entry);
        }
        if self.look.depth == Depth::Tree && !source.is_file(server)? {
            return self.tree(server, report, path);
        }
        let held = self.look.headings || self.look.guessing || self.look.reverse;
        if self.look.by == By::Arrival && !held {
            return self.stream(server, report, path);
        }
        self.sorted(server, report, path)
    }

    /// A path that is an operand itself, under the name it was called by.
    fn alone(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        if !self.out.shows(entry.kind) {
            return Ok(());
        }
        self.out.leave_directory()?;
        let shown = if path.is_empty() { b"." } else { path.as_bytes() };
        let mut witnesses = Witnesses::new(self.look.times);
        witnesses.see(&path.name(), entry);
        let parent = path.parent().unwrap_or_default();
        self.offset_of(server, report, &parent, &witnesses)?;
        let entry = clock::shown(entry.clone(), server.facts().clock, self.look.times);
        let dir = Some((server.origin(), path));
        self.out.entry(Place { dir, name: b"" }, shown, &entry)
    }

    /// How times become UTC, as far as can be; not knowing is reported, and nothing is kept back for it.
    fn offset_of(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        dir: &RemotePath,
        witnesses: &Witnesses,
    ) -> Result<Option<i64>, Cause> {
        match clock::offset_of(server, dir, witnesses) {
            Err(cause) if cause.session_survives() => {
                sources::fail(report, server.origin(), dir.as_bytes(), cause);
                Ok(None)
            }
            other => other,
        }
    }

    fn itself(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
        known: Option<&Entry<'_>>,
    ) -> Result<(), Cause> {
        if let Some(entry) = known {
            return self.alone(server, report, path, entry);
        }
        let entry = describe(server.session(Wants { features: true, data: true })?, path)?;
        self.adopt_charset(server, report);
        self.alone(server, report, path, &entry)
    }

    fn raw(&mut self, server: &mut Server, path: &RemotePath) -> Result<(), Cause> {
        let session = server.session(Wants { features: true, data: true })?;
        let (out, mut lines) = (&mut self.out, Lines::default());
        let mut pass = |bytes: &[u8]| out.raw(bytes, &mut lines);
        let listed = session.list_raw(path, self.look.hidden, &mut pass)?;
        session.prove(path, listed)?;
        self.out.raw(b"", &mut lines)?;
        if listed.truncated { Err(cut()) } else { Ok(()) }
    }

    /// Entries as they come, none of them kept.
    fn stream(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
    ) -> Result<(), Cause> {
        let (origin, clock) = (server.origin().clone(), server.facts().clock);
        let session = server.session(Wants { features: true, data: true })?;
        let (hidden, dir, times) = (self.look.hidden, path.trimmed(), self.look.times);
        let mut odd = Vec::new();
        let sight = look(session, path, hidden, &mut |entry| match member(&dir, hidden, &entry) {
            Member::Shown(name) => {
                let place = Place { dir: Some((&origin, path)), name };
                self.out.entry(place, name, &clock::shown(entry.clone(), clock, times))
            }
            Member::Hidden => Ok(()),
            Member::Odd => keep_odd(&mut odd, &entry),
        })?;
        self.settle((server, path), report, sight, odd)
    }

    /// All entries of a directory, in order.
    fn sorted(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        path: &RemotePath,
    ) -> Result<(), Cause> {
        let origin = server.origin().clone();
        let session = server.session(Wants { features: true, data: true })?;
        let Look { hidden, times, by, reverse, .. } = self.look;
        let (mut kept, mut odd) = (Kept::new(by, reverse), Vec::new());
        let (dir, mut witnesses) = (path.trimmed(), Witnesses::new(times));
        let form = self.look.shape.form;
        let sight = look(session, path, hidden, &mut |entry| match member(&dir, hidden, &entry) {
            Member::Shown(name) => {
                witnesses.see(name, &entry);
                keep(form, &mut kept, name, &entry)
            }
            Member::Hidden => Ok(()),
            Member::Odd => keep_odd(&mut odd, &entry),
        })?;
        self.adopt_charset(server, report);
        if let Sight::Directory(_) = sight {
            let offset = self.offset_of(server, report, path, &witnesses)?;
            offset.into_iter().for_each(|offset| kept.set_clock(offset));
            if self.look.headings {
                self.out.heading(&origin.url_of(path))?;
            }
            self.entries(read(kept)?, (&origin, path))?;
        }
        self.settle((server, path), report, sight, odd)
    }

    fn entries(&mut self, mut entries: InOrder, dir: (&Origin, &RemotePath)) -> Result<(), Cause> {
        while let Some(entry) = entries.next_entry().map_err(Cause::Local)? {
            self.out.entry(Place { dir: Some(dir), name: &entry.name }, &entry.name, &entry)?;
        }
        Ok(())
    }

    /// With `--encoding auto`, names are shown from here on as the listings so far tell.
    fn adopt_charset(&mut self, server: &Server, report: &mut Report) {
        sources::adopt_charset(server, report);
        self.out.set_charset(report.charset);
    }

    /// What is to be said once a path has been seen whole.
    fn settle(
        &mut self,
        (server, path): (&mut Server, &RemotePath),
        report: &mut Report,
        sight: Sight,
        odd: Vec<Vec<u8>>,
    ) -> Result<(), Cause> {
        for name in odd {
            let shown = [path.trimmed().as_bytes(), b"/", &name].concat();
            report.cause(shown, Cause::leads_out());
        }
        match sight {
            Sight::File(entry) => self.alone(server, report, path, &entry),
            Sight::Directory(listed) => complete(report, path.as_bytes(), listed),
        }
    }

    fn tree(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        root: &RemotePath,
    ) -> Result<(), Cause> {
        let Look { hidden, times, by, reverse, .. } = self.look;
        let sweep = Sweep { hidden, whole_only: false, times, by, reverse };
        walk(server, root, sweep, &mut |server, step| match step {
            Step::Enter(_) => {
                self.adopt_charset(server, report);
                Ok(Onward::In)
            }
            Step::Leave { .. } => Ok(Onward::In),
            Step::Approach(item) | Step::Leaf(item) => {
                let dir = Some((server.origin(), &item.path));
                let shown = item.relative();
                self.out.entry(Place { dir, name: b"" }, &shown, &item.entry)?;
                Ok(Onward::In)
            }
            Step::Failed(failure) => {
                report.failed(&failure);
                Ok(Onward::In)
            }
        })
    }
}

/// Keeps an entry for sorting, with as much of it as will be printed.
pub fn keep(form: Form, kept: &mut Kept, name: &[u8], entry: &Entry<'_>) -> Result<(), Cause> {
    let done = match form {
        Form::Names => kept.push_name(name, entry),
        Form::Long | Form::Json => kept.push(name, entry),
    };
    done.map_err(unkept)
}

/// What was kept, in order.
pub fn read(kept: Kept) -> Result<InOrder, Cause> {
    kept.in_order(ROOM).map_err(unkept)
}

/// A temporary file is needed for sorting alone.
fn unkept(unkept: Unkept) -> Cause {
    match unkept {
        Unkept::Spill(error) => {
            let text = format!("cannot keep all entries (-U keeps none): {error}");
            Cause::Local(io::Error::new(error.kind(), text))
        }
        Unkept::TooMany => unkept.into(),
    }
}

/// What to do with an entry of a directory.
pub enum Member<'a> {
    Shown(&'a [u8]),
    Hidden,
    /// Its name names nothing in the directory.
    Odd,
}

/// `dir` is without a slash at its end.
pub fn member<'a>(dir: &RemotePath, hidden: bool, entry: &'a Entry<'_>) -> Member<'a> {
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

fn cut() -> Cause {
    Cause::Operand("the server left entries out of this listing".into())
}

/// Whether all of a listing was shown.
pub fn complete(report: &Report, what: &[u8], listed: Listed) -> Result<(), Cause> {
    if listed.truncated {
        return Err(cut());
    }
    let lines = format!("{} lines of this listing could not be read", listed.unknown);
    match (listed.unknown, listed.entries) {
        (0, _) => Ok(()),
        (_, 0) => Err(Cause::Operand(lines)),
        _ => {
            report.done(&format!("{}: {lines}", report.shown(what)));
            Ok(())
        }
    }
}
