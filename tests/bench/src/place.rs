//! Where the work is done: the built tools, a scratch folder, and what the machine is.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use servers::{
    folder::Folder,
    server::{PASSWORD, USER},
};

/// What each program that may be missing comes from.
const SOURCES: &[(&str, &str)] = &[
    ("curl", "apt-get install curl"),
    ("ftp-ls", "cargo build --release"),
    ("vsftpd", "make servers"),
];

/// Everything a script runs in.
pub struct Place {
    /// Where scripts run; their inputs are files here.
    pub here: Folder,
    /// Cargo's folder of release builds.
    pub built: PathBuf,
    path: OsString,
}

impl Place {
    /// Finds the tools beside this program's own folder, `target/debug` or `target/release`.
    ///
    /// # Errors
    /// This program is in no such folder, or there is no place for files.
    pub fn new() -> Result<Self, String> {
        let me = env::current_exe().map_err(|error| error.to_string())?;
        let target = me.ancestors().nth(2).ok_or("not in a target folder")?;
        let built = target.join("release");
        let mut path = built.clone().into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        let here = Folder::new("bench").map_err(|error| error.to_string())?;
        Ok(Self { here, built, path })
    }

    /// A command that finds the tools, and the account of the servers.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.here.path()).env("PATH", &self.path);
        command.env("HOME", self.here.path());
        command.env("FTP_USER", USER).env("FTP_PASSWORD", PASSWORD);
        command
    }

    /// Looks for programs.
    ///
    /// # Errors
    /// Those that are missing, and how to get them.
    pub fn has(&self, programs: &[&str]) -> Result<(), String> {
        let missing = programs.iter().filter(|program| !self.finds(program));
        let missing: Vec<_> = missing.map(|program| lacking(program)).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing.join(", ")) }
    }

    fn finds(&self, program: &str) -> bool {
        if program == "vsftpd" {
            return self.servers().join("vsftpd/usr/sbin/vsftpd").is_file();
        }
        env::split_paths(&self.path).any(|folder| folder.join(program).is_file())
    }

    /// Where `fetch` unpacked the servers.
    fn servers(&self) -> PathBuf {
        self.built.parent().unwrap_or(&self.built).join("servers")
    }

    /// The machine, and the locale that sorting depends on.
    pub fn machine(&self) -> String {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let named = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let model = named.map_or("an unknown processor", |(_, model)| model);
        let cores = info.lines().filter(|line| line.starts_with("processor")).count();
        let locale = ["LC_ALL", "LC_COLLATE", "LANG"].into_iter();
        let locale = locale.filter_map(env::var_os).find(|value| !value.is_empty());
        let locale = locale.unwrap_or_else(|| "C".into());
        format!(
            "{cores} cores, {model}; files in {}; locale {}",
            self.here.path().parent().unwrap_or(Path::new("/")).display(),
            locale.display()
        )
    }
}

fn lacking(program: &str) -> String {
    let source = SOURCES.iter().find(|(name, _)| *name == program);
    let hint = source.map(|(_, how)| format!(": {how}")).unwrap_or_default();
    format!("{program} is missing{hint}")
}
