//! `docs/TRUST.md` names every bound in the sources, and a test for it that exists.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// Bounds on what is no matter of trust: how many words of a line are looked at, say.
const OTHERS: [&str; 3] = ["MOST_FIELDS", "MOST_WORDS", "MOST_UNTOLD"];

fn at(relative: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative)
}

fn texts(folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, ending, found);
        } else if path.to_str().is_some_and(|name| name.ends_with(ending)) {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            found.push((stem, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn page() -> String {
    fs::read_to_string(at("docs/TRUST.md")).unwrap()
}

/// What stands between backticks in the tables.
fn quoted(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_bound_is_on_the_page() {
    let (page, mut sources) = (page(), Vec::new());
    texts(&at("crates/core/src"), ".rs", &mut sources);
    let mut missing = Vec::new();
    for (file, text) in &sources {
        for line in text.lines().filter(|line| line.contains("const ")) {
            let name = line.split("const ").nth(1).and_then(|rest| rest.split(':').next());
            let name = name.unwrap_or_default();
            let is_bound = ["MAX_", "MOST_"].iter().any(|begin| name.starts_with(begin))
                || ["_MAX", "_PATIENCE", "_WAIT"].iter().any(|end| name.ends_with(end));
            let told = page.contains(&format!("`{name}`")) || OTHERS.contains(&name);
            if is_bound && !told && !name.starts_with("FIRST_") && name != "TIMEOUT_MAX" {
                missing.push(format!("{file}.rs: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/TRUST.md must tell of {missing:?}");
}

#[test]
fn every_bound_and_test_on_the_page_exists() {
    let (mut sources, mut cases, mut attacks) = (Vec::new(), Vec::new(), Vec::new());
    texts(&at("crates/core/src"), ".rs", &mut sources);
    texts(&at("tests/cases"), ".ftp", &mut cases);
    texts(&at("tests/hostile/src"), ".rs", &mut attacks);
    let in_sources = |word: &str| sources.iter().any(|(_, text)| text.contains(word));
    let is_case = |word: &str| {
        let begin = word.trim_end_matches('*');
        cases.iter().any(|(name, _)| name == word || (begin != word && name.starts_with(begin)))
    };
    let is_attack = |word: &str| {
        let (_, name) = word.split_once('/').unwrap_or(("", word));
        attacks.iter().any(|(_, text)| text.contains(name))
    };
    let names = quoted(&page());
    let mut missing: Vec<&String> = names
        .iter()
        .filter(|name| name.contains('_') && !name.contains(' '))
        .filter(|name| !(in_sources(name) || is_case(name) || is_attack(name)))
        .collect();
    missing.dedup();
    assert!(missing.is_empty() && names.len() > 60, "these do not exist: {missing:?}");
}
