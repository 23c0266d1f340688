//! ftp-pipe: parse, plan, run, report.

mod args;
mod file;
mod gone;
mod plan;
mod run;
mod share;
mod sink;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    ftp_core::face::main(&args::TOOL, plan::build, run::run)
}
