//! `cases [--serve] [NAME...]`: the cases against the servers of these names, or against all.
//!
//! Several servers are tried at once: most of the time something is waited for. A server that cannot
//! be started is a failure. `--serve` starts one, prints its URL and waits for
//! the end of stdin, to try things by hand.

use std::{
    env,
    io::{self, Read, Write},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
};

use servers::{
    cases::{self, Case},
    cert::{self, Pki},
    fleet::{FLEET, Variant},
    folder::Folder,
    server::{Ground, Server},
    tools::{self, Tools},
    verdict::Verdict,
};

/// How many servers are tried at once; five of them are ProFTPD's, and sleep most of the time.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    match run(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cases: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<bool, String> {
    let (flags, names): (Vec<_>, Vec<_>) = args.iter().partition(|arg| arg.starts_with("--"));
    let chosen = chosen(&names)?;
    let built = tools::built()?;
    let papers = Folder::new("pki").map_err(|error| error.to_string())?;
    let pki = cert::make(&papers).map_err(|error| error.to_string())?;
    let ground = Ground {
        address: "127.0.0.1",
        within: &[],
        pki: &pki,
        most: None,
        rate: None,
        built: &built,
    };
    if flags.iter().any(|flag| *flag == "--serve") {
        return serve(&chosen, &ground, &pki);
    }
    let next = Mutex::new(chosen.into_iter());
    let verdicts = thread::scope(|scope| {
        let work = || {
            let tools = Tools::find()?;
            let mut verdict = Verdict::default();
            while let Some(variant) = take(&next) {
                on_server(variant, &ground, &tools, &mut verdict).map_err(|e| e.to_string())?;
            }
            Ok(verdict)
        };
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join());
        ended.map(|end| end.unwrap_or_else(|_| Err("a worker panicked".into()))).collect::<Vec<_>>()
    });
    let verdicts = verdicts.into_iter().collect::<Result<Vec<_>, String>>()?;
    Verdict::sum(&verdicts).close().map_err(|error| error.to_string())
}

fn take<T>(next: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    next.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// The variants of these names, or all; a name that fits none is an error, not a run of nothing.
fn chosen(names: &[&String]) -> Result<Vec<&'static Variant>, String> {
    if let Some(unknown) = names.iter().find(|name| !FLEET.iter().any(|variant| variant.is(name))) {
        let known: Vec<_> = FLEET.iter().map(|variant| variant.name).collect();
        return Err(format!("no server {unknown:?}; there are {}", known.join(", ")));
    }
    let wanted = |variant: &&Variant| names.is_empty() || names.iter().any(|name| variant.is(name));
    Ok(FLEET.iter().filter(wanted).collect())
}

/// Runs every case that this server can serve, and tells how many it cannot and why.
fn on_server(
    variant: &Variant,
    ground: &Ground<'_>,
    tools: &Tools,
    verdict: &mut Verdict,
) -> io::Result<()> {
    let server = match variant.start(ground) {
        Ok(server) => server,
        Err(error) => return verdict.count(variant.name, Err(error)),
    };
    let before = verdict.counts();
    let mut left_out = Vec::new();
    for case in cases::all() {
        if let Some(why) = server.lack(case.needs) {
            left_out.push(why);
            continue;
        }
        verdict
            .count(&format!("{}: {}", variant.name, case.name), on_fresh(case, &server, tools))?;
    }
    let (passed, failed) = verdict.counts();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: {} cases passed, {} failed",
        variant.name,
        passed - before.0,
        failed - before.1
    )?;
    left_out.sort_unstable();
    for group in left_out.chunk_by(|one, other| one == other) {
        writeln!(out, "    {} left out: {}", group.len(), group.first().unwrap_or(&""))?;
    }
    Ok(())
}

fn on_fresh(case: &Case, server: &Server, tools: &Tools) -> Result<(), String> {
    server.root.empty()?;
    server.peer()?.root.empty()?;
    tools.here.empty()?;
    (case.run)(server, tools)
}

fn serve(chosen: &[&Variant], ground: &Ground<'_>, pki: &Pki) -> Result<bool, String> {
    let mut running = Vec::new();
    let mut out = io::stdout();
    for variant in chosen {
        let server = variant.start(ground)?;
        let (url, root) = (server.url("/"), server.root.path().display());
        writeln!(out, "{}\t{url}\t{root}\t{}", variant.name, pki.ca.display())
            .map_err(|error| error.to_string())?;
        running.push(server);
    }
    io::stdin().read_to_end(&mut Vec::new()).map_err(|error| error.to_string())?;
    Ok(true)
}
