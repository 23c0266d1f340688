//! `--crlfile`: which certificates their authorities have taken back. Lists are files that the user has; none is
//! fetched, and OCSP is not asked.

use std::fs;
use std::path::Path;

use suppaftp::rustls;

use rustls::client::VerifierBuilderError;
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertRevocationListError, CertificateError};

use crate::error::Cause;

/// The lists in `file`: PEM, any number of them, or one in DER.
///
/// # Errors
/// The file cannot be read, or there is no list in it.
pub(super) fn lists(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Cause> {
    let bytes = fs::read(file).map_err(|error| bad(file, &error))?;
    // A DER list is a SEQUENCE, and its length has more than one byte.
    if bytes.starts_with(&[0x30]) {
        return Ok(vec![CertificateRevocationListDer::from(bytes)]);
    }
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| bad(file, &error))?;
    if lists.is_empty() {
        return Err(bad(file, &"no revocation list in it"));
    }
    Ok(lists)
}

fn bad(file: &Path, why: &dyn std::fmt::Display) -> Cause {
    Cause::Tls(format!("{}: {why}", file.display()))
}

/// Why a verifier cannot be made, where the lists of `file` are for it.
pub(super) fn no_verifier(file: Option<&Path>, error: &VerifierBuilderError) -> Cause {
    match (file, error) {
        (Some(file), VerifierBuilderError::InvalidCrl(why)) => {
            bad(file, &format!("a revocation list in it cannot be used: {why:?}"))
        }
        _ => Cause::Tls(format!("no certificate authorities: {error}")),
    }
}

/// What the lists say of a certificate, and what to try; `None` where it is refused for something else.
pub(super) fn refusal(bad: &CertificateError) -> Option<&'static str> {
    match bad {
        CertificateError::Revoked => Some(
            "the certificate was revoked, or one that vouches for it; only --insecure takes it",
        ),
        CertificateError::UnknownRevocationStatus => Some(
            "no list of --crlfile tells whether the certificate was revoked, or one that vouches for it; \
             each authority but the last has its own, and all belong into the file",
        ),
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => Some(
            "the list of --crlfile that tells of the certificate is out of date; get a new one",
        ),
        _ => None,
    }
}

/// What is wrong with a list that is about the certificate.
pub(super) fn bad_list(why: &CertRevocationListError) -> String {
    match why {
        CertRevocationListError::BadSignature => {
            "a list of --crlfile was not signed by the authority that it names".into()
        }
        CertRevocationListError::IssuerInvalidForCrl => {
            "a list of --crlfile is by an authority that may sign none".into()
        }
        other => format!("a list of --crlfile cannot be used: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_lists_is_named() {
        for file in ["/dev/null", "/nowhere"] {
            let Err(Cause::Tls(text)) = lists(Path::new(file)) else { panic!("it was taken") };
            assert!(text.starts_with(&format!("{file}: ")), "{text}");
        }
    }

    #[test]
    fn each_refusal_has_words_of_its_own() {
        let all = [
            CertificateError::Revoked,
            CertificateError::UnknownRevocationStatus,
            CertificateError::ExpiredRevocationList,
        ];
        let words: Vec<_> = all.iter().filter_map(refusal).collect();
        assert!(words.len() == 3 && words[0] != words[1] && words[1] != words[2]);
        assert_eq!(refusal(&CertificateError::Expired), None);
    }
}
