//! Runs a tool within a bound, and looks at its end, its words and the most memory it had.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Tools;

/// The most memory a tool may have, in KiB, whatever a server does.
pub const MOST: u64 = 64 * 1024;

/// How much of its output is kept.
const KEPT: u64 = 1024 * 1024;

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// In KiB.
    pub peak: u64,
    pub took: Duration,
    /// Its time was over before it was done.
    pub killed: bool,
}

/// Runs `tool` with `arguments` in `folder`, which must take no longer than `limit`.
pub fn run(
    tool: (&Tools, &str),
    arguments: &[String],
    folder: &Path,
    limit: Duration,
) -> Result<Ran, String> {
    let ran = run_for(tool, arguments, folder, limit)?;
    match ran.killed {
        true => Err(format!("it hung: killed after {limit:?}, with {} KiB", ran.peak)),
        false => Ok(ran),
    }
}

/// Runs `tool` with `arguments` in `folder`, and kills it after `limit`. `NAME=VALUE` may stand before the tool.
pub fn run_for(
    (tools, tool): (&Tools, &str),
    arguments: &[String],
    folder: &Path,
    limit: Duration,
) -> Result<Ran, String> {
    let begun = Instant::now();
    let mut words = tool.split(' ');
    let tool = words.next_back().unwrap_or_default();
    let mut command = Command::new(tools.path(tool));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder);
    command.envs(words.filter_map(|word| word.split_once('=')));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("{tool}: {e}"))?;
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let (mut peak, mut killed) = (0, false);
    let status = loop {
        peak = peak.max(memory(&child));
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            break status;
        }
        if begun.elapsed() > limit {
            killed = true;
            let _ = child.kill();
            break child.wait().map_err(|e| e.to_string())?;
        }
        thread::sleep(Duration::from_millis(2));
    };
    let stderr = String::from_utf8_lossy(&stderr.join().unwrap_or_default()).into_owned();
    let stdout = stdout.join().unwrap_or_default();
    if stderr.contains("panicked at") {
        return Err(format!("it panicked: {stderr}"));
    }
    let (code, signal) = (status.code(), status.signal());
    Ok(Ran { code, signal, stdout, stderr, peak, took: begun.elapsed(), killed })
}

impl Ran {
    /// Fails unless it stayed below [`MOST`].
    pub fn must_stay_small(&self) -> Result<(), String> {
        match self.peak > MOST {
            true => Err(format!("it had {} KiB of memory, after {:?}", self.peak, self.took)),
            false => Ok(()),
        }
    }

    /// Fails unless it ended with one of `codes`, said one of `words` where there are any, and stayed below
    /// [`MOST`].
    pub fn must(&self, codes: &[i32], words: &[&str]) -> Result<(), String> {
        self.must_stay_small()?;
        let said = words.is_empty() || words.iter().any(|word| self.stderr.contains(word));
        match self.code {
            Some(code) if codes.contains(&code) && said => Ok(()),
            _ => Err(format!(
                "it ended with {:?} {:?} after {:?}, not {codes:?}, and said: {}",
                self.code,
                self.signal,
                self.took,
                self.stderr.chars().take(600).collect::<String>()
            )),
        }
    }
}

fn memory(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = (&mut pipe).take(KEPT).read_to_end(&mut bytes);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        bytes
    })
}
