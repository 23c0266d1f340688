//! Making remote directories, with their parents, once each.

use std::collections::HashSet;

use crate::error::Cause;
use crate::path::RemotePath;
use crate::wire::Session;

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
