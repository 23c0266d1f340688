//! From what was typed to what will be done; every conflict is found here.

use std::num::NonZeroU32;
use std::path::PathBuf;

use anyhow::{bail, ensure};
use ftp_core::choices::When;
use ftp_core::newer::Insist;
use ftp_core::prepare::{self, Operand};
use ftp_core::report::Report;
use ftp_core::servers::Servers;
use ftp_core::url::Target;
use ftp_core::verify::Verify;

use crate::args::{Args, Range, TOOL};

/// Where files go.
#[derive(Debug, Eq, PartialEq)]
pub enum Destination {
    /// To stdout, one after the other.
    Stdout,
    /// To this one file.
    File(PathBuf),
    /// Into this directory, under their remote names.
    Below(PathBuf),
}

/// What will be done.
pub struct Plan {
    pub report: Report,
    pub servers: Servers,
    pub operands: Vec<Operand>,
    pub destination: Destination,
    pub recursive: bool,
    pub ascii: bool,
    /// Whether a file that is there already stays.
    pub no_clobber: bool,
    /// Whether what an earlier run left is gone on with.
    pub continues: bool,
    pub retries: u32,
    /// When bars are shown.
    pub progress: When,
    /// How many files are fetched at once.
    pub lanes: NonZeroU32,
    /// Over how many sessions one file is fetched.
    pub segments: NonZeroU32,
    /// Whether a file that is no older than the server's stays.
    pub newer: bool,
    /// Whether files get the time they have on the server; and whether it is an error if they cannot.
    pub keep_time: Option<Insist>,
    /// What the copies are compared by.
    pub verify: Option<Verify>,
    /// Which bytes are fetched, if not all.
    pub range: Option<Range>,
}

pub fn build(args: Args) -> anyhow::Result<Plan> {
    let destination = destination(&args)?;
    let charset = prepare::charset(&args.session)?;
    let operands = prepare::operands(&args.session, &args.urls, charset)?;
    ensure!(!operands.is_empty() || args.session.files_from.is_some(), "no URL given");
    let several = operands.len() > 1
        || operands.iter().any(|operand| matches!(operand.address.target, Target::Glob(_)));
    let into_one = matches!(destination, Destination::File(_));
    ensure!(!(several && into_one), "-o takes one URL; use -d DIR for more");
    let origins = operands.iter().map(|operand| &operand.address.origin);
    let report = prepare::report(TOOL.name, &args.session, charset);
    let servers = prepare::servers(&args.session, charset, origins, &report)?;
    let segments = args.segments.unwrap_or(NonZeroU32::MIN);
    let keep_time = Insist::on_time(args.keep_time, args.newer);
    conflicts(&args, &destination, segments)?;
    Ok(Plan {
        newer: args.newer,
        keep_time,
        range: args.range,
        verify: args.verify,
        report,
        servers,
        operands,
        destination,
        recursive: args.recursive,
        ascii: args.ascii,
        no_clobber: args.no_clobber,
        continues: args.continues,
        retries: args.session.retries,
        progress: args.session.progress,
        segments,
        lanes: if several || args.recursive { args.session.parallel } else { NonZeroU32::MIN },
    })
}

/// Flags that exclude each other, or what goes to stdout.
fn conflicts(args: &Args, destination: &Destination, segments: NonZeroU32) -> anyhow::Result<()> {
    let to_files = *destination != Destination::Stdout;
    ensure!(to_files || segments.get() == 1, "--segments is about files: use -o, -O or -d");
    ensure!(to_files || !args.continues, "-c is about files: use -o, -O or -d");
    ensure!(
        to_files || !(args.newer || args.keep_time),
        "-N and -p are about files: use -o, -O or -d"
    );
    ensure!(to_files || !args.session.json, "--json needs -o, -O or -d: stdout has the data");
    ensure!(!(args.continues && args.ascii), "-c cannot go on with text: leave out -a");
    ensure!(
        !(args.continues && segments.get() > 1),
        "-c and --segments exclude each other: segments have holes between them"
    );
    let is_whole = args.recursive || args.continues || args.ascii || segments.get() > 1;
    ensure!(
        args.range.is_none() || !(is_whole || args.newer),
        "--range is a part of a file: leave out -R, -c, -a, -N and --segments"
    );
    ensure!(
        args.verify.is_none() || !(args.ascii || args.range.is_some()),
        "--verify compares whole files as they are on the server: leave out -a and --range"
    );
    Ok(())
}

/// The names of stdout.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

fn destination(args: &Args) -> anyhow::Result<Destination> {
    let given = [args.output.is_some(), args.remote_name, args.directory.is_some()];
    let count = given.iter().filter(|&&given| given).count();
    ensure!(count <= 1, "-o, -O and -d exclude each other");
    ensure!(
        !args.no_clobber || count + usize::from(args.recursive) > 0,
        "-n is about files: use -o, -O or -d"
    );
    match (&args.output, &args.directory) {
        (Some(_), _) if args.recursive => bail!("-R saves a tree: use -d DIR, not -o"),
        // Opened anew, /dev/stdout would be written from its beginning.
        (Some(file), _) if STDOUT.iter().any(|name| file.as_os_str() == *name) => {
            Ok(Destination::Stdout)
        }
        (Some(file), _) => Ok(Destination::File(file.clone())),
        (None, Some(dir)) => Ok(Destination::Below(dir.clone())),
        (None, None) if args.remote_name || args.recursive => {
            Ok(Destination::Below(PathBuf::from(".")))
        }
        (None, None) => Ok(Destination::Stdout),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(given: &[&str]) -> Result<Destination, String> {
        let given = std::iter::once("ftp-get").chain(given.iter().copied());
        match TOOL.parse(given.map(Into::into)).unwrap() {
            ftp_core::cli::Parsed::Run(args) => destination(&args).map_err(|e| e.to_string()),
            ftp_core::cli::Parsed::Print(text) => panic!("{text}"),
        }
    }

    #[test]
    fn one_destination_at_most() {
        assert_eq!(plan(&["u"]), Ok(Destination::Stdout));
        assert_eq!(plan(&["-o", "-", "u"]), Ok(Destination::Stdout));
        assert_eq!(plan(&["-o", "f", "u"]), Ok(Destination::File("f".into())));
        assert_eq!(plan(&["-O", "u"]), Ok(Destination::Below(".".into())));
        assert_eq!(plan(&["-R", "u"]), Ok(Destination::Below(".".into())));
        assert_eq!(plan(&["-R", "-d", "d", "u"]), Ok(Destination::Below("d".into())));
        for bad in [&["-o", "f", "-O", "u"][..], &["-d", "d", "-O", "u"], &["-R", "-o", "f", "u"]] {
            assert!(plan(bad).is_err(), "{bad:?}");
        }
    }
}
