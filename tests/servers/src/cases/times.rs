//! Times, permissions and parts of files: `-p`, `-N`, `-n`, `--chmod`, `--range`, `--verify`.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Case, Outcome, case, holds, pattern, same_bytes};
use crate::server::Need;
use crate::{server::Server, tools::Tools};

pub(super) const CASES: &[Case] = &[
    case("get -p keeps the time", get_keeps),
    case("get -p -R keeps the times of a tree", get_keeps_tree),
    case("get -N replaces what is older and leaves the rest", get_newer),
    case("get --range brings a part", range),
    case("put -n leaves what is there", put_leaves),
    Case { name: "put -p keeps the time", needs: &[Need::SetTime], run: put_keeps },
    Case {
        name: "put -N replaces what is older and leaves the rest",
        needs: &[Need::SetTime],
        run: put_newer,
    },
    Case { name: "pipe -p keeps the time", needs: &[Need::SetTime], run: pipe_keeps },
    Case { name: "put --chmod sets the mode", needs: &[Need::Chmod], run: chmod },
    case("--verify holds on every server", verify),
    Case { name: "--verify by each checksum", needs: &[Need::Checksums], run: verify_by_each },
];

/// 2020-01-02 03:04:05 UTC.
const OLD: u64 = 1_577_934_245;

fn date(file: &Path, seconds: u64) -> Outcome {
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let opened = File::options().append(true).open(file);
    opened.and_then(|file| file.set_modified(moment)).map_err(|error| error.to_string())
}

fn dated(file: &Path) -> Result<u64, String> {
    let time = fs::metadata(file).map_err(|error| error.to_string())?.mtime();
    u64::try_from(time).map_err(|error| error.to_string())
}

fn has_date(file: &Path, seconds: u64) -> Outcome {
    let got = dated(file)?;
    if got == seconds { Ok(()) } else { Err(format!("the time is {got}, not {seconds}")) }
}

fn get_keeps(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", "alpha")?;
    date(&server.root.at("a"), OLD)?;
    tools.get(server).args(&["-p", "-O"]).arg(server.url("/a")).silent()?;
    has_date(&tools.here.at("a"), OLD)
}

fn get_keeps_tree(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("t/s/a", "alpha")?;
    date(&server.root.at("t/s/a"), OLD)?;
    tools.get(server).args(&["-p", "-R", "-d", "."]).arg(server.url("/t")).silent()?;
    has_date(&tools.here.at("t/s/a"), OLD)
}

fn get_newer(server: &Server, tools: &Tools) -> Outcome {
    for (name, here) in [("older", OLD - 60), ("same", OLD), ("newer", OLD + 60)] {
        server.root.write(name, "theirs")?;
        date(&server.root.at(name), OLD)?;
        tools.here.write(name, "mine!!")?;
        date(&tools.here.at(name), here)?;
    }
    let urls = ["/older", "/same", "/newer"].map(|path| server.url(path));
    tools.get(server).args(&["-N", "-O"]).args(&urls).silent()?;
    same_bytes("older", b"theirs", &tools.here.read("older")?)?;
    same_bytes("same", b"mine!!", &tools.here.read("same")?)?;
    same_bytes("newer", b"mine!!", &tools.here.read("newer")?)?;
    has_date(&tools.here.at("older"), OLD)
}

fn range(server: &Server, tools: &Tools) -> Outcome {
    let bytes = pattern(3_000_000);
    server.root.write("a", &bytes)?;
    for (range, skip, take) in [
        ("0-0", 0, 1),
        ("1000000-1999999", 1_000_000, 1_000_000),
        ("2999999-", 2_999_999, 1),
        ("-5", 2_999_995, 5),
        ("0-", 0, 3_000_000),
    ] {
        let part: Vec<u8> = bytes.iter().copied().skip(skip).take(take).collect();
        let ran = tools.get(server).args(&["--range", range]).arg(server.url("/a")).run()?;
        ran.code(0)?;
        same_bytes(range, &part, ran.out())?;
    }
    Ok(())
}

fn put_leaves(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("d/a", "old")?;
    tools.here.write("a", "new")?;
    tools.here.write("b", "new")?;
    tools.put(server).args(&["-n", "a", "b"]).arg(server.url("/d/")).silent()?;
    same_bytes("a", b"old", &server.root.read("d/a")?)?;
    same_bytes("b", b"new", &server.root.read("d/b")?)
}

fn put_keeps(server: &Server, tools: &Tools) -> Outcome {
    tools.here.write("a", "alpha")?;
    date(&tools.here.at("a"), OLD)?;
    tools.put(server).args(&["-p", "a"]).arg(server.url("/b c")).silent()?;
    has_date(&server.root.at("b c"), OLD)?;
    tools.put(server).args(&["-p", "--atomic", "a"]).arg(server.url("/d")).silent()?;
    has_date(&server.root.at("d"), OLD)
}

fn put_newer(server: &Server, tools: &Tools) -> Outcome {
    for (name, there) in [("older", OLD - 60), ("same", OLD), ("newer", OLD + 60)] {
        server.root.write(name, "theirs")?;
        date(&server.root.at(name), there)?;
        tools.here.write(name, "mine!!")?;
        date(&tools.here.at(name), OLD)?;
    }
    tools.put(server).args(&["-N", "older", "same", "newer"]).arg(server.url("/")).silent()?;
    same_bytes("older", b"mine!!", &server.root.read("older")?)?;
    same_bytes("same", b"theirs", &server.root.read("same")?)?;
    // The time of a file that is another user's cannot be set, and that is no error here.
    same_bytes("newer", b"theirs", &server.root.read("newer")?)
}

fn pipe_keeps(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", "alpha")?;
    server.root.write("d/x", "")?;
    date(&server.root.at("a"), OLD)?;
    tools.pipe(server).arg("-p").arg(server.url("/a")).arg(server.url("/d/")).silent()?;
    has_date(&server.root.at("d/a"), OLD)
}

fn chmod(server: &Server, tools: &Tools) -> Outcome {
    tools.here.write("a", "alpha")?;
    tools.put(server).args(&["--chmod", "604", "--atomic", "a"]).arg(server.url("/a")).silent()?;
    let found = fs::metadata(server.root.at("a")).map_err(|error| error.to_string())?;
    holds("the mode is 604", found.permissions().mode() & 0o777 == 0o604)
}

fn verify(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    tools.here.write("a", pattern(300_000))?;
    tools.put(server).args(&["--verify", "a"]).arg(server.url("/b c")).silent()?;
    tools.get(server).args(&["--verify", "-o", "b"]).arg(server.url("/b%20c")).silent()?;
    same_bytes("b", &pattern(300_000), &tools.here.read("b")?)?;
    let urls = [server.url("/b%20c"), peer.url("/d")];
    tools.pipe(server).arg("--verify").args(&urls).silent()?;
    same_bytes("d", &pattern(300_000), &peer.root.read("d")?)
}

fn verify_by_each(server: &Server, tools: &Tools) -> Outcome {
    tools.here.write("a", pattern(3_000_000))?;
    for sum in ["crc32", "md5", "sha1", "sha256", "sha512", "size"] {
        let flag = format!("--verify={sum}");
        tools.put(server).args(&[&flag, "a"]).arg(server.url("/a")).silent()?;
        tools.get(server).args(&[&flag, "-o", "b"]).arg(server.url("/a")).silent()?;
    }
    Ok(())
}
