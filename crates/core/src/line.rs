//! Cutting lines off a buffer: the one place that knows how a line ends.
//! Reading the buffer is the caller's job.

use memchr::memchr;

/// Splits one line off `input`, without its LF or CRLF; `None` means it is not complete yet.
pub fn take_line(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = input.split_at_checked(memchr(b'\n', input)? + 1)?;
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cut_anywhere_waits_for_more() {
        let whole = b"226 done\r\n";
        for cut in 0..whole.len() {
            assert_eq!(take_line(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(take_line(whole), Some((&b"226 done"[..], &b""[..])));
    }

    #[test]
    fn only_the_line_end_is_taken_off() {
        assert_eq!(take_line(b" a \r\r\nrest"), Some((&b" a \r"[..], &b"rest"[..])));
        assert_eq!(take_line(b"\n"), Some((&b""[..], &b""[..])));
    }
}
