//! What an earlier run put of a file: how many bytes the server has, and whether they are the
//! file's.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::servers::Server;
use crate::wire::{Next, Transfer, Type, Wants};

/// Bytes at the end of what is there that are compared with the file's.
const COMPARED: u64 = 64 * 1024;

/// How many bytes of `file`, which counts from its byte `begin`, are at `path`, when the last of
/// them are the same; `None` when there is nothing to go on with: no file, a longer or another one, or
/// a server that does not tell or show it.
///
/// # Errors
/// The connection is lost, or the file cannot be read.
pub fn stored(
    server: &mut Server,
    path: &RemotePath,
    (file, begin): (&File, u64),
) -> Result<Option<u64>, Cause> {
    let length = file.metadata().map_err(Cause::Local)?.len().saturating_sub(begin);
    let wants = Wants { features: !path.as_bytes().is_ascii(), data: true };
    let session = server.session(wants)?;
    let size = session.size_before_transfer(path)?.filter(|&size| size > 0 && size <= length);
    let Some(size) = size else { return Ok(None) };
    let from = size.saturating_sub(COMPARED);
    let transfer = match session.retrieve(path, Type::Image, from) {
        // A folder into which one may only put.
        Err(Cause::Refused(_)) => return Ok(None),
        opened => opened?,
    };
    if transfer.from != from {
        transfer.abandon();
        return Ok(None);
    }
    let mut ours = vec![0; usize::try_from(size - from).unwrap_or(0)];
    file.read_exact_at(&mut ours, begin + from).map_err(Cause::Local)?;
    Ok((tail(transfer, ours.len())? == ours).then_some(size))
}

/// The last `count` bytes of a file, and of any that came meanwhile.
fn tail(mut transfer: Transfer<'_>, count: usize) -> Result<Vec<u8>, Cause> {
    let mut theirs = Vec::with_capacity(count + 1);
    let limit = count as u64 + 1;
    let read: io::Result<usize> = (&mut transfer.stream).take(limit).read_to_end(&mut theirs);
    match read {
        Ok(_) if theirs.len() > count => {
            transfer.abandon();
        }
        Ok(_) => {
            transfer.announced = None;
            transfer.finish_download(theirs.len() as u64, Next::Transfer)?;
        }
        Err(error) => {
            let cause = Cause::lost(Phase::Data, error, transfer.timeout());
            return Err(transfer.broken(cause));
        }
    }
    Ok(theirs)
}
