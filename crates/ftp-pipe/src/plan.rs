//! From what was typed to what will be done; every conflict is found here.

use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;

use anyhow::{Context, bail, ensure};
use ftp_core::direct::Fxp;
use ftp_core::newer::Insist;
use ftp_core::path::RemotePath;
use ftp_core::prepare::{self, Operand};
use ftp_core::report::Report;
use ftp_core::servers::Servers;
use ftp_core::url::{Origin, Target};
use ftp_core::verify::Verify;

use crate::args::{Args, TOOL};

/// What will be done.
pub struct Plan {
    pub report: Report,
    /// The servers that are read from, and the one that is written to: two sessions, even when
    /// both are the same server.
    pub sources: Servers,
    pub sinks: Servers,
    pub operands: Vec<Operand>,
    pub origin: Origin,
    /// The destination; a directory when it is empty or ends in a slash.
    pub to: RemotePath,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
    pub fxp: Fxp,
    /// Whether a file that is there already stays.
    pub no_clobber: bool,
    /// Whether a file that is no older than the source's stays.
    pub newer: bool,
    /// Whether files get the time they have at the source.
    pub keep_time: Option<Insist>,
    /// What the copies are compared by.
    pub verify: Option<Verify>,
    pub retries: u32,
    /// How many files are copied at once.
    pub lanes: NonZeroU32,
}

pub fn build(mut args: Args) -> anyhow::Result<Plan> {
    let charset = prepare::charset(&args.session)?;
    let last = args.urls.pop().context("no URL given")?;
    let operands = prepare::operands(&args.session, &args.urls, charset)?;
    if operands.is_empty() && args.session.files_from.is_none() {
        bail!("two URLs are needed: from where, and to where");
    }
    let address = prepare::place(last.as_bytes(), charset)?;
    let Target::Path(to) = address.target else {
        bail!("the destination cannot be a pattern");
    };
    let several = operands.len() > 1
        || operands.iter().any(|operand| matches!(operand.address.target, Target::Glob(_)));
    if several && !(to.is_empty() || to.is_directory()) {
        bail!("several files need a directory: end the destination in a slash");
    }
    ensure!(
        args.verify.is_none() || !args.ascii,
        "--verify compares whole files as they are at both ends: leave out -a"
    );
    let through_here = args.verify.is_some() || args.session.limit_rate > 0;
    ensure!(
        !(through_here && args.fxp == Some(Fxp::Always)),
        "--verify and --limit-rate need the bytes to pass through here: leave out --fxp=always"
    );
    let fxp = if through_here { Fxp::Never } else { args.fxp.unwrap_or_default() };
    let origins = || operands.iter().map(|o| &o.address.origin).chain([&address.origin]);
    let sources = prepare::servers(&args.session, charset, origins())?;
    let sinks = sources.another_side();
    Ok(Plan {
        report: prepare::report(TOOL.name, &args.session, charset),
        sources,
        sinks,
        origin: address.origin,
        operands,
        to,
        recursive: args.recursive,
        parents: args.parents,
        ascii: address.ascii.unwrap_or(args.ascii),
        fxp,
        no_clobber: args.no_clobber,
        newer: args.newer,
        verify: args.verify,
        keep_time: Insist::on_time(args.keep_time, args.newer),
        retries: args.session.retries,
        lanes: if several || args.recursive { args.session.parallel } else { NonZeroU32::MIN },
    })
}
