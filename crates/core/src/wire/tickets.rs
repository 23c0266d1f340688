//! The TLS sessions of one control connection, for its data connections to resume with.
//!
//! rustls files sessions by host name only, and two accounts on one host would mix theirs; so each
//! control connection has a store of its own, which therefore needs no names.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use suppaftp::rustls;

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// Most TLS 1.3 tickets kept: servers send two to four a connection.
const MOST: usize = 32;

/// The sessions of one control connection.
#[derive(Debug, Default)]
pub(super) struct Tickets(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    group: Option<NamedGroup>,
    /// A TLS 1.2 session can be resumed any number of times.
    tls12: Option<Tls12ClientSessionValue>,
    /// A TLS 1.3 ticket is used once.
    tls13: VecDeque<Tls13ClientSessionValue>,
    /// Whether the server has ever given a TLS 1.3 ticket.
    given: bool,
}

impl Tickets {
    /// Whether the server gave TLS 1.3 tickets and all are used up: it gives none for a resumed
    /// connection (ProFTPD does not), so the next connection cannot be resumed, and a server that
    /// demands it would refuse it.
    pub(super) fn ran_dry(&self) -> bool {
        let kept = self.kept();
        kept.given && kept.tls13.is_empty()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _server: ServerName<'static>, group: NamedGroup) {
        self.kept().group = Some(group);
    }

    fn kx_hint(&self, _server: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept().group
    }

    fn set_tls12_session(&self, _server: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.kept().tls12 = Some(value);
    }

    fn tls12_session(&self, _server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept().tls12.clone()
    }

    fn remove_tls12_session(&self, _server: &ServerName<'static>) {
        self.kept().tls12 = None;
    }

    fn insert_tls13_ticket(&self, _server: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut kept = self.kept();
        kept.given = true;
        if kept.tls13.len() == MOST {
            kept.tls13.pop_front();
        }
        kept.tls13.push_back(value);
    }

    fn take_tls13_ticket(&self, _server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept().tls13.pop_back()
    }
}
