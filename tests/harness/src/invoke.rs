//! Runs a tool and collects all that can be seen of it, within a bounded time.
//! Whether that is right is decided by `expect`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::scratch::Scratch;

/// How a tool is to be run.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The arguments after the tool's name.
    pub args: Vec<Vec<u8>>,
    /// What comes on stdin; `None` is an empty stdin.
    pub stdin: Option<Vec<u8>>,
    /// A file that is stdin instead, and the byte that it stands at.
    pub stdin_file: Option<(OsString, u64)>,
    /// The environment on top of PATH, HOME and TMPDIR; nothing else of ours is passed on.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
    /// A signal to be sent after some time.
    pub signal: Option<(Signal, Duration)>,
    /// After so many bytes the reader of stdout closes it.
    pub stdout_closes: Option<u64>,
    /// There is no stdout at all.
    pub stdout_closed: bool,
    /// stdin is /dev/null, opened for reading and writing, as many parents hand it down.
    pub stdin_null: bool,
    /// The same for stdout.
    pub stdout_null: bool,
    /// The tool is killed after that, and the case fails.
    pub timeout: Duration,
}

impl Default for Invocation {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            stdin: None,
            stdin_file: None,
            env: Vec::new(),
            signal: None,
            stdout_closes: None,
            stdout_closed: false,
            stdin_null: false,
            stdout_null: false,
            timeout: Duration::from_secs(10),
        }
    }
}

impl Invocation {
    /// The usual run with these arguments.
    pub fn new<A: Into<Vec<u8>>>(args: impl IntoIterator<Item = A>) -> Self {
        Self { args: args.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// What a run looked like from outside.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// All it wrote on stdout.
    pub stdout: Vec<u8>,
    /// All it wrote on stderr.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub elapsed: Duration,
    /// It had to be killed because its time was over.
    pub hung: bool,
}

impl Ran {
    /// `exit N` or `signal N`.
    pub fn end(&self) -> String {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no status".to_owned(),
        }
    }
}

/// Runs `exe` in the scratch folder and waits for its end.
///
/// # Errors
/// It cannot be started.
pub fn run(exe: &Path, invocation: &Invocation, scratch: &Scratch) -> io::Result<Ran> {
    let start = Instant::now();
    let mut child = command(exe, invocation, scratch)?.spawn()?;
    let stdin = child.stdin.take();
    let input = invocation.stdin.clone().unwrap_or_default();
    // A tool that stops reading early breaks this pipe; its exit code tells more than the error.
    thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(&input)));
    let stdout = collect(child.stdout.take(), invocation.stdout_closes);
    let stderr = collect(child.stderr.take(), None);
    let (status, hung) = wait(&mut child, invocation, start)?;
    let elapsed = start.elapsed();
    Ok(Ran { status, stdout: collected(stdout), stderr: collected(stderr), elapsed, hung })
}

fn command(exe: &Path, invocation: &Invocation, scratch: &Scratch) -> io::Result<Command> {
    let mut command = if matches!(invocation.signal, Some((Signal::HUP, _))) {
        // Under nohup it is ignored, and a tool lets it be.
        let mut command = Command::new("env");
        command.arg("--default-signal=HUP").arg(exe);
        command
    } else if invocation.stdout_closed {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" >&-"]).arg(exe);
        command
    } else {
        Command::new(exe)
    };
    let text = |bytes: &Vec<u8>| OsString::from_vec(bytes.clone());
    command.args(invocation.args.iter().map(text)).current_dir(scratch.dir());
    command.env_clear().env("HOME", scratch.home()).env("TMPDIR", scratch.home());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(invocation.env.iter().map(|(name, value)| (text(name), text(value))));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some((name, begin)) = &invocation.stdin_file {
        let mut file = File::open(scratch.dir().join(name))?;
        file.seek(SeekFrom::Start(*begin))?;
        command.stdin(file);
    }
    let null = || File::options().read(true).write(true).open("/dev/null");
    if invocation.stdin_null {
        command.stdin(null()?);
    }
    if invocation.stdout_null {
        command.stdout(null()?);
    }
    Ok(command)
}

fn collect(pipe: Option<impl Read + Send + 'static>, limit: Option<u64>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _ = pipe.take(limit.unwrap_or(u64::MAX)).read_to_end(&mut bytes);
        }
        bytes
    })
}

/// A grandchild may keep a pipe open after the tool's end: that may not hang the run.
fn collected(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    let deadline = Instant::now() + Duration::from_secs(2);
    while !reader.is_finished() && Instant::now() < deadline {
        sleep(Duration::from_millis(1));
    }
    let late = b"(a process the tool left behind keeps this open)".to_vec();
    if reader.is_finished() { reader.join().unwrap_or(late) } else { late }
}

fn wait(
    child: &mut Child,
    invocation: &Invocation,
    start: Instant,
) -> io::Result<(ExitStatus, bool)> {
    let mut signal = invocation.signal;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, false));
        }
        if let Some((name, _)) = signal.take_if(|(_, after)| start.elapsed() >= *after) {
            kill_process(Pid::from_child(child), name)?;
        }
        if start.elapsed() > invocation.timeout {
            child.kill()?;
            return Ok((child.wait()?, true));
        }
        sleep(Duration::from_millis(2));
    }
}
