//! An entry as bytes that are kept elsewhere and read back by the same run: a head of one size, then the texts.
//! Not a format for others.

use std::borrow::Cow;

use super::entry::{Entry, Kind, Role, Stamp};
use super::roll::{Rank, TooMany};

/// Bytes of a record before its texts: five lengths, flags, mode, size and seconds.
pub const HEAD: usize = 10 + 1 + 2 + 8 + 8;

const KINDS: [Kind; 4] = [Kind::File, Kind::Dir, Kind::Link, Kind::Other];
const ROLES: [Role; 3] = [Role::Child, Role::Itself, Role::Parent];

const SIZED: u8 = 1 << 4;
const TIMED: u8 = 1 << 5;
const UTC: u8 = 1 << 6;
const MODED: u8 = 1 << 7;

/// Appends `entry` to `to`.
///
/// # Errors
/// A text of it is longer than a listing line can be.
pub fn append(entry: &Entry<'_>, to: &mut Vec<u8>) -> Result<(), TooMany> {
    let begin = to.len();
    let others = [&entry.owner, &entry.group, &entry.target, &entry.unique];
    let [owner, group, target, unique] = others.map(|text| text.as_deref().unwrap_or_default());
    let texts = [&*entry.name, owner, group, target, unique];
    for text in texts {
        let Ok(length) = u16::try_from(text.len()) else {
            to.truncate(begin);
            return Err(TooMany);
        };
        to.extend_from_slice(&length.to_le_bytes());
    }
    let mode = entry.mode.and_then(|mode| u16::try_from(mode).ok());
    to.push(flags(entry, mode));
    to.extend_from_slice(&mode.unwrap_or_default().to_le_bytes());
    to.extend_from_slice(&entry.size.unwrap_or_default().to_le_bytes());
    let seconds = entry.modified.map_or(0, |stamp| stamp.seconds);
    to.extend_from_slice(&seconds.to_le_bytes());
    texts.iter().for_each(|text| to.extend_from_slice(text));
    Ok(())
}

fn flags(entry: &Entry<'_>, mode: Option<u16>) -> u8 {
    let kind = KINDS.iter().position(|kind| *kind == entry.kind).unwrap_or_default();
    let role = ROLES.iter().position(|role| *role == entry.role).unwrap_or_default();
    let bit = |is: bool, bit: u8| if is { bit } else { 0 };
    u8::try_from(kind | role << 2).unwrap_or_default()
        | bit(entry.size.is_some(), SIZED)
        | bit(entry.modified.is_some(), TIMED)
        | bit(entry.modified.is_some_and(|stamp| stamp.utc), UTC)
        | bit(mode.is_some(), MODED)
}

/// The head of a record, taken apart.
struct Head {
    lengths: [u16; 5],
    flags: u8,
    mode: u16,
    size: u64,
    seconds: i64,
}

/// The head, and the texts behind it.
fn head(record: &[u8]) -> Option<(Head, &[u8])> {
    let mut lengths = [0; 5];
    let mut rest = record;
    for length in &mut lengths {
        let (bytes, behind) = rest.split_first_chunk()?;
        (*length, rest) = (u16::from_le_bytes(*bytes), behind);
    }
    let ([flags], rest) = rest.split_first_chunk()?;
    let (mode, rest) = rest.split_first_chunk()?;
    let (size, rest) = rest.split_first_chunk()?;
    let (seconds, texts) = rest.split_first_chunk()?;
    let head = Head {
        lengths,
        flags: *flags,
        mode: u16::from_le_bytes(*mode),
        size: u64::from_le_bytes(*size),
        seconds: i64::from_le_bytes(*seconds),
    };
    Some((head, texts))
}

impl Head {
    fn size(&self) -> Option<u64> {
        (self.flags & SIZED != 0).then_some(self.size)
    }

    fn modified(&self) -> Option<Stamp> {
        let stamp = Stamp { seconds: self.seconds, utc: self.flags & UTC != 0 };
        (self.flags & TIMED != 0).then_some(stamp)
    }
}

/// How many bytes the record takes that begins at the start of `bytes`; `None` while its lengths are not in.
pub fn length(bytes: &[u8]) -> Option<usize> {
    let lengths = bytes.first_chunk::<10>()?;
    let (pairs, _) = lengths.as_chunks::<2>();
    let texts = pairs.iter().map(|pair| usize::from(u16::from_le_bytes(*pair))).sum::<usize>();
    Some(HEAD + texts)
}

/// What decides where the entry of a whole record comes.
pub fn rank(record: &[u8]) -> Rank<'_> {
    let Some((head, texts)) = head(record) else { return Rank::default() };
    let [name, ..] = head.lengths;
    Rank {
        name: texts.get(..usize::from(name)).unwrap_or_default(),
        size: head.size(),
        seconds: head.modified().map(|stamp| stamp.seconds),
    }
}

/// The entry of a whole record; `None` for what is none.
pub fn read(record: &[u8]) -> Option<Entry<'_>> {
    let (head, mut texts) = head(record).filter(|_| length(record) == Some(record.len()))?;
    let mut next = |length: u16| {
        let (text, rest) = texts.split_at_checked(usize::from(length))?;
        texts = rest;
        Some(text)
    };
    let [name, owner, group, target, unique] = head.lengths;
    let name = Cow::Borrowed(next(name)?);
    let mut text = |length| next(length).filter(|text| !text.is_empty()).map(Cow::Borrowed);
    Some(Entry {
        name,
        kind: *KINDS.get(usize::from(head.flags & 3))?,
        role: *ROLES.get(usize::from(head.flags >> 2 & 3))?,
        size: head.size(),
        modified: head.modified(),
        mode: (head.flags & MODED != 0).then_some(u32::from(head.mode)),
        owner: text(owner),
        group: text(group),
        target: text(target),
        unique: text(unique),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let mut full = Entry::new(b"name", Kind::Link);
        full.mode = Some(0o777);
        full.size = Some(u64::MAX);
        full.modified = Some(Stamp { seconds: -1, utc: true });
        full.owner = Some(b"me".as_slice().into());
        full.target = Some(b"there".as_slice().into());
        full.unique = Some(b"7g1".as_slice().into());
        let mut bytes = Vec::new();
        for entry in [full, Entry::new(b"..", Kind::Other), Entry::new(b".", Kind::Dir)] {
            bytes.clear();
            append(&entry, &mut bytes).unwrap();
            assert_eq!(length(&bytes), Some(bytes.len()));
            let expected = (&*entry.name, entry.size, entry.modified.map(|stamp| stamp.seconds));
            let rank = rank(&bytes);
            assert_eq!((rank.name, rank.size, rank.seconds), expected);
            assert_eq!(read(&bytes), Some(entry));
            assert_eq!(read(bytes.split_last().unwrap().1), None);
        }
        assert_eq!(length(&[0; 9]), None);
    }

    #[test]
    fn a_text_beyond_64_kib_is_refused_and_leaves_nothing() {
        let mut bytes = vec![1];
        let name = [b'n'; 65_536];
        assert_eq!(append(&Entry::new(&name, Kind::File), &mut bytes), Err(TooMany));
        assert_eq!(bytes, [1]);
    }
}
