//! How many round trips the tools take, over a link with a round-trip time of 20 ms.
//!
//! The time of a run without latency is taken off, so that what is left is waiting for the network,
//! and it is counted in round trips of the link as measured, which is a little slower than it is set
//! to be: a timer on a busy machine is never early.
//! Needs root, for two network namespaces, and TUN.

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use servers::{
    brand::Brand,
    cert,
    folder::Folder,
    netns::{self, Namespaces},
    server::{Ground, PASSWORD, Server, Tls, USER},
    tools,
    verdict::Verdict,
};

const ONE_WAY_MS: u32 = 10;
const FILES: usize = 20;

/// Files that go from server to server: enough that two logins do not count.
const RELAYED: usize = 50;

/// The machine is noisy, the network is not: the best run is the true one.
const RUNS: usize = 5;

/// What a whole run may take more than its goal, in round trips: a wait is a whole one or none, and
/// what is less than a quarter is the servers' and the machine's own time.
const NOISE: f64 = 0.25;

/// The servers, and how long each is left alone between two runs: the master of ProFTPD 1.3.8 sleeps
/// for 0.4 s when a session ends, and greets nobody meanwhile.
const SERVERS: [(Brand, Duration); 2] =
    [(Brand::Vsftpd, Duration::ZERO), (Brand::Proftpd, Duration::from_millis(450))];

/// How often a server is measured at most: noise only ever adds waits, and a compiler next door adds
/// many.
const ATTEMPTS: usize = 3;

/// What is measured.
struct Goal {
    name: &'static str,
    tool: &'static str,
    files: usize,
    /// Round trips that a file may take.
    most: f64,
    /// Those that the whole run may take before the first: connecting and logging in.
    before: f64,
}

const GOALS: [Goal; 3] = [
    Goal { name: "a cold start", tool: "ftp-get", files: 1, most: 5.0, before: 0.0 },
    Goal { name: "twenty files", tool: "ftp-get", files: FILES, most: 3.5, before: 0.0 },
    Goal { name: "fifty files relayed", tool: "ftp-pipe", files: RELAYED, most: 4.0, before: 5.0 },
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "roundtrips: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, String> {
    let built = tools::built()?;
    for program in ["ftp-get", "ftp-pipe", "delaylink"] {
        if !built.join(program).is_file() {
            return Err(format!("{program} is missing beside {}", built.display()));
        }
    }
    let papers = Folder::new("pki").map_err(|error| error.to_string())?;
    let pki = cert::make(&papers).map_err(|error| error.to_string())?;
    let spaces = Namespaces::new()?;
    let within = ["ip", "netns", "exec", &spaces.server];
    let ground = Ground {
        address: "0.0.0.0",
        within: &within,
        pki: &pki,
        most: None,
        rate: None,
        built: &built,
    };
    let mut verdict = Verdict::default();
    for (brand, rest) in SERVERS {
        let server = Server::start(brand, Tls::Off, &ground)?;
        let peer = Server::start(brand, Tls::Off, &ground)?;
        for number in 0..RELAYED {
            server.root.write(format!("{number}"), [0x5a; 4096])?;
        }
        let lab = Lab { server: &server, peer: &peer, spaces: &spaces, rest };
        let mut results = on_server(brand, &lab)?;
        for _ in 1..ATTEMPTS {
            if results.iter().all(|(_, result)| result.is_ok()) {
                break;
            }
            results = on_server(brand, &lab)?;
        }
        for (line, result) in results {
            writeln!(io::stdout(), "{line}").map_err(|error| error.to_string())?;
            verdict.count(&line, result).map_err(|error| error.to_string())?;
        }
    }
    verdict.close().map_err(|error| error.to_string())
}

/// What a measurement needs.
struct Lab<'a> {
    server: &'a Server,
    /// Where files are relayed to.
    peer: &'a Server,
    spaces: &'a Namespaces,
    rest: Duration,
}

/// A figure and whether it is good enough.
type Figure = (String, Result<(), String>);

fn on_server(brand: Brand, lab: &Lab<'_>) -> Result<Vec<Figure>, String> {
    let built = tools::built()?;
    let near = lab.spaces.join(&built, 0)?;
    let (base, base_connect) = (measure(lab)?, connect_time(lab)?);
    drop(near);
    let _far = lab.spaces.join(&built, ONE_WAY_MS)?;
    let (far, far_connect) = (measure(lab)?, connect_time(lab)?);
    let trip = far_connect - base_connect;
    writeln!(io::stdout(), "{brand:?}: a round trip takes {:.2} ms", trip * 1000.0)
        .map_err(|error| error.to_string())?;
    let waits = base.into_iter().zip(far).zip(GOALS);
    Ok(waits.map(|((base, far), goal)| figure(brand, (base, far), trip, &goal)).collect())
}

