//! The entries of one listing, kept for sorting: a few dozen bytes each beside their names, so that
//! a directory of a million files fits where a million separate entries would not.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::entry::{Entry, Kind, Role, Stamp};

/// Entries in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Roll {
    /// The texts of all entries, one behind the other.
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

/// One entry in 40 bytes; its texts are in `Roll::bytes` from `start` on, in the order of `lengths`.
#[derive(Clone, Copy, Debug)]
struct Row {
    size: u64,
    /// Whether the size is known.
    sized: bool,
    /// Of the time; `i64::MIN`, long before all calendars, is unknown.
    seconds: i64,
    start: u32,
    /// Name, owner, group, target and unique. 0 is unknown.
    lengths: [u16; 5],
    /// `u16::MAX` is unknown.
    mode: u16,
    kind: Kind,
    role: Role,
    utc: bool,
}

const NO_MODE: u16 = u16::MAX;
const NO_TIME: i64 = i64::MIN;

impl Row {
    fn modified(&self) -> Option<Stamp> {
        let stamp = Stamp { seconds: self.seconds, utc: self.utc };
        (self.seconds != NO_TIME).then_some(stamp)
    }

    fn size(&self) -> Option<u64> {
        self.sized.then_some(self.size)
    }
}

/// What entries are sorted by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum By {
    /// The bytes of the name.
    #[default]
    Name,
    /// Time, newest first; of one time by name. Unknown times come last.
    Time,
    /// Size, largest first; of one size by name. Unknown sizes come last.
    Size,
    /// Nothing: as they came.
    Arrival,
}

/// Most entries of one listing that are kept: more than any file system in use holds in one
/// directory, and less than memory does.
pub const MAX_ENTRIES: usize = 4_000_000;

/// A listing of more than [`MAX_ENTRIES`] entries, or with more than 4 GiB of text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooMany;

impl Roll {
    /// Keeps `entry` under the name `name`.
    ///
    /// # Errors
    /// There are too many.
    pub fn push(&mut self, name: &[u8], entry: &Entry<'_>) -> Result<(), TooMany> {
        if self.rows.len() >= MAX_ENTRIES {
            return Err(TooMany);
        }
        let start = u32::try_from(self.bytes.len()).map_err(|_| TooMany)?;
        let others = [&entry.owner, &entry.group, &entry.target, &entry.unique];
        let mut lengths = [0; 5];
        let texts = std::iter::once(name).chain(others.map(|text| text.as_deref().unwrap_or(b"")));
        for (length, text) in lengths.iter_mut().zip(texts) {
            *length = u16::try_from(text.len()).map_err(|_| TooMany)?;
            self.bytes.extend_from_slice(text);
        }
        self.rows.push(Row {
            size: entry.size.unwrap_or(0),
            sized: entry.size.is_some(),
            seconds: entry.modified.map_or(NO_TIME, |stamp| stamp.seconds),
            start,
            lengths,
            mode: entry.mode.and_then(|mode| u16::try_from(mode).ok()).unwrap_or(NO_MODE),
            kind: entry.kind,
            role: entry.role,
            utc: entry.modified.is_some_and(|stamp| stamp.utc),
        });
        Ok(())
    }

    /// Keeps `entry` without what only columns show: owner, group, target and unique.
    ///
    /// # Errors
    /// There are too many.
    pub fn push_name(&mut self, name: &[u8], entry: &Entry<'_>) -> Result<(), TooMany> {
        let bare = Entry {
            size: entry.size,
            modified: entry.modified,
            mode: entry.mode,
            ..Entry::new(name, entry.kind)
        };
        self.push(name, &bare)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Drops all entries.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The entry at `place`, counted from 0 in the order of arrival.
    pub fn get(&self, place: usize) -> Option<Entry<'_>> {
        self.rows.get(place).map(|row| self.entry(row))
    }

    /// All entries in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.rows.iter().map(|row| self.entry(row))
    }

    fn entry(&self, row: &Row) -> Entry<'_> {
        let mut start = row.start as usize;
        let [name, owner, group, target, unique] = row.lengths.map(|length| {
            let end = start + usize::from(length);
            let text = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            text
        });
        Entry {
            name: Cow::Borrowed(name),
            kind: row.kind,
            role: row.role,
            size: row.size(),
            modified: row.modified(),
            mode: (row.mode != NO_MODE).then_some(u32::from(row.mode)),
            owner: Some(Cow::Borrowed(owner)).filter(|text| !text.is_empty()),
            group: Some(Cow::Borrowed(group)).filter(|text| !text.is_empty()),
            target: Some(Cow::Borrowed(target)).filter(|text| !text.is_empty()),
            unique: Some(Cow::Borrowed(unique)).filter(|text| !text.is_empty()),
        }
    }

    /// The places of all entries in the order asked for; `reverse` turns it round.
    pub fn order(&self, by: By, reverse: bool) -> impl Iterator<Item = usize> + use<> {
        let mut places = match by {
            By::Arrival => (0..self.rows.len()).map(|place| place as u32).collect(),
            _ => self.by_name(),
        };
        match by {
            By::Time => {
                self.sort_known(&mut places, |row| row.modified().map(|stamp| stamp.seconds))
            }
            By::Size => self.sort_known(&mut places, |row| row.size()),
            By::Name | By::Arrival => {}
        }
        if reverse {
            places.reverse();
        }
        places.into_iter().map(|place| place as usize)
    }

    /// Sorts so that the largest key comes first; equal ones stay as they are.
    fn sort_known<K: Ord>(&self, places: &mut [u32], key: impl Fn(&Row) -> Option<K>) {
        let key = |place: &u32| self.rows.get(*place as usize).and_then(&key);
        places.sort_by_key(|place| Reverse(key(place)));
    }

    /// The places by name. Most pairs are told apart by the eight bytes behind what all names begin
    /// with, which stand beside the place: that saves a look into memory far away for each of the
    /// twenty comparisons a name takes part in. Names that come sorted, as vsftpd sends them, cost
    /// one comparison each.
    fn by_name(&self) -> Vec<u32> {
        let shared = self.shared_start();
        let mut keys: Vec<(u64, u32)> = (0..)
            .zip(&self.rows)
            .map(|(place, row)| (key_at(self.name(row), shared), place))
            .collect();
        let name = |place: u32| self.rows.get(place as usize).map(|row| self.name(row));
        keys.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| name(a.1).cmp(&name(b.1))));
        keys.into_iter().map(|(_, place)| place).collect()
    }

    fn name(&self, row: &Row) -> &[u8] {
        let [length, ..] = row.lengths;
        let start = row.start as usize;
        self.bytes.get(start..start + usize::from(length)).unwrap_or_default()
    }

    /// How many bytes all names have in common at their beginning.
    fn shared_start(&self) -> usize {
        let mut names = self.rows.iter().map(|row| self.name(row));
        let Some(first) = names.next() else { return 0 };
        names.fold(first.len(), |shared, name| {
            let start = first.get(..shared).unwrap_or(first);
            if name.starts_with(start) {
                return shared;
            }
            start.iter().zip(name).take_while(|(a, b)| a == b).count()
        })
    }

    /// Moves all times that are on the server's own clock by `offset` seconds, to UTC.
    pub fn set_clock(&mut self, offset: i64) {
        for row in &mut self.rows {
            if let Some(stamp) = row.modified() {
                Stamp { seconds: row.seconds, utc: row.utc } = stamp.to_utc(offset);
            }
        }
    }
}

