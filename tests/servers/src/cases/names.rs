//! Names as they come: blanks, quotes, wild cards, other encodings; and the two pipelines that must
//! carry every one of them byte by byte.

use super::{Case, Outcome, case, encoded, holds, same_tree};
use crate::{
    server::{Need, Server},
    tools::Tools,
};

pub(super) const CASES: &[Case] = &[
    case("get takes odd names by their URLs", by_url),
    case("ls shows odd names as they are", listed),
    case("put keeps odd names", uploaded),
    case("rm takes odd names", removed),
    case("ls and get work in folders with odd names", odd_folders),
    case("ls -u | xargs get brings every name", xargs),
    case("ls -0 | get -0 -T - --base brings every name", nul_list),
    Case { name: "put keeps blanks at the ends", needs: &[Need::EdgeBlanks], run: edge_blanks },
    Case { name: "a backslash is a character", needs: &[Need::Backslash], run: backslash },
    Case { name: "bytes of another encoding pass unchanged", needs: RAW, run: raw_bytes },
    Case { name: "--encoding gbk shows and takes UTF-8", needs: RAW, run: gbk },
    Case { name: "both pipelines carry GBK", needs: RAW, run: gbk_pipelines },
];

const RAW: &[Need] = &[Need::RawNames];

/// The Chinese word for version, and the same in GBK.
const VERSION: &str = "版本";
const VERSION_GBK: &[u8] = b"\xb0\xe6\xb1\xbe";

/// No edge blanks, no backslash: Pure-FTPd takes neither on upload.
const ODD: &[&str] = &[
    "inner blank",
    "two  blanks",
    "it's",
    "\"quoted\"",
    "100%",
    "%41",
    "a#b",
    "a?b",
    "a;type=i",
    "-dash",
    "star*",
    "[ab]",
    "~tilde",
    "$HOME",
    "naïve",
    VERSION,
];

const EDGES: &[&str] = &[" leading", "trailing ", "  both  "];

/// Puts every odd name into the folder `odd`.
fn plant(server: &Server) -> Outcome {
    ODD.iter().chain(EDGES).try_for_each(|name| server.root.write(format!("odd/{name}"), *name))
}

fn odd_url(server: &Server, name: &str) -> String {
    server.url(&format!("/odd/{}", encoded(name.as_bytes())))
}

fn by_url(server: &Server, tools: &Tools) -> Outcome {
    plant(server)?;
    for name in ODD.iter().chain(EDGES) {
        tools.get(server).arg(odd_url(server, name)).run()?.printed(name)?;
    }
    Ok(())
}

fn listed(server: &Server, tools: &Tools) -> Outcome {
    plant(server)?;
    let mut names: Vec<_> = ODD.iter().chain(EDGES).map(|name| format!("{name}\n")).collect();
    names.sort_by(|one, other| one.trim_end_matches('\n').cmp(other.trim_end_matches('\n')));
    tools.ls(server).arg(server.url("/odd/")).run()?.printed(names.concat())
}

fn uploaded(server: &Server, tools: &Tools) -> Outcome {
    for name in ODD {
        tools.here.write(name, *name)?;
    }
    server.root.mkdir("odd")?;
    let files: Vec<_> = ODD.iter().map(|name| format!("./{name}")).collect();
    tools.put(server).args(&files).arg(server.url("/odd/")).silent()?;
    same_tree(&tools.here, "", &server.root, "odd/")
}

fn removed(server: &Server, tools: &Tools) -> Outcome {
    plant(server)?;
    let urls: Vec<_> = ODD.iter().chain(EDGES).map(|name| odd_url(server, name)).collect();
    tools.rm(server).args(&urls).silent()?;
    holds("all are gone", server.root.files()?.is_empty())
}

fn odd_folders(server: &Server, tools: &Tools) -> Outcome {
    for folder in ["a [b] *c", "-la", " blank "] {
        server.root.write(format!("{folder}/x y"), folder)?;
        let url = server.url(&format!("/{}/", encoded(folder.as_bytes())));
        tools.ls(server).arg(&url).run()?.printed("x y\n")?;
        tools.get(server).arg(url + "x%20y").run()?.printed(folder)?;
    }
    Ok(())
}

