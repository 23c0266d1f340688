//! Every case of `tests/cases/ftp-pipe`, one test each. How to write one: `tests/README.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/ftp-pipe");
    harness::run_cases("ftp-pipe", env!("CARGO_BIN_EXE_ftp-pipe").as_ref(), cases.as_ref())
}
