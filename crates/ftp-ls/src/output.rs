//! Standard output of ftp-ls: entries, headings between directories, raw bytes. What an entry looks
//! like is in `format`.

use std::io::{self, BufWriter, StdoutLock, Write};

use ftp_core::charset::{Charset, for_terminal};
use ftp_core::error::Cause;
use ftp_core::face::local_stdout;
use ftp_core::line::{Lines, NoLineEnd, Piece};
use ftp_core::listing::{Entry, Kind};
use ftp_core::path::{BadByte, RemotePath};
use ftp_core::url::Origin;

use crate::format::{Form, Shape, Shown};

/// Where an entry is: the place of its directory, and its name there.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The server and the directory; `None` where nobody knows (`--parse` without `--base`).
    pub dir: Option<(&'a Origin, &'a RemotePath)>,
    /// The name in that directory, or a relative path; the server's bytes.
    pub name: &'a [u8],
}

pub struct Output {
    out: BufWriter<StdoutLock<'static>>,
    pub shape: Shape,
    types: Option<Vec<Kind>>,
    line: Vec<u8>,
    /// Whether anything was printed.
    begun: bool,
    /// Whether what was printed last belongs to a directory with a heading.
    in_directory: bool,
    /// Names that were printed as no one can type them back.
    untypeable: u64,
}

impl Output {
    /// Prints entries of the kinds in `types`, or of all.
    pub fn new(shape: Shape, types: Option<Vec<Kind>>) -> Self {
        Self {
            out: BufWriter::with_capacity(64 * 1024, io::stdout().lock()),
            shape,
            types,
            line: Vec::with_capacity(256),
            begun: false,
            in_directory: false,
            untypeable: 0,
        }
    }

    /// The charset that names are shown in from now on.
    pub fn set_charset(&mut self, charset: Charset) {
        self.shape.charset = charset;
    }

    /// Whether entries of this kind are printed.
    pub fn shows(&self, kind: Kind) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(&kind))
    }

    /// Prints an entry of a directory under the name `shown`.
    ///
    /// # Errors
    /// Stdout fails, or the name is one that no URL can carry.
    pub fn entry(
        &mut self,
        place: Place<'_>,
        shown: &[u8],
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        if !self.shows(entry.kind) {
            return Ok(());
        }
        let url = match place.dir {
            Some((origin, dir)) if self.shape.urls || self.shape.form == Form::Json => {
                Some(url(origin, &join(dir, place.name)?, entry.kind))
            }
            _ => None,
        };
        if !self.shape.urls && !self.shape.charset.comes_back(shown) {
            self.untypeable += 1;
        }
        self.line.clear();
        let shown = Shown { name: shown, url: url.as_deref(), entry };
        self.shape.print(&shown, &mut self.line);
        self.begun = true;
        self.out.write_all(&self.line).map_err(local_stdout)
    }

    /// Begins the list of a directory's entries.
    ///
    /// # Errors
    /// Stdout fails.
    pub fn heading(&mut self, url: &[u8]) -> Result<(), Cause> {
        let gap: &[u8] = if self.begun { b"\n" } else { b"" };
        self.begun = true;
        self.in_directory = true;
        self.out.write_all(&[gap, url, b":\n"].concat()).map_err(local_stdout)
    }

    /// Ends the list of a directory's entries, before something that is not in it.
    ///
    /// # Errors
    /// Stdout fails.
    pub fn leave_directory(&mut self) -> Result<(), Cause> {
        if std::mem::take(&mut self.in_directory) {
            self.out.write_all(b"\n").map_err(local_stdout)?;
        }
        Ok(())
    }

    /// Prints bytes of a listing as they are; for a terminal, line by line and escaped.
    ///
    /// # Errors
    /// Stdout fails, or a line has no end.
    pub fn raw(&mut self, bytes: &[u8], lines: &mut Lines) -> Result<(), Cause> {
        if !self.shape.terminal {
            return self.out.write_all(bytes).map_err(local_stdout);
        }
        let mut rest = bytes;
        loop {
            let room = lines.room();
            let count = rest.len().min(room.len());
            let (now, later) = rest.split_at_checked(count).unwrap_or((rest, b""));
            room.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            lines.filled(count);
            self.raw_lines(lines)?;
            rest = later;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    fn raw_lines(&mut self, lines: &mut Lines) -> Result<(), Cause> {
        let endless = |NoLineEnd| Cause::Protocol("a listing line without end".into());
        while let Some(piece) = lines.next_piece().map_err(endless)? {
            let text = match piece {
                Piece::Line(line) | Piece::Unended(line) => {
                    for_terminal(&self.shape.charset.show(line))
                }
                Piece::Overlong => "...".to_owned(),
            };
            writeln!(self.out, "{text}").map_err(local_stdout)?;
        }
        Ok(())
    }

    /// How many names were printed such that typing them would mean another name.
    pub fn untypeable(&self) -> u64 {
        self.untypeable
    }

    /// Writes out what is held back.
    ///
    /// # Errors
    /// Stdout fails.
    pub fn flush(&mut self) -> Result<(), Cause> {
        self.out.flush().map_err(local_stdout)
    }
}

/// The URL of a path. That of a directory ends in a slash, so that it is read as one.
pub fn url(origin: &Origin, path: &RemotePath, kind: Kind) -> Vec<u8> {
    let mut url = origin.url_of(path);
    if kind == Kind::Dir && !url.ends_with(b"/") {
        url.push(b'/');
    }
    url
}

fn join(dir: &RemotePath, name: &[u8]) -> Result<RemotePath, Cause> {
    if name.is_empty() {
        return Ok(dir.clone());
    }
    dir.join(name).map_err(|BadByte(_)| Cause::Protocol("a name with a NUL or CR in it".into()))
}
