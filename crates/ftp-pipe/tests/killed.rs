//! SIGKILL in the middle of `ftp-pipe -c`, and the next run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use harness::{Killed, Server, content};

#[test]
fn after_50_kills_the_next_run_makes_the_file_whole() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let source = Server::auto("file a \"\"").unwrap();
    source.put(b"a", &content);
    let sink = Server::auto("dir d").unwrap();
    let urls = [format!("ftp://{}/a", source.address()), format!("ftp://{}/d/", sink.address())];
    let args = ["-c".to_owned()].into_iter().chain(urls).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_ftp-pipe"));
    let left = || sink.file(b"d/a").is_some_and(|left| left.len() < content.len());
    Killed { program, folder: folder.path(), args }.often(&left, &|| {
        assert!(sink.file(b"d/a").unwrap() == content);
        sink.remove(b"d/a");
    });
}
