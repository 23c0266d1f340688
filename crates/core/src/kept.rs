//! The entries of one directory, kept for sorting however many they are: in memory, and when that is full in
//! sorted runs of a temporary file, as sort(1) does. `merge.rs` reads them back. A directory that fits into
//! memory makes no file.

use crate::error::Cause;
use crate::listing::{By, Entry, Kind, Roll, TooMany, record};
use crate::merge::{InOrder, Run};
use crate::spill::Spill;

/// Most entries that are kept, of a directory and of all that a walk is inside of: more than any file system in
/// use holds in one directory.
pub const MAX_ENTRIES: usize = 4_000_000;

/// Most bytes of names and other texts that are kept: 128 for each of those.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

/// How many bytes of entries are in memory before they go to the file. Sorting takes half as much besides.
pub const ROOM: usize = 14 * 1024 * 1024;

/// How much is handed to the file at a time.
const BLOCK: usize = 128 * 1024;

/// How much may be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// So many entries.
    pub entries: usize,
    /// So many bytes of text; the entry that goes beyond it is taken still.
    pub bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { entries: MAX_ENTRIES, bytes: MAX_BYTES }
    }
}

impl Allowance {
    /// None of it.
    pub const NOTHING: Self = Self { entries: 0, bytes: 0 };

    /// That, and `more`.
    pub fn with(self, more: Self) -> Self {
        Self { entries: self.entries + more.entries, bytes: self.bytes + more.bytes }
    }

    /// What is left of it when `used` is kept.
    pub fn without(self, used: Self) -> Self {
        let entries = self.entries.saturating_sub(used.entries);
        Self { entries, bytes: self.bytes.saturating_sub(used.bytes) }
    }
}

/// Why an entry cannot be kept.
#[derive(Debug)]
pub enum Unkept {
    /// There are too many, or one is too long.
    TooMany,
    /// The temporary file fails.
    Spill(std::io::Error),
}

impl From<TooMany> for Unkept {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

impl From<std::io::Error> for Unkept {
    fn from(error: std::io::Error) -> Self {
        Self::Spill(error)
    }
}

impl From<Unkept> for Cause {
    fn from(unkept: Unkept) -> Self {
        match unkept {
            Unkept::TooMany => {
                let text = MAX_BYTES / (1024 * 1024);
                Self::Operand(format!("more than {MAX_ENTRIES} entries, or {text} MiB of names"))
            }
            Unkept::Spill(error) => Self::Local(error),
        }
    }
}

/// Entries in the order in which they came, and what order they will be read in.
#[derive(Debug)]
pub struct Kept {
    by: By,
    reverse: bool,
    allowance: Allowance,
    used: Allowance,
    /// How many bytes in memory are enough.
    full: usize,
    has_folders: bool,
    roll: Roll,
    /// What went to the file: the file, and the sorted runs in it.
    runs: Option<(Spill, Vec<Run>)>,
    offset: Option<i64>,
}

impl Kept {
    /// None yet, as many as are kept at all; `reverse` turns the order round.
    pub fn new(by: By, reverse: bool) -> Self {
        Self::within(Allowance::default(), by, reverse)
    }

    /// None yet, and no more of them than `allowance`.
    pub fn within(allowance: Allowance, by: By, reverse: bool) -> Self {
        let (used, roll) = (Allowance::NOTHING, Roll::default());
        Self {
            by,
            reverse,
            allowance,
            used,
            full: ROOM,
            has_folders: false,
            roll,
            runs: None,
            offset: None,
        }
    }

    /// The same, with no more than `full` bytes in memory: for what waits while other entries are read.
    pub fn beside(self, full: usize) -> Self {
        Self { full, ..self }
    }

    /// Keeps `entry` under the name `name`.
    ///
    /// # Errors
    /// There are too many, or the temporary file fails.
    pub fn push(&mut self, name: &[u8], entry: &Entry<'_>) -> Result<(), Unkept> {
        let Allowance { entries, bytes } = self.allowance;
        if self.used.entries >= entries || self.used.bytes >= bytes {
            return Err(Unkept::TooMany);
        }
        if self.roll.held() >= self.full {
            self.spill()?;
        }
        let held = self.roll.text();
        self.roll.push(name, entry)?;
        self.used.entries += 1;
        self.used.bytes += self.roll.text().saturating_sub(held);
        self.has_folders |= entry.kind == Kind::Dir;
        Ok(())
    }

    /// Keeps `entry` without what only columns show: owner, group, target and unique.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn push_name(&mut self, name: &[u8], entry: &Entry<'_>) -> Result<(), Unkept> {
        let bare = Entry {
            size: entry.size,
            modified: entry.modified,
            mode: entry.mode,
            ..Entry::new(name, entry.kind)
        };
        self.push(name, &bare)
    }

    /// How much is kept.
    pub fn used(&self) -> Allowance {
        self.used
    }

    /// Whether a directory is among them.
    pub fn has_folders(&self) -> bool {
        self.has_folders
    }

    /// The first that came, unless it is in the file by now.
    pub fn first(&self) -> Option<Entry<'_>> {
        self.roll.get(0).filter(|_| self.runs.is_none())
    }

    /// Moves all times that are on the server's own clock by `offset` seconds, to UTC.
    pub fn set_clock(&mut self, offset: i64) {
        self.roll.set_clock(offset);
        self.offset = Some(offset);
    }

    /// The entries, to be read in order. No more than `room` bytes of them stay in memory.
    ///
    /// # Errors
    /// The temporary file fails.
    pub fn in_order(mut self, room: usize) -> Result<InOrder, Unkept> {
        // What was full once has that memory still.
        let is_large = self.runs.is_some() && room < ROOM;
        if self.roll.held() > room || is_large {
            self.spill()?;
            self.roll = Roll::default();
        }
        let places = self.roll.order(self.by, self.reverse);
        let order = (self.by, self.reverse);
        Ok(InOrder::new(order, (self.roll, places), self.runs, self.offset)?)
    }

    /// Moves what is in memory to the file, as one more run.
    fn spill(&mut self) -> Result<(), Unkept> {
        if self.runs.is_none() {
            self.runs = Some((Spill::new()?, Vec::new()));
        }
        let Some((spill, runs)) = &mut self.runs else { return Ok(()) };
        let (begin, mut block) = (spill.len(), Vec::with_capacity(BLOCK));
        let places = self.roll.order(self.by, self.reverse);
        for handful in places.chunks(Roll::HANDFUL) {
            self.roll.warm(handful);
            for entry in handful.iter().filter_map(|place| self.roll.get(*place)) {
                record::append(&entry, &mut block)?;
            }
            if block.len() >= BLOCK {
                spill.append(&block)?;
                block.clear();
            }
        }
        spill.append(&block)?;
        runs.push(Run::new(begin, spill.len()));
        self.roll.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
