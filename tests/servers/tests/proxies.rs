//! `proxies [SERVER...]`: the tools through real proxies, to real servers.
//!
//! The tools run in one network namespace, proxies and servers in another. The servers listen on the loopback
//! of theirs, which is out of reach from outside but by way of a proxy: what works was not
//! connected directly, and not to a port of the proxy's own address. Needs root and TUN.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use servers::{
    brand::Brand,
    cert,
    folder::Folder,
    netns::{self, Namespaces},
    proxy::{self, Kind, Proxy},
    server::{Ground, Server, Tls},
    tools::{self, Tools},
    verdict::Verdict,
};

const SERVERS: [(&str, Brand, Tls); 7] = [
    ("vsftpd-plain", Brand::Vsftpd, Tls::Off),
    ("vsftpd-tls13-reuse", Brand::Vsftpd, Tls::V13),
    ("vsftpd-implicit", Brand::Vsftpd, Tls::Implicit),
    ("proftpd-tls12-reuse", Brand::Proftpd, Tls::V12),
    ("proftpd-plain", Brand::Proftpd, Tls::Off),
    ("pureftpd-tls", Brand::PureFtpd, Tls::Any),
    ("pyftpdlib-plain", Brand::Pyftpdlib, Tls::Off),
];

const PROXIES: [(&str, Kind, bool); 4] = [
    ("microsocks", Kind::Microsocks, false),
    ("microsocks with a login", Kind::Microsocks, true),
    ("tinyproxy", Kind::Tinyproxy, false),
    ("tinyproxy with a login", Kind::Tinyproxy, true),
];

type Case = fn(&Server, &Tools, &Proxy) -> Result<(), String>;

const CASES: [(&str, Case); 7] = [
    ("nothing goes without it", without),
    ("get, with EPSV and PASV", get),
    ("put, and a listing", put),
    ("pipe relays", pipe),
    ("pipe asks no server to meet another", no_fxp),
    ("the environment names it", environment),
    ("a wrong password ends with 3", stranger),
];

