//! Numbers as people read them: the median of some runs, and between what they lay.

use std::fmt;

use crate::measure::Taken;

/// What several runs gave for one figure: the middle, the least and the most.
#[derive(Clone, Debug)]
pub struct Spread {
    values: Vec<f64>,
    middle: f64,
}

impl Spread {
    /// Of one value a run.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_by(f64::total_cmp);
        let middle = values.get(values.len() / 2).copied().unwrap_or_default();
        Self { values, middle }
    }

    /// How much is done in one unit when `work` takes this many: MB/s of MB and seconds.
    pub fn over(&self, work: f64) -> Self {
        Self::of(self.values.iter().map(|value| work / value))
    }

    /// The value in the middle; of an even count the upper one. 0 if there is none.
    pub fn median(&self) -> f64 {
        self.middle
    }

    /// The largest value; 0 if there is none.
    pub fn most(&self) -> f64 {
        self.values.last().copied().unwrap_or_default()
    }

    fn least(&self) -> f64 {
        self.values.first().copied().unwrap_or_default()
    }
}

/// The medians of ours and a peer's runs over one another; between what the ratios of runs lie that
/// were made one after the other.
pub fn ratio(ours: &[Taken], peer: &[Taken], figure: fn(&Taken) -> f64) -> Spread {
    let median = |runs: &[Taken]| Spread::of(runs.iter().map(figure)).median();
    let pairs = ours.iter().zip(peer).map(|(ours, peer)| figure(ours) / figure(peer));
    Spread { middle: median(ours) / median(peer), ..Spread::of(pairs) }
}

/// `0.41 (0.40–0.45)`, with the precision that was asked for.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let (middle, least, most) = (self.middle, self.least(), self.most());
        write!(f, "{middle:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::read;

    #[test]
    fn the_middle_and_both_ends() {
        for (values, text) in [
            (&[3.0, 1.0, 2.0][..], "2.0 (1.0–3.0)"),
            (&[1.0], "1.0 (1.0–1.0)"),
            (&[2.0, 1.0], "2.0 (1.0–2.0)"),
            (&[], "0.0 (0.0–0.0)"),
        ] {
            assert_eq!(format!("{:.1}", Spread::of(values.iter().copied())), text);
        }
        let rate = Spread::of([1.0, 2.0, 4.0].into_iter()).over(8.0);
        assert_eq!(format!("{rate:.0}"), "4 (2–8)");
    }

    #[test]
    fn a_ratio_is_of_medians_and_its_ends_of_pairs() {
        let runs = |walls: [u64; 3]| walls.map(|wall| read(&format!("{wall} 1 1")).unwrap());
        let wall = |run: &Taken| run.wall.as_secs_f64();
        let found = ratio(&runs([10, 20, 60]), &runs([20, 40, 30]), wall);
        assert_eq!(format!("{found:.2}"), "0.67 (0.50–2.00)");
    }
}
