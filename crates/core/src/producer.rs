//! A command whose output is put somewhere: starting it, and knowing how it ended. What becomes of
//! the bytes is the caller's.
//!
//! The command gets our stdin and stderr, SIGPIPE as programs expect it (the standard library sees to
//! that), no descriptor of ours besides, and no password of ours in its environment.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys;

/// Variables that hold a secret meant for us alone.
const SECRETS: [&str; 1] = ["FTP_PASSWORD"];

/// How long a command may take to end once nobody reads its output, and again once it was told to.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked after in that time.
const LOOK: Duration = Duration::from_millis(10);

/// A command that runs.
#[derive(Debug)]
pub struct Producer {
    child: Child,
    /// Whether its end was told to the caller.
    is_judged: bool,
}

impl Producer {
    /// Starts `program`, looked for in PATH, with its arguments; the descriptor is what it writes.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(program: &OsStr, arguments: &[OsString]) -> io::Result<(Self, OwnedFd)> {
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::piped());
        for secret in SECRETS {
            command.env_remove(secret);
        }
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        sys::widen(&output);
        Ok((Self { child, is_judged: false }, output.into()))
    }

    /// Its output has ended: waits as long as it takes for its own end, since a command may work
    /// on after it has closed stdout, and may still fail.
    ///
    /// # Errors
    /// It failed, in words.
    pub fn finish(&mut self) -> io::Result<()> {
        self.is_judged = true;
        judge(self.child.wait()?)
    }

    /// Its `output` is not wanted any more. It sees a closed pipe; where that does not end it within a
    /// moment it gets SIGTERM, and at last SIGKILL. One that [`Self::finish`] saw the end of is gone.
    ///
    /// # Errors
    /// It failed, in words, and not because of us.
    pub fn stop(mut self, output: OwnedFd) -> io::Result<()> {
        drop(output);
        if self.is_judged {
            return Ok(());
        }
        if let Some(status) = self.wait(PATIENCE)? {
            return if is_broken_pipe(status) { Ok(()) } else { judge(status) };
        }
        sys::terminate(&self.child);
        if self.wait(PATIENCE)?.is_none() {
            self.child.kill()?;
            self.child.wait()?;
        }
        Ok(())
    }

    fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let end = Instant::now() + limit;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= end {
                return Ok(status);
            }
            thread::sleep(LOOK);
        }
    }
}

/// Whether it died of the pipe we closed; a shell says so of its last child in its exit status.
fn is_broken_pipe(status: ExitStatus) -> bool {
    status.signal() == Some(sys::SIGPIPE) || status.code() == Some(128 + sys::SIGPIPE)
}

/// What an end means: only status 0 vouches for the output.
fn judge(status: ExitStatus) -> io::Result<()> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(io::Error::other(format!("exited with status {code}"))),
        (None, Some(signal)) => Err(io::Error::other(format!("was killed by signal {signal}"))),
        (None, None) => Err(io::Error::other(format!("ended, and nobody knows how: {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;

    use super::*;

    fn shell(script: &str) -> (Producer, OwnedFd) {
        Producer::start("sh".as_ref(), &["-c".into(), script.into()]).unwrap()
    }

    fn stop((producer, output): (Producer, OwnedFd)) -> Result<(), String> {
        producer.stop(output).map_err(|error| error.to_string())
    }

    #[test]
    fn only_status_0_vouches() {
        for (script, end) in [
            ("echo a", Ok(())),
            ("echo a; exec >&-; sleep 0.1; exit 3", Err("exited with status 3")),
            ("echo a; kill -9 $$", Err("was killed by signal 9")),
        ] {
            let (mut producer, output) = shell(script);
            let (mut output, mut text) = (File::from(output), String::new());
            output.read_to_string(&mut text).unwrap();
            assert_eq!(text, "a\n");
            let found = producer.finish().map_err(|error| error.to_string());
            assert_eq!(found, end.map_err(str::to_owned), "{script}");
            assert_eq!(stop((producer, output.into())), Ok(()));
        }
    }

    #[test]
    fn a_closed_pipe_ends_it() {
        let began = Instant::now();
        for script in ["exec yes", "yes; exit $?"] {
            assert_eq!(stop(shell(script)), Ok(()), "{script}");
        }
        assert!(began.elapsed() < PATIENCE);
    }

    #[test]
    fn one_that_does_not_mind_is_told_to_end_and_then_killed() {
        for (script, waits) in
            [("exec sleep 60", 1), ("trap '' TERM; while sleep 0.1; do :; done", 2)]
        {
            let began = Instant::now();
            assert_eq!(stop(shell(script)), Ok(()));
            assert!((PATIENCE * waits..PATIENCE * 10).contains(&began.elapsed()), "{script}");
        }
    }

    #[test]
    fn a_failure_of_its_own_is_told_all_the_same() {
        assert_eq!(stop(shell("exit 4")), Err("exited with status 4".to_owned()));
    }
}
