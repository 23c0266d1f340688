//! A certificate authority made for one run, and a certificate for `localhost`, `127.0.0.1` and `127.0.0.2`.

use std::{error::Error, fs, path::PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::folder::Folder;

/// The PEM files; they go with the folder they were written to.
#[derive(Clone, Debug)]
pub struct Pki {
    /// The authority's certificate, for `--cacert`.
    pub ca: PathBuf,
    /// The server's certificate.
    pub cert: PathBuf,
    /// The server's key.
    pub key: PathBuf,
    /// Certificate and key in one file, as Pure-FTPd wants them.
    pub both: PathBuf,
}

/// Makes authority, certificate and key, and writes them to `folder`.
///
/// # Errors
/// What rcgen or the system says.
pub fn make(folder: &Folder) -> Result<Pki, Box<dyn Error>> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "ftp tools test authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", "127.0.0.2"].map(str::to_owned).to_vec();
    let cert = CertificateParams::new(names)?.signed_by(&key, &authority)?;
    let pki = Pki {
        ca: folder.at("ca.pem"),
        cert: folder.at("cert.pem"),
        key: folder.at("key.pem"),
        both: folder.at("both.pem"),
    };
    fs::write(&pki.ca, authority.pem())?;
    fs::write(&pki.cert, cert.pem())?;
    fs::write(&pki.key, key.serialize_pem())?;
    fs::write(&pki.both, cert.pem() + &key.serialize_pem())?;
    Ok(pki)
}
