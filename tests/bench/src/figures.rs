//! Numbers as people read them: the median of some runs, and between what they lay.

use std::fmt;

/// What several runs gave for one figure, sorted.
#[derive(Clone, Debug)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Of one value a run.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// How much is done in one unit when `work` takes this many: MB/s of MB and seconds.
    pub fn over(&self, work: f64) -> Self {
        Self::of(self.0.iter().map(|value| work / value))
    }

    /// The value in the middle; of an even count the upper one. 0 if there is none.
    pub fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }
}

/// `0.41 (0.40-0.45)`, with the precision that was asked for.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let (least, most) = (self.0.first().unwrap_or(&0.0), self.0.last().unwrap_or(&0.0));
        let text = format!("{:.digits$} ({least:.digits$}-{most:.digits$})", self.median());
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_both_ends() {
        for (values, text) in [
            (&[3.0, 1.0, 2.0][..], "2.0 (1.0-3.0)"),
            (&[1.0], "1.0 (1.0-1.0)"),
            (&[2.0, 1.0], "2.0 (1.0-2.0)"),
            (&[], "0.0 (0.0-0.0)"),
        ] {
            assert_eq!(format!("{:.1}", Spread::of(values.iter().copied())), text);
        }
        let rate = Spread::of([1.0, 2.0, 4.0].into_iter()).over(8.0);
        assert_eq!(format!("{rate:.0}"), "4 (2-8)");
    }
}
