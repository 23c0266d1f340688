//! `ftp-ls`: names, long, URLs, NUL, trees, JSON, hidden files, files, empty and missing folders.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use super::{Case, Outcome, case, holds, plant_tree};
use crate::{server::Server, tools::Tools};

pub(super) const CASES: &[Case] = &[
    case("ls prints names sorted by bytes", sorted),
    case("ls -l tells size, time and name", long),
    case("ls -u prints whole URLs", urls),
    case("ls -0 ends names with NUL", nul),
    case("ls -R prints relative paths", tree),
    case("ls --json prints one object a line", json),
    case("ls -a shows hidden files, ls does not", hidden),
    case("ls of a file lists that file", one_file),
    case("ls of an empty folder prints nothing", empty),
    case("ls of a missing folder says what the server said", missing),
    case("ls of a thousand names prints them all", many),
    case("ls of twenty thousand names prints them all or says so", very_many),
    case("ls -l and --json tell the times on the disk", times),
    case("ls -t sorts by the times on the disk", by_time),
    case("ls -a shows dotfiles at every level", hidden_everywhere),
];

fn sorted(server: &Server, tools: &Tools) -> Outcome {
    for name in ["b.txt", "a b", "Z", "sub/x"] {
        server.root.write(name, name)?;
    }
    tools.ls(server).arg(server.url("/")).run()?.printed("Z\na b\nb.txt\nsub\n")?;
    tools.ls(server).arg(server.url("/sub")).run()?.printed("x\n")
}

fn long(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a b.txt", "12345")?;
    server.root.mkdir("sub")?;
    let ran = tools.ls(server).arg("-l").arg(server.url("/")).run()?;
    ran.code(0)?;
    let lines: Vec<_> = ran.out().split(|byte| *byte == b'\n').collect();
    let [file, folder, b""] = lines.as_slice() else {
        return ran.expect(false, "two lines").map(|_| ());
    };
    ran.expect(file.starts_with(b"-") && folder.starts_with(b"d"), "the kinds - and d first")?;
    ran.expect(file.ends_with(b" a b.txt") && folder.ends_with(b" sub"), "the names last")?;
    ran.expect(file.split(|byte| *byte == b' ').any(|word| word == b"5"), "the size 5")?;
    let dated = file.windows(5).any(|part| matches!(part, [b'2', b'0', _, _, b'-']));
    ran.expect(dated, "an ISO date")?;
    Ok(())
}

fn urls(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("sub/a b'c\"", "")?;
    server.root.write("sub/x", "")?;
    let expected = ["/sub/a%20b%27c%22", "/sub/x"].map(|path| server.url(path) + "\n").concat();
    tools.ls(server).arg("-u").arg(server.url("/sub/")).run()?.printed(expected)
}

fn nul(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a b", "")?;
    server.root.write("c", "")?;
    tools.ls(server).arg("-0").arg(server.url("/")).run()?.printed("a b\0c\0")
}

fn tree(server: &Server, tools: &Tools) -> Outcome {
    plant_tree(&server.root, "t")?;
    let ran = tools.ls(server).args(&["-R", "-a", "--type", "f"]).arg(server.url("/t/")).run()?;
    ran.code(0)?;
    let mut lines: Vec<_> = ran.out().split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    let expected = b"a.txt\nempty\nsub/.hidden\nsub/b c.txt\nsub/deep/c.bin\n";
    ran.expect(lines.concat() == expected, "five relative paths of files")?;
    let ran = tools.ls(server).args(&["-R", "--type", "d"]).arg(server.url("/t/")).run()?;
    ran.printed("sub\nsub/deep\n")
}

fn json(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a \"b\"", "12345")?;
    let ran = tools.ls(server).arg("--json").arg(server.url("/")).run()?;
    ran.code(0)?
        .expect(ran.out().iter().filter(|byte| **byte == b'\n').count() == 1, "one line")?;
    let line: Vec<u8> = ran.out().to_vec();
    let url = format!("\"{}\"", server.url("/a%20%22b%22"));
    for (key, value) in [
        ("name", r#""a \"b\"""#),
        ("url", &url),
        ("type", "\"file\""),
        ("size", "5"),
        ("mtime", "\"20"),
        ("mode", ""),
        ("owner", ""),
        ("group", ""),
        ("target", "null"),
    ] {
        let found = [format!("\"{key}\":{value}"), format!("\"{key}\": {value}")]
            .iter()
            .any(|field| line.windows(field.len()).any(|part| part == field.as_bytes()));
        ran.expect(found, &format!("the field {key:?} with {value}"))?;
    }
    Ok(())
}

fn hidden(server: &Server, tools: &Tools) -> Outcome {
    server.root.write(".dot", "")?;
    server.root.write("seen", "")?;
    tools.ls(server).arg(server.url("/")).run()?.printed("seen\n")?;
    tools.ls(server).arg("-a").arg(server.url("/")).run()?.printed(".dot\nseen\n")
}

fn one_file(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("sub/a b.txt", "x")?;
    server.root.write("sub/other", "x")?;
    let ran = tools.ls(server).arg("-u").arg(server.url("/sub/a%20b.txt")).run()?;
    ran.printed(server.url("/sub/a%20b.txt") + "\n")
}

fn empty(server: &Server, tools: &Tools) -> Outcome {
    server.root.mkdir("void")?;
    tools.ls(server).arg(server.url("/void/")).run()?.printed("")
}

