//! The fault matrix: every fault in every phase of every transfer, with and without TLS, and one oracle
//! over all. Words on the command line are parts of cells' names; without any, all are played. `--cuts`
//! brings large files through real servers instead, while their connections are cut.

#![allow(missing_docs, reason = "a program of the tests, nobody's library")]
#![allow(clippy::disallowed_macros, reason = "its report is its output")]

mod cell;
mod cuts;
mod direct;
mod fault;
mod judge;
mod play;
mod told;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use servers::between::Guise;
use servers::cert::{self, Pki};
use servers::folder::Folder;

use crate::cell::Cell;
use crate::judge::{Verdict, judge};
use crate::play::{Ground, play};

/// Fewer cells than that are no matrix.
const LEAST: usize = 2500;

/// Cells at a time: they wait more than they work.
const AT_ONCE: usize = 16;

fn main() -> ExitCode {
    match matrix(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::FAILURE
        }
    }
}

fn matrix(words: &[String]) -> Result<bool, Box<dyn Error>> {
    let state = Folder::new("faults")?;
    let (ground, pki) = ground(&state)?;
    if let Some((_, servers)) = words.split_first().filter(|(first, _)| *first == "--cuts") {
        let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
        return Ok(cuts::run(&servers, (&ground.built, &pki, &ground.guise))?);
    }
    let wanted = |cell: &Cell| words.is_empty() || words.iter().any(|w| cell.name().contains(w));
    let cells: Vec<Cell> = cell::all().into_iter().filter(wanted).collect();
    let begun = Instant::now();
    let verdicts = all(&cells, &ground);
    let count = |wanted: Verdict| verdicts.iter().filter(|v| v.as_ref() == Ok(&wanted)).count();
    let (survived, failed) = (count(Verdict::Survived), count(Verdict::Failed));
    let wrong = cells.len() - survived - failed;
    for (cell, verdict) in cells.iter().zip(&verdicts) {
        if let Err(why) = verdict {
            println!("WRONG {}: {why}", cell.name());
        }
    }
    println!(
        "faults: {} cells tried in {:.0?}, {survived} survived, {failed} failed as they may, \
         {wrong} wrong",
        cells.len(),
        begun.elapsed(),
    );
    let too_few = words.is_empty() && cells.len() < LEAST;
    if too_few {
        println!("{} cells are no matrix: there must be {LEAST}", cells.len());
    }
    let direct = direct::play(&ground);
    if let Err(why) = &direct {
        println!("WRONG pipe by CPSV: {why}");
    }
    let wrong = wrong + usize::from(too_few) + usize::from(direct.is_err());
    println!("{} passed, {wrong} failed", survived + failed + usize::from(direct.is_ok()));
    Ok(wrong == 0 && !cells.is_empty())
}

/// Plays all cells; the verdicts are in their order.
fn all(cells: &[Cell], ground: &Ground) -> Vec<Result<Verdict, String>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(cell) = cells.get(number) else { return done };
            let verdict = play(cell, ground).and_then(|left| judge(cell, &left));
            done.push((number, verdict));
        }
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, verdict)| verdict).collect()
}

fn ground(state: &Folder) -> Result<(Ground, Pki), Box<dyn Error>> {
    let pki = cert::make(state)?;
    let built = env::current_exe()?.parent().map(PathBuf::from).ok_or("in no folder")?;
    let guise = Guise::tls(&pki.cert, &pki.key)?;
    Ok((Ground { built, ca: pki.ca.clone(), guise }, pki))
}
