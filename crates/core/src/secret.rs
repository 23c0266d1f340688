//! A password or account that no debug output, trace or message can show by accident.
//! Where it comes from and where it goes is the business of `cli`, `netrc` and `wire`.

use std::fmt;

use zeroize::Zeroizing;

/// Bytes to be sent to the server and shown to nobody: `Debug` prints `***`, there is no `Display`. Their
/// memory is overwritten when they are dropped.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes `bytes` as a secret; they are in the server's encoding.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves. Each call is a place to check for leaks.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_is_masked() {
        let shown = format!("{:?}", Some(Secret::new(b"hunter2".to_vec())));
        assert_eq!(shown, "Some(***)");
        assert_eq!(Secret::new(b"hunter2".to_vec()).expose(), b"hunter2");
    }
}
