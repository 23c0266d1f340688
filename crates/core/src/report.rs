//! The one printer of errors, and what they make of the exit code.
//!
//! A message is one line on stderr: tool, what failed, why, and what to try. Names are shown in
//! the charset of the run and escaped, since a server chose them.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::charset::{Charset, for_terminal};
use crate::ending::Ending;
use crate::error::{Cause, Failure, Outcome};
use crate::hints::{hint, hint_of_name};
use crate::progress::{Screen, rate};
use crate::record::{Record, Status};
use crate::reply::Reply;
use crate::sys;
use crate::verify::Copied;

/// A file that is worked on.
#[derive(Clone, Debug)]
struct Subject {
    url: Vec<u8>,
    path: Option<Vec<u8>>,
    began: Instant,
}

/// Collects how a run goes.
#[derive(Clone, Debug)]
pub struct Report {
    tool: &'static str,
    /// How names and the servers' words are read.
    pub charset: Charset,
    quiet: bool,
    verbose: bool,
    /// Whether each file is told of on stdout, as JSON.
    json: bool,
    /// The file that is worked on.
    subject: Option<Subject>,
    outcome: Outcome,
    /// How many operands were not tried, since their server is out of reach.
    untried: usize,
    reader_left: bool,
    /// Where bars may be shown, which messages must not run into.
    pub screen: Screen,
    /// At the end by a signal nothing is said any more.
    pub ending: Ending,
}

impl Report {
    /// Nothing has failed yet.
    pub fn new(tool: &'static str, charset: Charset, quiet: bool, verbose: bool) -> Self {
        Self {
            tool,
            charset,
            quiet,
            verbose,
            json: false,
            subject: None,
            outcome: Outcome::Done,
            untried: 0,
            reader_left: false,
            screen: Screen::default(),
            ending: Ending::default(),
        }
    }

    /// Has each file told of on stdout, as JSON.
    pub fn with_json(self, json: bool) -> Self {
        Self { json, ..self }
    }

    /// One for somebody who works beside others, in whose run nothing has failed yet.
    pub fn another(&self) -> Self {
        let clean = Self { outcome: Outcome::Done, untried: 0, ..self.clone() };
        Self { reader_left: false, subject: None, ..clean }
    }

    /// Takes over how it went for `other`.
    pub fn absorb(&mut self, other: &Self) {
        self.outcome = self.outcome.max(other.outcome);
        self.reader_left |= other.reader_left;
        self.untried += other.untried;
    }

    /// Says that something failed, and remembers the worst outcome.
    pub fn failed(&mut self, failure: &Failure) {
        self.ending.go_on();
        self.outcome = self.outcome.max(failure.cause.outcome());
        if matches!(failure.cause, Cause::StdoutClosed) {
            self.reader_left = true;
        } else {
            // Why was said when the first of them failed.
            let untried = matches!(failure.cause, Cause::NotTried(_));
            self.untried += usize::from(untried);
            if !untried || self.verbose {
                self.say(&self.text(failure));
            }
            self.record_failure(failure);
        }
    }

    /// From now on it is about the file at `url`; `path` is its other end, here or on another server.
    pub fn begin(&mut self, url: Vec<u8>, path: Option<Vec<u8>>) {
        self.begin_at(Instant::now(), url, path);
    }

    /// As [`Self::begin`], for a file that was begun before.
    pub fn begin_at(&mut self, began: Instant, url: Vec<u8>, path: Option<Vec<u8>>) {
        self.subject = Some(Subject { url, path, began });
    }

    /// Where the file goes that it is about.
    pub fn goes_to(&mut self, path: &[u8]) {
        if let Some(subject) = &mut self.subject {
            subject.path = Some(path.to_vec());
        }
    }

    /// Whether it is about a file.
    pub fn has_subject(&self) -> bool {
        self.subject.is_some()
    }

    /// From now on it is about nothing: others say what becomes of the file.
    pub fn forget(&mut self) {
        self.subject = None;
    }

    /// Says that the file has been moved, as `name`; `extra` is how else.
    pub fn moved(&mut self, name: &str, copied: &Copied, extra: &str) {
        let subject = self.subject.take();
        let time = subject.as_ref().map_or(Duration::ZERO, |subject| subject.began.elapsed());
        let (count, seconds) = (copied.count, time.as_secs_f64());
        let rate = rate(count, time);
        let comma = if extra.is_empty() { "" } else { ", " };
        self.done(&format!("{name}: {count} bytes{comma}{extra}, {seconds:.2} s, {rate}"));
        self.record(subject, (Status::Done, Some(copied), None));
    }

    /// Says that something was done with the file other than moving bytes.
    pub fn worked(&mut self, text: &str) {
        self.done(text);
        let subject = self.subject.take();
        self.record(subject, (Status::Done, None, None));
    }

