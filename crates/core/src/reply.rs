//! Replies of the control connection: framing (RFC 959 §4.2) and what single answers mean.
//! Bytes come in, values go out; reading the socket is the Link's job.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use memchr::{memchr, memrchr};

use crate::line::take_line;
use crate::secret::Secret;
use crate::time::parse_timeval;

/// Most bytes one reply may take, all its lines together. FEAT lists and banners stay far below.
pub const MAX_REPLY: usize = 256 * 1024;

/// One whole reply, as the server sent it.
#[derive(Clone, Eq, PartialEq)]
pub struct Reply {
    code: u16,
    raw: Vec<u8>,
}

/// Why what the server sent is no reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadReply {
    /// More than [`MAX_REPLY`] bytes without an end.
    TooLong,
    /// A first line that does not begin with three digits.
    NoCode,
}

impl fmt::Display for BadReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a reply of more than {} KiB", MAX_REPLY / 1024),
            Self::NoCode => f.write_str("something that is not an FTP reply"),
        }
    }
}

/// Collects bytes until they make a reply; keeps what belongs to the next one.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that are whole lines of the reply being read.
    scanned: usize,
    /// The code of the multi-line reply being read.
    open: Option<u16>,
}

impl ReplyReader {
    /// Adds what was read from the control connection.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether nothing is waiting: neither a whole reply nor a part of one.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next whole reply, or `None` while it is not complete.
    ///
    /// A multi-line reply ends only at a line with its own code and a blank, as RFC 959 says; a
    /// banner line such as `200 files` inside a 220 does not end it. `226` alone is a reply too.
    pub fn take(&mut self) -> Result<Option<Reply>, BadReply> {
        while let Some((line, rest)) = take_line(self.buffer.get(self.scanned..).unwrap_or(&[])) {
            let end = self.buffer.len() - rest.len();
            let last = match (self.open, leading_code(line)) {
                (Some(open), Some((code, false))) => code == open,
                (Some(_), _) => false,
                (None, Some((code, more))) => {
                    self.open = Some(code);
                    !more
                }
                (None, None) if line.is_empty() => {
                    self.buffer.drain(..end);
                    continue;
                }
                (None, None) => return Err(BadReply::NoCode),
            };
            self.scanned = end;
            if last {
                return Ok(self.cut());
            }
        }
        if self.buffer.len() > MAX_REPLY { Err(BadReply::TooLong) } else { Ok(None) }
    }

    fn cut(&mut self) -> Option<Reply> {
        let code = self.open.take()?;
        let raw: Vec<u8> = self.buffer.drain(..self.scanned).collect();
        self.scanned = 0;
        Some(Reply { code, raw: undouble(&raw) })
    }
}

/// A line's code, and whether `-` after it says that more lines follow.
fn leading_code(line: &[u8]) -> Option<(u16, bool)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = number(digits)?;
    match rest.first() {
        None | Some(b' ') => Some((u16::try_from(code).ok()?, false)),
        Some(b'-') => Some((u16::try_from(code).ok()?, true)),
        Some(_) => None,
    }
}

/// Undoes telnet's doubling of 0xFF (RFC 854); a single 0xFF, which some servers send, stays.
pub(crate) fn undouble(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        out.push(byte);
        if byte == 0xFF {
            bytes.next_if_eq(&0xFF);
        }
    }
    out
}

impl Reply {
    /// The three digits.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// 1xx: the answer to the command is still to come.
    pub fn is_preliminary(&self) -> bool {
        (100..200).contains(&self.code)
    }

    /// 2xx: done.
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether the server does not know the command or will not do it in this form (RFC 959 §4.2):
    /// the reason to try another command, never a word about the file.
    pub fn is_unsupported(&self) -> bool {
        matches!(self.code, 500 | 501 | 502 | 504)
    }

