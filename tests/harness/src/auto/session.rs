//! One control connection of the built-in server: the commands, and the faults laid over them.
//! Files are looked at and changed in `files`; data connections are the work of `transfer`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use crate::control::{Control, Incoming};
use crate::door::Door;

use super::fault::{Harm, Moment, Strike, due};
use super::files::quoted;
use super::setup::{Ahead, Setup};
use super::tree::{Tree, resolve};

/// How long the server looks for commands sent ahead, when it hates them.
const LOOK: Duration = Duration::from_millis(20);

/// What may be said before login.
const OPEN: &[&str] = &["USER", "PASS", "ACCT", "QUIT", "FEAT", "SYST", "NOOP", "AUTH", "CLNT"];

/// What all connections of one server share.
#[derive(Debug)]
pub struct Shared {
    /// What the case says about the server.
    pub setup: Setup,
    tree: Mutex<Tree>,
    written: Mutex<BTreeSet<Vec<u8>>>,
    open: AtomicUsize,
}

impl Shared {
    /// A server before its first connection.
    pub fn new(setup: Setup) -> Self {
        let tree = Mutex::new(setup.tree.clone());
        Self { tree, written: Mutex::default(), setup, open: AtomicUsize::new(0) }
    }

    /// The files as they are now.
    pub fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files that STOR or APPE opened.
    pub fn written(&self) -> MutexGuard<'_, BTreeSet<Vec<u8>>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// With a FIN.
    Close,
    /// With a RST.
    Reset,
}

/// Goes on, or ends the connection.
pub type Flow = Result<(), End>;

impl From<std::io::Error> for End {
    fn from(_: std::io::Error) -> Self {
        Self::Close
    }
}

/// The state of one login.
#[derive(Debug)]
pub struct Session {
    pub(super) control: Control,
    pub(super) shared: Arc<Shared>,
    pub(super) cwd: Vec<u8>,
    pub(super) ascii: bool,
    pub(super) rest: usize,
    pub(super) door: Option<Door>,
    pub(super) strikes: Vec<Strike>,
    user: Vec<u8>,
    logged_in: bool,
    pub(super) rename_from: Option<Vec<u8>>,
    ahead: bool,
}

/// Serves one control connection to its end.
pub fn serve(control: Control, shared: &Arc<Shared>) {
    let mut session = Session {
        control,
        shared: Arc::clone(shared),
        cwd: shared.setup.home.clone(),
        ascii: true,
        rest: 0,
        door: None,
        strikes: Vec::new(),
        user: Vec::new(),
        logged_in: false,
        rename_from: None,
        ahead: false,
    };
    let now_open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
    let end = session.run(now_open).err().unwrap_or(End::Close);
    shared.open.fetch_sub(1, Ordering::SeqCst);
    match end {
        End::Close => session.control.close(),
        End::Reset => session.control.reset(),
    }
}

impl Session {
    fn run(&mut self, now_open: usize) -> Flow {
        self.strikes = due(&self.shared.setup.faults, Moment::Connect);
        if self.strike_first()? {
            return Err(End::Close);
        }
        if self.shared.setup.max_connections.is_some_and(|max| now_open > max) {
            return self.reply("421 too many connections");
        }
        self.look_ahead()?;
        let greeting = self.shared.setup.greeting.join(&b"\r\n"[..]);
        self.reply(greeting)?;
        while let Incoming::Line(line) = self.control.line() {
            self.answer(&line)?;
        }
        Ok(())
    }

    fn answer(&mut self, line: &[u8]) -> Flow {
        if let (true, Ahead::Reply(text)) = (self.ahead, &self.shared.setup.ahead) {
            let text = text.clone();
            self.ahead = false;
            self.look_ahead()?;
            return self.reply(text);
        }
        self.look_ahead()?;
        let line = undoubled(line);
        let (verb, arg) = match line.iter().position(|b| *b == b' ') {
            Some(at) => line.split_at_checked(at).unwrap_or((&line, &[])),
            None => (line.as_slice(), &[][..]),
        };
        let verb = str::from_utf8(verb).unwrap_or("?").to_ascii_uppercase();
        let arg = arg.strip_prefix(b" ").unwrap_or(arg);
        self.strikes = due(&self.shared.setup.faults, Moment::Command(&verb, arg));
        if !self.strike_first()? {
            self.execute(&verb, arg)?;
        }
        self.strike_last()
    }

