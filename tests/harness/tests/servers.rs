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
    assert!(server.wrote(b"new") && server.wrote(b"old") && !server.wrote(b"d/n\"n"));
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

/// What one server says to one command behind a login, data connections left out.
fn said(block: &str, command: &str) -> String {
    let server = Server::auto(block).unwrap();
    let mut client = Client::log_in(&server);
    client.ask(command)
}

#[test]
fn sizes_are_told_as_the_case_wants_them() {
    for (line, command, reply) in [
        ("announces plain", "SIZE a", "213 10"),
        ("size-by SIZE plus 1", "SIZE a", "213 11"),
        ("size-by SIZE minus 1", "SIZE a", "213 9"),
        ("size-by SIZE half", "SIZE a", "213 5"),
        ("size-by SIZE 900", "SIZE a", "213 900"),
        ("size-by SIZE absent", "SIZE a", "550 no size"),
        ("size-by MLST 900", "SIZE a", "213 10"),
    ] {
        assert_eq!(said(&format!("file a \"0123456789\"\n{line}"), command), reply, "{line}");
    }
    let block = "file a \"0123456789\"\nsize-by MLST absent\nsize-by MLSD half\nsize-by LIST 900";
    let server = Server::auto(block).unwrap();
    let mut client = Client::log_in(&server);
    assert_eq!(client.ask("MLST a"), "250-Listing");
    assert_eq!(client.reply(), " type=file;modify=20240102030405;UNIX.mode=0644; /a");
    assert_eq!(client.reply(), "250 End");
    assert!(client.fetch("MLSD").0.contains("type=file;size=5;"));
    assert!(client.fetch("LIST").0.contains(" 900 Jan "));
}

#[test]
fn the_opening_has_the_words_of_many_servers() {
    for (word, opening) in [
        ("bytes", "150 Opening data connection (10 bytes)"),
        ("3", "150 Opening data connection (3 bytes)"),
        ("kbytes", "150 0.0 kbytes to download"),
        ("plain", "150 go ahead"),
        ("iis", "125 Data connection already open; Transfer starting."),
        ("filezilla", "150 Starting data transfer."),
    ] {
        let server = Server::auto(&format!("file a \"0123456789\"\nannounces {word}")).unwrap();
        let mut client = Client::log_in(&server);
        let (data, said, _) = client.fetch("RETR a");
        assert_eq!((data.as_str(), said.as_str()), ("0123456789", opening), "{word}");
    }
}

#[test]
fn a_late_opening_waits_for_the_data_connection() {
    let server = Server::auto("file a \"hello\"\nopening late").unwrap();
    let mut client = Client::log_in(&server);
    let port = client.ask("EPSV").rsplit('|').nth(1).unwrap().parse().unwrap();
    client.send(b"RETR a\r\n");
    client.0.get_ref().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(client.0.fill_buf().is_err(), "it spoke before anybody connected");
    let _data = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
    client.0.get_ref().set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(client.reply(), "150 Opening data connection (5 bytes)");
}

#[test]
fn rest_lies_or_empties() {
    let server = Server::auto("file a \"0123456789\"\nrest lies").unwrap();
    let mut client = Client::log_in(&server);
    assert_eq!(client.ask("REST 4"), "350 restarting at 4");
    assert_eq!(client.fetch("RETR a").0, "0123456789");
    let mut server = Server::auto("file a \"0123456789\"\nrest empties").unwrap();
    let mut client = Client::log_in(&server);
    client.ask("REST 4");
    let mut data = client.passive();
    client.ask("STOR a");
    data.write_all(b"xy").unwrap();
    drop(data);
    assert_eq!(client.reply(), "226 Transfer complete");
    drop(client);
    server.stop();
    assert_eq!(server.file(b"a"), Some(b"\0\0\0\0xy".to_vec()));
}

#[test]
fn a_rename_to_a_name_that_is_taken() {
    let refused = "553 Cannot create a file when that file already exists.";
    for (line, reply, left) in
        [("rename lies", "250 renamed", "old"), ("rename refuses", refused, "old")]
    {
        let server = Server::auto(&format!("file a \"new\"\nfile f \"old\"\n{line}")).unwrap();
        let mut client = Client::log_in(&server);
        client.ask("RNFR a");
        assert_eq!(client.ask("RNTO f"), reply);
        assert_eq!(server.file(b"f"), Some(left.as_bytes().to_vec()), "{line}");
        assert_eq!(server.file(b"a"), Some(b"new".to_vec()), "{line}");
        client.ask("RNFR a");
        assert_eq!(client.ask("RNTO free"), "250 renamed");
        assert_eq!((server.file(b"a"), server.file(b"free")), (None, Some(b"new".to_vec())));
    }
}

#[test]
fn a_tilde_is_the_login_directory() {
    let files = "home h\nfile h/x \"123\"\nfile h/~/x \"1\"\nfile h/~u/x \"12345\"";
    for (line, size, listed) in
        [("expands tilde", "213 3", "x\r\n~\r\n~u\r\n"), ("", "213 1", "x\r\n")]
    {
        let server = Server::auto(&format!("{files}\n{line}")).unwrap();
        let mut client = Client::log_in(&server);
        assert_eq!(client.ask("SIZE ~/x"), size);
        assert_eq!(client.fetch("NLST ~").0, listed);
        assert_eq!(client.ask("SIZE ./~/x"), "213 1");
        assert_eq!(client.ask("SIZE ~u/x"), "213 5");
        assert_eq!(client.ask("CWD ~"), "250 done");
    }
}

