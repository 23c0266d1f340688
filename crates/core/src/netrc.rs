//! The netrc format: which login a file gives for a host. Finding and reading the file is the
//! caller's work, and so is the question whether others may read it.
//!
//! As in BSD ftp, GNU ftp and Python: words between blanks, `"quotes"` around a word, a backslash
//! before a character that shall stand for itself. A `#` starts a comment only where a keyword
//! could stand, so passwords may begin with it.

use crate::secret::Secret;

/// What a netrc file says for a host.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Login {
    /// The user; `None` when the entry names none.
    pub login: Option<Vec<u8>>,
    /// The password, as it stands in the file.
    pub password: Option<Secret>,
    /// The answer to reply 332 (RFC 959 §4.1.1).
    pub account: Option<Secret>,
}

/// The first entry of `text` that fits; `default` fits every host, but only after all others.
///
/// `host` is compared in any case. With `user`, entries for another user are passed over; an
/// entry that names no user is taken for it.
pub fn lookup(text: &[u8], host: &str, user: Option<&[u8]>) -> Option<Login> {
    let entries = entries(text);
    let fits = |entry: &&Entry| match (&entry.login.login, user) {
        (Some(named), Some(wanted)) => named == wanted,
        _ => true,
    };
    let of_host = |entry: &&Entry| {
        entry.machine.as_ref().is_some_and(|m| m.eq_ignore_ascii_case(host.as_bytes()))
    };
    let specific = entries.iter().filter(of_host).find(fits);
    let found = specific.or_else(|| entries.iter().filter(|e| e.machine.is_none()).find(fits));
    found.map(|entry| entry.login.clone())
}

struct Entry {
    /// `None` for `default`.
    machine: Option<Vec<u8>>,
    login: Login,
}

fn entries(text: &[u8]) -> Vec<Entry> {
    let mut words = Words { rest: text };
    let mut entries: Vec<Entry> = Vec::new();
    while let Some(keyword) = words.keyword() {
        match keyword.as_slice() {
            b"machine" => {
                let machine = Some(words.value().unwrap_or_default());
                entries.push(Entry { machine, login: Login::default() });
            }
            b"default" => entries.push(Entry { machine: None, login: Login::default() }),
            b"macdef" => words.skip_macro(),
            // Anything before the first entry belongs to none; unknown words are passed over.
            _ => {
                if let Some(entry) = entries.last_mut() {
                    entry.login.read(&keyword, &mut words);
                }
            }
        }
    }
    entries
}

impl Login {
    fn read(&mut self, keyword: &[u8], words: &mut Words<'_>) {
        match keyword {
            b"login" | b"user" => self.login = words.value(),
            b"password" | b"passwd" => self.password = words.value().map(Secret::new),
            b"account" => self.account = words.value().map(Secret::new),
            _ => {}
        }
    }
}

/// What is left of the text.
struct Words<'a> {
    rest: &'a [u8],
}

impl Words<'_> {
    /// The next word that is not in a comment.
    fn keyword(&mut self) -> Option<Vec<u8>> {
        loop {
            self.skip_blanks();
            if self.rest.first() != Some(&b'#') {
                return self.value();
            }
            self.skip_line();
        }
    }

    /// The next word, whatever it begins with; `None` at the end.
    fn value(&mut self) -> Option<Vec<u8>> {
        self.skip_blanks();
        let quoted = *self.rest.first()? == b'"';
        if quoted {
            self.take();
        }
        let mut word = Vec::new();
        while let Some(&byte) = self.rest.first() {
            // A quote that nobody closed ends with its line, so the next entries survive it.
            if byte == b'\n' || (!quoted && byte.is_ascii_whitespace()) {
                break;
            }
            self.take();
            match byte {
                b'"' if quoted => break,
                b'\\' => word.extend(self.take()),
                _ => word.push(byte),
            }
        }
        Some(word)
    }

    fn take(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Passes over the rest of the line and returns whether there was nothing on it.
    fn skip_line(&mut self) -> bool {
        let end = memchr::memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, b""));
        self.rest = rest;
        matches!(line, b"\n" | b"\r\n" | b"")
    }

    /// A macro ends at a blank line: its name and body are no keywords.
    fn skip_macro(&mut self) {
        self.skip_line();
        while !self.skip_line() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# comment machine nobody
machine one.example login alice password pa#ss account acct
machine two.example
    login bob   # the other one
    password #hash
macdef init
machine evil.example login x
passive

machine two.example login carol password \"two \\\"words\\\" \\\\\" macdef up
prompt

machine three.example password back\\\\slash\\ blank
machine FOUR.example port 21 login \"dave password open
machine five.example login eve
default login anonymous password me@example
machine six.example login frank
";

    fn found(text: &str, host: &str, user: Option<&str>) -> Option<(String, String)> {
        let login = lookup(text.as_bytes(), host, user.map(str::as_bytes))?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let password = login.password.as_ref().map(Secret::expose).unwrap_or(b"-");
        Some((text(login.login.as_deref().unwrap_or(b"-")), text(password)))
    }

    #[test]
    fn entries_by_host_and_user() {
        for (host, user, login, password) in [
            ("one.example", None, "alice", "pa#ss"),
            ("two.example", None, "bob", "#hash"),
            ("two.example", Some("carol"), "carol", "two \"words\" \\"),
            ("three.example", Some("zoe"), "-", "back\\slash blank"),
            ("four.EXAMPLE", None, "dave password open", "-"),
            ("five.example", None, "eve", "-"),
            ("six.example", None, "frank", "-"),
            ("evil.example", None, "anonymous", "me@example"),
            ("nobody", None, "anonymous", "me@example"),
            ("two.example", Some("anonymous"), "anonymous", "me@example"),
        ] {
            let expected = Some((login.to_owned(), password.to_owned()));
            assert_eq!(found(FILE, host, user), expected, "{host} {user:?}");
        }
        assert_eq!(found(FILE, "two.example", Some("zoe")), None);
        assert_eq!(found("", "h", None), None);
        let account = lookup(FILE.as_bytes(), "one.example", None).and_then(|l| l.account);
        assert_eq!(account, Some(Secret::new(b"acct".to_vec())));
    }

    #[test]
    fn ends_of_lines_and_of_the_file() {
        for (text, login, password) in [
            ("machine h login u password p", "u", "p"),
            ("machine h\r\nlogin u\r\npassword p\r\n", "u", "p"),
            ("machine h login u password", "u", "-"),
            ("login x machine h login u password \"\"", "u", ""),
            ("macdef m\r\nx\r\n\r\nmachine h login u password \"p", "u", "p"),
            ("macdef empty\n\nmachine h login u password p\\", "u", "p"),
        ] {
            assert_eq!(found(text, "h", None), Some((login.to_owned(), password.to_owned())));
        }
    }

    #[test]
    fn cut_and_altered_files_do_not_panic() {
        for cut in 0..FILE.len() {
            for byte in [b'"', b'\\', b'\n', b'#', 0xff] {
                let mut altered = FILE.as_bytes().to_vec();
                altered[cut] = byte;
                assert!(lookup(&altered, "six.example", None).is_none_or(|l| l.account.is_none()));
            }
            let _ = lookup(&FILE.as_bytes()[..cut], "two.example", Some(b"carol"));
        }
    }
}
