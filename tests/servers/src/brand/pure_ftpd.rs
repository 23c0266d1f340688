//! Pure-FTPd: no configuration file, its user is in a PureDB made with its own `pure-pw`.

use std::process::Command;

use super::{HASH, words};
use crate::server::{Site, Tls, USER};

pub(super) fn command(site: &Site<'_>) -> Result<Vec<String>, String> {
    make_database(site)?;
    let state = site.state;
    let mut command = words([
        &site.programs.join("pure-ftpd/usr/sbin/pure-ftpd").display(),
        &"--bind",
        &format!("{},{}", site.address, site.port),
        &"--login",
        &format!("puredb:{}", state.at("users.pdb").display()),
        &"--pidfile",
        &state.at("pid").display(),
        &"--chrooteveryone",
        &"--noanonymous",
        &"--dontresolve",
        &"--ipv4only",
        &"--minuid=1",
        &"--maxclientsnumber=100",
    ]);
    if let Some(most) = site.most {
        command.push(format!("--maxclientsperip={most}"));
    }
    if site.tls != Tls::Off {
        let both = site.pki.both.display();
        command.extend(words([&"--tls=3", &format!("--certfile={both}")]));
    }
    Ok(command)
}

/// Writes the file of users as `pure-pw useradd` would, and has it compiled.
fn make_database(site: &Site<'_>) -> Result<(), String> {
    let (users, compiled) = (site.state.at("users"), site.state.at("users.pdb"));
    let home = site.root.display();
    site.state.write("users", format!("{USER}:{HASH}:65534:65534::{home}/./::::::::::::\n"))?;
    let made = Command::new(site.programs.join("pure-ftpd/usr/bin/pure-pw"))
        .arg("mkdb")
        .arg(&compiled)
        .arg("-f")
        .arg(&users)
        .output()
        .map_err(|error| format!("pure-pw: {error}; run tests/servers/fetch"))?;
    if made.status.success() {
        return Ok(());
    }
    Err(format!("pure-pw: {}", made.stderr.escape_ascii()))
}
