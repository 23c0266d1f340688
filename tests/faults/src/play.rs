//! Plays a cell: servers, folder, tool, and what is there afterwards.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use harness::Server;

use crate::cell::{Cell, Job, PATTERN, TIMES};
use servers::between::{Guise, Proxy};

/// What was under the final name before.
pub const OLD: &[u8] = b"what was there before";

/// The longest run, in seconds, for timeout(1).
const PATIENCE: &str = "90";

/// Where the tools are, and how servers under TLS are met.
pub struct Ground {
    /// Cargo's folder of built programs.
    pub built: PathBuf,
    /// The authority's certificate.
    pub ca: PathBuf,
    pub guise: Guise,
}

/// What a run left.
#[derive(Debug)]
pub struct Left {
    pub code: Option<i32>,
    pub stderr: String,
    pub stdout: Vec<u8>,
    /// The file under its final name at the destination, here or there.
    pub result: Option<Vec<u8>>,
    /// Other files at the destination.
    pub litter: Vec<String>,
    /// Whether the server at the destination opened the final name for writing.
    pub wrote: bool,
    /// The file at the source, which nobody may touch.
    pub source: Option<Vec<u8>>,
}

/// The bytes of the file.
pub fn content() -> Vec<u8> {
    pattern().repeat(TIMES).into_bytes()
}

fn pattern() -> String {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        char::from(b'a' + (state % 26) as u8)
    };
    (0..PATTERN).map(|_| next()).collect()
}

