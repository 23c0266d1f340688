//! Parts of files, kept from one run to the next (`-c`): where they lie, and that one process at a
//! time writes them. Whether their bytes are right is for those who fetch the rest.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::checksum::name_of;
use crate::names::is_ours;
use crate::place::Place;
use crate::sys::{self, Folder, Opening, Seen, Sort};

/// What is looked for in folders, which are known by their identity; each is read once a run.
#[derive(Debug, Default)]
pub struct Parts(Mutex<HashMap<(u64, u64), Vec<OsString>>>);

/// A part of a file, locked. Dropped, it stays for the next run, unless it is empty.
#[derive(Debug)]
pub struct Part {
    /// The file to write to.
    pub file: File,
    folder: Arc<Folder>,
    name: OsString,
}

impl Parts {
    /// The part of what will be at `target`, empty if there is none yet. `source` says what it is a part
    /// of, place, size and time: one of another source is removed. `None` when somebody else is
    /// writing it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(&self, target: &Place, source: &[&[u8]]) -> io::Result<Option<Part>> {
        let folder = &target.folder;
        let prefix = format!(".ftp-{}-", name_of(&[target.name.as_bytes()]));
        let own = format!("{prefix}{}.part", name_of(source));
        for other in self.in_folder(folder)? {
            if other.as_bytes().starts_with(prefix.as_bytes()) && other != *own {
                discard(folder, other);
            }
        }
        Part::open(folder, own.into())
    }

    fn in_folder(&self, folder: &Folder) -> io::Result<Vec<OsString>> {
        let identity = folder.seen()?.identity;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.entry(identity).or_insert_with(|| parts_in(folder)).clone())
    }
}

/// The names in `folder` that are those of parts.
fn parts_in(folder: &Folder) -> Vec<OsString> {
    let mut names = folder.names().unwrap_or_default();
    names.retain(|name| is_ours(name.as_bytes()));
    names
}

/// Removes a part that nobody will go on with, unless somebody is writing it.
fn discard(folder: &Arc<Folder>, name: OsString) {
    if let Ok(Some(part)) = Part::open(folder, name) {
        let _ = folder.remove(&part.name);
    }
}

impl Part {
    fn open(folder: &Arc<Folder>, name: OsString) -> io::Result<Option<Self>> {
        if folder.look(&name)?.is_some_and(|seen| !is_trusted(&seen)) {
            return Ok(None);
        }
        let file = folder.file(&name, Opening::Either)?;
        // Its last writer may have given it its name before we had the lock.
        let is_there =
            is_trusted(&sys::seen(&file)?) && sys::try_lock(&file)? && is_one(&file, folder, &name);
        Ok(is_there.then(|| Self { file, folder: Arc::clone(folder), name }))
    }

    /// How many bytes there are.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Gives it the name `target` in its folder, replacing what is there.
    ///
    /// # Errors
    /// The system's; the part stays.
    pub fn persist(self, target: &Place) -> io::Result<()> {
        self.folder.rename(&self.name, &target.name)
    }

    /// Gives it the name `target`, which must be nobody's.
    ///
    /// # Errors
    /// `AlreadyExists`, or another of the system's; the part stays.
    pub fn persist_new(self, target: &Place) -> io::Result<()> {
        self.folder.rename_new(&self.name, &target.name)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.length().is_ok_and(|length| length == 0)
            && is_one(&self.file, &self.folder, &self.name)
        {
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// Whether a file can only be what an earlier run has left: in a folder that others may write to, a file of that name may
/// be of another user, or have a second name there.
fn is_trusted(seen: &Seen) -> bool {
    seen.sort == Sort::File && seen.is_ours && seen.links == 1
}

/// Whether `file` is what is called `name`.
fn is_one(file: &File, folder: &Folder, name: &OsStr) -> bool {
    match (sys::seen(file), folder.look(name)) {
        (Ok(ours), Ok(Some(there))) => ours.identity == there.identity,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    use super::*;
    use crate::place::Spot;

    fn place(path: &Path) -> Place {
        Spot::Named(path.to_owned()).open().unwrap()
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_part_is_found_again_and_one_of_another_source_goes() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let open =
            |source: &[u8]| Parts::default().open(&place(&target), &[source]).unwrap().unwrap();
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
        let mut first = Parts::default().open(&place(&target), &[b"s"]).unwrap().unwrap();
        first.file.write_all(b"123").unwrap();
        assert!(Parts::default().open(&place(&target), &[b"s"]).unwrap().is_none());
        // Not even when they want it gone.
        assert!(Parts::default().open(&place(&target), &[b"t"]).unwrap().is_some());
        first.persist(&place(&target)).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"123");
        assert_eq!(names(folder.path()), 1);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, precious) = (folder.path().join("a"), folder.path().join("precious"));
        fs::write(&precious, b"p").unwrap();
        let part = Parts::default().open(&place(&target), &[b"s"]).unwrap().unwrap();
        let path = folder.path().join(&part.name);
        drop(part);
        std::os::unix::fs::symlink("precious", &path).unwrap();
        assert!(Parts::default().open(&place(&target), &[b"s"]).unwrap().is_none());
        assert_eq!(fs::read(&precious).unwrap(), b"p");
    }
}
