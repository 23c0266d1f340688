//! Measures the tools beside what people use today, on the same input, in turn, and prints time,
//! memory and their ratio. Nothing here passes or fails by a time: a machine may be busy. It fails
//! when two contenders do not do the same. A peer that is not installed is left out.
//!
//! ```text
//! bench [--write FOLDER] [NAME...]   workloads, all if none is named; and then the page
//! bench --render FOLDER              the page of what was measured before
//! ```
//!
//! Results are kept in `target/bench`, a file each; `benchmarks.md` and `benchmarks.svg` are made of them.

mod chart;
mod cold;
mod contest;
mod directory;
mod figures;
mod lab;
mod large;
mod many;
mod measure;
mod names;
mod page;
mod parse;
mod place;
mod record;
mod relay;
mod scale;
mod segments;
mod stage;
mod startup;
mod targets;
mod versions;

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use place::Place;

/// Something to be measured.
struct Workload {
    name: &'static str,
    /// Programs without which there is nothing to measure.
    needs: &'static [&'static str],
    /// The contests it gives.
    keys: &'static [&'static str],
    run: fn(&Place) -> Result<(), String>,
}

const FAR: &[&str] = &["ftp-get", "vsftpd", "ip", "delaylink"];
const NEAR: &[&str] = &["ftp-get", "vsftpd"];

const WORKLOADS: &[Workload] = &[
    Workload { name: "cold", needs: FAR, keys: &["cold"], run: cold::run },
    Workload {
        name: "many-get",
        needs: FAR,
        keys: &["get-500-one", "get-500-eight"],
        run: many::get,
    },
    Workload {
        name: "many-put",
        needs: FAR,
        keys: &["put-500-one", "put-500-eight"],
        run: many::put,
    },
    Workload {
        name: "many-rm",
        needs: FAR,
        keys: &["rm-500-one", "rm-500-eight"],
        run: many::remove,
    },
    Workload {
        name: "get",
        needs: NEAR,
        keys: &["get-file", "get-pipe", "get-null"],
        run: large::get,
    },
    Workload { name: "put", needs: NEAR, keys: &["put-file", "put-pipe"], run: large::put },
    Workload {
        name: "tls",
        needs: NEAR,
        keys: &["tls-get-file", "tls-get-pipe", "tls-put-file"],
        run: large::tls,
    },
    Workload { name: "relay", needs: NEAR, keys: &["relay"], run: relay::large },
    Workload { name: "fxp", needs: &["ftp-get", "proftpd"], keys: &["fxp"], run: relay::fxp },
    Workload {
        name: "many-relay",
        needs: FAR,
        keys: &["relay-500-one", "relay-500-eight"],
        run: relay::small,
    },
    Workload {
        name: "segments",
        needs: FAR,
        keys: &["rate-one", "rate-eight"],
        run: segments::run,
    },
    Workload {
        name: "directory",
        needs: &["ftp-ls", "vsftpd", "curl"],
        keys: &["list-100k", "list-1m"],
        run: directory::run,
    },
    Workload {
        name: "parse-unix",
        needs: &["ftp-ls"],
        keys: &["parse-unix-sorted", "parse-unix", "parse-unix-long"],
        run: parse::unix,
    },
    Workload {
        name: "parse-mlsd",
        needs: &["ftp-ls"],
        keys: &["parse-mlsd-sorted", "parse-mlsd", "parse-mlsd-long"],
        run: parse::mlsd,
    },
    Workload {
        name: "startup",
        needs: &["ftp-ls"],
        keys: &["startup", "startup-door"],
        run: startup::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        [measure::FLAG, report, script] => measure::launch(report, script),
        ["--render", folder] => Place::new().and_then(|place| render(&place, folder)),
        ["--write", folder, names @ ..] => run(names, Some(folder)),
        names => run(names, None),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[&str], page: Option<&str>) -> Result<(), String> {
    let place = Place::new()?;
    say(&place.machine())?;
    let mut failed = Vec::new();
    for workload in chosen(names)? {
        if let Err(error) = place.has(workload.needs).and_then(|()| (workload.run)(&place)) {
            say(&format!("{}: {error}", workload.name))?;
            failed.push(format!("{}: {error}", workload.name));
        }
    }
    // What was measured before a failure is still worth a page.
    if let Some(Err(error)) = page.map(|folder| render(&place, folder)) {
        failed.push(error);
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\nbench: ")) }
}

fn render(place: &Place, folder: &str) -> Result<(), String> {
    let keys: Vec<_> = WORKLOADS.iter().flat_map(|workload| workload.keys).copied().collect();
    page::write(place, Path::new(folder), &keys)
}

fn chosen(names: &[&str]) -> Result<Vec<&'static Workload>, String> {
    if names.is_empty() {
        return Ok(WORKLOADS.iter().collect());
    }
    let find = |name: &&str| WORKLOADS.iter().find(|workload| workload.name == *name);
    let known = || WORKLOADS.iter().map(|workload| workload.name).collect::<Vec<_>>().join(", ");
    names
        .iter()
        .map(|name| {
            find(name).ok_or_else(|| format!("{name}: no such workload; there are {}", known()))
        })
        .collect()
}

/// Prints a line at once, so that one can watch.
fn say(line: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| format!("stdout: {error}"))
}
