//! Proxies from Debian: microsocks for SOCKS5, tinyproxy for CONNECT, each with a login and without.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    folder::Folder,
    guarded::Guarded,
    server::{Ground, free_port},
};

/// The user whom a proxy with a login knows.
pub const USER: &str = "guest";
/// That user's password.
pub const PASSWORD: &str = "p4ss";

/// The proxies we know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// SOCKS5.
    Microsocks,
    /// CONNECT of HTTP.
    Tinyproxy,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    scheme: &'static str,
    place: String,
    has_login: bool,
    _process: Guarded,
    _state: Folder,
}

impl Proxy {
    /// Starts one where `ground` says and waits until its port is open.
    ///
    /// # Errors
    /// Why it did not come up.
    pub fn start(kind: Kind, has_login: bool, ground: &Ground<'_>) -> Result<Self, String> {
        let state = Folder::new("proxy").map_err(|error| error.to_string())?;
        let programs =
            ground.built.parent().unwrap_or(ground.built).join("servers/proxies/usr/bin");
        let port = free_port()?;
        let command = match kind {
            Kind::Microsocks => microsocks(&programs, has_login, (ground.address, port)),
            Kind::Tinyproxy => tinyproxy(&programs, has_login, (ground.address, port), &state)?,
        };
        let command: Vec<&str> =
            ground.within.iter().copied().chain(command.iter().map(String::as_str)).collect();
        let mut process =
            Guarded::watched(&command, &state.at("log")).map_err(|e| e.to_string())?;
        await_port(&mut process, port, ground)
            .map_err(|error| format!("{kind:?}: {error}; run tests/servers/fetch"))?;
        let scheme = if kind == Kind::Microsocks { "socks5" } else { "http" };
        let place = format!("{}:{port}", ground.address);
        Ok(Self { scheme, place, has_login, _process: process, _state: state })
    }

    /// Its URL, with the login where it wants one.
    pub fn url(&self) -> String {
        let login = if self.has_login { format!("{USER}:{PASSWORD}@") } else { String::new() };
        format!("{}://{login}{}", self.scheme, self.place)
    }

    /// Its URL with a wrong password.
    pub fn url_of_stranger(&self) -> String {
        format!("{}://{USER}:wr0ng@{}", self.scheme, self.place)
    }
}

fn microsocks(programs: &Path, has_login: bool, (address, port): (&str, u16)) -> Vec<String> {
    let program = programs.join("microsocks").display().to_string();
    let mut command = vec![program, "-i".into(), address.into(), "-p".into(), port.to_string()];
    if has_login {
        command.extend(["-u", USER, "-P", PASSWORD].map(str::to_owned));
    }
    command
}

/// Without any ConnectPort all ports may be connected to; FTP needs those above 1024.
fn tinyproxy(
    programs: &Path,
    has_login: bool,
    (address, port): (&str, u16),
    state: &Folder,
) -> Result<Vec<String>, String> {
    let login = if has_login { format!("BasicAuth {USER} {PASSWORD}\n") } else { String::new() };
    state.write("conf", format!("Port {port}\nListen {address}\nTimeout 60\n{login}"))?;
    let program = programs.join("tinyproxy").display().to_string();
    Ok(vec![program, "-d".into(), "-c".into(), state.at("conf").display().to_string()])
}

fn await_port(process: &mut Guarded, port: u16, ground: &Ground<'_>) -> Result<(), String> {
    let script = format!("exec 3<>/dev/tcp/{}/{port}", ground.address);
    let patience = Instant::now() + Duration::from_secs(10);
    while Instant::now() < patience {
        let mut words = ground.within.iter().copied().chain(["bash", "-c", &script]);
        let asked =
            Command::new(words.next().unwrap_or("bash")).args(words).stderr(Stdio::null()).status();
        if asked.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        if let Some(status) = process.ended() {
            return Err(format!("it ended with {status}"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err("its port does not open within 10 s".to_owned())
}
