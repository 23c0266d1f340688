//! Faults laid over the built-in server: where they strike and what they do.
//! Carrying them out is the work of `session` and `transfer`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::lines::Line;
use crate::script::duration;
use crate::text::{Result, Text, Vars, Word, fits, number, words};

use super::given;
use super::tree::Node;

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum Harm {
    /// Says this instead of carrying the command out; after 421 the server hangs up.
    Reply(Vec<u8>),
    /// Says this at the end of a transfer instead of the 226.
    Final(Vec<u8>),
    /// Says this at the beginning of a transfer instead of the 150.
    Opening(Vec<u8>),
    /// Says this as well, after the reply.
    Then(Vec<u8>),
    /// Closes the data connection early; the server still says 226, as careless ones do.
    CloseData,
    /// Resets the data connection; then 426.
    ResetData,
    /// Leaves the data connection open and sends no more, until the client leaves or speaks.
    StallData,
    /// Hangs up, data connection included.
    CloseControl,
    /// Resets the control connection, data connection included.
    ResetControl,
    /// Says nothing more until the client leaves.
    Stall,
    /// Waits first.
    Pause(Duration),
    /// Of what an upload brought, the last so many bytes are not stored.
    Forget(usize),
    /// PASV and EPSV announce a port that refuses.
    DeadPort,
    /// PASV and EPSV announce a port that answers nothing.
    BlackHole,
    /// PASV announces this host (`10,9,8,7`) with the right port.
    Host(Vec<u8>),
    /// Behind the last byte of a RETR the file gets these more, and that time.
    Grow(Option<Vec<u8>>, Vec<u8>),
    /// Another file takes that name.
    Put(Vec<u8>, Node),
    /// An upload is opened, its data connection closed or reset, and then this is said; the file is left alone.
    Refuse(Refusal),
    /// The command and its reply go as usual, then the server hangs up.
    Leave,
    /// The command is carried out; in place of its reply the server hangs up.
    LoseReply,
    /// Data connections move so many bytes a second.
    Pace(usize),
}

/// How an upload is refused behind its 150.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The data connection is reset, not closed.
    pub resets: bool,
    /// The last reply.
    pub text: Vec<u8>,
}

/// Where a fault strikes.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    Connect,
    Command(String, Option<Vec<u8>>),
    Reply(Vec<u8>),
}

/// A fault line of an `auto:` block.
#[derive(Debug)]
pub struct Fault {
    place: Place,
    after: Option<usize>,
    from: u32,
    times: u32,
    harm: Harm,
    met: AtomicU32,
}

/// A harm to be done now, and the number of data bytes it waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Strike {
    /// What to do.
    pub harm: Harm,
    /// After so many bytes of the data connection.
    pub after: Option<usize>,
}

/// A place a session has come to.
#[derive(Clone, Copy, Debug)]
pub enum Moment<'a> {
    /// A client connected.
    Connect,
    /// A command with its argument as sent.
    Command(&'a str, &'a [u8]),
    /// A reply is about to be said.
    Reply(&'a [u8]),
}

impl Fault {
    /// Reads `fault on VERB ["ARG"] [nth N] [times N] [after BYTES]: HARM`,
    /// `fault on connect: HARM` or `fault before reply CODE ...: HARM`.
    ///
    /// # Errors
    /// A line that is not understood.
    pub fn parse(line: &Line) -> Result<Self> {
        let (place, harm) = line.key_value();
        let place = words(place)?;
        let (place, options) = match place.as_slice() {
            [_, on, verb, rest @ ..] if on.keyword() == "on" => command(verb, rest)?,
            [_, before, reply, code, rest @ ..]
                if (before.keyword(), reply.keyword()) == ("before", "reply") =>
            {
                (Place::Reply(code.keyword().as_bytes().to_vec()), rest)
            }
            _ => return Err("a fault is `on VERB` or `before reply CODE`".to_owned()),
        };
        let fault = Self {
            place,
            after: None,
            from: 1,
            times: u32::MAX,
            harm: self::harm(harm)?,
            met: AtomicU32::new(0),
        };
        fault.with_options(options)
    }

