//! The files of a built-in server. Paths are absolute, clean, and bytes.
//! How they are listed is the work of `listing`.

use std::collections::BTreeMap;

/// The time every file has that was given none: one that no clock of a test comes near.
pub const OLD: &[u8] = b"20240102030405";

/// What a path stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A file and its bytes.
    File(Vec<u8>),
    /// A directory.
    Dir,
    /// A symbolic link and its target as written.
    Link(Vec<u8>),
}

/// An entry of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// File, directory or link.
    pub kind: Kind,
    /// `YYYYMMDDHHMMSS`, UTC, as MDTM and MLSD give it.
    pub mtime: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
}

impl Node {
    /// An entry with the usual time and mode.
    pub fn new(kind: Kind) -> Self {
        let mode = if kind == Kind::Dir { 0o755 } else { 0o644 };
        Self { kind, mtime: OLD.to_vec(), mode }
    }
}

/// All entries of one server.
#[derive(Clone, Debug)]
pub struct Tree(BTreeMap<Vec<u8>, Node>);

impl Default for Tree {
    fn default() -> Self {
        Self(BTreeMap::from([(b"/".to_vec(), Node::new(Kind::Dir))]))
    }
}

/// Makes a path absolute and clean: `.`, `..` and double slashes go.
pub fn resolve(cwd: &[u8], path: &[u8]) -> Vec<u8> {
    let base = if path.starts_with(b"/") { &b""[..] } else { cwd };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in base.split(|b| *b == b'/').chain(path.split(|b| *b == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    [b"/", parts.join(&b'/').as_slice()].concat()
}

/// The directory a path is in.
pub fn parent(path: &[u8]) -> Vec<u8> {
    resolve(path, b"..")
}

/// The last part of a path.
pub fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or(path)
}

impl Tree {
    /// The entry itself, links not followed.
    pub fn get(&self, path: &[u8]) -> Option<&Node> {
        self.0.get(path)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, path: &[u8]) -> Option<&mut Node> {
        self.0.get_mut(path)
    }

    /// The path behind a link, one step.
    pub fn follow(&self, path: &[u8]) -> Vec<u8> {
        match self.get(path).map(|node| &node.kind) {
            Some(Kind::Link(target)) => resolve(&parent(path), target),
            _ => path.to_vec(),
        }
    }

    /// The bytes of a file, links followed.
    pub fn file(&self, path: &[u8]) -> Option<&[u8]> {
        match self.get(&self.follow(path)).map(|node| &node.kind) {
            Some(Kind::File(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Whether it is a directory, links followed.
    pub fn is_dir(&self, path: &[u8]) -> bool {
        self.get(&self.follow(path)).is_some_and(|node| node.kind == Kind::Dir)
    }

    /// Puts an entry there, and the directories above it.
    pub fn put(&mut self, path: &[u8], node: Node) {
        let above = parent(path);
        if above != path && !self.0.contains_key(&above) {
            self.put(&above, Node::new(Kind::Dir));
        }
        self.0.insert(path.to_vec(), node);
    }

    /// Removes an entry alone.
    pub fn remove(&mut self, path: &[u8]) {
        self.0.remove(path);
    }

    /// The entries of a directory, by name.
    pub fn children(&self, dir: &[u8]) -> Vec<(&[u8], &Node)> {
        let inside = |path: &&Vec<u8>| path.as_slice() != b"/" && parent(path) == dir;
        self.0
            .iter()
            .filter(|(path, _)| inside(path))
            .map(|(path, node)| (name(path), node))
            .collect()
    }

    /// Moves an entry and all below it.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) {
        let below = [from, b"/"].concat();
        let moves: Vec<_> =
            self.0.keys().filter(|p| *p == from || p.starts_with(&below)).cloned().collect();
        for old in moves {
            let tail = old.strip_prefix(from).unwrap_or(&[]);
            if let Some(node) = self.0.remove(&old) {
                self.0.insert([to, tail].concat(), node);
            }
        }
    }

    /// Every path but the root, directories with a slash at the end: what expectations compare.
    pub fn paths(&self) -> Vec<Vec<u8>> {
        let shown = |(path, node): (&Vec<u8>, &Node)| {
            let slash: &[u8] = if node.kind == Kind::Dir { b"/" } else { b"" };
            [path.as_slice(), slash].concat()
        };
        self.0.iter().filter(|(path, _)| path.as_slice() != b"/").map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_absolute() {
        for (cwd, path, expected) in [
            ("/", "a", "/a"),
            ("/home", "../x//y/.", "/x/y"),
            ("/home", "/%/ b ", "/%/ b "),
            ("/", "../..", "/"),
            ("/a", "", "/a"),
        ] {
            assert_eq!(
                resolve(cwd.as_bytes(), path.as_bytes()),
                expected.as_bytes(),
                "{cwd} {path}"
            );
        }
    }

    #[test]
    fn a_directory_moves_with_all_below_it() {
        let mut tree = Tree::default();
        tree.put(b"/a/b/c", Node::new(Kind::File(b"x".to_vec())));
        tree.put(b"/ab", Node::new(Kind::Link(b"a/b/c".to_vec())));
        tree.rename(b"/a", b"/z");
        assert_eq!(tree.paths(), [&b"/ab"[..], b"/z/", b"/z/b/", b"/z/b/c"]);
        assert_eq!(tree.children(b"/").len(), 2);
        assert_eq!(tree.file(b"/z/b/c"), Some(&b"x"[..]));
        assert_eq!(tree.file(b"/ab"), None);
    }
}
