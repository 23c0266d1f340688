//! `no_proxy`: the servers that are reached without a proxy, as curl reads it. No name is looked up
//! for it.

use std::net::IpAddr;

/// The servers that are reached directly.
#[derive(Clone, Debug, Default)]
pub struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    who: Who,
    /// Only at this port.
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Who {
    Everybody,
    /// A host, and all below it; in small letters.
    Domain(String),
    /// All addresses that begin with so many bits of this one.
    Network(IpAddr, u32),
}

impl NoProxy {
    /// Reads a list, parted by commas or blanks. What makes no sense names nobody.
    pub fn parse(list: &[u8]) -> Self {
        let items = list.split(|b| matches!(b, b',' | b' ' | b'\t')).map(str::from_utf8);
        let items = items.filter_map(Result::ok).filter(|item| !item.is_empty());
        Self(items.map(entry).collect())
    }

    /// Whether the list names a server.
    pub fn names(&self, host: &str, port: u16) -> bool {
        let address = host.split('%').next().and_then(|ip| ip.parse::<IpAddr>().ok());
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().any(|entry| {
            let here = match (&entry.who, address) {
                (Who::Everybody, _) => true,
                (Who::Domain(domain), None) => is_below(&host, domain),
                (Who::Network(network, bits), Some(address)) => {
                    same_start(*network, address.to_canonical(), *bits)
                }
                _ => false,
            };
            here && entry.port.is_none_or(|only| only == port)
        })
    }
}

fn entry(item: &str) -> Entry {
    let (host, port) = split_port(item);
    let who = match (host, network(host)) {
        ("*", _) => Who::Everybody,
        (_, Some((address, bits))) => Who::Network(address, bits),
        (name, None) => {
            let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
            let name = name.strip_prefix('.').unwrap_or(name).trim_end_matches('.');
            Who::Domain(name.to_ascii_lowercase())
        }
    };
    Entry { who, port }
}

/// `host:port` and `[v6]:port`; an IPv6 address without brackets has no port.
fn split_port(item: &str) -> (&str, Option<u16>) {
    if let Some((inside, rest)) = item.strip_prefix('[').and_then(|item| item.split_once(']')) {
        return (inside, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match item.split_once(':') {
        Some((host, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (item, None),
        },
        _ => (item, None),
    }
}

/// An address, or the first bits of one (`10.0.0.0/8`).
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address = address.parse::<IpAddr>().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(all);
    (bits <= all).then_some((address, bits))
}

fn same_start(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let differ = u32::from(one) ^ u32::from(other);
            differ.leading_zeros() >= bits
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let differ = u128::from(one) ^ u128::from(other);
            differ.leading_zeros() >= bits
        }
        _ => false,
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    let before = host.strip_suffix(domain);
    !domain.is_empty() && before.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_hosts_as_they_do_for_curl() {
        for (list, host, named) in [
            ("example.com", "example.com", true),
            ("example.com", "WWW.Example.COM", true),
            (".example.com", "example.com", true),
            ("*.example.com", "a.example.com", true),
            ("example.com.", "example.com", true),
            ("example.com", "example.com.", true),
            ("example.com", "badexample.com", false),
            ("www.example.com", "example.com", false),
            ("a, b  c", "c", true),
            ("*", "anything", true),
            ("*", "::1", true),
            ("", "h", false),
            (",, ,", "h", false),
            (".", "h", false),
            ("h:21", "h", true),
            ("h:22", "h", false),
            ("h:x", "h", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("0.0.1", "127.0.0.1", false),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.0.0.0/33", "10.0.0.0", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("192.0.2.1:21", "192.0.2.1", true),
            ("192.0.2.1:22", "192.0.2.1", false),
            ("::1", "::1", true),
            ("[::1]", "::1", true),
            ("[::1]:22", "::1", false),
            ("fe80::/10", "fe80::1%eth0", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("127.0.0.0/8", "::1", false),
        ] {
            assert_eq!(NoProxy::parse(list.as_bytes()).names(host, 21), named, "{list:?} {host}");
        }
    }
}