    /// Says why the file is left alone.
    pub fn skipped(&mut self, text: &str) {
        self.done(text);
        self.skipped_silently();
    }

    /// The file is left alone.
    pub fn skipped_silently(&mut self) {
        let subject = self.subject.take();
        self.record(subject, (Status::Skipped, None, None));
    }

    /// Whether files are told of on stdout.
    pub fn is_json(&self) -> bool {
        self.json
    }

    fn record_failure(&mut self, failure: &Failure) {
        let subject = self.subject.take();
        let error =
            if subject.is_some() { self.why_and_hint(&failure.cause) } else { self.text(failure) };
        self.record(subject, (Status::Failed, None, Some(&error)));
    }

    fn record(
        &mut self,
        subject: Option<Subject>,
        (status, copied, error): (Status, Option<&Copied>, Option<&str>),
    ) {
        if !self.json {
            return;
        }
        let subject = subject.as_ref();
        let record = Record {
            url: subject.map(|subject| subject.url.as_slice()),
            path: subject.and_then(|subject| subject.path.as_deref()),
            bytes: copied.map(|copied| copied.count),
            time: subject.map_or(Duration::ZERO, |subject| subject.began.elapsed()),
            status,
            error,
            checksum: copied.and_then(|copied| copied.checksum.as_deref()),
        };
        let line = record.line();
        let written = self.screen.around(|| {
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush())
        });
        match written {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => self.reader_left = true,
            Err(error) => {
                self.json = false;
                self.cause(*b"stdout", Cause::Local(error));
            }
            Ok(()) => {}
        }
    }

    /// Says that `what` failed because of `cause`.
    pub fn cause(&mut self, what: impl Into<Vec<u8>>, cause: Cause) {
        self.failed(&Failure::new(what, cause));
    }

    /// Says what has been done, for `-v`. The text is shown as it is: names in it must have gone
    /// through [`Self::shown`].
    pub fn done(&self, text: &str) {
        if self.verbose && !self.quiet {
            self.print(text);
        }
    }

    /// Warns of something that is no failure.
    pub fn warn(&self, text: &str) {
        self.say(text);
    }

    /// Bytes of the server's as text that is safe on a terminal.
    pub fn shown(&self, wire: &[u8]) -> String {
        for_terminal(&self.charset.show(wire))
    }

    /// Whether the reader of stdout has left, so that the rest of the work is for nobody.
    pub fn reader_left(&self) -> bool {
        self.reader_left
    }

    /// The exit code. When stdout was closed by its reader the process dies of SIGPIPE here.
    pub fn finish(self) -> ExitCode {
        self.screen.close();
        if self.untried > 0 {
            self.say(&format!("not tried, for the same reason: {} more", self.untried));
        }
        if self.reader_left {
            sys::die_of_broken_pipe();
        }
        ExitCode::from(self.outcome.code())
    }

    fn text(&self, failure: &Failure) -> String {
        let what = self.shown(&failure.what);
        let is_text = self.charset == Charset::Bytes
            && std::str::from_utf8(&failure.what).is_ok_and(|text| !text.is_ascii());
        let of_name = hint_of_name(&failure.cause, &failure.what, is_text);
        let why = match of_name {
            Some(hint) => format!("{} ({hint})", self.why(&failure.cause)),
            None => self.why_and_hint(&failure.cause),
        };
        if what.is_empty() { why } else { format!("{what}: {why}") }
    }

    fn why_and_hint(&self, cause: &Cause) -> String {
        let why = self.why(cause);
        hint(cause).map_or_else(|| why.clone(), |hint| format!("{why} ({hint})"))
    }

    fn why(&self, cause: &Cause) -> String {
        match cause {
            Cause::Refused(reply) | Cause::RefusedLate(reply) | Cause::BadVerdict(reply) => {
                self.words(reply)
            }
            Cause::LoginRefused(reply, who) => {
                format!("login refused: {} ({who})", self.words(reply))
            }
            Cause::NoPassword(user) => format!(
                "no password for user {}: give it in ~/.netrc, FTP_PASSWORD or --password-file",
                self.shown(user)
            ),
            Cause::TurnedAway(reply) => {
                format!("the server turns us away: {}", self.words(reply))
            }
            Cause::TimedOut(phase, limit) => {
                format!("no progress within {} s: {phase}", limit.as_secs_f32())
            }
            Cause::Lost(phase, error) => format!("{phase} failed: {}", in_words(error)),
            Cause::Proxy(name, cause) => format!("proxy {name}: {}", self.why(cause)),
            Cause::Tls(text) | Cause::Operand(text) => for_terminal(text.as_bytes()),
            Cause::NotRenamed => "the server said 250 to RNTO, but did not rename the file".into(),
            Cause::Mixed => {
                "the server does not keep the beginning of a file whose upload is resumed".into()
            }
            Cause::Changed => "the file changed on the server while it was fetched".into(),
            Cause::WrongSize { got, want } => {
                format!("{got} bytes arrived where {want} were expected")
            }
            Cause::WrongSum { name, ours, theirs } => {
                format!("arrived wrong: its {name} is {theirs} there and {ours} here")
            }
            Cause::Forgotten { sent, stored, kept } => {
                let stored = match stored {
                    Some(stored) => format!("has {stored} of them"),
                    None => "does not tell how many of them it has".to_owned(),
                };
                format!(
                    "the connection broke after {sent} bytes were sent; the server {stored}, and the \
                     input cannot be read again (its last {kept} bytes are kept)"
                )
            }
            Cause::Protocol(text) => {
                format!("protocol error: {}", for_terminal(text.as_bytes()))
            }
            Cause::Local(error) => in_words(error),
            Cause::NotTried(_) => "not tried, its server is out of reach".into(),
            Cause::StdoutClosed => String::new(),
            Cause::Hinted(cause, _) => self.why(cause),
        }
    }

    /// Code and words, as the server sent them.
    fn words(&self, reply: &Reply) -> String {
        format!("{:03} {}", reply.code(), self.shown(&reply.words())).trim_end().to_owned()
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            self.print(text);
        }
    }

    fn print(&self, text: &str) {
        let tool = self.tool;
        self.screen.around(|| tell(tool, text));
    }

    /// What prints a line of this tool's, also when it is to be quiet.
    pub fn teller(&self) -> impl Fn(&str) + Send + use<> {
        let (screen, tool) = (self.screen.clone(), self.tool);
        move |text| screen.around(|| tell(tool, text))
    }

    /// Whether nothing is to be said.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