    /// The reply's bytes, line ends and codes included, telnet doubling undone.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The reply's bytes with `***` in place of each of `secrets`: some servers repeat the command
    /// they could not read. Shorter ones than four bytes stay, since they stand in many a word.
    pub fn without(&self, secrets: &[Secret]) -> Vec<u8> {
        let mut shown = self.raw.clone();
        for secret in secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= 4) {
            let parts = memchr::memmem::find_iter(&shown, secret).collect::<Vec<_>>();
            for place in parts.into_iter().rev() {
                shown.splice(place..place + secret.len(), *b"***");
            }
        }
        shown
    }

    /// The same reply with its secrets masked, for messages.
    pub fn masked(&self, secrets: &[Secret]) -> Self {
        Self { code: self.code, raw: self.without(secrets) }
    }

    /// Whether one of `texts`, in lower case, is among the server's words, in any case.
    pub fn says_any(&self, texts: &[&[u8]]) -> bool {
        let words = self.words().to_ascii_lowercase();
        texts.iter().any(|text| memchr::memmem::find(&words, text).is_some())
    }

    /// The server's own words, codes taken off, lines joined by blanks, at most 400 bytes.
    pub fn words(&self) -> Vec<u8> {
        let mut words = Vec::new();
        let mut rest = self.raw.as_slice();
        while let Some((line, after)) = take_line(rest) {
            rest = after;
            let text = match leading_code(line) {
                Some((code, _)) if code == self.code => line.get(4..).unwrap_or(&[]),
                _ => line,
            };
            let text = text.trim_ascii();
            if !words.is_empty() && !text.is_empty() {
                words.push(b' ');
            }
            words.extend_from_slice(text);
        }
        words.truncate(400);
        words
    }

    /// The port of a 229 (RFC 2428 §3): `(|||6446|)`, any delimiter, with or without parentheses.
    pub fn epsv_port(&self) -> Option<u16> {
        let text = &self.raw;
        let triple = text.windows(3).position(|w| match w {
            [a, b, c] => a == b && b == c && a.is_ascii_graphic() && !a.is_ascii_alphanumeric(),
            _ => false,
        })?;
        let port = number(leading_digits(text.get(triple + 3..)?))?;
        u16::try_from(port).ok().filter(|&port| port != 0)
    }

    /// The address of a 227: six numbers, with or without parentheses (RFC 1123 §4.1.2.6).
    pub fn pasv_address(&self) -> Option<SocketAddr> {
        let text = self.raw.get(4..)?;
        (0..text.len()).find_map(|start| {
            let starts_number = start == 0 || !text.get(start - 1)?.is_ascii_digit();
            if starts_number { six_numbers(text.get(start..)?) } else { None }
        })
    }

    /// The path in a 257, quotes undoubled (RFC 959 Appendix II).
    pub fn quoted_path(&self) -> Option<Vec<u8>> {
        let start = memchr(b'"', &self.raw)? + 1;
        let mut path = Vec::new();
        let mut bytes = self.raw.get(start..)?.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
                return Some(path);
            }
            path.push(byte);
        }
        None
    }

    /// The number of a 213 to SIZE, in bytes (RFC 3659 §4).
    pub fn size(&self) -> Option<u64> {
        if self.code != 213 {
            return None;
        }
        number(self.raw.get(4..)?.trim_ascii())
    }

    /// The time of a 213 to MDTM, in seconds since the epoch, UTC (RFC 3659 §3).
    pub fn time(&self) -> Option<i64> {
        if self.code != 213 {
            return None;
        }
        parse_timeval(self.raw.get(4..)?.trim_ascii())
    }

    /// How many bytes a 150 says will come: the last `(1234 bytes)` in it. No standard has this,
    /// but vsftpd, ProFTPD, pyftpdlib and most others send it.
    pub fn announced_bytes(&self) -> Option<u64> {
        let text = &self.raw;
        let open = memrchr(b'(', text)?;
        let inside = text.get(open + 1..)?;
        let digits = leading_digits(inside);
        let unit = inside.get(digits.len()..)?;
        let tail = unit.strip_prefix(b" bytes)")?;
        let ends = tail.iter().all(|b| b.is_ascii_whitespace() || *b == b'.');
        if ends { number(digits) } else { None }
    }

    /// How many entries a listing has by its 226: Pure-FTPd's `3 matches total`.
    pub fn matches(&self) -> Option<u64> {
        let text = self.raw.to_ascii_lowercase();
        let words = text.split(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty());
        let words: Vec<_> = words.collect();
        words.windows(2).find_map(|pair| match pair {
            [count, b"matches"] => number(count),
            _ => None,
        })
    }

    /// Whether a 226 says the server cut the listing: Pure-FTPd's `Output truncated to 10000
    /// matches`.
    pub fn says_truncated(&self) -> bool {
        self.raw.to_ascii_lowercase().windows(9).any(|w| w == b"truncated")
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} \"{}\")", self.code, self.raw.escape_ascii())
    }
}

