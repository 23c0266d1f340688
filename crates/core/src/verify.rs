//! Whether a server has the bytes that we have: by the checksums it computes, or by the size.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::checksum::{Algorithm, Sum};
use crate::choices::one_of;
use crate::error::Cause;
use crate::features::Features;
use crate::path::RemotePath;
use crate::reply::Reply;
use crate::servers::Server;
use crate::wire::{Session, Wants, said};

/// Bytes read at a time.
const BUFFER: usize = 128 * 1024;

/// What a copy is to be compared by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verify {
    /// The best that the server has.
    Best,
    /// This, or it has failed.
    By(Algorithm),
    /// The size.
    Size,
}

impl Verify {
    /// What can be typed for it.
    pub const CHOICES: [(&'static str, Self); 6] = [
        by(Algorithm::Crc32),
        by(Algorithm::Md5),
        by(Algorithm::Sha1),
        by(Algorithm::Sha256),
        by(Algorithm::Sha512),
        ("size", Self::Size),
    ];

    /// Reads what was typed; nothing is [`Self::Best`].
    ///
    /// # Errors
    /// Says what can be typed.
    pub fn typed(text: &OsStr) -> Result<Self, String> {
        if text.is_empty() { Ok(Self::Best) } else { one_of(text, &Self::CHOICES) }
    }
}

const fn by(algorithm: Algorithm) -> (&'static str, Verify) {
    (algorithm.name(), Verify::By(algorithm))
}

/// A file that was moved.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Copied {
    /// Its bytes.
    pub count: u64,
    /// The checksum by which it was verified, `sha256:` and the like before it.
    pub checksum: Option<String>,
}

impl Copied {
    /// `count` bytes that stood `check`.
    pub fn new(count: u64, check: Option<&Check>) -> Self {
        Self { count, checksum: check.and_then(Check::told) }
    }
}

/// How a server is asked for a checksum.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Command {
    /// HASH (draft-bryan-ftpext-hash); whether OPTS has to choose the algorithm first.
    Hash(bool),
    /// XSHA256 and the like, of no standard.
    Own(&'static str),
}

/// How one file is compared.
#[derive(Debug)]
pub struct Check {
    /// What sees the bytes on their way; `None` when it is the size that counts.
    pub sum: Option<Sum>,
    /// Whether nothing else will do.
    strict: bool,
}

impl Check {
    /// Finds out what the server can compute.
    ///
    /// # Errors
    /// Not what was asked for; or it is lost.
    pub fn begin(server: &mut Server, verify: Verify) -> Result<Self, Cause> {
        let session = server.session(Wants { features: true, data: true })?;
        let features = session.features()?;
        let can = |algorithm: &Algorithm| command(features, *algorithm).is_some();
        let found = match verify {
            Verify::Size => None,
            Verify::Best => Algorithm::ALL.into_iter().find(can),
            Verify::By(algorithm) if can(&algorithm) => Some(algorithm),
            Verify::By(algorithm) => {
                let name = algorithm.name();
                let text = format!("the server computes no {name} (try --verify=size)");
                return Err(Cause::Operand(text));
            }
        };
        Ok(Self { sum: found.map(Sum::new), strict: verify != Verify::Best })
    }

    /// Reads what the sum has not seen of `count` bytes from the file they are in, where they begin
    /// at `begin`: what an earlier run fetched, or several sessions in no order.
    ///
    /// # Errors
    /// The file cannot be read, or is shorter.
    pub fn fill(&self, file: &File, (begin, count): (u64, u64)) -> io::Result<()> {
        let Some(sum) = &self.sum else { return Ok(()) };
        let mut buffer = vec![0; BUFFER];
        while sum.count() < count {
            let seen = sum.count();
            let most = usize::try_from(count - seen).unwrap_or(BUFFER).min(BUFFER);
            let room = buffer.get_mut(..most).unwrap_or_default();
            let got = file.read_at(room, begin + seen)?;
            if got == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            sum.see(seen, buffer.get(..got).unwrap_or_default());
        }
        Ok(())
    }

    /// Compares what the server has with the `count` bytes that passed us, and their sum. A lost
    /// connection is made again up to `retries` times in a row.
    ///
    /// # Errors
    /// They differ, the server does not tell, or is lost.
    pub fn hold(
        &self,
        server: &mut Server,
        path: &RemotePath,
        (count, retries): (u64, u32),
    ) -> Result<(), Cause> {
        server.mended(retries, |server| self.compare(server, path, count))
    }

