//! English month names, which formats of many origins have in common. Other languages are no matter
//! of this file.

/// The number of an English month, in three letters of any case.
pub(super) fn english(word: &[u8]) -> Option<u8> {
    let &[a, b, c] = word else { return None };
    match [a | 0x20, b | 0x20, c | 0x20].as_slice() {
        b"jan" => Some(1),
        b"feb" => Some(2),
        b"mar" => Some(3),
        b"apr" => Some(4),
        b"may" => Some(5),
        b"jun" => Some(6),
        b"jul" => Some(7),
        b"aug" => Some(8),
        b"sep" => Some(9),
        b"oct" => Some(10),
        b"nov" => Some(11),
        b"dec" => Some(12),
        _ => None,
    }
}
