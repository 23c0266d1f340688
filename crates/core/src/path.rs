//! Remote paths as the server's own bytes. What a path means to a local disk is in `names`.

/// A remote path: the server's own bytes, in no assumed encoding, never CR, LF or NUL.
///
/// Empty means the login directory; a leading `/` makes it absolute (RFC 1738 §3.2.2).
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RemotePath(Vec<u8>);

/// A byte that would end the command line and smuggle in a second command (RFC 959 §5.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadByte(pub u8);

impl RemotePath {
    /// Takes `raw` as a path, or names the CR, LF or NUL in it.
    pub fn new(raw: Vec<u8>) -> Result<Self, BadByte> {
        match raw.iter().find(|b| matches!(b, 0 | b'\r' | b'\n')) {
            Some(&bad) => Err(BadByte(bad)),
            None => Ok(Self(raw)),
        }
    }

    /// The bytes as the server knows them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the login directory itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the path names a directory by its trailing slash.
    pub fn is_directory(&self) -> bool {
        self.0.ends_with(b"/")
    }

    /// The path of `name` inside this directory.
    pub fn join(&self, name: &[u8]) -> Result<Self, BadByte> {
        let mut raw = self.0.clone();
        if !raw.is_empty() && !raw.ends_with(b"/") {
            raw.push(b'/');
        }
        raw.extend_from_slice(name);
        Self::new(raw)
    }

    /// The path without trailing slashes; the root stays `/`.
    pub fn trimmed(&self) -> Self {
        let mut raw = self.0.as_slice();
        while let Some(shorter) = raw.strip_suffix(b"/").filter(|s| !s.is_empty()) {
            raw = shorter;
        }
        Self(raw.to_vec())
    }

    /// The last component, without trailing slashes; empty for the root and the login directory.
    pub fn name(&self) -> Vec<u8> {
        let whole = self.trimmed().0;
        whole.rsplit(|&b| b == b'/').next().unwrap_or_default().to_vec()
    }

    /// The directory that holds the last component; `None` when there is only one component.
    pub fn parent(&self) -> Option<Self> {
        let whole = self.trimmed().0;
        let slash = memchr::memrchr(b'/', &whole)?;
        if whole.len() == 1 {
            return None;
        }
        let end = slash.max(1);
        Some(Self(whole.get(..end).unwrap_or_default().to_vec()).trimmed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RemotePath {
        RemotePath::new(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn what_would_end_a_command_is_refused() {
        for bad in [0, b'\r', b'\n'] {
            assert_eq!(RemotePath::new(vec![b'a', bad]), Err(BadByte(bad)));
            assert_eq!(path("a").join(&[bad]), Err(BadByte(bad)));
        }
    }

    #[test]
    fn joining_adds_one_slash_at_most() {
        for (dir, whole) in [("", "x"), ("a", "a/x"), ("a/", "a/x"), ("/", "/x")] {
            assert_eq!(path(dir).join(b"x"), Ok(path(whole)));
        }
    }

    #[test]
    fn name_and_parent() {
        for (whole, name, parent) in [
            ("a", "a", None),
            ("a/b", "b", Some("a")),
            ("a/b/", "b", Some("a")),
            ("/a", "a", Some("/")),
            ("//a", "a", Some("/")),
            ("/", "", None),
            ("", "", None),
        ] {
            assert_eq!(path(whole).name(), name.as_bytes(), "{whole}");
            assert_eq!(path(whole).parent(), parent.map(path), "{whole}");
        }
    }
}
