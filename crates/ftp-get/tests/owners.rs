//! Whose a file is, and with which mode: of what `ftp-get` replaces, and of the part that `-c` goes on with.
//! Files of another owner can be made by root alone; without it those tests look at nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::Server;

/// Somebody else.
const OTHER: u32 = 54321;

/// Bytes of the file on the server.
const SIZE: usize = 500_000;

const CUT: &str =
    "fault on RETR nth 1 after 200000: close data\nfault on RETR nth 1: final 426 cut";

fn server(fault: &str) -> Server {
    Server::auto(&format!("file f repeat {} \"0123456789\"\n{fault}", SIZE / 10)).unwrap()
}

fn content() -> Vec<u8> {
    b"0123456789".repeat(SIZE / 10)
}

/// A tool that waits for a FIFO is ended by timeout(1).
fn get(server: &Server, folder: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    command.args(["20", env!("CARGO_BIN_EXE_ftp-get")]).args(flags);
    command.arg(format!("ftp://{}/f", server.address()));
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder).output().unwrap()
}

fn ends_well(output: &Output, folder: &Path) {
    assert_eq!(output.status.code(), Some(0), "{}", output.stderr.escape_ascii());
    assert!(fs::read(folder.join("f")).unwrap() == content());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn is_root(folder: &Path) -> bool {
    fs::metadata(folder).unwrap().uid() == 0
}

/// An old file of that owner and mode, in a folder of its own.
fn old(owner: Option<u32>, mode: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    fs::write(&path, "old").unwrap();
    if let Some(owner) = owner {
        chown(&path, Some(owner), Some(owner)).unwrap();
    }
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    folder
}

/// The ways in which a file is replaced.
const WAYS: &[&[&str]] = &[
    &["-o", "f"],
    &["-O"],
    &["-d", "."],
    &["-c", "-o", "f"],
    &["-p", "-o", "f"],
    &["--verify", "-o", "f"],
    &["--segments", "2", "-o", "f"],
];

#[test]
fn a_replaced_file_keeps_its_mode_and_no_set_id_bits() {
    for (before, after) in [(0o6777, 0o777), (0o4755, 0o755), (0o1644, 0o644), (0o640, 0o640)] {
        for flags in WAYS {
            let folder = old(None, before);
            ends_well(&get(&server(""), folder.path(), flags), folder.path());
            let now = mode(&folder.path().join("f"));
            assert_eq!(now, after, "{flags:?}: {before:o} became {now:o}, not {after:o}");
        }
    }
}

#[test]
fn a_file_of_another_owner_gives_its_successor_no_mode() {
    let fresh = tempfile::tempdir().unwrap();
    if !is_root(fresh.path()) {
        return;
    }
    ends_well(&get(&server(""), fresh.path(), &["-O"]), fresh.path());
    let usual = mode(&fresh.path().join("f"));
    for before in [0o6777, 0o666, 0o777, 0o4755] {
        for flags in WAYS {
            let folder = old(Some(OTHER), before);
            ends_well(&get(&server(""), folder.path(), flags), folder.path());
            let now = mode(&folder.path().join("f"));
            assert_eq!(now, usual, "{flags:?}: {before:o} became {now:o}, not {usual:o}");
        }
    }
}

#[test]
fn a_link_to_a_file_of_another_owner_gives_no_mode() {
    let folder = tempfile::tempdir().unwrap();
    if !is_root(folder.path()) {
        return;
    }
    let there = old(Some(OTHER), 0o6777);
    symlink(there.path().join("f"), folder.path().join("f")).unwrap();
    ends_well(&get(&server(""), folder.path(), &["-o", "f"]), folder.path());
    assert_eq!(mode(&there.path().join("f")) & 0o7022, 0);
}

#[test]
fn a_tree_over_files_of_another_owner_takes_no_mode() {
    let folder = tempfile::tempdir().unwrap();
    if !is_root(folder.path()) {
        return;
    }
    let path = folder.path().join("t/f");
    fs::create_dir(folder.path().join("t")).unwrap();
    fs::write(&path, "old").unwrap();
    chown(&path, Some(OTHER), None).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o6777)).unwrap();
    let server = Server::auto("file t/f \"new\"").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftp-get"));
    command.env_clear().current_dir(folder.path()).args(["-R", "-d", "."]);
    let output = command.arg(format!("ftp://{}/t", server.address())).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", output.stderr.escape_ascii());
    assert_eq!((fs::read(&path).unwrap().as_slice(), mode(&path) & 0o7022), (&b"new"[..], 0));
}

/// A run of `-c` that broke after 200,000 bytes, and the part it left.
fn broken() -> (tempfile::TempDir, Server, PathBuf) {
    let (folder, server) = (tempfile::tempdir().unwrap(), server(CUT));
    let output = get(&server, folder.path(), &["-c", "--retries", "0", "-o", "f"]);
    assert_eq!(output.status.code(), Some(5), "{}", output.stderr.escape_ascii());
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let part = names.into_iter().find(|path| path.extension().is_some_and(|end| end == "part"));
    (folder, server, part.unwrap())
}

/// The bytes of a part whose end is right and whose beginning is somebody's own.
fn forged() -> Vec<u8> {
    let mut bytes = content()[..200_000].to_vec();
    bytes[..16].copy_from_slice(b"not from there!!");
    bytes
}

/// The next run ends with the server's bytes, in a file of ours that nobody else can write.
fn begins_anew(folder: &Path, server: &Server) {
    ends_well(&get(server, folder, &["-c", "-o", "f"]), folder);
    let path = folder.join("f");
    let (file, home) = (fs::symlink_metadata(&path).unwrap(), fs::metadata(folder).unwrap());
    assert!(file.is_file() && file.uid() == home.uid() && file.nlink() == 1, "{file:?}");
    assert_eq!(mode(&path) & 0o7022, 0);
}

#[test]
fn a_part_of_another_owner_is_not_gone_on_with() {
    let (folder, server, part) = broken();
    if !is_root(folder.path()) {
        return;
    }
    fs::remove_file(&part).unwrap();
    fs::write(&part, forged()).unwrap();
    fs::set_permissions(&part, Permissions::from_mode(0o666)).unwrap();
    chown(&part, Some(OTHER), None).unwrap();
    begins_anew(folder.path(), &server);
}

#[test]
fn a_part_with_a_second_name_is_not_gone_on_with() {
    let (folder, server, part) = broken();
    let theirs = tempfile::tempdir_in(folder.path().parent().unwrap()).unwrap();
    let other = theirs.path().join("other");
    fs::write(&other, forged()).unwrap();
    fs::remove_file(&part).unwrap();
    fs::hard_link(&other, &part).unwrap();
    begins_anew(folder.path(), &server);
    assert!(fs::read(&other).unwrap() == forged(), "what has the second name was written to");
}

#[test]
fn a_part_that_is_a_link_is_not_followed() {
    let (folder, server, part) = broken();
    let theirs = tempfile::tempdir().unwrap();
    let other = theirs.path().join("other");
    fs::write(&other, forged()).unwrap();
    fs::remove_file(&part).unwrap();
    symlink(&other, &part).unwrap();
    begins_anew(folder.path(), &server);
    assert!(fs::read(&other).unwrap() == forged(), "what the link leads to was written to");
}

#[test]
fn a_part_that_is_a_fifo_is_not_waited_for() {
    let (folder, server, part) = broken();
    fs::remove_file(&part).unwrap();
    assert!(Command::new("mkfifo").arg(&part).status().unwrap().success());
    begins_anew(folder.path(), &server);
}
