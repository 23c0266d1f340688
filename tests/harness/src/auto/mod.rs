//! The built-in server: a small, correct, in-memory FTP server with faults laid over it.
//! It is for cases that do not care about the exact order of commands.

pub mod fault;
pub mod files;
pub mod given;
pub mod lies;
pub mod listing;
pub mod session;
pub mod setup;
pub mod stream;
pub mod transfer;
pub mod tree;
