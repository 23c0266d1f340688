//! The scripted server keeps its files in memory. Here they come from a folder and go back into it, so that
//! a page speaks of files alone, whichever server has them. Times and modes go with them.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Kind, Node, Tree};

/// The lines of an `auto:` block that make the files below `root`.
///
/// # Errors
/// What the system says.
pub fn lines(root: &Path) -> io::Result<String> {
    let (mut lines, mut todo) = (String::new(), vec![root.to_owned()]);
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            let name = quoted(path.strip_prefix(root).unwrap_or(&path).as_os_str().as_bytes());
            if path.is_dir() {
                lines += &format!("dir {name}\n");
                todo.push(path);
            } else {
                let mode = path.metadata()?.permissions().mode() & 0o777;
                let (time, content) = (time(&path)?, quoted(&fs::read(&path)?));
                lines += &format!("file {name} mtime={time} mode={mode:04o} {content}\n");
            }
        }
    }
    Ok(lines)
}

/// Makes the folder `root` what the server holds.
///
/// # Errors
/// What the system says.
pub fn keep(tree: &Tree, root: &Path) -> io::Result<()> {
    fs::remove_dir_all(root)?;
    fs::create_dir(root)?;
    for path in tree.paths() {
        let name = path.strip_suffix(b"/").unwrap_or(&path);
        let Some(node) = tree.get(name) else { continue };
        let below = name.strip_prefix(b"/").unwrap_or(name);
        write(&root.join(OsStr::from_bytes(below)), node)?;
    }
    Ok(())
}

fn write(path: &PathBuf, node: &Node) -> io::Result<()> {
    match &node.kind {
        Kind::Dir => fs::create_dir(path),
        Kind::Link(_) => Ok(()),
        Kind::File(bytes) => {
            fs::write(path, bytes)?;
            fs::set_permissions(path, Permissions::from_mode(node.mode))?;
            date(path, &node.mtime)
        }
    }
}

/// A word of the case language that stands for any bytes.
fn quoted(bytes: &[u8]) -> String {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"/._- ".contains(&b);
    let one = |b: &u8| if safe(*b) { char::from(*b).into() } else { format!("\\x{b:02x}") };
    format!("\"{}\"", bytes.iter().map(one).collect::<String>())
}

/// The time of a file as FTP writes it, by `date`.
fn time(path: &Path) -> io::Result<String> {
    let said = Command::new("date").args(["-u", "+%Y%m%d%H%M%S", "-r"]).arg(path).output()?;
    String::from_utf8(said.stdout.trim_ascii().to_vec()).map_err(io::Error::other)
}

/// Gives a file such a time, by `touch`.
fn date(path: &Path, time: &[u8]) -> io::Result<()> {
    let (minutes, seconds) = time.split_at_checked(12).unwrap_or((time, b"00"));
    let stamp = [minutes, b".", seconds].concat();
    let mut touch = Command::new("touch");
    touch.arg("-t").arg(OsStr::from_bytes(&stamp)).arg(path).env("TZ", "UTC");
    if touch.status()?.success() { Ok(()) } else { Err(io::Error::other("touch failed")) }
}
