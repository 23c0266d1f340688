//! Removing by several lanes: files in any order, each directory when the last thing in it is gone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ftp_core::charset::Charset;
use ftp_core::error::{Cause, Failure};
use ftp_core::path::RemotePath;
use ftp_core::pool::Errand;
use ftp_core::reply::Reply;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::url::Origin;
use ftp_core::wire::Wants;
use ftp_core::workers::Worker;

use crate::plan::Depth;
use crate::run::Rm;

/// Files to remove, all at once.
#[derive(Debug)]
pub struct Piece {
    files: Vec<(RemotePath, Role)>,
    /// How messages show names.
    charset: Charset,
}

/// What a file is to this run.
#[derive(Debug)]
pub enum Role {
    /// The operand of this place, which may turn out to be a directory.
    Operand(usize, Box<Source>),
    /// Something in a directory that goes, too.
    In(Arc<Nest>),
}

/// A directory that goes when everything in it has gone. What was lost on the way is never done, so
/// the directory stays, and those above it.
#[derive(Debug)]
pub struct Nest {
    path: RemotePath,
    /// How much in it is not done yet; the walk through it counts as one.
    pending: AtomicUsize,
    parent: Option<Arc<Nest>>,
}

impl Nest {
    pub fn new(path: &RemotePath, parent: Option<&Arc<Self>>) -> Arc<Self> {
        let parent = parent.map(Self::one_more);
        Arc::new(Self { path: path.clone(), pending: AtomicUsize::new(1), parent })
    }

    pub fn one_more(self: &Arc<Self>) -> Arc<Self> {
        self.pending.fetch_add(1, Ordering::AcqRel);
        Arc::clone(self)
    }
}

/// An operand that DELE did not remove. Directories come after all files, since these may be in
/// them.
#[derive(Debug)]
pub struct Rest {
    place: usize,
    origin: Origin,
    source: Source,
    /// What the server said to DELE, where it was asked.
    refused: Option<Reply>,
    charset: Charset,
}

/// What the lead does last.
pub type Rests = Mutex<Vec<Rest>>;

/// About how much memory a file takes besides its path.
const BESIDES: usize = 100;

impl Rm {
    /// Leaves files among the operands to whoever is free.
    pub fn hand_out(&self, server: &mut Server, report: &mut Report, sources: Vec<Source>) {
        let role = |source: Source| {
            let place = self.places.fetch_add(1, Ordering::Relaxed);
            (source.path.clone(), Role::Operand(place, Box::new(source)))
        };
        self.offer(server, report, sources.into_iter().map(role).collect());
    }

    /// Leaves a directory among the operands to the lead, for the end.
    pub fn put_off_directory(&self, server: &Server, report: &mut Report, source: &Source) {
        let place = self.places.fetch_add(1, Ordering::Relaxed);
        self.put_off((place, source.clone(), None), server, report);
    }

    /// Leaves files to whoever is free.
    pub fn offer(&self, server: &mut Server, report: &mut Report, files: Vec<(RemotePath, Role)>) {
        if files.is_empty() {
            return;
        }
        let ascii = files.iter().all(|(path, _)| path.as_bytes().is_ascii());
        let wants = Wants { features: !ascii, data: false };
        let bytes = files.iter().map(|(path, _)| BESIDES + path.as_bytes().len()).sum();
        let piece = Piece { files, charset: report.charset };
        let errand = Errand { origin: server.origin.clone(), wants, bytes, work: piece };
        match self.pool.offer(errand, |wants| server.arrive(wants)) {
            Some(errand) => self.piece(server, report, errand.work),
            None => report.forget(),
        }
    }

    /// Removes files, and reports what fails.
    pub fn piece(&self, server: &mut Server, report: &mut Report, piece: Piece) {
        report.charset = piece.charset;
        let replies = self.ask_all(server, report, piece.files.iter().map(|(path, _)| path));
        for ((path, role), refused) in piece.files.into_iter().zip(replies) {
            let done = refused.and_then(|refused| {
                self.removed_or_refused(server, report, (&path, role), refused)
            });
            if let Err(cause) = done {
                report.forget();
                sources::fail(report, &server.origin, path.as_bytes(), cause);
            }
        }
    }

    fn removed_or_refused(
        &self,
        server: &mut Server,
        report: &mut Report,
        (path, role): (&RemotePath, Role),
        refused: Option<Reply>,
    ) -> Result<(), Cause> {
        match (role, refused) {
            (Role::Operand(..), None) => Ok(()),
            (Role::Operand(..), Some(refused)) if self.depth == Depth::Files => {
                self.missing_or((server, report), path, refused)
            }
            (Role::Operand(place, source), refused) => {
                self.put_off((place, *source, refused), server, report);
                Ok(())
            }
            (Role::In(nest), refused) => {
                if let Some(refused) = refused {
                    let failure = Failure::new(path.as_bytes(), Cause::Refused(refused));
                    sources::failed_in_tree(report, &server.origin, &failure);
                }
                self.release(server, report, &nest)
            }
        }
    }

    /// One thing less in a directory. When it was the last one the directory goes, and is one thing
    /// less in the one above.
    pub fn release(
        &self,
        server: &mut Server,
        report: &mut Report,
        nest: &Arc<Nest>,
    ) -> Result<(), Cause> {
        let mut next = Some(nest);
        while let Some(nest) = next {
            if nest.pending.fetch_sub(1, Ordering::AcqRel) > 1 {
                break;
            }
            next = nest.parent.as_ref();
            if let Some(refused) = self.ask(server, report, "RMD", &nest.path)? {
                let failure = Failure::new(nest.path.as_bytes(), Cause::Refused(refused));
                sources::failed_in_tree(report, &server.origin, &failure);
            }
        }
        Ok(())
    }

    fn put_off(
        &self,
        (place, source, refused): (usize, Source, Option<Reply>),
        server: &Server,
        report: &mut Report,
    ) {
        let (origin, charset) = (server.origin.clone(), report.charset);
        report.forget();
        let rest = Rest { place, origin, source, refused, charset };
        self.rests.lock().unwrap_or_else(PoisonError::into_inner).push(rest);
    }

    /// Removes the directories among the operands, in their order, each when all before is gone.
    pub fn finish(&self, lead: &mut Worker<'_, Piece>) {
        self.pool.catch_up(lead);
        let mut rests =
            std::mem::take(&mut *self.rests.lock().unwrap_or_else(PoisonError::into_inner));
        rests.sort_by_key(|rest| rest.place);
        for Rest { origin, source, refused, charset, .. } in rests {
            let report = &mut lead.report;
            report.charset = charset;
            report.begin(origin.url_of(&source.path), None);
            let server = lead.servers.at(&origin);
            let done = server.and_then(|s| self.directory_or(s, report, &source, refused));
            if let Err(cause) = done {
                report.forget();
                sources::fail(report, &origin, source.path.as_bytes(), cause);
            }
            self.pool.catch_up(lead);
        }
    }
}
