//! A running server: where it listens, what folder it serves, what it cannot do. Started here, by
//! brand; what it is told is in `brand`.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{brand::Brand, cert::Pki, folder::Folder, guarded::Guarded};

/// The one user every server knows.
pub const USER: &str = "test";
/// That user's password.
pub const PASSWORD: &str = "secret";

/// How a server wants its connections protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tls {
    /// Not at all.
    Off,
    /// Explicit, whatever version both sides know.
    Any,
    /// Explicit, TLS 1.2 only.
    V12,
    /// Explicit, TLS 1.3 only.
    V13,
    /// From the first byte on.
    Implicit,
}

/// What a case may need of a server beyond the common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// Names that are not UTF-8 come back as they were.
    RawNames,
    /// Blanks at the ends of names survive.
    EdgeBlanks,
    /// A backslash may be in a name.
    Backslash,
    /// `TYPE A` changes line ends.
    Ascii,
    /// The time of a file can be set.
    SetTime,
    /// The permissions of a file can be set.
    Chmod,
    /// It computes checksums.
    Checksums,
    /// Half a minute, which is not spent twice on servers of one kind.
    Time,
    /// Connections without TLS.
    Plain,
    /// Connections with TLS.
    Secure,
    /// A PORT with the address of another server is taken.
    Fxp,
    /// It can play the client of TLS for another server (SSCN).
    Sscn,
    /// It copies its own files.
    SiteCopy,
}

/// Something a server cannot do, and why.
pub type Lack = (Need, &'static str);

/// What a server is started with.
#[derive(Debug)]
pub struct Site<'a> {
    /// The address to listen on.
    pub address: &'a str,
    /// The port to listen on.
    pub port: u16,
    /// The folder to serve.
    pub root: &'a Path,
    /// Where configuration, logs and state go.
    pub state: &'a Folder,
    /// The protection wanted.
    pub tls: Tls,
    /// Certificate and key for it.
    pub pki: &'a Pki,
    /// How many connections it takes from one address.
    pub most: Option<u32>,
    /// How many bytes a second each data connection carries at most.
    pub rate: Option<u32>,
    /// Where `fetch` unpacked the servers.
    pub programs: &'a Path,
}

/// Where a server is to run, the same for many servers.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The address to listen on.
    pub address: &'a str,
    /// What is put before its command line: a namespace to enter, or nothing.
    pub within: &'a [&'a str],
    /// The certificate for those with TLS.
    pub pki: &'a Pki,
    /// How many connections they take from one address.
    pub most: Option<u32>,
    /// How many bytes a second each data connection carries at most, on a vsftpd.
    pub rate: Option<u32>,
    /// Cargo's folder of built programs, `target/debug`.
    pub built: &'a Path,
}

impl Ground<'_> {
    /// The address to connect to.
    fn reached_at(&self) -> String {
        self.address.replace("0.0.0.0", "127.0.0.1")
    }
}

/// A server that answers.
#[derive(Debug)]
pub struct Server {
    /// The folder it serves.
    pub root: Folder,
    /// Its protection.
    pub tls: Tls,
    /// The authority that vouches for it.
    pub ca: PathBuf,
    /// Whether it has room for few of us only.
    pub is_crowded: bool,
    /// What it cannot do.
    pub lacks: &'static [Lack],
    /// A second one of the same kind, for copies from server to server.
    pub peer: Option<Box<Server>>,
    /// One that takes what this one sends it directly, where the second one does not.
    pub receiver: Option<Box<Server>>,
    address: String,
    /// The port of its control connections.
    pub port: u16,
    _process: Guarded,
    _state: Folder,
}

