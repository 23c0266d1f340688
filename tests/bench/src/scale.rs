//! How large a run of the bench is, and where its results go: what is smaller than the real thing, to
//! see that it works, does not replace it, and comes on no page.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::record::Table;

/// Runs of each contender; `BENCH_RUNS`.
const RUNS: usize = 5;

/// The size of large files; `BENCH_MIB`.
const MIB: u64 = 2048;

/// Fewer runs than this are no result.
const FEWEST: usize = 3;

/// Sizes and counts.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Measured runs of each contender.
    pub runs: usize,
    mib: u64,
    /// Whether results are worth a page.
    whole: bool,
    /// Where those of whole runs are.
    pub results: PathBuf,
}

impl Scale {
    /// As the environment wants it; results go below `target`.
    ///
    /// # Errors
    /// A variable that is no number above 0.
    pub fn new(target: &Path) -> Result<Self, String> {
        let runs = usize::try_from(number("BENCH_RUNS", RUNS as u64)?).unwrap_or(RUNS);
        let mib = number("BENCH_MIB", MIB)?;
        let whole = runs >= FEWEST && mib >= MIB;
        Ok(Self { runs, mib, whole, results: target.join("bench") })
    }

    /// The bytes of a file of so many MiB in a real run.
    pub fn bytes(&self, mib: u64) -> u64 {
        mib.min(self.mib) << 20
    }

    /// The bytes of a large file.
    pub fn large(&self) -> u64 {
        self.mib << 20
    }

    /// Keeps a result.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, table: &Table) -> Result<(), String> {
        if self.whole { table.keep(&self.results) } else { table.keep(&self.results.join("small")) }
    }
}

fn number(name: &str, otherwise: u64) -> Result<u64, String> {
    let Some(text) = env::var_os(name).filter(|text| !text.is_empty()) else {
        return Ok(otherwise);
    };
    let value = text.to_str().and_then(|text| text.parse().ok()).filter(|value| *value > 0);
    value.ok_or_else(|| format!("{name}={}: not a number above 0", text.display()))
}
