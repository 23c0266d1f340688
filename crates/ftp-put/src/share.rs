//! Files stored by several lanes. The lead walks the trees, makes the directories and hands out the
//! files; each lane stores with sessions of its own.

use std::path::{Path, PathBuf};

use ftp_core::charset::Charset;
use ftp_core::error::{Cause, Failure};
use ftp_core::path::RemotePath;
use ftp_core::pool::Errand;
use ftp_core::stored::Placement;
use ftp_core::wire::Wants;

use crate::run::{Put, bytes};

/// One file to store.
#[derive(Debug)]
pub struct Piece {
    path: PathBuf,
    to: RemotePath,
    /// How messages show names.
    charset: Charset,
}

impl Piece {
    /// Stores it with a lane's own session.
    pub fn store(self, mut put: Put<'_>) {
        put.report.charset = self.charset;
        let done = put.file(&self.path, &self.to);
        put.settle(done);
    }
}

impl Put<'_> {
    /// Leaves a file to whoever is free, or stores it now. What this run has stored is kept here: two
    /// sources of one name must not overwrite each other.
    pub fn hand_out(&mut self, path: &Path, to: &RemotePath) -> Result<(), Failure> {
        self.claim(bytes(path), to)?;
        let wants = Wants::to_transfer(to);
        let piece = Piece { path: path.to_owned(), to: to.clone(), charset: self.report.charset };
        let bytes = size_of::<Piece>() + 2 * to.as_bytes().len();
        let errand = Errand { origin: self.server.origin().clone(), wants, bytes, work: piece };
        match self.pool.offer(errand, |wants| self.server.arrive(wants)) {
            Some(_) => self.file(path, to),
            None => Ok(()),
        }
    }

    /// # Errors
    /// Something was stored under that name already, or the temporary file of such names fails.
    pub fn claim(&mut self, what: &[u8], to: &RemotePath) -> Result<(), Failure> {
        let failed = |error| Failure::new(what, Cause::Local(error));
        let claims = self.how.placement != Placement::Appended;
        if claims && !self.sent.insert(to.as_bytes()).map_err(failed)? {
            let text = "would overwrite a file just put under the same name";
            return Err(Failure::new(what, Cause::Operand(text.into())));
        }
        Ok(())
    }
}
