//! A file from a server that gives each connection 2 MB/s, over a link with a round-trip time of
//! 100 ms: what more connections bring.

use crate::{
    contest::{Contender, Contest, Proof, by},
    lab::{self, Lab, Link},
    place::Place,
};

const ONE_WAY_MS: u32 = 50;
const RATE: u32 = 2_000_000;
const MIB: u64 = 64;

const ONE: &[Contender] = &[
    by("ftp-get", "ftp-get", "ftp-get -o out/big $A/big"),
    by("curl", "curl", "curl -s -u $LOGIN $A/big -o out/big"),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && get -O out big\""),
];

const EIGHT: &[Contender] = &[
    by("ftp-get --segments 8", "ftp-get", "ftp-get --segments 8 -o out/big $A/big"),
    by(
        "lftp pget",
        "lftp",
        "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && pget -n 8 big -o out/big\"",
    ),
    by(
        "aria2",
        "aria2c",
        "aria2c -q -x8 -s8 -k1M -d out --ftp-user=$FTP_USER --ftp-passwd=$FTP_PASSWORD $A/big",
    ),
];

/// Over one connection and over eight.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn run(place: &Place) -> Result<(), String> {
    let lab = Lab::new(place)?;
    let link = Link::new(place, ONE_WAY_MS)?;
    let server = lab.far(&link, Some(RATE))?;
    let bytes = place.scale.bytes(MIB);
    let big = server.root.at("big");
    lab::write_large(&big, bytes)?;
    for (key, contenders, lanes) in
        [("rate-one", ONE, "one connection"), ("rate-eight", EIGHT, "eight connections")]
    {
        let contest = Contest {
            key,
            task: &format!(
                "{} MiB, 100 ms round trip, vsftpd with 2 MB/s a connection, {lanes}",
                bytes >> 20
            ),
            bytes: Some(bytes),
            around: "{}",
            contenders,
            reset: &|| lab::clear(&place.here, "out"),
            proof: Proof::Leaves(&|| lab::are_same(&big, &place.here.at("out/big"))),
            notes: &[],
        };
        contest.run(&link.stage(place, &server).at_most(3))?;
    }
    Ok(())
}
