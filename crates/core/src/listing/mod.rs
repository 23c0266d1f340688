//! Reading directory listings: one format a file, all over byte slices, no I/O. `reader`
//! gives each line to the format that fits it; `roll` keeps entries, `record` is one as bytes.

use memchr::memrchr;

mod bare;
mod blocks;
mod dates;
mod dos;
mod entry;
mod eplf;
mod fields;
mod ideographs;
mod mlsd;
mod months;
mod mvs;
mod netpresenz;
mod netware;
mod numeric_date;
mod os2;
mod os400;
mod reader;
pub mod record;
mod roll;
mod tandem;
mod totals;
mod unix;
mod vmcms;
mod vms;
mod vxworks;
mod words;

use entry::Line;
pub use entry::{Entry, Kind, Role, Stamp};
pub use mlsd::{mlsd_line, mlst_line, mlst_reply};
pub use reader::{FORMATS, Format, Found, ListReader};
pub use roll::{By, Rank, Roll, TooMany};

/// The name alone of an entry of the directory `dir`: some servers print `dir/name` when they are
/// given `dir` to list. Anything else stays as it is.
pub fn name_in<'a>(dir: &[u8], name: &'a [u8]) -> &'a [u8] {
    if dir.is_empty() || name.len() <= dir.len() {
        return name;
    }
    match name.strip_prefix(dir).and_then(|rest| rest.strip_prefix(b"/")) {
        Some(below) if base_name(below) == below => below,
        _ => name,
    }
}

/// The last component of a name that came with its path: servers that are given a directory or a
/// file to LIST may print `dir/name`. Slashes at the end are dropped; what is slashes only stays.
pub fn base_name(name: &[u8]) -> &[u8] {
    let Some(last) = name.iter().rposition(|&b| b != b'/') else { return name };
    let whole = name.get(..=last).unwrap_or(name);
    memrchr(b'/', whole).and_then(|slash| whole.get(slash + 1..)).unwrap_or(whole)
}

#[cfg(test)]
mod trial {
    pub(super) mod tests;
}

#[cfg(test)]
mod strangers {
    mod tests;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_names() {
        for (name, base) in [
            ("a", "a"),
            ("a/b", "b"),
            ("/a/b c ", "b c "),
            ("a/b/", "b"),
            ("./a//", "a"),
            ("/", "/"),
            ("//", "//"),
            ("", ""),
        ] {
            assert_eq!(base_name(name.as_bytes()), base.as_bytes(), "{name}");
        }
    }
}
