//! SIGKILL in the middle of `ftp-get -c`, and the next run.

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
    let server = Server::auto("file a \"\"").unwrap();
    server.put(b"a", &content);
    let url = format!("ftp://{}/a", server.address());
    let get = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ftp-get"));
        command.env_clear().current_dir(folder.path()).stderr(Stdio::piped());
        command.args(["-c", "-o", "x"]).args(flags).arg(&url).spawn().unwrap()
    };
    let (mut parts, mut random) = (0, 0x2545_f491_u32);
    for _ in 0..50 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // At this rate a whole run takes 240 ms.
        let mut killed = get(&["--limit-rate", "20m"]);
        thread::sleep(Duration::from_micros(u64::from(random % 250_000)));
        killed.kill().unwrap();
        killed.wait().unwrap();
        let names = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        parts += names().filter(|name| name.to_string_lossy().ends_with(".part")).count();
        let ended = get(&[]).wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr.escape_ascii());
        assert!(fs::read(folder.path().join("x")).unwrap() == content);
        assert_eq!(names().collect::<Vec<_>>(), ["x"]);
        fs::remove_file(folder.path().join("x")).unwrap();
    }
    assert!(parts >= 25, "only {parts} of 50 runs left a part");
}
