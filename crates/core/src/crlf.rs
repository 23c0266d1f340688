//! Line ends: CRLF on the wire in ASCII transfers (RFC 959 §3.1.1.1), LF on this side. Pure: a
//! chunk in, a chunk out, with the one byte of state that a cut between CR and LF needs.

use memchr::{memchr, memchr_iter};

/// What happens to line ends on the way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lines {
    /// Bytes pass as they are.
    #[default]
    Keep,
    /// CRLF becomes LF: a download to this side.
    ToLocal,
    /// LF becomes CRLF, unless a CR stands before it already: an upload, or a relay from a server
    /// that does not convert.
    ToWire,
}

/// Converts a stream that comes in chunks.
#[derive(Clone, Copy, Debug)]
pub struct Converter {
    lines: Lines,
    /// Whether the last chunk ended in CR: held back by `ToLocal`, passed on by `ToWire`.
    after_cr: bool,
}

impl Converter {
    /// A converter at the start of a stream.
    pub fn new(lines: Lines) -> Self {
        Self { lines, after_cr: false }
    }

    /// Appends the converted `chunk` to `out`.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        match self.lines {
            Lines::Keep => out.extend_from_slice(chunk),
            Lines::ToLocal => self.feed_local(chunk, out),
            Lines::ToWire => self.feed_wire(chunk, out),
        }
    }

    /// Appends what was held back; the stream has ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.lines == Lines::ToLocal && std::mem::take(&mut self.after_cr) {
            out.push(b'\r');
        }
    }

    fn feed_local(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let Some(&first) = chunk.first() else { return };
        if std::mem::take(&mut self.after_cr) && first != b'\n' {
            out.push(b'\r');
        }
        let mut rest = chunk;
        while let Some(place) = memchr(b'\r', rest) {
            let (before, from_cr) = rest.split_at(place);
            out.extend_from_slice(before);
            match from_cr {
                [_, b'\n', ..] => {}
                [_] => self.after_cr = true,
                _ => out.push(b'\r'),
            }
            rest = from_cr.get(1..).unwrap_or(&[]);
        }
        out.extend_from_slice(rest);
    }

    fn feed_wire(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let mut done = 0;
        for place in memchr_iter(b'\n', chunk) {
            let line = chunk.get(done..place).unwrap_or(&[]);
            out.extend_from_slice(line);
            let after_cr = if line.is_empty() && place == 0 {
                self.after_cr
            } else {
                line.last() == Some(&b'\r')
            };
            out.extend_from_slice(if after_cr { b"\n" } else { b"\r\n" });
            done = place + 1;
        }
        out.extend_from_slice(chunk.get(done..).unwrap_or(&[]));
        if let Some(&last) = chunk.last() {
            self.after_cr = last == b'\r';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(lines: Lines, chunks: &[&[u8]]) -> Vec<u8> {
        let (mut converter, mut out) = (Converter::new(lines), Vec::new());
        for chunk in chunks {
            converter.feed(chunk, &mut out);
        }
        converter.finish(&mut out);
        out
    }

    #[test]
    fn every_cut_gives_the_same_result() {
        for (lines, input, output) in [
            (Lines::ToLocal, &b"a\r\nb\r\r\n\rc\n\r\n\r"[..], &b"a\nb\r\n\rc\n\n\r"[..]),
            (Lines::ToWire, b"\na\nb\r\nc\r\rd\n\n\r\n", b"\r\na\r\nb\r\nc\r\rd\r\n\r\n\r\n"),
            (Lines::Keep, b"a\r\nb\nc\r", b"a\r\nb\nc\r"),
        ] {
            let places = || 0..=input.len();
            for (a, b) in places().flat_map(|a| places().map(move |b| (a, b))) {
                let (first, second) = (a.min(b), a.max(b));
                let cut = [&input[..first], &input[first..second], &input[second..]];
                assert_eq!(convert(lines, &cut), output, "{lines:?} {first} {second}");
            }
        }
    }

    #[test]
    fn there_and_back() {
        let text = b"one\ntwo\n\nthree".as_slice();
        let wire = convert(Lines::ToWire, &[text]);
        assert_eq!(convert(Lines::ToLocal, &[&wire]), text);
    }
}
