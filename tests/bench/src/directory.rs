//! A directory of a hundred thousand and of a million files on a real vsftpd: `ftp-ls` beside
//! `curl -l | sort` and lftp.
//!
//! vsftpd has no MLSD, so ftp-ls reads its LIST, three times as many bytes as curl's NLST.

use std::{fs::File, path::Path};

use servers::{brand::Brand, server::Tls};

use crate::{
    contest::{Contender, Contest, Proof, by},
    lab::Lab,
    names::{Random, write_name},
    place::Place,
    stage::Stage,
};

const NAMES: Contender = by("ftp-ls", "ftp-ls", "ftp-ls $A/");
const BYTEWISE: Contender =
    by("curl | LC_ALL=C sort", "curl", "curl -s -l -u $LOGIN $A/ | LC_ALL=C sort");
const LOCAL: Contender = by("curl | sort", "curl", "curl -s -l -u $LOGIN $A/ | sort");
const LFTP: Contender =
    by("lftp cls", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && cls -1\"");

/// Both sizes.
///
/// # Errors
/// The server does not start, a contender fails or gives other names.
pub fn run(place: &Place) -> Result<(), String> {
    list(place, ("list-100k", 100_000), &[NAMES, BYTEWISE, LOCAL, LFTP])?;
    list(place, ("list-1m", 1_000_000), &[NAMES, BYTEWISE, LOCAL])
}

fn list(
    place: &Place,
    (key, files): (&'static str, u64),
    contenders: &[Contender],
) -> Result<(), String> {
    let lab = Lab::new(place)?;
    let server = lab.near(Brand::Vsftpd, Tls::Off, "127.0.0.1")?;
    fill(server.root.path(), files)
        .map_err(|error| format!("{}: {error}", server.root.path().display()))?;
    let contest = Contest {
        key,
        task: &format!("{files} files in one directory of vsftpd: names, sorted"),
        bytes: None,
        around: "{} >/dev/null",
        contenders,
        reset: &|| Ok(()),
        proof: Proof::Lines(files),
        notes: &[],
    };
    contest.run(&Stage::new(place).server("A", &server, "127.0.0.1"))
}

fn fill(folder: &Path, files: u64) -> std::io::Result<()> {
    let (mut random, mut name) = (Random::new(), String::new());
    for number in 0..files {
        write_name(&mut name, number, &mut random);
        File::create(folder.join(&name))?;
    }
    Ok(())
}
