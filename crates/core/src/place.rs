//! Where a file of ours goes: a directory held open, and a name in it. The user's own path may lead
//! through links; what is made of names from a server may not, at any step.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::names::local_child;
use crate::sys::{Folder, Seen};

/// Where a file will go. Nothing is open for it yet but the directory at the top.
#[derive(Clone, Debug)]
pub enum Spot {
    /// A path that the user named.
    Named(PathBuf),
    /// Names from a server, below a directory that the user named.
    Below {
        /// That directory.
        base: Arc<Folder>,
        /// The names, each plain, from the top down.
        names: Vec<OsString>,
        /// The whole path, for messages.
        shown: PathBuf,
    },
}

/// A name in a directory held open.
#[derive(Clone, Debug)]
pub struct Place {
    /// The directory.
    pub folder: Arc<Folder>,
    /// The name.
    pub name: OsString,
    /// Whether a device or FIFO of that name may be written to: the user named it.
    pub is_named: bool,
}

impl Spot {
    /// The directory `path` itself, which is made, as the user named it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn top(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path).map_err(|error| match error.kind() {
            // That is what mkdir says of a file, too.
            io::ErrorKind::AlreadyExists => io::Error::other("is no directory, and one is needed"),
            _ => error,
        })?;
        let base = Arc::new(Folder::open(path)?);
        Ok(Self::Below { base, names: Vec::new(), shown: path.to_owned() })
    }

    /// What a server calls `name`, in the directory that this is; `None` for a name that could lead
    /// elsewhere.
    pub fn child(&self, name: &[u8]) -> Option<Self> {
        let child = local_child(self.shown(), name)?;
        Some(match self {
            Self::Named(_) => Self::Named(child),
            Self::Below { base, names, .. } => {
                let mut names = names.clone();
                names.push(OsStr::from_bytes(name).to_owned());
                Self::Below { base: Arc::clone(base), names, shown: child }
            }
        })
    }

    /// The names that lead to it from the directory at the top, with slashes between; none for a path
    /// that the user named.
    pub fn below(&self) -> Vec<u8> {
        match self {
            Self::Named(_) => Vec::new(),
            Self::Below { names, .. } => {
                names.iter().map(|name| name.as_bytes()).collect::<Vec<_>>().join(&b'/')
            }
        }
    }

    /// As messages show it.
    pub fn shown(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Below { shown: path, .. } => path,
        }
    }

    /// Makes the directory that this is, and those above it.
    ///
    /// # Errors
    /// One cannot be made, or a link is in the way.
    pub fn make(&self) -> io::Result<Arc<Folder>> {
        self.enter(|folder, name| folder.make(name))
    }

    /// Makes the directories that lead to it.
    ///
    /// # Errors
    /// Those of [`Self::make`].
    pub fn make_parents(&self) -> io::Result<()> {
        match self {
            Self::Named(_) => Ok(()),
            Self::Below { base, names, .. } => {
                let above = names.split_last().map_or(&[][..], |(_, above)| above);
                pass(base, above, |folder, name| folder.make(name)).map(drop)
            }
        }
    }

    /// Opens the directory that this is.
    ///
    /// # Errors
    /// There is none, or a link is in the way.
    pub fn folder(&self) -> io::Result<Arc<Folder>> {
        self.enter(Folder::inside)
    }

    fn enter(&self, step: fn(&Folder, &OsStr) -> io::Result<Folder>) -> io::Result<Arc<Folder>> {
        match self {
            Self::Named(path) => Folder::open(path).map(Arc::new),
            Self::Below { base, names, .. } => pass(base, names, step),
        }
    }

    /// Opens the directory in which the file will be. In a path that the user named a link is
    /// followed to the end, so that the file it leads to is replaced and the link stays, as `cp` does.
    ///
    /// # Errors
    /// There is no such directory, or a link is in the way of a server's name.
    pub fn open(&self) -> io::Result<Place> {
        let (folder, name) = match self {
            Self::Named(path) => return named(path),
            Self::Below { base, names, .. } => match names.split_last() {
                Some((name, above)) => (pass(base, above, Folder::inside)?, name.clone()),
                None => return Err(io::ErrorKind::IsADirectory.into()),
            },
        };
        Ok(Place { folder, name, is_named: false })
    }
}

fn pass(
    base: &Arc<Folder>,
    names: &[OsString],
    step: fn(&Folder, &OsStr) -> io::Result<Folder>,
) -> io::Result<Arc<Folder>> {
    let mut folder = Arc::clone(base);
    for name in names {
        folder = Arc::new(step(&folder, name)?);
    }
    Ok(folder)
}

fn named(path: &Path) -> io::Result<Place> {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let Some(name) = real.file_name() else { return Err(io::ErrorKind::IsADirectory.into()) };
    if path.as_os_str().as_bytes().ends_with(b"/") && !real.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let parent = real.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = Arc::new(Folder::open(parent.unwrap_or(Path::new(".")))?);
    Ok(Place { folder, name: name.to_owned(), is_named: true })
}

impl Place {
    /// What is there; `None` for nothing.
    ///
    /// # Errors
    /// It cannot be told, or no file can have that name.
    pub fn look(&self) -> io::Result<Option<Seen>> {
        self.folder.look(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn names_from_a_server_pass_through_no_link() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        fs::create_dir(path("out")).unwrap();
        fs::create_dir(path("elsewhere")).unwrap();
        symlink("../elsewhere", path("out/sub")).unwrap();
        symlink("out", path("mine")).unwrap();
        // The user's own link is followed.
        let top = Spot::top(&path("mine")).unwrap();
        let inside = top.child(b"sub").unwrap().child(b"a").unwrap();
        assert!(inside.open().is_err() && inside.make_parents().is_err());
        assert!(top.child(b"sub").unwrap().make().is_err());
        assert!(top.child(b"..").is_none());
        let fine = top.child(b"new").unwrap().child(b"deep").unwrap();
        fine.make().unwrap();
        assert!(path("out/new/deep").is_dir());
        assert_eq!(fs::read_dir(path("elsewhere")).unwrap().count(), 0);
    }

    #[test]
    fn a_tree_swapped_for_a_link_meanwhile_leads_nowhere() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        let top = Spot::top(&path("out")).unwrap();
        let sub = top.child(b"sub").unwrap();
        sub.make().unwrap();
        fs::rename(path("out"), path("moved")).unwrap();
        symlink("/", path("out")).unwrap();
        sub.child(b"deep").unwrap().make().unwrap();
        assert!(path("moved/sub/deep").is_dir());
    }

    #[test]
    fn paths_deeper_than_the_system_takes_at_once_can_be_made() {
        let scratch = tempfile::tempdir().unwrap();
        let mut spot = Spot::top(scratch.path()).unwrap();
        for _ in 0..40 {
            spot = spot.child(&[b'n'; 200]).unwrap();
        }
        spot.make().unwrap();
        assert_eq!(spot.child(b"a").unwrap().open().unwrap().look().unwrap(), None);
        // The standard library cannot remove such a tree by its path.
        let top = spot.shown().ancestors().nth(39).unwrap().to_owned();
        std::process::Command::new("rm").arg("-rf").arg(top).status().unwrap();
    }
}
