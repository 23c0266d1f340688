//! Signals while `ftp-put` waits for bytes that do not come. What comes from files is in
//! `tests/cases/ftp-put`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::Server;

fn put(server: &Server, flags: &[&str], command: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ftp-put"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .args(flags)
        .arg(format!("ftp://{}/d/a", server.address()))
        .args(command)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the server has begun a file, and ends the upload with `signal`.
fn ends(mut child: Child, server: &Server, signal: &str) {
    let patience = Instant::now() + Duration::from_secs(10);
    while !server.transcript().commands().iter().any(|line| line.starts_with(b"STOR")) {
        assert!(Instant::now() < patience);
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_millis(200));
    // A wait would close it, and that is the end of the input.
    let _open = child.stdin.take();
    let told = Instant::now();
    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(if signal == "-INT" { 2 } else { 15 }));
    assert!(told.elapsed() < Duration::from_secs(3));
    assert_eq!(server.file(b"d/old").as_deref(), Some(&b"x"[..]));
    assert!(server.file(b"d/a").is_none());
    let left = server.transcript().commands();
    assert!(left.iter().any(|line| line.starts_with(b"DELE")));
}

#[test]
fn a_pipe_that_stays_open_is_not_waited_for() {
    for flags in [&[][..], &["--atomic"]] {
        let server = Server::auto("file d/old \"x\"").unwrap();
        let mut child = put(&server, flags, &[]);
        child.stdin.as_mut().unwrap().write_all(&[b'x'; 300_000]).unwrap();
        ends(child, &server, "-INT");
    }
}

#[test]
fn a_command_that_goes_on_is_not_waited_for() {
    let server = Server::auto("file d/old \"x\"").unwrap();
    let script = "head -c 300000 /dev/zero; exec sleep 5";
    ends(put(&server, &[], &["--", "sh", "-c", script]), &server, "-TERM");
}
