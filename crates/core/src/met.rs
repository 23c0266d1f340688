//! Which names a run has met: some in memory, and beyond those in a table in a temporary file. A name is known
//! by 128 bits of two hashes whose keys nobody else knows, so that a server cannot make two names look alike.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;

use crate::spill::Spill;

/// How many are in memory: what a set of 17 bytes each has room for in 2.1 MiB.
const FEW: usize = 1 << 17;

/// Bytes of one name.
const SLOT: usize = 16;

/// Names that lie side by side in the file, and are read together.
const SHELF: usize = 16 * SLOT;

/// Names that were met.
#[derive(Debug)]
pub struct Met {
    keys: [RandomState; 2],
    few: HashSet<u128>,
    table: Option<Table>,
    /// How many go to memory; less in tests.
    most: usize,
}

impl Default for Met {
    fn default() -> Self {
        let keys = [RandomState::new(), RandomState::new()];
        Self { keys, few: HashSet::new(), table: None, most: FEW / 8 * 7 }
    }
}

impl Met {
    /// Whether `name` was met.
    ///
    /// # Errors
    /// The temporary file fails.
    pub fn contains(&self, name: &[u8]) -> io::Result<bool> {
        let mark = self.mark(name);
        match &self.table {
            _ if self.few.contains(&mark) => Ok(true),
            Some(table) => Ok(table.find(mark)?.is_none()),
            None => Ok(false),
        }
    }

    /// Meets `name`; `false` when it was met before.
    ///
    /// # Errors
    /// As for [`Self::contains`].
    pub fn insert(&mut self, name: &[u8]) -> io::Result<bool> {
        let mark = self.mark(name);
        if self.few.contains(&mark) {
            return Ok(false);
        }
        if self.table.is_none() && self.few.len() < self.most {
            return Ok(self.few.insert(mark));
        }
        match &mut self.table {
            Some(table) => table.insert(mark),
            none => none.insert(Table::of(FIRST_SHELVES)?).insert(mark),
        }
    }

    /// Never 0, which is an empty slot.
    fn mark(&self, name: &[u8]) -> u128 {
        let [high, low] = &self.keys;
        u128::from(high.hash_one(name)) << 64 | u128::from(low.hash_one(name)) | 1
    }
}

/// Shelves of a new table: 4 MiB, most of which is nowhere until it is written to.
const FIRST_SHELVES: u64 = 1 << 14;

/// Marks in a file, on the shelf that each tells, or the next with an empty slot.
#[derive(Debug)]
struct Table {
    spill: Spill,
    shelves: u64,
    count: u64,
}

impl Table {
    fn of(shelves: u64) -> io::Result<Self> {
        let mut spill = Spill::new()?;
        spill.extend(shelves * SHELF as u64)?;
        Ok(Self { spill, shelves, count: 0 })
    }

    /// Where `mark` is to be put; `None` when it is there.
    fn find(&self, mark: u128) -> io::Result<Option<u64>> {
        let mut shelf = u64::try_from(mark >> 64).unwrap_or_default() % self.shelves;
        let mut bytes = [0; SHELF];
        loop {
            let begin = shelf * SHELF as u64;
            self.spill.read_at(&mut bytes, begin)?;
            let ends = |slot: &(u64, u128)| slot.1 == mark || slot.1 == 0;
            if let Some((place, slot)) = (0..).zip(slots(&bytes)).find(ends) {
                return Ok((slot == 0).then_some(begin + place * SLOT as u64));
            }
            shelf = (shelf + 1) % self.shelves;
        }
    }

    fn insert(&mut self, mark: u128) -> io::Result<bool> {
        let slots = self.shelves * (SHELF / SLOT) as u64;
        if self.count >= slots / 4 * 3 {
            self.grow()?;
        }
        let Some(at) = self.find(mark)? else { return Ok(false) };
        self.spill.write_at(&mark.to_le_bytes(), at)?;
        self.count += 1;
        Ok(true)
    }

    fn grow(&mut self) -> io::Result<()> {
        let mut larger = Self::of(self.shelves * 4)?;
        let mut bytes = [0; SHELF];
        for shelf in 0..self.shelves {
            self.spill.read_at(&mut bytes, shelf * SHELF as u64)?;
            for mark in slots(&bytes).filter(|mark| *mark != 0) {
                larger.insert(mark)?;
            }
        }
        *self = larger;
        Ok(())
    }
}

fn slots(shelf: &[u8; SHELF]) -> impl Iterator<Item = u128> {
    let (slots, _) = shelf.as_chunks::<SLOT>();
    slots.iter().map(|slot| u128::from_le_bytes(*slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_new_once_in_memory_and_beyond() {
        let mut met = Met { most: 100, ..Met::default() };
        let name = |number: u32| number.to_string().into_bytes();
        for number in 0..2000 {
            assert!(!met.contains(&name(number)).unwrap());
            assert!(met.insert(&name(number)).unwrap(), "{number}");
        }
        assert!(met.table.is_some() && met.few.len() == 100);
        assert!((0..2000).all(|number| met.contains(&name(number)).unwrap()));
        assert!(!(0..2000).any(|number| met.insert(&name(number)).unwrap()));
        assert!(!met.contains(b"").unwrap());
    }

    #[test]
    fn few_make_no_file() {
        let mut met = Met::default();
        assert!((0..1000_u32).all(|number| met.insert(&number.to_le_bytes()).unwrap()));
        assert!(met.table.is_none());
    }

    #[test]
    fn a_table_that_is_full_grows() {
        let mut table = Table::of(2).unwrap();
        let mark =
            |number: u128| number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834) | 1;
        assert!((1..1000).all(|number| table.insert(mark(number)).unwrap()));
        assert!(!(1..1000).any(|number| table.insert(mark(number)).unwrap()));
        assert!(table.shelves > 64);
    }
}
