//! TLS: who is trusted, and one client configuration a control connection, whose tickets its data
//! connections resume with.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use suppaftp::rustls;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientSessionStore, Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use super::revoked;
use super::tickets::Tickets;
use super::verifiers::{Verifier, Whom, is_authority};
use crate::error::{Cause, Phase};

/// The most that rustls takes before it has sent what it took, in bytes: a buffer of the copy loop with
/// its records' frames goes out in one call. rustls's own 64 KiB would cut it in two.
const UNSENT: usize = 256 * 1024;

/// A TLS connection over a socket of ours.
pub type TlsStream = StreamOwned<ClientConnection, Bounded>;

/// A socket under rustls, which reads until it has a whole record: a peer that sends a byte now and
/// then would hold it for ever, so what must end at a certain time says so here.
#[derive(Debug)]
pub struct Bounded {
    pub(super) socket: TcpStream,
    /// When reading must be over; without it the socket's own timeout bounds each read.
    pub(super) deadline: Option<Instant>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.socket.set_read_timeout(Some(left))?;
        }
        self.socket.read(buffer)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    /// As many records as lie ready in one call.
    fn write_vectored(&mut self, records: &[IoSlice<'_>]) -> io::Result<usize> {
        self.socket.write_vectored(records)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// Whom to trust and who we are, as the user said it.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// A PEM file of authorities to trust instead of the system's.
    pub authorities: Option<PathBuf>,
    /// A file of revocation lists, PEM or DER, without which nobody asks what was revoked.
    pub revoked: Option<PathBuf>,
    /// PEM files of our own certificate chain and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Trust anybody.
    pub insecure: bool,
}

/// Trust decided and read once a run; sessions are made from it.
#[derive(Clone, Debug)]
pub struct TlsTrust {
    /// TLS 1.2 and 1.3.
    any: Arc<ClientConfig>,
    /// TLS 1.2 alone.
    older: Arc<ClientConfig>,
}

/// What the control connection of one session and its data connections share.
#[derive(Clone, Debug)]
pub(super) struct TlsSession {
    pub(super) config: Arc<ClientConfig>,
    pub(super) tickets: Arc<Tickets>,
}

impl TlsTrust {
    /// Reads the certificates that `options` names, or the system's.
    ///
    /// # Errors
    /// A file that cannot be read, or that holds no certificate, key or list.
    pub fn load(options: &TlsOptions) -> Result<Self, Cause> {
        let provider = Arc::new(ring::default_provider());
        let whom = if options.insecure { Whom::Anybody } else { vouched(options, &provider)? };
        let verifier = Arc::new(Verifier { provider: Arc::clone(&provider), whom });
        let verifier: Arc<dyn ServerCertVerifier> = verifier;
        let with = |versions| config(versions, &provider, &verifier, options);
        Ok(Self { any: with(&[&TLS13, &TLS12])?, older: with(&[&TLS12])? })
    }

    /// The configuration of one control connection and its data connections; `older` rules TLS 1.3
    /// out.
    pub(super) fn for_session(&self, older: bool) -> TlsSession {
        let tickets = Arc::new(Tickets::default());
        let mut config = ClientConfig::clone(if older { &self.older } else { &self.any });
        config.resumption = Resumption::store(Arc::clone(&tickets) as Arc<dyn ClientSessionStore>);
        TlsSession { config: Arc::new(config), tickets }
    }
}

fn config(
    versions: &[&'static SupportedProtocolVersion],
    provider: &Arc<CryptoProvider>,
    verifier: &Arc<dyn ServerCertVerifier>,
    options: &TlsOptions,
) -> Result<Arc<ClientConfig>, Cause> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(versions)
        .map_err(|error| Cause::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier));
    Ok(Arc::new(match &options.identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(certificates(chain)?, private_key(key)?)
            .map_err(|error| Cause::Tls(format!("{}: {error}", key.display())))?,
    }))
}

