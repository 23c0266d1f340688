//! What the built-in server tells of sizes: the words of the 150 to RETR, and SIZE, MLST and listings that
//! tell another number than the bytes they send, or none.

use crate::text::{Result, Word, number};

use super::tree::{Kind, Node};

/// The words of the 150 to RETR.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Opening {
    /// The number of bytes to come, as vsftpd and ProFTPD tell it.
    #[default]
    Bytes,
    /// Rounded, as Pure-FTPd does.
    Kbytes,
    /// No number.
    Plain,
    /// The 125 of IIS.
    Iis,
    /// The words of FileZilla Server.
    FileZilla,
    /// This number, whatever comes.
    Number(usize),
}

impl Opening {
    /// Reads `bytes`, `kbytes`, `plain`, `iis`, `filezilla` or a number.
    ///
    /// # Errors
    /// Any other word.
    pub fn parse(word: &str) -> Result<Self> {
        Ok(match word {
            "bytes" => Self::Bytes,
            "kbytes" => Self::Kbytes,
            "plain" => Self::Plain,
            "iis" => Self::Iis,
            "filezilla" => Self::FileZilla,
            other => Self::Number(number(other)?),
        })
    }

    /// The reply before `count` bytes.
    pub fn reply(self, count: usize) -> String {
        match self {
            Self::Bytes => format!("150 Opening data connection ({count} bytes)"),
            Self::Number(other) => format!("150 Opening data connection ({other} bytes)"),
            Self::Kbytes => format!("150 {:.1} kbytes to download", count as f64 / 1024.0),
            Self::Plain => "150 go ahead".to_owned(),
            Self::Iis => "125 Data connection already open; Transfer starting.".to_owned(),
            Self::FileZilla => "150 Starting data transfer.".to_owned(),
        }
    }
}

/// A number told in place of the right one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lie {
    /// None is told.
    Absent,
    /// So many more.
    Plus(usize),
    /// So many fewer.
    Minus(usize),
    /// Half of it.
    Half,
    /// This one.
    Is(usize),
}

impl Lie {
    /// Reads `absent`, `half`, `plus N`, `minus N` or `N`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(words: &[Word]) -> Result<Self> {
        let words: Vec<&str> = words.iter().map(Word::keyword).collect();
        match words.as_slice() {
            ["absent"] => Ok(Self::Absent),
            ["half"] => Ok(Self::Half),
            ["plus", count] => number(count).map(Self::Plus),
            ["minus", count] => number(count).map(Self::Minus),
            [count] => number(count).map(Self::Is),
            _ => Err("a number is `absent`, `half`, `plus N`, `minus N` or N".to_owned()),
        }
    }

    /// What is told in place of `right`.
    pub fn of(self, right: usize) -> Option<usize> {
        match self {
            Self::Absent => None,
            Self::Plus(count) => Some(right.saturating_add(count)),
            Self::Minus(count) => Some(right.saturating_sub(count)),
            Self::Half => Some(right / 2),
            Self::Is(count) => Some(count),
        }
    }
}

/// What each command tells of sizes, where it is not the right number.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Vec<(String, Lie)>);

impl Sizes {
    /// Reads the words behind `size-by`: `SIZE|MLST|MLSD|LIST LIE`.
    ///
    /// # Errors
    /// Another command, no such lie, or LIST without a size: its lines have a column for it.
    pub fn add(&mut self, words: &[Word]) -> Result<()> {
        let (verb, lie) = words.split_first().ok_or("told by which command?")?;
        let (verb, lie) = (verb.keyword().to_uppercase(), Lie::parse(lie)?);
        match (verb.as_str(), lie) {
            ("LIST", Lie::Absent) => Err("a line of LIST has a size".to_owned()),
            ("SIZE" | "MLST" | "MLSD" | "LIST", _) => {
                self.0.push((verb, lie));
                Ok(())
            }
            _ => Err(format!("{verb} tells no size")),
        }
    }

    /// The size of a file as `verb` tells it.
    pub fn told(&self, verb: &str, node: &Node) -> Option<usize> {
        let Kind::File(bytes) = &node.kind else { return None };
        let lie = self.0.iter().find(|(by, _)| by == verb);
        lie.map_or(Some(bytes.len()), |(_, lie)| lie.of(bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words;

    #[test]
    fn an_opening_has_its_words() {
        for (word, reply) in [
            ("bytes", "150 Opening data connection (2400 bytes)"),
            ("7", "150 Opening data connection (7 bytes)"),
            ("kbytes", "150 2.3 kbytes to download"),
            ("plain", "150 go ahead"),
            ("iis", "125 Data connection already open; Transfer starting."),
            ("filezilla", "150 Starting data transfer."),
        ] {
            assert_eq!(Opening::parse(word).unwrap().reply(2400), reply, "{word}");
        }
        assert!(Opening::parse("nothing").is_err());
    }

    #[test]
    fn each_command_has_its_lie() {
        let node = Node::new(Kind::File(b"0123456789".to_vec()));
        let told = |line: &str| {
            let mut sizes = Sizes::default();
            sizes.add(&words(line).unwrap()).unwrap();
            assert_eq!(sizes.told("NLST", &node), Some(10));
            sizes.told(line.split(' ').next().unwrap(), &node)
        };
        for (line, expected) in [
            ("SIZE absent", None),
            ("SIZE plus 1", Some(11)),
            ("MLST minus 3", Some(7)),
            ("MLSD half", Some(5)),
            ("LIST 0", Some(0)),
        ] {
            assert_eq!(told(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for line in ["", "SIZE", "SIZE plus", "SIZE twice", "MDTM 3", "LIST absent", "SIZE half 1"]
        {
            assert!(Sizes::default().add(&words(line).unwrap()).is_err(), "{line}");
        }
    }
}
