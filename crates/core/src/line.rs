//! Cutting lines off a buffer: the one place that knows how a line ends.
//! Reading into the buffer is the caller's job.

use std::ops::Range;

use memchr::memchr;

/// Most bytes that one line of a listing may take: names end at 255 bytes nearly everywhere.
pub const MAX_LINE: usize = 64 * 1024;

/// Most bytes that are passed over in search of a line's end, before the sender is given up.
pub const MAX_OVERLONG: usize = 64 << 20;

/// Splits one line off `input`, without its LF or CRLF; `None` means it is not complete yet.
pub fn take_line(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = input.split_at_checked(memchr(b'\n', input)? + 1)?;
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// A line, or where one should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Piece<'a> {
    /// A line, given without its end.
    Line(&'a [u8]),
    /// The last line of a stream, which has no end: a part of one, if the stream was cut.
    Unended(&'a [u8]),
    /// A line of more than [`MAX_LINE`] bytes, of which nothing was kept.
    Overlong,
}

/// A stream that has gone on for [`MAX_OVERLONG`] bytes without a line end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoLineEnd;

/// The lines of a stream, read through one buffer of fixed size. Does no I/O: the caller reads into
/// [`Self::room`], says how much with [`Self::filled`], and takes lines until there is none.
#[derive(Debug)]
pub struct Lines {
    buffer: Vec<u8>,
    /// What has been read and not yet taken.
    ready: Range<usize>,
    /// Bytes of an overlong line passed over so far; 0 outside of one.
    passed: usize,
    ended: bool,
}

impl Default for Lines {
    fn default() -> Self {
        // Twice the longest line, so that a long rest leaves room for a large read.
        Self { buffer: vec![0; 2 * MAX_LINE], ready: 0..0, passed: 0, ended: false }
    }
}

impl Lines {
    /// Where to read to; never empty once [`Self::next_piece`] has given `None`.
    pub fn room(&mut self) -> &mut [u8] {
        let Range { start, end } = self.ready;
        if start > 0 {
            self.buffer.copy_within(start..end, 0);
            self.ready = 0..end - start;
        }
        self.buffer.get_mut(self.ready.end..).unwrap_or_default()
    }

    /// Says that `count` bytes were read into the room; 0 is the end of the stream.
    pub fn filled(&mut self, count: usize) {
        self.ended |= count == 0;
        self.ready.end = self.buffer.len().min(self.ready.end + count);
    }

    /// The next line; `None` when more must be read first, or nothing follows.
    ///
    /// # Errors
    /// There is no end to a line.
    pub fn next_piece(&mut self) -> Result<Option<Piece<'_>>, NoLineEnd> {
        let Range { start, end } = self.ready;
        let rest = self.buffer.get(start..end).unwrap_or_default();
        let Some((line, after)) = take_line(rest) else { return self.incomplete() };
        self.ready.start = end - after.len();
        let whole = std::mem::take(&mut self.passed) == 0 && line.len() <= MAX_LINE;
        let line = start..start + line.len();
        Ok(Some(if whole { Piece::Line(self.text(line)) } else { Piece::Overlong }))
    }

    fn incomplete(&mut self) -> Result<Option<Piece<'_>>, NoLineEnd> {
        let length = self.ready.len();
        // A CR at the end may be half of a line end.
        let rest = self.buffer.get(self.ready.clone()).unwrap_or_default();
        let line = rest.strip_suffix(b"\r").unwrap_or(rest);
        if self.passed > 0 || line.len() > MAX_LINE {
            self.passed = self.passed.saturating_add(length);
            self.ready = 0..0;
            if self.passed > MAX_OVERLONG {
                return Err(NoLineEnd);
            }
        }
        if !self.ended {
            return Ok(None);
        }
        let last = std::mem::take(&mut self.ready);
        Ok(match (std::mem::take(&mut self.passed), last.len()) {
            (0, 0) => None,
            (0, length) if length <= MAX_LINE => Some(Piece::Unended(self.text(last))),
            _ => Some(Piece::Overlong),
        })
    }

    fn text(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in reads of `step` bytes at most.
    fn pieces(text: &[u8], step: usize) -> Vec<Option<Vec<u8>>> {
        let (mut lines, mut rest, mut found) = (Lines::default(), text, Vec::new());
        loop {
            while let Some(piece) = lines.next_piece().unwrap() {
                found.push(match piece {
                    Piece::Line(line) | Piece::Unended(line) => Some(line.to_vec()),
                    Piece::Overlong => None,
                });
            }
            let room = lines.room();
            assert!(!room.is_empty());
            let count = rest.len().min(step).min(room.len());
            room[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            lines.filled(count);
            if count == 0 && lines.ready.is_empty() && lines.passed == 0 {
                return found;
            }
        }
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        let text = b"a\r\n\r\n b \nlast";
        let expected: Vec<_> =
            [&b"a"[..], b"", b" b ", b"last"].iter().map(|line| Some(line.to_vec())).collect();
        for step in 1..=text.len() {
            assert_eq!(pieces(text, step), expected, "{step} bytes at a time");
        }
        assert_eq!(pieces(b"", 1), []);
    }

    #[test]
    fn overlong_lines_are_passed_over_whole() {
        for length in [MAX_LINE, MAX_LINE + 1, 2 * MAX_LINE + 1, 10 << 20] {
            let long = vec![b'x'; length];
            let expected = (length == MAX_LINE).then(|| long.clone());
            let text = [b"a\n", long.as_slice(), b"\nb\n"].concat();
            let around = [Some(b"a".to_vec()), expected.clone(), Some(b"b".to_vec())];
            for step in [1000, MAX_LINE, usize::MAX] {
                assert_eq!(pieces(&text, step), around, "{length} {step}");
            }
            assert_eq!(pieces(&long, 4096), [expected], "without a line end");
        }
    }

    #[test]
    fn a_cr_that_comes_alone_is_half_a_line_end() {
        let longest = vec![b'x'; MAX_LINE];
        let text = [longest.as_slice(), b"\r\nz\n"].concat();
        let expected = [Some(longest.clone()), Some(b"z".to_vec())];
        for step in [MAX_LINE, MAX_LINE + 1, MAX_LINE + 2, usize::MAX] {
            assert_eq!(pieces(&text, step), expected, "{step}");
        }
        let unended = [longest.as_slice(), b"\r"].concat();
        assert_eq!(pieces(&unended, MAX_LINE), [None]);
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let (mut lines, mut read) = (Lines::default(), 0);
        let end = loop {
            match lines.next_piece() {
                Ok(piece) => assert_eq!(piece, None),
                Err(end) => break end,
            }
            let count = lines.room().len();
            lines.filled(count);
            read += count;
        };
        assert_eq!(end, NoLineEnd);
        assert!((MAX_OVERLONG..MAX_OVERLONG + 3 * MAX_LINE).contains(&read));
    }

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
