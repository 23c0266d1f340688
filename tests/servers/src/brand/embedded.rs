//! The embedded libunftp: chooses its port itself and prints it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use crate::{guarded::Guarded, server::Site};

/// Starts it; gives the process and its port. `built` is the folder with `embedded-ftpd`.
///
/// # Errors
/// When it is not built or does not print a port.
pub fn start(site: &Site<'_>, built: &Path) -> Result<(Guarded, u16), String> {
    let program = built.join("embedded-ftpd");
    let mut command = Command::new(&program);
    command.arg(site.root).arg(site.address).stdout(Stdio::piped());
    let mut process =
        Guarded::closing(command).map_err(|error| format!("{}: {error}", program.display()))?;
    let mut line = String::new();
    let stdout = process.stdout().ok_or("no pipe")?;
    BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    let port = line.trim_end().parse().map_err(|_| format!("not a port: {line:?}"))?;
    Ok((process, port))
}
