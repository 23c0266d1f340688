//! What every Unix has: what a descriptor is, waiting for it, and TCP keep-alive.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::Child;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// What kind of thing a descriptor is, as far as it decides how bytes are moved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Descriptor {
    /// A pipe or FIFO.
    Pipe,
    /// A regular file.
    File,
    /// A socket.
    Socket,
    /// A terminal, device or anything else.
    Other,
}

/// What kind of thing `fd` is.
pub fn descriptor(fd: &impl AsFd) -> Descriptor {
    let Ok(stat) = rustix::fs::fstat(fd) else { return Descriptor::Other };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Fifo => Descriptor::Pipe,
        FileType::RegularFile => Descriptor::File,
        FileType::Socket => Descriptor::Socket,
        // /dev/null takes a splice as a file does, and gives nothing.
        FileType::CharacterDevice if is_null(&stat) => Descriptor::File,
        _ => Descriptor::Other,
    }
}

/// What a socket to this machine itself may hold of what sendfile gave it, in bytes. The pages of the file are
/// then read by the peer soon after they were given out: a quarter less time than with megabytes
/// between, which a line of any length needs and loopback does not.
const NEAR: usize = 64 * 1024;

/// Keeps the send buffer small where the peer of a socket is on loopback.
pub fn narrow_on_loopback(socket: &impl AsFd) {
    let peer = rustix::net::getpeername(socket).ok().flatten();
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
    if peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(socket, NEAR);
    }
}

fn is_null(stat: &rustix::fs::Stat) -> bool {
    rustix::fs::stat("/dev/null").is_ok_and(|null| null.st_rdev == stat.st_rdev)
}

/// Whether a standard descriptor may have been closed when the process began: Rust's start-up then opens
/// /dev/null for reading and writing in its place. Shells never open it so, but Python's `subprocess.DEVNULL`
/// and daemon(3) do, and nothing tells theirs from ours.
pub fn may_have_been_closed(fd: &impl AsFd) -> bool {
    let (Ok(here), Ok(null)) = (rustix::fs::fstat(fd), rustix::fs::stat("/dev/null")) else {
        return false;
    };
    let both_ways = rustix::fs::fcntl_getfl(fd)
        .is_ok_and(|flags| flags & rustix::fs::OFlags::RWMODE == rustix::fs::OFlags::RDWR);
    here.st_rdev == null.st_rdev && here.st_rdev != 0 && both_ways
}

/// Reads from a descriptor.
///
/// # Errors
/// Those of read(2); an interrupted call is made again.
pub fn read(fd: &impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(fd, &mut *buffer))?)
}

/// The user of this process.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Reads what is in a socket, and leaves it there; waits for it as [`read`] does.
///
/// # Errors
/// Those of recv(2); an interrupted call is made again.
pub fn peek(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let peeked = rustix::io::retry_on_intr(|| {
        rustix::net::recv(socket, &mut *buffer, rustix::net::RecvFlags::PEEK)
    });
    Ok(peeked?.1)
}

/// Writes to a descriptor.
///
/// # Errors
/// Those of write(2); an interrupted call is made again.
pub fn write(fd: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::write(fd, bytes))?)
}

/// Whether `fd` is a terminal.
pub fn is_terminal(fd: &impl AsFd) -> bool {
    rustix::termios::isatty(fd)
}

/// Takes the lock of a file, for as long as it is open; `false` when another process has it.
///
/// # Errors
/// Those of flock(2); a file system without locks gives the lock to everybody.
pub fn try_lock(file: &impl AsFd) -> io::Result<bool> {
    match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::NOLCK) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// What to wait for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ready {
    /// Bytes, a connection, or the end.
    Read,
    /// Room to write.
    Write,
}

/// Waits until `fd` is ready; `false` when `limit` ran out first. `None` waits for ever.
///
/// # Errors
/// Those of poll(2).
pub fn wait(fd: &impl AsFd, ready: Ready, limit: Option<Duration>) -> io::Result<bool> {
    let events = match ready {
        Ready::Read => PollFlags::IN,
        Ready::Write => PollFlags::OUT,
    };
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    let mut fds = [PollFd::new(fd, events)];
    loop {
        match poll(&mut fds, limit.as_ref()) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Waits until one of `fds` has bytes, a connection or its end; `false` when `limit` ran out first.
///
/// # Errors
/// Those of poll(2).
pub fn wait_any(fds: &[BorrowedFd<'_>], limit: Duration) -> io::Result<bool> {
    let limit = Timespec::try_from(limit).ok();
    let mut fds: Vec<_> = fds.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    loop {
        match poll(&mut fds, limit.as_ref()) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Has the kernel probe an idle control connection, so that a NAT box does not forget it during
/// a long transfer. Best effort: a socket that cannot do it still works.
pub fn keep_alive(socket: &TcpStream) {
    use rustix::net::sockopt;
    let _ = sockopt::set_socket_keepalive(socket, true);
    let _ = sockopt::set_tcp_keepidle(socket, Duration::from_secs(60));
    let _ = sockopt::set_tcp_keepintvl(socket, Duration::from_secs(30));
}

/// Tells a child that was not waited for yet to end, with SIGTERM. Best effort: it may be gone.
pub fn terminate(child: &Child) {
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
}
