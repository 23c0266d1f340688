//! The servers themselves, asked over plain sockets.

#![expect(clippy::unwrap_used, reason = "the client below is test code, a panic is its verdict")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use harness::{Kind, Server};

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// One line of a reply without CRLF; "" at the end of the connection.
    fn reply(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        let line = line.strip_suffix(b"\r\n").unwrap_or(&line);
        line.iter().copied().map(char::from).collect()
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    fn ask(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        self.reply()
    }

    fn log_in(server: &Server) -> Self {
        let mut client = Self::connect(server);
        assert_eq!(client.reply(), "220 ready");
        assert_eq!(client.ask("USER u"), "331 password, please");
        assert_eq!(client.ask("PASS p"), "230 logged in");
        assert_eq!(client.ask("TYPE I"), "200 type set");
        client
    }

    fn passive(&mut self) -> TcpStream {
        let reply = self.ask("EPSV");
        let port = reply.rsplit('|').nth(1).unwrap().parse().unwrap();
        TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap()
    }

    /// The data, the 150 and the last reply.
    fn fetch(&mut self, command: &str) -> (String, String, String) {
        let mut data = self.passive();
        let opening = self.ask(command);
        let mut bytes = Vec::new();
        let end = data.read_to_end(&mut bytes);
        let text = bytes.iter().copied().map(char::from).collect::<String>();
        let text = if end.is_err() { format!("{text}!") } else { text };
        (text, opening, self.reply())
    }
}

#[test]
fn the_built_in_server_serves_files() {
    let mut server = Server::auto(
        "file a.txt \"hello\"\nfile sub/b repeat 3 \"x\\n\"\nfile .dot \"\"\nlink l a.txt\n\
         listing LIST /sub \"raw\\r\\n\"",
    )
    .unwrap();
    let mut client = Client::log_in(&server);
    let opening = "150 Opening data connection (5 bytes)".to_owned();
    let done = "226 Transfer complete".to_owned();
    assert_eq!(client.fetch("RETR a.txt"), ("hello".to_owned(), opening, done));
    assert_eq!(client.ask("REST 3"), "350 restarting at 3");
    assert_eq!(client.fetch("RETR l").0, "lo");
    assert_eq!(client.fetch("RETR a.txt").0, "hello");
    assert_eq!(client.fetch("LIST sub").0, "raw\r\n");
    assert_eq!(client.fetch("NLST").0, "a.txt\r\nl\r\nsub\r\n");
    assert_eq!(client.fetch("NLST -a").0, ".dot\r\na.txt\r\nl\r\nsub\r\n");
    let mlsd = client.fetch("MLSD sub").0;
    assert!(mlsd.starts_with("type=cdir;") && mlsd.ends_with("UNIX.mode=0644; b\r\n"), "{mlsd}");
    for (command, reply) in [
        ("SIZE sub/b", "213 6"),
        ("MDTM a.txt", "213 20240102030405"),
        ("SIZE nope", "550 no such file"),
        ("CWD sub", "250 done"),
        ("PWD", "257 \"/sub\" is the current directory"),
        ("TYPE A", "200 type set"),
        ("SIZE b", "550 SIZE not allowed in ASCII mode"),
        ("RETR b", "425 no data connection"),
        ("FROB", "500 FROB not understood"),
        ("QUIT", "221 Goodbye"),
        ("", ""),
    ] {
        assert_eq!(client.ask(command), reply, "{command}");
    }
    server.stop();
    assert_eq!(server.transcript().problems(), Vec::<String>::new());
}

