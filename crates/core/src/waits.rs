//! The fixed waits of a run: back-off, last replies after a break. Tests make them shorter, all in proportion.

use std::time::Duration;

/// A factor on all fixed waits; 1 but in tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waits(f64);

impl Default for Waits {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Waits {
    /// Reads a factor between 0 and 1; anything else is 1.
    pub fn scaled(factor: &[u8]) -> Self {
        let factor = std::str::from_utf8(factor).ok().and_then(|text| text.parse().ok());
        Self(factor.filter(|factor| (0.0..=1.0).contains(factor)).unwrap_or(1.0))
    }

    /// How long a wait of `time` is in this run.
    pub fn of(self, time: Duration) -> Duration {
        time.mul_f64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sensible_factor_makes_waits_shorter() {
        for (factor, millis) in
            [("0.1", 100), ("1", 1000), ("0", 0), ("-1", 1000), ("x", 1000), ("9", 1000)]
        {
            let waits = Waits::scaled(factor.as_bytes());
            assert_eq!(waits.of(Duration::from_secs(1)).as_millis(), millis, "{factor}");
        }
    }
}
