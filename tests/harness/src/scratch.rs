//! The folder a tool runs in, fresh for each case and gone after it.
//! What belongs into it is decided by `case`; what must be there afterwards by `expect`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A temporary folder with the tool's working folder and a home that holds nothing.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
}

impl Scratch {
    /// Makes the folders.
    ///
    /// # Errors
    /// The temporary folder of the system cannot be written.
    pub fn new() -> io::Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("ftp-case-{}-{count}", std::process::id()));
        let scratch = Self { root };
        fs::create_dir_all(scratch.dir())?;
        fs::create_dir(scratch.home())?;
        Ok(scratch)
    }

    /// The tool's working folder.
    pub fn dir(&self) -> PathBuf {
        self.root.join("dir")
    }

    /// The tool's home.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// A path below the working folder.
    pub fn path(&self, name: &[u8]) -> PathBuf {
        self.dir().join(OsStr::from_bytes(name))
    }

    /// Writes a file that is the user's alone, and makes the folders above it.
    ///
    /// # Errors
    /// The file system says no.
    pub fn put(&self, name: &[u8], bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(bytes)
    }

    /// Everything below the working folder as relative paths, folders with a slash at the end,
    /// sorted.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn listing(&self) -> io::Result<Vec<Vec<u8>>> {
        let (mut found, mut open) = (Vec::new(), vec![self.dir()]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let is_dir = entry.file_type()?.is_dir();
                found.push(self.relative(&entry.path(), is_dir));
                open.extend(is_dir.then(|| entry.path()));
            }
        }
        found.sort();
        Ok(found)
    }

    fn relative(&self, path: &Path, is_dir: bool) -> Vec<u8> {
        let below = path.strip_prefix(self.dir()).unwrap_or(path);
        let mut name = below.as_os_str().as_bytes().to_vec();
        name.extend(is_dir.then_some(b'/'));
        name
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