impl Server {
    /// Starts a server and waits until it greets.
    ///
    /// # Errors
    /// Why it did not come up, with what it logged.
    pub fn start(brand: Brand, tls: Tls, ground: &Ground<'_>) -> Result<Self, String> {
        let mut last = String::new();
        // A free port may be taken between our look and the server's bind.
        for _ in 0..3 {
            match Self::try_start(brand, tls, ground) {
                Ok(server) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(format!("{brand:?} does not start: {last}"))
    }

    fn try_start(brand: Brand, tls: Tls, ground: &Ground<'_>) -> Result<Self, String> {
        let root = Folder::new("served").map_err(|error| error.to_string())?;
        let state = Folder::new("server").map_err(|error| error.to_string())?;
        let site = Site {
            address: ground.address,
            port: free_port()?,
            root: root.path(),
            state: &state,
            tls,
            pki: ground.pki,
            most: ground.most,
            rate: ground.rate,
            programs: &ground.built.parent().unwrap_or(ground.built).join("servers"),
        };
        let (mut process, port) = match brand {
            Brand::Embedded => crate::brand::embedded::start(&site, ground.built)?,
            _ => (launch(brand, &site, ground.within)?, site.port),
        };
        await_greeting(&mut process, port, tls, ground)
            .map_err(|error| format!("{error}\n{}", log(&state)))?;
        Ok(Self {
            root,
            tls,
            ca: ground.pki.ca.clone(),
            is_crowded: ground.most.is_some(),
            lacks: brand.lacks(),
            peer: None,
            receiver: None,
            address: ground.reached_at(),
            port,
            _process: process,
            _state: state,
        })
    }

    /// The URL of a path that is percent-encoded already; `path` begins with `/`.
    pub fn url(&self, path: &str) -> String {
        self.url_at(&self.address, path)
    }

    /// Where its control connections go.
    pub fn socket(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.address.parse().ok()?, self.port))
    }

    /// The same URL with another name for the host.
    pub fn url_at(&self, host: &str, path: &str) -> String {
        let scheme = if self.tls == Tls::Implicit { "ftps" } else { "ftp" };
        format!("{scheme}://{host}:{}{path}", self.port)
    }

    /// The flags that a tool needs to reach this server.
    pub fn flags(&self) -> Vec<String> {
        let ca = self.ca.display().to_string();
        match self.tls {
            Tls::Off => Vec::new(),
            Tls::Implicit => vec!["--cacert".into(), ca],
            _ => vec!["--tls=require".into(), "--cacert".into(), ca],
        }
    }

    /// Why this server cannot serve a case with these needs, when it cannot.
    pub fn lack(&self, needs: &[Need]) -> Option<&'static str> {
        needs.iter().find_map(|need| match need {
            Need::Plain if self.tls != Tls::Off => Some("asked of the plain server only"),
            Need::Time if self.is_crowded => Some("asked of the plain server only"),
            Need::Secure if self.tls == Tls::Off => Some("asked of servers with TLS only"),
            Need::Sscn if self.tls != Tls::Any => {
                Some("asked where data connections need resume no session")
            }
            _ => self.lacks.iter().find(|(lack, _)| lack == need).map(|(_, why)| *why),
        })
    }

    /// The second server.
    ///
    /// # Errors
    /// When it was started without one.
    pub fn peer(&self) -> Result<&Self, String> {
        self.peer.as_deref().ok_or_else(|| "no second server was started".to_owned())
    }

    /// The one to send to directly.
    ///
    /// # Errors
    /// When there is none.
    pub fn receiver(&self) -> Result<&Self, String> {
        self.receiver.as_deref().map_or_else(|| self.peer(), Ok)
    }
}

fn launch(brand: Brand, site: &Site<'_>, within: &[&str]) -> Result<Guarded, String> {
    let command = brand.command(site)?;
    let command: Vec<&str> =
        within.iter().copied().chain(command.iter().map(String::as_str)).collect();
    Guarded::watched(&command, &site.state.at("log")).map_err(|error| error.to_string())
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

/// Waits for the 220, or with implicit TLS for the port to open. Asked through bash, which can be
/// started inside a namespace.
fn await_greeting(
    process: &mut Guarded,
    port: u16,
    tls: Tls,
    ground: &Ground<'_>,
) -> Result<(), String> {
    let greets =
        if tls == Tls::Implicit { "" } else { "&& read -t 5 -r -u 3 x && [[ $x == 220* ]]" };
    let address = ground.reached_at();
    let script = format!("exec 3<>/dev/tcp/{address}/{port} {greets}");
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
    Err("no greeting within 10 s".to_owned())
}

/// What the server wrote before it failed.
fn log(state: &Folder) -> String {
    fs::read(state.at("log")).unwrap_or_default().escape_ascii().to_string()
}
