//! Files that are written to while `ftp-put` sends them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use harness::Server;

/// Sends a file of 200,000 bytes in a second, and changes it in the middle.
fn put(flags: &[&str], server: &Server, change: impl FnOnce(&Path)) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    fs::write(&file, vec![b'a'; 200_000]).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftp-put"));
    command.env_clear().args(flags).args(["--limit-rate", "200k"]).arg(&file);
    command.arg(format!("ftp://{}/d/x", server.address()));
    let running = command.stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(400));
    change(&file);
    running.wait_with_output().unwrap()
}

fn fails(output: &Output) {
    assert_eq!(output.status.code(), Some(6));
    let words = b"was changed while it was sent";
    assert!(output.stderr.windows(words.len()).any(|part| part == words));
}

#[test]
fn a_file_that_is_rewritten_is_not_put() {
    let server = Server::auto("dir d").unwrap();
    fails(&put(&[], &server, |file| {
        File::options().write(true).open(file).unwrap().write_all(b"b").unwrap();
    }));
    assert!(server.file(b"d/x").is_none());
}

#[test]
fn a_file_that_shrinks_leaves_the_old_one() {
    let server = Server::auto("file d/x \"old\"").unwrap();
    fails(&put(&["--atomic"], &server, |file| {
        File::options().write(true).open(file).unwrap().set_len(150_000).unwrap();
    }));
    assert_eq!(server.file(b"d/x").as_deref(), Some(&b"old"[..]));
    assert_eq!(server.tree().paths().iter().filter(|path| path.ends_with(b".part")).count(), 0);
}

#[test]
fn a_log_that_grows_is_put_to_its_end() {
    let server = Server::auto("dir d").unwrap();
    let output = put(&[], &server, |file| {
        File::options().append(true).open(file).unwrap().write_all(b"more").unwrap();
    });
    assert_eq!(output.status.code(), Some(0), "{}", output.stderr.escape_ascii());
    assert_eq!(server.file(b"d/x").unwrap().len(), 200_004);
}
