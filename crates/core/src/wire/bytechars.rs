//! Bytes through suppaftp's `String` interface: byte n is the character U+00nn, both ways, so no
//! name is ever changed. Nothing above `wire/` sees such a string.

use std::io;

/// The encoding given to suppaftp.
#[derive(Debug)]
pub(super) struct ByteChars;

impl suppaftp::Encoding for ByteChars {
    fn decode(&self, wire: &[u8]) -> String {
        to_chars(wire)
    }

    fn encode(&self, text: &str) -> io::Result<Vec<u8>> {
        text.chars().map(|c| u8::try_from(c).map_err(io::Error::other)).collect()
    }
}

/// One character a byte.
pub(super) fn to_chars(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use suppaftp::Encoding;

    use super::*;

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(ByteChars.encode(&ByteChars.decode(&all)).unwrap(), all);
        assert!(ByteChars.encode("版").is_err());
    }
}
