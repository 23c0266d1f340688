//! What to try next, by why something failed. A hint is a guess where the words of a server or of
//! the system are all there is; who can ask the server gives a [`Cause::Hinted`]. Pure.

use std::io::ErrorKind;

use crate::crowd::has_no_room;
use crate::error::{Cause, Phase};

/// How servers refuse to go on without TLS, in lower case. vsftpd: "Non-anonymous sessions must use
/// encryption." ProFTPD, pyftpdlib: "SSL/TLS required on the control channel". Pure-FTPd:
/// "cleartext sessions and weak ciphers are not accepted". FileZilla: "You have to use FTP over
/// TLS", "Use AUTH first". IIS: "Policy requires SSL".
const WANTS_TLS: [&[u8]; 6] = [
    b"must use encryption",
    b"tls required",
    b"cleartext sessions",
    b"over tls",
    b"use auth first",
    b"requires ssl",
];

const DATA: &str = "try --active or --no-epsv";

const WAIT: &str = "--timeout waits longer";

/// What to try, if anything is known.
pub fn hint(cause: &Cause) -> Option<&'static str> {
    match cause {
        Cause::Hinted(_, hint) => Some(hint),
        Cause::Refused(reply)
        | Cause::BadVerdict(reply)
        | Cause::LoginRefused(reply, _)
        | Cause::TurnedAway(reply)
            if reply.says_any(&WANTS_TLS) =>
        {
            Some("try --tls=require")
        }
        Cause::TurnedAway(reply) if has_no_room(reply) => Some("a higher --retries waits longer"),
        Cause::Refused(reply) | Cause::BadVerdict(reply) if reply.code() == 425 => Some(DATA),
        Cause::TimedOut(phase, _) => Some(timed_out(*phase)),
        Cause::Lost(phase, error) => lost(*phase, error.kind()),
        // There is no active data connection through a proxy, and what failed is named already.
        Cause::Proxy(_, cause) if matches!(**cause, Cause::Lost(..) | Cause::TimedOut(..)) => None,
        Cause::Proxy(_, cause) => hint(cause),
        _ => None,
    }
}

/// What to try where the name itself may be at fault: `is_text` tells whether it went out as UTF-8,
/// as it was typed.
pub fn hint_of_name(cause: &Cause, what: &[u8], is_text: bool) -> Option<&'static str> {
    let missing = matches!(cause, Cause::Refused(reply) if reply.code() == 550);
    match missing {
        true if is_text => Some("if names are written otherwise there, try --encoding"),
        true if what.len() > 1 && what.ends_with(b"/") => {
            Some("the slash at the end says that it is a directory")
        }
        _ => None,
    }
}

fn timed_out(phase: Phase) -> &'static str {
    match phase {
        Phase::Greeting => "ftps:// is for servers that wait for TLS; --timeout waits longer",
        Phase::DataConnect => DATA,
        _ => WAIT,
    }
}

fn lost(phase: Phase, kind: ErrorKind) -> Option<&'static str> {
    match (phase, kind) {
        (Phase::Resolve, ErrorKind::Other) => {
            Some("without -4 and -6 any of its addresses will do")
        }
        (Phase::Resolve, _) => Some("is the name of the host right?"),
        (Phase::Connect, ErrorKind::ConnectionRefused) => {
            Some("is it another port? URL: ftp://HOST:PORT/")
        }
        (Phase::DataConnect, _) => Some(DATA),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyReader;

    #[test]
    fn servers_want_tls_in_many_words() {
        for (text, wants) in [
            ("530 Non-anonymous sessions must use encryption.", true),
            ("530 Anonymous sessions must use encryption.", true),
            ("550 SSL/TLS required on the control channel", true),
            (
                "421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.",
                true,
            ),
            ("530 This server does not allow plain FTP. You have to use FTP over TLS.", true),
            ("503 Use AUTH first.", true),
            ("534 Policy requires SSL.", true),
            ("530 Login incorrect.", false),
            ("534 Local policy on server does not allow TLS secure connections.", false),
        ] {
            let mut reader = ReplyReader::default();
            reader.push(format!("{text}\r\n").as_bytes());
            let reply = reader.take().unwrap().unwrap();
            assert_eq!(reply.says_any(&WANTS_TLS), wants, "{text}");
        }
    }
}
