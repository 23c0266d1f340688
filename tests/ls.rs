//! Every case of `tests/cases/ftp-ls`, one test each. How to write one: `tests/README.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/ftp-ls");
    harness::run_cases("ftp-ls", env!("CARGO_BIN_EXE_ftp-ls").as_ref(), cases.as_ref())
}
