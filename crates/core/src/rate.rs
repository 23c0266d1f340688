//! The cap on the whole run (`--limit-rate`): when bytes may go on. All connections share it.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much may be caught up with at once after a wait for something else, as time.
const BURST: Duration = Duration::from_millis(50);

/// Strides in a second: few enough to cost little, enough to flow evenly.
const STRIDES: u64 = 20;

/// The least bytes in a stride; a page.
const LEAST: usize = 4096;

/// A number of bytes a second that is not exceeded.
#[derive(Debug)]
pub struct Rate {
    /// Bytes a second; never 0.
    most: u64,
    began: Instant,
    /// When the next byte may go, since `began`.
    next: Mutex<Duration>,
}

impl Rate {
    /// `most` is in bytes a second; 0 counts as 1.
    pub fn new(most: u64) -> Self {
        Self { most: most.max(1), began: Instant::now(), next: Mutex::default() }
    }

    /// How many bytes to move at a time, at most.
    pub fn stride(&self) -> usize {
        usize::try_from(self.most / STRIDES).unwrap_or(usize::MAX).max(LEAST)
    }

    /// Waits as long as `count` bytes, which have just passed, are too early.
    pub fn passed(&self, count: u64) {
        thread::sleep(self.book(count, self.began.elapsed()));
    }

    /// Notes `count` bytes at `now`; returns how long to wait.
    fn book(&self, count: u64, now: Duration) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = Duration::from_secs_f64(count as f64 / self.most as f64);
        *next = (*next).max(now.saturating_sub(BURST)).saturating_add(takes);
        next.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn bytes_wait_for_their_time() {
        let rate = Rate::new(1000);
        assert_eq!(rate.book(100, ms(0)), ms(100));
        // Two connections share it: the second waits for both.
        assert_eq!(rate.book(100, ms(0)), ms(200));
        assert_eq!(rate.book(100, ms(200)), ms(100));
        // A pause is not caught up with, but for a moment of it.
        assert_eq!(rate.book(100, ms(10_000)), ms(50));
        assert_eq!(rate.book(0, ms(20_000)), ms(0));
    }

    #[test]
    fn a_slow_run_moves_a_page_at_a_time() {
        assert_eq!(Rate::new(1).stride(), LEAST);
        assert_eq!(Rate::new(100_000_000).stride(), 5_000_000);
        assert_eq!(Rate::new(0).book(1, ms(0)), ms(1000));
    }
}
