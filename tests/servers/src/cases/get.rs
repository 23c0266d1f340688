//! `ftp-get`: to stdout, to files, whole trees, sizes at the edges, globs, parts, what is missing.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{Case, Outcome, case, holds, pattern, plant_tree, same_bytes, same_tree};
use crate::{
    server::{Need, Server},
    tools::Tools,
};

pub(super) const CASES: &[Case] = &[
    case("get writes to stdout", to_stdout),
    case("get joins several files on stdout as cat does", like_cat),
    case("get -o, -O and -d choose the local name", local_names),
    case("get -R brings a whole tree", tree),
    case("get brings 0 bytes, 1 byte and 5 MiB as they are", sizes),
    case("get of a glob brings what matches", glob),
    case("get of a glob that matches nothing fails", empty_glob),
    case("get goes on after a missing file", one_missing),
    case("get -T reads operands from a list", from_list),
    Case { name: "get and put pass 4 GiB", needs: &[Need::Plain, Need::Time], run: beyond_32_bits },
    case("get to a full disk leaves nothing and says so", full_disk),
    case("get to a read-only folder says so", read_only),
];

fn to_stdout(server: &Server, tools: &Tools) -> Outcome {
    let content = b"hello\r\nworld\n\0\xff";
    server.root.write("sub/a.txt", content)?;
    tools.get(server).arg(server.url("/sub/a.txt")).run()?.printed(content)
}

fn like_cat(server: &Server, tools: &Tools) -> Outcome {
    for name in ["a", "b", "c"] {
        server.root.write(name, format!("<{name}>"))?;
    }
    let urls = ["/b", "/a", "/c", "/a"].map(|path| server.url(path));
    tools.get(server).args(&urls).run()?.printed("<b><a><c><a>")
}

fn local_names(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("sub/a.txt", "alpha")?;
    server.root.write("sub/b.txt", "beta")?;
    tools.here.mkdir("dir")?;
    let [a, b] = ["/sub/a.txt", "/sub/b.txt"].map(|path| server.url(path));
    tools.get(server).args(&["-o", "other"]).arg(&a).silent()?;
    tools.get(server).arg("-O").arg(&a).arg(&b).silent()?;
    tools.get(server).args(&["-d", "dir"]).arg(&a).arg(&b).silent()?;
    let expected: [&[u8]; 5] = [b"a.txt", b"b.txt", b"dir/a.txt", b"dir/b.txt", b"other"];
    holds("five files and no other", tools.here.files()? == expected)?;
    same_bytes("other", b"alpha", &tools.here.read("other")?)?;
    same_bytes("dir/b.txt", b"beta", &tools.here.read("dir/b.txt")?)
}

fn tree(server: &Server, tools: &Tools) -> Outcome {
    plant_tree(&server.root, "tree")?;
    tools.here.mkdir("out")?;
    tools.get(server).args(&["-R", "-d", "out"]).arg(server.url("/tree")).silent()?;
    same_tree(&server.root, "tree/", &tools.here, "out/tree/")
}

fn sizes(server: &Server, tools: &Tools) -> Outcome {
    for size in [0, 1, 5 << 20] {
        let name = format!("/size{size}");
        server.root.write(name.trim_start_matches('/'), pattern(size))?;
        let ran = tools.get(server).arg(server.url(&name)).run()?;
        ran.code(0)?;
        same_bytes(&name, &pattern(size), ran.out())?;
        tools.get(server).arg("-O").arg(server.url(&name)).silent()?;
    }
    same_tree(&server.root, "", &tools.here, "")
}

fn glob(server: &Server, tools: &Tools) -> Outcome {
    for name in ["sub/a.txt", "sub/b c.txt", "sub/d.bin", "sub/txt"] {
        server.root.write(name, name)?;
    }
    tools.get(server).args(&["-d", "."]).arg(server.url("/sub/*.txt")).silent()?;
    let expected: [&[u8]; 2] = [b"a.txt", b"b c.txt"];
    holds("two files match", tools.here.files()? == expected)?;
    tools.get(server).arg(server.url("/sub/[ad].???")).run()?.printed("sub/a.txtsub/d.bin")
}

fn empty_glob(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a.txt", "")?;
    let ran = tools.get(server).args(&["-d", "."]).arg(server.url("/*.iso")).run()?;
    ran.code(1)?.complained("*.iso")?;
    holds("nothing was written", tools.here.files()?.is_empty())
}

fn one_missing(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", "<a>")?;
    server.root.write("c", "<c>")?;
    let urls = ["/a", "/missing", "/c"].map(|path| server.url(path));
    let ran = tools.get(server).args(&urls).run()?;
    ran.code(1)?.stdout("<a><c>")?.complained("missing: 5")?;
    let ran = tools.get(server).arg("-O").args(&urls).run()?;
    let expected: [&[u8]; 2] = [b"a", b"c"];
    ran.code(1)?;
    holds("both others are there, and nothing half made", tools.here.files()? == expected)
}

fn from_list(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", "<a>")?;
    server.root.write("b", "<b>")?;
    tools.here.write("list", ["/b", "/a"].map(|path| server.url(path) + "\n").concat())?;
    tools.get(server).args(&["-T", "list"]).run()?.printed("<b><a>")
}

/// A file system of 1 MiB in a namespace of its own, with `options`; then the download, and what is left.
fn on_small_disk(options: &str) -> String {
    format!(
        "mkdir disk && exec unshare --mount sh -c 'mount -t tmpfs -o size=1m{options} none disk && \
         ftp-get $FLAGS -o disk/a $URL/a; code=$?; ls -A disk; exit $code'"
    )
}

fn full_disk(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", pattern(5 << 20))?;
    let ran = tools.sh(server, &on_small_disk("")).run()?;
    ran.code(6)?
        .stdout("")?
        .expect(ran.says("No space left on device"), "ENOSPC is named")
        .map(drop)
}

fn read_only(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", "alpha")?;
    let ran = tools.sh(server, &on_small_disk(",ro")).run()?;
    ran.code(6)?.stdout("")?.expect(ran.says("Read-only file system"), "EROFS is named").map(drop)
}

/// A sparse file of five bytes more than 32 bits count.
fn beyond_32_bits(server: &Server, tools: &Tools) -> Outcome {
    const LENGTH: u64 = (4 << 30) + 5;
    let plant = |path: &Path| {
        let file = File::options().write(true).open(path)?;
        file.set_len(LENGTH)?;
        file.write_all_at(b"tail!", LENGTH - 5)
    };
    for (folder, name) in [(&server.root, "a"), (&tools.here, "b")] {
        folder.write(name, "")?;
        plant(&folder.at(name)).map_err(|error| error.to_string())?;
    }
    tools.get(server).args(&["--range", "-5"]).arg(server.url("/a")).run()?.printed("tail!")?;
    let count = "ftp-get $FLAGS $URL/a | { head -c 4294967296 >/dev/null; cat; }";
    tools.sh(server, count).run()?.printed("tail!")?;
    tools.put(server).arg("b").arg(server.url("/b")).silent()?;
    let stored = File::open(server.root.at("b")).map_err(|error| error.to_string())?;
    let mut tail = [0; 6];
    let count = stored.read_at(&mut tail, LENGTH - 5).map_err(|error| error.to_string())?;
    same_bytes("the end", b"tail!", tail.get(..count).unwrap_or(&[]))
}
