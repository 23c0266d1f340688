//! The fields of a line that is set in columns, and the numbers in them. Cuts at blanks only and
//! never touches a name, which is what remains after the last field.

/// A walk over the fields of a line. `Copy`, so that a reading can be tried and given up.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// The next field, blanks before it skipped; `None` at the end of the line.
    pub(super) fn next_field(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|&b| b != b' ')?;
        let from = self.rest.get(start..)?;
        // Fields are a few bytes long, so a plain loop beats setting up memchr.
        let end = from.iter().position(|&b| b == b' ').unwrap_or(from.len());
        let (field, rest) = from.split_at_checked(end)?;
        self.rest = rest;
        Some(field)
    }

    /// All that has not been walked over, blanks and all.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Drops one blank where more than one follow: the padding of the field before, where a format
    /// is known to pad by one.
    pub(super) fn skip_padding(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(b" ").filter(|rest| rest.starts_with(b" ")) {
            self.rest = rest;
        }
    }

    /// The name that ends the line: all after exactly one blank, so that a blank which begins the
    /// name stays with it. `None` if there is no blank or nothing behind it.
    pub(super) fn name(&self) -> Option<&'a [u8]> {
        self.rest.strip_prefix(b" ").filter(|name| !name.is_empty())
    }
}

/// A decimal number, digits only; `None` also when it is above u64.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    digits(text, 10)
}

/// An octal number, digits only.
pub(super) fn octal(text: &[u8]) -> Option<u32> {
    digits(text, 8).and_then(|number| u32::try_from(number).ok())
}

fn digits(text: &[u8], base: u8) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, &b| {
        let digit = b.wrapping_sub(b'0');
        let value = (digit < base).then_some(u64::from(digit))?;
        sum.checked_mul(u64::from(base))?.checked_add(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_at_blanks_and_the_name_after_one() {
        let mut fields = Fields::new(b"  a  bc   d ");
        assert_eq!(fields.next_field(), Some(&b"a"[..]));
        assert_eq!(fields.next_field(), Some(&b"bc"[..]));
        assert_eq!(fields.name(), Some(&b"  d "[..]));
        assert_eq!(fields.next_field(), Some(&b"d"[..]));
        assert_eq!((fields.name(), fields.rest()), (None, &b" "[..]));
        assert_eq!(fields.next_field(), None);
    }

    #[test]
    fn padding_is_one_blank_of_several() {
        for (rest, left) in [("  a", " a"), ("   a", "  a"), (" a", " a"), ("a", "a"), ("", "")] {
            let mut fields = Fields::new(rest.as_bytes());
            fields.skip_padding();
            assert_eq!(fields.rest(), left.as_bytes(), "{rest}");
        }
    }

    #[test]
    fn numbers() {
        for (text, ten, eight) in [
            ("0", Some(0), Some(0)),
            ("0644", Some(644), Some(0o644)),
            ("89", Some(89), None),
            ("18446744073709551615", Some(u64::MAX), None),
            ("18446744073709551616", None, None),
            ("", None, None),
            ("+1", None, None),
            ("1 ", None, None),
        ] {
            assert_eq!((decimal(text.as_bytes()), octal(text.as_bytes())), (ten, eight), "{text}");
        }
    }
}
