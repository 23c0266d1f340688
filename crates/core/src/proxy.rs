//! Proxies as they are typed or stand in the environment, and which servers are reached through one.
//! What is said to a proxy is in `wire`.

use std::sync::Arc;

use crate::no_proxy::NoProxy;
use crate::secret::Secret;
use crate::url::Authority;

/// The port of a proxy that has none in its URL: curl's, for both kinds.
const DEFAULT_PORT: u16 = 1080;

/// The most bytes of a user name or password that SOCKS5 can carry (RFC 1929 §2).
const SOCKS_LOGIN_MAX: usize = 255;

/// What is spoken to a proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// SOCKS5 (RFC 1928), names looked up by the proxy.
    Socks5,
    /// CONNECT of HTTP (RFC 9110 §9.3.6).
    Http,
}

/// One proxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proxy {
    /// What is spoken to it.
    pub kind: Kind,
    /// Its name or address, as in an `Origin`.
    pub host: String,
    /// Its port, never 0.
    pub port: u16,
    /// User name and password for the proxy itself.
    pub login: Option<(Vec<u8>, Secret)>,
}

impl Proxy {
    /// Reads the URL of a proxy; `None` is none at all: an empty text, or `direct`. The error
    /// repeats nothing of a user or password.
    pub fn parse(typed: &[u8]) -> Result<Option<Self>, String> {
        if typed.is_empty() || typed.eq_ignore_ascii_case(b"direct") {
            return Ok(None);
        }
        let (scheme, authority) = Authority::of_url(typed)?;
        let kind = kind(scheme)?;
        let Authority { user, password, host, port } = authority;
        let login = user.map(|user| (user, password.unwrap_or_else(|| Secret::new(Vec::new()))));
        if let Some((user, password)) = &login {
            check_login(kind, user, password)?;
        }
        Ok(Some(Self { kind, host, port: port.unwrap_or(DEFAULT_PORT), login }))
    }

    /// `socks5://host:port` for messages, without user and password.
    pub fn shown(&self) -> String {
        let scheme = match self.kind {
            Kind::Socks5 => "socks5",
            Kind::Http => "http",
        };
        format!("{scheme}://{}", host_and_port(&self.host, self.port))
    }
}

/// `host:port`, an IPv6 address in brackets.
pub fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Without a scheme it is HTTP, as for curl.
fn kind(scheme: Option<&[u8]>) -> Result<Kind, String> {
    match scheme.map(<[u8]>::to_ascii_lowercase).as_deref() {
        Some(b"socks5" | b"socks5h") => Ok(Kind::Socks5),
        None | Some(b"http") => Ok(Kind::Http),
        Some(b"ftp") => {
            Err("FTP proxies are not spoken to; known are socks5:// and http://".to_owned())
        }
        Some(_) => Err("unknown scheme; known are socks5:// and http://".to_owned()),
    }
}

fn check_login(kind: Kind, user: &[u8], password: &Secret) -> Result<(), String> {
    let too_long = |bytes: &[u8]| bytes.len() > SOCKS_LOGIN_MAX;
    match kind {
        Kind::Socks5 if user.is_empty() => {
            Err("a password without a user name, which SOCKS5 cannot carry".to_owned())
        }
        Kind::Socks5 if too_long(user) || too_long(password.expose()) => {
            Err("a user name or password over 255 bytes, which SOCKS5 cannot carry".to_owned())
        }
        // RFC 7617 §2: the first colon is the end of the user name.
        Kind::Http if user.contains(&b':') => {
            Err("a user name with a colon, which HTTP cannot carry".to_owned())
        }
        _ => Ok(()),
    }
}

/// The proxy of a run, and the servers that are reached without it.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    proxy: Option<Arc<Proxy>>,
    except: NoProxy,
}

impl Proxies {
    /// `proxy` for all servers but those that `except` names.
    pub fn new(proxy: Option<Proxy>, except: NoProxy) -> Self {
        Self { proxy: proxy.map(Arc::new), except }
    }

    /// The proxy that leads to a server.
    pub fn to(&self, host: &str, port: u16) -> Option<&Arc<Proxy>> {
        self.proxy.as_ref().filter(|_| !self.except.names(host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> Proxy {
        Proxy::parse(typed.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn proxies_are_read_and_shown_without_their_login() {
        for (typed, kind, shown) in [
            ("socks5://h", Kind::Socks5, "socks5://h:1080"),
            ("SOCKS5H://h:9050/", Kind::Socks5, "socks5://h:9050"),
            ("http://u:p%40@h:8080", Kind::Http, "http://h:8080"),
            ("h:3128", Kind::Http, "http://h:3128"),
            ("socks5://u:p@[::1]:1", Kind::Socks5, "socks5://[::1]:1"),
        ] {
            let proxy = parsed(typed);
            assert_eq!((proxy.kind, proxy.shown().as_str()), (kind, shown), "{typed}");
        }
    }

    #[test]
    fn a_login_is_decoded() {
        let (user, password) = parsed("http://u%20:p%40%2F@h").login.unwrap();
        assert_eq!((user.as_slice(), password.expose()), (&b"u "[..], &b"p@/"[..]));
        for bare in ["http://u@h", "socks5://u@h", "socks5://u:@h"] {
            assert!(parsed(bare).login.unwrap().1.expose().is_empty());
        }
    }

    #[test]
    fn none_at_all_can_be_said() {
        for none in ["", "direct", "DIRECT"] {
            assert_eq!(Proxy::parse(none.as_bytes()), Ok(None));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        let long = format!("socks5://u:{}@h", "s3cret".repeat(50));
        for bad in [
            "ftp://u:s3cret@h",
            "https://u:s3cret@h",
            "socks4://u:s3cret@h",
            "socks5://u:s3cret@h:x",
            "socks5://u:s3cret@h:70000",
            "socks5://u:s3cret@h/path",
            "socks5://u:s3/cret@h",
            "socks5://u:s3cret@",
            "socks5://u:s3cret%zz@h",
            "socks5://:s3cret@h",
            "http://s3%3Acret@h",
            "http://u:s3cret%0D%0A@h",
            "://s3cret",
            &long,
        ] {
            let error = Proxy::parse(bad.as_bytes()).unwrap_err();
            assert!(!error.is_empty() && !error.contains("s3"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_proxy_is_for_all_but_some() {
        let proxies = Proxies::new(Some(parsed("socks5://p")), NoProxy::parse(b"h"));
        assert!(proxies.to("g", 21).is_some() && proxies.to("h", 21).is_none());
        assert!(Proxies::default().to("g", 21).is_none());
    }
}
