//! A file at a destination while it is stored: what was there before, how much of it is ours, what its end comes to, and
//! what becomes of it when it fails. Nothing is removed that is not proven to be ours.

use crate::begun::{self, Ours};
use crate::ending::Stake;
use crate::error::Cause;
use crate::newer::Version;
use crate::path::RemotePath;
use crate::resume::is_moot;
use crate::seam::Sample;
use crate::servers::Server;
use crate::sizes;
use crate::wire::{Counted, StoreRequest, Transfer, Type, Wants, takes_argument};

/// Advice where a file was overwritten in vain.
pub const OLD_IS_GONE: &str =
    "what was there before is gone; --atomic keeps it until the new file is complete";

/// Advice where something is left that is not known to be ours.
pub const INCOMPLETE: &str = "the file on the server may be incomplete; --atomic keeps the old one until the new one is complete";

/// Under which name a file is stored, and what becomes of a part of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Placement {
    /// Under its own name, where another may be.
    InPlace,
    /// Under a staging name of this run.
    Staged,
    /// Under its own name, and a part stays for a later run (`-c`).
    Kept,
    /// At the end of what is there (`-A`).
    Appended,
}

/// A file that is stored.
#[derive(Debug)]
pub struct StoredFile<'a> {
    /// Where it is.
    pub path: &'a RemotePath,
    /// Text is not compared, since its bytes here and there do not count alike.
    pub kind: Type,
    placement: Placement,
    /// What was there before this run; nothing where there was no file, `None` where that is not known.
    before: Option<Version>,
    /// Whether the server may have begun to write it.
    pub begun: bool,
    /// Bytes of it that the server had when the last try began.
    pub offset: u64,
    /// What was found there before `offset`.
    seam: Option<Sample>,
    /// Whether going on failed, so that only a whole file will do.
    pub whole_only: bool,
    /// That a signal removes it.
    stake: Option<Stake>,
}

impl<'a> StoredFile<'a> {
    /// Nothing was sent yet. `before` is what is known of the file that is there.
    pub fn new(
        path: &'a RemotePath,
        kind: Type,
        placement: Placement,
        before: Option<Version>,
    ) -> Self {
        Self {
            path,
            kind,
            placement,
            before,
            begun: false,
            offset: 0,
            seam: None,
            whole_only: false,
            stake: None,
        }
    }

    /// What was there before this run, as far as that is known.
    pub fn before(&self) -> Option<Version> {
        self.before
    }

    /// Whether a part of it can be gone on with.
    pub fn resumes(&self) -> bool {
        let may = self.placement != Placement::Appended && self.kind == Type::Image;
        self.begun && may && !self.whole_only
    }

    /// Finds what the server has of a file of `length` bytes, which is where the next try begins.
    ///
    /// # Errors
    /// The connection is lost, or our bytes cannot be read.
    pub fn find_part(
        &mut self,
        server: &mut Server,
        length: u64,
        ours: &mut dyn Ours,
    ) -> Result<u64, Cause> {
        let may = self.resumes() && server.facts().restart_store;
        let part = if may { begun::stored(server, self.path, length, ours)? } else { None };
        self.offset = part.as_ref().map_or(0, |part| part.size);
        self.seam = part.map(|part| part.end);
        Ok(self.offset)
    }

