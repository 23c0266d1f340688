//! Is this a tree without end? A directory that can be reached from itself, by a junction, a bind mount or a
//! server's lie, doubles with each level when it holds two such, so depth alone does not end it.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::listing::Entry;

/// How deep a tree may be: PATH_MAX allows no more than 2,048 on the servers' side either.
const MAX_DEPTH: usize = 128;

/// How often the same names may be found again on the way down. A chain of that many directories, each
/// holding one of the same name and nothing else, has been seen only in tests.
const MAX_ECHOES: usize = 64;

/// How many directories one walk enters.
pub const MAX_FOLDERS: usize = 4_000_000;

/// What is known of the directories above, and of all that were met.
#[derive(Debug, Default)]
pub struct Endless {
    /// The `unique` facts of the directories above, where they have one.
    unique: Vec<Option<Vec<u8>>>,
    /// What stands for the names in each of them.
    prints: Vec<Print>,
    /// Those that came back too often: nothing is entered below them a second time.
    condemned: HashSet<Print>,
    /// How many of them somebody was told of.
    told: usize,
    entered: usize,
}

impl Endless {
    /// Whether a directory whose `unique` fact is this may be listed; then it is entered, and
    /// [`Self::leave`] ends that.
    pub fn enter(&mut self, unique: Option<&[u8]>) -> bool {
        let unique = unique.map(<[u8]>::to_vec);
        let looping = unique.is_some() && self.unique.contains(&unique);
        let is_over = looping || self.unique.len() >= MAX_DEPTH || self.entered >= MAX_FOLDERS;
        if !is_over {
            self.entered += 1;
            self.unique.push(unique);
        }
        !is_over
    }

    /// Leaves the directory that was entered last.
    pub fn leave(&mut self) {
        self.unique.pop();
    }

    /// Whether the directory entered last holds what those above it held already, once too often; else
    /// what is in it may be visited, and [`Self::close`] ends that.
    pub fn open(&mut self, print: Print) -> bool {
        let echoes = self.prints.iter().filter(|above| **above == print).count();
        if echoes >= MAX_ECHOES {
            self.condemned.insert(print);
        }
        if echoes > 0 && self.condemned.contains(&print) {
            return false;
        }
        self.prints.push(print);
        true
    }

    /// Whether the rest of the directories in the one opened last would lead where we have been.
    pub fn is_over(&self) -> bool {
        let Some((last, above)) = self.prints.split_last() else { return false };
        self.entered >= MAX_FOLDERS || (self.condemned.contains(last) && above.contains(last))
    }

    /// Whether this has not been told yet: one message a loop is enough.
    pub fn is_news(&mut self) -> bool {
        let is_news = self.told < self.condemned.len().max(1);
        self.told = self.condemned.len().max(1);
        is_news
    }

    /// Ends the visit of the directory opened last.
    pub fn close(&mut self) {
        self.prints.pop();
    }
}

/// What stands for a directory: its names and what they are, in any order; sizes and times may change
/// meanwhile.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Print(u64);

impl Print {
    /// Takes in an entry, and its name in the directory.
    pub fn see(&mut self, name: &[u8], entry: &Entry<'_>) {
        let mut hasher = DefaultHasher::new();
        (name, entry.kind).hash(&mut hasher);
        self.0 = self.0.wrapping_add(hasher.finish());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Kind;

    fn print(names: &[&str]) -> Print {
        let mut print = Print::default();
        for name in names {
            print.see(name.as_bytes(), &Entry::new(name.as_bytes(), Kind::Dir));
        }
        print
    }

    /// Walks a directory whose entries all lead to itself; returns how many listings that took.
    fn walk(endless: &mut Endless, names: &[&str], listings: &mut usize) {
        *listings += 1;
        if !endless.open(print(names)) {
            return;
        }
        for _ in names {
            if !endless.is_over() && endless.enter(None) {
                walk(endless, names, listings);
                endless.leave();
            }
        }
        endless.close();
    }

    #[test]
    fn a_loop_of_any_width_ends_soon() {
        for width in [1, 2, 50] {
            let names: Vec<String> = (0..width).map(|n| n.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut listings = 0;
            walk(&mut Endless::default(), &names, &mut listings);
            assert!(
                (MAX_ECHOES..=MAX_ECHOES + width + 1).contains(&listings),
                "{width}: {listings}"
            );
        }
    }

    #[test]
    fn brothers_that_are_alike_are_no_loop() {
        let mut endless = Endless::default();
        let (top, below) = (print(&["a"]), print(&["y", "x"]));
        assert_eq!(below, print(&["x", "y"]));
        assert!(endless.open(top));
        for _ in 0..1000 {
            assert!(endless.enter(None) && endless.open(below) && !endless.is_over());
            endless.close();
            endless.leave();
        }
    }

    #[test]
    fn a_directory_that_is_its_own_ancestor_is_not_entered() {
        let mut endless = Endless::default();
        assert!(endless.enter(Some(b"1")) && endless.enter(Some(b"2")) && endless.enter(None));
        assert!(endless.enter(None) && !endless.enter(Some(b"1")));
    }

    #[test]
    fn depth_has_an_end() {
        let mut endless = Endless::default();
        assert_eq!((0..1000).take_while(|_| endless.enter(None)).count(), MAX_DEPTH);
    }
}