    fn with_options(mut self, options: &[Word]) -> Result<Self> {
        let (pairs, odd) = options.as_chunks::<2>();
        for [key, value] in pairs {
            match key.keyword() {
                "after" => self.after = Some(number(value.keyword())?),
                "nth" => (self.from, self.times) = (number(value.keyword())?, 1),
                "times" => self.times = number(value.keyword())?,
                "from" => self.from = number(value.keyword())?,
                other => return Err(format!("unknown option {other:?}")),
            }
        }
        if odd.is_empty() { Ok(self) } else { Err("an option lacks its value".to_owned()) }
    }

    /// Whether it strikes at this moment; counts the moments it fits.
    fn strikes(&self, moment: Moment<'_>) -> bool {
        let fits = match (&self.place, moment) {
            (Place::Connect, Moment::Connect) => true,
            (Place::Command(verb, arg), Moment::Command(seen, seen_arg)) => {
                verb == seen && arg.as_ref().is_none_or(|arg| fits(arg, seen_arg))
            }
            (Place::Reply(code), Moment::Reply(reply)) => reply.starts_with(code),
            _ => false,
        };
        let count = if fits { self.met.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        fits && count >= self.from && count - self.from < self.times
    }
}

/// Every harm that is due at this moment, in the order of the case file.
pub fn due(faults: &[Fault], moment: Moment<'_>) -> Vec<Strike> {
    let strike = |fault: &Fault| Strike { harm: fault.harm.clone(), after: fault.after };
    faults.iter().filter(|fault| fault.strikes(moment)).map(strike).collect()
}

fn command<'w>(verb: &Word, rest: &'w [Word]) -> Result<(Place, &'w [Word])> {
    match (verb.keyword(), rest) {
        ("connect", rest) => Ok((Place::Connect, rest)),
        ("", _) => Err("on which command?".to_owned()),
        (verb, [arg, rest @ ..]) if arg.quoted => {
            Ok((Place::Command(verb.to_uppercase(), Some(arg.text.fill(&Vars::new())?)), rest))
        }
        (verb, rest) => Ok((Place::Command(verb.to_uppercase(), None), rest)),
    }
}

fn harm(source: &str) -> Result<Harm> {
    let (word, rest) = source.split_once(' ').unwrap_or((source, ""));
    let said = || Text::line(rest)?.fill(&Vars::new());
    match (word, rest) {
        ("reply", _) => said().map(Harm::Reply),
        ("final", _) => said().map(Harm::Final),
        ("opening", _) => said().map(Harm::Opening),
        ("then", _) => said().map(Harm::Then),
        ("host", _) => said().map(Harm::Host),
        ("forget", bytes) => number(bytes).map(Harm::Forget),
        ("pause", time) => duration(time).map(Harm::Pause),
        ("close", "data") => Ok(Harm::CloseData),
        ("reset", "data") => Ok(Harm::ResetData),
        ("stall", "data") => Ok(Harm::StallData),
        ("close", "control") => Ok(Harm::CloseControl),
        ("reset", "control") => Ok(Harm::ResetControl),
        ("stall", "") => Ok(Harm::Stall),
        ("dead", "port") => Ok(Harm::DeadPort),
        ("black", "hole") => Ok(Harm::BlackHole),
        ("leave", "") => Ok(Harm::Leave),
        ("lose", "reply") => Ok(Harm::LoseReply),
        ("pace", bytes) => number(bytes).map(Harm::Pace),
        ("refuse", words) => refuse(words).map(Harm::Refuse),
        ("grow", words) => grow(words),
        ("put", words) => put(words),
        _ => Err(format!("unknown fault {source:?}")),
    }
}

