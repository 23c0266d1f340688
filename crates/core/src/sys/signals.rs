//! Signals: what has to be tidied before the process dies of one, and dying of it in truth, so
//! that the shell sees 130 or 141 and stops its loop. The only door to signal-hook.

use std::io;
use std::thread;

pub use signal_hook::consts::SIGPIPE;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Runs `tidy` when the process is told to end, and then lets it die of the signal. Told once more, it
/// dies at once.
///
/// # Errors
/// The handlers cannot be installed.
pub fn tidy_on_death(tidy: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let ignored = ignored();
    let deadly = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !ignored(*signal));
    let mut signals = Signals::new(deadly)?;
    thread::spawn(move || {
        let mut told = signals.forever();
        if let Some(signal) = told.next() {
            thread::spawn(move || {
                tidy();
                let _ = emulate_default_handler(signal);
            });
        }
        if let Some(signal) = told.next() {
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// Runs `answer` each time SIGUSR1 asks how far we are.
///
/// # Errors
/// The handler cannot be installed.
pub fn answer_when_asked(answer: impl Fn() + Send + 'static) -> io::Result<()> {
    if ignored()(SIGUSR1) {
        return Ok(());
    }
    let mut signals = Signals::new([SIGUSR1])?;
    thread::spawn(move || signals.forever().for_each(|_| answer()));
    Ok(())
}

/// Tells which signals are ignored since the process began, as nohup and shells have it for
/// background jobs: they must stay so. Only /proc tells without unsafe code.
fn ignored() -> impl Fn(i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    move |signal| mask >> (signal - 1) & 1 == 1
}

/// Dies of SIGPIPE, as `cat` does when its reader has left. Returns only where that is not
/// possible.
pub fn die_of_broken_pipe() {
    let _ = emulate_default_handler(SIGPIPE);
}
