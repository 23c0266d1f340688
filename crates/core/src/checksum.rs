//! Checksums of bytes; the only door to the crates that compute them. Pure.

use sha2::{Digest, Sha256};

/// A name for `parts` together: lower-case hexadecimal digits, the same in every version and on every
/// machine. Each part counts with its length, so that no two lists of parts are one.
pub fn name_of(parts: &[&[u8]]) -> String {
    /// Half of the sum: short for a file name, and nobody finds two of one.
    const LENGTH: usize = 16;
    let mut sum = Sha256::new();
    for part in parts {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    sum.finalize().iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_and_tell_parts_apart() {
        assert_eq!(name_of(&[]), "e3b0c44298fc1c149afbf4c8996fb924");
        assert_eq!(name_of(&[b"ab", b"c"]).len(), 32);
        assert_ne!(name_of(&[b"ab", b"c"]), name_of(&[b"a", b"bc"]));
    }
}
