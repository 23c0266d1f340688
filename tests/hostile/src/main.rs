//! Hostile servers, networks and names: the scripted cases that are about them, and what a case cannot say:
//! floods with the memory they cost, third parties, certificates, dialogues made of rubbish. Words on the command
//! line are parts of names; without any, all are tried.

#![allow(missing_docs, reason = "a program of the tests, nobody's library")]
#![allow(clippy::disallowed_macros, reason = "its report is its output")]
#![allow(clippy::disallowed_methods, reason = "what it reads lossily is looked at and thrown away")]

mod cases;
mod certificates;
mod floods;
mod raw;
mod rubbish;
mod strangers;
mod tool;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// Fewer than that are no suite.
const LEAST: usize = 150;

/// Tried at a time: they wait more than they work.
const AT_ONCE: usize = 6;

/// Tries an attack.
pub type Try = dyn Fn(&Tools) -> Result<(), String> + Send + Sync;

/// One attack, and what becomes of it: an error says how it got through.
pub struct Attack {
    pub name: String,
    pub run: Box<Try>,
}

impl Attack {
    pub fn new(
        name: impl Into<String>,
        run: impl Fn(&Tools) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Where the five tools were built.
pub struct Tools(PathBuf);

impl Tools {
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

fn main() -> ExitCode {
    match suite(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("hostile: {error}");
            ExitCode::FAILURE
        }
    }
}

fn suite(words: &[String]) -> Result<bool, Box<dyn Error>> {
    let tools = Tools(env::current_exe()?.parent().map(PathBuf::from).ok_or("in no folder")?);
    let mut attacks = strangers::all();
    attacks.extend(floods::all());
    attacks.extend(certificates::all()?);
    attacks.extend(rubbish::all());
    attacks.extend(cases::all()?);
    attacks.retain(|a| words.is_empty() || words.iter().any(|w| a.name.contains(w)));
    let begun = Instant::now();
    let failed = all(&attacks, &tools);
    for (number, why) in &failed {
        let name = attacks.get(*number).map_or("", |attack| attack.name.as_str());
        println!("GOT THROUGH {name}: {why}");
    }
    let too_few = words.is_empty() && attacks.len() < LEAST;
    if too_few {
        println!("{} attacks are no suite: there must be {LEAST}", attacks.len());
    }
    let held = attacks.len() - failed.len();
    println!("hostile: {} tried in {:.0?}, {held} held", attacks.len(), begun.elapsed());
    println!("{held} passed, {} failed", failed.len() + usize::from(too_few));
    Ok(failed.is_empty() && !too_few && !attacks.is_empty())
}

/// Tries all; gives back the numbers of those that got through.
fn all(attacks: &[Attack], tools: &Tools) -> Vec<(usize, String)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failed = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(attack) = attacks.get(number) else { return failed };
            failed.extend((attack.run)(tools).err().map(|why| (number, why)));
        }
    };
    let mut failed: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|_| lost())).collect()
    });
    failed.sort();
    failed
}

/// A thread of the suite itself panicked.
fn lost() -> Vec<(usize, String)> {
    vec![(usize::MAX, "a thread of the suite panicked".to_owned())]
}
