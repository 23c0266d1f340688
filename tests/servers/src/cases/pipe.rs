//! From server to server: `ftp-pipe`, and the same by composition of `ftp-get` and `ftp-put`.

use super::{Case, Outcome, case, holds, pattern, plant_tree, same_bytes, same_tree};
use crate::{
    server::{Need, Server},
    tools::Tools,
};

pub(super) const CASES: &[Case] = &[
    case("pipe copies a file to another server", file),
    case("pipe copies what a glob matches", glob),
    case("pipe -R copies a tree", tree),
    Case {
        name: "pipe has the servers send to each other",
        needs: &[Need::Fxp, Need::Plain],
        run: directly,
    },
    Case {
        name: "pipe has servers under TLS send to each other",
        needs: &[Need::Fxp, Need::Sscn],
        run: directly,
    },
    case("pipe copies where the servers may not meet", relayed),
    case("pipe goes on after a missing file", one_missing),
    case("pipe --move takes a tree away", moved),
    case("pipe --to reads once and writes to all", fan_out),
    case("pipe --atomic -p and -c go on and publish", continued),
    case("pipe --links", links),
    Case { name: "pipe recodes names", needs: &[Need::RawNames], run: recoded },
    Case { name: "pipe lets a server copy its own file", needs: &[Need::SiteCopy], run: site_copy },
    case("pipe --move renames within a server", renamed),
    case("get | put copies 0 bytes, 1 byte and 1 MiB", composed),
    Case { name: "get | put copies 100 MiB", needs: &[Need::Plain], run: composed_large },
    Case { name: "pipe copies 100 MiB", needs: &[Need::Plain], run: piped_large },
];

fn file(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    server.root.write("a b.bin", pattern(200_000))?;
    server.root.write("empty", "")?;
    tools.pipe(server).args(&[server.url("/a%20b.bin"), peer.url("/copy")]).silent()?;
    same_bytes("copy", &pattern(200_000), &peer.root.read("copy")?)?;
    let urls = [server.url("/a%20b.bin"), server.url("/empty"), peer.url("/")];
    tools.pipe(server).args(&urls).silent()?;
    tools.rm(server).arg(peer.url("/copy")).silent()?;
    same_tree(&server.root, "", &peer.root, "")
}

fn glob(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    for name in ["in/a.txt", "in/b c.txt", "in/d.bin"] {
        server.root.write(name, name)?;
    }
    tools.pipe(server).args(&[server.url("/in/*.txt"), peer.url("/")]).silent()?;
    let expected: [&[u8]; 2] = [b"a.txt", b"b c.txt"];
    holds("two files", peer.root.files()? == expected)
}

fn tree(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    plant_tree(&server.root, "tree")?;
    tools.pipe(server).arg("-R").args(&[server.url("/tree"), peer.url("/")]).silent()?;
    same_tree(&server.root, "tree/", &peer.root, "tree/")
}

fn directly(server: &Server, tools: &Tools) -> Outcome {
    let said = send(server, tools, (server.receiver()?, "--fxp=always"))?;
    holds("three files server to server", said.matches("server to server").count() == 3)
}

/// Whatever the servers allow, the files are there.
fn relayed(server: &Server, tools: &Tools) -> Outcome {
    send(server, tools, (server.peer()?, "--fxp=auto")).map(drop)
}

fn send(server: &Server, tools: &Tools, (peer, fxp): (&Server, &str)) -> Result<String, String> {
    peer.root.empty()?;
    for name in ["d/a", "d/b", "d/c"] {
        server.root.write(name, pattern(300_000))?;
    }
    let urls = [server.url("/d/*"), peer.url("/")];
    let ran = tools.pipe(server).args(&["-v", fxp]).args(&urls).run()?;
    ran.code(0)?;
    for name in ["a", "b", "c"] {
        same_bytes(name, &pattern(300_000), &peer.root.read(name)?)?;
    }
    Ok(ran.errors())
}

fn one_missing(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    server.root.write("a", "alpha")?;
    let urls = [server.url("/missing"), server.url("/a"), peer.url("/")];
    tools.pipe(server).args(&urls).run()?.code(1)?.complained("missing: 5")?;
    let only: [&[u8]; 1] = [b"a"];
    holds("the other file, and nothing half made", peer.root.files()? == only)
}

