//! Systems without splice: every fast path says `Unsupported`, and read and write do the work.

use std::ffi::OsStr;
use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::OFlags;

use super::Fast;

/// How a directory is opened that is only passed through; here it has to be readable.
pub const HANDLE: OFlags = OFlags::RDONLY;

/// A pipe that nothing goes through here.
#[derive(Debug)]
pub struct Pipe {
    /// The end that is read.
    pub out: OwnedFd,
    /// The end that is written.
    pub into: OwnedFd,
    /// How much it holds, in bytes.
    pub size: usize,
}

impl Pipe {
    /// Always `Unsupported`.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Always `Unsupported`.
pub fn splice(_from: &impl AsFd, _to: &impl AsFd, _max: usize) -> io::Result<Fast> {
    Ok(Fast::Unsupported)
}

/// Always `Unsupported`.
pub fn tee(_from: &impl AsFd, _to: &impl AsFd, _max: usize) -> io::Result<Fast> {
    Ok(Fast::Unsupported)
}

/// Always `Unsupported`.
pub fn send_file(_from: &impl AsFd, _to: &impl AsFd, _max: usize) -> io::Result<Fast> {
    Ok(Fast::Unsupported)
}

/// Does nothing.
pub fn widen(_pipe: &impl AsFd) {}

/// Does nothing.
pub fn quick_ack(_socket: &TcpStream) {}

/// Always `false`.
pub fn rename_new(_folder: &impl AsFd, _old: &OsStr, _new: &OsStr) -> io::Result<bool> {
    Ok(false)
}

/// No core dumps, for the passwords in them. Best effort.
pub fn seal() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Core);
    limit.current = Some(0);
    let _ = setrlimit(Resource::Core, limit);
}
