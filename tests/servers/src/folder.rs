//! Scratch folders: made empty, written to with names that are bytes, removed on drop.
//!
//! Everything in them is open to all users, since the servers serve as `nobody`.

use std::{
    env,
    ffi::OsStr,
    fs::{self, Permissions},
    io,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder of our own below the system's temporary folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes an empty folder; `purpose` becomes part of its name.
    ///
    /// # Errors
    /// What the system says when it cannot be made.
    pub fn new(purpose: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("ftp-{purpose}-{}-{number}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path)?;
        open_to_all(&path, 0o777)?;
        Ok(Self { path })
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of `name` (bytes, `/` between levels) in this folder.
    pub fn at(&self, name: impl AsRef<[u8]>) -> PathBuf {
        self.path.join(OsStr::from_bytes(name.as_ref()))
    }

    /// Writes a file, making the folders above it.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn write(&self, name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Result<(), String> {
        let path = self.at(name);
        self.make_parents(&path)
            .and_then(|()| fs::write(&path, content))
            .and_then(|()| open_to_all(&path, 0o666))
            .map_err(|error| said(&path, &error))
    }

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn mkdir(&self, name: impl AsRef<[u8]>) -> Result<(), String> {
        let path = self.at(name);
        self.make_parents(&path.join("x")).map_err(|error| said(&path, &error))
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn read(&self, name: impl AsRef<[u8]>) -> Result<Vec<u8>, String> {
        let path = self.at(name);
        fs::read(&path).map_err(|error| said(&path, &error))
    }

    /// Whether there is anything of that name.
    pub fn has(&self, name: impl AsRef<[u8]>) -> bool {
        self.at(name).symlink_metadata().is_ok()
    }

    /// The paths of all files below, relative, sorted by bytes. Folders are not listed.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn files(&self) -> Result<Vec<Vec<u8>>, String> {
        let (mut found, mut todo) = (Vec::new(), vec![self.path.clone()]);
        while let Some(dir) = todo.pop() {
            let inside = children(&dir).map_err(|error| said(&dir, &error))?;
            let (dirs, files): (Vec<_>, Vec<_>) =
                inside.into_iter().partition(|path| path.is_dir());
            todo.extend(dirs);
            found.extend(files.iter().map(|path| {
                let below = path.strip_prefix(&self.path).unwrap_or(path);
                below.as_os_str().as_bytes().to_vec()
            }));
        }
        found.sort();
        Ok(found)
    }

    /// Removes what is in the folder, not the folder: servers hold it open.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn empty(&self) -> Result<(), String> {
        children(&self.path)
            .and_then(|inside| inside.iter().try_for_each(|path| remove(path)))
            .map_err(|error| said(&self.path, &error))
    }

    fn make_parents(&self, path: &Path) -> io::Result<()> {
        let above = path.parent().unwrap_or(&self.path);
        fs::create_dir_all(above)?;
        for dir in above.ancestors().take_while(|dir| *dir != self.path) {
            open_to_all(dir, 0o777)?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn children(dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect()
}

fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Sets a mode past the umask.
fn open_to_all(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn said(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
