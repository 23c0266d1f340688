//! Making remote directories, with their parents, once each.

use std::collections::HashSet;

use crate::error::Cause;
use crate::path::RemotePath;
use crate::wire::Session;

/// How many commands go out together: their replies are a few KiB.
const FLIGHT: usize = 64;

/// The directories of one server that are known to be there.
#[derive(Clone, Debug, Default)]
pub struct Made(HashSet<RemotePath>);

impl Made {
    /// Makes `dir`; one that is there already is as good.
    ///
    /// # Errors
    /// The server's refusal, or a lost connection.
    pub fn directory(&mut self, session: &mut Session, dir: &RemotePath) -> Result<(), Cause> {
        let dir = dir.trimmed();
        if dir.is_empty() || dir.as_bytes() == b"/" || self.0.contains(&dir) {
            return Ok(());
        }
        session.make_directory(&dir)?;
        self.0.insert(dir);
        Ok(())
    }

    /// Makes those of `dirs` that are not known, many at a time. Of one that cannot be made
    /// [`Self::directory`] says why.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn directories(&mut self, session: &mut Session, dirs: &[RemotePath]) -> Result<(), Cause> {
        let new: Vec<_> = dirs.iter().filter(|dir| !self.0.contains(*dir)).cloned().collect();
        for flight in new.chunks(FLIGHT) {
            let there = session.make_directories(flight)?;
            let there = flight.iter().zip(there).filter(|(_, there)| *there);
            self.0.extend(there.map(|(dir, _)| dir.clone()));
        }
        Ok(())
    }

    /// Makes `dir` and all directories above it. When it can be entered, nothing has to be made.
    ///
    /// # Errors
    /// The server's refusal of the first that cannot be made, or a lost connection.
    pub fn with_parents(&mut self, session: &mut Session, dir: &RemotePath) -> Result<(), Cause> {
        let dir = dir.trimmed();
        if dir.is_empty() || self.0.contains(&dir) {
            return Ok(());
        }
        if session.enter(&dir)?.is_done() {
            self.0.insert(dir);
            return Ok(());
        }
        if let Some(parent) = dir.parent() {
            self.with_parents(session, &parent)?;
        }
        self.directory(session, &dir)
    }
}