fn leading_digits(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or(&[])
}

/// Digits, and nothing else, as a number; `None` when there are none or it does not fit.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| match digit {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

fn six_numbers(text: &[u8]) -> Option<SocketAddr> {
    let mut numbers = [0_u8; 6];
    let mut rest = text;
    for (index, slot) in numbers.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b",")?;
            rest = rest.trim_ascii_start();
        }
        let digits = leading_digits(rest);
        *slot = u8::try_from(number(digits)?).ok()?;
        rest = rest.get(digits.len()..)?;
    }
    let [a, b, c, d, high, low] = numbers;
    let port = u16::from_be_bytes([high, low]);
    (port != 0).then(|| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &[u8]) -> Reply {
        let mut reader = ReplyReader::default();
        reader.push(text);
        let reply = reader.take().unwrap().unwrap();
        assert!(reader.is_empty(), "bytes left behind {text:?}");
        reply
    }

    #[test]
    fn a_reply_cut_anywhere_waits_for_more() {
        let whole = b"220-hello\r\n200 files\r\n220-\r\n 220 no\r\n220 end\r\n";
        for cut in 0..whole.len() {
            let mut reader = ReplyReader::default();
            reader.push(&whole[..cut]);
            assert_eq!(reader.take(), Ok(None), "cut at {cut}");
            reader.push(&whole[cut..]);
            assert_eq!(reader.take().unwrap().unwrap().raw(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn replies_come_out_one_at_a_time() {
        let mut reader = ReplyReader::default();
        reader.push(b"331 pw\r\n230\r\n200-a\r\n200\r\n\r\n226 x\n");
        let codes: Vec<u16> =
            std::iter::from_fn(|| reader.take().unwrap()).map(|r| r.code()).collect();
        assert_eq!(codes, [331, 230, 200, 226]);
    }

    #[test]
    fn what_is_no_reply_is_said_to_be_none() {
        for bad in [&b"hello\r\n"[..], b"22\r\n", b"2200 x\r\n", b"-1- x\r\n"] {
            let mut reader = ReplyReader::default();
            reader.push(bad);
            assert_eq!(reader.take(), Err(BadReply::NoCode), "{bad:?}");
        }
    }

    #[test]
    fn a_reply_without_end_is_bounded() {
        for line in [&b"220-a\r\n"[..], b"220 aaaaaaaa"] {
            let mut reader = ReplyReader::default();
            let mut pushed = 0;
            let end = loop {
                reader.push(line);
                pushed += line.len();
                match reader.take() {
                    Ok(None) => assert!(pushed <= MAX_REPLY),
                    end => break end,
                }
            };
            assert_eq!(end, Err(BadReply::TooLong));
        }
    }

    #[test]
    fn telnet_doubling_is_undone_once() {
        assert_eq!(reply(b"257 \"\xFF\xFF\xFF\xFF\"\r\n").quoted_path().unwrap(), b"\xFF\xFF");
        assert_eq!(reply(b"257 \"a\xFFb\"\r\n").quoted_path().unwrap(), b"a\xFFb");
    }

    #[test]
    fn secrets_that_a_server_repeats_are_masked() {
        let secrets = [Secret::new(b"hunter2".to_vec()), Secret::new(b"no".to_vec())];
        let reply = reply(b"500 no 'PASS hunter2' hunter2\r\n").masked(&secrets);
        assert_eq!(reply.raw(), b"500 no 'PASS ***' ***\r\n");
    }

    #[test]
    fn words_are_the_servers_without_codes() {
        for (raw, words) in [
            (&b"550 no such file\r\n"[..], &b"no such file"[..]),
            (b"530-Sorry\r\n too many\r\n530 bye \r\n", b"Sorry too many bye"),
            (b"226\r\n", b""),
        ] {
            assert_eq!(reply(raw).words(), words);
        }
    }

    #[test]
    fn passive_answers() {
        for (raw, port) in [
            ("229 Entering Extended Passive Mode (|||6446|)\r\n", Some(6446)),
            ("229 ok |||1|\r\n", Some(1)),
            ("229 ok (!!!65535!)\r\n", Some(65535)),
            ("229 ok (|||65536|)\r\n", None),
            ("229 ok (|||0|)\r\n", None),
            ("229 ok (||||)\r\n", None),
            ("229 ok\r\n", None),
            ("229 ok ...\r\n", None),
        ] {
            assert_eq!(reply(raw.as_bytes()).epsv_port(), port, "{raw}");
        }
        for (raw, address) in [
            ("227 Entering Passive Mode (10,9,8,7,1,2).\r\n", Some("10.9.8.7:258")),
            ("227 Entering Passive Mode 10,9,8,7,1,2\r\n", Some("10.9.8.7:258")),
            ("227 =10,9,8,7,255,255\r\n", Some("10.9.8.7:65535")),
            ("227 (10,9,8,7,0,0)\r\n", None),
            ("227 (256,9,8,7,1,1)\r\n", None),
            ("227 (1,2,3,4,5)\r\n", None),
        ] {
            let want = address.map(|a| a.parse().unwrap());
            assert_eq!(reply(raw.as_bytes()).pasv_address(), want, "{raw}");
        }
    }

    #[test]
    fn numbers_in_answers() {
        assert_eq!(reply(b"213 18446744073709551615\r\n").size(), Some(u64::MAX));
        assert_eq!(reply(b"213 18446744073709551616\r\n").size(), None);
        assert_eq!(reply(b"213 -1\r\n").size(), None);
        assert_eq!(reply(b"550 12\r\n").size(), None);
        let announced = |raw: &[u8]| reply(raw).announced_bytes();
        assert_eq!(announced(b"150 BINARY for a (1 bytes) (20 bytes).\r\n"), Some(20));
        assert_eq!(announced(b"150 for a (20 kbytes)\r\n"), None);
        assert_eq!(announced(b"150 ok\r\n"), None);
        assert_eq!(announced(b"150 for x (5 bytes) in binary mode\r\n"), None);
    }

    #[test]
    fn every_mutation_is_harmless() {
        let whole = b"229 Entering (|||6446|) \"a\"\"b\" (12 bytes) 1,2,3,4,5,6\r\n";
        for (place, byte) in (0..whole.len() - 2).flat_map(|p| (0..=255).map(move |b| (p, b))) {
            let mut altered = whole.to_vec();
            altered[place] = byte;
            let mut reader = ReplyReader::default();
            reader.push(&altered);
            while let Ok(Some(reply)) = reader.take() {
                let _ = (reply.epsv_port(), reply.pasv_address(), reply.quoted_path());
                let _ = (reply.size(), reply.announced_bytes(), reply.words());
            }
        }
    }
}
