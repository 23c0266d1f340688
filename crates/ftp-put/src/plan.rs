//! From what was typed to what will be done; every conflict is found here.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use ftp_core::charset::for_terminal;
use ftp_core::choices::When;
use ftp_core::newer::Insist;
use ftp_core::path::RemotePath;
use ftp_core::prepare;
use ftp_core::report::Report;
use ftp_core::servers::Servers;
use ftp_core::stored::Placement;
use ftp_core::url::{Address, Origin, Target, redacted};
use ftp_core::verify::Verify;

use crate::args::{Args, TOOL};

/// Where bytes come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Local {
    /// Standard input.
    Stdin,
    /// A file, or a directory with `-R`.
    Path(PathBuf),
    /// The output of a command: the program and its arguments.
    Command(OsString, Vec<OsString>),
}

/// What will be done.
pub struct Plan {
    pub report: Report,
    pub servers: Servers,
    pub origin: Origin,
    pub sources: Vec<Local>,
    /// The destination; a directory when it is empty or ends in a slash.
    pub to: RemotePath,
    /// Under which name files are stored that have no staging name.
    pub placement: Placement,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
    /// Whether files get their names only when they are complete.
    pub atomic: bool,
    /// Whether a file that is there already stays.
    pub no_clobber: bool,
    /// Whether a file that is no older than ours stays.
    pub newer: bool,
    /// Whether files get the time they have here.
    pub keep_time: Option<Insist>,
    /// The permissions that files get.
    pub mode: Option<u32>,
    /// What the copies are compared by.
    pub verify: Option<Verify>,
    /// How many bytes the one source must have.
    pub size: Option<u64>,
    pub retries: u32,
    /// When bars are shown.
    pub progress: When,
    /// How many files are stored at once.
    pub lanes: NonZeroU32,
}

pub fn build(mut args: Args) -> anyhow::Result<Plan> {
    let command = command(&mut args)?;
    let last = args.operands.pop().context("no URL given")?;
    if !Address::looks_like_url(last.as_bytes()) {
        bail!("the last operand must be the URL to put to, such as ftp://HOST/DIR/");
    }
    if let Some(url) = args.operands.iter().find(|o| Address::looks_like_url(o.as_bytes())) {
        let url = for_terminal(&redacted(url.as_bytes()));
        bail!("{url}: only files can be put; ftp-pipe copies from servers");
    }
    let charset = prepare::charset_of(&args.session, last.as_bytes())?;
    let address = prepare::place(last.as_bytes(), charset)?;
    let Target::Path(to) = address.target else {
        bail!("the URL to put to cannot be a pattern");
    };
    let mut sources: Vec<Local> =
        std::mem::take(&mut args.operands).into_iter().map(local).collect();
    prepare::one_use_of_stdin(&args.session, sources.contains(&Local::Stdin))?;
    for name in prepare::listed(&args.session)? {
        sources.push(Local::Path(PathBuf::from(OsString::from_vec(name))));
    }
    sources.extend(command);
    if sources.is_empty() && args.session.files_from.is_none() {
        prepare::one_use_of_stdin(&args.session, true)?;
        sources.push(Local::Stdin);
    }
    fits(&sources, &to)?;
    conflicts(&args, &sources)?;
    let one_file = sources.len() == 1 && !args.recursive;
    ensure!(args.size.is_none() || one_file, "--size is about one file");
    let report = prepare::report(TOOL.name, &args.session, charset);
    let servers = prepare::servers(&args.session, charset, [&address.origin], &report)?;
    Ok(Plan {
        report,
        servers,
        origin: address.origin,
        sources,
        to,
        placement: placement(&args),
        recursive: args.recursive,
        parents: args.parents,
        ascii: address.ascii.unwrap_or(args.ascii),
        atomic: args.atomic,
        no_clobber: args.no_clobber,
        newer: args.newer,
        keep_time: Insist::on_time(args.keep_time, args.newer),
        mode: args.chmod,
        verify: args.verify,
        size: args.size,
        retries: args.session.retries,
        progress: args.session.progress,
        // What is appended to one file must come in order.
        lanes: if one_file || args.append { NonZeroU32::MIN } else { args.session.parallel },
    })
}

