//! An account on a server: all that a session is opened from.

use std::sync::Arc;

use super::access::{Access, Credentials};
use super::knowledge::Knowledge;
use crate::url::Origin;

/// An account on a server.
#[derive(Clone, Debug)]
pub struct Account {
    /// Where the server is, and as whom the URL wants it.
    pub origin: Origin,
    /// How it is reached.
    pub access: Arc<Access>,
    /// The login.
    pub credentials: Credentials,
    /// What the run has learned of the server.
    pub knowledge: Knowledge,
}

impl Account {
    /// Whether two accounts are one: host, port and user.
    pub fn is_same(&self, other: &Self) -> bool {
        self.origin.host.eq_ignore_ascii_case(&other.origin.host)
            && self.origin.port == other.origin.port
            && self.credentials.user == other.credentials.user
    }
}
