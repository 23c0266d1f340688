//! More than anybody asked for: replies, lines, listings and files of ours without end. The tool must end in time,
//! with an error, and with less than 64 MiB of memory.

mod crowds;

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::raw::{Talk, serve};
use crate::tool::{Ran, run, run_for};
use crate::{Attack, Tools};

/// How often a piece is sent where there is to be no end to it.
const ENDLESS: usize = usize::MAX;

const MIB: usize = 1024 * 1024;

/// A run against a server that floods in answer to `verb`; of the arguments `{}` is its URL.
fn flooded(
    tools: &Tools,
    arguments: &[&str],
    verb: &'static str,
    flood: fn(&mut Talk) -> io::Result<()>,
) -> Result<Ran, String> {
    let ran = flooded_for(LIMIT, tools, arguments, (verb, flood))?;
    let hung = || format!("it hung, with {} KiB", ran.peak);
    if ran.killed { Err(hung()) } else { Ok(ran) }
}

/// As [`flooded`], and the tool is killed when its time is over.
fn flooded_for(
    limit: Duration,
    tools: &Tools,
    arguments: &[&str],
    (verb, flood): (&'static str, fn(&mut Talk) -> io::Result<()>),
) -> Result<Ran, String> {
    let address = serve(move |talk, line| {
        let is_it = line.split(' ').next() == Some(verb);
        if is_it {
            flood(talk)?;
        }
        Ok(is_it)
    })?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (tool, rest) = arguments.split_first().ok_or("no tool")?;
    let rest: Vec<String> =
        rest.iter().map(|word| word.replace("{}", &format!("ftp://{address}"))).collect();
    run_for((tools, tool), &rest, folder.path(), limit)
}

/// A tool that goes on for longer hangs.
const LIMIT: Duration = Duration::from_secs(100);

fn attack(
    name: &str,
    arguments: &'static [&'static str],
    (verb, flood): (&'static str, fn(&mut Talk) -> io::Result<()>),
    (codes, words): (&'static [i32], &'static [&'static str]),
) -> Attack {
    Attack::new(format!("flood/{name}"), move |tools| {
        flooded(tools, arguments, verb, flood)?.must(codes, words)
    })
}

const GET: &[&str] = &["ftp-get", "--retries", "0", "{}/a"];
const LS: &[&str] = &["ftp-ls", "--retries", "0", "{}/"];

pub fn all() -> Vec<Attack> {
    let mut attacks = replies();
    attacks.extend(later_replies());
    attacks.extend(listings());
    attacks.extend(files());
    attacks.extend(crowds::all());
    attacks.push(own_file("netrc_without_end", "--netrc-file"));
    attacks.push(own_file("password_file_without_end", "--password-file"));
    attacks.push(Attack::new("slow/min_rate_gives_up_a_server_that_drips", drip));
    attacks
}

fn replies() -> Vec<Attack> {
    let lost: (&[i32], &[&str]) = (&[3, 5], &[]);
    vec![
        attack(
            "welcome_of_1_mib",
            GET,
            ("", |talk| {
                talk.flood(
                    b"220-welcome to this fine server, to which we all say welcome\r\n",
                    MIB / 60,
                )?;
                talk.say("220 ready")
            }),
            (&[3], &["too long", "bytes", "reply"]),
        ),
        attack(
            "welcome_without_end",
            GET,
            ("", |talk| talk.flood(b"220-hello\r\n", ENDLESS)),
            lost,
        ),
        attack(
            "line_without_end",
            GET,
            ("", |talk| talk.flood(b"220 ", 1).and_then(|()| talk.flood(b"a", ENDLESS))),
            lost,
        ),
        attack("nothing_but_nul", GET, ("", |talk| talk.flood(b"\0", ENDLESS)), lost),
        attack("nothing_but_telnet", GET, ("", |talk| talk.flood(b"\xFF\xFB\x01", ENDLESS)), lost),
        attack("nothing_but_line_ends", GET, ("", |talk| talk.flood(b"\r\n", ENDLESS)), lost),
        attack(
            "login_without_end",
            GET,
            ("PASS", |talk| talk.flood(b"230-more\r\n", ENDLESS)),
            lost,
        ),
        attack(
            "features_without_end",
            LS,
            ("FEAT", |talk| {
                talk.flood(b"211-F\r\n", 1).and_then(|()| talk.flood(b" MFF size\r\n", ENDLESS))
            }),
            (&[0, 1, 3, 5], &[]),
        ),
        attack(
            "preliminary_replies_without_end",
            GET,
            ("RETR", |talk| talk.flood(b"150 soon\r\n", ENDLESS)),
            lost,
        ),
    ]
}

fn later_replies() -> Vec<Attack> {
    let lost: (&[i32], &[&str]) = (&[3, 5], &[]);
    vec![
        attack(
            "refusal_without_end",
            GET,
            ("RETR", |talk| talk.flood(b"550-no\r\n", ENDLESS)),
            lost,
        ),
        attack(
            "unasked_replies_without_end",
            GET,
            ("TYPE", |talk| talk.flood(b"200 fine\r\n", ENDLESS)),
            lost,
        ),
        attack(
            "greetings_of_120_without_end",
            GET,
            ("", |talk| talk.flood(b"120 soon\r\n", ENDLESS)),
            lost,
        ),
        attack(
            "mlst_without_end",
            &["ftp-ls", "--retries", "0", "{}/a"],
            ("MLST", |talk| talk.flood(b"250- type=file; a\r\n", ENDLESS)),
            lost,
        ),
    ]
}

fn listings() -> Vec<Attack> {
    let tree: &[&str] = &["ftp-get", "--retries", "0", "-R", "-d", "out", "{}/"];
    vec![
        attack(
            "listing_line_of_400_mib",
            LS,
            ("MLSD", |talk| talk.send(b"a", 400 * MIB)),
            (&[3], &["without end"]),
        ),
        attack(
            "listing_line_of_400_mib_streamed",
            &["ftp-ls", "-U", "{}/"],
            ("MLSD", |talk| talk.send(b"a", 400 * MIB)),
            (&[3], &["without end"]),
        ),
        attack(
            "listing_line_of_400_mib_in_a_tree",
            tree,
            ("MLSD", |talk| talk.send(b"a", 400 * MIB)),
            (&[3], &["without end"]),
        ),
        attack(
            "name_of_60_kib_a_thousand_times",
            LS,
            ("MLSD", |talk| {
                let line = [&b"type=file; "[..], &[b'n'; 60_000], b"\r\n"].concat();
                talk.send(&line, 500)
            }),
            (&[0, 1], &[]),
        ),
        attack(
            "million_entries",
            LS,
            ("MLSD", |talk| {
                talk.send(b"type=file;size=1;modify=20240102030405; abcdefgh\r\n", 1_000_000)
            }),
            (&[0], &[]),
        ),
        attack(
            "million_entries_by_list",
            LS,
            ("LIST", |talk| talk.send(b"-rw-r--r-- 1 f f 1 Jan  2  2024 abcdefgh\r\n", 1_000_000)),
            (&[0], &[]),
        ),
        attack(
            "raw_listing_of_400_mib",
            &["ftp-ls", "--raw", "{}/"],
            ("MLSD", |talk| talk.send(b"a", 400 * MIB)),
            (&[0, 1], &[]),
        ),
    ]
}

fn files() -> Vec<Attack> {
    vec![
        attack(
            "file_of_400_mib_to_stdout",
            GET,
            ("RETR", |talk| talk.send(b"x", 400 * MIB)),
            (&[0], &[]),
        ),
        attack(
            "text_without_line_ends",
            &["ftp-get", "-a", "{}/a"],
            ("RETR", |talk| talk.send(b"x", 400 * MIB)),
            (&[0], &[]),
        ),
        attack(
            "text_of_nothing_but_cr",
            &["ftp-get", "-a", "{}/a"],
            ("RETR", |talk| talk.send(b"\r", 40 * MIB)),
            (&[0], &[]),
        ),
        attack(
            "range_of_a_file_without_end",
            &["ftp-get", "--range", "0-9", "{}/a"],
            ("RETR", |talk| talk.send(b"x", ENDLESS)),
            (&[0], &[]),
        ),
    ]
}

/// A file of ours without end, in place of one with passwords.
fn own_file(name: &str, flag: &'static str) -> Attack {
    Attack::new(format!("flood/{name}"), move |tools| {
        let arguments =
            ["--user", "u", flag, "/dev/zero", "ftp://127.0.0.1:9/a"].map(str::to_owned);
        run((tools, "ftp-get"), &arguments, Path::new("/"), Duration::from_secs(30))?
            .must(&[6], &["/dev/zero"])
    })
}

/// A byte every tenth of a second, so that no single wait is long.
fn drip(tools: &Tools) -> Result<(), String> {
    let arguments = &["ftp-get", "--retries", "0", "--timeout", "5", "--min-rate", "1k", "{}/a"];
    let ran = flooded(tools, arguments, "RETR", |talk| {
        talk.say("150 here it comes")?;
        let mut data = talk.data()?;
        loop {
            io::Write::write_all(&mut data, b"x")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    })?;
    ran.must(&[5], &["--min-rate 1024"])?;
    let is_in_time = (28..40).contains(&ran.took.as_secs());
    if is_in_time { Ok(()) } else { Err(format!("it took {:?}", ran.took)) }
}
