//! The data connections of the built-in server: opening, sending, receiving, breaking.

use std::io;
use std::net::{Shutdown, TcpStream};

use crate::door::Door;
use crate::net;

use super::fault::{Harm, Refusal, Strike};
use super::lies::Opening;
use super::listing::{self, Style};
use super::session::{End, Flow, Session};
use super::setup::Rest;
use super::tree::{Kind, Node, parent};
use crate::text::fits;

const DONE: &str = "226 Transfer complete";
const BROKEN: &str = "426 data connection broken";

/// What a transfer sends, and what is said around it.
struct Parcel {
    opening: String,
    bytes: Vec<u8>,
    last: String,
    /// The file that it is.
    path: Option<Vec<u8>>,
}

impl Session {
    pub(super) fn open_door(&mut self, verb: &str, arg: &[u8]) -> Flow {
        if verb == "EPSV" && arg.eq_ignore_ascii_case(b"ALL") {
            return self.reply("200 EPSV ALL");
        }
        if let Some(door) = Door::announced(&[verb.as_bytes(), b" ", arg].concat()) {
            self.door = Some(door);
            return self.reply("200 will connect there");
        }
        if !matches!(verb, "EPSV" | "PASV") {
            return self.reply("501 no address");
        }
        let door = self.passive_door()?;
        let vars = door.vars()?;
        let of = |name: &str| vars.get(name).cloned().unwrap_or_default();
        let host = self.strikes.iter().find_map(|strike| match &strike.harm {
            Harm::Host(host) => Some(host.clone()),
            _ => None,
        });
        let text = match (verb, host) {
            ("EPSV", _) => of("epsv"),
            (_, None) => of("pasv"),
            (_, Some(host)) => {
                [b"227 Entering Passive Mode (", host.as_slice(), b",", &of("pasv_port"), b")"]
                    .concat()
            }
        };
        self.door = Some(door);
        self.reply(text)
    }

    fn passive_door(&self) -> io::Result<Door> {
        if self.meets(&Harm::DeadPort) {
            return Door::dead();
        }
        if self.meets(&Harm::BlackHole) { Door::hole() } else { Door::listen() }
    }

    pub(super) fn transfer(&mut self, verb: &str, arg: &[u8]) -> Flow {
        match verb {
            "RETR" => self.retrieve(arg),
            "STOR" | "APPE" => self.store(arg, verb == "APPE"),
            _ => self.list(verb, arg),
        }
    }

    fn retrieve(&mut self, arg: &[u8]) -> Flow {
        let offset = std::mem::take(&mut self.rest);
        let offset = if self.shared.setup.rest == Rest::Lies { 0 } else { offset };
        let path = self.path(arg);
        let Some(bytes) = self.shared.tree().file(&path).map(<[u8]>::to_vec) else {
            return self.reply("550 no such file");
        };
        let bytes = if self.ascii { with_crlf(&bytes) } else { bytes };
        let bytes = bytes.get(offset..).unwrap_or(&[]).to_vec();
        let opening = self.shared.setup.opening.reply(bytes.len());
        self.send(Parcel { opening, bytes, last: DONE.to_owned(), path: Some(path) })
    }

    fn send_listing(&mut self, bytes: Vec<u8>) -> Flow {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        let counted = self.shared.setup.counts.and_then(|lie| lie.of(lines));
        let last = counted.map_or(DONE.to_owned(), |count| format!("226 {count} matches total"));
        let opening = Opening::Bytes.reply(bytes.len());
        self.send(Parcel { opening, bytes, last, path: None })
    }

    fn list(&mut self, verb: &str, arg: &[u8]) -> Flow {
        let (arg, all) = self.listed(arg);
        let path = self.path(arg);
        let made = |(v, dir, _): &&(String, Vec<u8>, Vec<u8>)| v == verb && fits(dir, &path);
        if let Some((_, _, bytes)) = self.shared.setup.listings.iter().find(made) {
            let bytes = bytes.clone();
            return self.send_listing(bytes);
        }
        let style = match verb {
            "MLSD" => Style::Mlsd,
            "NLST" => Style::Names,
            _ => self.shared.setup.style,
        };
        let node = self.shared.tree().get(&path).cloned();
        let bytes = match node {
            Some(node) if node.kind != Kind::Dir && style == Style::Mlsd => None,
            Some(node) if node.kind != Kind::Dir => Some(self.entry(style, arg, &node)),
            Some(node) => Some(self.entries(style, &path, &node, all)),
            None => None,
        };
        match bytes {
            Some(bytes) => self.send_listing(bytes),
            None => self.reply("550 no such directory"),
        }
    }

