//! How each kind of server is configured: root is the served folder, one user, writable, names kept
//! as bytes, no limit that a test would meet.

pub mod embedded;
mod proftpd;
mod pure_ftpd;
mod pyftpdlib;
mod vsftpd;

use crate::server::{Lack, Need, Site};

/// `secret`, hashed with few rounds: a login shall not take longer for the test than for a user.
const HASH: &str = include_str!("secret.crypt").trim_ascii_end();

/// The servers we know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Brand {
    /// libunftp, built by cargo.
    Embedded,
    /// vsftpd from Debian.
    Vsftpd,
    /// ProFTPD from Debian.
    Proftpd,
    /// Pure-FTPd from Debian.
    PureFtpd,
    /// pyftpdlib from PyPI.
    Pyftpdlib,
}

impl Brand {
    /// Writes the configuration and says what to start.
    ///
    /// # Errors
    /// A file that cannot be written; a server that is not started by command.
    pub fn command(self, site: &Site<'_>) -> Result<Vec<String>, String> {
        match self {
            Self::Embedded => Err("the embedded server is started directly".to_owned()),
            Self::Vsftpd => vsftpd::command(site),
            Self::Proftpd => proftpd::command(site),
            Self::PureFtpd => pure_ftpd::command(site),
            Self::Pyftpdlib => pyftpdlib::command(site),
        }
    }

    /// What this kind cannot do, found by trying.
    pub fn lacks(self) -> &'static [Lack] {
        match self {
            Self::Embedded => &[
                (Need::Fxp, "libunftp knows no PORT"),
                (Need::Time, "libunftp, built to be debugged, takes minutes for 4 GiB"),
                (Need::SiteCopy, "libunftp copies no files"),
                (Need::RawNames, "libunftp shows a byte that is not UTF-8 as U+FFFD"),
                (Need::SetTime, "libunftp has no MFMT"),
                (Need::Chmod, "libunftp has no SITE CHMOD"),
                (Need::Checksums, "libunftp computes no checksums"),
                (Need::Ascii, "libunftp answers TYPE A with `always in binary mode`"),
            ],
            Self::PureFtpd => &[
                (Need::Sscn, "Pure-FTPd has no SSCN"),
                (Need::SiteCopy, "Pure-FTPd copies no files"),
                (Need::Fxp, "Pure-FTPd takes no address but the client's"),
                (Need::EdgeBlanks, "Pure-FTPd stores blanks at the ends of a name as underscores"),
                (Need::Checksums, "Pure-FTPd computes no checksums"),
                (Need::Backslash, "Pure-FTPd answers 553 to a name with a backslash"),
            ],
            Self::Vsftpd => &[
                (Need::Fxp, "vsftpd takes no address but the client's"),
                (Need::SiteCopy, "vsftpd copies no files"),
                (Need::Checksums, "vsftpd computes no checksums"),
            ],
            Self::Pyftpdlib => &[
                (Need::Sscn, "pyftpdlib has no SSCN"),
                (Need::SiteCopy, "pyftpdlib copies no files"),
                (Need::Checksums, "pyftpdlib computes no checksums"),
            ],
            Self::Proftpd => &[],
        }
    }
}

/// Paths as words of a command line; ours are ASCII.
fn words<const N: usize>(words: [&dyn std::fmt::Display; N]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
