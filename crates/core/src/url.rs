//! FTP addresses as people type them (RFC 1738 §3.2), read and printed. No host is looked up and
//! no server asked here; what a path holds is in `path` and `pattern`.
//!
//! `%XX` is that byte on the server, any other character is text in the server's encoding. FTP
//! URLs have no query and no fragment: `?` is a wild card and `#` a plain character.

mod read;

use std::fmt::{self, Write as _};

use crate::charset::{Charset, for_terminal};
use crate::path::{BadByte, RemotePath};
use crate::pattern::{Pattern, Typed, literal};
use crate::secret::Secret;

/// How a session is set up.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// `ftp://`, port 21; TLS only when flags ask for it.
    Ftp,
    /// `ftps://`, implicit TLS, port 990.
    Ftps,
    /// `ftpes://`, explicit TLS (AUTH TLS, RFC 4217), port 21.
    Ftpes,
}

impl Scheme {
    /// The name as it stands before `://`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ftp => "ftp",
            Self::Ftps => "ftps",
            Self::Ftpes => "ftpes",
        }
    }

    /// The port that is meant when none is written.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Ftp | Self::Ftpes => 21,
            Self::Ftps => 990,
        }
    }
}

/// Everything of a URL that decides which session it needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// How the session is set up.
    pub scheme: Scheme,
    /// User in the server's encoding, without CR, LF and NUL; may be empty; `None` if not written.
    pub user: Option<Vec<u8>>,
    /// Password in the server's encoding, without CR, LF and NUL; `None` if not written.
    pub password: Option<Secret>,
    /// ASCII host name or IP address, an IPv6 one without brackets and with its `%zone` if any.
    pub host: String,
    /// Control port, never 0.
    pub port: u16,
}

/// What stands between the scheme and the path, for URLs that are none of FTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authority {
    /// As in [`Origin`].
    pub user: Option<Vec<u8>>,
    /// As in [`Origin`].
    pub password: Option<Secret>,
    /// As in [`Origin`].
    pub host: String,
    /// Never 0; `None` if not written.
    pub port: Option<u16>,
}

impl Authority {
    /// Takes a whole URL apart: the scheme, which may be missing, and the authority. A path that is
    /// more than a slash is an error, as it would mean nothing. No error repeats what was typed.
    pub fn of_url(typed: &[u8]) -> Result<(Option<&[u8]>, Self), String> {
        let (scheme, rest) = match read::split_scheme(typed) {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, typed),
        };
        let authority = rest.strip_suffix(b"/").unwrap_or(rest);
        if authority.is_empty() || authority.contains(&b'/') {
            return Err("must be SCHEME://HOST:PORT; in a user or password write / as %2F".into());
        }
        Ok((scheme, read::authority(authority, Charset::Bytes)?))
    }
}

/// What a URL names on the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// One path.
    Path(RemotePath),
    /// All paths that match.
    Glob(Pattern),
    /// Either, once it is known how the server writes names.
    Unread(Unread),
}

/// A path with characters in it that an unknown encoding must carry (`--encoding auto`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unread {
    typed: Vec<Typed>,
    globbing: bool,
}

impl Unread {
    /// What the path names, now that the charset is known; the error is the cause alone.
    pub fn read(&self, charset: Charset) -> Result<Target, String> {
        read::meaning(&self.typed, charset, self.globbing)
    }

    /// The directory above the first name that depends on the encoding: its listing is evidence.
    pub fn known_parent(&self) -> RemotePath {
        let ascii = |unit: &Typed| matches!(unit, Typed::Char(c) if c.is_ascii() && !is_wild(*c));
        let end = self.typed.iter().position(|unit| !ascii(unit)).unwrap_or(self.typed.len());
        let start = self.typed.get(..end).unwrap_or_default();
        let wire = literal(start, Charset::Bytes).unwrap_or_default();
        let dir = memchr::memrchr(b'/', &wire).map_or(0, |slash| slash + 1);
        RemotePath::new(wire.get(..dir).unwrap_or_default().to_vec()).unwrap_or_default()
    }

    /// Whether it may turn out to be a pattern.
    pub fn may_be_several(&self) -> bool {
        self.globbing && self.typed.iter().any(|unit| matches!(unit, Typed::Char(c) if is_wild(*c)))
    }

    /// The path for messages.
    pub fn shown(&self) -> Vec<u8> {
        literal(&self.typed, Charset::Bytes).unwrap_or_default()
    }
}

fn is_wild(c: char) -> bool {
    matches!(c, '*' | '?' | '[')
}

/// A whole URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// Which session it needs.
    pub origin: Origin,
    /// What it names there.
    pub target: Target,
    /// What `;type=` says: true for `a`, false for `i`; it wins over flags.
    pub ascii: Option<bool>,
}

/// Why a URL cannot be used, as one line that starts with the URL, its password masked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadUrl {
    shown: Vec<u8>,
    why: String,
}

impl fmt::Display for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", for_terminal(&self.shown), self.why)
    }
}

impl std::error::Error for BadUrl {}

