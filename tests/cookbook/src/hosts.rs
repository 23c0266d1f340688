//! The hosts that a page may name. Each is a server on an address of 127.0.0.0/8, over a folder; the names in
//! a script are replaced by the address, and by address and port where they stand in a URL.
//!
//! Such a server is the embedded one, unless the page asks for the scripted one, which knows what the
//! other does not: raw names, times and modes that are set, a limit of guests, faults.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::Server;
use servers::folder::Folder;
use servers::guarded::Guarded;

use crate::page::Recipe;
use crate::tree;

/// Name, address, and the variable that holds the folder in `given` and `then`.
const KNOWN: [(&str, &str, &str); 4] = [
    ("ftp.example.org", "127.0.0.2", "ftp"),
    ("a.example", "127.0.0.3", "a"),
    ("b.example", "127.0.0.4", "b"),
    ("c.example", "127.0.0.5", "c"),
];

/// A host of a recipe.
#[derive(Debug)]
struct Host {
    name: &'static str,
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
        Ok(Self(hosts))
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
    fn mapped(&self, text: String) -> String {
        let Some(place) = &self.place else { return text };
        let in_urls = ["://", "@"].iter().fold(text, |text, before| {
            text.replace(&format!("{before}{}", self.name), &format!("{before}{place}"))
        });
        in_urls.replace(self.name, self.address)
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

fn is_named(recipe: &Recipe, host: &str) -> bool {
    let files = recipe.files.iter().map(|(_, text)| text);
    let mut all = [&recipe.script, &recipe.given, &recipe.then].into_iter().chain(files);
    all.any(|text| text.contains(host))
}
