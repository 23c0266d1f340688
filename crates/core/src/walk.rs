//! Walking a remote tree, depth first, with guards against trees without end.

use crate::clock::{self, Times, Witnesses};
use crate::endless::{Endless, Print};
use crate::error::{Cause, Failure};
use crate::kept::{Allowance, Kept, ROOM};
use crate::listing::{By, Entry, Kind, Role, name_in};
use crate::merge::InOrder;
use crate::names::is_plain;
use crate::newer::Version;
use crate::path::RemotePath;
use crate::servers::Server;
use crate::wire::{Listed, Wants};

/// Something found in a tree.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its whole path on the server.
    pub path: RemotePath,
    /// The names that lead to it from the root of the walk; none for the root itself. Each is
    /// plain: not empty, no slash, not `.` or `..`.
    pub below: Vec<Vec<u8>>,
    /// What the listing says of it.
    pub entry: Entry<'static>,
}

impl Item {
    /// The path below the root of the walk, with slashes between.
    pub fn relative(&self) -> Vec<u8> {
        self.below.join(&b'/')
    }

    /// Size and time, as far as the listing tells them and they can be relied on: the size of a link
    /// is not that of the file, and only UTC can be compared.
    pub fn version(&self) -> Version {
        let size = self.entry.size.filter(|_| self.entry.kind == Kind::File);
        let modified = self.entry.modified.filter(|stamp| stamp.utc).map(|stamp| stamp.seconds);
        Version { size, modified: modified.filter(|_| self.entry.kind != Kind::Link) }
    }
}

/// What a walk tells.
#[derive(Debug)]
pub enum Step<'a> {
    /// A directory, before what is in it.
    Enter(&'a Item),
    /// What the listing calls a directory, before it is listed. Some servers' MLSD (pyftpdlib,
    /// libunftp) calls a link by what it leads to.
    Approach(&'a Item),
    /// Anything that is no directory.
    Leaf(&'a Item),
    /// A directory, after what is in it. `whole` tells whether all of it could be listed.
    Leave {
        /// The directory.
        item: &'a Item,
        /// Whether nothing in it or below was left out.
        whole: bool,
    },
    /// Something that had to be left out; the rest goes on.
    Failed(Failure),
}

/// Where a walk goes after a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Onward {
    /// Into what was approached, and on.
    In,
    /// Past what was approached.
    Past,
}

/// What the walk calls; an error from it ends the walk.
pub type OnStep<'v> = dyn FnMut(&mut Server, Step<'_>) -> Result<Onward, Cause> + 'v;

/// What a walk shows, and how.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sweep {
    /// Dotfiles too.
    pub hidden: bool,
    /// Nothing of a directory that could not be listed whole: what removes things must not go by
    /// half a listing.
    pub whole_only: bool,
    /// What is done about times on the servers' own clocks.
    pub times: Times,
    /// In which order the entries of a directory come.
    pub by: By,
    /// That order turned round.
    pub reverse: bool,
}

impl Sweep {
    /// Everything that can be seen, for copies.
    pub const EVERYTHING: Self = Self {
        hidden: true,
        whole_only: false,
        times: Times::AsSent,
        by: By::Name,
        reverse: false,
    };
}

/// Walks the tree under `root`, which must be a directory. Links are leaves, so no link can make a loop; a
/// directory that leads to itself is left out as soon as that shows.
///
/// # Errors
/// `root` cannot be listed, the connection is lost, or what `visit` returns.
pub fn walk(
    server: &mut Server,
    root: &RemotePath,
    sweep: Sweep,
    visit: &mut OnStep<'_>,
) -> Result<(), Cause> {
    let mut entry = Entry::new(b".", Kind::Dir);
    entry.role = Role::Itself;
    let item = Item { path: root.clone(), below: Vec::new(), entry };
    let mut walk =
        Walk { server, sweep, visit, above: Above::default(), endless: Endless::default() };
    walk.directory(&item).map(drop)
}

