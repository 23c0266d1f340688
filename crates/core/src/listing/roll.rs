//! Entries of one listing in memory, kept for sorting: a few dozen bytes each beside their names, so that
//! many fit where separate entries would not. What becomes of more than that is `kept.rs`'s to say.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};

use super::entry::{Entry, Kind, Role, Stamp};

/// Entries in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Roll {
    /// The texts of all entries, one behind the other.
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

/// One entry in 40 bytes; its texts are in `Roll::bytes` from `start` on: the name behind its length,
/// then owner, group, target and unique.
#[derive(Clone, Copy, Debug)]
struct Row {
    size: u64,
    /// Whether the size is known.
    sized: bool,
    /// Of the time; `i64::MIN`, long before all calendars, is unknown.
    seconds: i64,
    start: u32,
    /// Owner, group, target and unique. 0 is unknown.
    lengths: [u16; 4],
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

/// What decides where an entry comes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rank<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its size, where it is known.
    pub size: Option<u64>,
    /// Its time on whatever clock, where it is known.
    pub seconds: Option<i64>,
}

impl By {
    /// Which of two entries comes first. Equal ones come as they came.
    pub fn compare(self, a: &Rank<'_>, b: &Rank<'_>) -> Ordering {
        match self {
            Self::Name => a.name.cmp(b.name),
            Self::Time => b.seconds.cmp(&a.seconds).then_with(|| a.name.cmp(b.name)),
            Self::Size => b.size.cmp(&a.size).then_with(|| a.name.cmp(b.name)),
            Self::Arrival => Ordering::Equal,
        }
    }
}

/// More entries than are kept, or a text that is longer than a listing line can be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooMany;

impl Roll {
    /// How many entries are worth looking at together.
    pub const HANDFUL: usize = 16;

    /// Keeps `entry` under the name `name`.
    ///
    /// # Errors
    /// A text of it is too long, or there are 4 GiB of them.
    pub fn push(&mut self, name: &[u8], entry: &Entry<'_>) -> Result<(), TooMany> {
        let start = u32::try_from(self.bytes.len()).map_err(|_| TooMany)?;
        let others = [&entry.owner, &entry.group, &entry.target, &entry.unique];
        let length = u16::try_from(name.len()).map_err(|_| TooMany)?;
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(name);
        let mut lengths = [0; 4];
        let texts = others.map(|text| text.as_deref().unwrap_or(b""));
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

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many bytes the texts take.
    pub fn text(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes of memory hold the entries.
    pub fn held(&self) -> usize {
        self.rows.len() * size_of::<Row>() + self.bytes.len()
    }

    /// Drops all entries, and keeps the memory for others.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.bytes.clear();
    }

    /// The entry at `place`, counted from 0 in the order of arrival.
    pub fn get(&self, place: u32) -> Option<Entry<'_>> {
        self.rows.get(place as usize).map(|row| self.entry(row))
    }

