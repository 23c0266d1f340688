//! Taking a typed URL apart. Every error is the cause alone, and repeats nothing of user or
//! password; the URL before it is put there by `url`.

use std::net::Ipv6Addr;

use memchr::{memchr, memmem, memrchr};

use super::{Address, Authority, Origin, Scheme, Target, Unread, redacted};
use crate::charset::{Charset, Unit, for_terminal};
use crate::path::{BadByte, RemotePath};
use crate::pattern::{Pattern, Typed, literal};
use crate::secret::Secret;

/// What stands between scheme and host.
pub(super) const MARK: &[u8] = b"://";

/// The longest host name (RFC 1035 §2.3.4) with room for an IPv6 zone.
const HOST_MAX: usize = 255;

const EXAMPLE: &str = "an address looks like ftp://HOST/PATH";

/// Splits the scheme from what follows `://`; `None` when there is none.
pub(super) fn split_scheme(typed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (scheme, rest) = typed.split_at_checked(memmem::find(typed, MARK)?)?;
    let rest = rest.strip_prefix(MARK)?;
    let named = scheme.first()?.is_ascii_alphabetic()
        && scheme.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b));
    named.then_some((scheme, rest))
}

/// Reads the whole URL.
pub(super) fn address(typed: &[u8], charset: Charset, globbing: bool) -> Result<Address, String> {
    let (name, rest) = split_scheme(typed).ok_or_else(|| no_scheme(typed))?;
    let scheme = scheme(name)?;
    let end = memchr(b'/', rest).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, b""));
    let origin = origin(scheme, authority, charset)?;
    let (path, ascii) = transfer_type(path.strip_prefix(b"/").unwrap_or_default())?;
    Ok(Address { origin, target: target(path, charset, globbing)?, ascii })
}

fn no_scheme(typed: &[u8]) -> String {
    let bare = typed.strip_prefix(b"ftp:/").or(typed.strip_prefix(b"ftp:")).unwrap_or(typed);
    if matches!(bare.first(), None | Some(b'/' | b'.' | b'-' | b':')) {
        return format!("not a URL; {EXAMPLE}");
    }
    format!("not a URL; did you mean ftp://{}?", for_terminal(&redacted(bare)))
}

fn scheme(name: &[u8]) -> Result<Scheme, String> {
    let known = [Scheme::Ftp, Scheme::Ftps, Scheme::Ftpes];
    let found = known.into_iter().find(|s| s.name().as_bytes().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        format!("unknown scheme {}; known are ftp, ftps and ftpes", for_terminal(name))
    })
}

fn origin(scheme: Scheme, typed: &[u8], charset: Charset) -> Result<Origin, String> {
    let Authority { user, password, host, port } = authority(typed, charset)?;
    Ok(Origin { scheme, user, password, host, port: port.unwrap_or(scheme.default_port()) })
}

/// Reads what stands between the scheme and the path.
pub(super) fn authority(authority: &[u8], charset: Charset) -> Result<Authority, String> {
    let (userinfo, host_port) = match memrchr(b'@', authority) {
        Some(at) => (authority.get(..at), authority.get(at + 1..).unwrap_or_default()),
        None => (None, authority),
    };
    let (user, password) = match userinfo {
        Some(userinfo) => credentials(userinfo, charset)?,
        None => (None, None),
    };
    let (host, port) = split_port(host_port);
    let host = self::host(host)?;
    Ok(Authority { user, password, host, port: self::port(port)? })
}

type Credentials = (Option<Vec<u8>>, Option<Secret>);

fn credentials(userinfo: &[u8], charset: Charset) -> Result<Credentials, String> {
    let Some(colon) = memchr(b':', userinfo) else {
        return Ok((Some(command_text(userinfo, "the user", charset)?), None));
    };
    let (user, password) = userinfo.split_at_checked(colon).unwrap_or((userinfo, b""));
    let password = command_text(password.get(1..).unwrap_or_default(), "the password", charset)?;
    Ok((Some(command_text(user, "the user", charset)?), Some(Secret::new(password))))
}

/// What is sent as the argument of one command; `what` names it in the error.
fn command_text(typed: &[u8], what: &str, charset: Charset) -> Result<Vec<u8>, String> {
    let units = unescape(typed).map_err(|why| format!("{what}: {why}"))?;
    let wire = literal(&units, charset)
        .map_err(|_| format!("{what} holds a character that the server's encoding cannot carry"))?;
    match RemotePath::new(wire) {
        Ok(clean) => Ok(clean.as_bytes().to_vec()),
        Err(BadByte(byte)) => Err(refused(what, byte)),
    }
}

/// The message about a byte that would end the command (RFC 959 §5.3).
pub(super) fn refused(what: &str, byte: u8) -> String {
    let name = match byte {
        b'\r' => "a CR (%0D)",
        b'\n' => "an LF (%0A)",
        _ => "a NUL (%00)",
    };
    format!("{what} holds {name}, which no FTP command can carry")
}

/// Splits `host[:port]`; the host keeps its brackets.
fn split_port(host_port: &[u8]) -> (&[u8], Option<&[u8]>) {
    let from = memrchr(b']', host_port).unwrap_or(0);
    match host_port.get(from..).and_then(|tail| memrchr(b':', tail)) {
        Some(colon) => {
            (host_port.get(..from + colon).unwrap_or_default(), host_port.get(from + colon + 1..))
        }
        None => (host_port, None),
    }
}

