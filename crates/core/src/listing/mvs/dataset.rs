//! Lines of data sets: where each is kept, when it was last used, how it is built, and its name.

use super::is_name;
use crate::listing::entry::{Entry, Kind};
use crate::listing::fields::{Fields, decimal};
use crate::listing::numeric_date::{SINCE_1970, civil, parts};

/// The longest name a data set has (z/OS DFSMS, Using Data Sets).
const MOST_NAME: usize = 44;

/// A data set on a disk, with all its columns. There is no size in it, since tracks say little of
/// bytes, and no time: `Referred` is the day of the last reading.
pub(super) fn parse(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields::new(line);
    if !is_volume(fields.next_field()?) {
        return None;
    }
    // The unit is not in every LISTLEVEL.
    let unit = fields.next_field()?;
    let referred = is_referred(unit) || (is_name(unit) && is_referred(fields.next_field()?));
    if !referred {
        return None;
    }
    skip_space(&mut fields)?;
    if !is_record_format(fields.next_field()?) {
        return None;
    }
    let (_length, _block) = (decimal(fields.next_field()?)?, decimal(fields.next_field()?)?);
    let kind = organisation(fields.next_field()?)?;
    Some(Entry::new(name(fields.rest())?, kind))
}

/// A data set of which the server has no columns to show. For below the heading only.
pub(super) fn without_columns(line: &[u8]) -> Option<Entry<'_>> {
    let text = line.trim_ascii();
    let cut = text.iter().rposition(|&b| b == b' ')?;
    let (why, name) = (text.get(..cut)?.trim_ascii_end(), name(text.get(cut..)?)?);
    let on_volume = |what: &[u8]| why.strip_suffix(what).is_some_and(|v| is_volume(v.trim_ascii()));
    let kind = match why {
        // RETR calls these back. What they are is not known before.
        b"Migrated" => Kind::File,
        _ if on_volume(b" Not Direct Access Device") || on_volume(b" Not Mounted") => Kind::File,
        b"Pseudo Directory" => Kind::Dir,
        b"Error determining attributes" => Kind::Other,
        _ => uncolumned(why)?,
    };
    Some(Entry::new(name, kind))
}

/// `VSAM` or `GDG`, alone or behind volume and unit. FTP reads no VSAM; the generations of a GDG
/// are in the listing themselves.
fn uncolumned(why: &[u8]) -> Option<Kind> {
    let mut words = why.rsplit(|&b| b == b' ').filter(|word| !word.is_empty());
    let known = matches!(words.next()?, b"VSAM" | b"GDG");
    (known && words.clone().count() <= 2 && words.all(is_name)).then_some(Kind::Other)
}

/// Steps over extents, tracks and space used: one to three numbers. Large ones run together.
fn skip_space(fields: &mut Fields<'_>) -> Option<()> {
    for count in 0..4 {
        let mut ahead = *fields;
        if decimal(ahead.next_field()?).is_none() {
            return (count > 0).then_some(());
        }
        *fields = ahead;
    }
    None
}

/// Six characters at most, and a mark where the data set goes on on another volume.
fn is_volume(field: &[u8]) -> bool {
    let volume = field.strip_suffix(b"+").unwrap_or(field);
    volume.len() <= 6 && is_name(volume)
}

/// `2024/02/29`, `24/02/29`, or `**NONE**` for a data set never used.
fn is_referred(field: &[u8]) -> bool {
    field == b"**NONE**" || parts(field, b'/').and_then(|date| civil(date, SINCE_1970)).is_some()
}

/// F, V, U and what may stand behind them (blocked, spanned, ASA, machine, track overflow).
fn is_record_format(field: &[u8]) -> bool {
    let letters = |&b: &u8| b"FVUDBSAMT".contains(&b);
    matches!(field, b"NONE" | b"?") || (field.len() <= 5 && field.iter().all(letters))
}

fn organisation(field: &[u8]) -> Option<Kind> {
    match field {
        b"PS" | b"PS-E" | b"PS-L" | b"PS-B" | b"PSU" => Some(Kind::File),
        b"PO" | b"PO-E" | b"POU" => Some(Kind::Dir),
        // Not for FTP: direct, indexed, VSAM, the base of generations, never opened.
        b"DA" | b"DAU" | b"IS" | b"ISU" | b"VS" | b"VSAM" | b"GDG" | b"NONE" | b"?" => {
            Some(Kind::Other)
        }
        _ => None,
    }
}

/// The name that ends a line, quotes and all, if it is one.
fn name(rest: &[u8]) -> Option<&[u8]> {
    let name = rest.strip_prefix(b" ")?.trim_ascii();
    let inner = name.strip_prefix(b"'").map_or(Some(name), |rest| rest.strip_suffix(b"'"))?;
    (inner.len() <= MOST_NAME && inner.split(|&b| b == b'.').all(is_name)).then_some(name)
}
