//! pyftpdlib: a small Python script, `pyftpd.py`, starts it.

use super::words;
use crate::server::{Site, Tls};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/brand/pyftpd.py");

pub(super) fn command(site: &Site<'_>) -> Result<Vec<String>, String> {
    let library = site.programs.join("python");
    if !library.is_dir() {
        return Err("pyftpdlib is missing; run tests/servers/fetch".to_owned());
    }
    let mut command = words([
        &"env",
        &format!("PYTHONPATH={}", library.display()),
        &"python3",
        &SCRIPT,
        &site.root.display(),
        &site.address,
        &site.port,
        &site.most.unwrap_or(0),
    ]);
    if site.tls != Tls::Off {
        command.extend(words([&site.pki.cert.display(), &site.pki.key.display()]));
    }
    Ok(command)
}