#[test]
fn the_built_in_server_takes_changes() {
    let mut server = Server::auto("file old \"hello\"\ndir full\nfile full/x \"\"").unwrap();
    let mut client = Client::log_in(&server);
    for (command, content) in [("STOR new", &b"\xffnew"[..]), ("APPE old", b" world")] {
        let mut data = client.passive();
        assert_eq!(client.ask(command), "150 Send it");
        data.write_all(content).unwrap();
        drop(data);
        assert_eq!(client.reply(), "226 Transfer complete");
    }
    for (command, reply) in [
        ("STOR no/such", "553 cannot store that"),
        ("MKD d", "257 \"/d\" created"),
        ("MKD d", "550 file exists"),
        ("RMD full", "550 directory not empty"),
        ("RNFR new", "350 to what?"),
        ("RNTO d/n\"n", "250 renamed"),
        ("DELE full/x", "250 deleted"),
        ("RMD full", "250 removed"),
        ("MFMT 20200101000000 old", "213 Modify=20200101000000; old"),
        ("SITE CHMOD 600 old", "200 mode set"),
    ] {
        assert_eq!(client.ask(command), reply, "{command}");
    }
    drop(client);
    server.stop();
    assert_eq!(server.file(b"d/n\"n"), Some(b"\xffnew".to_vec()));
    let tree = server.tree();
    let old = tree.get(b"/old").unwrap();
    assert_eq!(old.kind, Kind::File(b"hello world".to_vec()));
    assert_eq!((old.mode, old.mtime.as_slice()), (0o600, &b"20200101000000"[..]));
    assert_eq!(tree.paths(), [&b"/d/"[..], b"/d/n\"n", b"/old"]);
}

#[test]
fn faults_break_what_they_name() {
    let server = Server::auto(
        "file a \"0123456789\"\n\
         fault on RETR \"cut\" : reply 550 cut\n\
         fault on RETR \"a\" nth 1 after 4: close data\n\
         fault on RETR \"a\" nth 2 after 4: reset data\n\
         fault on RETR \"a\" nth 3: final 451 disk\n\
         fault on RETR \"a\" nth 3: opening 125 go\n\
         fault on PASV times 1: host 10,9,8,7\n\
         fault on PASV nth 2: dead port\n\
         fault on NOOP: then 200 again\n\
         fault before reply 215: close control",
    )
    .unwrap();
    let mut client = Client::log_in(&server);
    assert_eq!(client.ask("RETR cut"), "550 cut");
    let (data, opening, last) = client.fetch("RETR a");
    assert_eq!((data.as_str(), last.as_str()), ("0123", "226 Transfer complete"));
    assert_eq!(opening, "150 Opening data connection (10 bytes)");
    let (data, _, last) = client.fetch("RETR a");
    assert!(data.ends_with('!') && last == "426 data connection broken", "{data} {last}");
    let (data, opening, last) = client.fetch("RETR a");
    assert_eq!(
        (data.as_str(), opening.as_str(), last.as_str()),
        ("0123456789", "125 go", "451 disk")
    );
    assert!(client.ask("PASV").starts_with("227 Entering Passive Mode (10,9,8,7,"));
    assert!(client.ask("PASV").starts_with("227 Entering Passive Mode (127,0,0,1,"));
    assert_eq!((client.ask("NOOP").as_str(), client.reply().as_str()), ("200 fine", "200 again"));
    assert_eq!(client.ask("SYST"), "");
}

#[test]
fn an_upload_can_break_in_the_middle() {
    let mut server = Server::auto("fault on STOR after 3: reset control").unwrap();
    let mut client = Client::log_in(&server);
    let mut data = client.passive();
    client.ask("STOR a");
    data.write_all(b"012345").unwrap();
    assert!(client.0.read_to_end(&mut Vec::new()).is_err(), "a reset, not an end");
    server.stop();
    assert_eq!(server.file(b"a"), Some(b"012".to_vec()));
}

#[test]
fn servers_that_hate_commands_sent_ahead() {
    for (ahead, replies) in [
        ("500", "220 ready|331 password, please|500 one command at a time, please||"),
        ("421", "220 ready|331 password, please|421 one command at a time, please||"),
        ("hang-up", "|||"),
        ("drop", "220 ready||"),
    ] {
        let server = Server::auto(&format!("ahead {ahead}")).unwrap();
        let mut client = Client::connect(&server);
        client.0.get_ref().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        if ahead == "500" || ahead == "421" {
            assert_eq!(client.reply(), "220 ready");
            client.send(b"USER u\r\nPASS p\r\n");
            assert_eq!(client.reply(), "331 password, please");
            assert!(client.reply().starts_with(ahead));
            continue;
        }
        client.send(b"USER u\r\nPASS p\r\n");
        let mut all = String::new();
        let _ = client.0.read_to_string(&mut all);
        assert_eq!(
            all,
            replies.split('|').next().map(|r| r.to_owned() + "\r\n").unwrap().trim_start()
        );
    }
}

