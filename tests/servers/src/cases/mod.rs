//! What must hold on every server, one function a case, over all five tools.
//!
//! Each case meets an empty served folder, an empty second server and an empty local folder.

mod connect;
mod encodings;
mod get;
mod list;
mod names;
mod parallel;
mod pipe;
mod put;
mod remove;
mod times;

use crate::{
    folder::Folder,
    server::{Need, Server},
    tools::Tools,
};

/// One case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The behaviour as a sentence.
    pub name: &'static str,
    /// What it needs of the server beyond the common.
    pub needs: &'static [Need],
    /// Runs it; an error is the whole story.
    pub run: fn(&Server, &Tools) -> Outcome,
}

/// What a case ends with.
pub type Outcome = Result<(), String>;

/// Every case, in the order of the files.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        list::CASES,
        get::CASES,
        names::CASES,
        encodings::CASES,
        put::CASES,
        remove::CASES,
        pipe::CASES,
        connect::CASES,
        parallel::CASES,
        times::CASES,
    ]
    .into_iter()
    .flatten()
}

/// A case for every server.
const fn case(name: &'static str, run: fn(&Server, &Tools) -> Outcome) -> Case {
    Case { name, needs: &[], run }
}

/// Bytes that hold every value, CR LF included, and repeat in no way a buffer's size would hide.
fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Every byte that is not a letter, digit, `.`, `-`, `_` or `~`, as `%XX`; a slash stays.
fn encoded(name: &[u8]) -> String {
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(byte);
    name.iter()
        .map(|byte| match byte {
            byte if unreserved(byte) => char::from(*byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Expects the same files with the same bytes below both folders.
fn same_tree(one: &Folder, below_one: &str, other: &Folder, below_other: &str) -> Outcome {
    let (mine, theirs) = (files_below(one, below_one)?, files_below(other, below_other)?);
    if mine.is_empty() {
        return Err(format!("no files below {below_one:?}"));
    }
    let shown = |names: &[Vec<u8>]| names.join(&b"\n"[..]).escape_ascii().to_string();
    if mine != theirs {
        return Err(format!(
            "expected the files \"{}\"\n    got \"{}\"",
            shown(&mine),
            shown(&theirs)
        ));
    }
    for name in &mine {
        let [source, copy] = [(one, below_one), (other, below_other)]
            .map(|(folder, below)| folder.read([below.as_bytes(), name].concat()));
        same_bytes(&name.escape_ascii().to_string(), &source?, &copy?)?;
    }
    Ok(())
}

/// The names of the files below a prefix such as `tree/`, without it.
fn files_below(folder: &Folder, below: &str) -> Result<Vec<Vec<u8>>, String> {
    let files = folder.files()?;
    Ok(files
        .iter()
        .filter_map(|name| Some(name.strip_prefix(below.as_bytes())?.to_vec()))
        .collect())
}

/// Expects equal bytes; says where they part.
fn same_bytes(what: &str, expected: &[u8], got: &[u8]) -> Outcome {
    if expected == got {
        return Ok(());
    }
    let at = expected.iter().zip(got).take_while(|(one, other)| one == other).count();
    let (long, short) = (expected.len(), got.len());
    Err(format!("{what}: expected {long} bytes, got {short}; the first difference is at {at}"))
}

/// Expects that something holds.
fn holds(what: &str, condition: bool) -> Outcome {
    if condition { Ok(()) } else { Err(format!("not so: {what}")) }
}

/// A tree with an empty file, a deep one and a dotfile.
fn plant_tree(folder: &Folder, below: &str) -> Outcome {
    folder.write(format!("{below}/a.txt"), "alpha\n")?;
    folder.write(format!("{below}/empty"), "")?;
    folder.write(format!("{below}/sub/b c.txt"), "beta\n")?;
    folder.write(format!("{below}/sub/.hidden"), "dot\n")?;
    folder.write(format!("{below}/sub/deep/c.bin"), pattern(70_000))
}

#[cfg(test)]
mod tests {
    use super::{encoded, pattern};

    #[test]
    fn names_are_encoded_byte_by_byte() {
        assert_eq!(encoded(b"a b/\xb0%"), "a%20b/%B0%25");
    }

    #[test]
    fn the_pattern_has_the_length_asked_for_and_line_ends() {
        for length in [0, 1, 9, 70_000] {
            assert_eq!(pattern(length).len(), length);
        }
        assert!(pattern(1 << 20).windows(2).any(|pair| pair == b"\r\n"));
    }
}
