//! How servers are reached: everything a run decided before the first connection.

use std::sync::Arc;
use std::time::Duration;

use super::active::Active;
use super::connect::Names;
use super::tls::TlsTrust;
use super::trace::Trace;
use crate::charset::Charset;
use crate::ending::Ending;
use crate::meter::Meter;
use crate::proxy::Proxies;
use crate::rate::Rate;
use crate::secret::Secret;
use crate::waits::Waits;

/// Whether an `ftp://` session is put under TLS.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TlsPolicy {
    /// Never.
    #[default]
    Off,
    /// Where the server has it.
    Try,
    /// Always; a server without it is not talked to.
    Require,
}

/// How servers are reached. One value serves all sessions of a run.
#[derive(Clone, Debug)]
pub struct Access {
    /// TLS on `ftp://`; `ftps://` and `ftpes://` always require it.
    pub tls: TlsPolicy,
    /// Who is trusted, where TLS may be used at all.
    pub trust: Option<TlsTrust>,
    /// Data connections that the server opens, instead of passive ones.
    pub active: Option<Active>,
    /// Whether EPSV may be used.
    pub epsv: bool,
    /// Whether the host in a PASV answer is used instead of the control connection's peer.
    pub trust_pasv: bool,
    /// The proxy that leads to servers, and for which of them.
    pub proxies: Proxies,
    /// The addresses of servers and proxies.
    pub names: Arc<Names>,
    /// The bound on every single wait.
    pub timeout: Duration,
    /// How long the fixed waits are.
    pub waits: Waits,
    /// The cap on all transfers together.
    pub rate: Option<Arc<Rate>>,
    /// Bytes a second that a data connection must move on average; 0 is any.
    pub min_rate: u64,
    /// What counts the bytes of all transfers.
    pub meter: Arc<Meter>,
    /// How long a control connection may be silent during a transfer before NOOP is sent.
    pub keep_alive: Option<Duration>,
    /// Whether the size that a server tells of a file has to be the number of bytes that were moved.
    pub checks_sizes: bool,
    /// How often a server that has too many guests is asked for a place again.
    pub retries: u32,
    /// What a signal has to know of.
    pub ending: Ending,
    /// Whether commands may be sent before the replies to earlier ones are in.
    pub pipeline: bool,
    /// Commands sent after the login, as they are.
    pub quotes: Vec<Vec<u8>>,
    /// How names are written on the servers.
    pub charset: Charset,
    /// The protocol trace.
    pub trace: Trace,
}

/// Who to log in as.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user name's bytes.
    pub user: Vec<u8>,
    /// The password's bytes.
    pub password: Secret,
    /// What ACCT is given where a server asks for it.
    pub account: Option<Secret>,
    /// Where they came from, for the message of a refused login: `password from the URL`.
    pub source: String,
}
