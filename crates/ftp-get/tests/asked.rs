//! `--ask-password`: on a terminal of its own, and where there is none.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use harness::Server;

const TOOL: &str = env!("CARGO_BIN_EXE_ftp-get");

#[test]
fn the_password_is_asked_for_once_and_not_shown() {
    let server = Server::auto("user u geheim\nfile a \"1\"\nfile b \"2\"").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let host = server.address();
    // script(1) has a terminal for what it runs.
    let line = format!("{TOOL} --ask-password --user u -P 2 -d . ftp://{host}/a ftp://{host}/b");
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(folder.path());
    script.env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME").env_remove("FTP_OPTIONS");
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = script.spawn().unwrap();
    let mut keyboard = running.stdin.take().unwrap();
    thread::sleep(Duration::from_millis(700));
    keyboard.write_all(b"geheim\n").unwrap();
    let ended = running.wait_with_output().unwrap();
    drop(keyboard);
    let shown = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{shown}");
    assert_eq!(shown.matches("Password: ").count(), 1, "{shown}");
    assert!(!shown.contains("geheim"), "{shown}");
    assert_eq!(fs::read(folder.path().join("b")).unwrap(), b"2");
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let server = Server::auto("file a \"1\"").unwrap();
    let url = format!("ftp://u@{}/a", server.address());
    let mut detached = Command::new("setsid");
    detached.args(["--wait", TOOL, "--ask-password", &url]).stdin(Stdio::null());
    let ended = detached.output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(6), "{said}");
    assert_eq!(said, "ftp-get: /dev/tty: there is no terminal to ask for a password on\n");
}
