//! What a shell script took: wall time, processor time and memory of all its processes.
//!
//! The kernel tells of children only what all of them took together, and the most that any of them
//! had. So each script gets a process of its own to be the child of: this program, started again.
//! What feeds the script and what takes its output stand outside, so that they are not counted.
//! Finer than the hundredths of a second of `time`, and no `unsafe` as `wait4` would be.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike},
};

use crate::stage::Stage;

/// The first argument of this program when it is to be a script's parent.
pub const FLAG: &str = "--launch";

/// Where the launcher writes what the script took, in the folder of the stage.
const REPORT: &str = "taken";

/// What one run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// From start to end.
    pub wall: Duration,
    /// User and system time of all its processes.
    pub cpu: Duration,
    /// The most memory that one of its processes had resident, in KiB.
    pub peak: u64,
}

/// Runs `script`; `around` is the shell line it stands in, with `{}` in its place.
///
/// # Errors
/// It failed, or what stands around it did.
pub fn measure(stage: &Stage<'_>, around: &str, script: &str) -> Result<Taken, String> {
    let me = env::current_exe().map_err(|error| error.to_string())?;
    let launcher = format!("\"$0\" {FLAG} {REPORT} \"$1\"");
    let line = format!("set -o pipefail; {}", around.replace("{}", &launcher));
    let mut command = stage.command("bash");
    command.args(["-c", &line]).arg(me).arg(script);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    // A launcher that never ran must not leave us the figures of the one before.
    let _ = fs::remove_file(stage.place.here.at(REPORT));
    let status = command.status().map_err(|error| format!("{script}: {error}"))?;
    if !status.success() {
        return Err(format!("`{script}`: {status}"));
    }
    let report = stage.place.here.read(REPORT)?;
    let text = String::from_utf8(report).unwrap_or_default();
    read(&text).ok_or_else(|| format!("{script}: the launcher says {text:?}"))
}

/// The launcher's work: runs `script` and writes what it took to the file `report`.
///
/// # Errors
/// It failed.
pub fn launch(report: &str, script: &str) -> Result<(), String> {
    let begun = Instant::now();
    let status = Command::new("sh").args(["-c", script]).status();
    let status = status.map_err(|error| error.to_string())?;
    let wall = begun.elapsed().as_micros();
    if !status.success() {
        return Err(format!("`{script}`: {status}"));
    }
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let micros = |time: TimeVal| time.num_microseconds();
    let cpu = micros(used.user_time()) + micros(used.system_time());
    let text = format!("{wall} {cpu} {}\n", used.max_rss());
    fs::write(Path::new(report), text).map_err(|error| format!("{report}: {error}"))
}

/// Microseconds, microseconds, KiB.
pub fn read(text: &str) -> Option<Taken> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (wall, cpu, peak) = (next()?, next()?, next()?);
    Some(Taken { wall: Duration::from_micros(wall), cpu: Duration::from_micros(cpu), peak })
}

/// What `read` reads.
pub fn write(taken: &Taken) -> String {
    format!("{} {} {}", taken.wall.as_micros(), taken.cpu.as_micros(), taken.peak)
}
