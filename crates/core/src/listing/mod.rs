//! Reading directory listings: one format a file, all over byte slices, no I/O.

mod entry;

pub use entry::{Entry, Kind, Role, Stamp};
