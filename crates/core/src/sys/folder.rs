//! A directory held open. What is done in it goes by one name in it, and follows no link: whoever
//! changes the tree meanwhile cannot lead us elsewhere.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::platform::{self, HANDLE};

/// A directory held open. Only the right to pass through it is needed, as with a path.
#[derive(Debug)]
pub struct Folder(File);

/// What kind of thing has a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sort {
    /// A regular file.
    File,
    /// A directory.
    Folder,
    /// A symbolic link, wherever it leads.
    Link,
    /// A device, FIFO or socket.
    Special,
}

/// What there is under a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// What it is.
    pub sort: Sort,
    /// Its permissions.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// When it was changed last, in seconds since 1970.
    pub modified: i64,
    /// What tells it from all other files: device and inode.
    pub identity: (u64, u64),
    /// Whether it belongs to the user of this process.
    pub is_ours: bool,
    /// How many names it has.
    pub links: u64,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// It must not be there; it is read and written.
    New,
    /// It is made where it is missing; it is read and written.
    Either,
    /// It must be there; it is written.
    Old,
}

const FOLDER: OFlags = HANDLE.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Folder {
    /// The directory at a path that the user gave: links in it are followed.
    ///
    /// # Errors
    /// There is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, FOLDER, Mode::empty())?.into()))
    }

    /// The directory `name` in this one.
    ///
    /// # Errors
    /// There is none, or a link has that name.
    pub fn inside(&self, name: &OsStr) -> io::Result<Self> {
        let flags = FOLDER | OFlags::NOFOLLOW;
        match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Err(Errno::NOTDIR | Errno::LOOP) if self.is_link(name) => Err(io::Error::other(
                "a symbolic link is in the way, and is not followed for a name from the server",
            )),
            opened => Ok(Self(opened?.into())),
        }
    }

    fn is_link(&self, name: &OsStr) -> bool {
        self.look(name).is_ok_and(|seen| seen.is_some_and(|seen| seen.sort == Sort::Link))
    }

    /// Makes the directory `name` unless it is there.
    ///
    /// # Errors
    /// It cannot be made, or something else has that name.
    pub fn make(&self, name: &OsStr) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => self.inside(name),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Opens a file. With the permissions that `umask` leaves, where it is made.
    ///
    /// # Errors
    /// Those of openat(2); a link is one, too.
    pub fn file(&self, name: &OsStr, opening: Opening) -> io::Result<File> {
        let how = match opening {
            Opening::New => OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
            Opening::Either => OFlags::RDWR | OFlags::CREATE,
            Opening::Old => OFlags::WRONLY,
        };
        let flags = how | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// What has that name, a link itself and not what it leads to; `None` when nothing has.
    ///
    /// # Errors
    /// It cannot be told, or the name is none that this file system can hold.
    pub fn look(&self, name: &OsStr) -> io::Result<Option<Seen>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Seen::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// What this directory is.
    ///
    /// # Errors
    /// Those of fstat(2).
    pub fn seen(&self) -> io::Result<Seen> {
        seen(&self.0)
    }

    /// Gives what is `old` the name `new`, and takes it from whatever has it.
    ///
    /// # Errors
    /// Those of renameat(2).
    pub fn rename(&self, old: &OsStr, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, old, &self.0, new)?)
    }

    /// Gives what is `old` the name `new`, which must be nobody's.
    ///
    /// # Errors
    /// `AlreadyExists`, or others of renameat(2) and linkat(2).
    pub fn rename_new(&self, old: &OsStr, new: &OsStr) -> io::Result<()> {
        if platform::rename_new(&self.0, old, new)? {
            return Ok(());
        }
        rustix::fs::linkat(&self.0, old, &self.0, new, AtFlags::empty())?;
        self.remove(old)
    }

    /// Removes a name that is no directory's.
    ///
    /// # Errors
    /// Those of unlinkat(2).
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// All names in it.
    ///
    /// # Errors
    /// It may not be read.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.readable()?)? {
            names.push(OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned());
        }
        Ok(names)
    }

    /// Dates the directory itself.
    ///
    /// # Errors
    /// It may not be.
    pub fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.readable()?.set_modified(time)
    }

    /// The same directory, opened so that more can be done with it than pass through.
    fn readable(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, ".", flags, Mode::empty())?.into())
    }
}

/// What an open file is.
///
/// # Errors
/// Those of fstat(2).
pub fn seen(file: &File) -> io::Result<Seen> {
    Ok(Seen::of(&rustix::fs::fstat(file)?))
}

impl Seen {
    #[allow(clippy::unnecessary_cast, reason = "the types are others on other systems")]
    fn of(stat: &rustix::fs::Stat) -> Self {
        let sort = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Sort::File,
            FileType::Directory => Sort::Folder,
            FileType::Symlink => Sort::Link,
            _ => Sort::Special,
        };
        Self {
            sort,
            mode: stat.st_mode as u32 & 0o7777,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: stat.st_mtime as i64,
            identity: (stat.st_dev as u64, stat.st_ino as u64),
            is_ours: stat.st_uid == rustix::process::geteuid().as_raw(),
            links: stat.st_nlink as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_is_followed_but_in_the_users_own_path() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        fs::create_dir(path("real")).unwrap();
        fs::write(path("real/precious"), b"p").unwrap();
        symlink("real", path("link")).unwrap();
        symlink("real/precious", path("file")).unwrap();
        assert!(Folder::open(&path("link")).is_ok());
        let folder = Folder::open(scratch.path()).unwrap();
        for refused in [folder.inside("link".as_ref()), folder.make("link".as_ref())] {
            assert!(refused.unwrap_err().to_string().contains("symbolic link"));
        }
        for opening in [Opening::New, Opening::Either, Opening::Old] {
            assert!(folder.file("file".as_ref(), opening).is_err());
        }
        assert_eq!(folder.look("file".as_ref()).unwrap().unwrap().sort, Sort::Link);
        assert_eq!(folder.look("none".as_ref()).unwrap(), None);
        assert!(folder.look("n".repeat(256).as_ref()).is_err());
        assert_eq!(folder.names().unwrap().len(), 5);
    }

    #[test]
    fn a_name_that_is_taken_is_not_taken_over_by_rename_new() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::open(scratch.path()).unwrap();
        for name in ["a", "b"] {
            folder.file(name.as_ref(), Opening::New).unwrap();
        }
        let error = folder.rename_new("a".as_ref(), "b".as_ref()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        folder.rename_new("a".as_ref(), "c".as_ref()).unwrap();
        folder.rename("c".as_ref(), "b".as_ref()).unwrap();
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }
}