fn placement(args: &Args) -> Placement {
    match (args.append, args.continues) {
        (true, _) => Placement::Appended,
        (false, true) => Placement::Kept,
        (false, false) => Placement::InPlace,
    }
}

/// What stands after `--` is a command if a URL stands before it. Else `--` only ends the flags, as
/// it does everywhere: `ftp-put -- -file URL`.
fn command(args: &mut Args) -> anyhow::Result<Option<Local>> {
    let Some(words) = args.after_dashes.take() else { return Ok(None) };
    if !args.operands.iter().any(|operand| Address::looks_like_url(operand.as_bytes())) {
        args.operands.extend(words);
        return Ok(None);
    }
    let alone = args.operands.len() == 1 && args.session.files_from.is_none();
    ensure!(alone, "either files or a command can be put, not both");
    ensure!(!args.append, "-A does not wait for a command's exit status, and -- COMMAND does");
    let mut words = words.into_iter();
    let program = words.next().filter(|word| !word.is_empty()).context("no command after --")?;
    Ok(Some(Local::Command(program, words.collect())))
}

/// Flags that exclude each other, or what is put.
fn conflicts(args: &Args, sources: &[Local]) -> anyhow::Result<()> {
    let files = sources.iter().all(|source| matches!(source, Local::Path(_)));
    ensure!(files || !args.continues, "-c goes on with files: a pipe cannot be read again");
    ensure!(
        files || !(args.keep_time || args.newer),
        "-N and -p are about files: a pipe has no time"
    );
    ensure!(
        args.verify.is_none() || !(args.ascii || args.append),
        "--verify compares whole files as they are here: leave out -a and -A"
    );
    let spares = args.no_clobber || args.newer;
    ensure!(!(spares && args.append), "-n and -N are about replacing a file, -A adds to one");
    ensure!(
        !(args.no_clobber && args.continues),
        "-n leaves what is there alone, -c goes on with it"
    );
    ensure!(!(args.continues && args.append), "-c goes on with a file, -A adds to one");
    ensure!(!(args.continues && args.ascii), "-c cannot go on with text: leave out -a");
    ensure!(
        !(args.continues && args.atomic),
        "-c goes on under the file's name, --atomic begins under another"
    );
    ensure!(!(args.atomic && args.append), "--atomic replaces a file, -A does not");
    Ok(())
}

fn local(operand: OsString) -> Local {
    if operand == "-" { Local::Stdin } else { Local::Path(operand.into()) }
}

fn fits(sources: &[Local], to: &RemotePath) -> anyhow::Result<()> {
    let directory = to.is_empty() || to.is_directory();
    let nameless = |source: &Local| match source {
        Local::Stdin => Some("stdin"),
        Local::Command(..) => Some("the output of a command"),
        Local::Path(_) => None,
    };
    if let Some(what) = sources.iter().find_map(nameless).filter(|_| directory) {
        bail!("{what} has no name: end the URL in the name of a file");
    }
    if !directory && sources.len() > 1 {
        bail!("several files need a directory: end the URL in a slash");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_must_come_from_somewhere() {
        let path = |text: &str| RemotePath::new(text.into()).unwrap();
        let file = || Local::Path("a".into());
        for (sources, to, fine) in [
            (vec![Local::Stdin], "x", true),
            (vec![Local::Stdin], "x/", false),
            (vec![Local::Stdin], "", false),
            (vec![Local::Command("a".into(), vec![])], "x", true),
            (vec![Local::Command("a".into(), vec![])], "x/", false),
            (vec![file()], "x", true),
            (vec![file()], "", true),
            (vec![file(), file()], "x/", true),
            (vec![file(), file()], "x", false),
            (vec![file(), Local::Stdin], "x/", false),
        ] {
            assert_eq!(fits(&sources, &path(to)).is_ok(), fine, "{sources:?} {to}");
        }
    }
}
