//! How the bytes of one copy flow: as lines or as they are, how many, how fast, and who sees them.

use std::fmt;

use crate::crlf::Lines;
use crate::meter::Gauge;
use crate::rate::Rate;
use crate::seam::Recording;

/// Sees the bytes that were read: the offset since the beginning of the copy, and the bytes.
pub type Tap<'a> = dyn FnMut(u64, &[u8]) + 'a;

/// How the bytes of one copy flow.
pub struct Flow<'a> {
    /// What becomes of line ends.
    pub lines: Lines,
    /// The copy ends once more bytes than that were read: one more.
    pub most: u64,
    /// The cap that it shares with all copies of the run.
    pub rate: Option<&'a Rate>,
    /// What counts the bytes.
    pub gauge: Option<&'a Gauge>,
    /// What is done each time some have passed.
    pub beat: Option<&'a dyn Fn()>,
    /// Who sees the bytes. They pass through memory then.
    pub tap: Option<&'a mut Tap<'a>>,
    /// What takes samples of the bytes. They need not pass through memory for that.
    pub seam: Option<Recording<'a>>,
}

impl fmt::Debug for Flow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").field("lines", &self.lines).field("most", &self.most).finish()
    }
}

impl From<Lines> for Flow<'_> {
    /// Everything, as fast as it goes.
    fn from(lines: Lines) -> Self {
        Self { lines, most: u64::MAX, rate: None, gauge: None, beat: None, tap: None, seam: None }
    }
}

impl Flow<'_> {
    /// How many bytes to move at a time, at most `stride`.
    pub fn stride(&self, stride: usize) -> usize {
        self.rate.map_or(stride, |rate| rate.stride().min(stride))
    }

    /// The same after `moved` bytes: none are read beyond the one that ends the copy.
    pub fn step(&self, stride: usize, moved: u64) -> usize {
        let left = self.most.saturating_sub(moved).saturating_add(1);
        let sampled = self.seam.map_or(stride, |seam| seam.stride(moved));
        self.stride(stride).min(sampled).min(usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// Waits until the next bytes may go, after `count` have passed.
    pub fn passed(&self, count: u64) {
        if let Some(gauge) = self.gauge {
            gauge.passed(count);
        }
        if let Some(rate) = self.rate {
            rate.passed(count);
        }
        if let Some(beat) = self.beat {
            beat();
        }
    }

    /// How many bytes behind the first `moved` are wanted as a sample.
    pub fn wants_sample(&self, moved: u64) -> usize {
        self.seam.map_or(0, |seam| seam.wants(moved))
    }

    /// Takes bytes that passed behind the first `moved` as a sample, where they are wanted.
    pub fn sample(&self, moved: u64, bytes: &[u8]) {
        if let Some(seam) = self.seam {
            seam.see(moved, bytes);
        }
    }

    /// Whether the kernel may move the bytes where it can.
    pub fn is_unseen(&self) -> bool {
        self.lines == Lines::Keep && self.tap.is_none()
    }
}
