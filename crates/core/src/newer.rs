//! Which of two versions of a file is to be kept, and its time with it. Pure.

/// What tells two versions of a file apart.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Version {
    /// Bytes; `None` where nobody tells.
    pub size: Option<u64>,
    /// When it was last modified, in seconds since 1970, UTC; `None` where nobody tells.
    pub modified: Option<i64>,
}

impl Version {
    /// Whether everything is known of it.
    pub fn is_known(&self) -> bool {
        self.size.is_some() && self.modified.is_some()
    }

    /// Whether nothing is known of it: on a server, there is no such file.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What is known of it, and where that is open, what `other` says.
    pub fn or(self, other: Self) -> Self {
        Self { size: self.size.or(other.size), modified: self.modified.or(other.modified) }
    }

    /// Whether both may be one version: nothing that is known of both differs.
    pub fn may_be(&self, other: &Self) -> bool {
        fn agree<T: Eq>(one: Option<T>, other: Option<T>) -> bool {
            one.is_none() || other.is_none() || one == other
        }
        agree(self.size, other.size) && agree(self.modified, other.modified)
    }

    /// Whether it should take the place of `old`: it is newer, or as old and of another size. Where a
    /// time is not known it should, since a copy too many does less harm than one too few.
    pub fn replaces(&self, old: &Self) -> bool {
        match (self.modified, old.modified) {
            (Some(ours), Some(theirs)) if ours == theirs => self.size != old.size,
            (Some(ours), Some(theirs)) => ours > theirs,
            _ => true,
        }
    }
}

/// What is known of a file before it is fetched.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Known {
    /// Size and time.
    pub version: Version,
    /// Whether the server was asked for them just now, and not a listing read: then it is not asked again.
    pub asked: bool,
}

impl Known {
    /// By a listing, or by nothing.
    pub fn listed(version: Version) -> Self {
        Self { version, asked: false }
    }

    /// By the server's answer to SIZE and MDTM, whatever that was.
    pub fn asked(version: Version) -> Self {
        Self { version, asked: true }
    }
}

/// How much depends on something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Insist {
    /// It was asked for.
    Yes,
    /// It is good to have.
    No,
}

impl Insist {
    /// On the time of a file: `-p` asks for it, and the next run with `-N` needs it.
    pub fn on_time(keep_time: bool, newer: bool) -> Option<Self> {
        match (keep_time, newer) {
            (true, _) => Some(Self::Yes),
            (false, true) => Some(Self::No),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_files_replace_older_ones() {
        let version = |size, modified| Version { size, modified };
        for (new, old, expected) in [
            ((Some(1), Some(5)), (Some(9), Some(4)), true),
            ((Some(9), Some(4)), (Some(1), Some(5)), false),
            ((Some(1), Some(5)), (Some(1), Some(5)), false),
            ((Some(1), Some(5)), (Some(2), Some(5)), true),
            ((None, Some(5)), (Some(2), Some(5)), true),
            ((Some(1), None), (Some(1), Some(5)), true),
            ((Some(1), Some(5)), (None, None), true),
        ] {
            let (new, old) = (version(new.0, new.1), version(old.0, old.1));
            assert_eq!(new.replaces(&old), expected, "{new:?} {old:?}");
        }
    }
}
