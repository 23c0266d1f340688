//! Two network namespaces, joined by `delaylink`. Both are gone when this is dropped, or killed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{folder::Folder, guarded::Guarded};

/// The address on the client's side.
pub const CLIENT: &str = "10.99.0.1";
/// The address on the server's side.
pub const SERVER: &str = "10.99.0.2";

/// Deletes the namespaces given to it when its stdin closes, whatever became of us.
const SWEEPER: &str = r#"cat >/dev/null; for ns; do ip netns delete "$ns"; done"#;

/// The two namespaces.
#[derive(Debug)]
pub struct Namespaces {
    /// The client's name.
    pub client: String,
    /// The server's name.
    pub server: String,
    log: Folder,
    _sweeper: Guarded,
}

impl Namespaces {
    /// Makes both, with loopback up.
    ///
    /// # Errors
    /// What `ip` says; it needs root.
    pub fn new() -> Result<Self, String> {
        let [client, server] =
            ["client", "server"].map(|side| format!("ftp-{side}-{}", process::id()));
        let mut sweeper = Command::new("sh");
        sweeper.args(["-c", SWEEPER, "sweeper", &client, &server]).stderr(Stdio::null());
        sweeper.stdout(Stdio::null());
        let _sweeper = Guarded::closing(sweeper).map_err(|error| error.to_string())?;
        for name in [&client, &server] {
            ip(&["netns", "add", name])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
        }
        let log = Folder::new("link").map_err(|error| error.to_string())?;
        Ok(Self { client, server, log, _sweeper })
    }

    /// Joins them with a latency of so many milliseconds one way, until the result is dropped.
    ///
    /// # Errors
    /// When the link does not come up within five seconds, with what it said.
    pub fn join(&self, built: &Path, one_way_ms: u32) -> Result<Guarded, String> {
        let program: PathBuf = built.join("delaylink");
        let (program, delay) = (program.display().to_string(), one_way_ms.to_string());
        let log = self.log.at("log");
        let command = [&*program, &self.client, CLIENT, &self.server, SERVER, &delay];
        let mut link = Guarded::watched(&command, &log).map_err(|e| e.to_string())?;
        let patience = Instant::now() + Duration::from_secs(5);
        while !self.answers() {
            if link.ended().is_some() || Instant::now() > patience {
                let said = fs::read(&log).unwrap_or_default();
                return Err(format!("{program} made no link: {}", said.escape_ascii()));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(link)
    }

    /// Whether the server's side refuses or takes a connection, rather than being unreachable.
    fn answers(&self) -> bool {
        let both = [&self.client, &self.server];
        both.iter().all(|name| {
            ip(&["-n", name, "link", "show", "dl0", "up"]).is_ok_and(|shown| !shown.is_empty())
        })
    }
}

/// Runs `ip`; gives what it prints.
fn ip(args: &[&str]) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| format!("ip: {error}");
    let output = Command::new("ip").args(args).output().map_err(failed)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("ip {}: {}", args.join(" "), output.stderr.escape_ascii()))
}
