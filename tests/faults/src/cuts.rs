//! Large files through real servers, while every data connection is cut after 5 to 50 MiB, and every
//! second time the control connection with it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use servers::cert::Pki;
use servers::fleet::FLEET;
use servers::folder::Folder;
use servers::server::{Ground, PASSWORD, Server, USER};
use servers::verdict::Verdict;

use servers::between::{Guise, Proxy};

const MIB: u64 = 1 << 20;

/// What download, upload and relay have to bring over.
const LARGE: u64 = 1024 * MIB;

/// The same under TLS, and through pipes.
const SMALLER: u64 = 192 * MIB;

/// The longest run of a tool, in seconds, for timeout(1).
const PATIENCE: &str = "300";

/// The servers.
const SERVERS: [&str; 3] = ["vsftpd-plain", "proftpd-plain", "pureftpd-plain"];

/// One transfer: what it is called, its bytes, whether TLS is between.
type Job = (&'static str, u64, bool);

const JOBS: [Job; 7] = [
    ("get", LARGE, false),
    ("put", LARGE, false),
    ("pipe", LARGE, false),
    ("get to stdout", SMALLER, false),
    ("put from a pipe", SMALLER, false),
    ("get", SMALLER, true),
    ("put", SMALLER, true),
];

/// Plays all jobs against all servers.
///
/// # Errors
/// Nothing can be played at all.
pub fn run(servers: &[&str], (built, pki, secure): (&Path, &Pki, &Guise)) -> Result<bool, String> {
    let files = Folder::new("cuts").map_err(|error| error.to_string())?;
    plant(&files.at("large"), LARGE)?;
    plant(&files.at("smaller"), SMALLER)?;
    let wanted = |name: &&str| servers.is_empty() || servers.contains(name);
    let verdicts: Vec<_> = thread::scope(|scope| {
        let files = &files;
        let at = |name| scope.spawn(move || on_server(name, files, (built, pki, secure)));
        let all: Vec<_> = SERVERS.into_iter().filter(wanted).map(at).collect();
        let ended = all.into_iter().map(thread::ScopedJoinHandle::join);
        ended.map(|end| end.unwrap_or_else(|_| Err("a thread panicked".into()))).collect()
    });
    let verdicts = verdicts.into_iter().collect::<Result<Vec<_>, String>>()?;
    let verdict = Verdict::sum(&verdicts);
    verdict.close().map_err(|error| error.to_string())
}

/// All jobs on one server; the servers are tried at once.
fn on_server(
    name: &str,
    files: &Folder,
    (built, pki, secure): (&Path, &Pki, &Guise),
) -> Result<Verdict, String> {
    let mut verdict = Verdict::default();
    let mut count = |name: &str, done| verdict.count(name, done).map_err(|e| e.to_string());
    let here = Folder::new("cut").map_err(|error| error.to_string())?;
    let ground = Ground { address: "127.0.0.1", within: &[], pki, most: None, rate: None, built };
    let variant = FLEET.iter().find(|variant| variant.name == name).ok_or("no such server")?;
    let server = match variant.start(&ground) {
        Ok(server) => server,
        Err(error) => {
            count(name, Err(error))?;
            return Ok(verdict);
        }
    };
    for (what, length, tls) in JOBS {
        // Pure-FTPd takes seconds to see a cut.
        let length = if name.starts_with("pureftpd") { length.min(SMALLER) } else { length };
        let job = (what, length, tls);
        let tls = if tls { " under TLS" } else { "" };
        let label = format!("{name}: {what}{tls}, {} MiB", length / MIB);
        let done =
            Run { built, ca: &pki.ca, here: &here, files, server: &server }.play(job, secure);
        if let Ok(told) = &done {
            println!("{label}: {told}");
        }
        count(&label, done.map(drop))?;
    }
    Ok(verdict)
}

/// A file in which no two places look alike.
fn plant(path: &Path, length: u64) -> Result<(), String> {
    let mut file = File::create(path).map_err(|error| error.to_string())?;
    let mut block = Vec::with_capacity(1 << 20);
    for begin in (0..length).step_by(1 << 20) {
        block.clear();
        block.extend(
            (begin..begin + MIB).step_by(8).flat_map(|place| {
                (place ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes()
            }),
        );
        file.write_all(&block).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Where a job is played.
struct Run<'a> {
    built: &'a Path,
    ca: &'a Path,
    here: &'a Folder,
    /// The files that are transferred.
    files: &'a Folder,
    server: &'a Server,
}

impl Run<'_> {
    /// Plays a job; tells how it went.
    fn play(&self, (job, length, tls): Job, secure: &Guise) -> Result<String, String> {
        let guise = cutting(if tls { secure.clone() } else { Guise::default() });
        let near = self.proxy(self.server, &guise)?;
        let far = self.proxy(self.server.peer()?, &guise)?;
        let source = self.files.at(if length == LARGE { "large" } else { "smaller" });
        let served = self.server.root.at("a");
        let target = match job {
            "get" | "get to stdout" => self.here.at("x"),
            "pipe" => self.server.peer()?.root.at("a"),
            _ => served.clone(),
        };
        if !job.starts_with("put") {
            fs::copy(&source, &served).map_err(|error| format!("{}: {error}", served.display()))?;
        }
        let begun = Instant::now();
        let mut command = self.command(job, (&near.url(), &far.url()), &source)?;
        let ran = command.output().map_err(|error| error.to_string())?;
        let (took, cuts) = (begun.elapsed(), guise.count.load(Ordering::Relaxed));
        let same = ran.status.success().then(|| same_bytes(&source, &target));
        for path in [&served, &target] {
            let _ = fs::remove_file(path);
        }
        match same {
            None => Err(format!("{}: {}", ran.status, ran.stderr.escape_ascii())),
            Some(Err(error)) => Err(format!("after {cuts} cuts: {error}")),
            // 50 MiB is the longest that a connection lives.
            Some(Ok(())) if cuts < length / (50 * MIB) - 1 => Err(format!("only {cuts} cuts")),
            Some(Ok(())) => Ok(format!("byte-exact over {cuts} cuts, {took:.1?}")),
        }
    }

    fn proxy(&self, server: &Server, guise: &Guise) -> Result<Proxy, String> {
        let address = server.socket().ok_or_else(|| "an address without digits".to_owned())?;
        Proxy::before(address, guise.clone()).map_err(|error| error.to_string())
    }

    fn command(
        &self,
        job: &str,
        (near, far): (&str, &str),
        source: &Path,
    ) -> Result<Command, String> {
        let tool = match job {
            "get" | "get to stdout" => "ftp-get",
            "pipe" => "ftp-pipe",
            _ => "ftp-put",
        };
        let mut command = Command::new("timeout");
        command.arg(PATIENCE).arg(self.built.join(tool)).arg("--cacert").arg(self.ca);
        command.env_clear().env("FTP_USER", USER).env("FTP_PASSWORD", PASSWORD);
        command.env("PATH", "/usr/bin:/bin").current_dir(self.here.path());
        let url = format!("{near}/a");
        match job {
            "get" => command.args(["-o", "x", &url]),
            "get to stdout" => command.arg(&url).stdout(self.create("x")?),
            "put" => command.arg(source).arg(&url),
            "pipe" => command.args(["--fxp=never", &url, &format!("{far}/a")]),
            _ => command.arg(&url).stdin(piped(source)?),
        };
        Ok(command)
    }

    fn create(&self, name: &str) -> Result<File, String> {
        File::create(self.here.at(name)).map_err(|error| error.to_string())
    }
}

/// The output of cat: no file, to ftp-put.
fn piped(path: &Path) -> Result<Stdio, String> {
    let mut cat = Command::new("cat");
    let child = cat.arg(path).stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    child.stdout.map(Stdio::from).ok_or_else(|| "no pipe".to_owned())
}

/// Cuts each data connection after 5 to 50 MiB.
fn cutting(guise: Guise) -> Guise {
    let state = AtomicU64::new(0x2545_f491_4f6c_dd1d);
    let next = move || {
        let mut random = state.load(Ordering::Relaxed);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        state.store(random, Ordering::Relaxed);
        5 * MIB + random % (45 * MIB)
    };
    Guise { cuts: Some(Arc::new(next)), count: Arc::default(), ..guise }
}

fn same_bytes(one: &Path, other: &Path) -> Result<(), String> {
    let open = |path: &Path| File::open(path).map_err(|e| format!("{}: {e}", path.display()));
    let (mut one, mut other) = (open(one)?, open(other)?);
    let lengths = [&one, &other].map(|file| file.metadata().map_or(0, |found| found.len()));
    let [want, got] = lengths;
    if want != got {
        return Err(format!("{got} bytes, not {want}"));
    }
    let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut place = 0;
    while place < want {
        let read = |file: &mut File, buffer: &mut Vec<u8>| -> io::Result<()> {
            buffer.clear();
            file.take(MIB).read_to_end(buffer).map(drop)
        };
        read(&mut one, &mut a)
            .and_then(|()| read(&mut other, &mut b))
            .map_err(|e| e.to_string())?;
        if a != b {
            return Err(format!("another byte after {place}"));
        }
        place += MIB;
    }
    Ok(())
}
