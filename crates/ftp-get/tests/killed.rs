//! SIGKILL in the middle of `ftp-get -c`, and the next run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use harness::{Killed, Server, content};

#[test]
fn after_50_kills_the_next_run_makes_the_file_whole() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let server = Server::auto("file a \"\"").unwrap();
    server.put(b"a", &content);
    let args = ["-c", "-o", "x"].map(str::to_owned).into_iter();
    let args = args.chain([format!("ftp://{}/a", server.address())]).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_ftp-get"));
    let left = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.into_iter().any(|name| name.to_string_lossy().ends_with(".part"))
    };
    Killed { program, folder: folder.path(), args }.often(&left, &|| {
        assert!(fs::read(folder.path().join("x")).unwrap() == content);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::remove_file(folder.path().join("x")).unwrap();
    });
}