    /// The checksum as `NAME:DIGITS`, where one was computed.
    fn told(&self) -> Option<String> {
        let sum = self.sum.as_ref()?;
        Some(format!("{}:{}", sum.algorithm.name(), sum.told()))
    }

    /// As [`Self::hold`], where the server can compute the same sum; else nothing.
    ///
    /// # Errors
    /// Those of [`Self::hold`].
    pub fn hold_if_it_can(
        &self,
        server: &mut Server,
        path: &RemotePath,
        (count, retries): (u64, u32),
    ) -> Result<(), Cause> {
        let session = server.session(Wants { features: true, data: true })?;
        let features = session.features()?;
        match &self.sum {
            Some(sum) if command(features, sum.algorithm).is_some() => {
                self.hold(server, path, (count, retries))
            }
            _ => Ok(()),
        }
    }

    fn compare(&self, server: &mut Server, path: &RemotePath, count: u64) -> Result<(), Cause> {
        let session = server.session(Wants { features: true, data: true })?;
        let Some(sum) = &self.sum else { return has_size(session, path, count) };
        let Some(command) = command(session.features()?, sum.algorithm) else {
            return Err(unproved("the server computes its checksum no more"));
        };
        let reply = ask(session, path, (command, sum.algorithm))?;
        let (ours, name) = (sum.told(), sum.algorithm.name());
        match told(&reply, sum.algorithm) {
            Some(theirs) if theirs == ours => Ok(()),
            Some(theirs) => Err(Cause::WrongSum { name, ours, theirs }),
            None if self.strict || !session.is_usable() => Err(unproved(&said(&reply))),
            None => has_size(session, path, count),
        }
    }
}

/// A file on a server.
pub struct Remote<'a> {
    /// The server.
    pub server: &'a mut Server,
    /// The path of the file there.
    pub path: &'a RemotePath,
}

impl Remote<'_> {
    fn can(&mut self, algorithm: Algorithm) -> Result<bool, Cause> {
        let session = self.server.session(Wants { features: true, data: false })?;
        Ok(command(session.features()?, algorithm).is_some())
    }

    fn sum(&mut self, algorithm: Algorithm) -> Result<Option<String>, Cause> {
        let session = self.server.session(Wants { features: true, data: false })?;
        let Some(command) = command(session.features()?, algorithm) else { return Ok(None) };
        Ok(told(&ask(session, self.path, (command, algorithm))?, algorithm))
    }
}

/// Whether two files are alike by the best checksum that both servers compute; not where there is none.
///
/// # Errors
/// A connection is lost.
pub fn are_alike(one: &mut Remote<'_>, other: &mut Remote<'_>) -> Result<bool, Cause> {
    for algorithm in Algorithm::ALL {
        if one.can(algorithm)? && other.can(algorithm)? {
            let sum = one.sum(algorithm)?;
            return Ok(sum.is_some() && sum == other.sum(algorithm)?);
        }
    }
    Ok(false)
}

fn has_size(session: &mut Session, path: &RemotePath, count: u64) -> Result<(), Cause> {
    match session.size_before_transfer(path)? {
        Some(size) if size == count => Ok(()),
        Some(size) => Err(Cause::WrongSize { got: size, want: count }),
        None => Err(unproved("the server tells neither checksum nor size")),
    }
}

fn unproved(why: &str) -> Cause {
    Cause::Operand(format!("cannot be verified: {why}"))
}

/// How this server is asked for `algorithm`.
fn command(features: &Features, algorithm: Algorithm) -> Option<Command> {
    if let Some(offered) = features.parameters(b"HASH") {
        let mut offered = offered.split(|&b| b == b';').map(<[u8]>::trim_ascii);
        let name = hash_name(algorithm).as_bytes();
        let found =
            offered.find(|one| one.strip_suffix(b"*").unwrap_or(one).eq_ignore_ascii_case(name));
        if let Some(found) = found {
            return Some(Command::Hash(!found.ends_with(b"*")));
        }
    }
    let own: &[&str] = match algorithm {
        Algorithm::Sha256 => &["XSHA256"],
        Algorithm::Sha512 => &["XSHA512"],
        Algorithm::Sha1 => &["XSHA1", "XSHA"],
        Algorithm::Md5 => &["XMD5", "MD5"],
        Algorithm::Crc32 => &["XCRC"],
    };
    own.iter().copied().find(|own| features.has(own.as_bytes())).map(Command::Own)
}

