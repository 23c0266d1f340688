//! Lines of jobs and of their spool files, what LIST answers after `SITE FILETYPE=JES`.

use std::borrow::Cow;

use super::{is_name, is_word};
use crate::listing::entry::{Entry, Kind};
use crate::listing::fields::{Fields, decimal};

/// A job as JESINTERFACELEVEL 2 shows it: name, identifier, owner, status, class, and whatever is
/// to say of how it ended. RETR of the identifier brings all its output. Below the heading only.
pub(super) fn job(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields::new(line);
    let (name, id) = (fields.next_field()?, fields.next_field()?);
    let (owner, status) = (fields.next_field()?, fields.next_field()?);
    if !(is_word(name) && is_identifier(id) && is_name(owner) && is_status(status)) {
        return None;
    }
    let mut entry = Entry::new(id, Kind::File);
    entry.owner = Some(Cow::Borrowed(owner));
    Some(entry)
}

/// A job as JESINTERFACELEVEL 1 shows it, without a heading: `USER1A  JOB00079  OUTPUT  3 Spool
/// Files`, or without spool files while it waits or runs.
pub(super) fn summary(line: &[u8]) -> Option<Entry<'_>> {
    let mut fields = Fields::new(line);
    let (name, id) = (fields.next_field()?, fields.next_field()?);
    let known = is_word(name) && is_identifier(id) && is_status(fields.next_field()?);
    let rest = fields.rest().trim_ascii();
    (known && (rest.is_empty() || is_count(rest))).then(|| Entry::new(id, Kind::File))
}

/// A spool file of the job `job`: number, step, procedure step if there is one, class, name, bytes.
pub(super) fn spool_file<'a>(line: &'a [u8], job: Option<[u8; 8]>) -> Option<Entry<'a>> {
    let mut fields = Fields::new(line);
    let number = decimal(fields.next_field().filter(|number| number.len() <= 8)?)?;
    let [mut class, mut name, mut bytes]: [&[u8]; 3] = [b"", b"", b""];
    let mut count = 0;
    while let Some(field) = fields.next_field() {
        (class, name, bytes) = (name, bytes, field);
        count += 1;
    }
    let size = decimal(bytes)?;
    if !((3..=5).contains(&count) && class.len() == 1 && is_name(name)) {
        return None;
    }
    let full = [&job?[..], b".", number.to_string().as_bytes()].concat();
    let mut entry = Entry { name: Cow::Owned(full), ..Entry::new(b"", Kind::File) };
    entry.size = Some(size);
    Some(entry)
}

/// The ruler between a job and its spool files, and their count at the end.
pub(super) fn is_noise(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    is_count(text) || (text.len() >= 8 && text.iter().all(|&b| b == b'-'))
}

/// `3 spool files`, in letters of any case.
fn is_count(text: &[u8]) -> bool {
    let mut fields = Fields::new(text);
    let number = fields.next_field().and_then(decimal);
    let mut is = |words: [&[u8]; 2]| {
        fields.next_field().is_some_and(|field| words.iter().any(|w| field.eq_ignore_ascii_case(w)))
    };
    let spool = is([b"spool", b"spool"]) && is([b"files", b"file"]);
    number.is_some() && spool && fields.next_field().is_none()
}

/// `JOB00079`, `STC`, `TSU`; or, where there are more than five digits of them, `J0000079`.
fn is_identifier(word: &[u8]) -> bool {
    let digits = match word {
        [b'J', b'O', b'B', digits @ ..]
        | [b'S', b'T', b'C', digits @ ..]
        | [b'T', b'S', b'U', digits @ ..]
        | [b'J' | b'S' | b'T', digits @ ..] => digits,
        _ => return false,
    };
    word.len() == 8 && digits.iter().all(u8::is_ascii_digit)
}

fn is_status(word: &[u8]) -> bool {
    matches!(word, b"INPUT" | b"ACTIVE" | b"OUTPUT" | b"HELD" | b"-HELD-")
}
