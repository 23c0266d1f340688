//! What must hold of all else that reads bytes from outside: replies, feature lists, passive answers, URLs, netrc
//! files, lists of operands, encodings, and a whole session against a server that says anything. No panic, nothing without
//! a bound, and nothing raw on a terminal or on the wire. `crates/core/tests/hostile_bytes.rs` runs the same.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ftp_core::charset::{Charset, for_terminal};
use ftp_core::cli::split_list;
use ftp_core::ending::Ending;
use ftp_core::features::Features;
use ftp_core::login;
use ftp_core::netrc;
use ftp_core::path::RemotePath;
use ftp_core::proxy::Proxies;
use ftp_core::reply::{Reply, ReplyReader};
use ftp_core::secret::Secret;
use ftp_core::url::{Address, Target};
use ftp_core::waits::Waits;
use ftp_core::wire::{
    Access, Account, Credentials, Knowledge, Names, Session, TlsPolicy, Trace, Type, Wants,
};

/// More than any reply may have (`MAX_REPLY` of reply.rs), and what one read may add.
const MOST: usize = 300 * 1024;

/// Encodings of each kind: none, one byte, two, four, UTF-8.
const LABELS: [&[u8]; 6] = [b"utf-8", b"gbk", b"windows-1252", b"shift_jis", b"big5", b"gb18030"];

