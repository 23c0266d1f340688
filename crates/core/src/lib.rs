//! What the five FTP tools share.

pub mod line;
pub mod listing;
pub mod path;