/// The longest path that a walk follows, in bytes: Linux takes 4 KiB and Windows as many
/// characters. It stands in memory some times over for each level of a tree.
const MAX_PATH: usize = 32 * 1024;

/// Why a directory is left out that leads to itself, lies too deep, or is one too many.
const WITHOUT_END: &str = "a directory tree without end";

struct Walk<'w, 'v> {
    server: &'w mut Server,
    sweep: Sweep,
    visit: &'w mut OnStep<'v>,
    above: Above,
    endless: Endless,
}

/// What is kept of the directories above.
#[derive(Clone, Copy, Debug)]
struct Above {
    used: Allowance,
    /// Bytes of it that are in memory.
    held: usize,
}

impl Default for Above {
    fn default() -> Self {
        Self { used: Allowance::NOTHING, held: 0 }
    }
}

/// How much of all directories that are being walked may stay in memory, while others are listed.
const HELD: usize = 6 * 1024 * 1024;

/// A directory as it was listed.
struct Listing {
    kept: Kept,
    print: Print,
    witnesses: Witnesses,
    /// Whether all of it came, and was understood.
    whole: bool,
}

impl Listing {
    fn take_in(&mut self, name: &[u8], entry: &Entry<'_>) -> Result<(), Cause> {
        self.print.see(name, entry);
        self.witnesses.see(name, entry);
        Ok(self.kept.push(name, entry)?)
    }
}

impl Walk<'_, '_> {
    /// Visits a directory and all below; returns whether nothing was left out.
    fn directory(&mut self, item: &Item) -> Result<bool, Cause> {
        let listing = self.list(item)?;
        if !self.endless.open(listing.print) {
            if self.endless.is_news() {
                self.leave_out(&item.path, WITHOUT_END)?;
            }
            return Ok(false);
        }
        let above = self.above;
        let (entries, whole) = (self.entries(listing.kept)?, listing.whole);
        let end = self.inside(item, entries, whole);
        self.above = above;
        self.endless.close();
        end
    }

    /// What was listed, in order, and no more of it in memory than there is room for besides what is
    /// above. Where nothing leads further down, nothing else will need that room.
    fn entries(&mut self, kept: Kept) -> Result<InOrder, Cause> {
        let room = match kept.has_folders() {
            true => HELD.saturating_sub(self.above.held),
            false => ROOM,
        };
        self.above.used = self.above.used.with(kept.used());
        let entries = kept.in_order(room)?;
        self.above.held += entries.held();
        Ok(entries)
    }

    fn inside(
        &mut self,
        item: &Item,
        mut entries: InOrder,
        mut whole: bool,
    ) -> Result<bool, Cause> {
        (self.visit)(self.server, Step::Enter(item))?;
        if whole || !self.sweep.whole_only {
            while let Some(entry) = entries.next_entry().map_err(Cause::Local)? {
                whole &= self.entry(item, entry.into_owned())?;
            }
        }
        (self.visit)(self.server, Step::Leave { item, whole })?;
        Ok(whole)
    }

    fn list(&mut self, item: &Item) -> Result<Listing, Cause> {
        let wants = Wants { features: true, data: true };
        let mut listing = self.nothing_yet();
        let (hidden, dir) = (self.sweep.hidden, item.path.trimmed());
        let listed = self.server.session(wants)?.list(&item.path, hidden, &mut |entry| {
            let name = name_in(dir.as_bytes(), &entry.name);
            if entry.role == Role::Child && (hidden || !name.starts_with(b".")) {
                listing.take_in(name, &entry)?;
            }
            Ok(())
        })?;
        self.was_listed(item, listed, &listing.kept)?;
        self.set_clock(item, &mut listing)?;
        if listed.truncated {
            self.leave_out(&item.path, "the server left entries out of this listing")?;
        }
        if listed.unknown > 0 {
            let lines = format!("{} lines of this listing could not be read", listed.unknown);
            self.leave_out(&item.path, &lines)?;
        }
        listing.whole = !listed.truncated && listed.unknown == 0;
        Ok(listing)
    }

