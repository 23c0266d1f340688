//! `ftp-get -c` over two runs: what the first leaves, and what the second does with it. What one run
//! shows is in `tests/cases/ftp-get`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use harness::Server;

const FILE: &str = "file a repeat 50000 \"0123456789\"\n";

fn content() -> Vec<u8> {
    b"0123456789".repeat(50_000)
}

fn get(server: &Server, folder: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftp-get"));
    command.env_clear().current_dir(folder).args(flags).args(["-o", "x"]);
    command.arg(format!("ftp://{}/a", server.address()));
    command
}

fn run(server: &Server, folder: &Path, flags: &[&str]) -> Output {
    get(server, folder, flags).output().unwrap()
}

/// The parts in `folder`.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "part")).collect()
}

/// A run that broke after 200,000 bytes, and the part it left.
fn broken(fault: &str) -> (tempfile::TempDir, Server, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::auto(&format!("{FILE}{fault}")).unwrap();
    let output = run(&server, folder.path(), &["-c", "--retries", "0"]);
    assert_eq!(output.status.code(), Some(5), "{}", output.stderr.escape_ascii());
    let found = parts(folder.path());
    assert_eq!(found.len(), 1);
    assert!(!folder.path().join("x").exists());
    (folder, server, found[0].clone())
}

const CUT: &str =
    "fault on RETR nth 1 after 200000: close data\nfault on RETR nth 1: final 426 cut";

/// The next run ends with the whole file and nothing else.
fn ends_well(server: &Server, folder: &Path) {
    let output = run(server, folder, &["-c"]);
    assert_eq!(output.status.code(), Some(0), "{}", output.stderr.escape_ascii());
    assert!(fs::read(folder.join("x")).unwrap() == content());
    assert!(parts(folder).is_empty());
}

fn saw(server: &Server, command: &str) -> bool {
    server.transcript().commands().iter().any(|line| line == command.as_bytes())
}

#[test]
fn the_rest_is_fetched_after_a_look_at_what_is_here() {
    let (folder, server, part) = broken(CUT);
    assert_eq!(fs::metadata(part).unwrap().len(), 200_000);
    ends_well(&server, folder.path());
    assert!(saw(&server, "REST 134464"));
}

#[test]
fn a_part_that_the_disk_lost_is_fetched_anew() {
    let (folder, server, part) = broken(CUT);
    let mut bytes = fs::read(&part).unwrap();
    bytes[199_990..].fill(0);
    fs::write(&part, bytes).unwrap();
    ends_well(&server, folder.path());
}

#[test]
fn a_part_longer_than_the_file_is_fetched_anew() {
    let (folder, server, part) = broken(CUT);
    fs::write(&part, vec![b'0'; 600_000]).unwrap();
    ends_well(&server, folder.path());
}

#[test]
fn a_part_that_is_whole_is_given_its_name() {
    let (folder, server, part) = broken("fault on RETR nth 1: final 451 cannot log it");
    assert_eq!(fs::metadata(part).unwrap().len(), 500_000);
    ends_well(&server, folder.path());
    assert!(saw(&server, "REST 434464"));
}

#[test]
fn a_part_of_another_source_goes() {
    let (folder, _server, part) = broken(CUT);
    let other = Server::auto(FILE).unwrap();
    ends_well(&other, folder.path());
    assert!(!part.exists() && !saw(&other, "REST 134464"));
}

#[test]
fn a_server_without_rest_sends_what_is_here_once_more() {
    let (folder, server, _part) = broken(&format!("{CUT}\nwithout REST"));
    ends_well(&server, folder.path());
}

#[test]
fn a_break_in_the_second_run_is_mended() {
    let more = "fault on RETR nth 2 after 100000: close data\nfault on RETR nth 2: final 426 cut";
    let (folder, server, _part) = broken(&format!("{CUT}\n{more}"));
    ends_well(&server, folder.path());
}

#[test]
fn what_a_kill_left_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let fault = "fault on RETR nth 1 after 200000: stall data";
    let server = Server::auto(&format!("{FILE}{fault}")).unwrap();
    let mut child = get(&server, folder.path(), &["-c"]).stderr(Stdio::null()).spawn().unwrap();
    while parts(folder.path())
        .first()
        .is_none_or(|part| fs::metadata(part).unwrap().len() < 200_000)
    {
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    ends_well(&server, folder.path());
    assert!(saw(&server, "REST 134464"));
}

#[test]
fn a_file_that_is_here_is_not_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::auto(FILE).unwrap();
    ends_well(&server, folder.path());
    ends_well(&server, folder.path());
    let fetched = server.transcript().commands().iter().filter(|line| *line == b"RETR a").count();
    assert_eq!(fetched, 1);
}

#[test]
fn a_half_file_of_another_tool_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x"), b"01234").unwrap();
    ends_well(&Server::auto(FILE).unwrap(), folder.path());
}

#[test]
fn a_server_without_sizes_leaves_no_part() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::auto(&format!("{FILE}{CUT}\nwithout SIZE")).unwrap();
    let output = run(&server, folder.path(), &["-c", "--retries", "0"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(parts(folder.path()).is_empty());
    ends_well(&server, folder.path());
}
