//! Dialogues made of rubbish: a server that answers each command with something drawn from a box of fair and foul
//! replies. Whatever comes, the tool ends in time, without a panic, and writes nothing outside its folder. The seeds
//! are fixed, so what fails fails again.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::raw::{Talk, serve};
use crate::tool::run;
use crate::{Attack, Tools};

/// How many dialogues a tool gets.
const SEEDS: u64 = 12;

/// What may come in place of a reply.
const FOUL: &[&[u8]] = &[
    b"226 done\r\n",
    b"226-\r\n226-\r\n",
    b"150 soon\r\n",
    b"229 x (|||1|)\r\n",
    b"229 x (|||0|)\r\n",
    b"229 (((((\r\n",
    b"227 (1,2,3,4,5,6)\r\n",
    b"227 9999999999,0,0,0,0,0\r\n",
    b"421 go away\r\n",
    b"530 who are you\r\n",
    b"999 what\r\n",
    b"-1 what\r\n",
    b"\r\n\r\n\r\n",
    b"220\r\n",
    b"220-\xFF\xFF\xFE\r\n220 \x00\r\n",
    b"213 18446744073709551616\r\n",
    b"213 99999999999999\r\n",
    b"257 \"\"\"\"\"\r\n",
    b"350 go on\r\n",
    b"250-\r\n type=dir; ../..\r\n250 end\r\n",
    b"211-\r\n MLST \r\n MFF\r\n REST STREAM\r\n HASH SHA-256*;\r\n211 e\r\n",
    b"500 '': command not understood\r\n",
    b"2",
    b"",
];

const TOOLS: [&[&str]; 6] = [
    &["ftp-ls", "-R", "{}/"],
    &["ftp-get", "-R", "-d", "out", "{}/"],
    &["ftp-get", "-c", "--verify", "-p", "-d", "out", "{}/a"],
    &["ftp-put", "-m", "--atomic", "-p", "/etc/hostname", "{}/d/a"],
    &["ftp-rm", "-r", "{}/d"],
    &["ftp-pipe", "-R", "{}/", "{}/x"],
];

pub fn all() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for arguments in TOOLS {
        for seed in 0..SEEDS {
            let tool = arguments.first().unwrap_or(&"");
            let name = format!("rubbish/{tool}/{}/{seed}", arguments.get(1).unwrap_or(&""));
            attacks.push(Attack::new(name, move |tools| dialogue(tools, arguments, seed)));
        }
    }
    attacks
}

fn dialogue(tools: &Tools, arguments: &[&str], seed: u64) -> Result<(), String> {
    let address = serve(move |talk, line| {
        // The same line at the same place gets the same answer.
        let mut dice = fastrand::Rng::with_seed(seed.wrapping_mul(0x9E37) ^ hash(line));
        if dice.u8(..) < 200 {
            return transfer(talk, line, &mut dice);
        }
        for _ in 0..dice.usize(1..4) {
            let foul: &[u8] = FOUL.get(dice.usize(..FOUL.len())).unwrap_or(&&b""[..]);
            io::Write::write_all(&mut talk.control, foul)?;
        }
        Ok(true)
    })?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).map_err(|e| e.to_string())?;
    let (tool, rest) = arguments.split_first().ok_or("no tool")?;
    let mut rest: Vec<String> =
        rest.iter().map(|word| word.replace("{}", &format!("ftp://{address}"))).collect();
    let bounds = ["--timeout", "0.5", "--retries", "1"].map(str::to_owned);
    rest.splice(0..0, bounds);
    let ran = run((tools, tool), &rest, &inside, Duration::from_secs(60))?;
    ran.must(&[0, 1, 3, 4, 5, 6], &[])?;
    alone(folder.path())
}

fn hash(line: &str) -> u64 {
    line.bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// Listings and files that are half fair, half foul.
fn transfer(talk: &mut Talk, line: &str, dice: &mut fastrand::Rng) -> io::Result<bool> {
    let piece: &[u8] = match line.split(' ').next() {
        Some("MLSD") => {
            b"type=file;size=3; a\r\ntype=dir; d\r\ntype=file; ../x\r\n\xFF\r\n=;=; \r\n"
        }
        Some("LIST") => b"-rw-r--r-- 1 f f 3 Jan  2  2024 a\r\ntotal -1\r\nd\r\n",
        Some("RETR") => b"bytes",
        _ => return Ok(false),
    };
    match dice.u8(..4) {
        0 => talk.say("550 no")?,
        1 => talk.say("150 here (99 bytes)").and_then(|()| talk.data().map(drop))?,
        _ => talk.send(piece, dice.usize(1..3))?,
    }
    Ok(true)
}

/// Whether nothing lies beside the folder the tool ran in.
fn alone(folder: &Path) -> Result<(), String> {
    let names: Vec<_> = std::fs::read_dir(folder)
        .map_err(|e| e.to_string())?
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    if names.len() == 1 { Ok(()) } else { Err(format!("outside its folder are {names:?}")) }
}
