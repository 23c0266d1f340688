//! The times of local files and directories, read and set.

use std::io;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

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
    /// Notes the time of a directory: each file that comes into it changes that again.
    pub fn date_later(&self, folder: Spot, time: i64) {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).push((folder, time));
    }

    /// Gives directories their times, when all is in them.
    pub fn date_folders(self, mut report: Report) -> Report {
        let folders = self.folders.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (folder, time) in folders {
            let dated = folder.folder().and_then(|dir| dir.set_modified(moment(time)));
            if let Err(error) = dated {
                report.failed(&local(folder.shown(), error));
            }
        }
        report
    }
}
