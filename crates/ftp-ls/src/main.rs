//! ftp-ls: parse, plan, run, report.

mod args;
mod colors;
mod format;
mod output;
mod plan;
mod run;
mod stdin;

use std::process::ExitCode;

fn main() -> ExitCode {
    ftp_core::face::main(&args::TOOL, plan::build, run::run)
}
