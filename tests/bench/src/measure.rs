//! What a shell script took: wall time, processor time and memory of all its processes.
//!
//! The kernel tells of children only what all of them took together, and the most that any of them
//! had. So each script gets a process of its own to be the child of: this program, started again.
//! Finer than the hundredths of a second of `time`, and no `unsafe` as `wait4` would be.

use std::{
    env,
    io::{self, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike},
};

use crate::place::Place;

/// The first argument of this program when it is to be a script's parent.
pub const FLAG: &str = "--launch";

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// From start to end.
    pub wall: Duration,
    /// User and system time of all its processes.
    pub cpu: Duration,
    /// The most memory that one of its processes had resident, in KiB.
    pub peak: u64,
}

/// Runs `script`, its output thrown away.
///
/// # Errors
/// It failed.
pub fn measure(place: &Place, script: &str) -> Result<Taken, String> {
    let me = env::current_exe().map_err(|error| error.to_string())?;
    let mut launcher = place.command(me);
    let output = launcher.args([FLAG, script]).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{script}: {error}"))?;
    let text = String::from_utf8(output.stdout).unwrap_or_default();
    if !output.status.success() {
        return Err(format!("{script}: {}", output.status));
    }
    read(&text).ok_or_else(|| format!("{script}: the launcher says {text:?}"))
}

/// The launcher's work: runs `script` and prints what it took.
///
/// # Errors
/// It failed.
pub fn launch(script: &str) -> Result<(), String> {
    let begun = Instant::now();
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null());
    let status = shell.status().map_err(|error| error.to_string())?;
    let wall = begun.elapsed().as_micros();
    if !status.success() {
        return Err(format!("{script}: {status}"));
    }
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let micros = |time: TimeVal| time.num_microseconds();
    let cpu = micros(used.user_time()) + micros(used.system_time());
    writeln!(io::stdout(), "{wall} {cpu} {}", used.max_rss()).map_err(|error| error.to_string())
}

fn read(text: &str) -> Option<Taken> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (wall, cpu, peak) = (next()?, next()?, next()?);
    Some(Taken { wall: Duration::from_micros(wall), cpu: Duration::from_micros(cpu), peak })
}
