//! Parts of files, kept from one run to the next (`-c`): where they lie, and that one process at a
//! time writes them. Whether their bytes are right is for those who fetch the rest.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::checksum::name_of;
use crate::sys;

/// What is looked for in folders; each is read once a run.
#[derive(Debug, Default)]
pub struct Parts(Mutex<HashMap<PathBuf, Vec<OsString>>>);

/// A part of a file, locked. Dropped, it stays for the next run, unless it is empty.
#[derive(Debug)]
pub struct Part {
    /// The file to write to.
    pub file: File,
    path: PathBuf,
}

impl Parts {
    /// The part of what will be `target`, empty if there is none yet. `source` says what it is a part
    /// of, place, size and time: one of another source is removed. `None` when somebody else is
    /// writing it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(&self, target: &Path, source: &[&[u8]]) -> io::Result<Option<Part>> {
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let name = target.file_name().unwrap_or_default();
        let prefix = format!(".ftp-{}-", name_of(&[name.as_bytes()]));
        let own = format!("{prefix}{}.part", name_of(source));
        for other in self.in_folder(folder) {
            if other.as_bytes().starts_with(prefix.as_bytes()) && other != *own {
                discard(&folder.join(other));
            }
        }
        Part::open(folder.join(own))
    }

    fn in_folder(&self, folder: &Path) -> Vec<OsString> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(folder.to_owned()).or_insert_with(|| parts_in(folder)).clone()
    }
}

/// The names in `folder` that are those of parts.
fn parts_in(folder: &Path) -> Vec<OsString> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().into_vec()));
    let parts = names.filter(|name| name.starts_with(b".ftp-") && name.ends_with(b".part"));
    parts.map(OsString::from_vec).collect()
}

/// Removes a part that nobody will go on with, unless somebody is writing it.
fn discard(path: &Path) {
    if let Ok(Some(_part)) = Part::open(path.to_owned()) {
        let _ = fs::remove_file(path);
    }
}

impl Part {
    fn open(path: PathBuf) -> io::Result<Option<Self>> {
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Ok(None);
        }
        let file =
            File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        // Its last writer may have given it its name before we had the lock.
        let is_there = sys::try_lock(&file)? && is_one(&file, &path);
        Ok(is_there.then_some(Self { file, path }))
    }

    /// How many bytes there are.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Gives it the name `target`, replacing what is there.
    ///
    /// # Errors
    /// The system's; the part stays.
    pub fn persist(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }

    /// Gives it the name `target`, which must be nobody's.
    ///
    /// # Errors
    /// `AlreadyExists`, or another of the system's; the part stays.
    pub fn persist_new(self, target: &Path) -> io::Result<()> {
        fs::hard_link(&self.path, target)?;
        fs::remove_file(&self.path)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.length().is_ok_and(|length| length == 0) && is_one(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether `file` is what is at `path`.
fn is_one(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_part_is_found_again_and_one_of_another_source_goes() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let open = |source: &[u8]| Parts::default().open(&target, &[source]).unwrap().unwrap();
        open(b"one").file.write_all(b"123").unwrap();
        assert_eq!(open(b"one").length().unwrap(), 3);
        assert_eq!(names(folder.path()), 1);
        assert_eq!(open(b"two").length().unwrap(), 0);
        assert_eq!(names(folder.path()), 0);
    }

    #[test]
    fn two_do_not_write_one_part() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let mut first = Parts::default().open(&target, &[b"s"]).unwrap().unwrap();
        first.file.write_all(b"123").unwrap();
        assert!(Parts::default().open(&target, &[b"s"]).unwrap().is_none());
        // Not even when they want it gone.
        assert!(Parts::default().open(&target, &[b"t"]).unwrap().is_some());
        first.persist(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"123");
        assert_eq!(names(folder.path()), 1);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, precious) = (folder.path().join("a"), folder.path().join("precious"));
        fs::write(&precious, b"p").unwrap();
        let part = Parts::default().open(&target, &[b"s"]).unwrap().unwrap();
        let path = part.path.clone();
        drop(part);
        std::os::unix::fs::symlink("precious", &path).unwrap();
        assert!(Parts::default().open(&target, &[b"s"]).unwrap().is_none());
        assert_eq!(fs::read(&precious).unwrap(), b"p");
    }
}
