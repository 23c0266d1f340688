//! `-P N`, and `xargs -P`: the same outcome over several sessions, however few of them there may be.

use super::{Case, Outcome, case, holds, pattern, same_bytes, same_tree};
use crate::{folder::Folder, server::Server, tools::Tools};

pub(super) const CASES: &[Case] = &[
    case("get -P 4 brings a whole tree", get_tree),
    case("get -P 4 writes files to stdout in their order", in_order),
    case("get -P 2 says once that stdout is full", full_disk),
    case("get --segments 4 makes one file", in_segments),
    case("put -P 4 stores a tree", put_tree),
    case("rm -P 4 removes a tree", rm_tree),
    case("pipe -P 4 copies a tree", pipe_tree),
    case("five gets at once bring their files", five_at_once),
];

/// A tree of many small files and a few large ones.
fn plant(folder: &Folder) -> Outcome {
    for dir in ["tree", "tree/sub", "tree/sub/deep"] {
        for number in 0..12 {
            folder.write(format!("{dir}/f{number}"), pattern(number * 100))?;
        }
        folder.write(format!("{dir}/large"), pattern(3 << 20))?;
    }
    folder.mkdir("tree/void")
}

fn get_tree(server: &Server, tools: &Tools) -> Outcome {
    plant(&server.root)?;
    tools.get(server).args(&["-P", "4", "-R", "-d", "out"]).arg(server.url("/tree")).silent()?;
    same_tree(&server.root, "tree/", &tools.here, "out/tree/")
}

fn in_order(server: &Server, tools: &Tools) -> Outcome {
    let sizes = [3 << 20, 5, 1 << 20, 0, 70_000, 1];
    for (name, size) in sizes.iter().enumerate() {
        server.root.write(name.to_string(), pattern(*size))?;
    }
    let urls: Vec<_> = (0..sizes.len()).map(|name| server.url(&format!("/{name}"))).collect();
    let ran = tools.get(server).args(&["-P", "4"]).args(&urls).run()?;
    ran.code(0)?;
    same_bytes("stdout", &sizes.map(pattern).concat(), ran.out())
}

fn full_disk(server: &Server, tools: &Tools) -> Outcome {
    for name in ["a", "b", "c", "d"] {
        server.root.write(name, pattern(3 << 20))?;
    }
    let script = "ftp-get $FLAGS -P 2 $URL/a $URL/b $URL/c $URL/d 2>&1 > /dev/full";
    let ran = tools.sh(server, script).run()?;
    ran.code(6)?.stdout("ftp-get: stdout: No space left on device\n")?;
    Ok(())
}

fn in_segments(server: &Server, tools: &Tools) -> Outcome {
    let (large, small) = (pattern((24 << 20) + 5), pattern(100));
    server.root.write("large", &large)?;
    server.root.write("small", &small)?;
    let urls = ["/large", "/small"].map(|path| server.url(path));
    tools.get(server).args(&["--segments", "4", "-d", "out"]).args(&urls).silent()?;
    same_bytes("large", &large, &tools.here.read("out/large")?)?;
    same_bytes("small", &small, &tools.here.read("out/small")?)
}

fn put_tree(server: &Server, tools: &Tools) -> Outcome {
    plant(&tools.here)?;
    tools.put(server).args(&["-P", "4", "-R", "tree"]).arg(server.url("/")).silent()?;
    same_tree(&tools.here, "tree/", &server.root, "tree/")
}

fn rm_tree(server: &Server, tools: &Tools) -> Outcome {
    plant(&server.root)?;
    server.root.write("other", "")?;
    tools.rm(server).args(&["-P", "4", "-r"]).arg(server.url("/tree")).silent()?;
    holds("the tree is gone", !server.root.has("tree"))?;
    holds("the other file is there", server.root.has("other"))
}

fn pipe_tree(server: &Server, tools: &Tools) -> Outcome {
    let peer = server.peer()?;
    plant(&server.root)?;
    tools
        .pipe(server)
        .args(&["-P", "4", "-R"])
        .args(&[server.url("/tree"), peer.url("/")])
        .silent()?;
    same_tree(&server.root, "tree/", &peer.root, "tree/")
}

/// Processes that know nothing of each other: whom the server turns away comes again.
fn five_at_once(server: &Server, tools: &Tools) -> Outcome {
    let mut urls = String::new();
    for name in ["a", "b", "c", "d", "e"] {
        server.root.write(name, pattern(100_000))?;
        urls += &(server.url(&format!("/{name}")) + "\n");
    }
    tools.here.write("list", urls)?;
    let script = "xargs -P 5 -n 1 ftp-get $FLAGS --retries 6 -d out < list";
    tools.sh(server, script).silent()?;
    same_tree(&server.root, "", &tools.here, "out/")
}