impl Address {
    /// Reads a URL as typed: UTF-8, or any bytes, which then stand for themselves.
    ///
    /// With `globbing`, unescaped `*`, `?` and `[set]` in the path make it a pattern.
    pub fn parse(typed: &[u8], charset: Charset, globbing: bool) -> Result<Self, BadUrl> {
        let whole = read::address(typed, charset, globbing);
        whole.map_err(|why| BadUrl { shown: redacted(typed), why })
    }

    /// Whether `typed` has a scheme, known or not, so that it is no local file name.
    pub fn looks_like_url(typed: &[u8]) -> bool {
        read::split_scheme(typed).is_some()
    }

    /// The address of `name` below this directory (`--base`).
    ///
    /// `name` is taken as it was typed: no `%XX`, no wild cards. A name that would leave the
    /// directory (a leading `/`, a component `..`) is refused, since lists come from servers too.
    pub fn below(&self, name: &[u8], charset: Charset) -> Result<Self, BadUrl> {
        let path = self.path_below(name, charset);
        let path = path.map_err(|why| BadUrl { shown: name.to_vec(), why })?;
        Ok(Self { origin: self.origin.clone(), target: Target::Path(path), ascii: self.ascii })
    }

    fn path_below(&self, name: &[u8], charset: Charset) -> Result<RemotePath, String> {
        let Target::Path(base) = &self.target else {
            return Err("the base URL must name one directory, not a pattern".to_owned());
        };
        if name.is_empty() {
            return Err("an empty name".to_owned());
        }
        if name.starts_with(b"/") || name.split(|&b| b == b'/').any(|part| part == b"..") {
            return Err("is not below the base URL".to_owned());
        }
        let wire = charset.encode(name).map_err(|c| c.to_string())?;
        base.join(&wire).map_err(|BadByte(byte)| read::refused("the name", byte))
    }
}

impl Origin {
    /// Whether one session can serve both: everything equal, the host in any case.
    pub fn same_session(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
            && self.user == other.user
            && self.password == other.password
    }

    /// The URL of `path`, which reads back as the same bytes under any charset.
    ///
    /// Only `A-Z a-z 0-9 . _ ~ -` and `/` stay as they are, so it is safe for `xargs`. The
    /// password is never in it.
    pub fn url_of(&self, path: &RemotePath) -> Vec<u8> {
        let mut url = format!("{}://", self.scheme.name());
        if let Some(user) = &self.user {
            user.iter().for_each(|&b| push_escaped(b, &mut url));
            url.push('@');
        }
        self.push_host(&mut url, "%25");
        if self.port != self.scheme.default_port() {
            url.push_str(&format!(":{}", self.port));
        }
        url.push('/');
        let raw = path.as_bytes();
        let rest = raw.strip_prefix(b"/").inspect(|_| url.push_str("%2F"));
        for &byte in rest.unwrap_or(raw) {
            match byte {
                b'/' => url.push('/'),
                _ => push_escaped(byte, &mut url),
            }
        }
        url.into_bytes()
    }

    /// `scheme://host:port` for messages, without user and password.
    pub fn shown(&self) -> String {
        let mut shown = format!("{}://", self.scheme.name());
        self.push_host(&mut shown, "%");
        shown.push_str(&format!(":{}", self.port));
        shown
    }

    /// `percent` is what stands before an IPv6 zone: `%25` in a URL (RFC 6874).
    fn push_host(&self, out: &mut String, percent: &str) {
        if self.host.contains(':') {
            out.push_str(&format!("[{}]", self.host.replace('%', percent)));
        } else {
            out.push_str(&self.host);
        }
    }
}

fn push_escaped(byte: u8, out: &mut String) {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'~' | b'-' => {
            out.push(char::from(byte));
        }
        _ => {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// A URL as typed with its password replaced by `***`, fit for messages once escaped.
///
/// It errs on the side of hiding: where no `@` stands before the path but one in it, the path may
/// be part of a password with an unescaped `/`.
pub fn redacted(typed: &[u8]) -> Vec<u8> {
    let (scheme, rest) = read::split_scheme(typed).map_or((&[][..], typed), |(scheme, rest)| {
        (typed.get(..scheme.len() + read::MARK.len()).unwrap_or_default(), rest)
    });
    let authority = rest.split(|&b| b == b'/').next().unwrap_or_default();
    let at = memchr::memrchr(b'@', authority).or_else(|| {
        if scheme.is_empty() {
            return memchr::memrchr(b'@', rest);
        }
        let port = authority.rsplit(|&b| b == b':').next().unwrap_or_default();
        let numeric = port.iter().all(u8::is_ascii_digit) || authority.ends_with(b"]");
        if numeric { None } else { memchr::memrchr(b'@', rest) }
    });
    let masked = at.and_then(|at| {
        let (userinfo, host) = rest.split_at_checked(at)?;
        Some([scheme, userinfo.get(..password_mark(userinfo)?)?, b":***", host].concat())
    });
    masked.unwrap_or_else(|| typed.to_vec())
}

/// Where a password begins: the first `:` that is not the end of a scheme, since `ftp:/u:pw@h` and
/// a URL with a blank before it are mistyped, not harmless.
fn password_mark(userinfo: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b':', userinfo).find(|at| userinfo.get(at + 1) != Some(&b'/'))
}

#[cfg(test)]
mod tests;
