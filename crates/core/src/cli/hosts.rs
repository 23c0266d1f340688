//! Flags for servers: lines of a pattern over host names and the flags that hold there. Reading the
//! file is the caller's work.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::flag::shared;
use super::parse::{UsageError, flags_alone};
use super::session_flags::SessionArgs;

/// The flags that may stand there: those that say how a server is reached and spoken to. A password has
/// its place in netrc.
const ALLOWED: [&str; 18] = [
    "user",
    "encoding",
    "active",
    "no-epsv",
    "trust-pasv",
    "tls",
    "cacert",
    "crlfile",
    "cert",
    "key",
    "insecure",
    "ipv4",
    "ipv6",
    "timeout",
    "keep-alive",
    "quote",
    "no-size-check",
    "no-pipeline",
];

/// What one line says.
#[derive(Clone, Debug)]
pub struct HostFlags {
    /// Where it stands, as `FILE:LINE`.
    pub place: String,
    /// Its flags.
    pub args: SessionArgs,
    pattern: Vec<u8>,
}

/// Reads such a file, which messages call `name`. A line that is empty or begins with `#` says nothing.
///
/// # Errors
/// Names the line that cannot be meant.
pub fn read_hosts(name: &str, text: &[u8]) -> Result<Vec<HostFlags>, UsageError> {
    let mut found = Vec::new();
    for (number, line) in text.split(|&b| b == b'\n').enumerate() {
        let place = format!("{name}:{}", number + 1);
        let wrong = |why: &str| UsageError(format!("{place}: {why}"));
        let words = shlex::bytes::split(line)
            .ok_or_else(|| wrong("a quote or backslash without its end"))?;
        let mut words = words.into_iter();
        let Some(pattern) = words.next() else { continue };
        let flags = words.map(OsString::from_vec).collect();
        let row = |long: Option<&str>, short: Option<char>| {
            let is_it = |short_name: Option<char>| short.is_some() && short_name == short;
            let found = shared(|flag| Some(flag.long) == long || is_it(flag.short));
            found.filter(|flag| ALLOWED.contains(&flag.long))
        };
        let args: SessionArgs = flags_alone(flags, row).map_err(|UsageError(why)| wrong(&why))?;
        if let Some(why) = args.conflict() {
            return Err(wrong(why));
        }
        found.push(HostFlags { place, args, pattern: pattern.to_ascii_lowercase() });
    }
    Ok(found)
}

/// The first line that is about `host`.
pub fn flags_of<'h>(hosts: &'h [HostFlags], host: &str) -> Option<&'h HostFlags> {
    let host = host.to_ascii_lowercase();
    hosts.iter().find(|line| matches(&line.pattern, host.as_bytes()))
}

/// `*` stands for any bytes.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let mut parts = pattern.split(|&b| b == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let at = rest.windows(part.len().max(1)).position(|found| found == part);
        let at = if part.is_empty() { Some(0) } else { at };
        let Some(after) = at.and_then(|at| rest.get(at + part.len()..)) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_says_how() {
        let text =
            b"# all of it\n\n*.Example.org --tls=require --user 'a b'  # why\nold --no-epsv\n* -4";
        let hosts = read_hosts("f", text).unwrap();
        let of = |host| flags_of(&hosts, host).map(|line| line.place.as_str());
        assert_eq!(of("ftp.example.ORG"), Some("f:3"));
        assert_eq!((of("old"), of("older")), (Some("f:4"), Some("f:5")));
        assert_eq!(flags_of(&hosts, "x.example.org").unwrap().args.user, Some(b"a b".to_vec()));
        for (text, why) in [
            ("a --tls=yes", "f:1: --tls: must be off, try or require"),
            ("\na --password-file x", "f:2: --password-file has no place here"),
            ("a b", "f:1: only flags can stand behind the pattern"),
            ("a --nothing", "f:1: --nothing has no place here"),
            ("a 'b", "f:1: a quote or backslash without its end"),
        ] {
            assert_eq!(read_hosts("f", text.as_bytes()).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*.b", "a.b", true),
            ("*.b", "ab", false),
            ("a*c", "abc", true),
            ("ab*ba", "aba", false),
            ("a**c", "ac", true),
            ("*b*", "abc", true),
            ("*x*", "abc", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }
}
