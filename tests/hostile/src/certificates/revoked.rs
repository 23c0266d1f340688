//! Certificates that their authorities have taken back, and lists of those that are no good.

use std::error::Error;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::ServerConfig;

use super::{Authority, Trusted, config, fetch, params};
use crate::{Attack, Tools};

/// The certificates that the lists are about.
const SERVER: u64 = 7;
const BETWEEN: u64 = 8;

/// The last year of a list that is not out of date.
const LATE: i32 = 2090;

/// An authority, one that it vouches for, and a server that the second vouches for.
struct Chain {
    root: Authority,
    between: Authority,
    server: Arc<ServerConfig>,
}

impl Chain {
    fn new() -> Result<Self, Box<dyn Error>> {
        let root = CertifiedIssuer::self_signed(issuing("root"), KeyPair::generate()?)?;
        let mut below = issuing("between");
        below.serial_number = Some(SerialNumber::from(BETWEEN));
        let between = CertifiedIssuer::signed_by(below, KeyPair::generate()?, &root)?;
        let (mut params, key) = (params(&["127.0.0.1"])?, KeyPair::generate()?);
        params.serial_number = Some(SerialNumber::from(SERVER));
        let certificate = params.signed_by(&key, &between)?;
        let server = config(&[certificate.der(), between.der()], &key)?;
        Ok(Self { root, between, server })
    }
}

fn issuing(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

/// A list by `authority` that counts until a year, as PEM and DER.
fn list(
    authority: &Authority,
    until: i32,
    serials: &[u64],
) -> Result<(String, Vec<u8>), Box<dyn Error>> {
    let revoked = |serial: &u64| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: date_time_ymd(2024, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2024, 1, 1),
        next_update: date_time_ymd(until, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
    .signed_by(authority)?;
    Ok((list.pem()?, list.der().to_vec()))
}

pub fn all() -> Result<Vec<Attack>, Box<dyn Error>> {
    let chain = Chain::new()?;
    let impostor = CertifiedIssuer::self_signed(issuing("between"), KeyPair::generate()?)?;
    let pem = |authority, until, serials| list(authority, until, serials).map(|(pem, _)| pem);
    let (clean, clean_der) = list(&chain.root, LATE, &[])?;
    let (own_clean, _) = list(&chain.between, LATE, &[SERVER + 100])?;
    let revoked = pem(&chain.between, LATE, &[SERVER])?;
    let expired = pem(&chain.between, 2025, &[])?;
    let forged = pem(&impostor, LATE, &[])?;
    let between_revoked = pem(&chain.root, LATE, &[BETWEEN])?;
    let attack = |name, lists: Vec<u8>, words: &'static [&'static str]| {
        let (ca, server) = (chain.root.pem(), Arc::clone(&chain.server));
        Attack::new(format!("certificate/{name}"), move |tools: &Tools| {
            let ran = fetch(tools, &server, &Trusted::Unless(&ca, &lists))?;
            ran.must(&[3], words)
        })
    };
    let both = |one: &str, other: &str| [one, other].concat().into_bytes();
    // What the server says once its certificate is taken.
    let taken = &["421"];
    Ok(vec![
        attack("that_was_revoked", both(&clean, &revoked), &["was revoked"]),
        attack(
            "of_an_authority_that_was_revoked",
            both(&own_clean, &between_revoked),
            &["was revoked"],
        ),
        attack("that_no_list_tells_of", clean.clone().into_bytes(), &["no list of --crlfile"]),
        attack("that_no_list_in_der_tells_of", clean_der, &["no list of --crlfile"]),
        attack("of_a_list_out_of_date", both(&clean, &expired), &["out of date"]),
        attack("of_a_list_that_another_signed", both(&clean, &forged), &["not signed by"]),
        attack("with_a_list_that_is_none", b"hello\n".to_vec(), &["no revocation list"]),
        attack(
            "with_certificates_for_a_list",
            chain.root.pem().into_bytes(),
            &["no revocation list"],
        ),
        attack("with_rubbish_for_a_list", b"\x30\x03\x02\x01\x01".to_vec(), &["cannot be used"]),
        attack("that_its_lists_do_not_name", both(&clean, &own_clean), taken),
    ])
}