fn missing(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("present/x", "")?;
    let ran = tools.ls(server).args(&[server.url("/missing/"), server.url("/present/")]).run()?;
    ran.code(1)?.complained("missing")?;
    let said = ["450", "501", "550"].iter().any(|code| ran.complained(code).is_ok());
    ran.expect(said, "the server's own 450, 501 or 550")?;
    holds("the folder that is there was listed", ran.out().ends_with(b"x\n"))
}

fn many(server: &Server, tools: &Tools) -> Outcome {
    let names: Vec<_> = (0..1000).map(|number| format!("file {number:04}\n")).collect();
    for name in &names {
        server.root.write(format!("many/{}", name.trim_end()), "")?;
    }
    tools.ls(server).arg(server.url("/many/")).run()?.printed(names.concat())
}

/// Pure-FTPd stops after 10,000 entries unless told otherwise, the folder itself and its parent among
/// them, and says so in its 226 alone.
fn very_many(server: &Server, tools: &Tools) -> Outcome {
    const CUT: usize = 10_000;
    let names: Vec<_> = (0..2 * CUT).map(|number| format!("{number:05}\n")).collect();
    server.root.mkdir("many")?;
    for name in &names {
        let path = server.root.at(format!("many/{}", name.trim_end()));
        File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let ran = tools.ls(server).arg(server.url("/many/")).run()?;
    let lines: Vec<_> = ran.out().split_inclusive(|byte| *byte == b'\n').collect();
    if lines.len().abs_diff(CUT) > 2 {
        return ran.printed(names.concat());
    }
    ran.code(1)?.complained("the server left entries out of this listing")?;
    ran.expect(lines.is_sorted(), "sorted names")?;
    Ok(())
}

/// Gives a file a time; LIST tells the time of day to a minute, and of new files only.
fn write_aged(server: &Server, name: &str, time: SystemTime) -> Outcome {
    server.root.write(name, name)?;
    File::options()
        .write(true)
        .open(server.root.at(name))
        .and_then(|file| file.set_modified(time))
        .map_err(|error| format!("{name}: {error}"))
}

/// The beginning of the day before, so that a listing shows the time of day.
fn yesterday() -> Result<SystemTime, String> {
    const DAY: u64 = 86_400;
    let now = SystemTime::UNIX_EPOCH.elapsed().map_err(|error| error.to_string())?.as_secs();
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(now / DAY * DAY - DAY))
}

fn times(server: &Server, tools: &Tools) -> Outcome {
    let minute = Duration::from_secs(60);
    write_aged(server, "new", yesterday()? + 754 * minute)?;
    // 2020-02-29T00:00:00Z: LIST shows old files by their day.
    write_aged(server, "old", SystemTime::UNIX_EPOCH + 26_382_240 * minute)?;
    let on_disk = server.root.at("new").metadata().and_then(|data| data.modified());
    holds("the file got its time", on_disk.ok() == Some(yesterday()? + 754 * minute))?;
    let ran = tools.ls(server).arg("--json").arg(server.url("/")).run()?;
    ran.code(0)?.expect(has(ran.out(), "T12:34:00Z\""), "the time of day of `new`, in UTC")?;
    ran.expect(has(ran.out(), "\"mtime\":\"2020-02-29T00:00:00Z\""), "the day of `old`")?;
    let ran = tools.ls(server).arg("-l").arg(server.url("/")).run()?;
    ran.code(0)?.expect(has(ran.out(), "T12:34:00Z new\n"), "the time of day of `new`, in UTC")?;
    ran.expect(has(ran.out(), " 2020-02-29T00:00:00Z old\n"), "the day of `old`")?;
    Ok(())
}

fn has(out: &[u8], words: &str) -> bool {
    out.windows(words.len()).any(|part| part == words.as_bytes())
}

fn by_time(server: &Server, tools: &Tools) -> Outcome {
    let minute = Duration::from_secs(60);
    for (name, minutes) in [("b", 3), ("a", 1), ("d", 2), ("c", 3)] {
        write_aged(server, name, yesterday()? + minutes * minute)?;
    }
    tools.ls(server).arg("-t").arg(server.url("/")).run()?.printed("b\nc\nd\na\n")?;
    tools.ls(server).arg("-tr").arg(server.url("/")).run()?.printed("a\nd\nc\nb\n")
}

fn hidden_everywhere(server: &Server, tools: &Tools) -> Outcome {
    for name in [".dir/.deep/x", ".dir/seen", "...", "sub/.dot", "sub/seen"] {
        server.root.write(name, "")?;
    }
    tools.ls(server).arg(server.url("/")).run()?.printed("sub\n")?;
    tools.ls(server).arg("-a").arg(server.url("/")).run()?.printed("...\n.dir\nsub\n")?;
    tools.ls(server).arg("-a").arg(server.url("/.dir/")).run()?.printed(".deep\nseen\n")?;
    tools.ls(server).arg(server.url("/.dir/")).run()?.printed("seen\n")?;
    tools
        .ls(server)
        .args(&["-R", "--type", "f"])
        .arg(server.url("/"))
        .run()?
        .printed("sub/seen\n")?;
    let all = "...\n.dir/.deep/x\n.dir/seen\nsub/.dot\nsub/seen\n";
    tools.ls(server).args(&["-a", "-R", "--type", "f"]).arg(server.url("/")).run()?.printed(all)?;
    tools.ls(server).arg("-d").arg(server.url("/.dir")).run()?.printed(".dir\n")
}
