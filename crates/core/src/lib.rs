//! What the five FTP tools share.

pub mod charset;
pub mod copy;
pub mod crlf;
pub mod deliver;
pub mod error;
pub mod expand;
pub mod features;
pub mod line;
pub mod listing;
pub mod local;
pub mod login;
pub mod look;
pub mod names;
pub mod netrc;
pub mod path;
pub mod pattern;
pub mod reply;
pub mod secret;
pub mod servers;
pub mod sys;
pub mod time;
pub mod url;
pub mod walk;
pub mod wire;
