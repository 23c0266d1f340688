//! A tool and its peers at the same task: whether all do the same, and what each takes, run by run in
//! turn, so that a busy moment of the machine meets all of them. Who does something else has no figures.

use std::{path::Path, process::Stdio};

use crate::{
    figures::{Spread, ratio},
    measure::{Taken, measure},
    place,
    record::{Row, Table},
    say,
    stage::Stage,
};

/// One that takes part. The first of a contest is ours.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// What the page calls it.
    pub name: &'static str,
    /// A program that has to be installed.
    pub program: &'static str,
    /// A line for the shell.
    pub script: &'static str,
}

/// A contender in one line of a table.
pub const fn by(name: &'static str, program: &'static str, script: &'static str) -> Contender {
    Contender { name, program, script }
}

/// How a run is found to have done its work.
pub enum Proof<'a> {
    /// It prints so many lines, and the same as ours, in any order.
    Lines(u64),
    /// It prints the bytes of this file.
    Prints(&'a Path),
    /// It left the right thing behind.
    Leaves(&'a dyn Fn() -> Result<(), String>),
    /// It ends well.
    Ends,
}

/// One task.
pub struct Contest<'a> {
    /// Its name in results and targets.
    pub key: &'static str,
    /// What is done, as a heading.
    pub task: &'a str,
    /// The bytes that are moved, where throughput means something.
    pub bytes: Option<u64>,
    /// The line a script stands in, `{}` if alone: what feeds it and takes its output.
    pub around: &'a str,
    /// Ours and its peers.
    pub contenders: &'a [Contender],
    /// Puts everything back, before each run.
    pub reset: &'a dyn Fn() -> Result<(), String>,
    /// See there.
    pub proof: Proof<'a>,
    /// What the page says below the table.
    pub notes: &'a [String],
}

impl Contest<'_> {
    /// Runs it, prints what was found and keeps it.
    ///
    /// # Errors
    /// A contender fails, or does something else than ours.
    pub fn run(&self, stage: &Stage<'_>) -> Result<(), String> {
        say(&format!("\n{}", self.task))?;
        let load = place::foreign_load();
        let here = |one: &&Contender| stage.place.finds(one.program);
        let (present, absent): (Vec<_>, Vec<_>) = self.contenders.iter().partition(here);
        self.prove(stage, &present)?;
        let mut rows: Vec<_> = present.iter().map(|one| Row::of(one)).collect();
        for round in 0..stage.runs {
            for row in &mut rows {
                (self.reset)()?;
                row.runs.push(measure(stage, self.around, &row.script)?);
                self.check(&row.script, round)?;
            }
        }
        (self.reset)()?;
        let table = Table {
            key: self.key.to_owned(),
            task: self.task.to_owned(),
            around: self.around.to_owned(),
            absent: absent.iter().map(|one| one.name.to_owned()).collect(),
            notes: self.notes.iter().cloned().chain(load).collect(),
            rows,
        };
        self.print(&table)?;
        stage.place.scale.keep(&table)
    }

    /// Compares what all print. Also fills the caches, for all alike.
    fn prove(&self, stage: &Stage<'_>, contenders: &[&Contender]) -> Result<(), String> {
        let mut first = None;
        for one in contenders {
            (self.reset)()?;
            let found = match &self.proof {
                Proof::Lines(lines) => digest(stage, one.script, *lines)?,
                Proof::Prints(path) => {
                    let compare = format!("{{ {}; }} | cmp - '{}'", one.script, path.display());
                    output(stage, &compare)?
                }
                Proof::Leaves(_) | Proof::Ends => continue,
            };
            if first.get_or_insert_with(|| found.clone()) != &found {
                return Err(format!("`{}` does something else than the first", one.script));
            }
        }
        Ok(())
    }

    /// Looks at what the first run of a contender left behind.
    fn check(&self, script: &str, round: usize) -> Result<(), String> {
        match &self.proof {
            Proof::Leaves(check) if round == 0 => {
                check().map_err(|error| format!("`{script}`: {error}"))
            }
            _ => Ok(()),
        }
    }

    fn print(&self, table: &Table) -> Result<(), String> {
        let ours = table.rows.first().map(|row| row.runs.clone()).unwrap_or_default();
        for (number, row) in table.rows.iter().enumerate() {
            say(&format!("  {}: {}", row.name, row.script))?;
            self.print_runs(&row.runs)?;
            if number > 0 {
                let [wall, cpu, peak] = FIGURES.map(|figure| ratio(&ours, &row.runs, figure));
                say(&format!("    ours / this: wall {wall:.2}, CPU {cpu:.2}, peak {peak:.2}"))?;
            }
        }
        table.notes.iter().try_for_each(|note| say(&format!("  {note}")))?;
        table.absent.iter().try_for_each(|name| say(&format!("  {name}: not here, left out")))
    }

    fn print_runs(&self, runs: &[Taken]) -> Result<(), String> {
        let [wall, cpu, peak] = FIGURES.map(|figure| Spread::of(runs.iter().map(figure)));
        let count = runs.len();
        say(&format!("    wall {wall:.3} s, CPU {cpu:.3} s, peak {peak:.1} MiB; {count} runs"))?;
        let Some(bytes) = self.bytes else { return Ok(()) };
        let [wall, cpu] = [wall, cpu].map(|seconds| seconds.over(bytes as f64 / 1e6));
        say(&format!("    {wall:.0} MB/s of wall time, {cpu:.0} MB/s of CPU time"))
    }
}

/// Wall seconds, CPU seconds, peak MiB.
pub const FIGURES: [fn(&Taken) -> f64; 3] =
    [|run| run.wall.as_secs_f64(), |run| run.cpu.as_secs_f64(), |run| run.peak as f64 / 1024.0];

/// How many lines `script` prints, and their digest: sorted by bytes, since a peer may sort as the
/// locale wants it.
fn digest(stage: &Stage<'_>, script: &str, lines: u64) -> Result<Vec<u8>, String> {
    let sorted = format!("{script} | LC_ALL=C sort >printed");
    let found =
        output(stage, &format!("{sorted} && wc -l <printed && sha256sum <printed && rm printed"))?;
    if found.starts_with(format!("{lines}\n").as_bytes()) {
        return Ok(found);
    }
    Err(format!("`{script}` prints not {lines} lines: {}", found.escape_ascii()))
}

/// What a line prints. A contender that fails in front of a pipe does not go unseen.
fn output(stage: &Stage<'_>, line: &str) -> Result<Vec<u8>, String> {
    let all = format!("set -o pipefail; {line}");
    let mut command = stage.command("bash");
    command.args(["-c", &all]).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| format!("{line}: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("`{line}`: {}, {}", output.status, output.stdout.escape_ascii())),
    }
}
