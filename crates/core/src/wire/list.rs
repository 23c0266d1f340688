//! Listings over the wire: MLSD where the server has it, else LIST, read line by line from the data
//! connection in constant memory.

use std::io::Read;
use std::time::SystemTime;

use super::data::{Next, Transfer};
use super::session::{Session, Type, done, line};
use crate::error::{Cause, Phase};
use crate::line::take_line;
use crate::listing::{Entry, Kind, Line, ListReader, mlst_reply};
use crate::path::RemotePath;

/// Most bytes one line of a listing may take: names end at 255 bytes nearly everywhere.
const MAX_LINE: usize = 64 * 1024;

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
        if self.has_mlsd()? {
            match self.read_list(&line("MLSD", some(dir)), ListReader::mlsd(), visit) {
                Err(Cause::Refused(reply)) if matches!(reply.code(), 500 | 502 | 504) => {
                    self.no_mlsd = true;
                }
                other => return other.map(|listed| Listed { by_mlsd: true, ..listed }),
            }
        }
        if takes_argument(dir) {
            return self.list_unix(some(dir), hidden, visit);
        }
        // A new connection would not know of the CWD.
        self.keep_resumable()?;
        let home = self.home()?;
        self.command("CWD", Some(dir))?;
        self.away = true;
        let listed = self.list_unix(None, hidden, visit);
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
        Ok(self.features()?.mlst && !self.no_mlsd)
    }

    /// LIST, with `-a` first where dotfiles are wanted. A server that takes `-a` for a name
    /// refuses or shows nothing at all; one that knows it shows `.` and `..` at least.
    fn list_unix(
        &mut self,
        dir: Option<&RemotePath>,
        hidden: bool,
        visit: &mut Visit<'_>,
    ) -> Result<Listed, Cause> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let reader = ListReader::list(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        if hidden {
            match self.read_list(&line("LIST -a", dir), reader.clone(), visit) {
                Ok(Listed { entries: 0, .. }) | Err(Cause::Refused(_)) if self.is_usable() => {}
                other => return other,
            }
        }
        self.read_list(&line("LIST", dir), reader, visit)
    }

    fn read_list(
        &mut self,
        command: &[u8],
        mut reader: ListReader,
        visit: &mut Visit<'_>,
    ) -> Result<Listed, Cause> {
        let mut transfer = self.transfer(command, Type::Image)?;
        // Whatever number stands in the 150 of a listing is not the number of its bytes.
        transfer.announced = None;
        let mut entries = 0;
        let read = each_line(&mut transfer, &mut |text| match reader.read(text) {
            Line::Entry(entry) => {
                entries += 1;
                visit(entry)
            }
            Line::Noise | Line::Unknown => Ok(()),
        });
        let end = match read {
            Ok(bytes) => transfer.finish_download(bytes, Next::Unknown)?,
            Err(cause @ (Cause::Lost(..) | Cause::TimedOut(..))) => {
                return Err(transfer.broken(cause));
            }
            Err(cause) => return Err(cause),
        };
        let truncated = end.says_truncated();
        Ok(Listed { entries, unknown: reader.unknown(), truncated, by_mlsd: false })
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
fn takes_argument(dir: &RemotePath) -> bool {
    let bytes = dir.as_bytes();
    let odd = |b: &u8| b.is_ascii_whitespace() || b"*?[]{}~\\\"'".contains(b);
    !bytes.starts_with(b"-") && !bytes.iter().any(odd)
}

/// Gives each line of a listing to `visit`; returns the bytes read.
fn each_line(
    transfer: &mut Transfer<'_>,
    visit: &mut dyn FnMut(&[u8]) -> Result<(), Cause>,
) -> Result<u64, Cause> {
    let (mut buffer, mut filled, mut total) = (vec![0; MAX_LINE], 0, 0);
    loop {
        let room = buffer.get_mut(filled..).unwrap_or_default();
        if room.is_empty() {
            return Err(Cause::Protocol(format!("a listing line of over {MAX_LINE} bytes")));
        }
        let count = match transfer.stream.read(room) {
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Cause::lost(Phase::Data, error, transfer.timeout())),
        };
        filled += count;
        total += count as u64;
        let mut rest = buffer.get(..filled).unwrap_or_default();
        while let Some((text, after)) = take_line(rest) {
            visit(text)?;
            rest = after;
        }
        if count == 0 {
            if !rest.is_empty() {
                visit(rest)?;
            }
            return Ok(total);
        }
        let left = rest.len();
        buffer.copy_within(filled - left..filled, 0);
        filled = left;
    }
}
