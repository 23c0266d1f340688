//! `ftp-ls --parse --json` over every listing of `tests/listings`: what a user gets of each format.
//! What the parsers make of single lines is tested beside them.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

/// When the listings of the corpus were made.
const NOW: &str = "2026-11-23T19:00:00Z";

/// The members that the tool prints and the corpus tells.
const MEMBERS: [&str; 9] =
    ["name", "name_bytes", "type", "size", "mtime", "mode", "owner", "group", "target"];

/// What is said of a name with a slash in it.
const LEADS_OUT: &str = "a name that could lead out of its directory";

type Object = Map<String, Value>;

#[test]
fn every_listing_is_printed_as_its_json_tells() -> Result<(), Box<dyn Error>> {
    let listings = listings()?;
    assert!(listings.len() >= 38, "only {} listings", listings.len());
    let mut wrong = Vec::new();
    for listing in &listings {
        differences(listing, &mut wrong)?;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn listings() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/listings");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "txt") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Adds a line to `wrong` for whatever differs: the exit code, stderr, the number of entries, one
/// member of one entry.
fn differences(listing: &Path, wrong: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let shown = listing.file_name().unwrap_or_default().display().to_string();
    let ran = Command::new(env!("CARGO_BIN_EXE_ftp-ls"))
        .args(["--parse", "--json", "-a", "-U", "--now", NOW])
        .env_clear()
        .stdin(Stdio::from(File::open(listing)?))
        .output()?;
    let (plain, paths) = expected(listing)?;
    let complaints = paths.iter().map(|name| format!("ftp-ls: {name}: {LEADS_OUT}\n"));
    let stderr = String::from_utf8(ran.stderr)?;
    let code = i32::from(!paths.is_empty());
    if ran.status.code() != Some(code) || stderr != complaints.collect::<String>() {
        wrong.push(format!("{shown}: {}, not {code}: {stderr}", ran.status));
    }
    let printed = objects(&String::from_utf8(ran.stdout)?)?;
    if printed.len() != plain.len() {
        wrong.push(format!("{shown}: {} entries, not {}", printed.len(), plain.len()));
    }
    for (printed, expected) in printed.iter().zip(&plain) {
        let differs = |member: &&&str| printed.get(**member) != expected.get(**member);
        for member in MEMBERS.iter().filter(differs) {
            let [got, due] = [printed, expected].map(|entry| entry.get(*member));
            let name = expected.get("name");
            wrong.push(format!("{shown}: {name:?}: {member} is {got:?}, not {due:?}"));
        }
    }
    Ok(())
}

/// What is to be printed of a listing, and the names that are to be refused: without a `--base`
/// nobody knows which directory a path is in.
fn expected(listing: &Path) -> Result<(Vec<Object>, Vec<String>), Box<dyn Error>> {
    let (mut plain, mut paths) = (Vec::new(), Vec::new());
    for entry in objects(&fs::read_to_string(listing.with_extension("json"))?)? {
        let text = |member| entry.get(member).and_then(Value::as_str).unwrap_or_default();
        match (text("role"), text("name")) {
            ("child", name) if name.contains('/') => paths.push(name.to_owned()),
            ("child", _) => plain.push(entry),
            _ => {}
        }
    }
    Ok((plain, paths))
}

fn objects(lines: &str) -> Result<Vec<Object>, serde_json::Error> {
    lines.lines().map(serde_json::from_str).collect()
}
