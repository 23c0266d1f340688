//! Measures the tools beside what people use today, on the same input, in turn, and prints time,
//! memory and their ratio. Nothing here passes or fails by a time: a machine may be busy. It fails
//! when two contenders do not give the same names.
//!
//! ```text
//! bench            every workload
//! bench NAME...    those of that name
//! ```

mod contest;
mod directory;
mod figures;
mod measure;
mod names;
mod parse;
mod place;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use place::Place;

/// Something to be measured.
struct Workload {
    name: &'static str,
    /// Programs it runs that a machine may not have.
    needs: &'static [&'static str],
    run: fn(&Place) -> Result<(), String>,
}

const WORKLOADS: &[Workload] = &[
    Workload { name: "parse-unix", needs: &["ftp-ls", "cut", "sort"], run: parse::unix },
    Workload { name: "parse-mlsd", needs: &["ftp-ls", "cut", "sort"], run: parse::mlsd },
    Workload {
        name: "directory",
        needs: &["ftp-ls", "vsftpd", "curl", "sort"],
        run: directory::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.as_slice() {
        [flag, script] if flag == measure::FLAG => measure::launch(script),
        names => run(names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[String]) -> Result<(), String> {
    let place = Place::new()?;
    say(&place.machine())?;
    let mut failed = Vec::new();
    for workload in chosen(names)? {
        if let Err(error) = place.has(workload.needs).and_then(|()| (workload.run)(&place)) {
            failed.push(format!("{}: {error}", workload.name));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\nbench: ")) }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Workload>, String> {
    if names.is_empty() {
        return Ok(WORKLOADS.iter().collect());
    }
    let find = |name: &String| WORKLOADS.iter().find(|workload| workload.name == name);
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