fn moved(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    plant_tree(&server.root, "tree")?;
    plant_tree(&server.root, "kept")?;
    let urls = [server.url("/tree"), peer.url("/")];
    tools.pipe(server).args(&["--move", "-R", "-P", "2"]).args(&urls).silent()?;
    same_tree(&server.root, "kept/", &peer.root, "tree/")?;
    holds("the tree is gone", !server.root.at("tree").exists())
}

/// Two sessions with each server: that many a crowded one has room for.
fn fan_out(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    server.root.write("a", pattern(3_000_000))?;
    let places = [(peer, "/x/"), (peer, "/y/"), (server, "/z/")];
    for (at, dir) in places {
        tools.sh(at, &format!("ftp-put $FLAGS -m /dev/null $URL{dir}a")).silent()?;
    }
    let [x, y, z] = places.map(|(at, dir)| at.url(dir));
    let to = ["--to".to_owned(), y, "--to".to_owned(), z];
    tools.pipe(server).args(&[server.url("/a"), x]).args(&to).silent()?;
    for (at, copy) in [(peer, "x/a"), (peer, "y/a"), (server, "z/a")] {
        same_bytes(copy, &pattern(3_000_000), &at.root.read(copy)?)?;
    }
    Ok(())
}

fn continued(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    server.root.write("a", pattern(500_000))?;
    let content = pattern(500_000);
    tools.here.write("half", content.get(..200_000).unwrap_or_default())?;
    tools.sh(peer, "ftp-put $FLAGS half $URL/a").silent()?;
    let urls = [server.url("/a"), peer.url("/a")];
    tools.pipe(server).args(&["-c"]).args(&urls).silent()?;
    same_bytes("a", &pattern(500_000), &peer.root.read("a")?)?;
    tools.pipe(server).args(&["--atomic"]).args(&urls).silent()?;
    let only: [&[u8]; 1] = [b"a"];
    holds("one file of that name", peer.root.files()? == only)?;
    same_bytes("a", &pattern(500_000), &peer.root.read("a")?)
}

fn links(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    server.root.write("t/a", "alpha")?;
    std::os::unix::fs::symlink("a", server.root.at("t/l")).map_err(|error| error.to_string())?;
    let urls = [server.url("/t"), peer.url("/")];
    tools.pipe(server).arg("-R").args(&urls).silent()?;
    same_bytes("l", b"alpha", &peer.root.read("t/l")?)
}

fn recoded(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    // GBK for 文件/中.txt
    let name: &[u8] = b"t/\xce\xc4\xbc\xfe/\xd6\xd0.txt";
    server.root.write(name, "x")?;
    let urls = [server.url("/t"), peer.url("/")];
    let labels = ["--src-encoding", "gbk", "--dst-encoding", "utf-8"];
    tools.pipe(server).arg("-R").args(&labels).args(&urls).silent()?;
    same_bytes("the file", b"x", &peer.root.read("t/文件/中.txt")?)
}

fn site_copy(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a b", pattern(3_000_000))?;
    let urls = [server.url("/a%20b"), server.url("/c")];
    let ran = tools.pipe(server).arg("-v").args(&urls).run()?;
    holds("it was the server", ran.code(0)?.errors().contains("by the server itself"))?;
    same_bytes("c", &pattern(3_000_000), &server.root.read("c")?)
}

fn renamed(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", pattern(300_000))?;
    tools.pipe(server).arg("--move").args(&[server.url("/a"), server.url("/b")]).silent()?;
    let only: [&[u8]; 1] = [b"b"];
    holds("it has the other name", server.root.files()? == only)?;
    same_bytes("b", &pattern(300_000), &server.root.read("b")?)
}

fn composed(server: &Server, tools: &Tools) -> Outcome {
    [0, 1, 1 << 20].into_iter().try_for_each(|size| compose(server, tools, size))
}

fn composed_large(server: &Server, tools: &Tools) -> Outcome {
    compose(server, tools, 100 << 20)
}

fn compose(server: &Server, tools: &Tools, size: usize) -> Outcome {
    let peer = server.peer()?;
    server.root.write("x", pattern(size))?;
    let target = peer.url("/x");
    let script = format!("ftp-get $FLAGS $URL/x | ftp-put $FLAGS {target}");
    tools.sh(server, &script).silent()?;
    same_bytes("x", &pattern(size), &peer.root.read("x")?)
}

fn piped_large(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    let content = pattern(100 << 20);
    server.root.write("x", &content)?;
    tools.pipe(server).args(&[server.url("/x"), peer.url("/x")]).silent()?;
    same_bytes("x", &content, &peer.root.read("x")?)
}
