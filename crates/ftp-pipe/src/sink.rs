//! One destination of a lane: where things go there, under which names, and what is there already.

use ftp_core::charset::Charset;
use ftp_core::error::Cause;
use ftp_core::met::Met;
use ftp_core::newer::{Insist, Version};
use ftp_core::parents::Made;
use ftp_core::path::RemotePath;
use ftp_core::servers::{Server, Servers};
use ftp_core::stage;
use ftp_core::stamp::{self, Existing, Spared, Stamp};
use ftp_core::stored::take_back;
use ftp_core::verify::Check;
use ftp_core::wire::Wants;

use crate::plan::{How, Place};

/// A destination.
pub struct Sink<'a> {
    pub server: &'a mut Server,
    place: &'a Place,
    how: &'a How,
    made: Made,
    /// A directory that was asked for, with the reply still due.
    begun: Option<RemotePath>,
    /// What this run has stored: two sources of one name must not overwrite each other.
    sent: Met,
}

/// Where a file goes, and what it has to stand before it gets its name.
pub struct Target<'a> {
    /// Its name.
    pub to: &'a RemotePath,
    /// What has that name, where it was asked.
    pub found: Option<Version>,
    /// The name it has until it is complete.
    pub temporary: Option<RemotePath>,
    /// What it is compared by.
    pub check: Option<Check>,
}

impl Target<'_> {
    /// Where its bytes go.
    pub fn path(&self) -> &RemotePath {
        self.temporary.as_ref().unwrap_or(self.to)
    }
}

impl<'a> Sink<'a> {
    /// All destinations, in their order.
    pub fn all(servers: &'a mut [Servers], how: &'a How) -> Result<Vec<Self>, (&'a Place, Cause)> {
        let places = how.places.iter().zip(servers);
        let each = places.map(|(place, servers)| match servers.at(&place.origin) {
            Ok(server) => {
                let (made, sent) = (Made::default(), Met::default());
                Ok(Self { server, place, how, made, begun: None, sent })
            }
            Err(cause) => Err((place, cause)),
        });
        each.collect()
    }

    /// Where `name`, of a server that writes as `charset` says, goes: into a directory it keeps its
    /// name. The components of `name` have slashes between them.
    ///
    /// # Errors
    /// A name that cannot be carried there.
    pub fn target(&self, name: &[u8], charset: Charset) -> Result<RemotePath, Cause> {
        let path = &self.place.path;
        if !(path.is_empty() || path.is_directory()) || matches!(name, b"" | b"." | b"..") {
            return Ok(path.clone());
        }
        self.below(path, name, charset)
    }

    /// The path of `name` below a directory here.
    ///
    /// # Errors
    /// A name that cannot be carried there.
    pub fn below(
        &self,
        dir: &RemotePath,
        name: &[u8],
        charset: Charset,
    ) -> Result<RemotePath, Cause> {
        if name.is_empty() {
            return Ok(dir.trimmed());
        }
        let parts = name.split(|&b| b == b'/').map(|part| self.recoded(part, charset));
        let name = parts.collect::<Result<Vec<_>, _>>()?.join(&b'/');
        dir.join(&name).map_err(|_| Cause::Operand("a line end in a name".into()))
    }

    fn recoded(&self, part: &[u8], charset: Charset) -> Result<Vec<u8>, Cause> {
        let charset = if charset == Charset::Auto { Charset::Bytes } else { charset };
        let recoded = charset.recode(part, self.how.charset);
        recoded.map(std::borrow::Cow::into_owned).map_err(|bad| Cause::Operand(bad.to_string()))
    }

