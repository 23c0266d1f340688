//! vsftpd: its user lives in a PAM password file of ours and is served as `daemon`,
//! which every Debian has, with a home that exists: vsftpd goes there before it goes to `local_root`.
//!
//! PAM reads its services from /etc/pam.d only. So that nothing of the system is changed, vsftpd runs
//! in a mount namespace of its own with our folder in that place.

use super::{HASH, words};
use crate::server::{Site, Tls, USER};

const COMMON: &str = "\
listen=YES
background=NO
anonymous_enable=NO
local_enable=YES
guest_enable=YES
guest_username=daemon
virtual_use_local_privs=YES
chroot_local_user=YES
allow_writeable_chroot=YES
write_enable=YES
local_umask=022
pam_service_name=vsftpd
max_clients=0
delay_failed_login=0
ascii_upload_enable=YES
ascii_download_enable=YES
seccomp_sandbox=NO
";

const TLS: &str = "\
ssl_enable=YES
force_local_data_ssl=YES
force_local_logins_ssl=YES
ssl_ciphers=HIGH
";

/// vsftpd has no switch for one version of TLS; OpenSSL below it has.
const OPENSSL: &str = "\
openssl_conf = first
[first]
ssl_conf = modules
[modules]
system_default = versions
[versions]
";

/// Puts our PAM services in place of the system's, for this process only, and becomes vsftpd.
const LAUNCH: &str = r#"mount --bind "$1" /etc/pam.d && exec "$2" "$3""#;

pub(super) fn command(site: &Site<'_>) -> Result<Vec<String>, String> {
    let state = site.state;
    let module = find_pwdfile(site)?;
    state.write("users", format!("{USER}:{HASH}\n"))?;
    state.write(
        "pam/vsftpd",
        format!(
            "auth required {module} nodelay pwdfile={}\naccount required pam_permit.so\n",
            state.at("users").display()
        ),
    )?;
    state.write("pam/other", "auth required pam_deny.so\naccount required pam_deny.so\n")?;
    std::fs::create_dir(state.at("empty")).map_err(|error| error.to_string())?;
    state.write("conf", configuration(site))?;
    state.write("openssl.cnf", openssl(site.tls))?;
    Ok(words([
        &"env",
        &format!("OPENSSL_CONF={}", state.at("openssl.cnf").display()),
        &"unshare",
        &"--mount",
        &"sh",
        &"-c",
        &LAUNCH,
        &"sh",
        &state.at("pam").display(),
        &site.programs.join("vsftpd/usr/sbin/vsftpd").display(),
        &state.at("conf").display(),
    ]))
}

fn configuration(site: &Site<'_>) -> String {
    let Site { address, port, tls, pki, .. } = site;
    let (most, rate) = (site.most.unwrap_or(0), site.rate.unwrap_or(0));
    let (root, empty) = (site.root.display(), site.state.at("empty"));
    let own = format!(
        "{COMMON}listen_address={address}\nlisten_port={port}\nlocal_root={root}\n\
         max_per_ip={most}\nlocal_max_rate={rate}\nsecure_chroot_dir={}\n",
        empty.display()
    );
    if *tls == Tls::Off {
        return own;
    }
    let (cert, key) = (pki.cert.display(), pki.key.display());
    // Reuse is demanded where clients fail first: tickets of TLS 1.3 run dry on uploads.
    let reuse = if *tls == Tls::V13 { "YES" } else { "NO" };
    let implicit = if *tls == Tls::Implicit { "YES" } else { "NO" };
    format!(
        "{own}{TLS}rsa_cert_file={cert}\nrsa_private_key_file={key}\n\
         require_ssl_reuse={reuse}\nimplicit_ssl={implicit}\n"
    )
}

fn openssl(tls: Tls) -> String {
    match tls {
        Tls::V12 => format!("{OPENSSL}MaxProtocol = TLSv1.2\n"),
        Tls::V13 => format!("{OPENSSL}MinProtocol = TLSv1.3\n"),
        _ => OPENSSL.to_owned(),
    }
}

/// Debian puts the module below the name of the architecture.
fn find_pwdfile(site: &Site<'_>) -> Result<String, String> {
    let roots = ["lib", "usr/lib"].map(|lib| site.programs.join("vsftpd").join(lib));
    roots
        .iter()
        .filter_map(|root| std::fs::read_dir(root).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("security/pam_pwdfile.so")))
        .chain(roots.iter().map(|root| root.join("security/pam_pwdfile.so")))
        .find(|module| module.exists())
        .map(|module| module.display().to_string())
        .ok_or_else(|| "pam_pwdfile.so is missing; run tests/servers/fetch".to_owned())
}