    /// Whether the command at hand meets this harm.
    pub(super) fn meets(&self, harm: &Harm) -> bool {
        self.strikes.iter().any(|strike| strike.harm == *harm)
    }

    /// Notices what the client sent without waiting, when the server hates that.
    pub(super) fn look_ahead(&mut self) -> Flow {
        let ahead = &self.shared.setup.ahead;
        if *ahead == Ahead::Fine || !self.control.pending(LOOK) {
            return Ok(());
        }
        match ahead {
            Ahead::HangUp => return Err(End::Close),
            Ahead::Drop => self.control.drop_pending(),
            Ahead::Fine | Ahead::Reply(_) => self.ahead = true,
        }
        Ok(())
    }

    /// The faults that come before the command is carried out; whether one took its place.
    fn strike_first(&mut self) -> Result<bool, End> {
        for strike in self.strikes.clone() {
            match strike.harm {
                Harm::Reply(text) => {
                    self.logged_in |= text.starts_with(b"230");
                    self.reply(text)?;
                    return Ok(true);
                }
                harm if strike.after.is_none() => self.strike_control(&harm)?,
                _ => {}
            }
        }
        Ok(false)
    }

    fn strike_last(&mut self) -> Flow {
        for strike in self.strikes.clone() {
            if let Harm::Then(text) = strike.harm {
                self.reply(text)?;
            }
        }
        if self.meets(&Harm::Leave) { Err(End::Close) } else { Ok(()) }
    }

