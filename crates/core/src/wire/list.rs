//! Listings over the wire: MLSD where the server has it, else LIST, read line by line from the data
//! connection in constant memory.

use std::io::Read;
use std::time::SystemTime;

use super::data::{Next, Transfer};
use super::session::{Session, Type, done};
use crate::error::{Cause, Phase};
use crate::line::{Lines, MAX_LINE, NoLineEnd, Piece};
use crate::listing::{Entry, Kind, ListReader, Role, mlst_reply};
use crate::path::RemotePath;

/// How a listing ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Listed {
    /// Entries seen, the directory itself and its parent among them.
    pub entries: u64,
    /// Lines in no known format.
    pub unknown: u64,
    /// Entries are missing: the server says so, or it shows.
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
        self.listing_by_list(dir, hidden, to)
    }

    /// Lists what LIST shows of `path`, whatever else the server has. It is a second opinion where MLSD and MLST are
    /// doubted; of a file it shows the file.
    ///
    /// # Errors
    /// As for [`Self::list`].
    pub fn list_by_list(
        &mut self,
        path: &RemotePath,
        hidden: bool,
        visit: &mut Visit<'_>,
    ) -> Result<Listed, Cause> {
        self.listing_by_list(path, hidden, &mut Use::Read(visit))
    }

    fn listing_by_list(
        &mut self,
        dir: &RemotePath,
        hidden: bool,
        to: &mut Use<'_, '_>,
    ) -> Result<Listed, Cause> {
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
        let read = match to {
            Use::Read(visit) => read_entries(&mut transfer, &mut reader, visit),
            Use::Passed(raw) => pass(&mut transfer, raw),
        };
        let read = match read {
            Ok(read) => read,
            Err(cause @ (Cause::Lost(..) | Cause::TimedOut(..))) => {
                return Err(transfer.broken(cause));
            }
            Err(cause) => return Err(cause),
        };
        let end = transfer.finish_download(read.bytes, Next::Unknown)?;
        let is_raw = matches!(to, Use::Passed(_));
        let lines = if is_raw { read.lines } else { reader.entries() + reader.unknown() };
        let lacks_itself =
            !is_raw && self.lacks_itself(verb, (reader.entries(), read.shows_itself));
        let is_short = end.matches().is_some_and(|matches| lines < matches);
        Ok(Listed {
            entries: if is_raw { read.bytes } else { reader.entries() },
            unknown: reader.unknown(),
            truncated: end.says_truncated() || read.is_cut || is_short || lacks_itself,
            by_mlsd: false,
        })
    }

    /// Whether an empty listing does not even show the directory itself, as others of this server do.
    fn lacks_itself(&mut self, verb: &str, (entries, shows): (u64, bool)) -> bool {
        let facts = self.facts();
        let others_do = match verb {
            "MLSD" => facts.mlsd_shows_itself,
            "LIST -a" => facts.list_shows_itself,
            _ => return false,
        };
        if shows && !others_do {
            self.learn_fact(|facts| match verb {
                "MLSD" => facts.mlsd_shows_itself = true,
                _ => facts.list_shows_itself = true,
            });
        }
        others_do && entries == 0
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

/// The bytes of a listing.
#[derive(Clone, Copy, Debug, Default)]
struct Received {
    bytes: u64,
    /// Lines that have an end.
    lines: u64,
    /// The last line has no end: it is a part of one, and not looked at.
    is_cut: bool,
    /// The directory itself was among the entries.
    shows_itself: bool,
}

/// Gives each entry of a listing to `visit`.
fn read_entries(
    transfer: &mut Transfer<'_>,
    reader: &mut ListReader,
    visit: &mut Visit<'_>,
) -> Result<Received, Cause> {
    let mut guess = transfer.guess().take();
    let mut shows_itself = false;
    let mut seen = |entry: Entry<'_>| {
        shows_itself |= entry.role == Role::Itself;
        if let Some(guess) = &mut guess {
            guess.see(&entry.name);
        }
        visit(entry)
    };
    let read = each_line(transfer, &mut |piece| reader.read_piece(piece, &mut seen));
    let read = read.and_then(|read| reader.finish(&mut seen).map(|()| read));
    *transfer.guess() = guess;
    read.map(|read| Received { shows_itself, ..read })
}

/// Gives each whole line of a listing to `visit`.
fn each_line(
    transfer: &mut Transfer<'_>,
    visit: &mut dyn FnMut(Piece<'_>) -> Result<(), Cause>,
) -> Result<Received, Cause> {
    let (mut lines, mut read) = (Lines::default(), Received::default());
    loop {
        let count = receive(transfer, lines.room())?;
        lines.filled(count);
        read.bytes += count as u64;
        let endless = |NoLineEnd| Cause::Protocol("a listing line without end".into());
        while let Some(piece) = lines.next_piece().map_err(endless)? {
            match piece {
                Piece::Unended(_) => read.is_cut = true,
                whole => visit(whole)?,
            }
        }
        if count == 0 {
            return Ok(read);
        }
    }
}

/// Gives all bytes of a listing to `raw`.
fn pass(transfer: &mut Transfer<'_>, raw: &mut Raw<'_>) -> Result<Received, Cause> {
    let (mut buffer, mut read) = (vec![0; MAX_LINE], Received::default());
    loop {
        let count = receive(transfer, &mut buffer)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(read);
        };
        raw(bytes)?;
        read.bytes += count as u64;
        read.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        read.is_cut = !bytes.ends_with(b"\n");
    }
}

fn receive(transfer: &mut Transfer<'_>, room: &mut [u8]) -> Result<usize, Cause> {
    loop {
        match transfer.stream.read(room) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // TLS without close_notify, as some servers end it: the 226 and the last line tell whether that is all.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                transfer.note_unclosed();
                return Ok(0);
            }
            Err(error) => return Err(Cause::lost(Phase::Data, error, transfer.timeout())),
        }
    }
}
