//! Names as people give them to files, as many as are wanted, the same on each run: 10 to 40 bytes, no
//! two alike, in no order.

use std::fmt::Write;

const SUBJECTS: [&str; 24] = [
    "IMG",
    "DSC",
    "scan",
    "invoice",
    "report",
    "backup",
    "access",
    "error",
    "order",
    "customer",
    "minutes",
    "Screenshot",
    "export",
    "measurement",
    "thumbnail",
    "product",
    "sensor",
    "mail",
    "contract",
    "transcript",
    "chapter",
    "track",
    "release",
    "snapshot",
];
const DETAILS: [&str; 12] = [
    "",
    "",
    "",
    "final",
    "v2",
    "2024-07",
    "2023-11-30",
    "Berlin",
    "monthly",
    "draft",
    "north",
    "for approval",
];
const ENDINGS: [&str; 10] =
    ["jpg", "pdf", "log", "tar.gz", "csv", "xml", "txt", "json", "parquet", "html"];

/// The owners and groups of the files.
pub const OWNERS: [(&str, &str); 5] = [
    ("root", "root"),
    ("www-data", "www-data"),
    ("alice", "staff"),
    ("bob", "staff"),
    ("ftp", "users"),
];

/// Marsaglia's xorshift64.
pub struct Random(u64);

impl Random {
    /// Begins the same each time.
    pub fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One of `things`, the first if there is nothing to choose.
    pub fn pick<T: Copy>(&mut self, things: &[T]) -> Option<T> {
        let count = u64::try_from(things.len()).unwrap_or(1).max(1);
        let at = usize::try_from(self.next() % count).unwrap_or_default();
        things.get(at).copied()
    }
}

/// Writes the name of file `number`, below ten million, over what was in `name`.
pub fn write_name(name: &mut String, number: u64, random: &mut Random) {
    name.clear();
    let [subject, detail, ending] =
        [&SUBJECTS[..], &DETAILS, &ENDINGS].map(|words| random.pick(words).unwrap_or_default());
    let gap = random.pick(&["_", "-", "."]).unwrap_or_default();
    // Prime to the ten million: each number becomes another, and neighbours end up apart.
    let shuffled = number * 7_654_321 % 10_000_000;
    // Writing to a String does not fail.
    let _ = write!(name, "{subject}{gap}{detail}");
    if !detail.is_empty() {
        name.push_str(gap);
    }
    let _ = write!(name, "{shuffled:06}.{ending}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_usual_length_and_all_different() {
        let (mut random, mut name) = (Random::new(), String::new());
        let mut seen = std::collections::HashSet::new();
        for number in 0..100_000 {
            write_name(&mut name, number, &mut random);
            assert!((10..=40).contains(&name.len()), "{name}");
            assert!(seen.insert(name.clone()), "{name} comes twice");
        }
    }
}
