//! Counts what passed and failed and prints it; the last line is the one CI adds up.

use std::io::{self, Write};

/// The counts of one run.
#[derive(Debug, Default)]
pub struct Verdict {
    passed: usize,
    failed: usize,
}

impl Verdict {
    /// Counts one result; a failure is printed with the name of what failed.
    ///
    /// # Errors
    /// When stdout is closed.
    pub fn count(&mut self, name: &str, result: Result<(), String>) -> io::Result<()> {
        match result {
            Ok(()) => self.passed += 1,
            Err(why) => {
                self.failed += 1;
                writeln!(io::stdout(), "FAILED {name}: {why}")?;
            }
        }
        Ok(())
    }

    /// Prints the closing line; true when something ran and nothing failed.
    ///
    /// # Errors
    /// When stdout is closed.
    pub fn close(&self) -> io::Result<bool> {
        writeln!(io::stdout(), "{} passed, {} failed", self.passed, self.failed)?;
        Ok(self.passed > 0 && self.failed == 0)
    }

    /// All of them together.
    pub fn sum(all: &[Self]) -> Self {
        let count = |of: fn(&Self) -> usize| all.iter().map(of).sum();
        Self { passed: count(|one| one.passed), failed: count(|one| one.failed) }
    }

    /// What was counted so far: passed and failed.
    pub fn counts(&self) -> (usize, usize) {
        (self.passed, self.failed)
    }
}
