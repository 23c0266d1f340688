//! One typed value of a shared flag each. The errors are the cause alone, since `parse` names the
//! flag; but for the label of an encoding they repeat nothing: a value may be a password.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::charset::Charset;
use crate::path::{BadByte, RemotePath};
use crate::url::Address;
use crate::wire::{Active, TlsPolicy};

/// The name of a local file; never empty. `-` is left to the caller.
pub(super) fn file(value: &OsStr) -> Result<PathBuf, String> {
    if value.is_empty() { Err("an empty file name".to_owned()) } else { Ok(PathBuf::from(value)) }
}

/// What is sent as part of a command line (RFC 959 §5.3). It is not repeated in the error.
pub(super) fn command_text(value: &OsStr) -> Result<Vec<u8>, String> {
    RemotePath::new(value.as_bytes().to_vec())
        .map(|clean| clean.as_bytes().to_vec())
        .map_err(|BadByte(_)| "CR, LF and NUL cannot be sent".to_owned())
}

pub(super) fn command(value: &OsStr) -> Result<Vec<u8>, String> {
    if value.is_empty() { Err("an empty command".to_owned()) } else { command_text(value) }
}

/// How names are written somewhere, by its label.
///
/// # Errors
/// An unknown label, or an encoding that FTP commands cannot carry.
pub fn charset(value: &OsStr) -> Result<Charset, String> {
    Charset::for_label(value.as_bytes()).map_err(|why| why.to_string())
}

pub(super) fn base(value: &OsStr) -> Result<Vec<u8>, String> {
    let typed = value.as_bytes();
    if Address::looks_like_url(typed) {
        return Ok(typed.to_vec());
    }
    Err("must be a URL such as ftp://HOST/DIR/".to_owned())
}

/// What `--tls` takes.
pub(super) const TLS: [(&str, TlsPolicy); 3] =
    [("off", TlsPolicy::Off), ("try", TlsPolicy::Try), ("require", TlsPolicy::Require)];

/// A number of bytes, by itself or with k, m or g behind it.
pub(super) fn bytes_a_second(value: &OsStr) -> Result<u64, String> {
    let bad = || "must be a number of bytes such as 500k or 2m".to_owned();
    let (digits, shift) = match value.as_bytes() {
        [digits @ .., b'k' | b'K'] => (digits, 10),
        [digits @ .., b'm' | b'M'] => (digits, 20),
        [digits @ .., b'g' | b'G'] => (digits, 30),
        digits => (digits, 0),
    };
    let number = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'));
    let number = number.and_then(|text| text.parse::<u64>().ok()).ok_or_else(bad)?;
    number.checked_mul(1 << shift).ok_or_else(bad)
}

pub(super) fn count(value: &OsStr) -> Result<u32, String> {
    let number =
        value.to_str().filter(|text| !text.starts_with('+')).and_then(|text| text.parse().ok());
    number.ok_or_else(|| "must be a number from 0 to 4294967295".to_owned())
}

/// The most files at once: a connection each, which no server likes to see more of.
const LANES_MAX: u32 = 64;

/// A number of connections that work at once.
///
/// # Errors
/// Anything but a number from 1 to 64.
pub fn lanes(value: &OsStr) -> Result<NonZeroU32, String> {
    let number = count(value).ok().and_then(NonZeroU32::new);
    let number = number.filter(|number| number.get() <= LANES_MAX);
    number.ok_or_else(|| format!("must be a number from 1 to {LANES_MAX}"))
}

/// The longest wait in seconds: eleven days, which no deadline arithmetic overflows.
const TIMEOUT_MAX: f64 = 1e6;

pub(super) fn timeout(value: &OsStr) -> Result<Duration, String> {
    let secs = value.to_str().and_then(|text| text.parse::<f64>().ok());
    match secs {
        Some(secs) if (0.001..=TIMEOUT_MAX).contains(&secs) => {
            Duration::try_from_secs_f64(secs).map_err(|why| why.to_string())
        }
        _ => Err("must be a number of seconds from 0.001 to 1000000".to_owned()),
    }
}

/// `[ADDR][:LOW-HIGH]`; both may be missing.
pub(super) fn active(value: &OsStr) -> Result<Active, String> {
    let bad = || "must be ADDR, ADDR:LOW-HIGH or :LOW-HIGH, an IPv6 ADDR in [ ]".to_owned();
    let text = value.to_str().ok_or_else(bad)?;
    if let Some(address) = address(text) {
        return Ok(Active { address, ports: None });
    }
    let (before, ports) = text.rsplit_once(':').ok_or_else(bad)?;
    let address = address(before).ok_or_else(bad)?;
    Ok(Active { address, ports: Some(ports_range(ports).ok_or_else(bad)?) })
}

/// An address, which may be empty; `None` when it is neither.
fn address(text: &str) -> Option<Option<IpAddr>> {
    if text.is_empty() {
        return Some(None);
    }
    let bare = text.strip_prefix('[').and_then(|inside| inside.strip_suffix(']'));
    bare.unwrap_or(text).parse().ok().map(Some)
}

fn ports_range(text: &str) -> Option<RangeInclusive<u16>> {
    let (low, high) = text.split_once('-')?;
    let port = |digits: &str| digits.parse::<u16>().ok().filter(|_| !digits.starts_with('+'));
    let (low, high) = (port(low)?, port(high)?);
    (low > 0 && low <= high).then_some(low..=high)
}
