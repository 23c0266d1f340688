//! Listings over the wire: MLSD where the server has it, else LIST, read line by line from the data
//! connection in constant memory.

use std::io::Read;
use std::time::SystemTime;

use super::data::{Next, Transfer};
use super::session::{Session, Type, done};
use crate::error::{Cause, Phase};
use crate::line::{Lines, MAX_LINE, NoLineEnd, Piece};
use crate::listing::{Entry, Kind, ListReader, mlst_reply};
use crate::path::RemotePath;

/// How a listing ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Listed {
    /// Entries seen, the directory itself and its parent among them.
    pub entries: u64,
    /// Lines in no known format.
    pub unknown: u64,
    /// The server says it left entries out.
    pub truncated: bool,
    /// It came by MLSD, which no server gives for anything but a directory.
    pub by_mlsd: bool,
}

/// What is told of each entry; an error from it ends the listing, and the session with it.
pub type Visit<'v> = dyn FnMut(Entry<'_>) -> Result<(), Cause> + 'v;

/// What is given the bytes of a listing as they come.
pub type Raw<'v> = dyn FnMut(&[u8]) -> Result<(), Cause> + 'v;

/// What becomes of a listing.
enum Use<'u, 'v> {
    Read(&'u mut Visit<'v>),
    Passed(&'u mut Raw<'v>),
}

impl Session {
    /// Lists a directory, entry by entry as they come. `hidden` asks for dotfiles too, where the
    /// server leaves them out on its own.
    ///
    /// # Errors
    /// The server's refusal, a broken connection, or what `visit` returns.
    pub fn list(
        &mut self,
        dir: &RemotePath,
        hidden: bool,
        visit: &mut Visit<'_>,
    ) -> Result<Listed, Cause> {
        self.listing(dir, hidden, &mut Use::Read(visit))
    }

    /// Gives the listing of a directory to `raw` as the server sends it. Of the result only
    /// `truncated` and `by_mlsd` mean something.
    ///
    /// # Errors
    /// As for [`Self::list`].
    pub fn list_raw(
        &mut self,
        path: &RemotePath,
        hidden: bool,
        raw: &mut Raw<'_>,
    ) -> Result<Listed, Cause> {
        self.listing(path, hidden, &mut Use::Passed(raw))
    }

    fn listing(
        &mut self,
        dir: &RemotePath,
        hidden: bool,
        to: &mut Use<'_, '_>,
    ) -> Result<Listed, Cause> {
        if self.has_mlsd()? {
            let raw = matches!(to, Use::Passed(_));
            match self.read_list("MLSD", some(dir), ListReader::mlsd(), to) {
                Err(Cause::Refused(reply)) if matches!(reply.code(), 500 | 502 | 504) => {
                    self.learn_fact(|facts| facts.mlsd = false);
                }
                // MLSD is for directories only, LIST shows a file too.
                Err(Cause::Refused(_)) if raw && self.is_usable() => {}
                other => return other.map(|listed| Listed { by_mlsd: true, ..listed }),
            }
        }
        if takes_argument(dir) {
            return self.list_unix(some(dir), hidden, to);
        }
        // A new connection would not know of the CWD.
        self.keep_resumable()?;
        let home = self.home()?;
        self.command("CWD", Some(dir))?;
        self.away = true;
        let listed = self.list_unix(None, hidden, to);
        self.away = false;
        if self.is_usable() {
            self.go_home(&home)?;
        }
        listed
    }