    fn strike_control(&mut self, harm: &Harm) -> Flow {
        match harm {
            Harm::CloseControl => Err(End::Close),
            Harm::ResetControl => Err(End::Reset),
            Harm::Pause(time) => {
                sleep(*time);
                Ok(())
            }
            Harm::Stall => {
                self.control.note("says nothing more");
                while !self.control.gone() && !self.control.bounds().stopped() {}
                Err(End::Close)
            }
            Harm::Put(path, node) => {
                self.shared.tree().put(path, node.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Says a reply, unless a fault has it otherwise. A 421 ends the connection.
    pub(super) fn reply(&mut self, text: impl AsRef<[u8]>) -> Flow {
        let mut text = text.as_ref().to_vec();
        if self.meets(&Harm::LoseReply) && !text.starts_with(b"1") {
            return Err(End::Close);
        }
        for strike in due(&self.shared.setup.faults, Moment::Reply(&text)) {
            match strike.harm {
                Harm::Reply(other) => text = other,
                harm => self.strike_control(&harm)?,
            }
        }
        let hangs_up = text.starts_with(b"421");
        let mut wire = doubled(&text);
        wire.extend_from_slice(b"\r\n");
        if self.shared.setup.split {
            self.control.say_slowly(&wire)?;
        } else {
            self.control.say(&wire)?;
        }
        if hangs_up { Err(End::Close) } else { Ok(()) }
    }

    pub(super) fn path(&self, arg: &[u8]) -> Vec<u8> {
        let rest = arg.strip_prefix(b"~").filter(|rest| rest.is_empty() || rest.starts_with(b"/"));
        match rest {
            Some(rest) if self.shared.setup.tilde => {
                resolve(b"/", &[self.shared.setup.home.as_slice(), rest].concat())
            }
            _ => resolve(&self.cwd, arg),
        }
    }

    fn execute(&mut self, verb: &str, arg: &[u8]) -> Flow {
        if !self.shared.setup.knows(verb) {
            return self.reply(format!("500 {verb} not understood"));
        }
        if !self.logged_in && !OPEN.contains(&verb) {
            return self.reply("530 Please log in");
        }
        match verb {
            "USER" | "PASS" | "ACCT" => self.login(verb, arg),
            "QUIT" => self.reply("221 Goodbye").and(Err(End::Close)),
            "NOOP" | "CLNT" => self.reply("200 fine"),
            "SYST" => self.reply("215 UNIX Type: L8"),
            "FEAT" => self.feat(),
            "OPTS" => self.opts(arg),
            "TYPE" => self.set_type(arg),
            "MODE" | "STRU" | "ALLO" => self.reply("200 as always"),
            "ABOR" => self.reply("226 nothing to abort"),
            "PWD" | "XPWD" => self.reply(quoted(&self.cwd, "is the current directory")),
            "CWD" | "CDUP" => self.cwd(if verb == "CDUP" { b".." } else { arg }),
            "MKD" | "RMD" | "DELE" | "RNFR" | "RNTO" => self.change(verb, arg),
            "SIZE" | "MDTM" | "MFMT" | "MLST" | "SITE" => self.facts(verb, arg),
            "REST" => self.rest(arg),
            "PASV" | "EPSV" | "PORT" | "EPRT" => self.open_door(verb, arg),
            "RETR" | "STOR" | "APPE" | "LIST" | "NLST" | "MLSD" => self.transfer(verb, arg),
            _ => self.reply(format!("500 {verb} not understood")),
        }
    }

    fn login(&mut self, verb: &str, arg: &[u8]) -> Flow {
        if verb == "USER" {
            self.user = arg.to_vec();
            self.logged_in = false;
            return self.reply("331 password, please");
        }
        if self.shared.setup.late_login && self.control.pending(LOOK) {
            self.refuse_until_checked()?;
        }
        let users = &self.shared.setup.users;
        let known = users.iter().any(|(user, pass)| *user == self.user && pass == arg);
        self.logged_in = users.is_empty() || known || verb == "ACCT";
        self.reply(if self.logged_in { "230 logged in" } else { "530 login incorrect" })
    }

    /// libunftp: what came right after PASS is refused before the password is judged.
    fn refuse_until_checked(&mut self) -> Flow {
        while self.control.pending(Duration::ZERO) {
            match self.control.line() {
                Incoming::Line(_) => self.reply("530 Please authenticate")?,
                Incoming::Closed | Incoming::Silence => return Err(End::Close),
            }
        }
        Ok(())
    }

    fn feat(&mut self) -> Flow {
        let setup = &self.shared.setup;
        let features = ["EPSV", "EPRT", "MDTM", "MFMT", "SIZE", "UTF8"];
        let mut text = "211-Features:\r\n".to_owned();
        for feature in features.into_iter().filter(|feature| setup.knows(feature)) {
            text.push_str(&format!(" {feature}\r\n"));
        }
        if setup.knows("REST") {
            text.push_str(" REST STREAM\r\n");
        }
        if setup.knows("MLSD") && setup.knows("MLST") {
            text.push_str(" MLST type*;size*;modify*;UNIX.mode*;\r\n");
        }
        for feature in &setup.offers {
            text.push_str(&format!(" {}\r\n", feature.escape_ascii()));
        }
        text.push_str("211 End");
        self.reply(text)
    }

    fn opts(&mut self, arg: &[u8]) -> Flow {
        let is_utf8 =
            arg.to_ascii_uppercase().starts_with(b"UTF8") && self.shared.setup.knows("UTF8");
        self.reply(if is_utf8 { "200 UTF8 on" } else { "501 option not understood" })
    }

    fn set_type(&mut self, arg: &[u8]) -> Flow {
        match arg.to_ascii_uppercase().as_slice() {
            b"I" | b"L 8" => self.ascii = false,
            b"A" | b"A N" => self.ascii = true,
            _ => return self.reply("504 unknown type"),
        }
        self.reply("200 type set")
    }

    fn cwd(&mut self, arg: &[u8]) -> Flow {
        let path = self.path(arg);
        if !self.shared.tree().is_dir(&path) {
            return self.reply("550 no such directory");
        }
        self.cwd = path;
        self.reply("250 done")
    }

    fn rest(&mut self, arg: &[u8]) -> Flow {
        match str::from_utf8(arg).ok().and_then(|text| text.parse().ok()) {
            Some(offset) => {
                self.rest = offset;
                self.reply(format!("350 restarting at {offset}"))
            }
            None => self.reply("501 not a number"),
        }
    }
}

/// RFC 854: 255 is doubled on the wire.
fn doubled(text: &[u8]) -> Vec<u8> {
    text.split(|b| *b == 255).collect::<Vec<_>>().join(&[255, 255][..])
}

/// RFC 854 the other way; telnet commands such as IP and DM before ABOR are dropped.
fn undoubled(line: &[u8]) -> Vec<u8> {
    let (mut plain, mut bytes) = (Vec::new(), line.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            255 => plain.extend(bytes.next().filter(|next| **next == 255)),
            byte => plain.push(*byte),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telnet_bytes_go_both_ways() {
        assert_eq!(undoubled(b"\xff\xf4\xff\xf2ABOR"), b"ABOR");
        assert_eq!(undoubled(&doubled(b"RETR a\xffb\xff")), b"RETR a\xffb\xff");
    }
}