/// `[reset] TEXT`
fn refuse(source: &str) -> Result<Refusal> {
    let (resets, text) = match source.strip_prefix("reset ") {
        Some(text) => (true, text),
        None => (false, source),
    };
    if !text.starts_with(['4', '5']) {
        return Err("refuse with which reply?".to_owned());
    }
    Ok(Refusal { resets, text: Text::line(text)?.fill(&Vars::new())? })
}

/// `[mtime=TIME] CONTENT`
fn grow(source: &str) -> Result<Harm> {
    let words = words(source)?;
    let time = words.first().and_then(|word| word.keyword().strip_prefix("mtime="));
    let content = words.get(usize::from(time.is_some())..).unwrap_or(&[]);
    Ok(Harm::Grow(time.map(|time| time.as_bytes().to_vec()), given::content(content)?))
}

/// `NAME [mtime=TIME] [mode=MODE] CONTENT`
fn put(source: &str) -> Result<Harm> {
    let words = words(source)?;
    let (name, file) = words.split_first().ok_or("put which file?")?;
    Ok(Harm::Put(given::path(name)?, given::file(file)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::lines;

    fn fault(source: &str) -> Result<Fault> {
        Fault::parse(&lines(source).unwrap()[0])
    }

    #[test]
    fn faults_strike_where_they_should() {
        let retr = Moment::Command("RETR", b"a.bin");
        for (source, moment, expected) in [
            ("fault on RETR: stall", retr, [true, true, true]),
            ("fault on RETR times 1: stall", retr, [true, false, false]),
            ("fault on retr \"*.bin\" nth 2: stall", retr, [false, true, false]),
            ("fault on RETR from 2 after 10: close data", retr, [false, true, true]),
            ("fault on RETR \"b\": stall", retr, [false, false, false]),
            ("fault before reply 22: close control", Moment::Reply(b"226 x"), [true, true, true]),
            ("fault on connect: reply 421 too many", Moment::Connect, [true, true, true]),
            ("fault on STOR: stall", retr, [false, false, false]),
        ] {
            let faults = [fault(source).unwrap()];
            assert_eq!([(); 3].map(|()| !due(&faults, moment).is_empty()), expected, "{source}");
        }
    }

    #[test]
    fn harms_with_words_are_read() {
        let harm = |source: &str| fault(source).unwrap().harm;
        let bytes = |text: &str| text.as_bytes().to_vec();
        let grown = Harm::Grow(Some(bytes("20250101000000")), bytes("xx"));
        assert_eq!(harm("fault on RETR: grow mtime=20250101000000 repeat 2 \"x\""), grown);
        assert_eq!(harm("fault on RETR: grow \"x\""), Harm::Grow(None, bytes("x")));
        let refused = |resets, text: &str| Harm::Refuse(Refusal { resets, text: bytes(text) });
        assert_eq!(
            harm("fault on STOR: refuse 553 no: not here"),
            refused(false, "553 no: not here")
        );
        assert_eq!(harm("fault on STOR after 9: refuse reset 452 full"), refused(true, "452 full"));
        let put = harm("fault on connect nth 2: put d/f mtime=20250101000000 mode=0600 \"x\"");
        let Harm::Put(path, node) = put else { panic!("{put:?}") };
        assert_eq!((path, node.mode, node.mtime), (bytes("/d/f"), 0o600, bytes("20250101000000")));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for source in [
            "fault RETR: stall",
            "fault on RETR: explode",
            "fault on RETR after: stall",
            "fault on: stall",
            "fault on RETR soon 1: stall",
            "fault on RETR after x: stall",
            "fault before 226: stall",
            "fault on RETR: grow",
            "fault on RETR: grow size=3 \"x\"",
            "fault on RETR: put",
            "fault on RETR: put a",
            "fault on RETR: put a b",
            "fault on STOR: refuse",
            "fault on STOR: refuse reset",
            "fault on STOR: refuse after 3 550 no",
            "fault on STOR: leave now",
            "fault on STOR: lose",
            "fault on STOR: pace slow",
        ] {
            assert!(fault(source).is_err(), "{source}");
        }
    }
}
