//! `ftp-rm`: files, trees, folders; what is missing; what would be removed.

use super::{Case, Outcome, case, holds, plant_tree};
use crate::{server::Server, tools::Tools};

pub(super) const CASES: &[Case] = &[
    case("rm removes files and nothing else", files),
    case("rm of a missing file fails, with -f it does not", missing),
    case("rm -r removes a tree with a dotfile in it", tree),
    case("rm -d removes an empty folder, and no other", folder),
    case("rm -n prints and removes nothing", dry),
    case("rm of a folder fails without -r", refuses_folder),
    case("rm -r refuses the root of the login", refuses_root),
];

fn files(server: &Server, tools: &Tools) -> Outcome {
    for name in ["a.txt", "b.txt", "c.bin"] {
        server.root.write(name, "")?;
    }
    tools.rm(server).arg(server.url("/a.txt")).silent()?;
    holds("a.txt is gone", !server.root.has("a.txt"))?;
    tools.rm(server).arg(server.url("/*.txt")).silent()?;
    let rest: [&[u8]; 1] = [b"c.bin"];
    holds("c.bin is left", server.root.files()? == rest)
}

fn missing(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("a", "")?;
    let urls = ["/missing", "/a"].map(|path| server.url(path));
    let ran = tools.rm(server).args(&urls).run()?;
    ran.code(1)?.complained("missing: 5")?;
    holds("a is gone", !server.root.has("a"))?;
    tools.rm(server).arg("-f").arg(server.url("/missing")).silent()
}

fn tree(server: &Server, tools: &Tools) -> Outcome {
    plant_tree(&server.root, "tree")?;
    server.root.mkdir("tree/void/deeper")?;
    server.root.write("other", "")?;
    tools.rm(server).arg("-r").arg(server.url("/tree")).silent()?;
    holds("the tree is gone", !server.root.has("tree"))?;
    holds("the other file is there", server.root.has("other"))
}

fn folder(server: &Server, tools: &Tools) -> Outcome {
    server.root.mkdir("void")?;
    server.root.write("full/x", "")?;
    tools.rm(server).arg("-d").arg(server.url("/void")).silent()?;
    holds("the empty one is gone", !server.root.has("void"))?;
    tools.rm(server).arg("-d").arg(server.url("/full")).run()?.code(1)?.complained("full: ")?;
    holds("the other is there", server.root.has("full/x"))
}

fn dry(server: &Server, tools: &Tools) -> Outcome {
    plant_tree(&server.root, "tree")?;
    let before = server.root.files()?;
    let ran = tools.rm(server).args(&["-n", "-r"]).arg(server.url("/tree")).run()?;
    ran.code(0)?.expect(!ran.out().is_empty(), "what would be removed")?;
    holds("all is there", server.root.files()? == before)
}

fn refuses_folder(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("full/x", "")?;
    tools.rm(server).arg(server.url("/full")).run()?.code(1)?.complained("full: ")?;
    holds("it is there", server.root.has("full/x"))
}

fn refuses_root(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("x", "")?;
    let ran = tools.rm(server).arg("-r").arg(server.url("/")).run()?;
    ran.expect(ran.code(0).is_err(), "a refusal")?;
    holds("all is there", server.root.has("x"))
}
