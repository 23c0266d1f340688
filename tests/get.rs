//! Every case of `tests/cases/ftp-get`, one test each. How to write one: `tests/README.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/ftp-get");
    harness::run_cases("ftp-get", env!("CARGO_BIN_EXE_ftp-get").as_ref(), cases.as_ref())
}
