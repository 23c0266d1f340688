//! Removing by several lanes: files in any order, each directory when the last thing in it is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ftp_core::charset::Charset;
use ftp_core::error::{Cause, Failure};
use ftp_core::path::RemotePath;
use ftp_core::pool::Errand;
use ftp_core::reply::Reply;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::wire::Wants;
use ftp_core::workers::Worker;

use crate::plan::Depth;
use crate::rests::Rest;
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
    Operand(u64),
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

/// About how much memory a file takes besides its path.
const BESIDES: usize = 100;

impl Rm {
    /// Leaves files among the operands to whoever is free.
    pub fn hand_out(&self, server: &mut Server, report: &mut Report, sources: Vec<Source>) {
        let role = |source: Source| (source.path, Role::Operand(self.next_place()));
        self.offer(server, report, sources.into_iter().map(role).collect());
    }

    /// Leaves a directory among the operands to the lead, for the end.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn put_off_directory(
        &self,
        server: &Server,
        report: &mut Report,
        path: &RemotePath,
    ) -> Result<(), Cause> {
        self.put_off((self.next_place(), path, None), server, report)
    }

    fn next_place(&self) -> u64 {
        self.places.fetch_add(1, Ordering::Relaxed)
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
        let errand = Errand { origin: server.origin().clone(), wants, bytes, work: piece };
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
                sources::fail(report, server.origin(), path.as_bytes(), cause);
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
            (Role::Operand(place), refused) => self.put_off((place, path, refused), server, report),
            (Role::In(nest), refused) => {
                if let Some(refused) = refused {
                    let failure = Failure::new(path.as_bytes(), Cause::Refused(refused));
                    sources::failed_in_tree(report, server.origin(), &failure);
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
                sources::failed_in_tree(report, server.origin(), &failure);
            }
        }
        Ok(())
    }

    fn put_off(
        &self,
        (place, path, refused): (u64, &RemotePath, Option<Reply>),
        server: &Server,
        report: &mut Report,
    ) -> Result<(), Cause> {
        let (origin, charset, path) = (server.origin().clone(), report.charset, path.clone());
        report.forget();
        self.rests.put_off(&Rest { place, origin, charset, path, refused })
    }

    /// Removes the directories among the operands, in their order, each when all before is gone.
    pub fn finish(&self, lead: &mut Worker<'_, Piece>) {
        self.pool.catch_up(lead);
        if let Err(cause) = self.finish_rests(lead) {
            lead.report.cause(*b"directories", cause);
        }
    }

    fn finish_rests(&self, lead: &mut Worker<'_, Piece>) -> Result<(), Cause> {
        let Some(mut due) = self.rests.in_order()? else { return Ok(()) };
        while let Some(Rest { origin, charset, path, refused, .. }) = due.next_rest()? {
            let report = &mut lead.report;
            report.charset = charset;
            report.begin(origin.url_of(&path), None);
            let server = lead.servers.at(&origin);
            let done = server.and_then(|s| self.directory_or(s, report, &path, refused));
            if let Err(cause) = done {
                report.forget();
                sources::fail(report, &origin, path.as_bytes(), cause);
            }
            self.pool.catch_up(lead);
        }
        Ok(())
    }
}
