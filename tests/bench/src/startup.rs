//! What it costs to start a tool at all, a hundred times, and how large each is.

use std::{
    fs,
    io::{self, Write},
    net::TcpListener,
    thread,
};

use crate::{
    contest::{Contender, Contest, Proof, by},
    place::Place,
    stage::Stage,
};

const CONTENDERS: &[Contender] = &[
    by("ftp-ls", "ftp-ls", "for i in $(seq 100); do ftp-ls --version; done"),
    by("curl", "curl", "for i in $(seq 100); do curl --version; done"),
    by("wget", "wget", "for i in $(seq 100); do wget --version; done"),
    by("lftp", "lftp", "for i in $(seq 100); do lftp --version; done"),
    by("rclone", "rclone", "for i in $(seq 100); do rclone --version; done"),
];

/// Each sends what it has to say to whoever listens there, and ends when it is turned away.
const AT_THE_DOOR: &[Contender] = &[
    by("ftp-get", "ftp-get", "for i in $(seq 100); do ftp-get $DOOR/x || :; done"),
    by("curl", "curl", "for i in $(seq 100); do curl $DOOR/x || :; done"),
    by("wget", "wget", "for i in $(seq 100); do wget --tries=1 $DOOR/x || :; done"),
    by(
        "lftp",
        "lftp",
        "for i in $(seq 100); do lftp -c \"set net:max-retries 1; cat $DOOR/x\" || :; done",
    ),
];

/// Whose size is told. A peer's libraries come on top.
const SIZED: [&str; 12] = [
    "ftp-ls", "ftp-get", "ftp-put", "ftp-rm", "ftp-pipe", "curl", "wget", "ncftpget", "lftp",
    "rclone", "aria2c", "ftp",
];

/// Starts each.
///
/// # Errors
/// A contender fails.
pub fn run(place: &Place) -> Result<(), String> {
    let notes = [sizes(place)];
    let contest = Contest {
        key: "startup",
        task: "`--version`, a hundred times",
        bytes: None,
        around: "{} >/dev/null",
        contenders: CONTENDERS,
        reset: &|| Ok(()),
        proof: Proof::Ends,
        notes: &notes,
    };
    contest.run(&Stage::new(place))?;
    at_the_door(place)
}

/// From exec to the server's ear and back.
fn at_the_door(place: &Place) -> Result<(), String> {
    let address = porter().map_err(|error| format!("a port on loopback: {error}"))?;
    let contest = Contest {
        key: "startup-door",
        task: "started, connected on loopback, turned away by the greeting, a hundred times",
        bytes: None,
        around: "{} >/dev/null 2>&1",
        contenders: AT_THE_DOOR,
        reset: &|| Ok(()),
        proof: Proof::Ends,
        notes: &[],
    };
    contest.run(&Stage::new(place).with("DOOR", &format!("ftp://{address}")))
}

/// Turns away everybody, until the benchmark ends.
fn porter() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    thread::spawn(move || {
        for mut guest in listener.incoming().flatten() {
            let _ = guest.write_all(b"500 not here\r\n");
        }
    });
    Ok(address)
}

fn sizes(place: &Place) -> String {
    let size = |name: &&str| {
        let bytes = fs::metadata(place.locate(name)?).ok()?.len();
        Some(format!("{name} {:.2} MiB", bytes as f64 / f64::from(1 << 20)))
    };
    let sizes: Vec<_> = SIZED.iter().filter_map(size).collect();
    let text = "Files on disk, without the shared libraries that the peers load besides";
    format!("{text}: {}", sizes.join(", "))
}
