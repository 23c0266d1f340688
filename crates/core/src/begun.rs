//! What was put of a file before, by this run or an earlier one: how many bytes the server has, and
//! whether they are the file's. A server may say 150 and break before it has opened the file: then the old
//! one is still there.

use std::io::{self, Read};

use crate::error::{Cause, Phase};
use crate::path::RemotePath;
use crate::seam::{SAMPLE, Sample};
use crate::servers::Server;
use crate::wire::{Next, Transfer, Type, Wants};

/// Bytes at the end of what is there that are compared with the file's, and as many at its beginning: images of disks
/// end in zeros alike.
const COMPARED: u64 = SAMPLE as u64;

/// The bytes of a file that is stored, as far as they can be had once more.
pub trait Ours {
    /// Those from one offset to another, or as many of the last of them as can be had.
    ///
    /// # Errors
    /// They cannot be read.
    fn part(&mut self, from: u64, to: u64) -> Result<Option<Vec<u8>>, Cause>;

    /// Samples of what was sent, where that cannot be had once more.
    fn samples(&self) -> Vec<Sample> {
        Vec::new()
    }
}

/// A part of a file on a server that was found to be the file's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Its bytes.
    pub size: u64,
    /// The last of them.
    pub end: Sample,
}

/// What is at `path` of a file of `length` bytes, when its first and last bytes are those that
/// `ours` gives; `None` when there is nothing to go on with: no file, a longer or another one, or
/// a server that does not tell or show it.
///
/// # Errors
/// The connection is lost, or the file cannot be read.
pub fn stored(
    server: &mut Server,
    path: &RemotePath,
    length: u64,
    ours: &mut dyn Ours,
) -> Result<Option<Part>, Cause> {
    let size = server.session(Wants::to_transfer(path))?.size_before_transfer(path)?;
    match size.filter(|&size| size > 0 && size <= length) {
        Some(size) => part_of(server, path, size, ours),
        None => Ok(None),
    }
}

/// The same where the server has said that there are `size` bytes.
///
/// # Errors
/// Those of [`stored`].
pub fn part_of(
    server: &mut Server,
    path: &RemotePath,
    size: u64,
    ours: &mut dyn Ours,
) -> Result<Option<Part>, Cause> {
    let Some(bytes) = ours.part(size.saturating_sub(COMPARED), size)? else { return Ok(None) };
    let end = Sample { offset: size.saturating_sub(bytes.len() as u64), bytes };
    if tail(server, path, end.offset, size)?.as_ref() != Some(&end.bytes) {
        return Ok(None);
    }
    let begins = begins_alike(server, path, size.min(COMPARED).min(end.offset), ours)?;
    Ok(begins.then_some(Part { size, end }))
}

/// Whether the `size` bytes at `path` are ours, by the first and the last of them, or by samples of what was sent; `None`
/// where nothing can be compared.
pub fn is_ours(
    server: &mut Server,
    path: &RemotePath,
    size: u64,
    ours: &mut dyn Ours,
) -> Option<bool> {
    match ends_agree(server, path, size, ours) {
        Some(true) => Some(true),
        // The file at its source may be another one by now.
        other => samples_agree(server, path, size, &ours.samples()).or(other),
    }
}

fn ends_agree(
    server: &mut Server,
    path: &RemotePath,
    size: u64,
    ours: &mut dyn Ours,
) -> Option<bool> {
    let bytes = ours.part(size.saturating_sub(COMPARED), size).ok().flatten()?;
    let from = size.saturating_sub(bytes.len() as u64);
    let theirs = tail(server, path, from, size).ok()??;
    let begin = size.min(COMPARED).min(from);
    Some(theirs == bytes && begins_alike(server, path, begin, ours).ok()?)
}

/// Whether what was sent is in a file of `size` bytes, by the last sample that lies in it.
fn samples_agree(
    server: &mut Server,
    path: &RemotePath,
    size: u64,
    samples: &[Sample],
) -> Option<bool> {
    let inside = samples.iter().map(|sample| sample.before(size));
    let last = inside.filter(|sample| !sample.bytes.is_empty()).max_by_key(Sample::end)?;
    holds(server, path, &last).ok().flatten()
}

/// Whether the first `count` bytes are ours, as far as we still have them.
fn begins_alike(
    server: &mut Server,
    path: &RemotePath,
    count: u64,
    ours: &mut dyn Ours,
) -> Result<bool, Cause> {
    let Some(bytes) = ours.part(0, count)?.filter(|bytes| bytes.len() as u64 == count && count > 0)
    else {
        return Ok(true);
    };
    holds(server, path, &Sample { offset: 0, bytes }).map(|held| held == Some(true))
}

/// Whether the server has the bytes of `sample` at their place in a file that goes on behind them; `None` where it
/// does not let them be read.
///
/// # Errors
/// The connection is lost.
pub fn holds(
    server: &mut Server,
    path: &RemotePath,
    sample: &Sample,
) -> Result<Option<bool>, Cause> {
    let Some(mut transfer) = opened(server, path, sample.offset)? else { return Ok(None) };
    let before = sample.offset.saturating_sub(transfer.from);
    let theirs = read_after(&mut transfer.stream, before, sample.bytes.len() as u64);
    match theirs {
        Ok(theirs) => {
            transfer.abandon();
            Ok(Some(theirs == sample.bytes))
        }
        Err(error) => Err(broken(transfer, error)),
    }
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
    let Some(transfer) = opened(server, path, from)? else { return Ok(None) };
    // A server without REST sends what is before, too.
    let before = from.saturating_sub(transfer.from);
    read_tail(transfer, before, to.saturating_sub(from)).map(Some)
}

/// A download from byte `from` on; `None` in a folder into which one may only put.
fn opened<'s>(
    server: &'s mut Server,
    path: &RemotePath,
    from: u64,
) -> Result<Option<Transfer<'s>>, Cause> {
    match server.session(Wants::to_transfer(path))?.retrieve(path, Type::Image, from) {
        Err(Cause::Refused(reply)) if reply.code() != 421 => Ok(None),
        opened => opened.map(Some),
    }
}

/// The last `count` bytes of a file, behind those before, and one of any that came meanwhile.
fn read_tail(mut transfer: Transfer<'_>, before: u64, count: u64) -> Result<Vec<u8>, Cause> {
    match read_after(&mut transfer.stream, before, count + 1) {
        Ok(theirs) if theirs.len() as u64 > count => {
            transfer.abandon();
            Ok(theirs)
        }
        Ok(theirs) => {
            transfer.announced = None;
            transfer.finish_download(before + theirs.len() as u64, Next::Transfer)?;
            Ok(theirs)
        }
        Err(error) => Err(broken(transfer, error)),
    }
}

fn broken(transfer: Transfer<'_>, error: io::Error) -> Cause {
    let cause = Cause::lost(Phase::Data, error, transfer.timeout());
    transfer.broken(cause)
}

/// Up to `count` bytes behind the first `before`.
fn read_after(stream: &mut impl Read, before: u64, count: u64) -> io::Result<Vec<u8>> {
    io::copy(&mut stream.by_ref().take(before), &mut io::sink())?;
    let mut theirs = Vec::new();
    match stream.take(count).read_to_end(&mut theirs) {
        // TLS without close_notify, as some servers end it: all that is asked for is here.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        read => {
            read?;
        }
    }
    Ok(theirs)
}
