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

/// What is measured: a name, how many files, and the round trips a file may take.
const GOALS: [(&str, usize, f64); 2] = [("a cold start", 1, 5.0), ("twenty files", FILES, 3.5)];

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
    for program in ["ftp-get", "delaylink"] {
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
        for number in 0..FILES {
            server.root.write(format!("{number}"), [0x5a; 4096])?;
        }
        let lab = Lab { server: &server, spaces: &spaces, rest };
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
    spaces: &'a Namespaces,
    rest: Duration,
}

/// A figure and whether it is good enough.
type Figure = (String, Result<(), String>);

fn on_server(brand: Brand, lab: &Lab<'_>) -> Result<Vec<Figure>, String> {
    let built = tools::built()?;
    let get = built.join("ftp-get").display().to_string();
    let near = lab.spaces.join(&built, 0)?;
    let (base, base_connect) = (measure(&get, lab)?, connect_time(lab)?);
    drop(near);
    let _far = lab.spaces.join(&built, ONE_WAY_MS)?;
    let (far, far_connect) = (measure(&get, lab)?, connect_time(lab)?);
    let trip = far_connect - base_connect;
    writeln!(io::stdout(), "{brand:?}: a round trip takes {:.2} ms", trip * 1000.0)
        .map_err(|error| error.to_string())?;
    let mut figures = Vec::new();
    for (index, (name, files, goal)) in GOALS.into_iter().enumerate() {
        let trips = |program: usize| {
            let at = |times: &[[Duration; 2]; 2]| times.get(program)?.get(index).copied();
            let waited = at(&far)?.saturating_sub(at(&base)?);
            Some(waited.as_secs_f64() / trip / files as f64)
        };
        let (Some(ours), Some(curl)) = (trips(0), trips(1)) else {
            return Err("no figures".into());
        };
        let line = format!(
            "{brand:?}, {name}: {ours:.1} round trips a file (curl {curl:.1}), at most {goal:.1}"
        );
        let result =
            if ours <= goal + NOISE / files as f64 { Ok(()) } else { Err("too many".into()) };
        figures.push((line, result));
    }
    Ok(figures)
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

/// The best times of `ftp-get` and of curl, each for every goal.
fn measure(get: &str, lab: &Lab<'_>) -> Result<[[Duration; 2]; 2], String> {
    let login = format!("{USER}:{PASSWORD}");
    let curl = ["curl", "--silent", "--show-error", "--user", &login];
    let times = |program: &[&str]| -> Result<[Duration; 2], String> {
        let [cold, many] = GOALS.map(|(_, files, _)| best(program, files, lab));
        Ok([cold?, many?])
    };
    Ok([times(&[get])?, times(&curl)?])
}

fn best(program: &[&str], files: usize, lab: &Lab<'_>) -> Result<Duration, String> {
    let times: Result<Vec<_>, _> = (0..RUNS).map(|_| once(program, files, lab)).collect();
    times?.into_iter().min().ok_or_else(|| "no run".to_owned())
}

fn once(program: &[&str], files: usize, lab: &Lab<'_>) -> Result<Duration, String> {
    let urls = (0..files).map(|number| lab.server.url_at(netns::SERVER, &format!("/{number}")));
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &lab.spaces.client, "timeout", "30"]).args(program).args(urls);
    command.env_clear().env("FTP_USER", USER).env("FTP_PASSWORD", PASSWORD);
    command
        .env("PATH", env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into()));
    command.env("HOME", lab.server.root.path()).current_dir(Path::new("/")).stdin(Stdio::null());
    thread::sleep(lab.rest);
    let begun = Instant::now();
    let output = command.output().map_err(|error| format!("ip: {error}"))?;
    let took = begun.elapsed();
    if output.status.success() && output.stdout.len() == files * 4096 {
        return Ok(took);
    }
    let (bytes, said) = (output.stdout.len(), output.stderr.escape_ascii());
    Err(format!("{program:?}: {}, {bytes} bytes of {}: {said}", output.status, files * 4096))
}
