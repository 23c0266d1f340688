//! Local files: a download appears under its name whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, PersistError};

use crate::partial::{Part, Parts};

/// The temporary files of a run, so that a signal can remove them before the process dies of it.
#[derive(Clone, Debug, Default)]
pub struct Unfinished(Arc<Mutex<BTreeSet<PathBuf>>>);

impl Unfinished {
    /// Removes all files that are not finished. What cannot be removed is left.
    pub fn remove_all(&self) {
        for path in std::mem::take(&mut *self.paths()) {
            let _ = fs::remove_file(path);
        }
    }

    fn paths(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file being written. Dropping it without [`Draft::commit`] removes what was written.
#[derive(Debug)]
pub enum Draft {
    /// A temporary file beside the target, which a rename turns into it.
    Beside {
        /// The temporary file.
        file: NamedTempFile,
        /// The name it will have.
        target: PathBuf,
        /// Where it is noted until then.
        unfinished: Unfinished,
    },
    /// A part that stays when it is not finished, for the next run to go on with.
    Kept {
        /// The part.
        part: Part,
        /// The name it will have.
        target: PathBuf,
    },
    /// A device or FIFO such as /dev/null, or what /dev/fd leads to, written as it is: it cannot be
    /// replaced.
    Direct(File),
}

impl Draft {
    /// Begins a file that will be called `target`. A link is followed, so that the file it leads
    /// to is replaced and the link stays, as `cp` does.
    ///
    /// # Errors
    /// The folder cannot be written, or `target` is a directory.
    pub fn begin(target: &Path, unfinished: &Unfinished) -> io::Result<Self> {
        if is_stream(target) {
            return Ok(Self::Direct(File::options().append(true).open(target)?));
        }
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let mode = match old_mode(&target)? {
            Old::Device => return Ok(Self::Direct(File::options().write(true).open(&target)?)),
            Old::File(mode) => Some(mode),
            Old::None => None,
        };
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty());
        let file = tempfile::Builder::new()
            .prefix(".ftp-")
            .suffix(".part")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        if let Some(mode) = mode {
            file.as_file().set_permissions(mode)?;
        }
        unfinished.paths().insert(file.path().to_owned());
        Ok(Self::Beside { file, target, unfinished: unfinished.clone() })
    }

    /// As [`Self::begin`], with the part that an earlier run left of `source` if there is one; see
    /// [`Parts::open`]. Where somebody else is writing that, it is a file of its own.
    ///
    /// # Errors
    /// Those of [`Self::begin`].
    pub fn resume(
        target: &Path,
        source: &[&[u8]],
        (parts, unfinished): (&Parts, &Unfinished),
    ) -> io::Result<Self> {
        let real = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let mode = match old_mode(&real)? {
            Old::Device => return Self::begin(target, unfinished),
            _ if is_stream(target) => return Self::begin(target, unfinished),
            Old::File(mode) => Some(mode),
            Old::None => None,
        };
        let Some(part) = parts.open(&real, source)? else {
            return Self::begin(target, unfinished);
        };
        if let Some(mode) = mode {
            part.file.set_permissions(mode)?;
        }
        Ok(Self::Kept { part, target: real })
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        match self {
            Self::Beside { file, .. } => file.as_file(),
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
            Self::Beside { file, .. } => file.reopen(),
            Self::Kept { .. } | Self::Direct(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Gives the file its name, once its bytes are on the disk.
    ///
    /// # Errors
    /// A full disk that only now shows, or a rename that fails; nothing is left then.
    pub fn commit(self) -> io::Result<()> {
        self.name_it(|file, target| file.persist(target).map(drop), Part::persist)
    }

    /// As [`Self::commit`], unless the name was given to another file meanwhile: then that one stays,
    /// and the answer is `false`.
    ///
    /// # Errors
    /// Those of [`Self::commit`].
    pub fn commit_new(self) -> io::Result<bool> {
        let named = self
            .name_it(|file, target| file.persist_noclobber(target).map(drop), Part::persist_new);
        match named {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            other => other.map(|()| true),
        }
    }

    fn name_it(
        self,
        rename: impl FnOnce(NamedTempFile, &Path) -> Result<(), PersistError>,
        rename_part: impl FnOnce(Part, &Path) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Kept { part, target } => {
                part.file.sync_data()?;
                rename_part(part, &target)
            }
            Self::Beside { file, target, unfinished } => {
                let temporary = file.path().to_owned();
                file.as_file().sync_data()?;
                let renamed = rename(file, &target).map_err(|failed| failed.error);
                unfinished.paths().remove(&temporary);
                renamed
            }
        }
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
    /// A file with these permissions. One that others may not read stays so.
    File(Permissions),
    Device,
}

fn old_mode(target: &Path) -> io::Result<Old> {
    match fs::metadata(target) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => Ok(Old::Device),
        Ok(found) => Ok(Old::File(found.permissions())),
        Err(_) => Ok(Old::None),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

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
        let draft = Draft::begin(&target, &unfinished).unwrap();
        draft.file().write_all(b"x").unwrap();
        assert!(!target.exists());
        drop(draft);
        assert!(names(folder.path()).is_empty());

        let draft = Draft::begin(&target, &unfinished).unwrap();
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
            let draft = Draft::begin(&target, &Unfinished::default()).unwrap();
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
        let _draft = Draft::begin(&folder.path().join("a"), &unfinished).unwrap();
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
        let draft = Draft::begin(&link, &Unfinished::default()).unwrap();
        draft.file().write_all(b"new").unwrap();
        draft.commit().unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

        let null = Draft::begin(Path::new("/dev/null"), &Unfinished::default()).unwrap();
        assert!(matches!(null, Draft::Direct(_)));
        null.commit().unwrap();
        assert!(Draft::begin(folder.path(), &Unfinished::default()).is_err());
    }
}
