//! A password that somebody types, without echo. The only door to rpassword.

use std::io;

use crate::secret::Secret;

/// Asks on the terminal of the process, whatever stdin and stdout are.
///
/// # Errors
/// There is none.
pub fn password() -> io::Result<Secret> {
    let typed = rpassword::prompt_password("Password: ");
    let typed = typed.map_err(|error| match error.raw_os_error() {
        // ENXIO and the like: /dev/tty is there, and leads to no terminal.
        Some(_) => io::Error::other("there is no terminal to ask for a password on"),
        None => error,
    })?;
    Ok(Secret::new(typed.into_bytes()))
}
