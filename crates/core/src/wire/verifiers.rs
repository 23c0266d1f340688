//! Whose certificate is taken: what rustls asks about that of a server. Reading the files is not
//! done here.

use std::sync::Arc;

use suppaftp::rustls;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// Whose certificate is taken. Signatures are checked in any case, so that the peer has the key it shows.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) whom: Whom,
}

/// See [`Verifier`].
#[derive(Debug)]
pub(super) enum Whom {
    /// For `--insecure`: any certificate will do.
    Anybody,
    /// Those whom an authority vouches for, and those that were named themselves.
    ///
    /// `openssl req -x509`, with which most servers of one person get their certificate, makes one that says it
    /// is an authority, and webpki takes none such for a server's. Where the user named that very
    /// certificate, and it is in its time, the name in it is all that is left to look at.
    Vouched {
        authorities: Arc<WebPkiServerVerifier>,
        /// The certificates in the file that the user named.
        named: Vec<CertificateDer<'static>>,
    },
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Whom::Vouched { authorities, named } = &self.whom else {
            return Ok(ServerCertVerified::assertion());
        };
        let judged = authorities.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match judged {
            Err(Error::InvalidCertificate(bad))
                if lacks_voucher(&bad) && named.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

impl Verifier {
    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}

/// Whether nothing is wrong with a certificate but that nobody vouches for it. webpki looks at its
/// time and its purpose before that.
fn lacks_voucher(bad: &CertificateError) -> bool {
    matches!(bad, CertificateError::UnknownIssuer) || is_authority(bad)
}

/// Whether it was refused because it says that it is an authority.
pub(super) fn is_authority(bad: &CertificateError) -> bool {
    matches!(bad, CertificateError::Other(why) if why.to_string().contains("CaUsedAsEndEntity"))
}
