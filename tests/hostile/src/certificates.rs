//! Certificates that must not be taken: each has words of its own and names what to try.

mod revoked;

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::raw::serve;
use crate::tool::{Ran, run};
use crate::{Attack, Tools};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A certificate, and the words with which it is refused.
struct Refused {
    name: &'static str,
    config: Arc<ServerConfig>,
    words: &'static [&'static str],
}

pub fn all() -> Result<Vec<Attack>, Box<dyn Error>> {
    let (authority, other) = (authority("trusted")?, authority("nobody")?);
    let ca = authority.pem();
    let mut attacks = Vec::new();
    for refused in refused(&authority, &other)? {
        let ca = ca.clone();
        attacks.push(Attack::new(format!("certificate/{}", refused.name), move |tools| {
            let ran = fetch(tools, &refused.config, &Trusted::In(&ca))?;
            ran.must(&[3], refused.words)?;
            // Whoever asks for it gets in all the same, as far as the certificate goes.
            let ran = fetch(tools, &refused.config, &Trusted::Anybody)?;
            let is_about = ran.stderr.contains("certificate");
            if is_about { Err(format!("--insecure minds it: {}", ran.stderr)) } else { Ok(()) }
        }));
    }
    for (name, pinned, words) in pinned(&other)? {
        attacks.push(Attack::new(format!("certificate/named_itself/{name}"), move |tools| {
            let ran = fetch(tools, &pinned.config, &Trusted::In(&pinned.pem))?;
            ran.must(&[3], words)
        }));
    }
    attacks.push(Attack::new("certificate/none_but_plain_text", |tools| {
        let address = serve(|_, _| Ok(false))?;
        to(tools, address, &Trusted::Anybody)?.must(&[3], &["no TLS"])
    }));
    attacks.extend(revoked::all()?);
    Ok(attacks)
}

fn refused(authority: &Authority, other: &Authority) -> Result<Vec<Refused>, Box<dyn Error>> {
    let mut expired = params(&["127.0.0.1"])?;
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    let mut early = params(&["127.0.0.1"])?;
    early.not_before = date_time_ymd(2090, 1, 1);
    early.not_after = date_time_ymd(2091, 1, 1);
    let mut own_authority = params(&["127.0.0.1"])?;
    own_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut client = params(&["127.0.0.1"])?;
    client.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let refused = |name, params: CertificateParams, by: Option<&Authority>, words| {
        let key = KeyPair::generate()?;
        let certificate = match by {
            Some(authority) => params.signed_by(&key, authority)?,
            None => params.self_signed(&key)?,
        };
        Ok::<_, Box<dyn Error>>(Refused {
            name,
            config: config(&[certificate.der()], &key)?,
            words,
        })
    };
    Ok(vec![
        refused("expired", expired, Some(authority), &["has expired"][..])?,
        refused("not_valid_yet", early, Some(authority), &["not valid yet"])?,
        refused(
            "of_another_host",
            params(&["ftp.example.org"])?,
            Some(authority),
            &["for another host"],
        )?,
        refused(
            "of_a_host_like_ours",
            params(&["127.0.0.1.example.org"])?,
            Some(authority),
            &["for another host"],
        )?,
        refused("of_an_unknown_authority", params(&["127.0.0.1"])?, Some(other), &["--cacert"])?,
        refused("signed_by_itself", params(&["127.0.0.1"])?, None, &["--cacert"])?,
        refused("its_own_authority", own_authority, None, &["--cacert"])?,
        refused("for_clients", client, Some(authority), &["not for servers"])?,
    ])
}

/// A server whose very certificate is the one in the file of `--cacert`, or is not.
struct Pinned {
    config: Arc<ServerConfig>,
    pem: String,
}

/// A name, the server, and what is said of it.
type Told = (&'static str, Pinned, &'static [&'static str]);

/// Such a certificate is taken for its names and in its time; the server is reached then, and says 421.
fn pinned(other: &Authority) -> Result<Vec<Told>, Box<dyn Error>> {
    let own = |names: &[&str]| {
        let mut own = params(names)?;
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok::<_, rcgen::Error>(own)
    };
    let mut expired = own(&["127.0.0.1"])?;
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    let itself = |params: CertificateParams| {
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok::<_, Box<dyn Error>>(Pinned {
            config: config(&[certificate.der()], &key)?,
            pem: certificate.pem(),
        })
    };
    let key = KeyPair::generate()?;
    let signed = params(&["127.0.0.1"])?.signed_by(&key, other)?;
    let signed = Pinned { config: config(&[signed.der()], &key)?, pem: signed.pem() };
    let swapped =
        Pinned { pem: itself(own(&["127.0.0.1"])?)?.pem, ..itself(own(&["127.0.0.1"])?)? };
    Ok(vec![
        ("is_taken", itself(own(&["127.0.0.1"])?)?, &["421 go"][..]),
        ("is_no_authority", itself(params(&["127.0.0.1"])?)?, &["421 go"]),
        ("of_an_unknown_authority", signed, &["421 go"]),
        ("expired", itself(expired)?, &["has expired"]),
        ("of_another_host", itself(own(&["ftp.example.org"])?)?, &["for another host"]),
        ("is_another", swapped, &["--cacert"]),
    ])
}

fn params(names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
}

fn authority(name: &str) -> Result<Authority, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn config(
    chain: &[&CertificateDer<'static>],
    key: &KeyPair,
) -> Result<Arc<ServerConfig>, Box<dyn Error>> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain.iter().map(|&one| one.clone()).collect(), key)?;
    Ok(Arc::new(config))
}

/// Whom the tool is told to trust.
enum Trusted<'t> {
    /// Whoever one of these vouches for, PEM.
    In(&'t str),
    /// As long as these lists do not say otherwise.
    Unless(&'t str, &'t [u8]),
    Anybody,
}

/// Fetches from a server that has TLS and says no more than a greeting of 421.
fn fetch(tools: &Tools, config: &Arc<ServerConfig>, trusted: &Trusted<'_>) -> Result<Ran, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let config = Arc::clone(config);
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let Ok(session) = ServerConnection::new(Arc::clone(&config)) else { continue };
            let _ =
                std::io::Write::write_all(&mut StreamOwned::new(session, socket), b"421 go\r\n");
        }
    });
    to(tools, address, trusted)
}

fn to(tools: &Tools, address: SocketAddr, trusted: &Trusted<'_>) -> Result<Ran, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut arguments = vec!["--retries".to_owned(), "0".to_owned()];
    let mut name = |flag: &str, bytes: &[u8]| {
        let file = folder.path().join(flag);
        arguments.push(format!("--{flag}={}", file.display()));
        std::fs::write(&file, bytes).map_err(|e| e.to_string())
    };
    match trusted {
        Trusted::In(pem) => name("cacert", pem.as_bytes())?,
        Trusted::Unless(pem, lists) => {
            name("cacert", pem.as_bytes())?;
            name("crlfile", lists)?;
        }
        Trusted::Anybody => arguments.push("--insecure".to_owned()),
    }
    arguments.push(format!("ftps://{address}/a"));
    run((tools, "ftp-get"), &arguments, folder.path(), Duration::from_secs(20))
}
