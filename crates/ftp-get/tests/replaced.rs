//! `ftp-get --segments` of a file that another one replaces meanwhile. A RETR that was begun goes on with
//! the old file, the next one finds the new one: what is fetched is one of them, whole, or the run fails.
//! One connection alone is in `tests/cases/ftp-get`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Output};

use harness::Server;

/// Bytes of each file: enough for four segments.
const SIZE: usize = 16_000_000;

/// Two files of one size, and where the second takes the name.
struct Replaced<'a> {
    /// What is said of the server beside its files.
    server: &'a str,
    /// The place of the fault.
    when: &'a str,
    /// The options of the new file.
    options: &'a str,
    flags: &'a [&'a str],
}

impl Replaced<'_> {
    fn server(&self) -> Server {
        let file = |letter: char| format!("repeat {} \"{letter}{letter}\"", SIZE / 2);
        let block = format!(
            "file f {}\nfault on RETR nth 1: pace 8000000\nfault {}: put f {} {}\n{}",
            file('a'),
            self.when,
            self.options,
            file('b'),
            self.server
        );
        Server::auto(&block).unwrap()
    }

    fn fetch(&self, folder: &std::path::Path) -> Output {
        let server = self.server();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ftp-get"));
        command.env_clear().current_dir(folder).args(self.flags).args(["-o", "x"]);
        command.arg(format!("ftp://{}/f", server.address())).output().unwrap()
    }

    /// What came of it is one of the two files, or nothing and a message.
    fn is_not_mixed(&self) {
        let folder = tempfile::tempdir().unwrap();
        let output = self.fetch(folder.path());
        let said = output.stderr.escape_ascii();
        let got = fs::read(folder.path().join("x")).ok();
        let whole =
            |got: &Vec<u8>| got.len() == SIZE && got.iter().all(|byte| Some(byte) == got.first());
        match output.status.code() {
            Some(0) => assert!(got.is_some_and(|got| whole(&got)), "a mix: {said}"),
            Some(1) => assert!(got.is_none() && !output.stderr.is_empty(), "left: {said}"),
            code => panic!("exit code {code:?}: {said}"),
        }
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert!(left <= 1, "{left} files are left");
    }
}

const FOUR: &[&str] = &["--segments", "4"];

#[test]
fn segments_of_a_file_replaced_in_the_same_second_are_not_mixed() {
    Replaced { server: "", when: "on RETR nth 2 after 1000000", options: "", flags: FOUR }
        .is_not_mixed();
}

#[test]
fn segments_of_a_server_without_times_are_not_mixed() {
    let options = "mtime=20250607080910";
    let server = "without MDTM MLST MLSD";
    Replaced { server, when: "on RETR nth 2 after 1000000", options, flags: FOUR }.is_not_mixed();
}

#[test]
fn segments_of_a_file_replaced_with_a_new_time_are_not_mixed() {
    let options = "mtime=20250607080910";
    Replaced { server: "", when: "on RETR nth 2 after 1000000", options, flags: FOUR }
        .is_not_mixed();
}

#[test]
fn segments_of_a_file_replaced_before_the_second_begins_are_not_mixed() {
    Replaced { server: "", when: "on RETR nth 2", options: "", flags: &["--segments", "2"] }
        .is_not_mixed();
}

#[test]
fn segments_of_a_file_replaced_when_one_of_them_broke_are_not_mixed() {
    let server = "fault on RETR nth 2 after 1000000: reset control";
    Replaced { server, when: "on RETR nth 2 after 1000000", options: "", flags: FOUR }
        .is_not_mixed();
}