    /// Begins to send what is behind `offset`; `length` is how many bytes that are, where it is known.
    ///
    /// # Errors
    /// The server's refusal, or a data connection that cannot be had.
    pub fn open<'s>(
        &mut self,
        server: &'s mut Server,
        length: Option<u64>,
    ) -> Result<Transfer<'s>, Cause> {
        let half = server.half(self.path);
        let asks = self.placement == Placement::InPlace && self.before.is_none() && !self.begun;
        let request = StoreRequest {
            append: self.placement == Placement::Appended,
            path: self.path,
            kind: self.kind,
            from: self.offset,
            length,
        };
        let session = server.session(Wants::to_transfer(self.path))?;
        let before = asks.then_some(&mut self.before);
        let opened = session.store(&request, before);
        match &opened {
            Ok(_) => self.begun = true,
            Err(Cause::Refused(_)) => self.whole_only |= self.offset > 0,
            // The STOR may have been obeyed, and only its answer was lost.
            Err(cause) => self.begun |= !cause.server_is_gone(),
        }
        if opened.is_ok() && self.stake.is_none() {
            self.stake = match self.placement {
                Placement::Staged => Some(half.begun()),
                Placement::InPlace => self.before.map(|before| half.begun_over(before)),
                Placement::Kept | Placement::Appended => None,
            };
        }
        opened
    }

    /// What the end of an upload comes to, after `count` bytes of the file were sent in all.
    ///
    /// # Errors
    /// The upload has failed, or the server has another file than was sent.
    pub fn accept(
        &mut self,
        server: &mut Server,
        count: u64,
        Counted { verdict, size }: Counted,
        ours: &mut dyn Ours,
    ) -> Result<bool, Cause> {
        let counted = match verdict {
            Ok(()) => self.agree(server, count, size)?,
            Err(cause) if is_moot(&cause) => self.settle(server, count, cause, ours)?,
            Err(cause) => return Err(cause),
        };
        self.prove_seam(server)?;
        Ok(counted)
    }

    /// The server says that it has the file, which counts (RFC 959 §5.4) unless its size says otherwise; whether that
    /// was told. A connection that is lost behind the 226 is made again for the size alone.
    fn agree(
        &mut self,
        server: &mut Server,
        count: u64,
        size: Result<Option<u64>, Cause>,
    ) -> Result<bool, Cause> {
        if !self.is_comparable(server) {
            return Ok(false);
        }
        let size = size.or_else(|_| {
            server.try_again();
            let session = server.session(Wants::to_transfer(self.path))?;
            session.size_before_transfer(self.path)
        });
        let size = match size.unwrap_or(None) {
            Some(size) if size != count && self.is_confirmed(server, count) => Some(count),
            Some(size) => Some(size),
            None => self.told_otherwise(server),
        };
        match size {
            Some(size) if size != count => {
                self.whole_only |= self.offset > 0;
                Err(Cause::WrongSize { got: size, want: count })
            }
            told => Ok(told.is_some()),
        }
    }

    /// The size by MLST or LIST, where SIZE does not tell it. A server that did not tell it so of one new file is not
    /// asked about the next, nor for a whole directory because of one file.
    fn told_otherwise(&self, server: &mut Server) -> Option<u64> {
        if !server.facts().tells_stored || !takes_argument(self.path) {
            return None;
        }
        let session = server.session(Wants::to_transfer(self.path));
        let told = session.and_then(|session| sizes::without_size(session, self.path));
        if !matches!(told, Ok(Some(_))) {
            server.learn(|facts| facts.tells_stored = false);
        }
        told.unwrap_or(None)
    }

    fn is_comparable(&self, server: &Server) -> bool {
        let counts_alike = self.kind == Type::Image && self.placement != Placement::Appended;
        counts_alike && server.checks_sizes()
    }

    fn is_confirmed(&self, server: &mut Server, count: u64) -> bool {
        let session = server.session(Wants::to_transfer(self.path));
        session.is_ok_and(|session| sizes::is_confirmed(session, self.path, count).unwrap_or(false))
    }

    /// Everything was sent, and the last word is missing: the size decides, and that the file is not the old one.
    fn settle(
        &mut self,
        server: &mut Server,
        count: u64,
        cause: Cause,
        ours: &mut dyn Ours,
    ) -> Result<bool, Cause> {
        if self.kind == Type::Ascii || self.placement == Placement::Appended {
            return Err(cause);
        }
        server.try_again();
        let session = server.session(Wants::to_transfer(self.path));
        let size = session.and_then(|session| sizes::told(session, self.path));
        match size {
            Ok(Some(size)) if size == count && self.is_new(server, size, ours) => Ok(true),
            _ => Err(cause),
        }
    }

    /// Whether a file of `size` bytes is not the one that was there before.
    fn is_new(&self, server: &mut Server, size: u64, ours: &mut dyn Ours) -> bool {
        let was_other = self.before.is_some_and(|before| before.size != Some(size));
        let staged = self.placement == Placement::Staged;
        was_other
            || staged
            || self.offset > 0
            || size == 0
            || begun::is_ours(server, self.path, size, ours) == Some(true)
    }

    /// Some servers empty a file at a STOR behind a REST, and leave zeros before that byte.
    fn prove_seam(&mut self, server: &mut Server) -> Result<(), Cause> {
        let Some(seam) = self.seam.take().filter(|_| self.offset > 0) else { return Ok(()) };
        if begun::holds(server, self.path, &seam)? == Some(true) {
            return Ok(());
        }
        server.learn(|facts| facts.restart_store = false);
        self.whole_only = true;
        Err(Cause::Mixed)
    }

    /// Ends an upload that failed because of `cause`: removes what is ours, and says what became of the file that was
    /// there.
    pub fn give_up(self, server: &mut Server, cause: Cause, ours: &mut dyn Ours) -> Cause {
        match self.placement {
            _ if !self.begun => cause,
            Placement::Kept | Placement::Appended => cause,
            Placement::Staged => {
                server.remove_half(self.path);
                cause
            }
            Placement::InPlace => self.clear(server, cause, ours),
        }
    }

    fn clear(self, server: &mut Server, cause: Cause, ours: &mut dyn Ours) -> Cause {
        server.try_again();
        let fate = match now(server, self.path) {
            Ok(Some(now)) => self.fate(server, now, ours),
            Ok(None) | Err(_) => Fate::Unknown,
        };
        match fate {
            Fate::Untouched => refusal(cause),
            Fate::Unknown if matches!(cause, Cause::Refused(_)) => cause,
            Fate::Unknown => hinted(cause, INCOMPLETE),
            Fate::Removed if self.before.is_some_and(|before| before.is_nothing()) => cause,
            Fate::Removed => hinted(cause, OLD_IS_GONE),
        }
    }

    /// What became of the file that was there, of which the server says `now` what it is.
    fn fate(&self, server: &mut Server, now: Version, ours: &mut dyn Ours) -> Fate {
        match self.before {
            Some(before) if before == now && (now.size.is_some() || now.is_nothing()) => {
                return Fate::Untouched;
            }
            // Alike in size, so that nothing tells whose it is, and whole if it is ours.
            Some(before) if before.size.is_some() && before.size == now.size => {
                return Fate::Unknown;
            }
            _ if now.is_nothing() => return Fate::Removed,
            _ => {}
        }
        if !self.made_by_us(server, now, ours) {
            return Fate::Unknown;
        }
        server.remove_half(self.path);
        Fate::Removed
    }

    /// Whether what is there now is what this run has sent: by its bytes, and where those cannot be read because
    /// nothing was there when the server began to write.
    fn made_by_us(&self, server: &mut Server, now: Version, ours: &mut dyn Ours) -> bool {
        let is_new = self.before.is_some_and(|before| before.is_nothing());
        match now.size {
            None => is_new,
            Some(0) => self.before.is_some(),
            Some(_) if self.kind == Type::Ascii => is_new,
            Some(size) => begun::is_ours(server, self.path, size, ours).unwrap_or(is_new),
        }
    }
}

