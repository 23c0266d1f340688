//! From server to server: a large file on loopback, through the client and past it, and five hundred
//! small ones over a link.

use std::{thread, time::Duration};

use servers::{brand::Brand, netns, server::Tls};

use crate::{
    contest::{Contender, Contest, Proof, by},
    lab::{self, Lab, Link, ONE_WAY_MS},
    place::Place,
    stage::Stage,
};

const LARGE: &[Contender] = &[
    by("ftp-pipe", "ftp-pipe", "ftp-pipe --fxp=never $A/big $B/up/big"),
    by("ftp-get | ftp-put", "ftp-get", "ftp-get $A/big | ftp-put $B/up/big"),
    by(
        "lftp",
        "lftp",
        "lftp -c \"set ftp:use-fxp no; open -u $FTP_USER,$FTP_PASSWORD $A && get big -o ftp://$LOGIN@$B_HOST:$B_PORT/up/big\"",
    ),
    by("curl | curl", "curl", "curl -s -u $LOGIN $A/big | curl -s -u $LOGIN -T - $B/up/big"),
    by("rclone", "rclone", "rclone copyto -q a:big b:up/big 2>/dev/null"),
    by(
        "python, blocks of 1 KiB",
        "python3",
        "$PYTHON peer.py relay $A_HOST $A_PORT big $B_HOST $B_PORT up/big",
    ),
];

const FXP: &[Contender] = &[
    by("ftp-pipe", "ftp-pipe", "ftp-pipe --fxp=always $A/big $B/up/big"),
    by(
        "lftp",
        "lftp",
        "lftp -c \"set ftp:use-fxp yes; open -u $FTP_USER,$FTP_PASSWORD $A && get big -o ftp://$LOGIN@$B_HOST:$B_PORT/up/big\"",
    ),
];

const SMALL_ONE: &[Contender] = &[
    by("ftp-pipe", "ftp-pipe", "ftp-pipe -R --fxp=never $A/many $B/up/"),
    by(
        "lftp, down and up",
        "lftp",
        "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && mirror many out\" && lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $B && mirror -R out up/many\"",
    ),
    by(
        "lftp",
        "lftp",
        "lftp -c \"set ftp:use-fxp no; mirror ftp://$LOGIN@$A_HOST:$A_PORT/many ftp://$LOGIN@$B_HOST:$B_PORT/up/many\"",
    ),
    by(
        "rclone",
        "rclone",
        "rclone copy -q --transfers 1 --checkers 1 a:many b:up/many 2>/dev/null",
    ),
];

const SMALL_EIGHT: &[Contender] = &[
    by("ftp-pipe -P 8", "ftp-pipe", "ftp-pipe -R -P 8 --fxp=never $A/many $B/up/"),
    by(
        "lftp, down and up",
        "lftp",
        "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && mirror --parallel=8 many out\" && lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $B && mirror -R --parallel=8 out up/many\"",
    ),
    by(
        "lftp",
        "lftp",
        "lftp -c \"set ftp:use-fxp no; mirror --parallel=8 ftp://$LOGIN@$A_HOST:$A_PORT/many ftp://$LOGIN@$B_HOST:$B_PORT/up/many\"",
    ),
    by("rclone", "rclone", "rclone copy -q --transfers 8 a:many b:up/many 2>/dev/null"),
];

/// Through the client.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn large(place: &Place) -> Result<(), String> {
    between(place, Brand::Vsftpd, ("relay", LARGE), "through the client, two vsftpd")
}

/// From server to server directly.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn fxp(place: &Place) -> Result<(), String> {
    between(place, Brand::Proftpd, ("fxp", FXP), "past the client (FXP), two ProFTPD")
}

fn between(
    place: &Place,
    brand: Brand,
    (key, contenders): (&'static str, &[Contender]),
    how: &str,
) -> Result<(), String> {
    let lab = Lab::new(place)?;
    let source = lab.near(brand, Tls::Off, "127.0.0.1")?;
    let sink = lab.near(brand, Tls::Off, "127.0.0.2")?;
    let bytes = place.scale.large();
    let big = source.root.at("big");
    lab::write_large(&big, bytes)?;
    let contest = Contest {
        key,
        task: &format!("{} MiB {how}, loopback", bytes >> 20),
        bytes: Some(bytes),
        around: "{}",
        contenders,
        reset: &|| {
            lab::clear(&sink.root, "up")?;
            rest(brand);
            lab::warm(&place.here, bytes)
        },
        proof: Proof::Leaves(&|| lab::are_same(&big, &sink.root.at("up/big"))),
        notes: &[],
    };
    let stage = Stage::new(place).server("A", &source, "127.0.0.1");
    contest.run(&stage.server("B", &sink, "127.0.0.2"))
}

/// The master of ProFTPD 1.3.8 sleeps for 0.4 s when a session ends, and greets nobody meanwhile.
fn rest(brand: Brand) {
    if brand == Brand::Proftpd {
        thread::sleep(Duration::from_millis(450));
    }
}

/// Small files, both servers at the far end of one link.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn small(place: &Place) -> Result<(), String> {
    let lab = Lab::new(place)?;
    let link = Link::new(place, ONE_WAY_MS)?;
    let (source, sink) = (lab.far(&link, None)?, lab.far(&link, None)?);
    lab::plant(&source.root, "many")?;
    let stage = link.stage(place, &source).at_most(3).server("B", &sink, netns::SERVER);
    for (key, contenders, lanes) in [
        ("relay-500-one", SMALL_ONE, "one connection to each"),
        ("relay-500-eight", SMALL_EIGHT, "eight connections to each"),
    ] {
        let contest = Contest {
            key,
            task: &format!("500 files of 4 KiB relayed, 20 ms round trip, two vsftpd, {lanes}"),
            bytes: None,
            around: "{}",
            contenders,
            reset: &|| lab::clear(&place.here, "out").and_then(|()| lab::clear(&sink.root, "up")),
            proof: Proof::Leaves(&|| lab::is_planted(&sink.root, "up/many")),
            notes: &[],
        };
        contest.run(&stage)?;
    }
    Ok(())
}