    /// The path of LIST without options, and whether dotfiles are shown.
    fn listed<'a>(&self, arg: &'a [u8]) -> (&'a [u8], bool) {
        let Some(options) = arg.strip_prefix(b"-").filter(|_| self.shared.setup.knows("LIST-A"))
        else {
            return (arg, false);
        };
        let mut parts = options.splitn(2, |b| *b == b' ');
        let all = parts.next().is_some_and(|letters| letters.contains(&b'a'));
        (parts.next().unwrap_or(&[]), all)
    }

    fn entry(&self, style: Style, name: &[u8], node: &Node) -> Vec<u8> {
        let by = if style == Style::Mlsd { "MLSD" } else { "LIST" };
        listing::line(style, name, node, self.shared.setup.sizes.told(by, node))
    }

    fn entries(&self, style: Style, path: &[u8], dir: &Node, all: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        if style == Style::Mlsd {
            let facts = listing::facts(dir, None).replacen("type=dir", "type=cdir", 1);
            bytes.extend_from_slice(format!("{facts} .\r\n").as_bytes());
        }
        for (name, node) in self.shared.tree().children(path) {
            if all || style == Style::Mlsd || !name.starts_with(b".") {
                bytes.extend_from_slice(&self.entry(style, name, node));
            }
        }
        bytes
    }

    fn store(&mut self, arg: &[u8], append: bool) -> Flow {
        let offset = std::mem::take(&mut self.rest);
        let path = self.path(arg);
        let mut start = {
            let tree = self.shared.tree();
            if tree.is_dir(&path) || !tree.is_dir(&parent(&path)) {
                drop(tree);
                return self.reply("553 cannot store that");
            }
            tree.file(&path).unwrap_or(&[]).to_vec()
        };
        if let Some((after, refusal)) = self.refusal() {
            return self.refuse(after, refusal);
        }
        match self.shared.setup.rest {
            _ if append => {}
            Rest::Empties => start = vec![0; offset],
            _ => start.truncate(offset),
        }
        self.receive(&path, start)
    }

    fn refusal(&self) -> Option<(usize, Refusal)> {
        self.strikes.iter().find_map(|strike| match &strike.harm {
            Harm::Refuse(refusal) => Some((strike.after.unwrap_or(0), refusal.clone())),
            _ => None,
        })
    }

    /// Refuses an upload behind its 150, as servers do that open the file late: `after` bytes are read,
    /// none are stored.
    fn refuse(&mut self, after: usize, refusal: Refusal) -> Flow {
        let Some(stream) = self.open_data("150 Send it".to_owned())? else { return Ok(()) };
        let (received, outcome) = self.draw(&stream, after);
        self.control.note(format!("refused after {} bytes: {outcome:?}", received.len()));
        if refusal.resets {
            net::reset(stream)
        } else {
            drop(stream)
        }
        self.reply(refusal.text)
    }

    /// The fault that breaks the data connection once `total` bytes would go over it.
    fn break_within(&self, total: usize) -> Option<(usize, Harm)> {
        let breaks = |strike: &&Strike| {
            let after_bytes = strike.after.is_some();
            let of_data =
                matches!(strike.harm, Harm::CloseData | Harm::ResetData | Harm::StallData);
            let of_both = matches!(strike.harm, Harm::CloseControl | Harm::ResetControl);
            (of_data || of_both && after_bytes) && strike.after.unwrap_or(0) <= total
        };
        let strike = self.strikes.iter().find(breaks)?;
        Some((strike.after.unwrap_or(0), strike.harm.clone()))
    }

    fn said_instead(&self, pick: impl Fn(&Harm) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        self.strikes.iter().find_map(|strike| pick(&strike.harm))
    }

    fn open_data(&mut self, text: String) -> Result<Option<TcpStream>, End> {
        let Some(door) = self.door.take() else {
            self.reply("425 no data connection")?;
            return Ok(None);
        };
        let opening = self.said_instead(|harm| match harm {
            Harm::Opening(text) => Some(text.clone()),
            _ => None,
        });
        let opening = opening.unwrap_or(text.into_bytes());
        if !self.shared.setup.late_opening {
            self.reply(&opening)?;
        }
        match door.open(&mut self.control) {
            Ok(stream) if !self.shared.setup.late_opening => Ok(Some(stream)),
            Ok(stream) => self.reply(&opening).map(|()| Some(stream)),
            Err(error) => {
                self.control.note(format!("data connection: {error}"));
                self.reply("425 cannot open data connection")?;
                Ok(None)
            }
        }
    }

    fn finish(&mut self, text: &str) -> Flow {
        self.look_ahead()?;
        let last = self.said_instead(|harm| match harm {
            Harm::Final(text) => Some(text.clone()),
            _ => None,
        });
        self.reply(last.unwrap_or(text.as_bytes().to_vec()))
    }

    fn send(&mut self, parcel: Parcel) -> Flow {
        let Parcel { opening, bytes, last, path } = parcel;
        let Some(mut stream) = self.open_data(opening)? else { return Ok(()) };
        let broken = self.break_within(bytes.len());
        let end = broken.as_ref().map_or(bytes.len(), |(after, _)| *after);
        let sent = self.pour(&mut stream, bytes.get(..end).unwrap_or(&bytes));
        self.control.note(format!("data sent: {end} bytes of {}: {sent:?}", bytes.len()));
        match (sent, broken) {
            (Err(_), _) => self.finish(BROKEN),
            (Ok(()), Some((_, harm))) => self.break_data(stream, &harm, &last),
            (Ok(()), None) => {
                self.grow(path.as_deref());
                let _ = stream.shutdown(Shutdown::Write);
                drop(stream);
                self.finish(&last)
            }
        }
    }

    /// Adds to the file that was sent, before the client can know that it has all.
    fn grow(&self, path: Option<&[u8]>) {
        let mut tree = self.shared.tree();
        let path = path.map(|path| tree.follow(path));
        let Some(node) = path.and_then(|path| tree.get_mut(&path)) else { return };
        for strike in &self.strikes {
            if let (Harm::Grow(time, more), Kind::File(bytes)) = (&strike.harm, &mut node.kind) {
                bytes.extend_from_slice(more);
                node.mtime = time.clone().unwrap_or(node.mtime.clone());
            }
        }
    }

    fn receive(&mut self, path: &[u8], start: Vec<u8>) -> Flow {
        self.shared.written().insert(path.to_vec());
        self.shared.tree().put(path, Node::new(Kind::File(start.clone())));
        let Some(stream) = self.open_data("150 Send it".to_owned())? else { return Ok(()) };
        let broken = self.break_within(usize::MAX);
        let limit = broken.as_ref().map_or(usize::MAX, |(after, _)| *after);
        let forgotten = self.strikes.iter().find_map(|strike| match strike.harm {
            Harm::Forget(count) => Some(count),
            _ => None,
        });
        let (received, outcome) = self.draw(&stream, limit);
        self.control.note(format!("data received: {} bytes: {outcome:?}", received.len()));
        let complete = received.len() < limit;
        let mut received = if self.ascii { without_cr(&received) } else { received };
        received.truncate(received.len().saturating_sub(forgotten.unwrap_or(0)));
        self.shared.tree().put(path, Node::new(Kind::File([start, received].concat())));
        match (outcome, broken) {
            (Err(_), _) => self.finish(BROKEN),
            (Ok(_), Some((_, harm))) if !complete => self.break_data(stream, &harm, DONE),
            (Ok(_), _) => self.finish(DONE),
        }
    }

    fn break_data(&mut self, stream: TcpStream, harm: &Harm, last: &str) -> Flow {
        match harm {
            Harm::ResetData => {
                net::reset(stream);
                self.finish(BROKEN)
            }
            Harm::StallData => {
                self.control.note("data connection stalls");
                while !self.control.stirs() && !self.control.bounds().stopped() {}
                drop(stream);
                self.finish(BROKEN)
            }
            Harm::CloseControl => Err(End::Close),
            Harm::ResetControl => {
                net::reset(stream);
                Err(End::Reset)
            }
            _ => {
                drop(stream);
                self.finish(last)
            }
        }
    }
}

/// TYPE A: every LF becomes CRLF.
fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|b| *b == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// TYPE A the other way.
fn without_cr(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split(|b| *b == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect::<Vec<_>>().join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_goes_both_ways() {
        for text in [&b"a\nb\n"[..], b"", b"\n\n", b"no end"] {
            assert_eq!(without_cr(&with_crlf(text)), text);
        }
        assert_eq!(with_crlf(b"a\nb"), b"a\r\nb");
    }
}
