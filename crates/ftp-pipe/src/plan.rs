//! From what was typed to what will be done; every conflict is found here.

use std::ffi::OsStr;
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;

use anyhow::{Context, bail, ensure};
use ftp_core::charset::Charset;
use ftp_core::choices::When;
use ftp_core::direct::Fxp;
use ftp_core::newer::Insist;
use ftp_core::path::RemotePath;
use ftp_core::prepare::{self, Operand};
use ftp_core::report::Report;
use ftp_core::servers::Servers;
use ftp_core::stored::Placement;
use ftp_core::url::{Origin, Target};
use ftp_core::verify::Verify;

use crate::args::{Args, Links, TOOL};

/// What will be done.
pub struct Plan {
    pub report: Report,
    /// The servers that are read from, and those of each destination: two sessions, even when
    /// both are the same server.
    pub sources: Servers,
    pub sinks: Vec<Servers>,
    pub operands: Vec<Operand>,
    pub how: How,
    /// When bars are shown.
    pub progress: When,
    /// How many files are copied at once.
    pub lanes: NonZeroU32,
}

/// One destination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    pub origin: Origin,
    /// A directory when it is empty or ends in a slash.
    pub path: RemotePath,
}

/// How files are copied.
pub struct How {
    /// Where they go; one at least.
    pub places: Vec<Place>,
    /// How names are written there.
    pub charset: Charset,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
    pub links: Links,
    pub fxp: Fxp,
    /// Whether what an earlier run left is gone on with.
    pub continues: bool,
    /// Whether files get their names only when they are complete.
    pub atomic: bool,
    /// Whether the source is removed once the copy is proven.
    pub moves: bool,
    /// Whether a file that is there already stays.
    pub no_clobber: bool,
    /// Whether a file that is no older than the source's stays.
    pub newer: bool,
    /// Whether files get the time they have at the source.
    pub keep_time: Option<Insist>,
    /// What the copies are compared by.
    pub verify: Option<Verify>,
    pub retries: u32,
}

impl How {
    /// Under which name files are stored, and what becomes of a part of one.
    pub fn placement(&self) -> Placement {
        match (self.atomic, self.continues) {
            (true, _) => Placement::Staged,
            (false, true) => Placement::Kept,
            (false, false) => Placement::InPlace,
        }
    }
}

pub fn build(mut args: Args) -> anyhow::Result<Plan> {
    let charset = prepare::charset(&args.session)?;
    let theirs = args.source_encoding.unwrap_or(charset);
    let last = args.urls.pop().context("no URL given")?;
    let own = prepare::charset_of(&args.session, last.as_bytes())?;
    let ours = args.sink_encoding.unwrap_or(own);
    args.session.encoding = args.source_encoding.or(args.session.encoding);
    let operands = prepare::operands(&args.session, &args.urls, theirs)?;
    if operands.is_empty() && args.session.files_from.is_none() {
        bail!("two URLs are needed: from where, and to where");
    }
    let last = place(&last, ours)?;
    let mut places = vec![last.0];
    for url in &args.to {
        places.push(place(url, ours)?.0);
    }
    let ascii = last.1.unwrap_or(args.ascii);
    let several = operands.len() > 1
        || operands.iter().any(|operand| matches!(operand.address.target, Target::Glob(_)));
    fits(several, &places)?;
    conflicts(&args, ascii)?;
    let through_here = args.verify.is_some() || args.session.limit_rate > 0;
    let fxp = if through_here { Fxp::Never } else { args.fxp.unwrap_or_default() };
    let ends = operands.iter().map(|operand| &operand.address.origin);
    let origins = ends.chain(places.iter().map(|place| &place.origin));
    let report = prepare::report(TOOL.name, &args.session, theirs);
    let sources = prepare::servers(&args.session, theirs, origins, &report)?;
    let sinks = places.iter().map(|_| sources.another_side_in(ours)).collect();
    Ok(Plan {
        report,
        sources,
        sinks,
        operands,
        how: How {
            places,
            charset: ours,
            recursive: args.recursive,
            parents: args.parents,
            ascii,
            links: args.links,
            fxp,
            continues: args.continues,
            atomic: args.atomic,
            moves: args.moves,
            no_clobber: args.no_clobber,
            newer: args.newer,
            keep_time: Insist::on_time(args.keep_time, args.newer),
            verify: args.verify,
            retries: args.session.retries,
        },
        progress: args.session.progress,
        lanes: if several || args.recursive { args.session.parallel } else { NonZeroU32::MIN },
    })
}

