//! Which peers and servers there are on this machine.

use std::process::Stdio;

use crate::place::Place;

/// How each says its version.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("ftp-get", &["--version"]),
    ("curl", &["--version"]),
    ("wget", &["--version"]),
    ("ncftpget", &["--version"]),
    ("lftp", &["--version"]),
    ("rclone", &["--version"]),
    ("aria2c", &["--version"]),
    ("python3", &["--version"]),
    ("vsftpd", &["-v"]),
    ("proftpd", &["--version"]),
];

/// A line each; one that is missing is said to be.
pub fn all(place: &Place) -> Vec<String> {
    PROGRAMS.iter().map(|(program, args)| one(place, program, args)).collect()
}

fn one(place: &Place, program: &str, args: &[&str]) -> String {
    let path = place.server(program).or_else(|| place.locate(program));
    let Some(path) = path.filter(|_| place.finds(program)) else {
        return format!("{program}: not installed");
    };
    // vsftpd prints its version to what it takes for a connection: its stdin.
    let mut command = place.command("sh");
    command.args(["-c", "\"$@\" 2>&1 0>&1 | cat", "sh"]).arg(path).args(args);
    let output = command.stderr(Stdio::null()).output();
    let text = output.map(|output| output.stdout.escape_ascii().to_string()).unwrap_or_default();
    let line = text.split("\\n").map(str::trim).find(|line| !line.is_empty());
    line.map_or_else(|| format!("{program}: says no version"), |line| short(line).to_owned())
}

/// curl and lftp tell more than one wants to know.
fn short(line: &str) -> &str {
    let end = [" (", " built on", " | Copyright"].iter().filter_map(|mark| line.find(mark)).min();
    line.split_at_checked(end.unwrap_or(line.len())).map_or(line, |(line, _)| line)
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_version_is_short() {
        for (line, wanted) in [
            ("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1", "curl 7.88.1"),
            ("GNU Wget 1.21.3 built on linux-gnu.", "GNU Wget 1.21.3"),
            ("LFTP | Version 4.9.2 | Copyright (c) 1996", "LFTP | Version 4.9.2"),
            ("vsftpd: version 3.0.3", "vsftpd: version 3.0.3"),
        ] {
            assert_eq!(short(line), wanted);
        }
    }
}
