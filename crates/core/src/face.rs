//! What every `main` does: parse, plan, run, report.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use crate::choices::When;
use crate::cli::{self, Parsed, Tool};
use crate::ending::Ending;
use crate::error::{Cause, Failure};
use crate::local::Unfinished;
use crate::progress::{Form, status};
use crate::report::{self, Report};
use crate::servers::Servers;
use crate::sys;

/// Runs a tool: `plan` decides everything that the command line, the environment and the files
/// they name can decide, and `run` does it. An error of `plan` is a wrong command line, unless it is
/// a `Failure`.
pub fn main<A: Default, P>(
    tool: &'static Tool<A>,
    plan: fn(A) -> anyhow::Result<P>,
    run: fn(P) -> Report,
) -> ExitCode {
    let options = cli::options(std::env::var_os(cli::OPTIONS).as_deref());
    match options.and_then(|options| tool.parse_after(options, std::env::args_os())) {
        Err(error) => report::usage(tool.name, &error),
        Ok(Parsed::Print(text)) => print(tool.name, &text),
        Ok(Parsed::Run(args)) => match plan(args) {
            Ok(plan) => run(plan).finish(),
            Err(error) => match error.downcast::<Failure>() {
                Ok(Failure { what, cause }) => fail(tool.name, what, cause),
                Err(usage) => report::usage(tool.name, &format!("{usage:#}")),
            },
        },
    }
}

/// Has a signal that ends the run tidy up, here and on servers, before the process dies of it.
pub fn tidy_when_told(ending: &Ending, unfinished: Unfinished, report: &mut Report) {
    report.ending = ending.clone();
    let (ending, screen) = (ending.clone(), report.screen.clone());
    let tidied = sys::tidy_on_death(move || {
        // What is on this machine is gone first, should the servers take long.
        unfinished.remove_all();
        ending.come();
        unfinished.remove_all();
        screen.leave();
    });
    if let Err(error) = tidied {
        report.cause(*b"signals", Cause::Local(error));
    }
}

/// Shows how far the transfers of a run are, where that is wanted, and when SIGUSR1 asks. `writes` says
/// whether the run writes to stdout.
pub fn show_progress(servers: &Servers, (when, writes): (When, bool), report: &mut Report) {
    let (meter, tell) = (servers.meter(), report.teller());
    let asked = Arc::clone(&meter);
    if let Err(error) = sys::answer_when_asked(move || tell(&status(&asked.read()))) {
        report.cause(*b"signals", Cause::Local(error));
    }
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let terminal = sys::is_terminal(&std::io::stderr()) && !dumb;
    // The one who reads our output may use the terminal, as less does, or have a bar of its own.
    let alone = !writes || sys::descriptor(&std::io::stdout()) == sys::Descriptor::File;
    let form = match when {
        _ if report.is_quiet() => return,
        When::Never => return,
        When::Auto if !(terminal && alone) => return,
        When::Auto | When::Always if terminal => Form::Bars,
        When::Auto | When::Always => Form::Lines,
    };
    report.screen.show(&meter, form, report.teller());
}

fn print(tool: &'static str, text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(tool, Vec::new(), local_stdout(error)),
    }
}

fn fail(tool: &'static str, what: Vec<u8>, cause: Cause) -> ExitCode {
    let mut report = Report::new(tool, crate::charset::Charset::Bytes, false, false);
    report.cause(what, cause);
    report.finish()
}

/// An error of stdout: its reader may simply have left.
pub fn local_stdout(error: std::io::Error) -> Cause {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Cause::StdoutClosed,
        _ => Cause::Local(error),
    }
}
