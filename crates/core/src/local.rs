//! Local files: a download appears under its name whole or not at all.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::partial::{Part, Parts};
use crate::place::{Place, Spot};
use crate::sys::{Folder, Opening, Sort};

/// How many random names are tried for a temporary file.
const TRIES: usize = 100;

/// The temporary files of a run, so that a signal can remove them before the process dies of it.
#[derive(Clone, Debug, Default)]
pub struct Unfinished(Arc<Mutex<Notes>>);

/// Where each of them is, by a number.
type Notes = BTreeMap<u64, (Arc<Folder>, OsString)>;

impl Unfinished {
    /// Removes all files that are not finished. What cannot be removed is left.
    pub fn remove_all(&self) {
        for (folder, name) in std::mem::take(&mut *self.files()).into_values() {
            let _ = folder.remove(&name);
        }
    }

    fn files(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new file in `folder`. No signal comes between its making and the note of it.
    fn make(&self, folder: &Arc<Folder>) -> io::Result<(File, Temporary)> {
        let mut files = self.files();
        for _ in 0..TRIES {
            let letters = std::iter::repeat_with(fastrand::alphanumeric).take(12);
            let name = OsString::from(format!(".ftp-{}.part", letters.collect::<String>()));
            let file = match folder.file(&name, Opening::New) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            };
            let number = files.last_key_value().map_or(0, |(last, _)| last + 1);
            files.insert(number, (Arc::clone(folder), name.clone()));
            let folder = Arc::clone(folder);
            return Ok((file, Temporary { folder, name, number, unfinished: self.clone() }));
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// The name of a file that is not whole; dropped, the file is removed.
#[derive(Debug)]
pub struct Temporary {
    folder: Arc<Folder>,
    name: OsString,
    /// Under which it is noted.
    number: u64,
    unfinished: Unfinished,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Whoever takes the note out removes the file; a signal may have.
        if self.unfinished.files().remove(&self.number).is_some() {
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// A file being written. Dropping it without [`Draft::commit`] removes what was written.
#[derive(Debug)]
pub enum Draft {
    /// A temporary file beside the target, which a rename turns into it.
    Beside {
        /// The file to write to.
        file: File,
        /// The name it has now.
        temporary: Temporary,
        /// The name it will have.
        target: Place,
    },
    /// A part that stays when it is not finished, for the next run to go on with.
    Kept {
        /// The part.
        part: Part,
        /// The name it will have.
        target: Place,
    },
    /// A device or FIFO such as /dev/null, or what /dev/fd leads to, written as it is: it cannot be
    /// replaced.
    Direct(File),
}

impl Draft {
    /// Begins a file that will be at `spot`. Where the user named it, a device is written to;
    /// where a server did, a link is replaced, and a device is left alone.
    ///
    /// # Errors
    /// The folder cannot be written, or `spot` is a directory, or a name that it cannot have.
    pub fn begin(spot: &Spot, unfinished: &Unfinished) -> io::Result<Self> {
        if let Some(path) = special(spot) {
            return Ok(Self::Direct(File::options().append(true).open(path)?));
        }
        let target = spot.open()?;
        let mode = match Old::at(&target)? {
            Old::Device => {
                return Ok(Self::Direct(target.folder.file(&target.name, Opening::Old)?));
            }
            Old::File(mode) => mode,
            Old::None => None,
        };
        let (file, temporary) = unfinished.make(&target.folder)?;
        if let Some(mode) = mode {
            file.set_permissions(mode)?;
        }
        Ok(Self::Beside { file, temporary, target })
    }

    /// As [`Self::begin`], with the part that an earlier run left of `source` if there is one; see
    /// [`Parts::open`]. Where somebody else is writing that, it is a file of its own.
    ///
    /// # Errors
    /// Those of [`Self::begin`].
    pub fn resume(
        spot: &Spot,
        source: &[&[u8]],
        (parts, unfinished): (&Parts, &Unfinished),
    ) -> io::Result<Self> {
        if special(spot).is_some() {
            return Self::begin(spot, unfinished);
        }
        let target = spot.open()?;
        let mode = match Old::at(&target)? {
            Old::Device => return Self::begin(spot, unfinished),
            Old::File(mode) => mode,
            Old::None => None,
        };
        let Some(part) = parts.open(&target, source)? else {
            return Self::begin(spot, unfinished);
        };
        if let Some(mode) = mode {
            part.file.set_permissions(mode)?;
        }
        Ok(Self::Kept { part, target })
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        match self {
            Self::Beside { file, .. } => file,
            Self::Kept { part, .. } => &part.file,
            Self::Direct(file) => file,
        }
    }

    /// Whether it can be written in any order.
    pub fn may_be_reopened(&self) -> bool {
        matches!(self, Self::Beside { .. })
    }

    /// The file once more, with a place of its own to write at.
    ///
    /// # Errors
    /// It cannot be opened, or is a device, where there is but one place.
    pub fn reopen(&self) -> io::Result<File> {
        match self {
            Self::Beside { temporary, .. } => temporary.folder.file(&temporary.name, Opening::Old),
            Self::Kept { .. } | Self::Direct(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Gives the file its name, once its bytes are on the disk.
    ///
    /// # Errors
    /// A full disk that only now shows, or a rename that fails; nothing is left then.
    pub fn commit(self) -> io::Result<()> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Kept { part, target } => {
                part.file.sync_data()?;
                part.persist(&target)
            }
            Self::Beside { file, temporary, target } => {
                file.sync_data()?;
                temporary.become_whole(|name| target.folder.rename(name, &target.name))
            }
        }
    }

    /// As [`Self::commit`], unless the name was given to another file meanwhile: then that one stays,
    /// and the answer is `false`.
    ///
    /// # Errors
    /// Those of [`Self::commit`].
    pub fn commit_new(self) -> io::Result<bool> {
        let named = match self {
            Self::Direct(_) => Ok(()),
            Self::Kept { part, target } => {
                part.file.sync_data()?;
                part.persist_new(&target)
            }
            Self::Beside { file, temporary, target } => {
                file.sync_data()?;
                temporary.become_whole(|name| target.folder.rename_new(name, &target.name))
            }
        };
        match named {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            other => other.map(|()| true),
        }
    }
}

impl Temporary {
    /// Has `rename` give the file its name; it is removed when that fails.
    fn become_whole(self, rename: impl FnOnce(&OsStr) -> io::Result<()>) -> io::Result<()> {
        rename(&self.name)?;
        self.unfinished.files().remove(&self.number);
        Ok(())
    }
}

/// The path of what is written as it is, whatever it leads to.
fn special(spot: &Spot) -> Option<&Path> {
    match spot {
        Spot::Named(path) => is_stream(path).then_some(path.as_path()),
        Spot::Below { .. } => None,
    }
}

/// Whether a name stands for what is open already: its bytes go to the end of that. Below `/dev` there are
/// folders for files, too (`/dev/shm`), and devices are known by what they are.
fn is_stream(target: &Path) -> bool {
    let streams = ["/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/proc"];
    streams.iter().any(|stream| target.starts_with(stream))
}

/// What a file would take the place of.
enum Old {
    None,
    /// A file, with the permissions that its successor gets: one that others may not read stays so. That of another
    /// user gives none, and no file gives the bits that change who runs it.
    File(Option<Permissions>),
    Device,
}

impl Old {
    fn at(target: &Place) -> io::Result<Self> {
        let Some(seen) = target.look()? else { return Ok(Self::None) };
        match seen.sort {
            Sort::Folder => Err(io::ErrorKind::IsADirectory.into()),
            Sort::File => {
                let mode = seen.is_ours.then(|| Permissions::from_mode(seen.mode & 0o777));
                Ok(Self::File(mode))
            }
            Sort::Link => Ok(Self::None),
            Sort::Special if target.is_named => Ok(Self::Device),
            Sort::Special => {
                Err(io::Error::other("a device, FIFO or socket is in the way; -o writes to one"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn spot(path: &Path) -> Spot {
        Spot::Named(path.to_owned())
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let unfinished = Unfinished::default();
        let draft = Draft::begin(&spot(&target), &unfinished).unwrap();
        draft.file().write_all(b"x").unwrap();
        assert!(!target.exists());
        drop(draft);
        assert!(names(folder.path()).is_empty());

        let draft = Draft::begin(&spot(&target), &unfinished).unwrap();
        draft.file().write_all(b"whole").unwrap();
        draft.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_name_that_was_taken_meanwhile_stays_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        for (content, is_ours) in [("one", true), ("two", false)] {
            let draft = Draft::begin(&spot(&target), &Unfinished::default()).unwrap();
            draft.file().write_all(content.as_bytes()).unwrap();
            assert_eq!(draft.commit_new().unwrap(), is_ours);
        }
        assert_eq!(fs::read(&target).unwrap(), b"one");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_signal_can_remove_what_is_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        let unfinished = Unfinished::default();
        let _draft = Draft::begin(&spot(&folder.path().join("a")), &unfinished).unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        unfinished.remove_all();
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn links_stay_and_devices_are_written_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, b"old").unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        let draft = Draft::begin(&spot(&link), &Unfinished::default()).unwrap();
        draft.file().write_all(b"new").unwrap();
        draft.commit().unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

        let null = Draft::begin(&spot(Path::new("/dev/null")), &Unfinished::default()).unwrap();
        assert!(matches!(null, Draft::Direct(_)));
        null.commit().unwrap();
        assert!(Draft::begin(&spot(folder.path()), &Unfinished::default()).is_err());
    }

    #[test]
    fn for_a_servers_name_a_link_is_replaced_and_a_device_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (precious, link) = (folder.path().join("precious"), folder.path().join("link"));
        fs::write(&precious, b"p").unwrap();
        std::os::unix::fs::symlink("precious", &link).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        let top = Spot::top(folder.path()).unwrap();
        let draft = Draft::begin(&top.child(b"link").unwrap(), &Unfinished::default()).unwrap();
        draft.file().write_all(b"new").unwrap();
        draft.commit().unwrap();
        assert_eq!(fs::read(&precious).unwrap(), b"p");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert!(Draft::begin(&top.child(b"socket").unwrap(), &Unfinished::default()).is_err());
        let long = Draft::begin(&top.child(&[b'n'; 256]).unwrap(), &Unfinished::default());
        assert_eq!(long.unwrap_err().kind(), io::ErrorKind::InvalidFilename);
        assert_eq!(names(folder.path()), ["link", "precious", "socket"]);
    }
}
