//! What can go wrong, and what it means for the run. Printing is `report`'s job.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::reply::Reply;

/// How the whole run ended, least bad first, so that `max` merges two outcomes. The numbers are
/// the exit codes, the same in all five tools.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// Everything asked for was done.
    Done = 0,
    /// Some operands failed (missing, refused); the rest was tried.
    SomeFailed = 1,
    /// The command line is wrong; nothing was tried.
    Usage = 2,
    /// A server was not reached: resolve, connect, TLS, timeout.
    NotReached = 3,
    /// A server refused the login.
    LoginRefused = 4,
    /// A transfer broke and could not be completed.
    Broken = 5,
    /// A local file, folder or stream failed.
    Local = 6,
}

impl Outcome {
    /// The process exit code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// All outcomes with what the help says about each.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Done, "all done"),
        (Self::SomeFailed, "some operands failed (missing, refused), the rest was tried"),
        (Self::Usage, "wrong command line"),
        (Self::NotReached, "server not reached (resolve, connect, TLS, timeout)"),
        (Self::LoginRefused, "login refused"),
        (Self::Broken, "a transfer broke and could not be completed"),
        (Self::Local, "local I/O error"),
    ];
}

/// What was being waited for or done when a connection failed; every wait has one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Asking for the host's addresses.
    Resolve,
    /// Connecting to the control port.
    Connect,
    /// Having a proxy lead to the server.
    Proxy,
    /// A TLS handshake.
    Tls,
    /// Waiting for the server's first reply.
    Greeting,
    /// Waiting for the reply to a command.
    Reply,
    /// Opening the data connection.
    DataConnect,
    /// Moving data.
    Data,
    /// Waiting for the server's verdict after the last byte.
    Verdict,
}

impl Phase {
    fn outcome(self) -> Outcome {
        match self {
            Self::Resolve
            | Self::Connect
            | Self::Proxy
            | Self::Tls
            | Self::Greeting
            | Self::Reply => Outcome::NotReached,
            Self::DataConnect | Self::Data | Self::Verdict => Outcome::Broken,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "looking up the host",
            Self::Connect => "connecting",
            Self::Proxy => "the way to the server",
            Self::Tls => "the TLS handshake",
            Self::Greeting => "the server's greeting",
            Self::Reply => "the server's reply",
            Self::DataConnect => "the data connection",
            Self::Data => "the transfer",
            Self::Verdict => "the server's last word on the transfer",
        })
    }
}

