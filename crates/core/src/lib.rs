//! What the five FTP tools share.

pub mod charset;
pub mod cli;
pub mod line;
pub mod listing;
pub mod netrc;
pub mod path;
pub mod pattern;
pub mod secret;
pub mod url;