    /// Makes the directories above `to`, where that is wanted.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn prepare(&mut self, to: &RemotePath) -> Result<(), Cause> {
        match to.parent().filter(|_| self.how.parents) {
            Some(parent) => {
                let session = self.server.session(Wants { features: false, data: false })?;
                self.made.with_parents(session, &parent)
            }
            None => Ok(()),
        }
    }

    /// Makes a directory, once.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn directory(&mut self, dir: &RemotePath) -> Result<(), Cause> {
        self.begun = None;
        let session = self.server.session(Wants::to_ask(dir))?;
        self.made.directory(session, dir)
    }

    /// Has a directory made while something else is waited for. [`Self::directory`] tells how that went,
    /// or [`Self::forget_directory`] takes the reply, before the next thing is asked here.
    pub fn begin_directory(&mut self, dir: RemotePath) {
        let wants = Wants::to_ask(&dir);
        if self.server.arrive(wants)
            && let Ok(session) = self.server.session(wants)
            && self.made.begin(session, &dir).is_ok()
        {
            self.begun = Some(dir);
        }
    }

    /// Where a directory was asked for that nobody has entered it stays, as with `cp -R`.
    pub fn forget_directory(&mut self) {
        if let Some(dir) = self.begun.take() {
            let _ = self.directory(&dir);
        }
    }

    /// # Errors
    /// Something was stored under that name already, or the temporary file of such names fails.
    pub fn claim(&mut self, to: &RemotePath) -> Result<(), Cause> {
        if self.sent.insert(to.as_bytes()).map_err(Cause::Local)? {
            return Ok(());
        }
        let text = "would overwrite a file just copied under the same name";
        Err(Cause::Operand(text.into()))
    }

    /// Begins a file of which `ours` is known; `None` when what is there stays, since `-n` or `-N` says
    /// so.
    ///
    /// # Errors
    /// The connection is lost, or the server computes no such checksum.
    pub fn begin<'t>(
        &mut self,
        to: &'t RemotePath,
        ours: Version,
        image: bool,
    ) -> Result<Option<Target<'t>>, Cause> {
        let spared = Spared { all: self.how.no_clobber, newer: self.how.newer };
        let existing = stamp::existing(self.server, to, ours, (spared, self.how.retries))?;
        let Existing::Goes(found) = existing else { return Ok(None) };
        let verify = self.how.verify.filter(|_| image);
        let check = verify.map(|verify| Check::begin(self.server, verify)).transpose()?;
        let temporary = self.how.atomic.then(|| stage::temporary(to));
        Ok(Some(Target { to, found, temporary, check }))
    }

    /// Holds what is here against the `count` bytes that passed. What is wrong is removed, and so is
    /// what nobody can vouch for, if it has no name yet.
    ///
    /// # Errors
    /// It differs, or the server does not tell.
    pub fn hold(&mut self, target: &Target<'_>, count: u64) -> Result<(), Cause> {
        let Some(check) = &target.check else { return Ok(()) };
        let held = check.hold(self.server, target.path(), (count, self.how.retries));
        held.map_err(|cause| self.take_back_if_wrong(target, count, cause))
    }

    /// Removes a copy of `count` bytes that a comparison found wrong, and one without a name that it could not vouch
    /// for.
    pub fn take_back_if_wrong(&mut self, target: &Target<'_>, count: u64, cause: Cause) -> Cause {
        let wrong = matches!(cause, Cause::WrongSum { .. } | Cause::WrongSize { .. });
        if !wrong && target.temporary.is_none() {
            return cause;
        }
        take_back(self.server, target.path(), (self.how.placement(), count), cause)
    }

    /// Gives a file its time and its name.
    ///
    /// # Errors
    /// The server's refusal. The temporary file is removed then.
    pub fn publish(&mut self, target: &Target<'_>, time: Option<i64>) -> Result<(), Cause> {
        let stamp = Stamp { time: time.zip(self.how.keep_time), mode: None };
        let retries = self.how.retries;
        let stamped = stamp::set(self.server, target.path(), stamp, retries);
        let Some(temporary) = &target.temporary else { return stamped };
        stamped.inspect_err(|_| self.server.remove_half(temporary))?;
        stage::publish(self.server, temporary, target.to, retries)
    }

    /// Whether the time has to be kept.
    pub fn insists_on_time(&self) -> bool {
        self.how.keep_time == Some(Insist::Yes)
    }
}