fn main() -> ExitCode {
    match run(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "proxies: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[String]) -> Result<bool, String> {
    let built = tools::built()?;
    let papers = Folder::new("pki").map_err(|error| error.to_string())?;
    let pki = cert::make(&papers).map_err(|error| error.to_string())?;
    let spaces = Namespaces::new()?;
    let _link = spaces.join(&built, 0)?;
    let within = ["ip", "netns", "exec", &*spaces.server];
    let near = Ground {
        address: "127.0.0.1",
        within: &within,
        pki: &pki,
        most: None,
        rate: None,
        built: &built,
    };
    let edge = Ground { address: netns::SERVER, ..near };
    let mut tools = Tools::find()?;
    tools.within = ["ip", "netns", "exec", &spaces.client].map(str::to_owned).to_vec();
    let mut proxies = Vec::new();
    for (name, kind, has_login) in PROXIES {
        proxies.push((name, Proxy::start(kind, has_login, &edge)?));
    }
    let mut verdict = Verdict::default();
    for (name, brand, tls) in SERVERS {
        if names.is_empty() || names.iter().any(|wanted| name.starts_with(wanted)) {
            let mut server = Server::start(brand, tls, &near)?;
            let abroad = Ground { address: "127.0.0.2", ..near };
            server.peer = Some(Box::new(Server::start(brand, tls, &abroad)?));
            through_all((name, &server), &tools, &proxies, &mut verdict)?;
        }
    }
    verdict.close().map_err(|error| error.to_string())
}

fn through_all(
    (name, server): (&str, &Server),
    tools: &Tools,
    proxies: &[(&str, Proxy)],
    verdict: &mut Verdict,
) -> Result<(), String> {
    for (through, proxy) in proxies {
        for (case, run) in CASES {
            server.root.empty()?;
            server.peer()?.root.empty()?;
            tools.here.empty()?;
            let end = run(server, tools, proxy);
            let counted = verdict.count(&format!("{name} through {through}: {case}"), end);
            counted.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// 300,000 bytes, other ones for each `seed`.
fn bytes(seed: u8) -> Vec<u8> {
    let byte = |at: u32| {
        let [top, ..] = at.wrapping_mul(2_654_435_761).to_be_bytes();
        top ^ seed
    };
    (0..300_000).map(byte).collect()
}

fn without(server: &Server, tools: &Tools, _: &Proxy) -> Result<(), String> {
    server.root.write("a", "")?;
    tools.get(server).arg(server.url("/a")).run()?.code(3).map(drop)
}

fn get(server: &Server, tools: &Tools, proxy: &Proxy) -> Result<(), String> {
    server.root.write("a", bytes(3))?;
    server.root.write("b", bytes(5))?;
    for flag in ["--no-glob", "--no-epsv"] {
        let call = tools.get(server).args(&[flag, "--proxy", &proxy.url()]);
        let ran = call.args(&[server.url("/a"), server.url("/b")]).run()?;
        ran.code(0)?.expect(ran.out() == [bytes(3), bytes(5)].concat(), "both files")?;
    }
    let parts = tools.get(server).args(&["-P2", "-d", ".", "--proxy", &proxy.url()]);
    parts.arg(server.url("/*")).silent()?;
    same(&tools.here.read("b")?, 5)
}

fn put(server: &Server, tools: &Tools, proxy: &Proxy) -> Result<(), String> {
    let flag = format!("--proxy={}", proxy.url());
    for name in ["a", "b", "c", "d"] {
        tools.here.write(name, bytes(7))?;
    }
    tools.put(server).arg(&flag).args(&["a", "b", "c", "d"]).arg(server.url("/")).silent()?;
    same(&server.root.read("d")?, 7)?;
    tools.ls(server).arg(&flag).arg(server.url("/")).run()?.printed("a\nb\nc\nd\n")?;
    tools.rm(server).arg(&flag).arg(server.url("/a")).silent()?;
    tools.ls(server).arg(&flag).arg(server.url("/")).run()?.printed("b\nc\nd\n")
}

fn pipe(server: &Server, tools: &Tools, proxy: &Proxy) -> Result<(), String> {
    let peer = server.peer()?;
    server.root.write("a", bytes(9))?;
    let call = tools.pipe(server).args(&["--proxy", &proxy.url()]);
    call.args(&[server.url("/a"), peer.url("/copy")]).silent()?;
    same(&peer.root.read("copy")?, 9)
}

fn no_fxp(server: &Server, tools: &Tools, proxy: &Proxy) -> Result<(), String> {
    server.root.write("a", "x")?;
    let call = tools.pipe(server).args(&["-vv", "--fxp=always", "--proxy", &proxy.url()]);
    let ran = call.args(&[server.url("/a"), server.peer()?.url("/b")]).run()?;
    ran.code(1)?.expect(!ran.says("PORT") && !ran.says("EPRT"), "no PORT")?;
    ran.expect(!ran.says(proxy::PASSWORD), "no password of the proxy in the trace").map(drop)
}

fn environment(server: &Server, tools: &Tools, proxy: &Proxy) -> Result<(), String> {
    server.root.write("a", "x")?;
    for name in ["ftp_proxy", "ALL_PROXY"] {
        let call = tools.get(server).env(name, proxy.url()).env("no_proxy", "example.com");
        call.arg(server.url("/a")).run()?.printed("x")?;
    }
    let call = tools.get(server).env("ftp_proxy", proxy.url()).env("no_proxy", "127.0.0.0/8");
    call.arg(server.url("/a")).run()?.code(3).map(drop)
}

fn stranger(server: &Server, tools: &Tools, proxy: &Proxy) -> Result<(), String> {
    if !proxy.url().contains(proxy::USER) {
        return Ok(());
    }
    let call = tools.get(server).args(&["--proxy", &proxy.url_of_stranger()]);
    let ran = call.arg(server.url("/a")).run()?;
    ran.code(3)?
        .expect(!ran.says("wr0ng") && ran.says("proxy "), "the proxy, no password")
        .map(drop)
}

fn same(got: &[u8], seed: u8) -> Result<(), String> {
    if got == bytes(seed) { Ok(()) } else { Err(format!("{} other bytes", got.len())) }
}