/// Takes a file back that was stored whole a moment ago, with `count` bytes, because of `cause`: it must not stay.
pub fn take_back(
    server: &mut Server,
    path: &RemotePath,
    (placement, count): (Placement, u64),
    cause: Cause,
) -> Cause {
    server.try_again();
    match placement {
        Placement::Staged => {
            server.remove_half(path);
            cause
        }
        Placement::Kept | Placement::Appended => cause,
        Placement::InPlace => {
            let session = server.session(Wants::to_transfer(path));
            let size = session.and_then(|session| sizes::told(session, path));
            if !matches!(size, Ok(Some(size)) if size == count) {
                return hinted(cause, INCOMPLETE);
            }
            server.remove_half(path);
            hinted(cause, OLD_IS_GONE)
        }
    }
}

/// What is at `path` now; `None` where that cannot be told.
fn now(server: &mut Server, path: &RemotePath) -> Result<Option<Version>, Cause> {
    let session = server.session(Wants::to_transfer(path))?;
    let told = session.version_at(path)?;
    if told.is_some_and(|told| told.size.is_some() || told.is_nothing()) {
        return Ok(told);
    }
    let size = sizes::without_size(session, path)?;
    Ok(told.or(size.map(|_| Version::default())).map(|told| Version { size, ..told }))
}

/// What became of the file that was there before.
enum Fate {
    /// It is there, or nothing is, as before.
    Untouched,
    /// What was ours was removed.
    Removed,
    /// What is there is not known to be ours.
    Unknown,
}

fn hinted(cause: Cause, hint: &'static str) -> Cause {
    match cause {
        Cause::Hinted(..) => cause,
        cause => Cause::Hinted(Box::new(cause), hint),
    }
}

/// A 4yz or 5yz about the file, behind a 150, that left the file as it was is the refusal that others send in place of
/// the 150.
fn refusal(cause: Cause) -> Cause {
    match cause {
        Cause::RefusedLate(reply) => Cause::Refused(reply),
        Cause::BadVerdict(reply) if matches!(reply.code(), 452 | 532 | 550..=553) => {
            Cause::Refused(reply)
        }
        cause => cause,
    }
}
