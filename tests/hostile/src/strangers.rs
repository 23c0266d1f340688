//! Third parties: who connects in place of the server, or looks at what is not for him.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

use crate::raw::serve;
use crate::tool::run;
use crate::{Attack, Tools};

/// What must be seen nowhere.
const PASSWORD: &str = "hunter2-and-more";

pub fn all() -> Vec<Attack> {
    let mut attacks = vec![
        Attack::new("stranger/connects_before_the_server_in_active_mode", active),
        Attack::new("stranger/connects_all_the_time_in_active_mode", active_flood),
        Attack::new("stranger/of_the_same_user_reads_the_environment", environment),
    ];
    for flags in [&["-vv"][..], &["-vv", "--no-pipeline"], &["-v", "-q"], &["--tls=require", "-vv"]]
    {
        let name = format!("stranger/reads_the_trace_of {}", flags.join(" "));
        attacks.push(Attack::new(name, move |tools| trace(tools, flags)));
    }
    attacks
}

/// Somebody on another address knows the port, and is quicker.
fn active(tools: &Tools) -> Result<(), String> {
    fetched(tools, |client| from_elsewhere(client)?.write_all(b"evil"))
}

fn active_flood(tools: &Tools) -> Result<(), String> {
    fetched(tools, |client| (0..100).try_for_each(|_| from_elsewhere(client)?.write_all(b"evil")))
}

/// Fetches in active mode; before the server connects, `stranger` does something with the port.
fn fetched(tools: &Tools, stranger: fn(SocketAddr) -> io::Result<()>) -> Result<(), String> {
    let address = serve(move |talk, line| {
        if !line.starts_with("RETR") {
            return Ok(false);
        }
        let client = talk.client.ok_or(io::ErrorKind::NotConnected)?;
        let _ = stranger(client);
        talk.send(b"good", 1)?;
        Ok(true)
    })?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let arguments = ["--active".to_owned(), format!("ftp://{address}/a")];
    let ran = run((tools, "ftp-get"), &arguments, folder.path(), Duration::from_secs(20))?;
    ran.must(&[0], &[])?;
    if ran.stdout == b"good" { Ok(()) } else { Err(format!("it took {:?}", ran.stdout)) }
}

/// A connection from 127.0.0.2, which is not the server's address.
fn from_elsewhere(to: SocketAddr) -> io::Result<TcpStream> {
    let (stream, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC);
    let socket = socket_with(AddressFamily::INET, stream, flags, None)?;
    bind(&socket, &SocketAddr::from(([127, 0, 0, 2], 0)))?;
    connect(&socket, &to)?;
    Ok(socket.into())
}

/// The kernel gives the files of a process that may not be dumped to root.
fn environment(tools: &Tools) -> Result<(), String> {
    let address = serve(|_, line| {
        if line.starts_with("PASS") {
            std::thread::sleep(Duration::from_secs(5));
        }
        Ok(false)
    })?;
    let mut child = Command::new(tools.path("ftp-get"))
        .args(["-o", "/dev/null", &format!("ftp://u@{address}/a")])
        .env("FTP_PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| e.to_string())?;
    std::thread::sleep(Duration::from_millis(500));
    let folder = format!("/proc/{}", child.id());
    let owner = std::fs::metadata(format!("{folder}/environ")).map(|found| found.uid());
    let command_line = std::fs::read(format!("{folder}/cmdline")).unwrap_or_default();
    let _ = child.kill();
    let _ = child.wait();
    if owner.map_err(|e| e.to_string())? != 0 {
        return Err("its environment is its user's".into());
    }
    lacks("the command line", &command_line)
}

/// A server that repeats the password wherever it can.
fn trace(tools: &Tools, flags: &[&str]) -> Result<(), String> {
    let address = serve(|talk, line| {
        let Some(password) = line.strip_prefix("PASS ") else { return Ok(false) };
        talk.say(&format!("230-you said {password}"))?;
        talk.say(&format!(" {password} {password}"))?;
        talk.say(&format!("230 {password}"))?;
        Ok(true)
    })?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut arguments: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    arguments.push(format!("ftp://u:{PASSWORD}@{address}/a"));
    let ran = run((tools, "ftp-get"), &arguments, folder.path(), Duration::from_secs(20))?;
    lacks("stderr", ran.stderr.as_bytes())?;
    lacks("stdout", &ran.stdout)
}

fn lacks(what: &str, bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains(PASSWORD) { Err(format!("the password is in {what}: {text}")) } else { Ok(()) }
}
