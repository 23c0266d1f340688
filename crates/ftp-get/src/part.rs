//! What `-c` has to do with a file before it is fetched: whether it is here already, and which part of
//! it an earlier run left.

use ftp_core::error::{Cause, Failure};
use ftp_core::local::Draft;
use ftp_core::place::Spot;
use ftp_core::servers::Server;
use ftp_core::sys::Sort;
use ftp_core::wire::{Type, Wants};

use crate::run::{Get, Job, local, remote};

/// What a file on a server is known by from run to run.
struct Identity {
    /// Bytes.
    size: u64,
    /// Seconds since 1970, UTC, where the server tells.
    modified: Option<i64>,
}

impl Get {
    /// Where to fetch a file to; `None` when it is here already.
    pub fn draft(
        &self,
        server: &mut Server,
        job: &Job<'_>,
        file: &Spot,
    ) -> Result<Option<Draft>, Failure> {
        let here = |error| local(file.shown(), error);
        let identity = match self.continues && job.kind == Type::Image {
            true => identity(server, job).map_err(|cause| remote(job, cause))?,
            false => None,
        };
        let Some(identity) = identity else {
            return Draft::begin(file, &self.unfinished).map(Some).map_err(here);
        };
        if is_here(file, &identity) {
            return Ok(None);
        }
        let origin = server.origin().shown();
        let facts = [identity.size.to_string(), format!("{:?}", identity.modified)];
        let source =
            [origin.as_bytes(), job.path.as_bytes(), facts[0].as_bytes(), facts[1].as_bytes()];
        let draft = Draft::resume(file, &source, (&self.parts, &self.unfinished)).map_err(here)?;
        if let Draft::Kept { part, .. } = &draft
            && part.length().map_err(here)? > identity.size
        {
            part.file.set_len(0).map_err(here)?;
        }
        Ok(Some(draft))
    }
}

/// What the file is known by; `None` where the server does not tell its size.
fn identity(server: &mut Server, job: &Job<'_>) -> Result<Option<Identity>, Cause> {
    let features = !job.path.as_bytes().is_ascii();
    let session = server.session(Wants { features, data: true })?;
    let (size, modified) = session.size_and_time(job.path)?;
    Ok(size.map(|size| Identity { size, modified }))
}

/// Whether a file of that size is here that is no older than the server's. A half file of another
/// tool has another size; where the server tells no time, nothing is sure.
fn is_here(file: &Spot, identity: &Identity) -> bool {
    let Ok(Some(found)) = file.open().and_then(|place| place.look()) else { return false };
    let is_newer = identity.modified.is_some_and(|modified| found.modified >= modified);
    found.sort == Sort::File && found.size == identity.size && is_newer
}
