//! `ftp-get` through a proxy that does as it should, and through some that do not. Nobody knows `ftp.invalid`
//! but that proxy. Real proxies are in `tests/servers`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use harness::{Harm, Invocation, Manners, Proxy, Ran, Scratch, Server, run};

/// Both kinds of proxies.
const KINDS: [&str; 2] = ["socks5", "http"];

fn server() -> Server {
    Server::auto("file a \"hello\\n\"\nfile b \"again\\n\"").unwrap()
}

fn get(flags: &[&str], env: &[(&str, &str)], url: &str) -> Ran {
    let args = flags.iter().copied().chain([url]);
    let bytes = |text: &str| text.as_bytes().to_vec();
    let env = env.iter().map(|(name, value)| (bytes(name), bytes(value))).collect();
    let invocation = Invocation { env, ..Invocation::new(args) };
    run(env!("CARGO_BIN_EXE_ftp-get").as_ref(), &invocation, &Scratch::new().unwrap()).unwrap()
}

/// Fetches through a proxy that wants `login`, in which `given` stands.
fn fetch(kind: &str, manners: Manners, given: &str, more: &[&str]) -> (Ran, Vec<String>, Server) {
    let (server, proxy) = (server(), Proxy::start(manners).unwrap());
    let flag = format!("--proxy={kind}://{given}{}", proxy.address());
    let flags: Vec<&str> =
        [&flag, "--timeout=2", "--retries=1"].iter().chain(more).copied().collect();
    let url = format!("ftp://ftp.invalid:{}/a", server.address().port());
    let ran = get(&flags, &[], &url);
    (ran, proxy.asked(), server)
}

fn shown(ran: &Ran) -> String {
    format!("{}: {}", ran.end(), ran.stderr.escape_ascii())
}

fn ends(ran: &Ran, code: i32, words: &str) {
    assert_eq!(ran.status.code(), Some(code), "{}", shown(ran));
    let stderr = String::from_utf8(ran.stderr.clone()).unwrap();
    assert!(stderr.contains(words), "{stderr}");
    assert!(stderr.contains("proxy ") && stderr.contains("://127.0.0.1:"), "{stderr}");
    assert!(!stderr.contains("s3cret") && !stderr.contains("me@"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(ran.stdout.is_empty());
}

#[test]
fn both_connections_go_through_it_by_name() {
    for kind in KINDS {
        for more in [&[][..], &["--no-epsv"], &["--no-pipeline"]] {
            let (ran, asked, server) = fetch(kind, Manners::default(), "", more);
            assert_eq!(
                (ran.end().as_str(), &ran.stdout[..]),
                ("exit 0", &b"hello\n"[..]),
                "{}",
                shown(&ran)
            );
            assert_eq!(asked.len(), 2, "{asked:?}");
            assert_eq!(asked[0], format!("ftp.invalid:{}", server.address().port()));
            assert!(asked[1].starts_with("ftp.invalid:"), "{asked:?}");
        }
    }
}

#[test]
fn a_login_is_given_and_not_shown() {
    let manners = Manners { login: Some(("me", "s3cret")), harm: None };
    for kind in KINDS {
        let (ran, asked, _) = fetch(kind, manners, "me:s3cret@", &["-vv"]);
        assert_eq!((ran.end().as_str(), asked.len()), ("exit 0", 2), "{}", shown(&ran));
        let stderr = ran.stderr.escape_ascii().to_string();
        assert!(stderr.contains(&format!("through {kind}://127.0.0.1:")), "{stderr}");
        assert!(!stderr.contains("s3cret"), "{stderr}");
        ends(&fetch(kind, manners, "me:s3cret7@", &[]).0, 3, "refuses the user name");
        ends(
            &fetch(kind, manners, "", &[]).0,
            3,
            if kind == "http" { "407" } else { "who we are" },
        );
    }
}

#[test]
fn what_a_proxy_does_instead_is_told_in_time() {
    for (harm, socks, http) in [
        (Harm::Stall, "no progress within 2 s: the way", "no progress within 2 s: the way"),
        (Harm::Close, "closed the connection", "closed the connection"),
        (Harm::Refuse, "connection refused", "502 Bad Gateway"),
        (Harm::Forbid, "its rules do not allow", "403 Filtered"),
        (Harm::Say(b"HTTP/1.1 400 \x1b[2J\r\n\r\n"), "not SOCKS5", "400 \\x1b[2J"),
        (Harm::Say(b"\x05\x00\x05\x03\x00\x00"), "network unreachable", "not HTTP"),
    ] {
        for (kind, words) in KINDS.iter().zip([socks, http]) {
            let begun = Instant::now();
            let (ran, _, server) =
                fetch(kind, Manners { harm: Some((0, harm)), login: None }, "", &[]);
            ends(&ran, 3, words);
            assert!(begun.elapsed() < Duration::from_secs(6), "{harm:?}");
            assert!(server.transcript().commands().is_empty());
        }
    }
}

#[test]
fn a_proxy_that_leads_to_no_data_breaks_the_transfer() {
    for (harm, words) in
        [(Harm::Forbid, "the data connection failed"), (Harm::Stall, "the data connection")]
    {
        for kind in KINDS {
            let manners = Manners { harm: Some((1, harm)), login: None };
            let (ran, _, _) = fetch(kind, manners, "", &["--retries=0"]);
            ends(&ran, 5, words);
            assert!(!ran.stderr.escape_ascii().to_string().contains("--active"));
        }
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = get(&["--proxy", &format!("socks5://me:s3cret@{gone}")], &[], "ftp://ftp.invalid/a");
    ends(&ran, 3, "connecting failed: Connection refused");
}

#[test]
fn the_environment_names_one() {
    let (server, proxy) = (server(), Proxy::start(Manners::default()).unwrap());
    let (port, through) = (server.address().port(), format!("socks5://{}", proxy.address()));
    let far = format!("ftp://ftp.invalid:{port}/a");
    let near = format!("ftp://127.0.0.1:{port}/a");
    for name in ["ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY"] {
        assert_eq!(get(&[], &[(name, &through)], &far).stdout, b"hello\n", "{name}");
    }
    let asked = proxy.asked().len();
    for (flag, no_proxy) in
        [("--proxy=", ""), ("--proxy=direct", ""), ("-q", "127.0.0.0/8"), ("-q", "*")]
    {
        let env = [("all_proxy", through.as_str()), ("no_proxy", no_proxy)];
        assert_eq!(get(&[flag], &env, &near).stdout, b"hello\n", "{flag} {no_proxy}");
    }
    assert_eq!(proxy.asked().len(), asked);
    get(&[], &[("all_proxy", &through)], &near);
    assert_eq!(proxy.asked().len(), asked + 2);
}

#[test]
fn the_host_of_a_pasv_answer_is_for_the_proxy_to_find() {
    for (flag, host) in [("--trust-pasv", "10.9.8.7:"), ("--no-epsv", "ftp.invalid:")] {
        let block = "file a \"hello\\n\"\nwithout EPSV\nfault on PASV: host 10,9,8,7";
        let (server, proxy) =
            (Server::auto(block).unwrap(), Proxy::start(Manners::default()).unwrap());
        let through = format!("--proxy=socks5://{}", proxy.address());
        let url = format!("ftp://ftp.invalid:{}/a", server.address().port());
        assert_eq!(get(&[flag, &through], &[], &url).stdout, b"hello\n");
        assert!(proxy.asked()[1].starts_with(host), "{:?}", proxy.asked());
    }
}
