//! Whether a server says that it has too many guests, so that waiting, or fewer connections, helps.
//! Pure. The codes alone do not tell: 421 is any end of service, 530 any refused login.

use crate::error::Cause;
use crate::reply::Reply;

/// What servers say when there is no room, in lower case. vsftpd: "There are too many connections
/// from your internet address", "too many connected users". ProFTPD: "Sorry, the maximum number of
/// clients (2) from your host are already connected". Pure-FTPd: "5 users (the maximum) are already
/// logged in", "Too many connections (3) from this IP". pyftpdlib: "Too many connections from the
/// same IP address". FileZilla: "Too many users are connected". Serv-U: "only 2 sessions from same
/// IP allowed concurrently". wu-ftpd: "access denied, limit of 10 users reached".
const NO_ROOM: [&[u8]; 9] = [
    b"too many",
    b"maximum number",
    b"(the maximum)",
    b"already connected",
    b"already logged in",
    b"simultaneous",
    b"concurrent",
    b"overloaded",
    b"limit",
];

/// Words of those who have been counted for something else: tries at the password. Coming again
/// would only lengthen the ban.
const BANNED: [&[u8]; 7] =
    [b"attempt", b"fail", b"incorrect", b"invalid", b"wrong", b"password", b"banned"];

/// Whether a reply to connecting or to a login says that there is no room.
pub fn has_no_room(reply: &Reply) -> bool {
    matches!(reply.code(), 421 | 530) && reply.says_any(&NO_ROOM) && !reply.says_any(&BANNED)
}

/// Whether that is why no session could be opened.
pub fn is_crowded(cause: &Cause) -> bool {
    matches!(cause, Cause::TurnedAway(reply) if has_no_room(reply))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyReader;

    #[test]
    fn servers_say_that_they_are_full_in_many_words() {
        for (text, full) in [
            ("421 There are too many connections from your internet address.", true),
            ("421 There are too many connected users, please try later.", true),
            (
                "530 Sorry, the maximum number of clients (2) from your host are already connected.",
                true,
            ),
            ("530 Sorry, maximum number of hosts (1) for this user are already connected.", true),
            ("421 5 users (the maximum) are already logged in, sorry", true),
            ("421 Too many connections (3) from this IP", true),
            ("421 Too many connections. Service temporarily unavailable.", true),
            ("530 Not logged in, only 2 sessions from same IP allowed concurrently.", true),
            ("530-Sorry\r\n Too many users\r\n530 bye", true),
            ("421 Service not available, closing down", false),
            ("530 Login incorrect.", false),
            ("530 Too many failed logins, you are banned", false),
            ("421 Maximum number of login attempts exceeded", false),
            ("550 too many", false),
        ] {
            let mut reader = ReplyReader::default();
            reader.push(format!("{text}\r\n").as_bytes());
            let reply = reader.take().unwrap().unwrap();
            assert_eq!(has_no_room(&reply), full, "{text}");
        }
    }
}
