//! From a name that a server chose to a name on our disk: the one place where that happens.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The local path of `name` in `dir`; `None` for what could lead elsewhere: an empty name, `.`,
/// `..`, or a name with a slash or NUL in it; and for the names of our own temporary files.
pub fn local_child(dir: &Path, name: &[u8]) -> Option<PathBuf> {
    refusal(name).is_none().then(|| dir.join(OsStr::from_bytes(name)))
}

/// Why no local file is called `name`; `None` when one may be.
pub fn refusal(name: &[u8]) -> Option<&'static str> {
    match () {
        () if !is_plain(name) => Some("a name that no local file can have"),
        () if is_ours(name) => Some("a name that only temporary files of these tools have here"),
        () => None,
    }
}

/// Whether `name` names something in a directory and nothing else.
pub fn is_plain(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|b| matches!(b, b'/' | 0))
}

/// Whether `name` is one that these tools give to files that are not whole. What a server calls so
/// would be taken for a part of another file, or for rubbish that may go.
pub fn is_ours(name: &[u8]) -> bool {
    name.starts_with(b".ftp-") && name.ends_with(b".part")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for bad in [&b""[..], b".", b"..", b"../x", b"/etc", b"a/b", b"a\0", b".ftp-1.part"] {
            assert_eq!(local_child(Path::new("d"), bad), None, "{bad:?}");
        }
        assert_eq!(local_child(Path::new("d"), b"..."), Some("d/...".into()));
        let gbk = local_child(Path::new("d"), b"\xB0\xE6").unwrap();
        assert_eq!(gbk.as_os_str().as_bytes(), b"d/\xB0\xE6");
    }
}
