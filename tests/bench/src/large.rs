//! A large file on loopback, to and from files and pipes, in the clear and under TLS: what the bytes
//! cost, the network being none.

use std::fs;

use servers::{
    brand::Brand,
    server::{Server, Tls},
};

use crate::{
    contest::{Contender, Contest, Proof, by},
    lab::{self, Lab},
    place::Place,
    stage::Stage,
};

/// The size of the file under TLS.
const TLS_MIB: u64 = 512;

const TO_FILE: &[Contender] = &[
    by("ftp-get", "ftp-get", "ftp-get -o out/big $A/big"),
    by("curl", "curl", "curl -s -u $LOGIN $A/big -o out/big"),
    by("wget", "wget", "wget -q -O out/big --user=$FTP_USER --password=$FTP_PASSWORD $A/big"),
    by("ncftp", "ncftpget", "ncftpget -V -u $FTP_USER -p $FTP_PASSWORD -P $A_PORT $A_HOST out big"),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && get -O out big\""),
    by(
        "aria2",
        "aria2c",
        "aria2c -q -x1 -d out --file-allocation=none --ftp-user=$FTP_USER --ftp-passwd=$FTP_PASSWORD $A/big",
    ),
    by("python ftplib", "python3", "$PYTHON peer.py get $A_HOST $A_PORT big out/big"),
];

const TO_STDOUT: &[Contender] = &[
    by("ftp-get", "ftp-get", "ftp-get $A/big"),
    by("curl", "curl", "curl -s -u $LOGIN $A/big"),
    by("wget", "wget", "wget -q -O - --user=$FTP_USER --password=$FTP_PASSWORD $A/big"),
    by("ncftp", "ncftpget", "ncftpget -V -c -u $FTP_USER -p $FTP_PASSWORD -P $A_PORT $A_HOST big"),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && cat big\""),
    by("python ftplib", "python3", "$PYTHON peer.py get $A_HOST $A_PORT big -"),
];

const FROM_FILE: &[Contender] = &[
    by("ftp-put", "ftp-put", "ftp-put big $A/up/"),
    by("curl", "curl", "curl -s -u $LOGIN -T big $A/up/"),
    by("ncftp", "ncftpput", "ncftpput -V -u $FTP_USER -p $FTP_PASSWORD -P $A_PORT $A_HOST up big"),
    by("lftp", "lftp", "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && put -O up big\""),
    by("python ftplib", "python3", "$PYTHON peer.py put $A_HOST $A_PORT big up/big"),
];

const FROM_STDIN: &[Contender] = &[
    by("ftp-put", "ftp-put", "ftp-put $A/up/big"),
    by("curl", "curl", "curl -s -u $LOGIN -T - $A/up/big"),
    by(
        "ncftp",
        "ncftpput",
        "ncftpput -V -c -u $FTP_USER -p $FTP_PASSWORD -P $A_PORT $A_HOST up/big",
    ),
    by(
        "lftp",
        "lftp",
        "lftp -c \"open -u $FTP_USER,$FTP_PASSWORD $A && put /dev/stdin -o up/big\"",
    ),
    by("rclone", "rclone", "rclone rcat -q a:up/big 2>/dev/null"),
    by("python ftplib", "python3", "$PYTHON peer.py put $A_HOST $A_PORT - up/big"),
];

const TLS_TO_FILE: &[Contender] = &[
    by("ftp-get", "ftp-get", "ftp-get --tls=require --cacert $CA -o out/big $A/big"),
    by("curl", "curl", "curl -s --ssl-reqd --cacert $CA -u $LOGIN $A/big -o out/big"),
    by(
        "lftp",
        "lftp",
        "lftp -c \"set ftp:ssl-allow yes; set ftp:ssl-force yes; set ssl:ca-file $CA; open -u $FTP_USER,$FTP_PASSWORD $A && get -O out big\"",
    ),
    by("python ftplib", "python3", "TLS_CA=$CA $PYTHON peer.py get $A_HOST $A_PORT big out/big"),
];

const TLS_TO_STDOUT: &[Contender] = &[
    by("ftp-get", "ftp-get", "ftp-get --tls=require --cacert $CA $A/big"),
    by("curl", "curl", "curl -s --ssl-reqd --cacert $CA -u $LOGIN $A/big"),
    by(
        "lftp",
        "lftp",
        "lftp -c \"set ftp:ssl-allow yes; set ftp:ssl-force yes; set ssl:ca-file $CA; open -u $FTP_USER,$FTP_PASSWORD $A && cat big\"",
    ),
    by("python ftplib", "python3", "TLS_CA=$CA $PYTHON peer.py get $A_HOST $A_PORT big -"),
];

