//! A process that cannot outlive us: it is ended by its pid when dropped, and also when we are killed.
//!
//! Linux can end a child with its parent, but a server that changes its user loses that setting. So a
//! small watcher stands between: it ends the server when its own stdin, a pipe from us, closes.

use std::{
    fs::File,
    io,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Starts `"$@"`, ends it when stdin closes, ends itself when it ends.
const WATCHER: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
cat <&3 >/dev/null &
watch=$!
exec 3<&-
wait -n
kill $server $watch 2>/dev/null
for try in {1..40}; do kill -0 $server 2>/dev/null || exit 0; sleep 0.05; done
kill -KILL $server
"#;

/// A running process; dropping it ends it.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
}

impl Guarded {
    /// Starts `command` under the watcher, with stdout and stderr going to the file `log`.
    ///
    /// # Errors
    /// What the system says when it cannot be started.
    pub fn watched(command: &[&str], log: &Path) -> io::Result<Self> {
        let log = File::create(log)?;
        let mut watcher = Command::new("bash");
        watcher.args(["-c", WATCHER, "watcher"]).args(command);
        watcher.stdout(log.try_clone()?).stderr(log);
        Self::closing(watcher)
    }

    /// Starts a command that ends by itself when its stdin closes.
    ///
    /// # Errors
    /// What the system says when it cannot be started.
    pub fn closing(mut command: Command) -> io::Result<Self> {
        Ok(Self { child: command.stdin(Stdio::piped()).spawn()? })
    }

    /// Its status when it has ended already, which a server never should.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Its stdout, when it was started with a pipe there; once only.
    pub fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let patience = Instant::now() + Duration::from_secs(5);
        while self.ended().is_none() {
            if Instant::now() > patience {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}