#[test]
fn a_late_login_refuses_what_came_after_pass() {
    let server = Server::auto("login late\nuser u \"p w\"").unwrap();
    let mut client = Client::connect(&server);
    client.send(b"USER u\r\nPASS p w\r\nTYPE I\r\nEPSV\r\n");
    let codes: Vec<_> =
        (0..5).map(|_| client.reply().chars().take(3).collect::<String>()).collect();
    assert_eq!(codes, ["220", "331", "530", "530", "230"]);
}

#[test]
fn a_stalled_server_says_nothing_but_ends_with_the_client() {
    let mut server = Server::auto("fault on connect: stall").unwrap();
    let client = Client::connect(&server);
    client.0.get_ref().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(client.0.get_ref().read(&mut [0]).is_err());
    drop(client);
    let start = Instant::now();
    server.stop();
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn too_many_connections_are_turned_away() {
    let server = Server::auto("max-connections 1").unwrap();
    let first = Client::log_in(&server);
    assert_eq!(Client::connect(&server).reply(), "421 too many connections");
    drop(first);
    std::thread::sleep(Duration::from_millis(50));
    Client::log_in(&server);
}

#[test]
fn active_transfers_connect_to_the_client() {
    let server = Server::auto("file a \"hello\"").unwrap();
    let mut client = Client::log_in(&server);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(client.ask(&format!("EPRT |1|127.0.0.1|{port}|")), "200 will connect there");
    client.send(b"RETR a\r\n");
    let mut text = String::new();
    listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
}

#[test]
fn a_dialogue_is_played_to_the_letter() {
    let mut server = Server::scripted(&["> 220-hi\n> 220 ok\n< USER \\xff\n<? OPTS\n  > 200\n\
         >. 331 a\n<~ PASS *\n> {epsv}\ndata recv\ndata expects \"abc\"\ndata close\n>> 226\\r\\n\nclose"])
    .unwrap();
    let mut client = Client::connect(&server);
    assert_eq!((client.reply().as_str(), client.reply().as_str()), ("220-hi", "220 ok"));
    client.send(b"USER \xff\r\n");
    assert_eq!(client.reply(), "331 a");
    let reply = client.ask("PASS anything");
    let port = reply.rsplit('|').nth(1).unwrap().parse().unwrap();
    let mut data = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
    data.write_all(b"abc").unwrap();
    drop(data);
    assert_eq!((client.reply().as_str(), client.reply().as_str()), ("226", ""));
    server.stop();
    assert_eq!(server.transcript().problems(), Vec::<String>::new());
}

#[test]
fn what_was_not_scripted_is_a_problem() {
    for (script, sent, problem) in [
        ("> 220\n< USER a", "USER b\r\n", "the client sent `USER b`"),
        ("> 220\n< USER a", "", "the client closed the connection"),
        ("> 220\n< USER a", "USER a\n", "a command line ended in LF alone"),
        ("> 220\n< USER a", "USER a\r\nNOOP\r\n", "after the last step came `NOOP`"),
    ] {
        let mut server = Server::scripted(&[script]).unwrap();
        let mut client = Client::connect(&server);
        client.reply();
        client.send(sent.as_bytes());
        drop(client);
        server.stop();
        let problems = server.transcript().problems().join("\n");
        assert!(problems.contains(problem), "{problems}");
    }
    let mut never = Server::scripted(&["> 220"]).unwrap();
    never.stop();
    assert_eq!(never.transcript().problems(), ["a scripted connection was never made"]);
}

#[test]
fn flights_are_turns_not_commands() {
    let mut server = Server::auto("").unwrap();
    let mut client = Client::connect(&server);
    client.reply();
    client.send(b"USER u\r\nPASS p\r\n");
    client.reply();
    client.reply();
    client.ask("NOOP");
    client.ask("QUIT");
    server.stop();
    assert_eq!(server.transcript().flights(), 3);
}