/// What HASH calls it.
fn hash_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Sha256 => "SHA-256",
        Algorithm::Sha512 => "SHA-512",
        Algorithm::Sha1 => "SHA-1",
        Algorithm::Md5 => "MD5",
        Algorithm::Crc32 => "CRC32",
    }
}

fn ask(
    session: &mut Session,
    path: &RemotePath,
    (command, algorithm): (Command, Algorithm),
) -> Result<Reply, Cause> {
    match command {
        Command::Hash(choose) => {
            // What was chosen stays so for the session, and the default is only one of two reasons.
            if choose {
                session.command(&format!("OPTS HASH {}", hash_name(algorithm)), None)?;
            }
            session.ask_for_long("HASH", path)
        }
        Command::Own(verb) => session.ask_for_long(verb, path),
    }
}

/// The checksum in a reply, in lower case. HASH says `213 SHA-256 0-49 digits name`, the others
/// `250 digits`, with words around it that no standard fixes; ProFTPD has them on a line before.
fn told(reply: &Reply, algorithm: Algorithm) -> Option<String> {
    if !reply.is_done() {
        return None;
    }
    let last = reply.raw().split(|&b| b == b'\n').rfind(|line| !line.trim_ascii().is_empty())?;
    let words = last.get(4..)?.split(|&b| matches!(b, b' ' | b'\r' | b'"' | b'='));
    let mut sums = words.filter(|word| is_sum(word, algorithm));
    // MD5 (draft-twine-ftpmd5) says `251 name digits`.
    let sum = if reply.code() == 251 { sums.next_back() } else { sums.next() }?;
    let digits: String = sum.iter().map(|&b| char::from(b.to_ascii_lowercase())).collect();
    Some(format!("{digits:0>width$}", width = algorithm.digits()))
}

/// Some servers leave the zeros before a CRC out.
fn is_sum(word: &[u8], algorithm: Algorithm) -> bool {
    let digits = algorithm.digits();
    let least = if algorithm == Algorithm::Crc32 { 1 } else { digits };
    (least..=digits).contains(&word.len()) && word.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyReader;

    fn reply(text: &str) -> Reply {
        let mut reader = ReplyReader::default();
        reader.push(text.as_bytes());
        reader.take().unwrap().unwrap()
    }

    #[test]
    fn sums_are_found_in_the_words_of_servers() {
        const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
        for text in [
            format!("250 {MD5}\r\n"),
            format!("250 {}\r\n", MD5.to_uppercase()),
            format!("250-Computing MD5 digest\r\n250 {MD5}\r\n"),
            format!("213 MD5 0-49 {MD5} a file\r\n"),
            format!("251 \"a {MD5}\" {MD5}\r\n"),
            format!("250 XMD5={MD5}\r\n"),
        ] {
            assert_eq!(told(&reply(&text), Algorithm::Md5).as_deref(), Some(MD5), "{text}");
        }
        let crc = |text| told(&reply(text), Algorithm::Crc32);
        assert_eq!(crc("250 12ABCDE\r\n").as_deref(), Some("012abcde"));
        assert_eq!(crc("250 0012ABCDE\r\n"), None);
        assert_eq!(crc("550 12ABCDEF\r\n"), None);
        assert_eq!(told(&reply("250 \r\n"), Algorithm::Md5), None);
    }

    #[test]
    fn what_feat_names_is_used_and_hash_comes_first() {
        let feat =
            |lines: &str| Features::parse(format!("211-x:\r\n{lines}211 End\r\n").as_bytes());
        let hash = feat(" HASH SHA-1;SHA-256*;CRC32\r\n XSHA256\r\n XMD5 name\r\n");
        for (algorithm, expected) in [
            (Algorithm::Sha256, Some(Command::Hash(false))),
            (Algorithm::Sha1, Some(Command::Hash(true))),
            (Algorithm::Md5, Some(Command::Own("XMD5"))),
            (Algorithm::Sha512, None),
        ] {
            assert_eq!(command(&hash, algorithm), expected, "{algorithm:?}");
        }
        assert_eq!(command(&feat(" SIZE\r\n"), Algorithm::Crc32), None);
    }
}