fn xargs(server: &Server, tools: &Tools) -> Outcome {
    plant(server)?;
    tools.here.mkdir("out")?;
    let script = "ftp-ls $FLAGS -u $URL/odd/ | xargs ftp-get $FLAGS -d out";
    tools.sh(server, script).silent()?;
    same_tree(&server.root, "odd/", &tools.here, "out/")
}

fn nul_list(server: &Server, tools: &Tools) -> Outcome {
    plant(server)?;
    tools.here.mkdir("out")?;
    let script = "ftp-ls $FLAGS -0 $URL/odd/ | ftp-get $FLAGS -0 -T - --base $URL/odd/ -d out";
    tools.sh(server, script).silent()?;
    same_tree(&server.root, "odd/", &tools.here, "out/")
}

fn edge_blanks(server: &Server, tools: &Tools) -> Outcome {
    for name in EDGES {
        tools.here.write(name, *name)?;
    }
    server.root.mkdir("odd")?;
    tools.put(server).args(EDGES).arg(server.url("/odd/")).silent()?;
    same_tree(&tools.here, "", &server.root, "odd/")
}

fn backslash(server: &Server, tools: &Tools) -> Outcome {
    let name = "back\\slash";
    tools.here.write(name, "kept")?;
    tools.put(server).arg(name).arg(server.url("/")).silent()?;
    same_tree(&tools.here, "", &server.root, "")?;
    tools.ls(server).arg(server.url("/")).run()?.printed("back\\slash\n")?;
    tools.get(server).arg(server.url("/back%5Cslash")).run()?.printed("kept")?;
    tools.rm(server).arg(server.url("/back%5Cslash")).silent()?;
    holds("gone", !server.root.has(name))
}

fn raw_bytes(server: &Server, tools: &Tools) -> Outcome {
    server.root.write(VERSION_GBK, "raw")?;
    let url = server.url("/%B0%E6%B1%BE");
    tools.ls(server).arg(server.url("/")).run()?.printed([VERSION_GBK, b"\n"].concat())?;
    tools.ls(server).arg("-u").arg(server.url("/")).run()?.printed(format!("{url}\n"))?;
    tools.get(server).arg(&url).run()?.printed("raw")?;
    tools.get(server).arg("-O").arg(&url).silent()?;
    holds("saved under the same bytes", tools.here.has(VERSION_GBK))?;
    tools.rm(server).arg(&url).silent()?;
    holds("gone", !server.root.has(VERSION_GBK))
}

fn gbk(server: &Server, tools: &Tools) -> Outcome {
    server.root.write(VERSION_GBK, "gbk")?;
    let url = server.url(&format!("/{VERSION}"));
    let flag = "--encoding=gbk";
    tools.ls(server).arg(flag).arg(server.url("/")).run()?.printed(format!("{VERSION}\n"))?;
    tools.get(server).arg(flag).arg(&url).run()?.printed("gbk")?;
    tools.get(server).arg(flag).arg("-O").arg(&url).silent()?;
    holds("saved under the UTF-8 name", tools.here.has(VERSION))?;
    tools.rm(server).arg(flag).arg(&url).silent()?;
    holds("gone", !server.root.has(VERSION_GBK))?;
    tools.put(server).arg(flag).arg(VERSION).arg(server.url("/")).silent()?;
    holds("stored under the GBK name", server.root.has(VERSION_GBK))
}

fn gbk_pipelines(server: &Server, tools: &Tools) -> Outcome {
    server.root.write([b"odd/", VERSION_GBK, b" 1.txt"].concat(), "one")?;
    server.root.write([b"odd/\xff", VERSION_GBK].concat(), "two")?;
    for (out, script) in [
        ("one/", "ftp-ls $FLAGS -u $URL/odd/ | xargs ftp-get $FLAGS -d one"),
        ("two/", "ftp-ls $FLAGS -0 $URL/odd/ | ftp-get $FLAGS -0 -T - --base $URL/odd/ -d two"),
    ] {
        tools.here.mkdir(out)?;
        tools.sh(server, script).silent()?;
        same_tree(&server.root, "odd/", &tools.here, out)?;
    }
    Ok(())
}