/// Eight bytes of `name` from `start` on as a number that sorts as they do; zeros stand for what is
/// missing, so equal keys say nothing.
fn key_at(name: &[u8], start: usize) -> u64 {
    let mut key = [0; 8];
    let rest = name.get(start..).unwrap_or_default();
    key.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roll(names: &[&str]) -> Roll {
        let mut roll = Roll::default();
        for name in names {
            roll.push(name.as_bytes(), &Entry::new(b"x", Kind::File)).unwrap();
        }
        roll
    }

    fn names(roll: &Roll, by: By, reverse: bool) -> Vec<String> {
        let name = |place| String::from_utf8(roll.get(place).unwrap().name.into_owned()).unwrap();
        roll.order(by, reverse).map(name).collect()
    }

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let mut entry = Entry::new(b"name", Kind::Link);
        entry.mode = Some(0o777);
        entry.size = Some(7);
        entry.modified = Some(Stamp { seconds: -1, utc: false });
        entry.owner = Some(b"me".as_slice().into());
        entry.target = Some(b"there".as_slice().into());
        entry.unique = Some(b"7g1".as_slice().into());
        let bare = Entry::new(b"..", Kind::Dir);
        let mut roll = Roll::default();
        roll.push(b"name", &entry).unwrap();
        roll.push(b"..", &bare).unwrap();
        assert_eq!(roll.iter().collect::<Vec<_>>(), [entry, bare]);
        assert_eq!((roll.len(), roll.get(2)), (2, None));
        roll.clear();
        assert!(roll.is_empty());
    }

    #[test]
    fn names_sort_by_all_their_bytes() {
        let sorted = [
            "",
            "file",
            "file-",
            "file-00000001",
            "file-000000010",
            "file-00000002",
            "file-00000002\0",
            "file-00000002\0\0",
            "file-1",
            "file\u{e9}",
            "g",
        ];
        let mut mixed = sorted;
        mixed.reverse();
        mixed.swap(2, 7);
        for names_in in [sorted, mixed] {
            assert_eq!(names(&roll(&names_in), By::Name, false), sorted);
        }
        let same_start: Vec<_> =
            sorted.iter().copied().filter(|n| n.starts_with("file-")).collect();
        let mut turned = same_start.clone();
        turned.reverse();
        assert_eq!(names(&roll(&turned), By::Name, false), same_start);
        assert_eq!(names(&roll(&turned), By::Arrival, false), turned);
        assert_eq!(names(&roll(&turned), By::Arrival, true), same_start);
        assert_eq!(names(&Roll::default(), By::Name, true), [""; 0]);
    }

    #[test]
    fn times_and_sizes_come_largest_first_and_unknown_last() {
        let mut roll = Roll::default();
        for (name, number) in [("c", Some(5)), ("b", None), ("a", Some(5)), ("d", Some(9))] {
            let mut entry = Entry::new(b"x", Kind::File);
            entry.size = number;
            entry.modified =
                number.map(|n| Stamp { seconds: i64::try_from(n).unwrap(), utc: true });
            roll.push(name.as_bytes(), &entry).unwrap();
        }
        for by in [By::Time, By::Size] {
            assert_eq!(names(&roll, by, false), ["d", "a", "c", "b"]);
            assert_eq!(names(&roll, by, true), ["b", "c", "a", "d"]);
        }
    }

    #[test]
    fn only_the_servers_own_clock_is_set() {
        let mut roll = Roll::default();
        for utc in [false, true] {
            let mut entry = Entry::new(b"x", Kind::File);
            entry.modified = Some(Stamp { seconds: 100, utc });
            roll.push(b"x", &entry).unwrap();
        }
        roll.set_clock(-60);
        let stamps: Vec<_> = roll.iter().map(|entry| entry.modified.unwrap()).collect();
        let utc = |seconds| Stamp { seconds, utc: true };
        assert_eq!(stamps, [utc(40), utc(100)]);
    }
}
