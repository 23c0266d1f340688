//! Times and permissions of files on servers: asked for before a transfer, set after one.

use crate::error::Cause;
use crate::look;
use crate::newer::{Insist, Known, Version};
use crate::path::RemotePath;
use crate::reply::Reply;
use crate::servers::Server;
use crate::time::timeval;
use crate::wire::{Session, SetTime, Wants, said};

impl SetTime {
    fn next(self) -> Option<Self> {
        match self {
            Self::Mfmt => Some(Self::Mdtm),
            Self::Mdtm => Some(Self::SiteUtime),
            Self::SiteUtime => Some(Self::SiteUtimeFirst),
            Self::SiteUtimeFirst => None,
        }
    }

    fn ask(self, session: &mut Session, path: &RemotePath, time: i64) -> Result<Reply, Cause> {
        let time = timeval(time);
        match self {
            Self::Mfmt => session.ask(&format!("MFMT {time}"), Some(path)),
            Self::Mdtm => session.ask(&format!("MDTM {time}"), Some(path)),
            Self::SiteUtime => {
                session.ask_about("SITE UTIME", path, &format!("{time} {time} {time} UTC"))
            }
            Self::SiteUtimeFirst => session.ask(&format!("SITE UTIME {time}"), Some(path)),
        }
    }
}

/// Size and time of a file on a server, as far as `known` leaves them open. A lost connection is made again up to
/// `retries` times in a row.
///
/// # Errors
/// The connection is lost.
pub fn version(
    server: &mut Server,
    path: &RemotePath,
    (known, retries): (Known, u32),
) -> Result<Known, Cause> {
    if known.version.is_known() {
        return Ok(known);
    }
    let told = server
        .mended(retries, |server| server.session(Wants::to_transfer(path))?.size_and_time(path))?;
    let Version { size, modified } = known.version;
    Ok(Known::asked(Version { size: told.size.or(size), modified: modified.or(told.modified) }))
}

/// Which files that are there are left alone (`-n`, `-N`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Spared {
    /// All of them.
    pub all: bool,
    /// Those that are no older than ours.
    pub newer: bool,
}

/// What becomes of a file that is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Existing {
    /// It stays.
    Stays,
    /// Ours takes its place; what is known of it, nothing where there is no file, `None` where that was not asked, or not
    /// told.
    Goes(Option<Version>),
}

/// Whether a file at `path` is left alone in favour of `ours`. A lost connection is made again up to `retries` times in a
/// row.
///
/// # Errors
/// The connection is lost.
pub fn existing(
    server: &mut Server,
    path: &RemotePath,
    ours: Version,
    (spared, retries): (Spared, u32),
) -> Result<Existing, Cause> {
    if !(spared.all || spared.newer) {
        return Ok(Existing::Goes(None));
    }
    let found = server.mended(retries, |server| {
        server.session(Wants::to_transfer(path))?.found_before_transfer(path)
    })?;
    let stays = match found {
        None if spared.all => server.mended(retries, |server| is_listed(server, path))?,
        None => false,
        Some(found) => !found.is_nothing() && (spared.all || !ours.replaces(&found)),
    };
    Ok(if stays { Existing::Stays } else { Existing::Goes(found) })
}

/// Whether there is a file of that name on a server that knows neither SIZE nor MDTM.
fn is_listed(server: &mut Server, path: &RemotePath) -> Result<bool, Cause> {
    let session = server.session(Wants { features: true, data: false })?;
    match look::describe(session, path) {
        Ok(_) => Ok(true),
        Err(Cause::Refused(_)) if session.is_usable() => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// What is set of a file that was stored.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stamp {
    /// When it was last modified, in seconds since 1970, UTC; and how much depends on it.
    pub time: Option<(i64, Insist)>,
    /// Its permission bits.
    pub mode: Option<u32>,
}

/// Sets what there is to set. A lost connection is made again up to `retries` times in a row.
///
/// # Errors
/// The server does not, where it has to, or is lost.
pub fn set(
    server: &mut Server,
    path: &RemotePath,
    stamp: Stamp,
    retries: u32,
) -> Result<(), Cause> {
    server.mended(retries, |server| attempt(server, path, stamp))
}

fn attempt(server: &mut Server, path: &RemotePath, stamp: Stamp) -> Result<(), Cause> {
    if let Some(mode) = stamp.mode {
        set_mode(server, path, mode)?;
    }
    match stamp.time {
        Some((time, insist)) => match set_time(server, path, time) {
            Err(Cause::Operand(_)) if insist == Insist::No => Ok(()),
            set => set,
        },
        None => Ok(()),
    }
}

/// Sets when a file was last modified, in seconds since 1970, UTC. What the server takes is
/// remembered for the next file.
fn set_time(server: &mut Server, path: &RemotePath, time: i64) -> Result<(), Cause> {
    let mut how = server.facts().set_time;
    loop {
        let reply = how.ask(server.session(Wants::default())?, path, time)?;
        if reply.is_done() {
            server.learn(|facts| facts.set_time = how);
            return Ok(());
        }
        match how.next() {
            Some(next) if reply.code() / 100 == 5 => how = next,
            _ => return Err(not_set("time", &reply)),
        }
    }
}

fn set_mode(server: &mut Server, path: &RemotePath, mode: u32) -> Result<(), Cause> {
    let session = server.session(Wants::default())?;
    let reply = session.ask(&format!("SITE CHMOD {mode:03o}"), Some(path))?;
    if reply.is_done() { Ok(()) } else { Err(not_set("mode", &reply)) }
}

fn not_set(what: &str, reply: &Reply) -> Cause {
    let said = said(reply);
    Cause::Operand(format!("its {what} could not be set: {said}"))
}