#[test]
fn listings_are_counted() {
    let files = "file d/a \"\"\nfile d/b \"\"\nlisting LIST /raw \"one\\r\\ntwo\\r\\nthree\\r\\n\"";
    for (line, command, last) in [
        ("counts listings", "LIST d", "226 2 matches total"),
        ("counts listings", "NLST d", "226 2 matches total"),
        ("counts listings", "MLSD d", "226 3 matches total"),
        ("counts listings", "LIST raw", "226 3 matches total"),
        ("counts listings plus 4", "LIST d", "226 6 matches total"),
        ("counts listings\nfault on LIST after 5: close data", "LIST d", "226 2 matches total"),
        ("", "LIST d", "226 Transfer complete"),
    ] {
        let server = Server::auto(&format!("{files}\n{line}")).unwrap();
        assert_eq!(Client::log_in(&server).fetch(command).2, last, "{line}");
    }
}

#[test]
fn files_change_while_they_are_sent() {
    let server = Server::auto(
        "file a mtime=20240101000000 \"0123456789\"\n\
         fault on RETR nth 1: grow mtime=20250101000000 \"abc\"\n\
         fault on RETR nth 2 after 4: put a mtime=20260101000000 \"other\"\n\
         fault on NOOP: put b mode=0600 \"new\"\n\
         fault on connect nth 2: put c \"third\"",
    )
    .unwrap();
    let mut client = Client::log_in(&server);
    let mut time = |command: &str| {
        let data = client.fetch(command).0;
        (data, client.ask("MDTM a"))
    };
    assert_eq!(time("RETR a"), ("0123456789".to_owned(), "213 20250101000000".to_owned()));
    assert_eq!(time("RETR a"), ("0123456789abc".to_owned(), "213 20260101000000".to_owned()));
    assert_eq!(time("RETR a").0, "other");
    assert_eq!((client.ask("NOOP").as_str(), server.file(b"c")), ("200 fine", None));
    assert_eq!(server.tree().get(b"/b").unwrap().mode, 0o600);
    Client::log_in(&server);
    assert_eq!(server.file(b"c"), Some(b"third".to_vec()));
}

#[test]
fn an_upload_is_refused_behind_its_150() {
    let mut server = Server::auto(
        "file a \"old\"\n\
         fault on STOR nth 1: refuse 550 EACCES: permission denied\n\
         fault on STOR nth 2: refuse reset 452 disk full\n\
         fault on STOR nth 3 after 6: refuse 553 no\n\
         fault on APPE after 3: refuse 553 no",
    )
    .unwrap();
    let mut client = Client::log_in(&server);
    // What a closed connection did not read makes a reset of it, or not: that is the kernel's.
    for (command, last, closed) in [
        ("STOR a", "550 EACCES: permission denied", None),
        ("STOR a", "452 disk full", Some(false)),
        ("STOR a", "553 no", Some(true)),
        ("APPE a", "553 no", None),
    ] {
        let mut data = client.passive();
        assert_eq!(client.ask(command), "150 Send it");
        let written = data.write_all(b"012345");
        let _ = data.shutdown(std::net::Shutdown::Write);
        assert_eq!(client.reply(), last);
        let ended = written.and_then(|()| data.read(&mut [0]));
        assert!(closed.is_none_or(|closed| ended.is_ok() == closed), "{command} {last}");
    }
    drop(client);
    server.stop();
    assert_eq!(server.file(b"a"), Some(b"old".to_vec()));
    assert!(!server.wrote(b"a"));
}

#[test]
fn a_server_leaves_behind_its_reply_or_before_it() {
    for (harm, first, last) in [("leave", "250 deleted", ""), ("lose reply", "", "")] {
        let server = Server::auto(&format!("file a \"x\"\nfault on DELE: {harm}")).unwrap();
        let mut client = Client::log_in(&server);
        assert_eq!((client.ask("DELE a").as_str(), client.reply().as_str()), (first, last));
        assert_eq!(server.file(b"a"), None, "{harm}");
    }
    for (harm, last) in [("leave", "226 Transfer complete"), ("lose reply", "")] {
        let server = Server::auto(&format!("fault on STOR: {harm}")).unwrap();
        let mut client = Client::log_in(&server);
        let mut data = client.passive();
        assert_eq!(client.ask("STOR a"), "150 Send it");
        data.write_all(b"hello").unwrap();
        drop(data);
        assert_eq!((client.reply().as_str(), client.reply().as_str()), (last, ""));
        assert_eq!(server.file(b"a"), Some(b"hello".to_vec()));
    }
}

#[test]
fn bytes_move_at_their_pace() {
    let server = Server::auto("file a repeat 3000 \"x\"\nfault on RETR: pace 10000").unwrap();
    let mut client = Client::log_in(&server);
    let begun = Instant::now();
    assert_eq!(client.fetch("RETR a").0.len(), 3000);
    assert!(begun.elapsed() > Duration::from_millis(250), "{:?}", begun.elapsed());
}
