//! What was put of a file before, by this run or an earlier one: how many bytes the server has, and
//! whether they are the file's. A server may say 150 and break before it has opened the file: then the old
//! one is still there.

use std::io::{self, Read};

use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::servers::Server;
use crate::wire::{Next, Transfer, Type, Wants};

/// Bytes at the end of what is there that are compared with the file's.
const COMPARED: u64 = 64 * 1024;

/// Gives the bytes of the file from one offset to another, or as many of the last of them as it has.
pub type Ours<'o> = dyn FnMut(u64, u64) -> Result<Option<Vec<u8>>, Cause> + 'o;

/// How many bytes of a file of `length` bytes are at `path`, when the last of them are those that
/// `ours` gives; `None` when there is nothing to go on with: no file, a longer or another one, or
/// a server that does not tell or show it.
///
/// # Errors
/// The connection is lost, or the file cannot be read.
pub fn stored(
    server: &mut Server,
    path: &RemotePath,
    length: u64,
    ours: &mut Ours<'_>,
) -> Result<Option<u64>, Cause> {
    let wants = Wants::to_transfer(path);
    let size = server.session(wants)?.size_before_transfer(path)?;
    let Some(size) = size.filter(|&size| size > 0 && size <= length) else { return Ok(None) };
    let Some(ours) = ours(size.saturating_sub(COMPARED), size)? else { return Ok(None) };
    let theirs = tail(server, path, size.saturating_sub(ours.len() as u64), size)?;
    Ok((theirs == Some(ours)).then_some(size))
}

/// The bytes of the file at `path` from one offset to its end at another; `None` where the server does
/// not let us read them, and something else when the file is longer.
///
/// # Errors
/// The connection is lost.
pub fn tail(
    server: &mut Server,
    path: &RemotePath,
    from: u64,
    to: u64,
) -> Result<Option<Vec<u8>>, Cause> {
    let wants = Wants::to_transfer(path);
    let transfer = match server.session(wants)?.retrieve(path, Type::Image, from) {
        // A folder into which one may only put.
        Err(Cause::Refused(reply)) if reply.code() != 421 => return Ok(None),
        opened => opened?,
    };
    // A server without REST sends what is before, too.
    let before = from.saturating_sub(transfer.from);
    read_tail(transfer, before, to.saturating_sub(from)).map(Some)
}

/// The last `count` bytes of a file, behind those before, and one of any that came meanwhile.
fn read_tail(mut transfer: Transfer<'_>, before: u64, count: u64) -> Result<Vec<u8>, Cause> {
    match read_after(&mut transfer.stream, before, count) {
        Ok(theirs) if theirs.len() as u64 > count => {
            transfer.abandon();
            Ok(theirs)
        }
        Ok(theirs) => {
            transfer.announced = None;
            transfer.finish_download(before + theirs.len() as u64, Next::Transfer)?;
            Ok(theirs)
        }
        Err(error) => {
            let cause = Cause::lost(Phase::Data, error, transfer.timeout());
            Err(transfer.broken(cause))
        }
    }
}

fn read_after(stream: &mut impl Read, before: u64, count: u64) -> io::Result<Vec<u8>> {
    io::copy(&mut stream.by_ref().take(before), &mut io::sink())?;
    let mut theirs = Vec::new();
    match stream.take(count + 1).read_to_end(&mut theirs) {
        // TLS without close_notify, as some servers end it: all that is asked for is here.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        read => {
            read?;
        }
    }
    Ok(theirs)
}
