//! SIGKILL in the middle of `ftp-put -c`, and the next run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use harness::Server;

/// No two places of the file look alike.
fn content() -> Vec<u8> {
    (0..600_000_u32).flat_map(|place| format!("{place:07}\n").into_bytes()).collect()
}

#[test]
fn after_50_kills_the_next_run_makes_the_file_whole() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let server = Server::auto("dir d").unwrap();
    let url = format!("ftp://{}/d/", server.address());
    fs::write(folder.path().join("x"), &content).unwrap();
    let put = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ftp-put"));
        command.env_clear().current_dir(folder.path()).stderr(Stdio::piped());
        command.args(["-c", "x"]).args(flags).arg(&url).spawn().unwrap()
    };
    let (mut parts, mut random) = (0, 0x2545_f491_u32);
    for _ in 0..50 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // At this rate a whole run takes 240 ms.
        let mut killed = put(&["--limit-rate", "20m"]);
        thread::sleep(Duration::from_micros(u64::from(random % 250_000)));
        killed.kill().unwrap();
        killed.wait().unwrap();
        let left = server.file(b"d/x").map(|bytes| bytes.len());
        parts += usize::from(left.is_some_and(|left| left < content.len()));
        let ended = put(&[]).wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr.escape_ascii());
        assert!(server.file(b"d/x").unwrap() == content);
        server.remove(b"d/x");
    }
    assert!(parts >= 25, "only {parts} of 50 runs left a part");
}
