//! What `-c` has to do with a file before it is fetched: whether it is here already, and which part of
//! it an earlier run left.

use ftp_core::error::Failure;
use ftp_core::local::Draft;
use ftp_core::newer::{Known, Version};
use ftp_core::place::Spot;
use ftp_core::servers::Server;
use ftp_core::stamp;
use ftp_core::sys::Sort;
use ftp_core::wire::Type;

use crate::run::{Get, Job, local, remote};

impl Get {
    /// Where to fetch a file to, and what the server said of it; `None` when it is here already.
    pub fn draft(
        &self,
        server: &mut Server,
        job: &Job<'_>,
        file: &Spot,
    ) -> Result<Option<(Draft, Known)>, Failure> {
        let here = |error| local(file.shown(), error);
        let continues = self.continues && job.kind == Type::Image;
        let known = match continues && !job.known.asked {
            true => stamp::version(server, job.path, (job.known, self.retries))
                .map_err(|cause| remote(job, cause))?,
            false => job.known,
        };
        let version = known.version;
        let Some(size) = version.size.filter(|_| continues) else {
            let draft = Draft::begin(file, &self.unfinished).map_err(here)?;
            return Ok(Some((draft, known)));
        };
        if is_here(file, version) {
            return Ok(None);
        }
        let origin = server.origin().shown();
        let facts = [size.to_string(), format!("{:?}", version.modified)];
        let source =
            [origin.as_bytes(), job.path.as_bytes(), facts[0].as_bytes(), facts[1].as_bytes()];
        let draft = Draft::resume(file, &source, (&self.parts, &self.unfinished)).map_err(here)?;
        if let Draft::Kept { part, .. } = &draft
            && part.length().map_err(here)? > size
        {
            part.file.set_len(0).map_err(here)?;
        }
        Ok(Some((draft, known)))
    }
}

/// Whether a file of that size is here that is no older than the server's. A half file of another
/// tool has another size; where the server tells no time, nothing is sure.
fn is_here(file: &Spot, version: Version) -> bool {
    let Ok(Some(found)) = file.open().and_then(|place| place.look()) else { return false };
    let is_newer = version.modified.is_some_and(|modified| found.modified >= modified);
    found.sort == Sort::File && Some(found.size) == version.size && is_newer
}