/// A destination, and whether its URL asks for text.
fn place(url: &OsStr, charset: Charset) -> anyhow::Result<(Place, Option<bool>)> {
    let address = prepare::place(url.as_bytes(), charset)?;
    let Target::Path(path) = address.target else {
        bail!("the destination cannot be a pattern");
    };
    Ok((Place { origin: address.origin, path }, address.ascii))
}

/// Whether what is copied has a name at every destination, and none is named twice.
fn fits(several: bool, places: &[Place]) -> anyhow::Result<()> {
    let is_directory = |path: &RemotePath| path.is_empty() || path.is_directory();
    ensure!(
        !several || places.iter().all(|place| is_directory(&place.path)),
        "several files need a directory: end the destination in a slash"
    );
    let twice = places.iter().enumerate().any(|(at, place)| {
        let before = places.get(..at).unwrap_or_default();
        before.iter().any(|other| {
            other.origin.same_session(&place.origin) && other.path.trimmed() == place.path.trimmed()
        })
    });
    ensure!(!twice, "one destination is given twice");
    Ok(())
}

/// Flags that exclude each other.
fn conflicts(args: &Args, ascii: bool) -> anyhow::Result<()> {
    ensure!(
        args.verify.is_none() || !ascii,
        "--verify compares whole files as they are at both ends: leave out -a"
    );
    ensure!(!(args.continues && ascii), "-c cannot go on with text: leave out -a");
    ensure!(
        !(args.moves && ascii),
        "--move compares sizes, which text does not keep: leave out -a"
    );
    ensure!(
        !(args.continues && args.atomic),
        "-c goes on under the file's name, --atomic begins under another"
    );
    ensure!(
        !(args.continues && args.no_clobber),
        "-n leaves what is there alone, -c goes on with it"
    );
    if args.fxp == Some(Fxp::Always) {
        ensure!(
            args.verify.is_none() && args.session.limit_rate == 0 && !args.continues,
            "--verify, --limit-rate and -c need the bytes to pass through here: leave out --fxp=always"
        );
        ensure!(
            args.to.is_empty(),
            "--to reads once and writes to all, through here: leave out --fxp=always"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ftp_core::url::Address;

    use super::*;

    fn places(urls: &[&str]) -> Vec<Place> {
        let parse = |url: &&str| Address::parse(url.as_bytes(), Charset::Bytes, false).unwrap();
        let place = |address: Address| match address.target {
            Target::Path(path) => Place { origin: address.origin, path },
            _ => panic!("{address:?}"),
        };
        urls.iter().map(parse).map(place).collect()
    }

    #[test]
    fn names_must_come_from_somewhere_and_differ() {
        for (several, urls, fine) in [
            (false, &["ftp://h/x"][..], true),
            (true, &["ftp://h/x"], false),
            (true, &["ftp://h/x/", "ftp://h"], true),
            (true, &["ftp://h/x/", "ftp://g/x"], false),
            (false, &["ftp://h/x", "ftp://h/x"], false),
            (false, &["ftp://h/x/", "ftp://H/x"], false),
            (false, &["ftp://h/x", "ftp://u@h/x"], true),
            (false, &["ftp://h/x", "ftp://h/y", "ftp://g/x"], true),
        ] {
            assert_eq!(fits(several, &places(urls)).is_ok(), fine, "{urls:?}");
        }
    }
}
