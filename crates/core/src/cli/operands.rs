//! Operands from a list (`-T`): cutting it into items. Reading it, and taking the items as URLs
//! or as names below a base, is the caller's work.

use std::fmt;

/// An item with nothing in it; it would name the login directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EmptyItem {
    /// Which one, counted from 1.
    pub number: usize,
    /// Whether items end in NUL; else they are lines.
    pub nul: bool,
}

impl fmt::Display for EmptyItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.nul { "item" } else { "line" };
        write!(f, "{what} {} is empty", self.number)
    }
}

impl std::error::Error for EmptyItem {}

/// The items of a list: lines, or with `nul` what stands before each NUL. The last one may lack
/// its end.
///
/// A line loses one CR at its end, since no name on a server can hold one; blanks are kept.
pub fn split_list(bytes: &[u8], nul: bool) -> impl Iterator<Item = Result<&[u8], EmptyItem>> {
    let end = if nul { 0 } else { b'\n' };
    let ended = bytes.strip_suffix(&[end]).unwrap_or(bytes);
    let items = (!bytes.is_empty()).then(|| ended.split(move |&b| b == end));
    items.into_iter().flatten().zip(1..).map(move |(item, number)| {
        let item = if nul { item } else { item.strip_suffix(b"\r").unwrap_or(item) };
        if item.is_empty() { Err(EmptyItem { number, nul }) } else { Ok(item) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_items() {
        for (list, nul, items) in [
            (&b""[..], false, &[][..]),
            (b"a", false, &[Ok(&b"a"[..])][..]),
            (b"a\r\n b \nc\r", false, &[Ok(b"a"), Ok(b" b "), Ok(b"c")]),
            (b"a\r\r\n", false, &[Ok(b"a\r")]),
            (b"a\n\nb\n", false, &[Ok(b"a"), Err(2), Ok(b"b")]),
            (b"\n", false, &[Err(1)]),
            (b"\r\na", false, &[Err(1), Ok(b"a")]),
            (b"a\nb\0\xff\r\0", true, &[Ok(b"a\nb"), Ok(b"\xff\r")]),
            (b"a\0\0b", true, &[Ok(b"a"), Err(2), Ok(b"b")]),
        ] {
            let split: Vec<_> = split_list(list, nul).map(|i| i.map_err(|e| e.number)).collect();
            assert_eq!(split, items, "{list:?}");
        }
        assert_eq!(EmptyItem { number: 2, nul: false }.to_string(), "line 2 is empty");
        assert_eq!(EmptyItem { number: 2, nul: true }.to_string(), "item 2 is empty");
    }
}
