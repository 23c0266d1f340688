//! The wire: sessions with FTP servers. suppaftp and rustls are named nowhere else.

mod access;
mod account;
mod active;
mod bytechars;
mod connect;
mod control;
mod data;
mod greet;
mod http_connect;
mod knowledge;
mod link;
mod list;
mod pair;
mod proxied;
mod pulse;
mod revoked;
mod session;
mod socks;
mod stream;
mod tickets;
mod tls;
mod trace;
mod verifiers;

pub use access::{Access, Credentials, TlsPolicy};
pub use account::Account;
pub use active::Active;
pub use connect::{Family, Names};
pub use data::{Counted, Next, StoreRequest, Transfer};
pub use knowledge::{Clock, Facts, Knowledge, Restart, Route, SetTime, Way};
pub use list::{Listed, Raw, Visit, takes_argument};
pub use pair::{Begun, Indirect, Pair};
pub use pulse::Pulse;
pub use session::{Dialed, FLIGHT, Session, Type, Wants, said};
pub use stream::Stream;
pub use tls::{TlsOptions, TlsTrust};
pub use trace::Trace;
