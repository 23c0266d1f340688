//! ProFTPD: its user is in an AuthUserFile, its TLS demands that sessions are reused, as by default.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use super::{HASH, words};
use crate::server::{Site, Tls, USER};

const COMMON: &str = "\
ServerName test
ServerType standalone
UseIPv6 off
UseReverseDNS off
SocketBindTight on
User nobody
Group nogroup
AuthOrder mod_auth_file.c
RequireValidShell off
DefaultRoot ~
Umask 022
AllowOverwrite on
AllowForeignAddress on
AllowStoreRestart on
AllowRetrieveRestart on
MaxInstances none
UseEncoding off
WtmpLog off
TransferLog NONE
DelayEngine off
IdentLookups off
";

pub(super) fn command(site: &Site<'_>) -> Result<Vec<String>, String> {
    let state = site.state;
    let home = site.root.display();
    state.write("users", format!("{USER}:{HASH}:65534:65534::{home}:/bin/false\n"))?;
    state.write("conf", configuration(site))?;
    // It refuses a file of users that others may read, or replace.
    for (file, mode) in [("users", 0o600), ("", 0o755)] {
        fs::set_permissions(state.at(file), Permissions::from_mode(mode))
            .map_err(|error| error.to_string())?;
    }
    Ok(words([
        &site.programs.join("proftpd/usr/sbin/proftpd").display(),
        &"--nodaemon",
        &"--config",
        &state.at("conf").display(),
    ]))
}

fn configuration(site: &Site<'_>) -> String {
    let state = site.state;
    let modules = site.programs.join("proftpd/usr/lib/proftpd");
    let own = format!(
        "ModulePath {modules}\nLoadModule mod_ident.c\nLoadModule mod_digest.c\nLoadModule mod_copy.c\n{tls}{COMMON}DefaultAddress {address}\n\
         Port {port}\nAuthUserFile {users}\nScoreboardFile {board}\nPidFile {pid}\n\
         SystemLog {log}\n",
        modules = modules.display(),
        tls = if site.tls == Tls::Off { "" } else { "LoadModule mod_tls.c\n" },
        address = site.address,
        port = site.port,
        users = state.at("users").display(),
        board = state.at("board").display(),
        pid = state.at("pid").display(),
        log = state.at("system-log").display(),
    );
    let most = site.most.map(|most| format!("MaxClientsPerHost {most}\n")).unwrap_or_default();
    own + &most + &protection(site)
}

fn protection(site: &Site<'_>) -> String {
    let versions = match site.tls {
        Tls::Off => return String::new(),
        Tls::V12 => "TLSv1.2",
        Tls::V13 => "TLSv1.3",
        _ => "TLSv1.2 TLSv1.3",
    };
    format!(
        "TLSEngine on\nTLSRequired on\nTLSProtocol {versions}\n{reuse}TLSLog {log}\n\
         TLSECCertificateFile {cert}\nTLSECCertificateKeyFile {key}\n\
         TLSCACertificateFile {ca}\n",
        // Two servers have no session to resume.
        reuse = if site.tls == Tls::Any { "TLSOptions NoSessionReuseRequired\n" } else { "" },
        log = site.state.at("tls-log").display(),
        cert = site.pki.cert.display(),
        key = site.pki.key.display(),
        // Whom it trusts when it plays the client for another server.
        ca = site.pki.ca.display(),
    )
}
