//! Where the work is done: the built tools, a scratch folder, and what the machine is.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
};

use servers::{
    folder::Folder,
    guarded::Guarded,
    server::{PASSWORD, USER},
};

use crate::scale::Scale;

/// What each program that has to be there comes from.
const SOURCES: &[(&str, &str)] = &[
    ("curl", "apt-get install curl"),
    ("delaylink", "cargo build --release -p delaylink"),
    ("ftp-get", "cargo build --release"),
    ("ftp-ls", "cargo build --release"),
    ("ip", "apt-get install iproute2"),
    ("proftpd", "make servers"),
    ("vsftpd", "make servers"),
];

/// Servers, below the folder where `fetch` unpacked them.
const SERVERS: &[(&str, &str)] =
    &[("vsftpd", "vsftpd/usr/sbin/vsftpd"), ("proftpd", "proftpd/usr/sbin/proftpd")];

/// Variables of a machine that would send a contender elsewhere.
const PROXIES: [&str; 6] =
    ["ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "https_proxy"];

/// lftp asks for TLS before each login unless it is told, and says on stderr what it did.
const LFTP: &str = "set ftp:ssl-allow no\nset cmd:verbose no\nset log:enabled/xfer no\n";

/// Removes the scratch folders of the process `$2` below `$1` when stdin closes, whatever became of us: they
/// take memory.
const SWEEPER: &str = r#"trap "" INT TERM HUP; cat >/dev/null; rm -rf "$1"/ftp-*-"$2"-[0-9]*"#;

/// Everything a script runs in.
pub struct Place {
    /// Where scripts run; their inputs are files here. It is their HOME, too.
    pub here: Folder,
    /// Cargo's folder of release builds.
    pub built: PathBuf,
    /// How much is measured.
    pub scale: Scale,
    path: OsString,
    python: Option<PathBuf>,
    // Ended last.
    _sweeper: Guarded,
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
        here.write("peer.py", include_str!("peer.py"))?;
        here.write(".lftprc", LFTP)?;
        let (scale, python) = (Scale::new(target)?, find_python());
        Ok(Self { here, built, scale, path, python, _sweeper: start_sweeper()? })
    }

    /// A command that finds the tools, and the account of the servers.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.here.path()).env("PATH", &self.path);
        command.env("HOME", self.here.path());
        for proxy in PROXIES {
            command.env_remove(proxy);
        }
        if let Some(python) = &self.python {
            command.env("PYTHON", python);
        }
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

    /// Whether a program is there.
    pub fn finds(&self, program: &str) -> bool {
        if program == "python3" {
            return self.python.is_some();
        }
        if let Some((_, file)) = SERVERS.iter().find(|(name, _)| *name == program) {
            return self.servers().join(file).is_file();
        }
        self.locate(program).is_some()
    }

    /// Where a program is that scripts call by its name.
    pub fn locate(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| file.is_file())
    }

    /// Where a server is.
    pub fn server(&self, name: &str) -> Option<PathBuf> {
        SERVERS.iter().find(|(known, _)| *known == name).map(|(_, file)| self.servers().join(file))
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
        let cores = cores(&info);
        let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let locale = ["LC_ALL", "LC_COLLATE", "LANG"].into_iter();
        let locale = locale.filter_map(env::var_os).find(|value| !value.is_empty());
        let locale = locale.unwrap_or_else(|| "C".into());
        format!(
            "{cores} cores, {model}; Linux {}; files in {}; locale {}",
            system.trim_end(),
            self.here.path().parent().unwrap_or(Path::new("/")).display(),
            locale.display()
        )
    }
}

fn start_sweeper() -> Result<Guarded, String> {
    let mut sweeper = Command::new("sh");
    sweeper.args(["-c", SWEEPER, "sweeper"]).arg(env::temp_dir()).arg(process::id().to_string());
    Guarded::closing(sweeper).map_err(|error| format!("sh: {error}"))
}

fn cores(info: &str) -> usize {
    info.lines().filter(|line| line.starts_with("processor")).count()
}

/// A note when the machine has more to do than a client and a server give it: wall times are then
/// longer than they would be, for all contenders.
pub fn foreign_load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = text.split_whitespace().next()?.parse().ok()?;
    let cores = cores(&fs::read_to_string("/proc/cpuinfo").ok()?);
    let text = format!("The machine had other work besides: a load of {load} on {cores} cores");
    (load > cores as f64 + 1.0).then_some(text)
}

/// The interpreter itself: what PATH has may be a script that chooses one, and takes its time.
fn find_python() -> Option<PathBuf> {
    let mut command = Command::new("python3");
    command.args(["-c", "import sys; print(sys.executable)"]).stdin(Stdio::null());
    let output = command.stderr(Stdio::null()).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    path.is_file().then_some(path)
}

fn lacking(program: &str) -> String {
    let source = SOURCES.iter().find(|(name, _)| *name == program);
    let hint = source.map(|(_, how)| format!(": {how}")).unwrap_or_default();
    format!("{program} is missing{hint}")
}
