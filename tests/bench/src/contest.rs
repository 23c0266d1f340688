//! A tool and its peers at the same task: first whether all give the same, then what each takes, run
//! by run in turn, so that a busy moment of the machine meets all of them.

use std::process::Stdio;

use crate::{
    figures::Spread,
    measure::{Taken, measure},
    place::Place,
    say,
};

/// Measured runs of each contender.
const RUNS: usize = 5;

/// One task.
pub struct Contest<'a> {
    /// What is done, as a heading.
    pub task: &'a str,
    /// How many lines each has to print.
    pub lines: u64,
    /// The bytes that are read, where throughput means something.
    pub bytes: Option<u64>,
    /// The shell script of our tool.
    pub ours: &'a str,
    /// Scripts that print the same by other means.
    pub peers: &'a [&'a str],
}

impl Contest<'_> {
    /// Runs and prints it.
    ///
    /// # Errors
    /// A contender fails, or prints something else than ours.
    pub fn run(&self, place: &Place) -> Result<(), String> {
        say(&format!("\n{}", self.task))?;
        self.compare(place)?;
        let (mut ours, mut peers) = (Vec::new(), vec![Vec::new(); self.peers.len()]);
        for _ in 0..RUNS {
            ours.push(measure(place, self.ours)?);
            for (script, taken) in self.peers.iter().zip(&mut peers) {
                taken.push(measure(place, script)?);
            }
        }
        self.print(self.ours, &ours)?;
        for (script, taken) in self.peers.iter().zip(&peers) {
            self.print(script, taken)?;
            say(&ratios(&ours, taken))?;
        }
        Ok(())
    }

    /// Also fills the caches, for all alike.
    fn compare(&self, place: &Place) -> Result<(), String> {
        let ours = digest(place, self.ours)?;
        if !ours.starts_with(format!("{}\n", self.lines).as_bytes()) {
            let said = ours.escape_ascii();
            return Err(format!("`{}` prints not {} lines: {said}", self.ours, self.lines));
        }
        for peer in self.peers {
            if digest(place, peer)? != ours {
                return Err(format!("`{peer}` prints other names than `{}`", self.ours));
            }
        }
        Ok(())
    }

    fn print(&self, script: &str, taken: &[Taken]) -> Result<(), String> {
        let [wall, cpu, peak] = spreads(taken);
        say(&format!("  {script}"))?;
        let runs = taken.len();
        say(&format!("    wall {wall:.2} s, CPU {cpu:.2} s, peak {peak:.0} MiB; {runs} runs"))?;
        let Some(bytes) = self.bytes else { return Ok(()) };
        let [wall, cpu] = [wall, cpu].map(|seconds| seconds.over(bytes as f64 / 1e6));
        say(&format!("    {wall:.0} MB/s of wall time, {cpu:.0} MB/s of CPU time"))
    }
}

/// Wall seconds, CPU seconds, peak MiB.
fn spreads(taken: &[Taken]) -> [Spread; 3] {
    [
        Spread::of(taken.iter().map(|run| run.wall.as_secs_f64())),
        Spread::of(taken.iter().map(|run| run.cpu.as_secs_f64())),
        Spread::of(taken.iter().map(|run| run.peak as f64 / 1024.0)),
    ]
}

fn ratios(ours: &[Taken], peer: &[Taken]) -> String {
    let [ours, peer] = [spreads(ours), spreads(peer)];
    let [ours, peer] = [ours, peer].map(|figures| figures.map(|figure| figure.median()));
    let [wall, cpu, peak] = std::array::from_fn(|at| match (ours.get(at), peer.get(at)) {
        (Some(ours), Some(peer)) => ours / peer,
        _ => f64::NAN,
    });
    format!("    ours / this: wall {wall:.2}, CPU {cpu:.2}, peak {peak:.2}")
}

/// How many lines `script` prints, and their digest: sorted by bytes, since a peer may sort as the
/// locale wants it.
fn digest(place: &Place, script: &str) -> Result<Vec<u8>, String> {
    // Else a contender that fails in front of a pipe would go unseen.
    let all = format!("set -o pipefail; {script} | LC_ALL=C sort >printed");
    let all = format!("{all} && wc -l <printed && sha256sum <printed && rm printed");
    let output = place.command("bash").args(["-c", &all]).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{script}: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!("`{script}`: {}", output.status)),
    }
}
