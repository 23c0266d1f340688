//! The least rate of a data connection (`--min-rate`): when a peer is so slow that the connection counts as
//! broken. Only the time spent waiting for the peer is counted, not that of a disk, a reader or a cap of ours.

use std::io;
use std::time::{Duration, Instant};

/// Over which time the average is taken.
pub const SPAN: Duration = Duration::from_secs(30);

/// How fast one data connection is.
#[derive(Debug)]
pub struct Pace {
    /// Bytes a second.
    least: u64,
    span: Duration,
    /// Since the last judgement: how long was waited, and for how many bytes.
    waited: Duration,
    moved: u64,
}

impl Pace {
    /// At least so many bytes a second, on average over `span`.
    pub fn new(least: u64, span: Duration) -> Self {
        Self { least, span, waited: Duration::ZERO, moved: 0 }
    }

    /// Has `call` wait for the peer, and counts it.
    ///
    /// # Errors
    /// Those of `call`, or that the peer is too slow.
    pub fn time(&mut self, call: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
        let begun = Instant::now();
        let count = call()?;
        if count > 0 {
            self.note(count as u64, begun.elapsed())?;
        }
        Ok(count)
    }

    fn note(&mut self, count: u64, waited: Duration) -> io::Result<()> {
        self.waited += waited;
        self.moved = self.moved.saturating_add(count);
        if self.waited < self.span {
            return Ok(());
        }
        let rate = self.moved as f64 / self.waited.as_secs_f64();
        if rate < self.least as f64 {
            let (least, span) = (self.least, self.span.as_secs());
            let text = format!(
                "{rate:.0} bytes a second over {span} s, which --min-rate {least} gives up"
            );
            return Err(io::Error::other(text));
        }
        *self = Self::new(self.least, self.span);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_over_the_span_decides() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(10, SPAN);
        // A burst makes up for a pause.
        pace.note(300, Duration::ZERO).unwrap();
        pace.note(1, 30 * second).unwrap();
        // What was judged counts no more.
        for _ in 0..29 {
            pace.note(9, second).unwrap();
        }
        let error = pace.note(9, second).unwrap_err();
        assert_eq!(error.to_string(), "9 bytes a second over 30 s, which --min-rate 10 gives up");
    }

    #[test]
    fn time_that_is_not_the_peers_does_not_count() {
        let mut pace = Pace::new(u64::MAX, SPAN);
        for _ in 0..1000 {
            assert_eq!(pace.time(|| Ok(1)).unwrap(), 1);
        }
        assert!(pace.waited < Duration::from_secs(1));
    }
}