    /// Whether listings come by MLSD: FEAT says so, and no MLSD was refused as unknown.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn has_mlsd(&mut self) -> Result<bool, Cause> {
        Ok(self.features()?.mlst && self.facts().mlsd)
    }

    /// LIST, with `-a` first where dotfiles are wanted. A server that takes `-a` for a name
    /// refuses or shows nothing at all, and is not asked so again; one that knows it shows `.` and
    /// `..` at least.
    fn list_unix(
        &mut self,
        dir: Option<&RemotePath>,
        hidden: bool,
        to: &mut Use<'_, '_>,
    ) -> Result<Listed, Cause> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let reader = ListReader::list(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        let mut tried = false;
        if hidden && self.facts().list_all {
            match self.read_list("LIST -a", dir, reader.clone(), to) {
                Ok(Listed { entries: 0, .. }) | Err(Cause::Refused(_)) if self.is_usable() => {
                    tried = true;
                }
                other => return other,
            }
        }
        let listed = self.read_list("LIST", dir, reader, to)?;
        // What is empty both ways says nothing about `-a`.
        if tried && listed.entries > 0 {
            self.learn_fact(|facts| facts.list_all = false);
        }
        Ok(listed)
    }

    fn read_list(
        &mut self,
        verb: &str,
        path: Option<&RemotePath>,
        mut reader: ListReader,
        to: &mut Use<'_, '_>,
    ) -> Result<Listed, Cause> {
        let mut transfer = self.begin_listing(verb, path, Type::Image)?;
        let mut listed = Listed::default();
        let read = match to {
            Use::Read(visit) => read_entries(&mut transfer, &mut reader, visit),
            Use::Passed(raw) => pass(&mut transfer, raw).inspect(|bytes| listed.entries = *bytes),
        };
        let end = match read {
            Ok(bytes) => transfer.finish_download(bytes, Next::Unknown)?,
            Err(cause @ (Cause::Lost(..) | Cause::TimedOut(..))) => {
                return Err(transfer.broken(cause));
            }
            Err(cause) => return Err(cause),
        };
        listed.entries += reader.entries();
        listed.unknown = reader.unknown();
        listed.truncated = end.says_truncated();
        Ok(listed)
    }

    /// Makes sure that what was listed is a directory. A LIST that shows nothing proves nothing:
    /// vsftpd answers it with 226 for a missing directory too. Being able to enter decides.
    ///
    /// # Errors
    /// The server's refusal, or a lost connection.
    pub fn prove(&mut self, dir: &RemotePath, listed: Listed) -> Result<(), Cause> {
        if listed.entries > 0 || listed.by_mlsd || dir.is_empty() {
            return Ok(());
        }
        done(self.enter(dir)?).map(drop)
    }

    /// What the server tells of one path by MLST, or at least that it is a file, by SIZE. `None`
    /// when there is no such thing, or the server cannot tell.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn entry(&mut self, path: &RemotePath) -> Result<Option<Entry<'static>>, Cause> {
        if self.features()?.mlst {
            let reply = self.ask("MLST", Some(path))?;
            if reply.is_done() {
                return Ok(mlst_reply(reply.raw()).map(Entry::into_owned));
            }
        }
        let name = path.name();
        Ok(self.size(path)?.map(|size| {
            let entry = Entry { size: Some(size), ..Entry::new(&name, Kind::File) };
            entry.into_owned()
        }))
    }
}

/// The login directory is listed by a bare command.
fn some(dir: &RemotePath) -> Option<&RemotePath> {
    (!dir.is_empty()).then_some(dir)
}

/// Whether LIST can be given `dir` as an argument: servers read options in it, expand globs in it
/// (vsftpd), or hand it to a shell that splits it at blanks. MLSD has none of these faults.
pub fn takes_argument(dir: &RemotePath) -> bool {
    let bytes = dir.as_bytes();
    let odd = |b: &u8| b.is_ascii_whitespace() || b"*?[]{}~\\\"'".contains(b);
    !bytes.starts_with(b"-") && !bytes.iter().any(odd)
}

/// Gives each entry of a listing to `visit`; returns the bytes read.
fn read_entries(
    transfer: &mut Transfer<'_>,
    reader: &mut ListReader,
    visit: &mut Visit<'_>,
) -> Result<u64, Cause> {
    let mut guess = transfer.guess().take();
    let mut seen = |entry: Entry<'_>| {
        if let Some(guess) = &mut guess {
            guess.see(&entry.name);
        }
        visit(entry)
    };
    let read = each_line(transfer, &mut |piece| reader.read_piece(piece, &mut seen));
    let read = read.and_then(|bytes| reader.finish(&mut seen).map(|()| bytes));
    *transfer.guess() = guess;
    read
}

/// Gives each line of a listing to `visit`; returns the bytes read.
fn each_line(
    transfer: &mut Transfer<'_>,
    visit: &mut dyn FnMut(Piece<'_>) -> Result<(), Cause>,
) -> Result<u64, Cause> {
    let (mut lines, mut total) = (Lines::default(), 0);
    loop {
        let count = receive(transfer, lines.room())?;
        lines.filled(count);
        total += count as u64;
        let endless = |NoLineEnd| Cause::Protocol("a listing line without end".into());
        while let Some(piece) = lines.next_piece().map_err(endless)? {
            visit(piece)?;
        }
        if count == 0 {
            return Ok(total);
        }
    }
}

/// Gives all bytes of a listing to `raw`; returns how many there were.
fn pass(transfer: &mut Transfer<'_>, raw: &mut Raw<'_>) -> Result<u64, Cause> {
    let (mut buffer, mut total) = (vec![0; MAX_LINE], 0);
    loop {
        let count = receive(transfer, &mut buffer)?;
        if count == 0 {
            return Ok(total);
        }
        raw(buffer.get(..count).unwrap_or_default())?;
        total += count as u64;
    }
}

fn receive(transfer: &mut Transfer<'_>, room: &mut [u8]) -> Result<usize, Cause> {
    loop {
        match transfer.stream.read(room) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Cause::lost(Phase::Data, error, transfer.timeout())),
        }
    }
}
