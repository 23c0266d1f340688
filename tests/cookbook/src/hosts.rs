//! The hosts that a page may name. Each is a server on an address of 127.0.0.0/8, over a folder; the names in
//! a script are replaced by the address, and by address and port where they stand in a URL.
//!
//! Such a server is the embedded one, unless the page asks for the scripted one, which knows what the
//! other does not: raw names, times and modes that are set, a limit of guests, faults. Where a page asks for TLS,
//! it is put before the server.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{Manners, Proxy, Server};
use servers::between::{self, Guise};
use servers::folder::Folder;
use servers::guarded::Guarded;

use crate::page::{Begins, Recipe};
use crate::tree;

/// Name, address, and the variable that holds the folder in `given` and `then`.
const KNOWN: [(&str, &str, &str); 4] = [
    ("ftp.example.org", "127.0.0.2", "ftp"),
    ("a.example", "127.0.0.3", "a"),
    ("b.example", "127.0.0.4", "b"),
    ("c.example", "127.0.0.5", "c"),
];

/// The proxy that a page may name. It serves no folder, and takes any login.
const PROXY: (&str, &str) = ("proxy.example.org", "127.0.0.1");

/// A host of a recipe.
#[derive(Debug)]
struct Host {
    name: &'static str,
    /// That of the embedded server.
    address: &'static str,
    root: PathBuf,
    /// What a URL has in the place of the name, once that is known.
    place: Option<String>,
    running: Option<Running>,
}

#[derive(Debug)]
enum Running {
    /// Over the folder itself.
    Embedded(#[expect(dead_code, reason = "held, since it ends when dropped")] Guarded),
    /// With what was in the folder when it began.
    Scripted(Server),
    /// Reached through a proxy that leads to this machine, whoever is asked for.
    Proxy(#[expect(dead_code, reason = "held as the others are")] Proxy),
}

/// The hosts of a recipe.
#[derive(Debug)]
pub struct Hosts(Vec<Host>);

impl Hosts {
    /// Makes the folders, and starts the embedded server of every host that is named and has no other.
    ///
    /// # Errors
    /// Why one did not start.
    pub fn start(recipe: &Recipe, folder: &Folder, built: &Path) -> Result<Self, String> {
        let mut hosts = Vec::new();
        for (name, address, variable) in KNOWN {
            folder.mkdir(variable)?;
            let root = folder.at(variable);
            let mut host = Host { name, address, root, place: None, running: None };
            if is_named(recipe, name) && !recipe.scripted.contains_key(name) {
                host.embed(built)?;
            }
            hosts.push(host);
        }
        if is_named(recipe, PROXY.0) {
            hosts.push(Host::proxy(folder)?);
        }
        Ok(Self(hosts))
    }

    /// Puts TLS before the hosts that are to have it, with the certificate that `given` made.
    ///
    /// # Errors
    /// Why not.
    pub fn secure(&mut self, recipe: &Recipe, folder: &Folder) -> Result<(), String> {
        for (name, begins) in &recipe.secured {
            let host = self.0.iter_mut().find(|host| host.name == name);
            let host = host.ok_or_else(|| format!("{name}: no host of ours"))?;
            host.secure(folder, *begins).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(())
    }

    /// Starts the scripted servers, with what is in their folders now.
    ///
    /// # Errors
    /// Why one did not start.
    pub fn script(&mut self, recipe: &Recipe) -> Result<(), String> {
        for (name, lines) in &recipe.scripted {
            let host = self.0.iter_mut().find(|host| host.name == name);
            let host = host.ok_or_else(|| format!("{name}: no host of ours"))?;
            let files = tree::lines(&host.root).map_err(|error| error.to_string())?;
            let server = Server::auto(&format!("{files}{lines}"))?;
            host.place = Some(server.address().to_string());
            host.running = Some(Running::Scripted(server));
        }
        Ok(())
    }

    /// Ends the scripted servers. What they hold is in the folders then.
    ///
    /// # Errors
    /// What the system says.
    pub fn stop(&mut self) -> Result<(), String> {
        for host in &mut self.0 {
            if let Some(Running::Scripted(server)) = &mut host.running {
                server.stop();
                let kept = tree::keep(&server.tree(), &host.root);
                kept.map_err(|error| format!("{}: {error}", host.name))?;
            }
        }
        Ok(())
    }

    /// The variables of `given` and `then`: the folder of each host.
    pub fn folders(&self) -> Vec<(String, PathBuf)> {
        let variables = KNOWN.iter().map(|(_, _, variable)| (*variable).to_owned());
        variables.zip(self.0.iter().map(|host| host.root.clone())).collect()
    }

    /// The text with addresses in the place of names.
    pub fn mapped(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, host| host.mapped(text))
    }
}

impl Host {
    fn proxy(folder: &Folder) -> Result<Self, String> {
        let proxy = Proxy::start(Manners::default()).map_err(|error| error.to_string())?;
        let (name, address) = PROXY;
        let (place, root) = (Some(proxy.address().to_string()), folder.at("proxy"));
        Ok(Self { name, address, root, place, running: Some(Running::Proxy(proxy)) })
    }

    /// The address with the port in it stands for the name in a URL, and where a port is behind it.
    fn mapped(&self, text: String) -> String {
        let Some(place) = &self.place else { return text };
        let (address, _) = place.rsplit_once(':').unwrap_or((place, ""));
        let mut pieces = text.split(self.name);
        let mut mapped = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let rest = without_port(piece);
            let in_url = ["://", "@"].iter().any(|before| mapped.ends_with(before));
            mapped.push_str(if in_url || rest.len() < piece.len() { place } else { address });
            mapped.push_str(rest);
        }
        mapped
    }

    fn secure(&mut self, folder: &Folder, begins: Begins) -> Result<(), Box<dyn Error>> {
        let guise = Guise::tls(&folder.at("tls/cert.pem"), &folder.at("tls/key.pem"))?;
        let behind = self.place.as_deref().ok_or("it does not run")?.parse()?;
        let front =
            between::Proxy::before(behind, Guise { explicit: begins == Begins::Asked, ..guise })?;
        self.place = Some(front.address().to_string());
        Ok(())
    }

    fn embed(&mut self, built: &Path) -> Result<(), String> {
        let program = built.join("embedded-ftpd");
        let mut command = Command::new(&program);
        command.arg(&self.root).arg(self.address).stdout(Stdio::piped());
        let said = |error| format!("{}: {error}", program.display());
        let mut process = Guarded::closing(command).map_err(said)?;
        let mut port = String::new();
        let stdout = process.stdout().ok_or("no pipe")?;
        BufReader::new(stdout).read_line(&mut port).map_err(said)?;
        self.place = Some(format!("{}:{}", self.address, port.trim_end()));
        self.running = Some(Running::Embedded(process));
        Ok(())
    }
}

/// What follows `:PORT` where that comes first.
fn without_port(text: &str) -> &str {
    let digits = text.strip_prefix(':').unwrap_or_default();
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() < digits.len() { rest } else { text }
}

fn is_named(recipe: &Recipe, host: &str) -> bool {
    let files = recipe.files.iter().map(|(_, text)| text);
    let mut all = [&recipe.script, &recipe.given, &recipe.then].into_iter().chain(files);
    all.any(|text| text.contains(host))
}