/// Runs the tool of a cell.
///
/// # Errors
/// A server, folder or process that cannot be had; none of that is the tool's.
pub fn play(cell: &Cell, ground: &Ground) -> Result<Left, String> {
    let folder = tempfile::tempdir().map_err(said)?;
    let here = folder.path();
    let file = format!("file src repeat {TIMES} \"{}\"\n", pattern());
    let old = format!("file dst \"{}\"\n", OLD.escape_ascii());
    let stage = Stage::set(cell, (&file, &old), here)?;
    let faulty = ground.guise_of(cell, &stage.faulty)?;
    let sound = stage.sound.as_ref().map(|server| ground.guise_of(cell, server)).transpose()?;
    let urls = (faulty.url(), sound.as_ref().map(Proxy::url));
    let mut command = ground.command(cell, urls, here);
    let output = run(&mut command, cell.job == Job::PutStdin).map_err(said)?;
    let (result, litter, source) = stage.left(cell, here)?;
    let wrote = stage.sink(cell).is_some_and(|sink| sink.wrote(b"dst"));
    Ok(Left {
        wrote,
        code: output.status.code(),
        stderr: output.stderr.escape_ascii().to_string(),
        stdout: output.stdout,
        result,
        litter,
        source,
    })
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The servers of a cell.
struct Stage {
    faulty: Server,
    sound: Option<Server>,
}

impl Stage {
    fn set(cell: &Cell, (file, old): (&str, &str), here: &Path) -> Result<Self, String> {
        let faults = cell.lines();
        let start = |block: String| Server::auto(&block);
        let (faulty, sound) = match cell.job {
            Job::GetFile | Job::GetStdout => (start(format!("{file}{faults}"))?, None),
            Job::PutFile | Job::PutStdin | Job::PutAtomic => {
                (start(format!("{old}{faults}"))?, None)
            }
            Job::PipeSource => (start(format!("{file}{faults}"))?, Some(start(old.to_owned())?)),
            Job::PipeSink => (start(format!("{old}{faults}"))?, Some(start(file.to_owned())?)),
        };
        match cell.job {
            Job::GetFile => fs::write(here.join("dst"), OLD).map_err(said)?,
            Job::PutFile | Job::PutAtomic => {
                fs::write(here.join("src"), content()).map_err(said)?
            }
            _ => {}
        }
        Ok(Self { faulty, sound })
    }

    /// The server at the destination.
    fn sink(&self, cell: &Cell) -> Option<&Server> {
        match cell.job {
            Job::GetFile | Job::GetStdout => None,
            Job::PutFile | Job::PutAtomic | Job::PutStdin | Job::PipeSink => Some(&self.faulty),
            Job::PipeSource => self.sound.as_ref(),
        }
    }

    /// The result, what else lies beside it, and the source.
    #[allow(clippy::type_complexity, reason = "three things, looked at once")]
    fn left(
        &self,
        cell: &Cell,
        here: &Path,
    ) -> Result<(Option<Vec<u8>>, Vec<String>, Option<Vec<u8>>), String> {
        let local = |name: &str| fs::read(here.join(name)).ok();
        let source = match cell.job {
            Job::GetFile | Job::GetStdout | Job::PipeSource => self.faulty.file(b"src"),
            Job::PutFile | Job::PutAtomic => local("src"),
            Job::PutStdin => None,
            Job::PipeSink => self.sound.as_ref().and_then(|server| server.file(b"src")),
        };
        match self.sink(cell) {
            Some(server) => Ok((server.file(b"dst"), others_on(server), source)),
            None => Ok((local("dst"), others_in(here).map_err(said)?, source)),
        }
    }
}

fn others_in(here: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(here)? {
        let name = entry?.file_name().as_encoded_bytes().escape_ascii().to_string();
        if name != "dst" {
            names.push(name);
        }
    }
    Ok(names)
}

fn others_on(server: &Server) -> Vec<String> {
    let tree = server.tree();
    let names = tree.paths().into_iter().map(|path| path.escape_ascii().to_string());
    names.filter(|name| !matches!(name.as_str(), "/" | "/dst")).collect()
}

impl Ground {
    fn guise_of(&self, cell: &Cell, server: &Server) -> Result<Proxy, String> {
        match cell.tls {
            true => Proxy::before(server.address(), self.guise.clone()).map_err(said),
            false => Ok(Proxy::none(server.address())),
        }
    }

    fn command(
        &self,
        cell: &Cell,
        (faulty, sound): (String, Option<String>),
        here: &Path,
    ) -> Command {
        let other = sound.unwrap_or_default();
        // The bytes pass through the tool here.
        let pipe = |from, to| ("ftp-pipe", vec!["--fxp=never".to_owned(), from, to]);
        let (tool, args): (&str, Vec<String>) = match cell.job {
            Job::GetFile => ("ftp-get", vec!["-o".into(), "dst".into(), format!("{faulty}/src")]),
            Job::GetStdout => ("ftp-get", vec![format!("{faulty}/src")]),
            Job::PutFile => ("ftp-put", vec!["src".into(), format!("{faulty}/dst")]),
            Job::PutAtomic => {
                ("ftp-put", vec!["--atomic".into(), "src".into(), format!("{faulty}/dst")])
            }
            Job::PutStdin => ("ftp-put", vec![format!("{faulty}/dst")]),
            Job::PipeSource => pipe(format!("{faulty}/src"), format!("{other}/dst")),
            Job::PipeSink => pipe(format!("{other}/src"), format!("{faulty}/dst")),
        };
        let mut command = Command::new("timeout");
        command.args(["-k", "1", PATIENCE]).arg(self.built.join(tool)).args(["--timeout", "1"]);
        if cell.tls {
            command.arg("--cacert").arg(&self.ca);
        }
        command.args(args).current_dir(here).env_clear().env("HOME", here);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }
}

fn run(command: &mut Command, feeds: bool) -> io::Result<std::process::Output> {
    let stdin = if feeds { Stdio::piped() } else { Stdio::null() };
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let input = child.stdin.take();
    let feeder = thread::spawn(move || {
        // A tool that has failed reads no more.
        let _ = input.map(|mut input| input.write_all(&content()));
    });
    let output = child.wait_with_output();
    let _ = feeder.join();
    output
}
