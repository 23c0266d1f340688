//! From what was typed to what will be done.

use std::num::NonZeroU32;

use anyhow::ensure;
use ftp_core::path::RemotePath;
use ftp_core::prepare::{self, Operand};
use ftp_core::report::Report;
use ftp_core::servers::Servers;
use ftp_core::url::Target;

use crate::args::{Args, TOOL};

/// What may be removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
    /// Files.
    Files,
    /// Files and empty directories.
    EmptyDirectories,
    /// Files and directories with all that is in them.
    Trees,
}

/// What will be done.
pub struct Plan {
    pub report: Report,
    pub servers: Servers,
    pub operands: Vec<Operand>,
    pub depth: Depth,
    pub force: bool,
    pub dry_run: bool,
    /// How many files are removed at once.
    pub lanes: NonZeroU32,
}

pub fn build(args: Args) -> anyhow::Result<Plan> {
    let charset = prepare::charset(&args.session)?;
    let operands = prepare::operands(&args.session, &args.urls, charset)?;
    ensure!(!operands.is_empty() || args.session.files_from.is_some(), "no URL given");
    let roots = operands.iter().any(|operand| match &operand.address.target {
        Target::Path(path) => is_root(path),
        Target::Glob(_) | Target::Unread(_) => false,
    });
    ensure!(
        !roots || args.no_preserve_root,
        "refusing to remove a root or login directory; --no-preserve-root allows it"
    );
    let origins = operands.iter().map(|operand| &operand.address.origin);
    let report = prepare::report(TOOL.name, &args.session, charset);
    let servers = prepare::servers(&args.session, charset, origins, &report)?;
    Ok(Plan {
        report,
        servers,
        operands,
        depth: match (args.recursive, args.directories) {
            (true, _) => Depth::Trees,
            (false, true) => Depth::EmptyDirectories,
            (false, false) => Depth::Files,
        },
        force: args.force,
        dry_run: args.dry_run,
        lanes: if args.dry_run { NonZeroU32::MIN } else { args.session.parallel },
    })
}

/// Whether a path is the root, the login directory, or something above or beside it by way of
/// `.` and `..`: POSIX has rm refuse those.
fn is_root(path: &RemotePath) -> bool {
    let mut parts = path.as_bytes().split(|&b| b == b'/').filter(|part| !part.is_empty());
    let last = parts.next_back();
    matches!(last, None | Some(b"." | b".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_known_in_every_spelling() {
        let root = |text: &str| is_root(&RemotePath::new(text.into()).unwrap());
        for yes in ["", "/", "//", ".", "./", "..", "a/..", "/a/../..", "a/."] {
            assert!(root(yes), "{yes}");
        }
        for no in ["a", "/a", "a/", "../a", "...", "a/..b"] {
            assert!(!root(no), "{no}");
        }
    }
}