/// Who may vouch for servers: those in the file that was named, or the system's. With revocation lists all
/// certificates up to the authority that is trusted must be told of by one that is not out of date, and not
/// be on it: as curl does with OpenSSL.
fn vouched(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Whom, Cause> {
    let (store, named) = roots(options.authorities.as_deref())?;
    let provider = Arc::clone(provider);
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
    let lists = options.revoked.as_deref();
    if let Some(file) = lists {
        builder = builder.with_crls(revoked::lists(file)?).enforce_revocation_expiration();
    }
    let authorities = builder.build().map_err(|error| revoked::no_verifier(lists, &error))?;
    Ok(Whom::Vouched { authorities, named })
}

/// Those that are trusted, and the certificates of `file`, each of which may be a server's own.
fn roots(file: Option<&Path>) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), Cause> {
    let list = match file {
        Some(file) => certificates(file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(list.iter().cloned());
    match (added, file) {
        (0, Some(file)) => {
            Err(Cause::Tls(format!("{}: no usable certificate in it", file.display())))
        }
        (0, None) => Err(Cause::Tls(
            "this system has no certificate authorities; name a file with --cacert".into(),
        )),
        (_, Some(_)) => Ok((store, list)),
        (_, None) => Ok((store, Vec::new())),
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let unreadable = |error| unreadable(file, error);
    let list: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if list.is_empty() {
        return Err(Cause::Tls(format!("{}: no certificate in it", file.display())));
    }
    Ok(list)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Cause> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unreadable(file, error))
}

fn unreadable(file: &Path, error: pem::Error) -> Cause {
    let why = match error {
        pem::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    let why = why.split(" (os error").next().unwrap_or(&why);
    Cause::Tls(format!("{}: {why}", file.display()))
}

/// Does a whole handshake over `socket` within `limit`; its read timeout is `limit` afterwards.
///
/// # Errors
/// A timeout, a lost connection, or a certificate that is not trusted, each said in words that
/// name the way out.
pub(super) fn handshake(
    config: &Arc<ClientConfig>,
    host: &str,
    socket: TcpStream,
    limit: Duration,
) -> Result<TlsStream, Cause> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Cause::Tls(format!("{host} is no name a certificate can be for")))?;
    let mut connection = ClientConnection::new(Arc::clone(config), name)
        .map_err(|error| Cause::Tls(error.to_string()))?;
    let mut bounded = Bounded { socket, deadline: Some(Instant::now() + limit) };
    while connection.is_handshaking() {
        connection.complete_io(&mut bounded).map_err(|error| explain(error, limit))?;
    }
    connection.set_buffer_limit(Some(UNSENT));
    bounded.deadline = None;
    bounded.socket.set_read_timeout(Some(limit)).map_err(Cause::Local)?;
    Ok(StreamOwned::new(connection, bounded))
}

fn explain(error: io::Error, limit: Duration) -> Cause {
    use rustls::{AlertDescription as Alert, Error};
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(tls) = tls else { return Cause::lost(Phase::Tls, error, limit) };
    Cause::Tls(match tls {
        Error::InvalidCertificate(bad) => match revoked::refusal(bad) {
            Some(words) => words.into(),
            None => bad_certificate(bad),
        },
        Error::InvalidCertRevocationList(why) => revoked::bad_list(why),
        Error::InvalidMessage(_) => "what the server sends is no TLS; \
            ftps:// is for servers that begin with it, ftpes:// for those that are asked"
            .into(),
        Error::PeerIncompatible(why) => {
            format!("the server has no TLS that is safe enough, 1.2 at least: {why:?}")
        }
        Error::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure) => {
            "the server has no TLS that is safe enough, or wants a certificate of ours (--cert)"
                .into()
        }
        Error::AlertReceived(
            alert @ (Alert::CertificateRequired | Alert::BadCertificate | Alert::UnknownCA),
        ) => format!("the server does not accept our certificate ({alert:?}); --cert names one"),
        other => format!("TLS failed: {other}"),
    })
}

/// What is wrong with a certificate, and what to try.
fn bad_certificate(bad: &rustls::CertificateError) -> String {
    use rustls::CertificateError as Bad;
    const TRUST: &str = "name it or its authority with --cacert, or trust anybody with --insecure";
    match bad {
        Bad::UnknownIssuer => {
            format!("the certificate is signed by nobody this system trusts; {TRUST}")
        }
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "the certificate has expired; only --insecure takes it".into()
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "the certificate is not valid yet; is this machine's clock right?".into()
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            format!("the certificate is for another host: {bad}; use that name, or --insecure")
        }
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => {
            "the certificate is not for servers; only --insecure takes it".into()
        }
        bad if is_authority(bad) => format!("the certificate is signed by itself; {TRUST}"),
        other => format!("the certificate is not valid: {other}; only --insecure takes it"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A peer that opens a TLS record of 16 KiB and then sends a byte of it now and again.
    fn dripping() -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut far = listener.accept().unwrap().0;
        thread::spawn(move || {
            let mut send = |bytes: &[u8]| far.write_all(bytes).is_ok();
            let mut open = send(&[22, 3, 3, 0x40, 0]);
            while open {
                thread::sleep(Duration::from_millis(20));
                open = send(&[0]);
            }
        });
        near
    }

    #[test]
    fn a_handshake_that_drips_ends_in_time() {
        let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
        let session = TlsTrust::load(&insecure).unwrap().for_session(false);
        let (limit, begun) = (Duration::from_millis(200), Instant::now());
        let end = handshake(&session.config, "localhost", dripping(), limit);
        assert!(matches!(end, Err(Cause::TimedOut(Phase::Tls, l)) if l == limit));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn reading_ends_at_the_deadline_however_often_bytes_come() {
        let deadline = Some(Instant::now() + Duration::from_millis(200));
        let mut bounded = Bounded { socket: dripping(), deadline };
        let end = std::io::copy(&mut bounded, &mut std::io::sink()).unwrap_err();
        assert!(matches!(end.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let options = TlsOptions { authorities: Some("/dev/null".into()), ..TlsOptions::default() };
        let Err(Cause::Tls(text)) = TlsTrust::load(&options) else { panic!("it was taken") };
        assert!(text.starts_with("/dev/null: "), "{text}");
    }
}