/// An empty port is the default one (RFC 3986 §3.2.3). The text is not repeated: it may be the
/// start of a password with an unescaped `/`.
fn port(typed: Option<&[u8]>) -> Result<Option<u16>, String> {
    let Some(digits) = typed.filter(|digits| !digits.is_empty()) else { return Ok(None) };
    let value = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    match value.and_then(|d| d.parse().ok()).filter(|&port| port != 0) {
        Some(port) => Ok(Some(port)),
        None => Err("bad port, must be 1 to 65535; in a user or password write / as %2F \
                     and @ as %40"
            .to_owned()),
    }
}

fn host(typed: &[u8]) -> Result<String, String> {
    if let Some(inside) = typed.strip_prefix(b"[") {
        return ipv6(inside.strip_suffix(b"]").unwrap_or_default());
    }
    if typed.is_empty() {
        return Err(format!("missing host; {EXAMPLE}"));
    }
    if !typed.is_ascii() {
        return Err("the host name is not ASCII; write its punycode form (xn--...)".to_owned());
    }
    if typed.contains(&b':') {
        return Err("bad host; an IPv6 address stands in brackets: ftp://[::1]/".to_owned());
    }
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._".contains(b);
    match std::str::from_utf8(typed) {
        Ok(host) if typed.iter().all(plain) && host.len() <= HOST_MAX => Ok(host.to_owned()),
        _ => Err("bad host, only letters, digits, '-', '.' and '_' may stand in one".to_owned()),
    }
}

/// The inside of the brackets, with a zone after `%25` (RFC 6874) or a plain `%`.
fn ipv6(inside: &[u8]) -> Result<String, String> {
    let bad = || "bad IPv6 address in [ ]".to_owned();
    let text = std::str::from_utf8(inside).map_err(|_| bad())?;
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
        None => (text, None),
    };
    address.parse::<Ipv6Addr>().map_err(|_| bad())?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let Some(zone) = zone else { return Ok(address.to_owned()) };
    let host = format!("{address}%{zone}");
    let is_usable = !zone.is_empty() && zone.bytes().all(plain) && host.len() <= HOST_MAX;
    is_usable.then_some(host).ok_or_else(bad)
}

/// Takes `;type=a` or `;type=i` off the end of the path (RFC 1738 §3.2.2).
fn transfer_type(path: &[u8]) -> Result<(&[u8], Option<bool>), String> {
    let Some(at) = memmem::rfind(path, b";type=") else { return Ok((path, None)) };
    let (before, suffix) = path.split_at_checked(at).unwrap_or((path, b""));
    match suffix.strip_prefix(b";type=") {
        Some(b"a" | b"A") => Ok((before, Some(true))),
        Some(b"i" | b"I") => Ok((before, Some(false))),
        Some(value) if value.contains(&b'/') => Ok((path, None)),
        _ => Err("bad ;type=, must be a or i; write %3B for a plain ;".to_owned()),
    }
}

fn target(path: &[u8], charset: Charset, globbing: bool) -> Result<Target, String> {
    let typed = unescape(path).map_err(|why| format!("the path: {why}"))?;
    let foreign = |unit: &Typed| matches!(unit, Typed::Char(c) if !c.is_ascii());
    if charset == Charset::Auto && typed.iter().any(foreign) {
        // What cannot be in any path is refused before anybody is connected to.
        meaning(&typed, Charset::Bytes, globbing)?;
        return Ok(Target::Unread(Unread { typed, globbing }));
    }
    meaning(&typed, charset, globbing)
}

/// What a path means in an encoding that is known.
pub(super) fn meaning(typed: &[Typed], charset: Charset, globbing: bool) -> Result<Target, String> {
    let wire = literal(typed, charset).map_err(|c| c.to_string())?;
    let path = RemotePath::new(wire).map_err(|BadByte(byte)| refused("the path", byte))?;
    let pattern = if globbing { Pattern::parse(typed, charset) } else { Ok(None) };
    let pattern = pattern.map_err(|c| c.to_string())?;
    Ok(pattern.map_or(Target::Path(path), Target::Glob))
}

/// Turns `%XX` into bytes and everything else into characters.
fn unescape(typed: &[u8]) -> Result<Vec<Typed>, String> {
    let (mut units, mut rest) = (Vec::with_capacity(typed.len()), typed);
    while let Some(&first) = rest.first() {
        let used = if first == b'%' {
            let byte = rest.get(1..3).and_then(hex_pair);
            units.push(Typed::Byte(
                byte.ok_or("a % must be followed by two hex digits; write %25 for a plain %")?,
            ));
            3
        } else {
            let plain_end = memchr(b'%', rest).unwrap_or(rest.len());
            let plain = rest.get(..plain_end).unwrap_or_default();
            units.extend(Charset::Bytes.units(plain).map(|(unit, _)| match unit {
                Unit::Char(c) => Typed::Char(c),
                Unit::Byte(b) => Typed::Byte(b),
            }));
            plain_end
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    Ok(units)
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}
