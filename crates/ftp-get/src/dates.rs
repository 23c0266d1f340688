//! The times of local files and directories, read and set.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use ftp_core::error::{Cause, Failure};
use ftp_core::kept::Kept;
use ftp_core::listing::{By, Entry, Kind, Stamp};
use ftp_core::local::Draft;
use ftp_core::newer::Version;
use ftp_core::place::Spot;
use ftp_core::report::Report;
use ftp_core::sys::Sort;

use crate::run::{Get, local};

/// Size and time of a file; `None` when there is none.
pub fn of(file: &Spot) -> Option<Version> {
    let found = file.open().and_then(|place| place.look()).ok()??;
    let version = Version { size: Some(found.size), modified: Some(found.modified) };
    (found.sort == Sort::File).then_some(version)
}

/// Gives a file that is being written the time it will have, in seconds since 1970.
pub fn set(draft: &Draft, time: i64) -> io::Result<()> {
    match draft {
        Draft::Direct(_) => Ok(()),
        draft => draft.file().set_modified(moment(time)),
    }
}

/// Times before 1970, and those that the system cannot hold, become that.
fn moment(time: i64) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(time).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

impl Get {
    /// Notes the time of a directory below that of `-d`: each file that comes into it changes that again.
    pub fn date_later(&self, report: &mut Report, folder: &Spot, time: i64) {
        let mut entry = Entry::new(b"", Kind::Dir);
        entry.modified = Some(Stamp { seconds: time, utc: true });
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let folders = folders.get_or_insert_with(|| Kept::new(By::Arrival, false));
        if let Err(unkept) = folders.push(&folder.below(), &entry) {
            report.failed(&Failure::new(shown(folder), unkept.into()));
        }
    }

    /// Gives directories their times, when all is in them.
    pub fn date_folders(self, mut report: Report) -> Report {
        let folders = self.folders.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (Some(folders), Some(top)) = (folders, self.top.get()) else { return report };
        if let Err(cause) = date_all(top, folders, &mut report) {
            report.failed(&Failure::new(shown(top), cause));
        }
        report
    }
}

/// How many bytes of the directories stay in memory while they are dated.
const HELD: usize = 1024 * 1024;

fn date_all(top: &Spot, folders: Kept, report: &mut Report) -> Result<(), Cause> {
    let mut folders = folders.in_order(HELD)?;
    while let Some(entry) = folders.next_entry().map_err(Cause::Local)? {
        let mut names = entry.name.split(|&b| b == b'/').filter(|name| !name.is_empty());
        let folder = names.try_fold(top.clone(), |spot, name| spot.child(name));
        let (Some(folder), Some(time)) = (folder, entry.modified) else { continue };
        let dated = folder.folder().and_then(|dir| dir.set_modified(moment(time.seconds)));
        if let Err(error) = dated {
            report.failed(&local(folder.shown(), error));
        }
    }
    Ok(())
}

fn shown(folder: &Spot) -> Vec<u8> {
    folder.shown().as_os_str().as_bytes().to_vec()
}
