//! Where bytes go for which memory is too small: a file without a name, which is gone when we are. What is in
//! it is somebody else's to say.

use std::env;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A temporary file that nobody else can open. It lies in `$TMPDIR`, or in /tmp.
#[derive(Debug)]
pub struct Spill {
    file: File,
    end: u64,
}

impl Spill {
    /// An empty one.
    ///
    /// # Errors
    /// The folder takes no files; the words name it and `TMPDIR`.
    pub fn new() -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile().map_err(in_words)?, end: 0 })
    }

    /// How many bytes there are.
    pub fn len(&self) -> u64 {
        self.end
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Puts `bytes` behind the others.
    ///
    /// # Errors
    /// The disk is full, or fails.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_at(bytes, self.end)
    }

    /// Makes it `length` bytes long; what is new is zeros.
    ///
    /// # Errors
    /// As for [`Self::append`].
    pub fn extend(&mut self, length: u64) -> io::Result<()> {
        self.end = self.end.max(length);
        self.file.set_len(self.end).map_err(in_words)
    }

    /// Puts `bytes` where they belong, over what was there.
    ///
    /// # Errors
    /// As for [`Self::append`].
    pub fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, at).map_err(in_words)?;
        self.end = self.end.max(at + bytes.len() as u64);
        Ok(())
    }

    /// Fills `buffer` with what was put at `at`.
    ///
    /// # Errors
    /// There is less than that, or the disk fails.
    pub fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, at).map_err(in_words)
    }
}

fn in_words(error: io::Error) -> io::Error {
    let folder = env::temp_dir();
    let text = format!("a temporary file in {}, or where TMPDIR says: {error}", folder.display());
    io::Error::new(error.kind(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_no_more_of_them() {
        let mut spill = Spill::new().unwrap();
        assert!(spill.is_empty());
        spill.append(b"hello").unwrap();
        spill.append(b" there").unwrap();
        spill.write_at(b"J", 0).unwrap();
        let mut found = [0; 11];
        spill.read_at(&mut found, 0).unwrap();
        assert_eq!((&found, spill.len()), (b"Jello there", 11));
        assert!(spill.read_at(&mut found, 1).unwrap_err().to_string().contains("TMPDIR"));
    }
}
