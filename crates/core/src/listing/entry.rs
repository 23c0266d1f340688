//! One entry of a directory: what every listing format is read into.

use std::borrow::Cow;

/// What an entry is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory; also MLSD's `cdir` and `pdir`, which `Entry::role` tells apart.
    Dir,
    /// A symbolic link; its target, where the server says it, is in `Entry::target`.
    Link,
    /// A device, socket, pipe or anything else that is no file to copy.
    Other,
}

/// Where an entry stands in the directory that was listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Role {
    /// Something in the directory.
    #[default]
    Child,
    /// The directory itself (MLSD `type=cdir`, or the name `.`): a walk must pass it over.
    Itself,
    /// The directory above (MLSD `type=pdir`, or the name `..`): a walk must pass it over.
    Parent,
}

/// A time from a listing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Stamp {
    /// Seconds since 1970-01-01T00:00:00, on the clock that `utc` tells.
    pub seconds: i64,
    /// Whether the clock is UTC (MLSD, RFC 3659 §2.3); else it is the server's own, zone unknown.
    pub utc: bool,
}

impl Stamp {
    /// The same moment in UTC, where a server's own clock must be moved by `offset` seconds.
    pub fn to_utc(self, offset: i64) -> Self {
        let moved = if self.utc { 0 } else { offset };
        Self { seconds: self.seconds.saturating_add(moved), utc: true }
    }
}

/// One entry as the server sent it. Everything but the name may be unknown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry<'a> {
    /// The name, the server's bytes, never empty; blanks at its ends belong to it.
    pub name: Cow<'a, [u8]>,
    /// What it is.
    pub kind: Kind,
    /// Where it stands in the directory that was listed.
    pub role: Role,
    /// Size in bytes.
    pub size: Option<u64>,
    /// When it was last modified.
    pub modified: Option<Stamp>,
    /// Permission bits, at most 0o7777.
    pub mode: Option<u32>,
    /// Owner, a name or a number.
    pub owner: Option<Cow<'a, [u8]>>,
    /// Group, a name or a number.
    pub group: Option<Cow<'a, [u8]>>,
    /// Where a link leads.
    pub target: Option<Cow<'a, [u8]>>,
    /// MLSD's `unique` fact: the same for two names of one file (RFC 3659 §7.5.2).
    pub unique: Option<Cow<'a, [u8]>>,
}

impl<'a> Entry<'a> {
    /// An entry of which only the name and the kind are known.
    pub fn new(name: &'a [u8], kind: Kind) -> Self {
        let role = match name {
            b"." => Role::Itself,
            b".." => Role::Parent,
            _ => Role::Child,
        };
        Self {
            name: Cow::Borrowed(name),
            kind,
            role,
            size: None,
            modified: None,
            mode: None,
            owner: None,
            group: None,
            target: None,
            unique: None,
        }
    }

    /// The same entry, no longer tied to the buffer it was read from.
    pub fn into_owned(self) -> Entry<'static> {
        let own = |bytes: Cow<'a, [u8]>| Cow::Owned(bytes.into_owned());
        Entry {
            name: own(self.name),
            kind: self.kind,
            role: self.role,
            size: self.size,
            modified: self.modified,
            mode: self.mode,
            owner: self.owner.map(own),
            group: self.group.map(own),
            target: self.target.map(own),
            unique: self.unique.map(own),
        }
    }
}

/// What one line of a listing is to a format that knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line<'a> {
    /// An entry.
    Entry(Entry<'a>),
    /// Nothing to know: a heading, a total, or the first half of an entry.
    Noise,
}