fn tell(tool: &str, text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{tool}: {text}");
}

/// Prints what is wrong with a command line; the exit code is 2.
pub fn usage(tool: &str, what: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "{tool}: {what} (see {tool} --help)");
    ExitCode::from(Outcome::Usage.code())
}

/// The system's words, without Rust's `(os error 2)` and what it says of lookups before them.
fn in_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let text = text.get(..end).unwrap_or(&text);
    text.strip_prefix("failed to lookup address information: ").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::*;
    use crate::error::Phase;
    use crate::reply::ReplyReader;

    fn reply(text: &[u8]) -> Reply {
        let mut reader = ReplyReader::default();
        reader.push(text);
        reader.take().unwrap().unwrap()
    }

    #[test]
    fn messages_name_the_path_and_the_servers_words() {
        let report = Report::new("ftp-get", Charset::Bytes, false, false);
        for (what, cause, text) in [
            (&b"a"[..], Cause::Refused(reply(b"550 no \x1b[2J\r\n")), "a: 550 no \\x1b[2J"),
            (b"a", Cause::Refused(reply(b"550\r\n")), "a: 550"),
            (
                b"h",
                Cause::Lost(Phase::Connect, io::Error::from_raw_os_error(111)),
                "h: connecting failed: Connection refused (is it another port? URL: ftp://HOST:PORT/)",
            ),
            (
                b"h",
                Cause::Proxy(
                    "http://p:1".into(),
                    Box::new(Cause::TimedOut(Phase::DataConnect, Duration::from_secs(2))),
                ),
                "h: proxy http://p:1: no progress within 2 s: the data connection",
            ),
            (b"", Cause::Operand("x".into()), "x"),
        ] {
            assert_eq!(report.text(&Failure::new(what, cause)), text);
        }
    }

    #[test]
    fn a_typed_name_that_is_not_there_may_be_written_otherwise() {
        let gone = |what: &[u8]| Failure::new(what, Cause::Refused(reply(b"550 no\r\n")));
        let report = Report::new("ftp-get", Charset::Bytes, false, false);
        let text = "版: 550 no (if names are written otherwise there, try --encoding)";
        assert_eq!(report.text(&gone("版".as_bytes())), text);
        assert_eq!(report.text(&gone(b"\xb0\xe6")), "\\xb0\\xe6: 550 no");
        let gbk = Charset::for_label(b"gbk").unwrap();
        let report = Report::new("ftp-get", gbk, false, false);
        assert_eq!(report.text(&gone(b"\xb0\xe6")), "版: 550 no");
    }

    #[test]
    fn the_worst_outcome_stays() {
        let mut report = Report::new("t", Charset::Bytes, true, false);
        report.cause(*b"a", Cause::Local(io::ErrorKind::StorageFull.into()));
        report.cause(*b"b", Cause::Operand(String::new()));
        assert_eq!(report.outcome, Outcome::Local);
    }
}
