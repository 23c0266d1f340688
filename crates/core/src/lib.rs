//! What the five FTP tools share.

pub mod features;
pub mod line;
pub mod listing;
pub mod path;
pub mod time;
