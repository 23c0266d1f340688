//! Reads an `auto:` block: the files of the built-in server, its features and its faults.

use crate::lines::Line;
use crate::text::{Result, number, words};

use super::fault::Fault;
use super::given::{self, bytes, path};
use super::lies::{Lie, Opening, Sizes};
use super::listing::Style;
use super::tree::{Kind, Node, Tree};

/// What a server does that hates commands sent ahead.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ahead {
    /// Answers them in order, as RFC 959 servers do.
    #[default]
    Fine,
    /// Answers what was sent ahead with this, and does not do it.
    Reply(Vec<u8>),
    /// Hangs up without a word.
    HangUp,
    /// Throws away unread input before each answer.
    Drop,
}

/// What becomes of `REST n` before a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Rest {
    /// It begins there.
    #[default]
    Works,
    /// 350, and RETR sends from the first byte all the same.
    Lies,
    /// STOR empties the file first, and writes there: what was before is zeros.
    Empties,
}

/// What becomes of a rename to a name that something has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Renames {
    /// It is replaced.
    #[default]
    Replace,
    /// 250, and nothing is renamed.
    Lie,
    /// 553, as IIS says.
    Refuse,
}

/// Everything one `auto:` block says.
#[derive(Debug, Default)]
pub struct Setup {
    /// The files at the start.
    pub tree: Tree,
    /// The login directory.
    pub home: Vec<u8>,
    /// The only logins that work; empty lets everybody in.
    pub users: Vec<(Vec<u8>, Vec<u8>)>,
    /// Commands and options the server does not know.
    pub without: Vec<String>,
    /// Features that it names beside its own.
    pub offers: Vec<Vec<u8>>,
    /// The lines of the greeting.
    pub greeting: Vec<Vec<u8>>,
    /// Listings that are not made from the files: verb, path, bytes.
    pub listings: Vec<(String, Vec<u8>, Vec<u8>)>,
    /// How LIST writes.
    pub style: Style,
    /// What happens to commands sent ahead.
    pub ahead: Ahead,
    /// Passwords are checked in the background, as libunftp does: commands sent ahead after
    /// PASS get 530 before the 230 comes.
    pub late_login: bool,
    /// Replies leave byte by byte.
    pub split: bool,
    /// More control connections at a time get 421.
    pub max_connections: Option<usize>,
    /// The words of the 150 to RETR.
    pub opening: Opening,
    /// The 150 is said when the data connection stands, as vsftpd does.
    pub late_opening: bool,
    /// What is told of sizes.
    pub sizes: Sizes,
    /// What REST does.
    pub rest: Rest,
    /// What RNTO does.
    pub renames: Renames,
    /// A `~` at the beginning of a path is the login directory, as with vsftpd.
    pub tilde: bool,
    /// The 226 of a listing counts its lines, as Pure-FTPd's does; rightly or not.
    pub counts: Option<Lie>,
    /// The faults.
    pub faults: Vec<Fault>,
}

impl Setup {
    /// Reads the lines of the block.
    ///
    /// # Errors
    /// A line that is not understood.
    pub fn parse(lines: &[Line]) -> Result<Self> {
        let mut setup =
            Self { home: b"/".to_vec(), greeting: vec![b"220 ready".to_vec()], ..Self::default() };
        for line in lines {
            setup.line(line).map_err(|e| line.blame(e))?;
        }
        Ok(setup)
    }

    /// Whether the server knows a command or option.
    pub fn knows(&self, what: &str) -> bool {
        !self.without.iter().any(|unknown| unknown == what)
    }

