//! How servers are reached: logins, ports, certificates, kinds of data connections, line ends.

use std::net::TcpListener;

use super::{Case, Outcome, case, pattern, same_bytes};
use crate::{
    server::{Need, Server},
    tools::Tools,
};

pub(super) const CASES: &[Case] = &[
    case("a wrong password ends with 4 and is not shown", wrong_password),
    case("a closed port ends with 3", closed_port),
    case("a user and password in the URL win", in_url),
    Case {
        name: "an unknown authority ends with 3",
        needs: &[Need::Secure],
        run: unknown_authority,
    },
    Case { name: "-k takes an unknown authority", needs: &[Need::Secure], run: insecure },
    case("a host name is resolved", by_name),
    case("--active transfers both ways", active),
    case("--no-epsv transfers both ways", no_epsv),
    case("--no-pipeline transfers both ways", no_pipeline),
    case("absolute paths work", absolute),
    Case { name: "-a carries text both ways", needs: &[Need::Ascii], run: ascii },
];

fn wrong_password(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("x", "")?;
    let ran = tools.get(server).password("sesame").arg(server.url("/x")).run()?;
    ran.code(4)?.stdout("")?.complained("530")?;
    ran.expect(ran.complained("sesame").is_err(), "no password in the message")?;
    Ok(())
}

fn closed_port(server: &Server, tools: &Tools) -> Outcome {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| error.to_string())?
        .port();
    let call = tools.ls(server).arg(format!("ftp://127.0.0.1:{port}/"));
    call.run()?.code(3)?.complained("")?;
    Ok(())
}

fn in_url(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("x", "in")?;
    let url = server.url_at("test:secret@127.0.0.1", "/x");
    tools.get(server).password("sesame").arg(url).run()?.printed("in")
}

fn unknown_authority(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("x", "")?;
    let ran = tools.without_ca(server).arg(server.url("/x")).run()?;
    ran.code(3)?.stdout("")?.complained("certificate")?;
    Ok(())
}

fn insecure(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("x", "taken")?;
    tools.without_ca(server).arg("-k").arg(server.url("/x")).run()?.printed("taken")
}

fn by_name(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("x", "named")?;
    tools.get(server).arg(server.url_at("localhost", "/x")).run()?.printed("named")
}

fn active(server: &Server, tools: &Tools) -> Outcome {
    both_ways(server, tools, "--active")
}

fn no_epsv(server: &Server, tools: &Tools) -> Outcome {
    both_ways(server, tools, "--no-epsv")
}

fn no_pipeline(server: &Server, tools: &Tools) -> Outcome {
    both_ways(server, tools, "--no-pipeline")
}

/// Two files up, a listing, both down, with one flag.
fn both_ways(server: &Server, tools: &Tools, flag: &str) -> Outcome {
    for (name, size) in [("a", 10_000), ("b", 100_000)] {
        tools.here.write(name, pattern(size))?;
    }
    tools.put(server).arg(flag).args(&["a", "b"]).arg(server.url("/")).silent()?;
    tools.ls(server).arg(flag).arg(server.url("/")).run()?.printed("a\nb\n")?;
    let ran = tools.get(server).arg(flag).args(&[server.url("/a"), server.url("/b")]).run()?;
    ran.code(0)?;
    same_bytes("a and b", &[pattern(10_000), pattern(100_000)].concat(), ran.out())
}

fn absolute(server: &Server, tools: &Tools) -> Outcome {
    server.root.write("sub/x", "absolute")?;
    for path in ["//sub/x", "/%2Fsub/x", "/%2fsub/x"] {
        tools.get(server).arg(server.url(path)).run()?.printed("absolute")?;
    }
    Ok(())
}

fn ascii(server: &Server, tools: &Tools) -> Outcome {
    let text = "one\ntwo\n\nlast";
    tools.put(server).arg("-a").arg(server.url("/text")).stdin(text).silent()?;
    same_bytes("text", text.as_bytes(), &server.root.read("text")?)?;
    tools.get(server).arg("-a").arg(server.url("/text")).run()?.printed(text)?;
    tools.get(server).arg(server.url("/text;type=a")).run()?.printed(text)
}
