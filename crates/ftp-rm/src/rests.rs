//! What comes after all files: operands that DELE did not remove, in their order, kept as the entries of a
//! directory are, since a pattern matches as many as a server likes.

use std::sync::{Mutex, PoisonError};

use ftp_core::charset::Charset;
use ftp_core::error::Cause;
use ftp_core::kept::Kept;
use ftp_core::listing::{By, Entry, Kind};
use ftp_core::merge::InOrder;
use ftp_core::path::RemotePath;
use ftp_core::reply::{Reply, ReplyReader};
use ftp_core::url::Origin;

/// How many bytes of them stay in memory while they are removed.
const HELD: usize = 1024 * 1024;

/// How many bytes of them stay in memory while they are put off, beside what the pattern matched.
const FULL: usize = 4 * 1024 * 1024;

/// How much of what a server said to DELE is kept, in bytes.
const SAID: usize = 4096;

/// Bytes of a place before the path.
const PLACE: usize = size_of::<u64>();

/// An operand that DELE did not remove. Directories come after all files, since these may be in
/// them.
#[derive(Debug)]
pub struct Rest {
    /// Where it stands among the operands.
    pub place: u64,
    pub origin: Origin,
    /// How messages show names.
    pub charset: Charset,
    pub path: RemotePath,
    /// What the server said to DELE, where it was asked.
    pub refused: Option<Reply>,
}

/// All of them, from all lanes.
#[derive(Debug, Default)]
pub struct Rests(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Servers, and how names are shown there: there are few.
    places: Vec<(Origin, Charset)>,
    /// By name: eight bytes of the place, then the path.
    kept: Option<Kept>,
}

impl Rests {
    /// # Errors
    /// There are too many, or the temporary file fails.
    pub fn put_off(&self, rest: &Rest) -> Result<(), Cause> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = known.number_of(&rest.origin, rest.charset).to_le_bytes();
        let said = rest.refused.as_ref().map(brief);
        let mut entry = Entry::new(b"", Kind::Other);
        entry.owner = Some(owner.as_slice().into());
        entry.group = said.as_deref().map(Into::into);
        let name = [&rest.place.to_be_bytes(), rest.path.as_bytes()].concat();
        let kept = known.kept.get_or_insert_with(|| Kept::new(By::Name, false).beside(FULL));
        kept.push(&name, &entry).map_err(Cause::from)
    }

    /// Takes all that were put off, by their places.
    ///
    /// # Errors
    /// The temporary file fails.
    pub fn in_order(&self) -> Result<Option<Due>, Cause> {
        let known = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let Known { places, kept } = known;
        let entries = kept.map(|kept| kept.in_order(HELD)).transpose()?;
        Ok(entries.map(|entries| Due { places, entries }))
    }
}

impl Known {
    fn number_of(&mut self, origin: &Origin, charset: Charset) -> u32 {
        let is_it =
            |(other, shown): &(Origin, Charset)| *shown == charset && other.same_session(origin);
        let known = self.places.iter().position(is_it).unwrap_or_else(|| {
            self.places.push((origin.clone(), charset));
            self.places.len() - 1
        });
        u32::try_from(known).unwrap_or(u32::MAX)
    }
}

/// What was put off.
pub struct Due {
    places: Vec<(Origin, Charset)>,
    entries: InOrder,
}

impl Due {
    /// The next.
    ///
    /// # Errors
    /// The temporary file fails.
    pub fn next_rest(&mut self) -> Result<Option<Rest>, Cause> {
        while let Some(entry) = self.entries.next_entry().map_err(Cause::Local)? {
            if let Some(rest) = read(&entry, &self.places) {
                return Ok(Some(rest));
            }
        }
        Ok(None)
    }
}

fn read(entry: &Entry<'_>, places: &[(Origin, Charset)]) -> Option<Rest> {
    let (place, path) = entry.name.split_first_chunk::<PLACE>()?;
    let number = u32::from_le_bytes(entry.owner.as_deref()?.try_into().ok()?);
    let (origin, charset) = places.get(usize::try_from(number).ok()?)?;
    Some(Rest {
        place: u64::from_be_bytes(*place),
        origin: origin.clone(),
        charset: *charset,
        path: RemotePath::new(path.to_vec()).ok()?,
        refused: entry.group.as_deref().and_then(reply),
    })
}

fn reply(said: &[u8]) -> Option<Reply> {
    let mut reader = ReplyReader::default();
    reader.push(said);
    reader.take().ok().flatten()
}

/// The reply as it was sent, or the first line of one that is long.
fn brief(reply: &Reply) -> Vec<u8> {
    let raw = reply.raw();
    if raw.len() <= SAID {
        return raw.to_vec();
    }
    let line = raw.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let words = line.get(4..line.len().min(SAID)).unwrap_or_default();
    [format!("{:03} ", reply.code()).as_bytes(), words, b"\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_core::url::Address;

    fn rest(place: u64, path: &str, refused: Option<&[u8]>) -> Rest {
        let address = Address::parse(b"ftp://h/", Charset::Bytes, false).unwrap();
        Rest {
            place,
            origin: address.origin,
            charset: Charset::Bytes,
            path: RemotePath::new(path.as_bytes().to_vec()).unwrap(),
            refused: refused.and_then(reply),
        }
    }

    #[test]
    fn they_come_back_by_their_places() {
        let rests = Rests::default();
        let long = [b"550-".as_slice(), &[b'x'; 5000], b"\r\n550 end\r\n"].concat();
        for (place, path, refused) in
            [(300, "c", None), (2, "b", Some(&b"550 no\r\n"[..])), (1, "a", Some(&long))]
        {
            rests.put_off(&rest(place, path, refused)).unwrap();
        }
        let mut due = rests.in_order().unwrap().unwrap();
        let mut told = Vec::new();
        while let Some(rest) = due.next_rest().unwrap() {
            let said = rest.refused.map(|reply| (reply.code(), reply.raw().len()));
            told.push((rest.place, rest.path.as_bytes().to_vec(), said));
        }
        let expected = [
            (1, b"a".to_vec(), Some((550, SAID + 2))),
            (2, b"b".to_vec(), Some((550, 8))),
            (300, b"c".to_vec(), None),
        ];
        assert_eq!(told, expected);
        assert!(rests.in_order().unwrap().is_none());
    }
}
