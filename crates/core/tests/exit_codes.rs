//! The page on exit codes says what the code says. What leads to each is tested with the tools.

use std::fs;
use std::path::Path;

use ftp_core::error::Outcome;

#[test]
fn the_page_has_every_outcome_and_no_other() -> std::io::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/EXIT-CODES.md");
    let page = fs::read_to_string(page)?;
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let expected: Vec<String> = Outcome::ALL
        .iter()
        .map(|(outcome, text)| format!("| {} | `{outcome:?}` | {text} |", outcome.code()))
        .collect();
    assert_eq!(rows, expected);
    Ok(())
}
