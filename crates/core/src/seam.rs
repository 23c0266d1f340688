//! Samples of a stream on its way. Where it breaks, a sample lies close before the last byte that passed: the
//! connection that goes on has to bring the same bytes there, or it brings another file.

use std::cell::RefCell;

/// Bytes of a full sample.
pub const SAMPLE: usize = 64 * 1024;

/// Bytes from the beginning of one sample to that of the next, at most. A resumed transfer reads about so many again.
const INTERVAL: u64 = 1024 * 1024;

/// Where a connection has brought less, samples are as many times closer together as this: one that ends after the same
/// number of bytes again has to come past the seam.
const SHARE: u64 = 8;

/// Bytes of a file, and where they are in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sample {
    /// Offset of the first of them.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Sample {
    /// Offset behind the last of them.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.bytes.len() as u64)
    }

    /// As much of it as lies before `limit`.
    pub fn before(&self, limit: u64) -> Self {
        let length = usize::try_from(limit.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(..length).unwrap_or(&self.bytes).to_vec();
        Self { offset: self.offset.min(limit), bytes }
    }
}

/// The samples of one stream.
#[derive(Debug, Default)]
pub struct Recorder(RefCell<Samples>);

#[derive(Debug, Default)]
struct Samples {
    first: Sample,
    full: Sample,
    growing: Sample,
}

impl Recorder {
    /// How many bytes from `offset` on are wanted of a copy that began at `begin`; 0 where the last sample is near
    /// enough.
    fn wants(&self, begin: u64, offset: u64) -> usize {
        let growing = &self.0.borrow().growing;
        let length = growing.bytes.len();
        if length < SAMPLE && growing.end() == offset {
            return SAMPLE - length;
        }
        let apart = apart(offset.saturating_sub(begin));
        let since = offset.checked_sub(growing.offset);
        let is_due = length == 0 || since.is_none_or(|since| since >= apart);
        if is_due { SAMPLE } else { 0 }
    }

    /// Takes bytes that passed at `offset`.
    fn see(&self, begin: u64, offset: u64, bytes: &[u8]) {
        let wanted = self.wants(begin, offset).min(bytes.len());
        if wanted == 0 {
            return;
        }
        let Samples { first, full, growing } = &mut *self.0.borrow_mut();
        if growing.end() != offset || growing.bytes.len() >= SAMPLE {
            let old = std::mem::replace(growing, Sample { offset, bytes: Vec::new() });
            if first.bytes.is_empty() {
                *first = old.clone();
            }
            if old.bytes.len() >= full.bytes.len() {
                *full = old;
            }
        }
        growing.bytes.extend_from_slice(bytes.get(..wanted).unwrap_or_default());
    }

    /// All samples: the first, and those close to the last byte.
    pub fn all(&self) -> Vec<Sample> {
        let Samples { first, full, growing } = &*self.0.borrow();
        [first, full, growing].map(Sample::clone).into()
    }

    /// The sample that proves best what lies before `limit`: a full one, or else the longest.
    pub fn before(&self, limit: u64) -> Sample {
        let Samples { full, growing, .. } = &*self.0.borrow();
        let (full, growing) = (full.before(limit), growing.before(limit));
        if growing.bytes.len() >= full.bytes.len() { growing } else { full }
    }
}

/// Bytes between two samples after so many of one copy.
fn apart(moved: u64) -> u64 {
    (moved / SHARE).clamp(SAMPLE as u64, INTERVAL)
}

/// A copy that is recorded: where its bytes are in the file.
#[derive(Clone, Copy, Debug)]
pub struct Recording<'a> {
    /// What takes the samples.
    pub recorder: &'a Recorder,
    /// Offset in the file of the first byte of the copy.
    pub begin: u64,
}

impl Recording<'_> {
    /// How many bytes are wanted behind the first `moved` of the copy.
    pub fn wants(&self, moved: u64) -> usize {
        self.recorder.wants(self.begin, self.begin.saturating_add(moved))
    }

    /// How many bytes may pass at once behind the first `moved`, so that none of the next samples is missed.
    pub fn stride(&self, moved: u64) -> usize {
        usize::try_from(apart(moved)).unwrap_or(SAMPLE)
    }

    /// Takes bytes that passed behind the first `moved` of the copy.
    pub fn see(&self, moved: u64, bytes: &[u8]) {
        self.recorder.see(self.begin, self.begin.saturating_add(moved), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * 31 % 251) as u8).collect()
    }

    /// Records a stream that comes in pieces of `piece` bytes; returns the sample before its end.
    fn recorded(length: usize, piece: usize) -> (Sample, usize) {
        let (all, recorder, mut taken) = (pattern(length), Recorder::default(), 0);
        let recording = Recording { recorder: &recorder, begin: 0 };
        for (place, bytes) in all.chunks(piece).enumerate() {
            let moved = (place * piece) as u64;
            taken += recording.wants(moved).min(bytes.len());
            recording.see(moved, bytes);
        }
        let sample = recorder.before(length as u64);
        let at = sample.offset as usize;
        assert_eq!(sample.bytes, all[at..at + sample.bytes.len()]);
        (sample, taken)
    }

    #[test]
    fn a_sample_lies_close_before_the_end_however_the_bytes_come() {
        for piece in [1000, 1448, 65_536, 100_000, 1 << 20] {
            for length in [1, 5000, 70_000, 1_000_000, 1_100_000, 5_000_003] {
                let (sample, taken) = recorded(length, piece);
                assert!(sample.bytes.len() >= length.min(1000).min(SAMPLE), "{piece} {length}");
                let far = length as u64 - sample.end();
                let near = (length as u64 / SHARE).clamp(2 * SAMPLE as u64, INTERVAL);
                assert!(far <= near + piece as u64, "{piece} {length}: {far} bytes before the end");
                assert!(taken <= length / 2 + 16 * SAMPLE, "{piece} {length}: {taken} were copied");
            }
        }
        assert_eq!(recorded(5_000_003, 1448).0.bytes.len(), SAMPLE);
    }

    #[test]
    fn nothing_behind_the_limit_counts() {
        let recorder = Recorder::default();
        Recording { recorder: &recorder, begin: 100 }.see(0, b"abcdef");
        assert_eq!(recorder.before(103), Sample { offset: 100, bytes: b"abc".to_vec() });
        assert_eq!(recorder.before(50).bytes, b"");
        assert_eq!(recorder.before(200).end(), 106);
    }
}
