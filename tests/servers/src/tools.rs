//! Runs a tool as a user would, and says everything about it when it did not do as expected.
//!
//! Credentials go by environment, never on the command line. The environment is otherwise empty but for
//! PATH and a HOME without files, so that no netrc or proxy of the machine has a say.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::Write,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    folder::Folder,
    server::{PASSWORD, Server, Tls, USER},
};

const NAMES: [&str; 5] = ["ftp-ls", "ftp-get", "ftp-put", "ftp-rm", "ftp-pipe"];

/// Longer than any case may take, so that a tool that hangs fails its case alone.
const PATIENCE: &str = "60";

/// The five binaries and the local folder of the case that runs.
#[derive(Debug)]
pub struct Tools {
    built: PathBuf,
    /// Where the tools run and write; emptied before every case.
    pub here: Folder,
    home: Folder,
    /// What is put before every command line: a namespace to enter, or nothing.
    pub within: Vec<String>,
}

impl Tools {
    /// Finds the binaries beside the running test.
    ///
    /// # Errors
    /// Which one is missing, and how to build it.
    pub fn find() -> Result<Self, String> {
        let built = harness::elsewhere()?.map_or_else(built, Ok)?;
        if let Some(missing) = NAMES.iter().find(|name| !built.join(name).is_file()) {
            return Err(format!(
                "{} is missing: run `cargo build` first",
                built.join(missing).display()
            ));
        }
        let folder = |purpose| Folder::new(purpose).map_err(|error| error.to_string());
        Ok(Self { built, here: folder("here")?, home: folder("home")?, within: Vec::new() })
    }

    /// `ftp-ls` on a server.
    pub fn ls(&self, server: &Server) -> Call<'_> {
        self.tool("ftp-ls", server)
    }

    /// `ftp-get` from a server.
    pub fn get(&self, server: &Server) -> Call<'_> {
        self.tool("ftp-get", server)
    }

    /// `ftp-put` to a server.
    pub fn put(&self, server: &Server) -> Call<'_> {
        self.tool("ftp-put", server)
    }

    /// `ftp-rm` on a server.
    pub fn rm(&self, server: &Server) -> Call<'_> {
        self.tool("ftp-rm", server)
    }

    /// `ftp-pipe` between servers of one kind.
    pub fn pipe(&self, server: &Server) -> Call<'_> {
        self.tool("ftp-pipe", server)
    }

    /// `ftp-get` with TLS, told of no authority.
    pub fn without_ca(&self, server: &Server) -> Call<'_> {
        let call = self.call("ftp-get");
        if server.tls == Tls::Implicit { call } else { call.arg("--tls=require") }
    }

    /// A shell script. The tools are in its PATH, `$FLAGS` are the flags for the server and `$URL` is
    /// its root without the last slash.
    pub fn sh(&self, server: &Server, script: &str) -> Call<'_> {
        let mut call = self.call("sh").arg("-c").arg(script);
        call.environment.push(("FLAGS", server.flags().join(" ")));
        call.environment.push(("URL", server.url("")));
        call
    }

    fn tool(&self, name: &str, server: &Server) -> Call<'_> {
        self.call(name).args(&server.flags())
    }

    fn call(&self, program: &str) -> Call<'_> {
        let environment =
            vec![("FTP_USER", USER.to_owned()), ("FTP_PASSWORD", PASSWORD.to_owned())];
        let program = program.to_owned();
        Call { tools: self, program, args: Vec::new(), stdin: Vec::new(), environment }
    }
}

/// Cargo's folder of built programs: the one above the running test's own.
///
/// # Errors
/// When the test does not know where it is.
pub fn built() -> Result<PathBuf, String> {
    let me = env::current_exe().map_err(|error| error.to_string())?;
    let built = me.parent().and_then(Path::parent);
    built.map(Path::to_path_buf).ok_or_else(|| format!("{}: in no target folder", me.display()))
}

/// A command line in the making.
#[derive(Debug)]
pub struct Call<'a> {
    tools: &'a Tools,
    program: String,
    args: Vec<OsString>,
    stdin: Vec<u8>,
    environment: Vec<(&'static str, String)>,
}

