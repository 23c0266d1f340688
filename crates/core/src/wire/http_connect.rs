//! What is said between a client and an HTTP proxy that is to connect it to somebody (RFC 9110
//! §9.3.6). Sending and reading is in `proxied`.

use memchr::memmem;

use super::socks::Heard;
use crate::charset::for_terminal;
use crate::proxy::host_and_port;
use crate::secret::Secret;

/// How much of an answer that is no HTTP is shown.
const SHOWN: usize = 100;

/// Asks for a connection.
pub(super) fn request(host: &str, port: u16, login: Option<&(Vec<u8>, Secret)>) -> Vec<u8> {
    let place = host_and_port(host, port);
    let mut text = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
    if let Some((user, password)) = login {
        let both = [user, &b":"[..], password.expose()].concat();
        text.push_str(&format!("Proxy-Authorization: Basic {}\r\n", base64(&both)));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// The answer: everything up to an empty line. What follows is the server's.
pub(super) fn connected(bytes: &[u8], has_login: bool) -> Heard<()> {
    const MARK: &[u8] = b"HTTP/1.";
    if !bytes.iter().zip(MARK).all(|(one, other)| one == other) {
        let said = for_terminal(line(bytes));
        return Err(format!("what it answers is not HTTP: {said}"));
    }
    let Some(end) = end(bytes) else { return Ok(None) };
    let status = line(bytes).splitn(2, |&b| b == b' ').nth(1).unwrap_or_default();
    match status {
        [b'2', b'0'..=b'9', b'0'..=b'9', ..] => Ok(Some(((), end))),
        [b'4', b'0', b'7', ..] if has_login => {
            Err(format!("it refuses the user name or the password: {}", for_terminal(status)))
        }
        [b'4', b'0', b'7', ..] => {
            Err(format!("it wants a user name and a password: {}", for_terminal(status)))
        }
        status => Err(format!("it answers {}", for_terminal(status))),
    }
}

/// The first line, or the beginning of it.
fn line(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
    bytes.get(..end.min(SHOWN)).unwrap_or_default()
}

/// Where the header ends. Lines may end in LF alone (RFC 9112 §2.2).
fn end(bytes: &[u8]) -> Option<usize> {
    let ends = [&b"\n\r\n"[..], b"\n\n"];
    let found = ends.iter().filter_map(|end| Some(memmem::find(bytes, end)? + end.len()));
    found.min()
}

/// RFC 4648 §4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let digit = DIGITS.get((bits >> (18 - 6 * at) & 63) as usize);
            let digit = digit.filter(|_| at <= three.len()).unwrap_or(&b'=');
            text.push(char::from(*digit));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent() {
        let login = (b"Aladdin".to_vec(), Secret::new(b"open sesame".to_vec()));
        assert_eq!(
            request("h", 21, Some(&login)),
            b"CONNECT h:21 HTTP/1.1\r\nHost: h:21\r\n\
              Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
        );
        let six = b"CONNECT [::1]:2121 HTTP/1.1\r\nHost: [::1]:2121\r\n\r\n";
        assert_eq!(request("::1", 2121, None), six);
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xFB, 0xFF, 0xBF]), "+/+/");
    }

    #[test]
    fn answers_are_read_at_every_prefix() {
        for whole in [
            &b"HTTP/1.1 200 OK\r\n\r\n"[..],
            b"HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\nA: b\r\n\r\n",
            b"HTTP/1.1 204\n\n",
            b"HTTP/1.1 200 OK\nX: y\r\n\r\n",
        ] {
            for end in 0..whole.len() {
                assert_eq!(connected(&whole[..end], false), Ok(None), "{end}");
            }
            let all = Ok(Some(((), whole.len())));
            assert_eq!(connected(whole, false), all);
            assert_eq!(connected(&[whole, b"220 hello\r\n\r\n"].concat(), false), all);
        }
    }

    #[test]
    fn refusals_show_the_status_line() {
        let said = |answer: &[u8]| connected(answer, true).unwrap_err();
        assert_eq!(said(b"HTTP/1.1 403 Filtered\r\n\r\n"), "it answers 403 Filtered");
        assert!(said(b"HTTP/1.1 407 Who\r\n\r\n").ends_with("password: 407 Who"));
        assert_eq!(said(b"220 \x1b[2J\r\n"), "what it answers is not HTTP: 220 \\x1b[2J");
        assert!(said(b"\x05\xff").starts_with("what it answers is not HTTP"));
        for odd in [&b"HTTP/1.1\r\n\r\n"[..], b"HTTP/1.1 2\r\n\r\n", b"HTTP/1.1 2xx\r\n\r\n"] {
            assert!(connected(odd, false).is_err());
        }
        let long = [&b"X"[..], &[b'y'; 9000]].concat();
        assert!(said(&long).len() < 200);
    }
}