    /// What decides where the entry at `place` comes.
    pub fn rank(&self, place: u32) -> Rank<'_> {
        let Some(row) = self.rows.get(place as usize) else { return Rank::default() };
        let seconds = row.modified().map(|stamp| stamp.seconds);
        Rank { name: self.name_at(row.start), size: row.size(), seconds }
    }

    fn entry(&self, row: &Row) -> Entry<'_> {
        let name = self.name_at(row.start);
        let mut start = row.start as usize + 2 + name.len();
        let [owner, group, target, unique] = row.lengths.map(|length| {
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
    pub fn order(&self, by: By, reverse: bool) -> Vec<u32> {
        let mut places = match by {
            By::Arrival => self.arrival(),
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
        places
    }

    /// Looks at the entries at `places`, a handful, before they are asked for one by one: so memory far
    /// away answers for all of them at once.
    pub fn warm(&self, places: &[u32]) {
        let names = places.iter().filter_map(|place| self.rows.get(*place as usize));
        let last = names.filter_map(|row| self.name_at(row.start).last());
        std::hint::black_box(last.max());
    }

    /// Sorts so that the largest key comes first; equal ones stay as they are.
    fn sort_known<K: Ord>(&self, places: &mut [u32], key: impl Fn(&Row) -> Option<K>) {
        let key = |place: &u32| self.rows.get(*place as usize).and_then(&key);
        places.sort_by_key(|place| Reverse(key(place)));
    }

    fn arrival(&self) -> Vec<u32> {
        (0..).zip(&self.rows).map(|(place, _)| place).collect()
    }

    /// The places by name: sorted by eight bytes of it, which stand beside the place, then those
    /// alike in these by the next. So memory far away is not looked into for each of the twenty
    /// comparisons that a name takes part in.
    fn by_name(&self) -> Vec<u32> {
        // vsftpd and many others send names in order.
        if self.rows.is_sorted_by_key(|row| self.name_at(row.start)) {
            return self.arrival();
        }
        let mut keys: Vec<Key> = (0..)
            .zip(&self.rows)
            .map(|(place, row)| Key { bytes: 0, start: row.start, place })
            .collect();
        self.sort_names(&mut keys, 0, ROUNDS);
        keys.into_iter().map(|key| key.place).collect()
    }

    /// Sorts names that are alike in their first `known` bytes, in so many more `rounds` at most:
    /// names of 64 KiB that part one by one must not use up the stack.
    fn sort_names(&self, keys: &mut [Key], known: usize, rounds: u32) {
        let from = known + self.shared(keys, known);
        let mut longest = 0;
        for key in keys.iter_mut() {
            let rest = self.name_at(key.start).get(from..).unwrap_or_default();
            longest = longest.max(rest.len());
            key.bytes = eight(rest);
        }
        // By the place, too, which is what a stable sort does that takes memory for it.
        keys.sort_unstable_by_key(|key| (key.bytes, key.place));
        for alike in keys.chunk_by_mut(|a, b| a.bytes == b.bytes).filter(|alike| alike.len() > 1) {
            if alike.len() <= FEW || longest <= 8 || rounds == 0 {
                alike.sort_unstable_by_key(|key| (self.name_at(key.start).get(from..), key.place));
            } else {
                self.sort_names(alike, from + 8, rounds - 1);
            }
        }
    }

    /// How many bytes behind the first `known` all these names have in common.
    fn shared(&self, keys: &[Key], known: usize) -> usize {
        let mut rests =
            keys.iter().map(|key| self.name_at(key.start).get(known..).unwrap_or_default());
        let Some(first) = rests.next() else { return 0 };
        rests.fold(first.len(), |shared, rest| {
            let start = first.get(..shared).unwrap_or(first);
            if rest.starts_with(start) {
                return shared;
            }
            start.iter().zip(rest).take_while(|(a, b)| a == b).count()
        })
    }

    /// The name that begins at `start`, behind its length.
    fn name_at(&self, start: u32) -> &[u8] {
        let text = self.bytes.get(start as usize..).unwrap_or_default();
        let Some((length, text)) = text.split_first_chunk() else { return &[] };
        text.get(..usize::from(u16::from_le_bytes(*length))).unwrap_or_default()
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

/// A name on its way to its place in the order.
#[derive(Clone, Copy)]
struct Key {
    /// Eight bytes of it, so that numbers sort as they do.
    bytes: u64,
    /// Where its text begins.
    start: u32,
    place: u32,
}

/// Names alike in eight bytes that are not worth another round.
const FEW: usize = 8;

/// Rounds of eight bytes: more than the names of real directories need.
const ROUNDS: u32 = 32;

/// The first eight bytes as a number that sorts as they do; zeros stand for what is missing, so equal
/// numbers say nothing of the length.
fn eight(text: &[u8]) -> u64 {
    let whole = text.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0; 8];
        padded.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        padded
    });
    u64::from_be_bytes(whole)
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
        let places = roll.order(by, reverse);
        let ranks = places.iter().map(|place| roll.rank(*place));
        let text = |rank: Rank<'_>| String::from_utf8(rank.name.to_vec()).unwrap();
        let turned = |a: &Rank<'_>, b: &Rank<'_>| match reverse {
            true => by.compare(b, a).is_le(),
            false => by.compare(a, b).is_le(),
        };
        assert!(ranks.clone().is_sorted_by(turned));
        ranks.map(text).collect()
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
        assert_eq!([roll.get(0), roll.get(1), roll.get(2)], [Some(entry), Some(bare), None]);
        assert_eq!(roll.len(), 2);
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

    fn sort_as_their_bytes_do(mut given: Vec<String>) {
        let all: Vec<&str> = given.iter().map(String::as_str).collect();
        let found = names(&roll(&all), By::Name, false);
        given.sort();
        assert_eq!(found, given);
    }

    #[test]
    fn any_names_sort_as_their_bytes_do() {
        let mut names_in: Vec<String> = Vec::new();
        for number in 0..3000_u32 {
            let mixed = number.wrapping_mul(2_654_435_761);
            let start = ["measurement-", "measurement-2024-", "m", "Screenshot from ", ""];
            let start = start[mixed as usize % 5];
            names_in.push(format!("{start}{}{}", mixed % 700, "x".repeat(mixed as usize % 40)));
        }
        sort_as_their_bytes_do(names_in);
    }

    #[test]
    fn names_that_part_one_by_one_are_sorted_too() {
        let names_in: Vec<String> =
            (0..2000).map(|length| "a".repeat(length) + &"b".repeat(length % 7)).collect();
        sort_as_their_bytes_do(names_in);
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
        let stamps = [0, 1].map(|place| roll.get(place).unwrap().modified.unwrap());
        let utc = |seconds| Stamp { seconds, utc: true };
        assert_eq!(stamps, [utc(40), utc(100)]);
    }
}
