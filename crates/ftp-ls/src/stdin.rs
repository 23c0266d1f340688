//! `--parse`: a raw listing from stdin in place of a server.

use std::io::{self, Read};

use ftp_core::charset::{Charset, Guess};
use ftp_core::error::Cause;
use ftp_core::kept::Kept;
use ftp_core::line::{Lines, NoLineEnd};
use ftp_core::listing::{By, Entry, ListReader};
use ftp_core::path::RemotePath;
use ftp_core::report::Report;
use ftp_core::url::{Address, Target};
use ftp_core::wire::Listed;

use crate::output::{Output, Place};
use crate::plan::Look;
use crate::run::{self, Member, complete, keep, member};

/// Prints the listing on stdin as it would be printed if a server had sent it at `now`. `base` is
/// its directory.
///
/// # Errors
/// Stdin or stdout fail, or nothing could be read of what came.
pub fn list(
    out: &mut Output,
    look: &Look,
    report: &mut Report,
    now: i64,
    base: Option<&Address>,
) -> Result<(), Cause> {
    let dir = base.and_then(|base| match &base.target {
        Target::Path(path) => Some((&base.origin, path)),
        _ => None,
    });
    let root = dir.map_or_else(RemotePath::default, |(_, path)| path.trimmed());
    let mut kept = Kept::new(look.by, look.reverse);
    let mut guess = Guess::default();
    let stream = look.by == By::Arrival && !look.reverse && !look.guessing;
    let listed = read(ListReader::list(now), &mut |entry| {
        if look.guessing {
            guess.see(&entry.name);
        }
        match member(&root, look.hidden, &entry) {
            Member::Shown(name) if stream => out.entry(Place { dir, name }, name, &entry),
            Member::Shown(name) => keep(look.shape.form, &mut kept, name, &entry),
            Member::Hidden => Ok(()),
            Member::Odd => {
                report.cause(entry.name.to_vec(), Cause::leads_out());
                Ok(())
            }
        }
    })?;
    if look.guessing {
        adopt(out, report, &guess);
    }
    let mut entries = run::read(kept)?;
    while let Some(entry) = entries.next_entry().map_err(Cause::Local)? {
        out.entry(Place { dir, name: &entry.name }, &entry.name, &entry)?;
    }
    complete(report, b"stdin", listed)
}

fn adopt(out: &mut Output, report: &mut Report, guess: &Guess) {
    report.charset = guess.charset("").unwrap_or(Charset::Bytes);
    let name = report.charset.name().unwrap_or("bytes as they are");
    report.done(&format!("stdin: names are taken for {name}"));
    out.set_charset(report.charset);
}

fn read(
    mut reader: ListReader,
    found: &mut dyn FnMut(Entry<'_>) -> Result<(), Cause>,
) -> Result<Listed, Cause> {
    let (mut stdin, mut lines) = (io::stdin().lock(), Lines::default());
    loop {
        let count = match stdin.read(lines.room()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count.map_err(Cause::Local)?,
        };
        lines.filled(count);
        let endless = |NoLineEnd| Cause::Operand("a line without end".into());
        while let Some(piece) = lines.next_piece().map_err(endless)? {
            reader.read_piece(piece, found)?;
        }
        if count == 0 {
            break;
        }
    }
    reader.finish(found)?;
    let (entries, unknown) = (reader.entries(), reader.unknown());
    Ok(Listed { entries, unknown, ..Listed::default() })
}
