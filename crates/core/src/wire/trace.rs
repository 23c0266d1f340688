//! The protocol trace of `-vv` on stderr. Secrets are masked here and nowhere else.

use std::io::Write;

use crate::charset::for_terminal;

/// Where control connection lines are shown, if anywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trace {
    /// Whether the dialogue is shown (`-vv`).
    pub on: bool,
    /// Whether what somebody should know is told (`-v`).
    pub tells: bool,
}

/// Commands whose argument is a secret (RFC 959 §4.1.1).
const SECRET: [&[u8]; 2] = [b"PASS", b"ACCT"];

impl Trace {
    /// Shows a command line as it is sent.
    pub(super) fn sent(self, line: &[u8]) {
        if self.on {
            self.show("> ", &masked(line));
        }
    }

    /// Shows a reply as it came, all its lines.
    pub(super) fn received(self, raw: &[u8]) {
        if self.on {
            for line in raw.split_inclusive(|&b| b == b'\n') {
                self.show("< ", line);
            }
        }
    }

    /// Shows a remark of ours.
    pub(super) fn note(self, text: &str) {
        if self.on {
            self.show("* ", text.as_bytes());
        }
    }

    /// Tells what somebody who asked for more than errors should know.
    pub(super) fn tell(self, text: &str) {
        if self.tells || self.on {
            self.show("* ", text.as_bytes());
        }
    }

    fn show(self, mark: &str, line: &[u8]) {
        let text = for_terminal(line.trim_ascii_end());
        let _ = writeln!(std::io::stderr().lock(), "{mark}{text}");
    }
}

fn masked(line: &[u8]) -> Vec<u8> {
    let verb = line.split(|&b| b == b' ').next().unwrap_or(line);
    match SECRET.iter().find(|secret| verb.eq_ignore_ascii_case(secret)) {
        Some(secret) => [secret, &b" ***"[..]].concat(),
        None => line.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_never_show() {
        for (line, shown) in [
            (&b"PASS secret\r\n"[..], &b"PASS ***"[..]),
            (b"pass  x y\r\n", b"PASS ***"),
            (b"ACCT a\r\n", b"ACCT ***"),
            (b"RETR PASS\r\n", b"RETR PASS\r\n"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
