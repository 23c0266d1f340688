//! Every case of `tests/cases/ftp-rm`, one test each. How to write one: `tests/README.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/ftp-rm");
    harness::run_cases("ftp-rm", env!("CARGO_BIN_EXE_ftp-rm").as_ref(), cases.as_ref())
}