/// Feeds `input` to the reader of replies in reads of all lengths, and asks each reply all there is.
pub fn read_replies(input: &[u8]) {
    let step = input.first().map_or(1, |&b| usize::from(b) + 1);
    let (mut reader, mut replies) = (ReplyReader::default(), Vec::new());
    for chunk in input.chunks(step) {
        reader.push(chunk);
        loop {
            match reader.take() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    replies.iter().for_each(check_reply);
    let total: usize = replies.iter().map(|reply| reply.raw().len()).sum();
    assert!(total <= input.len(), "replies hold what was sent");
    let _ = login::judge(&replies, input.len().is_multiple_of(2));
}

fn check_reply(reply: &Reply) {
    assert!(reply.code() <= 999 && reply.raw().len() <= MOST);
    assert!(reply.epsv_port() != Some(0), "there is no port 0");
    assert!(reply.pasv_address().is_none_or(|address| address.port() != 0));
    assert!(reply.quoted_path().is_none_or(|path| path.len() <= reply.raw().len()));
    let secret = Secret::new(b"s3cr3t".to_vec());
    let masked = reply.without(std::slice::from_ref(&secret));
    assert!(!masked.windows(6).any(|part| part == secret.expose()), "a secret is masked");
    let _ = (reply.size(), reply.time(), reply.announced_bytes(), reply.says_truncated());
    let _ = (reply.is_done(), reply.is_preliminary(), reply.is_unsupported());
    check_terminal(&reply.words());
}

/// What a terminal gets has nothing in it that steers one.
fn check_terminal(bytes: &[u8]) {
    let shown = for_terminal(bytes);
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
}

/// `input` as the words of a 229 and a 227.
pub fn read_passive(input: &[u8]) {
    for code in [&b"229 "[..], b"227 "] {
        read_replies(&[&[0xFF][..], &[code, input, b"\r\n"].concat()].concat());
        let mut reader = ReplyReader::default();
        reader.push(&[code, input, b"\r\n"].concat());
        if let Ok(Some(reply)) = reader.take() {
            check_reply(&reply);
        }
    }
}

/// `input` as the answer to FEAT.
pub fn read_features(input: &[u8]) {
    let features = Features::parse(input);
    for name in [&b"MLST"[..], b"UTF8", b"HASH", b"MFMT", b"REST", b""] {
        assert!(features.parameters(name).is_none_or(|words| words.len() <= input.len()));
        let _ = features.has(name);
    }
}

/// `input` as a URL, in all encodings. What is read prints as a URL that reads back as the same.
pub fn read_url(input: &[u8]) {
    for charset in charsets() {
        let Ok(address) = Address::parse(input, charset, input.len().is_multiple_of(2)) else {
            continue;
        };
        check_terminal(address.origin.shown().as_bytes());
        let Target::Path(path) = &address.target else { continue };
        check_path(path);
        let url = address.origin.url_of(path);
        assert!(url.iter().all(u8::is_ascii_graphic), "{}", url.escape_ascii());
        let again = Address::parse(&url, charset, true).map(|again| again.target);
        assert_eq!(again.ok(), Some(Target::Path(path.clone())), "{}", url.escape_ascii());
    }
}

/// A path can be sent as it is.
fn check_path(path: &RemotePath) {
    assert!(!path.as_bytes().iter().any(|b| matches!(b, 0 | b'\r' | b'\n')));
}

/// `input` as a netrc file.
pub fn read_netrc(input: &[u8]) {
    for (host, user) in [("a", None), ("ftp.example.org", Some(&b"u"[..])), ("", None)] {
        let Some(found) = netrc::lookup(input, host, user) else { continue };
        assert!(found.login.is_none_or(|login| login.len() <= input.len()));
        assert!(found.password.is_none_or(|word| word.expose().len() <= input.len()));
    }
}

/// `input` as a list of operands below a base.
pub fn read_operands(input: &[u8]) {
    let Ok(base) = Address::parse(b"ftp://h/d/", Charset::Bytes, false) else { return };
    for item in split_list(input, input.len().is_multiple_of(2)).flatten() {
        let Ok(address) = base.below(item, Charset::Bytes) else { continue };
        let Target::Path(path) = &address.target else { continue };
        check_path(path);
        assert!(path.as_bytes().starts_with(b"d/"), "{}", path.as_bytes().escape_ascii());
    }
}

/// `input` as a name on a server and as one that was typed, in all encodings.
pub fn read_encodings(input: &[u8]) {
    for charset in charsets() {
        let shown = charset.show(input);
        check_terminal(&shown);
        if charset.comes_back(input) {
            assert_eq!(charset.encode(&shown).ok().as_deref(), Some(input));
        }
        let _ = charset.encode(input);
        let units: usize = charset.units(input).map(|(_, length)| length).sum();
        assert_eq!(units, input.len(), "all bytes are in some unit");
    }
}

fn charsets() -> impl Iterator<Item = Charset> {
    let named = LABELS.iter().filter_map(|label| Charset::for_label(label).ok());
    std::iter::once(Charset::Bytes).chain(named)
}

/// A whole session against a server that says `input`: a piece, up to the next line end, for each time the
/// client has spoken, and hangs up at the end.
pub fn hold_session(input: &[u8]) {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0") else { return };
    let Ok(port) = listener.local_addr().map(|address| address.port()) else { return };
    let said = input.to_vec();
    let server = thread::spawn(move || listener.accept().map(|(socket, _)| say(socket, &said)));
    let url = format!("ftp://u:p@127.0.0.1:{port}/d");
    if let Ok(address) = Address::parse(url.as_bytes(), Charset::Bytes, false) {
        talk(&address, input.len().is_multiple_of(2));
    }
    // Should nobody have come.
    let _ = TcpStream::connect(("127.0.0.1", port));
    let _ = server.join();
}

fn say(mut socket: TcpStream, said: &[u8]) {
    let _ = socket.set_read_timeout(Some(Duration::from_millis(4)));
    let mut heard = [0; 1024];
    for line in said.split_inclusive(|&b| b == b'\n') {
        if socket.write_all(line).is_err() || matches!(socket.read(&mut heard), Ok(0)) {
            return;
        }
    }
}

fn talk(address: &Address, pipeline: bool) {
    let credentials = Credentials {
        user: b"u".to_vec(),
        password: Secret::new(b"p".to_vec()),
        account: None,
        source: "the URL".to_owned(),
    };
    let wants = Wants { features: true, data: true };
    let Target::Path(path) = &address.target else { return };
    let access = Access { pipeline, ..access() };
    let account = Account {
        origin: address.origin.clone(),
        knowledge: Knowledge::of(&access),
        access: Arc::new(access),
        credentials,
    };
    let Ok(mut session) = Session::open(&account, wants) else { return };
    let _ = session.size_and_time(path);
    let _ = session.enter(path);
    let mut total = 0_u64;
    let _ = session.list(path, true, &mut |_| {
        total += 1;
        Ok(())
    });
    if let Ok(transfer) = session.retrieve(path, Type::Image, 0) {
        transfer.abandon();
    }
    session.quit();
}

fn access() -> Access {
    Access {
        tls: TlsPolicy::Off,
        trust: None,
        active: None,
        epsv: true,
        trust_pasv: false,
        proxies: Proxies::default(),
        names: Arc::new(Names::default()),
        timeout: Duration::from_millis(20),
        waits: Waits::scaled(b"0.01"),
        rate: None,
        min_rate: 0,
        meter: Arc::default(),
        keep_alive: None,
        checks_sizes: true,
        retries: 0,
        ending: Ending::default(),
        pipeline: true,
        quotes: Vec::new(),
        charset: Charset::Bytes,
        trace: Trace::default(),
    }
}
