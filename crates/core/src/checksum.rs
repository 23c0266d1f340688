//! Checksums of bytes; the only door to the crates that compute them. Pure.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crc32fast::Hasher as Crc32;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

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
    digits(sum.finalize().iter().take(LENGTH))
}

/// The checksums that FTP servers compute.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
    /// CRC-32 as in Ethernet and ZIP.
    Crc32,
}

impl Algorithm {
    /// All of them, the one to be preferred first.
    pub const ALL: [Self; 5] = [Self::Sha256, Self::Sha512, Self::Sha1, Self::Md5, Self::Crc32];

    /// What users call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Sha1 => "sha1",
            Self::Md5 => "md5",
            Self::Crc32 => "crc32",
        }
    }

    /// How many hexadecimal digits it has.
    pub fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
            Self::Sha1 => 40,
            Self::Md5 => 32,
            Self::Crc32 => 8,
        }
    }
}

/// The checksum of a file whose bytes are seen on their way, in order, some of them maybe twice.
#[derive(Debug)]
pub struct Sum {
    /// What is computed.
    pub algorithm: Algorithm,
    state: Mutex<State>,
}

#[derive(Clone, Debug)]
struct State {
    hasher: Hasher,
    /// How many bytes were seen.
    count: u64,
}

#[derive(Clone, Debug)]
enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
    Sha1(Sha1),
    Md5(Md5),
    Crc32(Crc32),
}

impl State {
    /// Of no bytes so far.
    fn of(algorithm: Algorithm) -> Self {
        let hasher = match algorithm {
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(Sha512::new()),
            Algorithm::Sha1 => Hasher::Sha1(Sha1::new()),
            Algorithm::Md5 => Hasher::Md5(Md5::new()),
            Algorithm::Crc32 => Hasher::Crc32(Crc32::new()),
        };
        Self { hasher, count: 0 }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.count += bytes.len() as u64;
        match &mut self.hasher {
            Hasher::Sha256(sum) => sum.update(bytes),
            Hasher::Sha512(sum) => sum.update(bytes),
            Hasher::Sha1(sum) => sum.update(bytes),
            Hasher::Md5(sum) => sum.update(bytes),
            Hasher::Crc32(sum) => sum.update(bytes),
        }
    }
}

impl Sum {
    /// Of no bytes so far.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, state: Mutex::new(State::of(algorithm)) }
    }

    /// Sees the bytes of the file from `offset` on. Those that were seen already are passed over, and
    /// so is what lies behind a gap, which [`Self::count`] tells.
    pub fn see(&self, offset: u64, bytes: &[u8]) {
        let mut state = self.state();
        let seen = state.count.checked_sub(offset).and_then(|seen| usize::try_from(seen).ok());
        if let Some(new) = seen.and_then(|seen| bytes.get(seen..)) {
            state.update(new);
        }
    }

    /// Begins anew: what was seen was another version of the file.
    pub fn forget(&self) {
        *self.state() = State::of(self.algorithm);
    }

    /// How many bytes it is of.
    pub fn count(&self) -> u64 {
        self.state().count
    }

    /// The sum of the bytes seen so far, in lower-case hexadecimal digits.
    pub fn told(&self) -> String {
        match self.state().hasher.clone() {
            Hasher::Sha256(sum) => digits(sum.finalize().iter()),
            Hasher::Sha512(sum) => digits(sum.finalize().iter()),
            Hasher::Sha1(sum) => digits(sum.finalize().iter()),
            Hasher::Md5(sum) => digits(sum.finalize().iter()),
            Hasher::Crc32(sum) => format!("{:08x}", sum.finalize()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digits<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
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

    #[test]
    fn sums_are_those_of_the_standards() {
        for (algorithm, expected) in [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Crc32, "352441c2"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let sum = Sum::new(algorithm);
            sum.see(0, b"abc");
            assert_eq!(sum.told(), expected);
        }
        for algorithm in Algorithm::ALL {
            assert_eq!(Sum::new(algorithm).told().len(), algorithm.digits());
        }
    }

    #[test]
    fn bytes_that_come_twice_count_once_and_what_is_behind_a_gap_does_not() {
        let whole = Sum::new(Algorithm::Md5);
        whole.see(0, b"0123456789");
        let sum = Sum::new(Algorithm::Md5);
        for (offset, bytes) in [(0, &b"0123"[..]), (2, b"2345"), (1, b"12"), (8, b"89")] {
            sum.see(offset, bytes);
        }
        assert_eq!(sum.count(), 6);
        sum.see(6, b"6789");
        assert_eq!(sum.told(), whole.told());
    }
}
