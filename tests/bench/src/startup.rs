//! What it costs to start a tool at all, a hundred times, and how large each is.

use std::fs;

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
    contest.run(&Stage::new(place))
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
