//! `ftp-put`: from stdin and files, into folders, trees, parents, append, many in one run, commands.

use super::{Case, Outcome, case, holds, pattern, plant_tree, same_bytes, same_tree};
use crate::{server::Server, tools::Tools};

pub(super) const CASES: &[Case] = &[
    case("put stores stdin", stdin),
    case("put stores files into a folder", into_folder),
    case("put -R stores a tree", tree),
    case("put -m makes parents", parents),
    case("put -A appends", append),
    case("put stores 0 bytes, 1 byte and 5 MiB as they are", sizes),
    case("put replaces what is there", replaces),
    case("ten uploads in a row", ten),
    case("put into a missing folder fails", missing),
    case("put --atomic replaces a file, and leaves it alone when the input is short", atomic),
    case("put --atomic stores a tree", atomic_tree),
    case("put -- COMMAND stores the output of a command that succeeds", command),
    case("put -- COMMAND leaves nothing of a command that fails or is killed", failing_command),
];

fn stdin(server: &Server, tools: &Tools) -> Outcome {
    tools.put(server).arg(server.url("/a")).stdin("from stdin").silent()?;
    tools.put(server).arg("-").arg(server.url("/b")).stdin("by dash").silent()?;
    same_bytes("a", b"from stdin", &server.root.read("a")?)?;
    same_bytes("b", b"by dash", &server.root.read("b")?)
}

fn into_folder(server: &Server, tools: &Tools) -> Outcome {
    tools.here.write("a.txt", "alpha")?;
    tools.here.write("b c.txt", "beta")?;
    server.root.mkdir("in")?;
    tools.put(server).args(&["a.txt", "b c.txt"]).arg(server.url("/in/")).silent()?;
    same_tree(&tools.here, "", &server.root, "in/")?;
    tools.put(server).arg("a.txt").arg(server.url("/in/renamed")).silent()?;
    same_bytes("renamed", b"alpha", &server.root.read("in/renamed")?)
}

fn tree(server: &Server, tools: &Tools) -> Outcome {
    plant_tree(&tools.here, "tree")?;
    tools.put(server).args(&["-R", "tree"]).arg(server.url("/")).silent()?;
    same_tree(&tools.here, "tree/", &server.root, "tree/")
}

fn parents(server: &Server, tools: &Tools) -> Outcome {
    tools.put(server).arg("-m").arg(server.url("/x/y%20z/a")).stdin("deep").silent()?;
    tools.put(server).arg("-m").arg(server.url("/x/y%20z/b")).stdin("again").silent()?;
    same_bytes("a", b"deep", &server.root.read("x/y z/a")?)?;
    same_bytes("b", b"again", &server.root.read("x/y z/b")?)
}

fn append(server: &Server, tools: &Tools) -> Outcome {
    for part in ["one ", "two ", "three"] {
        tools.put(server).arg("-A").arg(server.url("/log")).stdin(part).silent()?;
    }
    same_bytes("log", b"one two three", &server.root.read("log")?)
}

fn sizes(server: &Server, tools: &Tools) -> Outcome {
    for size in [0, 1, 5 << 20] {
        let name = format!("size{size}");
        tools.here.write(&name, pattern(size))?;
        let url = server.url(&format!("/stdin{size}"));
        tools.put(server).arg(url).stdin(pattern(size)).silent()?;
        let stored = server.root.read(format!("stdin{size}"))?;
        same_bytes(&name, &pattern(size), &stored)?;
        tools.put(server).arg(&name).arg(server.url("/")).silent()?;
    }
    same_tree(&tools.here, "size", &server.root, "size")
}

fn replaces(server: &Server, tools: &Tools) -> Outcome {
    for content in ["a long first content", "short"] {
        tools.put(server).arg(server.url("/x")).stdin(content).silent()?;
        same_bytes("x", content.as_bytes(), &server.root.read("x")?)?;
    }
    Ok(())
}

/// With TLS 1.3 a client that loses tickets on uploads is refused at the third by servers that
/// demand reused sessions.
fn ten(server: &Server, tools: &Tools) -> Outcome {
    let names: Vec<_> = (0..10).map(|number| format!("up{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        tools.here.write(name, pattern(number * 3000))?;
    }
    tools.put(server).args(&names).arg(server.url("/")).silent()?;
    same_tree(&tools.here, "", &server.root, "")
}

fn missing(server: &Server, tools: &Tools) -> Outcome {
    let ran = tools.put(server).arg(server.url("/missing/x")).stdin("lost").run()?;
    ran.code(1)?.complained("missing/x: 5")?;
    holds("nothing on the server", server.root.files()?.is_empty())
}

fn atomic(server: &Server, tools: &Tools) -> Outcome {
    server.root.mkdir("in")?;
    server.root.write("in/a", "old")?;
    let call = || tools.put(server).args(&["--atomic", "--size", "3"]).arg(server.url("/in/a"));
    call().stdin("ne").run()?.code(6)?.complained("stdin: ended after 2 of 3 bytes")?;
    same_bytes("a", b"old", &server.root.read("in/a")?)?;
    call().stdin("new").silent()?;
    same_bytes("a", b"new", &server.root.read("in/a")?)?;
    holds("nothing else is left", server.root.files()?.len() == 1)
}

fn atomic_tree(server: &Server, tools: &Tools) -> Outcome {
    plant_tree(&tools.here, "tree")?;
    tools.put(server).args(&["--atomic", "-R", "tree"]).arg(server.url("/")).silent()?;
    same_tree(&tools.here, "tree/", &server.root, "tree/")
}

fn command(server: &Server, tools: &Tools) -> Outcome {
    tools.here.write("big", pattern(20 << 20))?;
    server.root.write("x", "old")?;
    let call = |name: &str| tools.put(server).arg("-m").arg(server.url(name)).arg("--");
    call("/x").args(&["cat", "big"]).silent()?;
    same_bytes("x", &pattern(20 << 20), &server.root.read("x")?)?;
    call("/new/in/y").args(&["tr", "a-z", "A-Z"]).stdin("shout").silent()?;
    same_bytes("y", b"SHOUT", &server.root.read("new/in/y")?)?;
    call("/empty").arg("true").silent()?;
    same_bytes("empty", b"", &server.root.read("empty")?)?;
    holds("nothing else is left", server.root.files()?.len() == 3)
}

fn failing_command(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("x", "old")?;
    for (script, words) in [
        ("echo half; exit 3", "sh: exited with status 3"),
        ("echo half; kill -9 $$", "sh: was killed by signal 9"),
        ("echo half; kill -PIPE $$", "sh: was killed by signal 13"),
    ] {
        let call = tools.put(server).arg(server.url("/x")).args(&["--", "sh", "-c", script]);
        call.run()?.code(6)?.complained(words)?;
        same_bytes("x", b"old", &server.root.read("x")?)?;
        holds("nothing else is left", server.root.files()?.len() == 1)?;
    }
    Ok(())
}
