//! Runs a script as the pages say it is to be run, with a bound, and tells all when it fails.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Longer than any recipe may take, so that one that hangs fails alone.
const PATIENCE: &str = "60";

/// Where scripts run, and what they find there.
#[derive(Debug)]
pub struct Shell {
    /// The folder they run in. It is their HOME, too.
    pub here: PathBuf,
    /// Where the tools are.
    pub path: Vec<PathBuf>,
    /// The folder that scripts, and what they print, are kept in.
    pub logs: PathBuf,
}

impl Shell {
    /// Runs `script` with the variables `vars`; what it prints is kept in `NAME.out` and `NAME.err`.
    ///
    /// # Errors
    /// How it ended and what it printed, unless it ended well and every program was there.
    pub fn run(&self, name: &str, script: &str, vars: &[(String, PathBuf)]) -> Result<(), String> {
        let (file, out, err) = (self.log(name, "sh"), self.log(name, "out"), self.log(name, "err"));
        let ended = fs::write(&file, script)
            .and_then(|()| self.command(&file, &out, &err)?.envs(vars.iter().cloned()).status())
            .map_err(|error| format!("{name}: {error}"))?;
        let said = shown(&err);
        // A pipe may hide it, but a recipe that lacks its program was not tried.
        if ended.success() && !said.contains("command not found") {
            return Ok(());
        }
        let how = if ended.code() == Some(124) {
            format!("no end within {PATIENCE} s")
        } else {
            ended.to_string()
        };
        Err(format!("{name}: {how}\n{script}\n-- stdout\n{}-- stderr\n{said}", shown(&out)))
    }

    /// Where something about a script is kept.
    pub fn log(&self, name: &str, kind: &str) -> PathBuf {
        self.logs.join(format!("{name}.{kind}"))
    }

    fn command(&self, script: &Path, out: &Path, err: &Path) -> std::io::Result<Command> {
        let system = env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        let path = self.path.iter().cloned().chain(env::split_paths(&system));
        let path = env::join_paths(path).map_err(std::io::Error::other)?;
        let mut command = Command::new("timeout");
        command.args(["-k", "1", PATIENCE, "bash", "-euo", "pipefail"]).arg(script);
        command.env_clear().env("PATH", path).env("HOME", &self.here).env("LC_ALL", "C.UTF-8");
        command.current_dir(&self.here).stdin(Stdio::null());
        command.stdout(File::create(out)?).stderr(File::create(err)?);
        Ok(command)
    }
}

/// What a file holds, for a person; the end of it alone where that is much.
fn shown(file: &Path) -> String {
    const ENOUGH: usize = 3000;
    let bytes = fs::read(file).unwrap_or_default();
    let end = bytes.get(bytes.len().saturating_sub(ENOUGH)..).unwrap_or_default();
    match str::from_utf8(end) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("{}\n", end.escape_ascii()),
    }
}
