//! Making remote directories, with their parents, once each.

use crate::error::Cause;
use crate::met::Met;
use crate::path::RemotePath;
use crate::wire::{FLIGHT, Session};

/// The directories of one server that are known to be there.
#[derive(Debug, Default)]
pub struct Made(Met);

impl Made {
    /// Makes `dir`; one that is there already is as good.
    ///
    /// # Errors
    /// The server's refusal, or a lost connection.
    pub fn directory(&mut self, session: &mut Session, dir: &RemotePath) -> Result<(), Cause> {
        let dir = dir.trimmed();
        if !self.lacks(&dir)? {
            return Ok(());
        }
        session.make_directory(&dir)?;
        self.is_there(&dir)
    }

    /// Asks for `dir` and waits for nothing: [`Self::directory`] of it does, before anything else is asked
    /// there.
    ///
    /// # Errors
    /// The connection is lost, or the temporary file of known names fails.
    pub fn begin(&mut self, session: &mut Session, dir: &RemotePath) -> Result<(), Cause> {
        let dir = dir.trimmed();
        if self.lacks(&dir)? { session.begin_directory(&dir) } else { Ok(()) }
    }

    /// Makes those of `dirs` that are not known, many at a time. Of one that cannot be made
    /// [`Self::directory`] says why.
    ///
    /// # Errors
    /// The connection is lost, or the temporary file of known names fails.
    pub fn directories(&mut self, session: &mut Session, dirs: &[RemotePath]) -> Result<(), Cause> {
        let mut new = Vec::new();
        for dir in dirs {
            if !self.knows(dir)? {
                new.push(dir.clone());
            }
        }
        for flight in new.chunks(FLIGHT) {
            let there = session.make_directories(flight)?;
            for (dir, _) in flight.iter().zip(there).filter(|(_, there)| *there) {
                self.is_there(dir)?;
            }
        }
        Ok(())
    }

    /// Makes `dir` and all directories above it. When it can be entered, nothing has to be made.
    ///
    /// # Errors
    /// The server's refusal of the first that cannot be made, or a lost connection.
    pub fn with_parents(&mut self, session: &mut Session, dir: &RemotePath) -> Result<(), Cause> {
        let dir = dir.trimmed();
        if dir.is_empty() || self.knows(&dir)? {
            return Ok(());
        }
        if session.enter(&dir)?.is_done() {
            return self.is_there(&dir);
        }
        if let Some(parent) = dir.parent() {
            self.with_parents(session, &parent)?;
        }
        self.directory(session, &dir)
    }

    /// Whether it has to be made.
    fn lacks(&self, dir: &RemotePath) -> Result<bool, Cause> {
        Ok(!(dir.is_empty() || dir.as_bytes() == b"/" || self.knows(dir)?))
    }

    fn knows(&self, dir: &RemotePath) -> Result<bool, Cause> {
        self.0.contains(dir.as_bytes()).map_err(Cause::Local)
    }

    fn is_there(&mut self, dir: &RemotePath) -> Result<(), Cause> {
        self.0.insert(dir.as_bytes()).map(drop).map_err(Cause::Local)
    }
}
