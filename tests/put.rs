//! Every case of `tests/cases/ftp-put`, one test each. How to write one: `tests/README.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/ftp-put");
    harness::run_cases("ftp-put", env!("CARGO_BIN_EXE_ftp-put").as_ref(), cases.as_ref())
}
