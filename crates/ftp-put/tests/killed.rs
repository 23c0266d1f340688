//! SIGKILL in the middle of `ftp-put -c`, and the next run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use harness::{Killed, Server, content};

#[test]
fn after_50_kills_the_next_run_makes_the_file_whole() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let server = Server::auto("dir d").unwrap();
    fs::write(folder.path().join("x"), &content).unwrap();
    let args = vec!["-c".into(), "x".into(), format!("ftp://{}/d/", server.address())];
    let program = Path::new(env!("CARGO_BIN_EXE_ftp-put"));
    let left = || server.file(b"d/x").is_some_and(|left| left.len() < content.len());
    Killed { program, folder: folder.path(), args }.often(&left, &|| {
        assert!(server.file(b"d/x").unwrap() == content);
        server.remove(b"d/x");
    });
}