/// What the difference between two runs says, which the link's latency makes.
fn figure(brand: Brand, (base, far): (Times, Times), trip: f64, goal: &Goal) -> Figure {
    let files = goal.files as f64;
    let trips =
        |base: Duration, far: Duration| far.saturating_sub(base).as_secs_f64() / trip / files;
    let Goal { name, most, before, .. } = goal;
    let ours = trips(base.ours, far.ours);
    let curl =
        base.curl.zip(far.curl).map(|(base, far)| format!(" (curl {:.1})", trips(base, far)));
    let curl = curl.unwrap_or_default();
    let line = format!("{brand:?}, {name}: {ours:.2} round trips a file{curl}, at most {most:.1}");
    let good = ours <= most + (before + NOISE) / files;
    (line, if good { Ok(()) } else { Err("too many".into()) })
}

/// What a program that does nothing but connect takes, in seconds; the best of several runs.
/// Between two settings of the link it differs by just the round trip.
fn connect_time(lab: &Lab<'_>) -> Result<f64, String> {
    let script = format!("exec 3<>/dev/tcp/{}/{}", netns::SERVER, lab.server.port);
    let mut best = f64::INFINITY;
    for _ in 0..RUNS * 2 {
        thread::sleep(lab.rest);
        let begun = Instant::now();
        let status = Command::new("ip")
            .args(["netns", "exec", &lab.spaces.client, "timeout", "30", "bash", "-c", &script])
            .stdin(Stdio::null())
            .status()
            .map_err(|error| format!("ip: {error}"))?;
        if !status.success() {
            return Err(format!("no connection over the link: {status}"));
        }
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// The best times for a goal.
struct Times {
    ours: Duration,
    curl: Option<Duration>,
}

fn measure(lab: &Lab<'_>) -> Result<Vec<Times>, String> {
    let built = tools::built()?;
    let curl = format!("curl --silent --show-error --user {USER}:{PASSWORD}");
    let curl: Vec<_> = curl.split(' ').map(str::to_owned).collect();
    GOALS
        .iter()
        .map(|goal| {
            let tool = built.join(goal.tool).display().to_string();
            let gets = goal.tool == "ftp-get";
            let ours = if gets { vec![tool] } else { vec![tool, "--fxp=never".to_owned()] };
            let ours = best(&ours, goal, lab)?;
            Ok(Times { ours, curl: gets.then(|| best(&curl, goal, lab)).transpose()? })
        })
        .collect()
}

fn best(program: &[String], goal: &Goal, lab: &Lab<'_>) -> Result<Duration, String> {
    let times: Result<Vec<_>, _> = (0..RUNS).map(|_| once(program, goal, lab)).collect();
    times?.into_iter().min().ok_or_else(|| "no run".to_owned())
}

fn once(program: &[String], goal: &Goal, lab: &Lab<'_>) -> Result<Duration, String> {
    let paths = (0..goal.files).map(|number| format!("/{number}"));
    let urls = paths.map(|path| lab.server.url_at(netns::SERVER, &path));
    let relays = goal.tool == "ftp-pipe";
    let to = relays.then(|| lab.peer.url_at(netns::SERVER, "/"));
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &lab.spaces.client, "timeout", "60"]).args(program);
    command.args(urls).args(to);
    command.env_clear().env("FTP_USER", USER).env("FTP_PASSWORD", PASSWORD);
    command
        .env("PATH", env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into()));
    command.env("HOME", lab.server.root.path()).current_dir(Path::new("/")).stdin(Stdio::null());
    lab.peer.root.empty()?;
    thread::sleep(lab.rest);
    let begun = Instant::now();
    let output = command.output().map_err(|error| format!("ip: {error}"))?;
    let took = begun.elapsed();
    let files = if relays { lab.peer.root.files()?.len() } else { output.stdout.len() / 4096 };
    if output.status.success() && files == goal.files {
        return Ok(took);
    }
    let said = output.stderr.escape_ascii();
    Err(format!("{program:?}: {}, {files} files of {}: {said}", output.status, goal.files))
}
