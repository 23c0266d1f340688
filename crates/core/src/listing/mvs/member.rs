//! Lines of the members of a library (PDS, PDSE), with and without ISPF statistics, and those of
//! load modules.

use std::borrow::Cow;

use super::{is_name, is_word};
use crate::listing::entry::{Entry, Kind, Stamp};
use crate::listing::fields::{Fields, decimal};
use crate::listing::numeric_date::{SINCE_1970, civil, parts};
use crate::time::{Civil, parse_clock};

/// A member with the statistics that ISPF keeps of it: version, created, changed, sizes, user. The
/// sizes are in records, so none is given.
pub(super) fn with_statistics(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields::new(line.strip_prefix(b" ").unwrap_or(line));
    let name = fields.next_field().filter(|name| is_word(name))?;
    if !is_version(fields.next_field()?) {
        return None;
    }
    let _created = day(fields.next_field()?)?;
    let changed = day(fields.next_field()?)?;
    let (hour, minute, second) = parse_clock(fields.next_field()?)?;
    for _size_init_mod in 0..3 {
        decimal(fields.next_field()?)?;
    }
    let mut entry = Entry::new(name, Kind::File);
    let seconds = Civil { hour, minute, second, ..changed }.seconds();
    entry.modified = seconds.map(|seconds| Stamp { seconds, utc: false });
    if let Some(user) = fields.next_field() {
        entry.owner = Some(Cow::Borrowed(user)).filter(|user| is_name(user));
        entry.owner.as_ref()?;
    }
    fields.next_field().is_none().then_some(entry)
}

/// A member without statistics: its name alone. For below the heading only.
pub(super) fn bare(line: &[u8]) -> Option<Entry<'_>> {
    let name = line.strip_prefix(b" ").unwrap_or(line).trim_ascii_end();
    is_word(name).then(|| Entry::new(name, Kind::File))
}

/// A load module. Its size is that in storage, not that of a file, so it is not given. An alias is
/// a link to the module that it names. For below the heading only.
pub(super) fn module(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields::new(line.strip_prefix(b" ").unwrap_or(line));
    let name = fields.next_field().filter(|name| is_word(name))?;
    let (size, place) = (fields.next_field()?, fields.next_field()?);
    if !(is_hex(size) && is_hex(place)) {
        return None;
    }
    let next = fields.next_field()?;
    let alias_of = (!is_code(next)).then_some(next);
    if let Some(target) = alias_of {
        fields.next_field().filter(|code| is_word(target) && is_code(code))?;
    }
    while let Some(attribute) = fields.next_field() {
        Some(attribute).filter(|word| is_name(word))?;
    }
    let mut entry = Entry::new(name, if alias_of.is_some() { Kind::Link } else { Kind::File });
    entry.target = alias_of.map(Cow::Borrowed);
    Some(entry)
}

/// `01.12`
fn is_version(field: &[u8]) -> bool {
    matches!(field, [b'0'..=b'9', b'0'..=b'9', b'.', b'0'..=b'9', b'0'..=b'9'])
}

/// The authorization code of a module, two digits.
fn is_code(field: &[u8]) -> bool {
    matches!(field, [b'0'..=b'9', b'0'..=b'9'])
}

/// Six or eight hexadecimal digits: a module's size, and the track where it begins.
fn is_hex(field: &[u8]) -> bool {
    matches!(field.len(), 6 | 8) && field.iter().all(u8::is_ascii_hexdigit)
}

fn day(field: &[u8]) -> Option<Civil> {
    civil(parts(field, b'/')?, SINCE_1970)
}
