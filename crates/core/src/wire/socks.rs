//! What is said between a client and a SOCKS5 proxy (RFC 1928, RFC 1929): bytes to send, and what
//! the answers mean. Sending and reading is in `proxied`.

use std::net::IpAddr;

use crate::secret::Secret;

/// How a proxy wants to know who we are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Method {
    /// Not at all.
    Open,
    /// By user name and password.
    Login,
}

/// The first message: what we can do.
pub(super) fn hello(has_login: bool) -> Vec<u8> {
    if has_login { vec![5, 2, 0, 2] } else { vec![5, 1, 0] }
}

/// The user name and the password. Both fit: whoever read them has looked.
pub(super) fn login(user: &[u8], password: &Secret) -> Vec<u8> {
    let mut message = vec![1];
    push_counted(&mut message, user);
    push_counted(&mut message, password.expose());
    message
}

fn push_counted(message: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = bytes.get(..255).unwrap_or(bytes);
    message.extend(u8::try_from(bytes.len()));
    message.extend_from_slice(bytes);
}

/// Asks for a connection. An address goes as one, a name for the proxy to look up.
pub(super) fn request(host: &str, port: u16) -> Vec<u8> {
    let mut message = vec![5, 1, 0];
    match host.parse() {
        Ok(IpAddr::V4(ip)) => {
            message.push(1);
            message.extend(ip.octets());
        }
        Ok(IpAddr::V6(ip)) => {
            message.push(4);
            message.extend(ip.octets());
        }
        Err(_) => {
            message.push(3);
            push_counted(&mut message, host.as_bytes());
        }
    }
    message.extend(port.to_be_bytes());
    message
}

/// What a parser makes of the bytes so far: nothing yet; or what they say, and how many they are; or
/// why they make no sense.
pub(super) type Heard<T> = Result<Option<(T, usize)>, String>;

/// The answer to [`hello`].
pub(super) fn method(bytes: &[u8], has_login: bool) -> Heard<Method> {
    version(bytes, 5)?;
    match bytes {
        [_, 0, ..] => Ok(Some((Method::Open, 2))),
        [_, 2, ..] if has_login => Ok(Some((Method::Login, 2))),
        [_, 2, ..] => Err("it wants a user name and a password".to_owned()),
        [_, 255, ..] if !has_login => Err("it wants to know who we are".to_owned()),
        [_, 255, ..] => Err("it takes no user name and password".to_owned()),
        [_, other, ..] => Err(format!("it wants method {other}, which nobody offered")),
        _ => Ok(None),
    }
}

/// The answer to [`login`].
pub(super) fn logged_in(bytes: &[u8]) -> Heard<()> {
    // Some answer with the version of SOCKS.
    if bytes.first() != Some(&5) {
        version(bytes, 1)?;
    }
    match bytes {
        [_, 0, ..] => Ok(Some(((), 2))),
        [_, _, ..] => Err("it refuses the user name or the password".to_owned()),
        _ => Ok(None),
    }
}

/// The answer to [`request`]. What it says of an address has no use here.
pub(super) fn connected(bytes: &[u8]) -> Heard<()> {
    version(bytes, 5)?;
    match bytes.get(1) {
        None => return Ok(None),
        Some(0) => {}
        Some(code) => return Err(refusal(*code)),
    }
    let address = match (bytes.get(3), bytes.get(4)) {
        (Some(1), _) => 4,
        (Some(4), _) => 16,
        (Some(3), Some(length)) => 1 + usize::from(*length),
        (None | Some(3), _) => return Ok(None),
        (Some(kind), _) => return Err(format!("an address of kind {kind}, which there is not")),
    };
    let whole = 4 + address + 2;
    Ok((bytes.len() >= whole).then_some(((), whole)))
}

fn version(bytes: &[u8], wanted: u8) -> Result<(), String> {
    match bytes.first() {
        Some(first) if *first != wanted => {
            Err("what it answers is not SOCKS5; is it an HTTP proxy?".to_owned())
        }
        _ => Ok(()),
    }
}

/// RFC 1928 §6.
fn refusal(code: u8) -> String {
    match code {
        1 => "it could not connect (general failure)".to_owned(),
        2 => "its rules do not allow the connection".to_owned(),
        3 => "network unreachable from there".to_owned(),
        4 => "host unreachable from there, or unknown".to_owned(),
        5 => "connection refused".to_owned(),
        6 => "no answer from there (TTL expired)".to_owned(),
        7 => "it does not know CONNECT".to_owned(),
        8 => "it cannot connect to an address of this kind".to_owned(),
        code => format!("it refuses with code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing before the end, and from there on the same, whatever follows.
    fn at_every_prefix<T: std::fmt::Debug + PartialEq>(
        whole: &[u8],
        parse: impl Fn(&[u8]) -> Heard<T>,
        want: T,
    ) {
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end]), Ok(None), "{end} bytes of {whole:?}");
        }
        let all = Ok(Some((want, whole.len())));
        assert_eq!(parse(whole), all);
        assert_eq!(parse(&[whole, b"220 hello\r\n"].concat()), all);
    }

    #[test]
    fn what_is_sent() {
        assert_eq!(hello(false), [5, 1, 0]);
        assert_eq!(hello(true), [5, 2, 0, 2]);
        assert_eq!(login(b"me", &Secret::new(b"abc".to_vec())), b"\x01\x02me\x03abc");
        assert_eq!(request("h.example", 21), b"\x05\x01\x00\x03\x09h.example\x00\x15");
        assert_eq!(request("192.0.2.1", 256), [5, 1, 0, 1, 192, 0, 2, 1, 1, 0]);
        let six = request("2001:db8::1", 21);
        assert_eq!((six.len(), &six[..6]), (22, &[5, 1, 0, 4, 0x20, 1][..]));
    }

    #[test]
    fn answers_are_read_at_every_prefix() {
        at_every_prefix(&[5, 0], |bytes| method(bytes, false), Method::Open);
        at_every_prefix(&[5, 2], |bytes| method(bytes, true), Method::Login);
        at_every_prefix(&[1, 0], logged_in, ());
        at_every_prefix(&[5, 0], logged_in, ());
        at_every_prefix(&[5, 0, 0, 1, 1, 2, 3, 4, 0, 21], connected, ());
        at_every_prefix(&[&[5, 0, 0, 4][..], &[0; 18]].concat(), connected, ());
        at_every_prefix(&[5, 0, 0, 3, 3, b'a', b'b', b'c', 0, 21], connected, ());
        at_every_prefix(&[5, 0, 0, 3, 0, 0, 21], connected, ());
    }

    #[test]
    fn refusals_and_nonsense_end_it_at_once() {
        for bad in [&[5, 2][..], &[5, 255], &[5, 7], b"H", b"HTTP/1.1 400", &[4, 0]] {
            assert!(method(bad, false).is_err(), "{bad:?}");
        }
        assert!(method(&[5, 255], true).is_err());
        assert!(logged_in(&[1, 1]).is_err() && logged_in(b"HT").is_err());
        for code in 1..=255 {
            assert!(connected(&[5, code]).is_err(), "{code}");
        }
        assert!(connected(&[5, 0, 0, 2]).is_err() && connected(b"2").is_err());
    }
}
