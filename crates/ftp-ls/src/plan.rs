//! From what was typed to what will be done.

use std::env;
use std::io;
use std::time::SystemTime;

use anyhow::ensure;
use ftp_core::charset::Charset;
use ftp_core::choices::When;
use ftp_core::clock::Times;
use ftp_core::listing::{By, Kind};
use ftp_core::prepare::{self, Operand};
use ftp_core::report::Report;
use ftp_core::servers::Servers;
use ftp_core::sys;
use ftp_core::url::{Address, Target};

use crate::args::{Args, TOOL};
use crate::colors::Colors;
use crate::format::{Form, Shape};

/// What will be done.
pub struct Plan {
    pub report: Report,
    pub source: Source,
    pub look: Look,
}

/// Where listings come from.
pub enum Source {
    /// Servers.
    Servers(Servers, Vec<Operand>),
    /// Stdin, where `now` is the time of the listing and `base`, if known, its directory.
    Stdin { now: i64, base: Option<Address> },
}

/// What of a listing is printed, and how.
#[derive(Clone, Debug)]
pub struct Look {
    pub shape: Shape,
    pub hidden: bool,
    pub depth: Depth,
    pub by: By,
    pub reverse: bool,
    pub times: Times,
    /// The only kinds to show, where some were named.
    pub types: Option<Vec<Kind>>,
    /// Whether names are guessed from a whole listing, which then cannot be printed as it comes.
    pub guessing: bool,
    /// Directories are told apart by a line with their URL, as `ls` does it.
    pub headings: bool,
}

/// How far into a directory the tool looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
    /// Not at all: the directory itself is listed.
    Itself,
    /// At its entries.
    Entries,
    /// At its tree.
    Tree,
    /// At the bytes of its listing.
    Raw,
}

pub fn build(args: Args) -> anyhow::Result<Plan> {
    check(&args)?;
    let charset = prepare::charset(&args.session)?;
    let report = prepare::report(TOOL.name, &args.session, charset);
    let source = match args.parse {
        true => stdin(&args, charset)?,
        false => servers(&args, charset, &report)?,
    };
    Ok(Plan { report, look: look(args, charset, &source), source })
}

/// Refuses flags that contradict each other.
fn check(args: &Args) -> anyhow::Result<()> {
    let formed = args.long || args.url || args.json || args.session.null || args.classify;
    let chosen = args.types.is_some() || args.by != By::Name || args.reverse || args.calibrate;
    let elsewhere = args.directory || args.recursive;
    ensure!(!(args.json && (args.long || args.session.null)), "--json excludes -l and -0");
    ensure!(!(args.directory && args.recursive), "-d and -R exclude each other");
    ensure!(
        !(args.raw && (formed || chosen || elsewhere)),
        "--raw prints what comes, and all of it"
    );
    ensure!(!(args.raw && args.parse), "--raw and --parse exclude each other");
    ensure!(
        !(args.parse && (elsewhere || args.calibrate)),
        "--parse excludes -d, -R and --calibrate"
    );
    ensure!(args.parse || args.now.is_none(), "--now is for --parse");
    Ok(())
}

fn stdin(args: &Args, charset: Charset) -> anyhow::Result<Source> {
    let other = args.urls.is_empty() && args.session.files_from.is_none();
    ensure!(other, "--parse reads stdin and takes no URL; --base names the directory");
    ensure!(args.session.base.is_some() || !args.url, "--parse -u needs --base URL");
    prepare::one_use_of_stdin(&args.session, true)?;
    let base = args.session.base.as_deref();
    let base = base.map(|base| prepare::place(base, charset)).transpose()?;
    Ok(Source::Stdin { now: args.now.unwrap_or_else(today), base })
}

fn today() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

fn servers(args: &Args, charset: Charset, report: &Report) -> anyhow::Result<Source> {
    let operands = prepare::operands(&args.session, &args.urls, charset)?;
    ensure!(!operands.is_empty() || args.session.files_from.is_some(), "no URL given");
    let origins = operands.iter().map(|operand| &operand.address.origin);
    let servers = prepare::servers(&args.session, charset, origins, report)?;
    Ok(Source::Servers(servers, operands))
}

fn look(args: Args, charset: Charset, source: &Source) -> Look {
    let shape = shape(&args, charset);
    let depth = match (args.raw, args.directory, args.recursive) {
        (true, ..) => Depth::Raw,
        (_, true, _) => Depth::Itself,
        (.., true) => Depth::Tree,
        _ => Depth::Entries,
    };
    let several = match source {
        Source::Servers(_, operands) => operands.len() > 1 || operands.iter().any(is_pattern),
        Source::Stdin { .. } => false,
    };
    let plain = shape.form != Form::Json && !shape.urls && !shape.nul;
    let times = match (args.calibrate, shape.form) {
        (true, _) => Times::Insist,
        (false, Form::Long | Form::Json) => Times::Learn,
        (false, Form::Names) => Times::AsSent,
    };
    Look {
        shape,
        hidden: args.all,
        depth,
        by: args.by,
        reverse: args.reverse,
        times,
        types: args.types,
        guessing: charset == Charset::Auto,
        headings: several && plain && depth == Depth::Entries,
    }
}

/// Whether an operand may turn out to be several.
fn is_pattern(operand: &Operand) -> bool {
    match &operand.address.target {
        Target::Path(_) => false,
        Target::Glob(_) => true,
        Target::Unread(unread) => unread.may_be_several(),
    }
}

fn shape(args: &Args, charset: Charset) -> Shape {
    let form = match (args.json, args.long) {
        (true, _) => Form::Json,
        (false, true) => Form::Long,
        (false, false) => Form::Names,
    };
    let terminal = sys::is_terminal(&io::stdout()) && !args.session.null;
    let plain = form == Form::Json || args.url || args.session.null || args.raw;
    let colored = !plain && are_colored(args.color, terminal);
    Shape {
        form,
        urls: args.url,
        classify: args.classify,
        human: args.human,
        nul: args.session.null,
        // What has colours is for a terminal in the end.
        terminal: terminal || colored,
        colors: colored.then(|| Colors::read(env::var_os("LS_COLORS").as_deref())),
        charset,
    }
}

/// Whether names have colours; `NO_COLOR` is that of no-color.org.
fn are_colored(when: When, terminal: bool) -> bool {
    let refused = || {
        env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty())
            || env::var_os("TERM").is_some_and(|name| name == "dumb")
    };
    when == When::Always || (when == When::Auto && terminal && !refused())
}
