//! Entries that were kept, read in order: from memory alone, or from sorted runs in a temporary file and
//! memory together. How they came there is `kept.rs`'s to say.

use std::cmp::Ordering;
use std::io;

use crate::listing::{By, Entry, Rank, Roll, record};
use crate::spill::Spill;

/// How much of a run is read at a time.
const BLOCK: usize = 32 * 1024;

/// A sorted run in the file, and the record of it that is next.
#[derive(Debug)]
pub struct Run {
    /// What was not read yet.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    /// The record, in the buffer.
    begin: usize,
    length: usize,
}

impl Run {
    /// The run between two places of the file.
    pub fn new(at: u64, end: u64) -> Self {
        Self { at, end, buffer: Vec::new(), begin: 0, length: 0 }
    }

    fn record(&self) -> &[u8] {
        self.buffer.get(self.begin..self.begin + self.length).unwrap_or_default()
    }

    /// Goes on to the next record; `false` at the end.
    fn advance(&mut self, spill: &Spill) -> io::Result<bool> {
        self.begin += self.length;
        self.length = 0;
        loop {
            let rest = self.buffer.get(self.begin..).unwrap_or_default();
            let length = record::length(rest);
            if let Some(length) = length.filter(|length| *length <= rest.len()) {
                self.length = length;
                return Ok(true);
            }
            if self.at == self.end {
                return Ok(false);
            }
            self.fill(spill, length.unwrap_or(0))?;
        }
    }

    /// Reads on, so that a record of `length` bytes is in.
    fn fill(&mut self, spill: &Spill, length: usize) -> io::Result<()> {
        self.buffer.drain(..self.begin);
        self.begin = 0;
        let held = self.buffer.len();
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let more = left.min(BLOCK.max(length).saturating_sub(held).max(1));
        self.buffer.reserve_exact(more);
        self.buffer.resize(held + more, 0);
        spill.read_at(self.buffer.get_mut(held..).unwrap_or_default(), self.at)?;
        self.at += more as u64;
        Ok(())
    }
}

/// Where the entry comes from that is next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    /// The run of this number.
    Run(usize),
    /// What is in memory.
    Memory,
}

/// Entries in order, each read once.
#[derive(Debug)]
pub struct InOrder {
    by: By,
    reverse: bool,
    roll: Roll,
    places: Vec<u32>,
    /// Of the places, the one that is next.
    next: usize,
    runs: Option<(Spill, Vec<Run>)>,
    /// All that have more to give, the one that is next at the end.
    sources: Vec<Source>,
    /// Whose entry was given, and is over when another is asked for.
    given: Option<Source>,
    offset: Option<i64>,
}

impl InOrder {
    /// From memory, where `places` has the order, and from runs of a file that are in the same order. `offset`
    /// takes times in the file from the server's own clock to UTC.
    ///
    /// # Errors
    /// The temporary file fails.
    pub fn new(
        (by, reverse): (By, bool),
        (roll, places): (Roll, Vec<u32>),
        runs: Option<(Spill, Vec<Run>)>,
        offset: Option<i64>,
    ) -> io::Result<Self> {
        let (sources, given) = (Vec::new(), None);
        let mut all = Self { by, reverse, roll, places, next: 0, runs, sources, given, offset };
        let count = all.runs.as_ref().map_or(0, |(_, runs)| runs.len());
        for number in 0..count {
            all.take_in(Source::Run(number))?;
        }
        if count > 0 && !all.places.is_empty() {
            all.rank_in(Source::Memory);
        }
        Ok(all)
    }

    /// The next entry.
    ///
    /// # Errors
    /// The temporary file fails.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry<'_>>> {
        if self.runs.is_none() {
            return Ok(self.remembered());
        }
        if let Some(given) = self.given.take() {
            self.sources.pop();
            self.take_in(given)?;
        }
        self.given = self.sources.last().copied();
        Ok(self.given.and_then(|source| self.current(source)))
    }

    /// How many bytes of memory hold entries.
    pub fn held(&self) -> usize {
        self.roll.held() + self.places.len() * size_of::<u32>()
    }

    fn remembered(&mut self) -> Option<Entry<'_>> {
        self.warm();
        let place = *self.places.get(self.next)?;
        self.next += 1;
        self.roll.get(place)
    }

    fn warm(&self) {
        if self.next.is_multiple_of(Roll::HANDFUL) {
            let end = self.places.len().min(self.next + Roll::HANDFUL);
            self.roll.warm(self.places.get(self.next..end).unwrap_or_default());
        }
    }

    /// Goes on to the next entry of `source`, and puts that where it comes among the others.
    fn take_in(&mut self, source: Source) -> io::Result<()> {
        let has_more = match source {
            Source::Run(number) => match &mut self.runs {
                Some((spill, runs)) => {
                    let run = runs.get_mut(number);
                    run.map_or(Ok(false), |run| run.advance(spill))?
                }
                None => false,
            },
            Source::Memory => {
                self.next += 1;
                self.warm();
                self.next < self.places.len()
            }
        };
        if has_more {
            self.rank_in(source);
        }
        Ok(())
    }

    fn rank_in(&mut self, source: Source) {
        let rank = self.rank(source);
        let later = |other: &Source| self.compare((*other, &self.rank(*other)), (source, &rank));
        // A directory that came sorted: the same run goes on.
        let is_next = self.sources.last().is_none_or(|other| later(other).is_gt());
        let place = match is_next {
            true => self.sources.len(),
            false => self.sources.partition_point(|other| later(other).is_gt()),
        };
        self.sources.insert(place, source);
    }

    /// Which comes first; of equal ones the one that came first, or with the order turned round last.
    fn compare(&self, a: (Source, &Rank<'_>), b: (Source, &Rank<'_>)) -> Ordering {
        let number = |source| match source {
            Source::Run(number) => number,
            Source::Memory => usize::MAX,
        };
        let order = self.by.compare(a.1, b.1).then_with(|| number(a.0).cmp(&number(b.0)));
        if self.reverse { order.reverse() } else { order }
    }

    fn record(&self, number: usize) -> &[u8] {
        let run = self.runs.as_ref().and_then(|(_, runs)| runs.get(number));
        run.map(Run::record).unwrap_or_default()
    }

    fn rank(&self, source: Source) -> Rank<'_> {
        match source {
            Source::Run(number) => record::rank(self.record(number)),
            Source::Memory => {
                self.places.get(self.next).map_or_else(Rank::default, |at| self.roll.rank(*at))
            }
        }
    }

    fn current(&self, source: Source) -> Option<Entry<'_>> {
        let mut entry = match source {
            Source::Run(number) => record::read(self.record(number))?,
            Source::Memory => return self.roll.get(*self.places.get(self.next)?),
        };
        if let Some(offset) = self.offset {
            entry.modified = entry.modified.map(|stamp| stamp.to_utc(offset));
        }
        Some(entry)
    }
}
