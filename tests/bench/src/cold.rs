//! One small file over a link with a round-trip time of 20 ms: what a login costs.

use crate::{
    contest::{Contender, Contest, Proof, by},
    lab::{self, Lab, Link, ONE_WAY_MS},
    place::Place,
};

const CONTENDERS: &[Contender] = &[
    by("ftp-get", "ftp-get", "ftp-get $A/many/f001"),
    by("curl", "curl", "curl -s -u $LOGIN $A/many/f001"),
    by("wget", "wget", "wget -q -O - --user=$FTP_USER --password=$FTP_PASSWORD $A/many/f001"),
    by(
        "ncftp",
        "ncftpget",
        "ncftpget -V -c -u $FTP_USER -p $FTP_PASSWORD -P $A_PORT $A_HOST many/f001",
    ),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && cat many/f001\""),
    by("python ftplib", "python3", "$PYTHON peer.py get $A_HOST $A_PORT many/f001 -"),
];

/// Starts a server at the other end, measures.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn run(place: &Place) -> Result<(), String> {
    let lab = Lab::new(place)?;
    let link = Link::new(place, ONE_WAY_MS)?;
    let server = lab.far(&link, None)?;
    lab::plant(&server.root, "many")?;
    let contest = Contest {
        key: "cold",
        task: "One file of 4 KiB from a cold start, 20 ms round trip, vsftpd",
        bytes: None,
        around: "{}",
        contenders: CONTENDERS,
        reset: &|| Ok(()),
        proof: Proof::Prints(&server.root.at("many/f001")),
        notes: &[],
    };
    contest.run(&link.stage(place, &server))
}
