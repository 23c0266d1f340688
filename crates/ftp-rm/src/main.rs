//! ftp-rm: parse, plan, run, report.

mod args;
mod plan;
mod rests;
mod run;
mod share;

use std::process::ExitCode;

fn main() -> ExitCode {
    ftp_core::face::main(&args::TOOL, plan::build, run::run)
}
