//! Linux: bytes that move inside the kernel, and the one TCP option that saves 40 ms a reply.

use std::ffi::OsStr;
use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{OFlags, RenameFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags};
use rustix::process::DumpableBehavior;

use super::Fast;

/// The size asked for our own pipes, in bytes; what an unprivileged process may have at most.
const PIPE_SIZE: usize = 1024 * 1024;

/// How a directory is opened that is only passed through: it need not be readable.
pub const HANDLE: OFlags = OFlags::PATH;

/// A pipe of our own, through which bytes go from socket to socket or file.
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
    /// A new pipe, as large as the system lets us have it.
    pub fn new() -> io::Result<Self> {
        let (out, into) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let size = enlarge(&into);
        Ok(Self { out, into, size })
    }
}

/// Makes a pipe that somebody gave us as large as our own; no matter if it cannot be.
pub fn widen(pipe: &impl AsFd) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_SIZE);
}

fn enlarge(pipe: &impl AsFd) -> usize {
    rustix::pipe::fcntl_setpipe_size(pipe, PIPE_SIZE)
        .or_else(|_| rustix::pipe::fcntl_getpipe_size(pipe))
        .unwrap_or(64 * 1024)
}

/// Moves up to `max` bytes inside the kernel; one of the two must be a pipe.
///
/// # Errors
/// Those of read and write on either side; `WouldBlock` when a socket's timeout ran out.
pub fn splice(from: &impl AsFd, to: &impl AsFd, max: usize) -> io::Result<Fast> {
    let flags = SpliceFlags::MOVE;
    answer(|| rustix::pipe::splice(from, None, to, None, max, flags))
}

/// Lets the pipe `to` have up to `max` bytes of the pipe `from`, which keeps them. 0 is the end of
/// `from`.
///
/// # Errors
/// `WouldBlock` when `from` is empty or `to` is full.
pub fn tee(from: &impl AsFd, to: &impl AsFd, max: usize) -> io::Result<Fast> {
    answer(|| rustix::pipe::tee(from, to, max, SpliceFlags::NONBLOCK))
}

/// Moves up to `max` bytes from a regular file to a socket inside the kernel.
///
/// # Errors
/// Those of read and write on either side; `WouldBlock` when the socket's timeout ran out.
pub fn send_file(from: &impl AsFd, to: &impl AsFd, max: usize) -> io::Result<Fast> {
    answer(|| rustix::fs::sendfile(to, from, None, max))
}

fn answer(mut call: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<Fast> {
    loop {
        match call() {
            Ok(moved) => return Ok(Fast::Moved(moved)),
            Err(Errno::INTR) => {}
            // EINVAL: not on this pair (a terminal, a file opened for append); EPERM and ENOSYS:
            // a sandbox that filters the call.
            Err(Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP) => {
                return Ok(Fast::Unsupported);
            }
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Asks for the next segment to be acknowledged at once: servers run Nagle's algorithm, and a
/// delayed ACK then costs 40 ms a reply. The kernel forgets it, so it is asked before every read.
pub fn quick_ack(socket: &TcpStream) {
    let _ = rustix::net::sockopt::set_tcp_quickack(socket, true);
}

/// Renames within a folder unless the new name is taken; `false` where that cannot be asked for.
///
/// # Errors
/// `AlreadyExists`, and others of renameat2(2).
pub fn rename_new(folder: &impl AsFd, old: &OsStr, new: &OsStr) -> io::Result<bool> {
    match rustix::fs::renameat_with(folder, old, folder, new, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Keeps the memory of this process, where passwords lie, out of core dumps, and its memory and environment
/// from other processes of the same user. A program that we run is not concerned. Best effort.
pub fn seal() {
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
