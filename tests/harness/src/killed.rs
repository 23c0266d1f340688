//! SIGKILL at random points of a transfer, and the run after it: what `-c` is for.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often the tool is killed.
const KILLS: usize = 50;

/// How long the server may take to store what it had received: a run that comes at once would go on in
/// the middle of that, as with any server.
const SETTLING: Duration = Duration::from_millis(50);

/// Bytes of which no two places look alike: a run at 20 MiB a second takes 240 ms for them.
pub fn content() -> Vec<u8> {
    (0..600_000_u32).flat_map(|place| format!("{place:07}\n").into_bytes()).collect()
}

/// A tool that is killed.
pub struct Killed<'a> {
    /// The tool.
    pub program: &'a Path,
    /// The folder that it runs in.
    pub folder: &'a Path,
    /// Its command line; `-c` is among it.
    pub args: Vec<String>,
}

impl Killed<'_> {
    /// Runs and kills the tool 50 times, each time followed by a run that has to succeed, and
    /// `judge`, who says whether the file is whole, and takes it away. `left` tells whether the kill left
    /// a part; half of them have to, or nothing was tried.
    ///
    /// # Panics
    /// When a run after a kill fails, or too few left a part.
    pub fn often(&self, left: &dyn Fn() -> bool, judge: &dyn Fn()) {
        let (mut parts, mut random) = (0, 0x2545_f491_u32);
        for _ in 0..KILLS {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let mut killed = self.command(&["--limit-rate", "20m"]).spawn().expect("it starts");
            thread::sleep(Duration::from_micros(u64::from(random % 250_000)));
            killed.kill().and_then(|()| killed.wait()).expect("it can be killed");
            thread::sleep(SETTLING);
            parts += usize::from(left());
            let ended = self.command(&[]).output().expect("it starts");
            assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr.escape_ascii());
            judge();
        }
        assert!(parts >= KILLS / 2, "only {parts} of {KILLS} runs left a part");
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.env_clear().current_dir(self.folder).stderr(Stdio::piped());
        command.args(flags).args(&self.args);
        command
    }
}