impl Call<'_> {
    /// Adds one word.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds several words.
    pub fn args(mut self, args: &[impl AsRef<OsStr>]) -> Self {
        self.args.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// What it reads from stdin; nothing by default.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Sets the password it uses.
    pub fn password(mut self, password: &str) -> Self {
        self.environment.push(("FTP_PASSWORD", password.to_owned()));
        self
    }

    /// Runs it in the case's folder.
    ///
    /// # Errors
    /// When it cannot be started. What it does then is judged by [`Ran`].
    pub fn run(self) -> Result<Ran, String> {
        let shown = self.shown();
        let begun = Instant::now();
        let mut child = self.command().spawn().map_err(|error| format!("{shown}: {error}"))?;
        let input = child.stdin.take();
        let stdin = self.stdin;
        // Written from a thread of its own: the tool may answer before it has read everything.
        let writer = thread::spawn(move || {
            let _ = input.map(|mut input| input.write_all(&stdin));
        });
        let output = child.wait_with_output().map_err(|error| format!("{shown}: {error}"))?;
        let _ = writer.join();
        Ok(Ran { shown, output, took: begun.elapsed() })
    }

    /// Runs it and expects success in silence.
    ///
    /// # Errors
    /// Everything about the run when it was otherwise.
    pub fn silent(self) -> Result<(), String> {
        self.run()?.printed("")
    }

    fn command(&self) -> Command {
        let tools = self.tools;
        let mut path = tools.built.clone().into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        let mut command = Command::new("timeout");
        command.args(["-k", "1", PATIENCE]).args(&tools.within);
        command.arg(&self.program).args(&self.args);
        command.env_clear().env("PATH", path).env("HOME", tools.home.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(tools.here.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn shown(&self) -> String {
        let args = self.args.iter().map(|arg| format!(" {}", quoted(arg)));
        args.fold(self.program.clone(), |line, arg| line + &arg)
    }
}

fn quoted(word: &OsStr) -> String {
    let shown = word.as_encoded_bytes().escape_ascii().to_string();
    if shown.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:=%,@+".contains(&b)) {
        return shown;
    }
    format!("'{shown}'")
}

/// What a run did. Every check gives the whole story when it fails.
#[derive(Debug)]
pub struct Ran {
    shown: String,
    output: Output,
    /// From start to end.
    pub took: Duration,
}

impl Ran {
    /// Expects this exit code.
    ///
    /// # Errors
    /// The whole story.
    pub fn code(&self, code: i32) -> Result<&Self, String> {
        self.expect(self.output.status.code() == Some(code), &format!("exit code {code}"))
    }

    /// Expects exactly this on stdout.
    ///
    /// # Errors
    /// The whole story.
    pub fn stdout(&self, bytes: impl AsRef<[u8]>) -> Result<&Self, String> {
        let bytes = bytes.as_ref();
        self.expect(self.output.stdout == bytes, &format!("stdout \"{}\"", cut(bytes)))
    }

    /// Expects success, exactly this on stdout and nothing on stderr.
    ///
    /// # Errors
    /// The whole story.
    pub fn printed(&self, bytes: impl AsRef<[u8]>) -> Result<(), String> {
        self.code(0)?.stdout(bytes)?.expect(self.output.stderr.is_empty(), "silence on stderr")?;
        Ok(())
    }

    /// Expects a message that begins with the tool's name and has `words` in it.
    ///
    /// # Errors
    /// The whole story.
    pub fn complained(&self, words: &str) -> Result<&Self, String> {
        let name = self.shown.split(' ').next().unwrap_or_default();
        let stderr = &self.output.stderr;
        let said = stderr.starts_with(format!("{name}: ").as_bytes())
            && stderr.windows(words.len().max(1)).any(|part| part == words.as_bytes());
        self.expect(
            said || words.is_empty() && !stderr.is_empty(),
            &format!("a message with {words:?}"),
        )
    }

    /// Whether `words` are somewhere on stderr.
    pub fn says(&self, words: &str) -> bool {
        self.output.stderr.windows(words.len()).any(|part| part == words.as_bytes())
    }

    /// What it wrote to stdout.
    pub fn out(&self) -> &[u8] {
        &self.output.stdout
    }

    /// What it wrote to stderr.
    pub fn errors(&self) -> String {
        self.output.stderr.escape_ascii().to_string()
    }

    /// Fails with the whole story unless `holds`.
    ///
    /// # Errors
    /// The whole story.
    pub fn expect(&self, holds: bool, what: &str) -> Result<&Self, String> {
        if holds {
            return Ok(self);
        }
        let status = self.output.status;
        let ended = match (status.code(), status.signal()) {
            (Some(124), _) => format!("no end within {PATIENCE} s"),
            (Some(code), _) => format!("exit code {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        Err(format!(
            "expected {what}\n    command: {}\n    ended: {ended}\n    stdout: \"{}\"\n    stderr: \"{}\"",
            self.shown,
            cut(&self.output.stdout),
            cut(&self.output.stderr),
        ))
    }
}

/// The beginning of what was written: a failure about 5 MiB need not print them.
fn cut(bytes: &[u8]) -> String {
    const ENOUGH: usize = 1500;
    match bytes.get(..ENOUGH) {
        Some(beginning) if bytes.len() > ENOUGH => {
            format!("{}... ({} bytes)", beginning.escape_ascii(), bytes.len())
        }
        _ => bytes.escape_ascii().to_string(),
    }
}
