//! A copy that a server makes by itself, of one of its files under another name: `SITE CPFR` and `SITE
//! CPTO` of ProFTPD's mod_copy. Whether both names are of one server is for the caller to know.

use crate::error::Cause;
use crate::newer::Version;
use crate::path::RemotePath;
use crate::servers::Server;
use crate::wire::Wants;

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Copied {
    /// The file is there, and has its size.
    Whole,
    /// The server does not; a part of the file may be there.
    Not {
        /// Whether it may.
        begun: bool,
    },
}

/// Has the server copy a file, where it offers that, to a path at which there is nothing, where it must have `size`
/// bytes then.
///
/// # Errors
/// The connection is lost.
pub fn copy(
    server: &mut Server,
    from: &RemotePath,
    (to, size): (&RemotePath, u64),
) -> Result<Copied, Cause> {
    if !offers(server)? {
        return Ok(Copied::Not { begun: false });
    }
    let half = server.half(to);
    let session = server.session(Wants::to_ask(to))?;
    if session.ask("SITE CPFR", Some(from))?.code() != 350 {
        return Ok(Copied::Not { begun: false });
    }
    let _stake = half.begun_over(Version::default());
    let copied = session.ask_for_long("SITE CPTO", to)?.is_done();
    match copied && session.size(to)? == Some(size) {
        true => Ok(Copied::Whole),
        false => Ok(Copied::Not { begun: true }),
    }
}

/// Whether the server says that it can: in FEAT, or in its help on SITE. It is asked once in a run.
fn offers(server: &mut Server) -> Result<bool, Cause> {
    if let Some(known) = server.facts().site_copy {
        return Ok(known);
    }
    let session = server.session(Wants { features: true, data: false })?;
    let named = session.features()?.has(b"SITE COPY");
    let offers =
        named || memchr::memmem::find(session.ask("SITE HELP", None)?.raw(), b"CPFR").is_some();
    server.learn(|facts| facts.site_copy = Some(offers));
    Ok(offers)
}
