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
    let said = send(server, tools, "--fxp=always")?;
    holds("three files server to server", said.matches("server to server").count() == 3)
}

/// Whatever the servers allow, the files are there.
fn relayed(server: &Server, tools: &Tools) -> Outcome {
    send(server, tools, "--fxp=auto").map(drop)
}

fn send(server: &Server, tools: &Tools, fxp: &str) -> Result<String, String> {
    let peer = server.peer()?;
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