    fn line(&mut self, line: &Line) -> Result<()> {
        if line.text.starts_with("fault ") {
            return Fault::parse(line).map(|fault| self.faults.push(fault));
        }
        let words = words(&line.text)?;
        let (key, rest) = words.split_first().ok_or("empty")?;
        match (key.keyword(), rest) {
            ("file", [name, rest @ ..]) => self.tree.put(&path(name)?, given::file(rest)?),
            ("dir", [name]) => self.tree.put(&path(name)?, Node::new(Kind::Dir)),
            ("link", [name, to]) => self.tree.put(&path(name)?, Node::new(Kind::Link(bytes(to)?))),
            ("home", [dir]) => {
                self.home = path(dir)?;
                self.tree.put(&path(dir)?, Node::new(Kind::Dir));
            }
            ("user", [name, password]) => self.users.push((bytes(name)?, bytes(password)?)),
            ("without", rest) => {
                self.without.extend(rest.iter().map(|w| w.keyword().to_uppercase()))
            }
            ("offers", [feature]) => self.offers.push(bytes(feature)?),
            ("greeting", rest) => self.greeting = rest.iter().map(bytes).collect::<Result<_>>()?,
            ("listing", [verb, dir, rest @ ..]) => {
                let content = given::content(rest)?;
                self.listings.push((verb.keyword().to_uppercase(), path(dir)?, content));
            }
            ("size-by", rest) => self.sizes.add(rest)?,
            ("counts", [listings, lie @ ..]) if listings.keyword() == "listings" => {
                self.counts = Some(if lie.is_empty() { Lie::Plus(0) } else { Lie::parse(lie)? });
            }
            (_, [value]) => self.setting(key.keyword(), value.keyword())?,
            (other, _) => return Err(format!("unknown setting {other:?}")),
        }
        Ok(())
    }

    fn setting(&mut self, key: &str, value: &str) -> Result<()> {
        match (key, value) {
            ("list-style", "unix") => self.style = Style::Unix,
            ("list-style", "dos") => self.style = Style::Dos,
            ("ahead", "hang-up") => self.ahead = Ahead::HangUp,
            ("ahead", "drop") => self.ahead = Ahead::Drop,
            ("ahead", code @ ("500" | "421" | "503")) => {
                self.ahead =
                    Ahead::Reply(format!("{code} one command at a time, please").into_bytes());
            }
            ("login", "late") => self.late_login = true,
            ("replies", "split") => self.split = true,
            ("announces", words) => self.opening = Opening::parse(words)?,
            ("opening", "late") => self.late_opening = true,
            ("rest", "lies") => self.rest = Rest::Lies,
            ("rest", "empties") => self.rest = Rest::Empties,
            ("rename", "lies") => self.renames = Renames::Lie,
            ("rename", "refuses") => self.renames = Renames::Refuse,
            ("expands", "tilde") => self.tilde = true,
            ("max-connections", count) => self.max_connections = Some(number(count)?),
            _ => return Err(format!("unknown setting {key:?} {value:?}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::lines;

    #[test]
    fn every_setting_is_read() {
        let source = "file a/b mode=0600 mtime=20200101000000 \"x\" repeat 2 \"y\"\ndir \" sub\"\n\
            link l a/b\nhome /home/u\nuser u \"p w\"\nwithout EPSV mlsd\ngreeting \"220-hi\" \"220 ok\"\n\
            listing LIST / \"raw\\r\\n\"\nlist-style dos\nahead 500\nahead hang-up\nahead drop\n\
            login late\nreplies split\nmax-connections 2\nfault on PASS: reply 530 no\n\
            announces kbytes\nopening late\nsize-by SIZE plus 1\nsize-by mlst half\nrest lies\n\
            rest empties\nrename lies\nrename refuses\nexpands tilde\ncounts listings\n\
            counts listings minus 2\n";
        let setup = Setup::parse(&lines(source).unwrap()).unwrap();
        assert_eq!(setup.tree.file(b"/l"), Some(&b"xyy"[..]));
        assert_eq!(setup.tree.get(b"/a/b").unwrap().mode, 0o600);
        assert!(setup.tree.is_dir(b"/ sub") && !setup.knows("MLSD") && setup.knows("SIZE"));
        assert_eq!(
            (setup.greeting.len(), setup.faults.len(), setup.home.as_slice()),
            (2, 1, &b"/home/u"[..])
        );
        assert_eq!((setup.opening, setup.rest), (Opening::Kbytes, Rest::Empties));
        assert_eq!((setup.renames, setup.counts), (Renames::Refuse, Some(Lie::Minus(2))));
        assert!(setup.late_opening && setup.tilde);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for source in [
            "fiel a \"x\"",
            "file a x",
            "file a size=3 \"x\"",
            "dir",
            "ahead 600",
            "login",
            "replies slow",
            "announces nothing",
            "opening early",
            "size-by",
            "size-by SIZE",
            "size-by NLST half",
            "rest works",
            "rename",
            "rename f",
            "expands globs",
            "counts",
            "counts files",
            "counts listings plus",
        ] {
            assert!(Setup::parse(&lines(source).unwrap()).is_err(), "{source}");
        }
    }
}