    fn nothing_yet(&self) -> Listing {
        let Sweep { by, reverse, times, .. } = self.sweep;
        let kept = Kept::within(Allowance::default().without(self.above.used), by, reverse);
        Listing { kept, print: Print::default(), witnesses: Witnesses::new(times), whole: false }
    }

    fn set_clock(&mut self, item: &Item, listing: &mut Listing) -> Result<(), Cause> {
        match clock::offset_of(self.server, &item.path, &listing.witnesses) {
            Ok(offset) => {
                offset.into_iter().for_each(|offset| listing.kept.set_clock(offset));
                Ok(())
            }
            Err(cause) if cause.session_survives() => {
                let failure = Failure::new(item.path.as_bytes(), cause);
                (self.visit)(self.server, Step::Failed(failure)).map(drop)
            }
            Err(cause) => Err(cause),
        }
    }

    /// vsftpd shows a directory that may not be read as its own and only entry, which LIST cannot
    /// tell from one that holds just such a directory. MLSD has no such doubts.
    fn was_listed(&mut self, item: &Item, listed: Listed, kept: &Kept) -> Result<(), Cause> {
        let session = self.server.session(Wants::default())?;
        session.prove(&item.path, listed)?;
        let own_name = item.path.name();
        let (1, false, Some(one)) = (listed.entries, listed.by_mlsd, kept.first()) else {
            return Ok(());
        };
        if one.kind != Kind::Dir || *one.name != *own_name {
            return Ok(());
        }
        let Ok(inside) = item.path.join(&own_name) else { return Ok(()) };
        session.prove(&inside, Listed::default())
    }

    fn entry(&mut self, parent: &Item, entry: Entry<'static>) -> Result<bool, Cause> {
        let name = entry.name.to_vec();
        let (true, Ok(path)) = (is_plain(&name), parent.path.join(&name)) else {
            let shown = [parent.path.trimmed().as_bytes(), b"/", &entry.name].concat();
            let failure = Failure::new(shown, Cause::leads_out());
            (self.visit)(self.server, Step::Failed(failure))?;
            return Ok(false);
        };
        if path.as_bytes().len() > MAX_PATH {
            self.leave_out(&path, "a path that is longer than 32 KiB")?;
            return Ok(false);
        }
        let mut below = parent.below.clone();
        below.push(name);
        let item = Item { path, below, entry };
        if item.entry.kind == Kind::Dir {
            return match (self.visit)(self.server, Step::Approach(&item))? {
                Onward::In => self.descend(&item),
                Onward::Past => Ok(true),
            };
        }
        (self.visit)(self.server, Step::Leaf(&item))?;
        Ok(true)
    }

    fn descend(&mut self, item: &Item) -> Result<bool, Cause> {
        if self.endless.is_over() {
            if self.endless.is_news() {
                self.leave_out(&item.path, WITHOUT_END)?;
            }
            return Ok(false);
        }
        if !self.endless.enter(item.entry.unique.as_deref()) {
            self.leave_out(&item.path, WITHOUT_END)?;
            return Ok(false);
        }
        let end = self.directory(item);
        self.endless.leave();
        match end {
            Err(cause) if cause.session_survives() => {
                let failure = Failure::new(item.path.as_bytes(), cause);
                (self.visit)(self.server, Step::Failed(failure))?;
                Ok(false)
            }
            other => other,
        }
    }

    fn leave_out(&mut self, path: &RemotePath, why: &str) -> Result<(), Cause> {
        let failure = Failure::new(path.as_bytes(), Cause::Operand(why.into()));
        (self.visit)(self.server, Step::Failed(failure)).map(drop)
    }
}
