//! Flags that stand in the environment, before those of the command line.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::parse::{UsageError, VARIABLE};

/// The words of `text`, parted and quoted as in a shell.
///
/// # Errors
/// A quote that is not closed.
pub fn options(text: Option<&OsStr>) -> Result<Vec<OsString>, UsageError> {
    let text = text.unwrap_or_default().as_bytes();
    let words = shlex::bytes::split(text)
        .ok_or_else(|| UsageError(format!("{VARIABLE}: a quote or backslash without its end")))?;
    Ok(words.into_iter().map(OsString::from_vec).collect())
}