/// Why one thing could not be done.
#[derive(Debug)]
pub enum Cause {
    /// The server said no to a command.
    Refused(Reply),
    /// The server said no to a file behind the 150 to its upload: what has the name already may be overwritten.
    RefusedLate(Reply),
    /// The server said no to the login; the text says whose credentials were used.
    LoginRefused(Reply, String),
    /// There is a user to log in as, these bytes, but no password for it anywhere.
    NoPassword(Vec<u8>),
    /// The server said no before the login, 421 in the greeting for one.
    TurnedAway(Reply),
    /// A wait ran out.
    TimedOut(Phase, Duration),
    /// A connection failed or ended.
    Lost(Phase, io::Error),
    /// One of these with a proxy, by its name, or with what is beyond it.
    Proxy(String, Box<Cause>),
    /// Encryption was asked for and could not be had, or the certificate is not trusted.
    Tls(String),
    /// Fewer or more bytes arrived than the server promised.
    WrongSize {
        /// Bytes that arrived.
        got: u64,
        /// Bytes that were promised or sent.
        want: u64,
    },
    /// The bytes that arrived are not those that were sent: their checksums differ.
    WrongSum {
        /// What was computed.
        name: &'static str,
        /// In hexadecimal digits, of what passed us.
        ours: String,
        /// Of what the server has.
        theirs: String,
    },
    /// The transfer was refused or broken by the server after it had begun.
    BadVerdict(Reply),
    /// What the server sent makes no sense.
    Protocol(String),
    /// An upload broke, and what the server lost of it cannot be had once more.
    Forgotten {
        /// Bytes that were read from the input.
        sent: u64,
        /// Bytes of them that the server has; `None` where it cannot tell.
        stored: Option<u64>,
        /// How many of the last bytes were kept.
        kept: u64,
    },
    /// The server says that a file was renamed, and it still has its old name.
    NotRenamed,
    /// An upload that was resumed has other bytes before that place.
    Mixed,
    /// Two connections of one download found two versions of the file.
    Changed,
    /// A local file, folder or stream failed.
    Local(io::Error),
    /// Standard output was closed by its reader; the tool dies of it in silence, as `cat` does.
    StdoutClosed,
    /// Its server was out of reach for an earlier operand already, with this outcome.
    NotTried(Outcome),
    /// Something about this operand, in words.
    Operand(String),
    /// One of these, and what to try, which the server was asked about.
    Hinted(Box<Cause>, &'static str),
}

impl Cause {
    /// What an error of a socket means in `phase`. A timeout of the socket, or a deadline, that ran
    /// out shows as `WouldBlock` or `TimedOut`; `limit` is what it was.
    pub fn lost(phase: Phase, error: io::Error, limit: Duration) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::TimedOut(phase, limit),
            _ => Self::Lost(phase, error),
        }
    }

    /// A name from a listing that names nothing in its directory, such as `..` or `a/b`.
    pub fn leads_out() -> Self {
        Self::Operand("a name that could lead out of its directory".into())
    }

    /// What this cause alone makes of the run.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(reply) if reply.code() == 421 => Outcome::NotReached,
            Self::Refused(_)
            | Self::RefusedLate(_)
            | Self::Operand(_)
            | Self::Changed
            | Self::NotRenamed => Outcome::SomeFailed,
            Self::LoginRefused(..) | Self::NoPassword(_) => Outcome::LoginRefused,
            Self::NotTried(outcome) => *outcome,
            Self::Proxy(_, cause) | Self::Hinted(cause, _) => cause.outcome(),
            Self::TurnedAway(_) | Self::Tls(_) | Self::Protocol(_) => Outcome::NotReached,
            Self::TimedOut(phase, _) | Self::Lost(phase, _) => phase.outcome(),
            Self::WrongSize { .. }
            | Self::WrongSum { .. }
            | Self::Mixed
            | Self::Forgotten { .. }
            | Self::BadVerdict(_) => Outcome::Broken,
            Self::Local(_) | Self::StdoutClosed => Outcome::Local,
        }
    }

    /// Whether the control connection may still be used for the next operand.
    pub fn session_survives(&self) -> bool {
        match self {
            Self::Refused(reply) => reply.code() != 421,
            Self::RefusedLate(_) | Self::Operand(_) | Self::Changed | Self::NotRenamed => true,
            Self::Hinted(cause, _) => cause.session_survives(),
            _ => false,
        }
    }

    /// Whether the server itself is out of reach, so that trying its next operand is no use.
    pub fn server_is_gone(&self) -> bool {
        match self {
            Self::LoginRefused(..) | Self::TurnedAway(_) | Self::Tls(_) => true,
            Self::Proxy(_, cause) | Self::Hinted(cause, _) => cause.server_is_gone(),
            Self::TimedOut(phase, _) | Self::Lost(phase, _) => matches!(
                phase,
                Phase::Resolve | Phase::Connect | Phase::Proxy | Phase::Tls | Phase::Greeting
            ),
            _ => false,
        }
    }
}

/// A thing that failed: what it was, and why.
#[derive(Debug)]
pub struct Failure {
    /// The path, URL or file as the messages name it: bytes, not yet made safe for a terminal.
    /// Empty when it is nothing in particular.
    pub what: Vec<u8>,
    /// Why.
    pub cause: Cause,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.what.escape_ascii(), self.cause)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// `what` failed because of `cause`.
    pub fn new(what: impl Into<Vec<u8>>, cause: Cause) -> Self {
        Self { what: what.into(), cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_wins_and_codes_are_the_contract() {
        assert_eq!(Outcome::Done.max(Outcome::Broken).max(Outcome::SomeFailed), Outcome::Broken);
        let codes: Vec<u8> = Outcome::ALL.iter().map(|(outcome, _)| outcome.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn phases_before_the_data_mean_not_reached() {
        let lost = |phase| Cause::Lost(phase, io::ErrorKind::ConnectionReset.into()).outcome();
        assert_eq!(lost(Phase::Reply), Outcome::NotReached);
        assert_eq!(lost(Phase::Data), Outcome::Broken);
    }
}