const TLS_FROM_FILE: &[Contender] = &[
    by("ftp-put", "ftp-put", "ftp-put --tls=require --cacert $CA big $A/up/"),
    by("curl", "curl", "curl -s --ssl-reqd --cacert $CA -u $LOGIN -T big $A/up/"),
    by(
        "lftp",
        "lftp",
        "lftp -c \"set ftp:ssl-allow yes; set ftp:ssl-force yes; set ssl:ca-file $CA; open -u $FTP_USER,$FTP_PASSWORD $A && put -O up big\"",
    ),
    by("python ftplib", "python3", "TLS_CA=$CA $PYTHON peer.py put $A_HOST $A_PORT big up/big"),
];

/// A direction, and what stands at our end of it.
struct Way {
    key: &'static str,
    what: &'static str,
    around: &'static str,
    contenders: &'static [Contender],
}

const ALONE: &str = "{}";
const TO_PIPE: &str = "{} | cat >/dev/null";
const TO_NULL: &str = "{} >/dev/null";
const FROM_PIPE: &str = "cat big | {}";

const DOWN: &[Way] = &[
    Way { key: "get-file", what: "down to a file", around: ALONE, contenders: TO_FILE },
    Way { key: "get-pipe", what: "down to a pipe", around: TO_PIPE, contenders: TO_STDOUT },
    Way { key: "get-null", what: "down to /dev/null", around: TO_NULL, contenders: TO_STDOUT },
];

const UP: &[Way] = &[
    Way { key: "put-file", what: "up from a file", around: ALONE, contenders: FROM_FILE },
    Way { key: "put-pipe", what: "up from a pipe", around: FROM_PIPE, contenders: FROM_STDIN },
];

const TLS: &[Way] = &[
    Way {
        key: "tls-get-file",
        what: "down to a file, TLS",
        around: ALONE,
        contenders: TLS_TO_FILE,
    },
    Way {
        key: "tls-get-pipe",
        what: "down to a pipe, TLS",
        around: TO_PIPE,
        contenders: TLS_TO_STDOUT,
    },
    Way {
        key: "tls-put-file",
        what: "up from a file, TLS",
        around: ALONE,
        contenders: TLS_FROM_FILE,
    },
];

/// Downloads.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn get(place: &Place) -> Result<(), String> {
    all(place, DOWN, Tls::Off, place.scale.large())
}

/// Uploads.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn put(place: &Place) -> Result<(), String> {
    all(place, UP, Tls::Off, place.scale.large())
}

/// Both, under TLS.
///
/// # Errors
/// It cannot be set up, or a contender fails.
pub fn tls(place: &Place) -> Result<(), String> {
    all(place, TLS, Tls::Any, place.scale.bytes(TLS_MIB))
}

fn all(place: &Place, ways: &[Way], tls: Tls, bytes: u64) -> Result<(), String> {
    let lab = Lab::new(place)?;
    let server = lab.near(Brand::Vsftpd, tls, "127.0.0.1")?;
    let (big, here) = (server.root.at("big"), place.here.at("big"));
    lab::write_large(&big, bytes)?;
    // Uploads send the same file; a second name of it needs no memory.
    let _ = fs::remove_file(&here);
    fs::hard_link(&big, &here).map_err(|error| format!("{}: {error}", here.display()))?;
    let stage = Stage::new(place).server("A", &server, "127.0.0.1");
    let stage = stage.with("CA", &server.ca.display().to_string());
    let done = ways.iter().try_for_each(|way| one(&stage, &server, way, bytes));
    fs::remove_file(&here).map_err(|error| format!("{}: {error}", here.display()))?;
    done
}

fn one(stage: &Stage<'_>, server: &Server, way: &Way, bytes: u64) -> Result<(), String> {
    let here = &stage.place.here;
    let big = server.root.at("big");
    let is_download = way.key.contains("get");
    let result = if is_download { here.at("out/big") } else { server.root.at("up/big") };
    let compare = || lab::are_same(&big, &result);
    let is_file = result_is_a_file(way);
    let reset = || {
        lab::clear(here, "out")?;
        lab::clear(&server.root, "up")?;
        if is_file { lab::warm(here, bytes) } else { Ok(()) }
    };
    let contest = Contest {
        key: way.key,
        task: &format!("{} MiB {}, loopback, vsftpd", bytes >> 20, way.what),
        bytes: Some(bytes),
        around: way.around,
        contenders: way.contenders,
        reset: &reset,
        proof: if is_file { Proof::Leaves(&compare) } else { Proof::Prints(&big) },
        notes: &[],
    };
    contest.run(stage)
}

fn result_is_a_file(way: &Way) -> bool {
    !way.around.starts_with("{} ")
}
