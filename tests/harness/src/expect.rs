//! The `expect:` block: what must be true after the run, and what is expected without saying.
//! Nothing here runs anything.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, UNIX_EPOCH};

use crate::auto::tree::resolve;
use crate::invoke::Ran;
use crate::lines::Line;
use crate::schema;
use crate::scratch::Scratch;
use crate::script::duration;
use crate::server::Server;
use crate::text::{Content, Result, Text, Vars, fits, number, show, words};

/// Longer content is shown in part.
const BRIEF: usize = 100;

/// One of the two output streams.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stream {
    Out,
    Err,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Is,
    Has,
    Lacks,
}

/// Where the first word of an expectation ended in `2`, it is about the second server.
type Which = usize;

#[derive(Clone, Debug, PartialEq)]
enum Check {
    Exit(i32),
    Signal(i32),
    Stream(Stream, How, Content),
    StderrLines(usize),
    /// So many objects that fit that schema.
    Objects(String, usize),
    /// At least one line, and each begins with the tool's name: the rule for failures.
    Messages,
    File(Text, Option<Content>),
    Mtime(Text, u64),
    OnlyFiles(Vec<Text>),
    /// Exactly what was given and what `file`, `dir` and `no-file` name.
    NothingElse(Vec<Text>, Vec<Text>),
    Within(Duration),
    NotWithin(Duration),
    Saw(Which, Option<usize>, Text),
    Commands(Which, Vec<Text>),
    Order(Which, Vec<Text>),
    Connections(Which, usize),
    Flights(Which, usize),
    Remote(Which, Text, Option<Content>),
    NoRemote(Which, Text),
    OnlyRemote(Which, Vec<Text>),
    /// Nothing to compare: it only switches a silent expectation off.
    Any,
}

/// A whole `expect:` block.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect(Vec<(String, Check)>);

/// All that can be looked at after a run.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The name of the tool.
    pub tool: &'a str,
    /// The run.
    pub ran: &'a Ran,
    /// The servers, stopped.
    pub servers: [&'a Option<Server>; 2],
    /// The folder it ran in.
    pub scratch: &'a Scratch,
    /// What the folder held before.
    pub given: &'a [Vec<u8>],
    /// The variables of the case.
    pub vars: &'a Vars,
}

impl Expect {
    /// Reads the block and adds what is expected without saying.
    ///
    /// # Errors
    /// A line that is not understood, or no `exit:`.
    pub fn parse(lines: &[Line]) -> Result<Self> {
        let (mut checks, mut keys) = (Vec::new(), BTreeSet::new());
        let (mut named, mut gone) = (Vec::new(), Vec::new());
        for line in lines {
            let (key, value) = line.key_value();
            let (word, name) = key.split_once(' ').unwrap_or((key, ""));
            let check = parse(word, name, value).map_err(|e| line.blame(e))?;
            match word {
                "file" | "dir" => named.push(one(name)?),
                "no-file" => gone.push(one(name)?),
                _ => {}
            }
            keys.insert(word.split('-').next().unwrap_or(word));
            if word == "only-files" || word == "files-any" {
                keys.insert("folder");
            }
            checks.push((line.text.clone(), check));
        }
        let silent = checks.iter().any(|(_, check)| *check == Check::Exit(0));
        let mut unless = |key: &str, text: &str, check| {
            if !keys.contains(key) {
                checks.push((format!("(not said, so expected: {text})"), check));
            }
        };
        let nothing = Content::default();
        unless("stdout", "nothing on stdout", Check::Stream(Stream::Out, How::Is, nothing.clone()));
        if silent {
            unless("stderr", "silence on success", Check::Stream(Stream::Err, How::Is, nothing));
        } else if !keys.contains("signal") {
            unless("stderr", "messages that begin with the tool's name", Check::Messages);
        }
        unless("folder", "no other files in the folder", Check::NothingElse(named, gone));
        if keys.contains("exit") || keys.contains("signal") {
            Ok(Self(checks))
        } else {
            Err("expect: without `exit:` or `signal:`".to_owned())
        }
    }

    /// Whether round trips are counted, which makes the servers listen before they answer.
    pub fn counts_flights(&self) -> bool {
        self.0.iter().any(|(_, check)| matches!(check, Check::Flights(..)))
    }

    /// Everything that differs, a sentence each.
    pub fn differences(&self, evidence: &Evidence<'_>) -> Vec<String> {
        let differs = |(line, check): &(String, Check)| {
            evidence.check(check).err().map(|why| format!("{line}\n    but {why}"))
        };
        self.0.iter().filter_map(differs).collect()
    }
}

fn one(source: &str) -> Result<Text> {
    match words(source)?.as_slice() {
        [word] => Ok(word.text.clone()),
        _ => Err("one name is wanted".to_owned()),
    }
}

fn all(source: &str) -> Result<Vec<Text>> {
    Ok(words(source)?.into_iter().map(|word| word.text).collect())
}

fn content(source: &str) -> Result<Content> {
    match words(source)?.as_slice() {
        [] => Err("a string is wanted".to_owned()),
        words => Content::parse(words),
    }
}

/// `None` where nothing is said about the content.
fn maybe_content(source: &str) -> Result<Option<Content>> {
    if source.is_empty() { Ok(None) } else { content(source).map(Some) }
}

fn patterns(source: &str) -> Result<Vec<Text>> {
    source.split(" | ").filter(|part| !part.is_empty()).map(Text::line).collect()
}

fn parse(word: &str, name: &str, value: &str) -> Result<Check> {
    match word {
        "exit" => number(value).map(Check::Exit),
        "signal" => number(value).map(Check::Signal),
        "stdout" => Ok(Check::Stream(Stream::Out, How::Is, content(value)?)),
        "stdout-has" => Ok(Check::Stream(Stream::Out, How::Has, content(value)?)),
        "stdout-lacks" => Ok(Check::Stream(Stream::Out, How::Lacks, content(value)?)),
        "stderr" => Ok(Check::Stream(Stream::Err, How::Is, content(value)?)),
        "stderr-has" => Ok(Check::Stream(Stream::Err, How::Has, content(value)?)),
        "stderr-lacks" => Ok(Check::Stream(Stream::Err, How::Lacks, content(value)?)),
        "stderr-lines" => number(value).map(Check::StderrLines),
        "stdout-json" => Ok(Check::Objects(name.to_owned(), number(value)?)),
        "stdout-any" | "stderr-any" | "files-any" => Ok(Check::Any),
        "file" => Ok(Check::File(one(name)?, maybe_content(value)?)),
        "dir" | "no-file" => one(name).map(|_| Check::Any),
        "mtime" => Ok(Check::Mtime(one(name)?, number(value)?)),
        "only-files" => all(value).map(Check::OnlyFiles),
        "within" => duration(value).map(Check::Within),
        "not-within" => duration(value).map(Check::NotWithin),
        _ => match word.strip_suffix('2') {
            Some(word) => server_check(word, name, value, 1),
            None => server_check(word, name, value, 0),
        },
    }
}

fn server_check(word: &str, name: &str, value: &str, which: Which) -> Result<Check> {
    match word {
        "saw" if name.is_empty() => Ok(Check::Saw(which, None, Text::line(value)?)),
        "saw" => Ok(Check::Saw(which, Some(number(name)?), Text::line(value)?)),
        "not-saw" => Ok(Check::Saw(which, Some(0), Text::line(value)?)),
        "commands" => patterns(value).map(|list| Check::Commands(which, list)),
        "order" => patterns(value).map(|list| Check::Order(which, list)),
        "connections" => number(value).map(|count| Check::Connections(which, count)),
        "flights" => number(value).map(|count| Check::Flights(which, count)),
        "remote" => Ok(Check::Remote(which, one(name)?, maybe_content(value)?)),
        "no-remote" => Ok(Check::NoRemote(which, one(name)?)),
        "only-remote" => all(value).map(|list| Check::OnlyRemote(which, list)),
        _ => Err("unknown expectation".to_owned()),
    }
}

fn same(what: &str, got: impl Into<Vec<u8>>, wanted: &[u8]) -> Result<()> {
    let got = got.into();
    if got == wanted {
        return Ok(());
    }
    let alike = got.iter().zip(wanted).take_while(|(one, other)| one == other).count();
    let from = alike.saturating_sub(BRIEF / 2);
    Err(format!("{what} is {}, not {}", brief(&got, from), brief(wanted, from)))
}

/// Bytes in quotes; of many those behind `from`, where they begin to differ.
fn brief(bytes: &[u8], from: usize) -> String {
    if bytes.len() <= BRIEF {
        return format!("\"{}\"", show(bytes));
    }
    let part = bytes.get(from..).map_or(bytes, |rest| rest.get(..BRIEF).unwrap_or(rest));
    format!("{} bytes with \"{}\" at byte {from}", bytes.len(), show(part))
}

fn count(what: &str, got: usize, wanted: usize) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got}, not {wanted}")) }
}

fn listed(names: &[Vec<u8>]) -> String {
    names.iter().map(|name| format!("\"{}\"", show(name))).collect::<Vec<_>>().join(" ")
}

fn same_names(what: &str, mut got: Vec<Vec<u8>>, mut wanted: Vec<Vec<u8>>) -> Result<()> {
    got.sort();
    wanted.sort();
    wanted.dedup();
    if got == wanted {
        return Ok(());
    }
    Err(format!("{what} holds {}, not {}", listed(&got), listed(&wanted)))
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

impl Evidence<'_> {
    fn check(&self, check: &Check) -> Result<()> {
        match check {
            Check::Exit(code) if self.ran.status.code() == Some(*code) => Ok(()),
            Check::Signal(signal) if self.ran.status.signal() == Some(*signal) => Ok(()),
            Check::Exit(_) | Check::Signal(_) => Err(format!("it ended with {}", self.ran.end())),
            Check::Stream(stream, how, content) => self.stream(*stream, *how, content),
            Check::StderrLines(lines) => {
                count("lines on stderr", self.stderr_lines().count(), *lines)
            }
            Check::Objects(name, count) => schema::check(name, *count, &self.ran.stdout),
            Check::Messages => self.messages(),
            Check::File(name, content) => self.file(name, content.as_ref()),
            Check::Mtime(name, seconds) => self.mtime(name, *seconds),
            Check::OnlyFiles(names) => same_names("the folder", self.folder()?, self.fill(names)?),
            Check::NothingElse(named, gone) => self.nothing_else(named, gone),
            Check::Within(limit) if self.ran.elapsed <= *limit => Ok(()),
            Check::NotWithin(limit) if self.ran.elapsed > *limit => Ok(()),
            Check::Within(_) | Check::NotWithin(_) => {
                Err(format!("it took {:?}", self.ran.elapsed))
            }
            Check::Any => Ok(()),
            _ => self.check_server(check),
        }
    }

    fn check_server(&self, check: &Check) -> Result<()> {
        match check {
            Check::Saw(which, times, pattern) => self.saw(*which, *times, pattern),
            Check::Commands(which, list) => self.commands(*which, list),
            Check::Order(which, list) => self.order(*which, list),
            Check::Connections(which, wanted) => {
                count("connections", self.server(*which)?.transcript().connections(), *wanted)
            }
            Check::Flights(which, wanted) => {
                count("flights", self.server(*which)?.transcript().flights(), *wanted)
            }
            Check::Remote(which, name, content) => {
                let name = name.fill(self.vars)?;
                let got = self.server(*which)?.file(&name).ok_or("the server has no such file")?;
                match content {
                    Some(content) => same("the file", got, &content.fill(self.vars)?),
                    None => Ok(()),
                }
            }
            Check::NoRemote(which, name) => {
                let path = resolve(b"/", &name.fill(self.vars)?);
                match self.server(*which)?.tree().get(&path) {
                    None => Ok(()),
                    Some(_) => Err("the server has it".to_owned()),
                }
            }
            Check::OnlyRemote(which, names) => {
                let strip = |path: &Vec<u8>| path.strip_prefix(b"/").unwrap_or(path).to_vec();
                let got = self.server(*which)?.tree().paths().iter().map(strip).collect();
                same_names("the server", got, with_parents(self.fill(names)?))
            }
            _ => Err("this cannot be compared".to_owned()),
        }
    }

    fn fill(&self, texts: &[Text]) -> Result<Vec<Vec<u8>>> {
        texts.iter().map(|text| text.fill(self.vars)).collect()
    }

    fn stream(&self, stream: Stream, how: How, content: &Content) -> Result<()> {
        let got = if stream == Stream::Out { &self.ran.stdout } else { &self.ran.stderr };
        let wanted = content.fill(self.vars)?;
        match how {
            How::Is => same("it", got.clone(), &wanted),
            How::Has if holds(got, &wanted) => Ok(()),
            How::Lacks if !holds(got, &wanted) => Ok(()),
            How::Has | How::Lacks => Err(format!("it is \"{}\"", show(got))),
        }
    }

    fn stderr_lines(&self) -> impl Iterator<Item = &[u8]> {
        self.ran.stderr.split(|b| *b == b'\n').filter(|line| !line.is_empty())
    }

    fn messages(&self) -> Result<()> {
        let name = format!("{}: ", self.tool);
        if self.stderr_lines().next().is_none() {
            return Err("stderr is empty".to_owned());
        }
        match self.stderr_lines().find(|line| !line.starts_with(name.as_bytes())) {
            Some(line) => Err(format!("stderr has \"{}\"", show(line))),
            None => Ok(()),
        }
    }

    fn file(&self, name: &Text, content: Option<&Content>) -> Result<()> {
        let path = self.scratch.path(&name.fill(self.vars)?);
        let got = std::fs::read(path).map_err(|e| e.to_string())?;
        match content {
            Some(content) => same("it", got, &content.fill(self.vars)?),
            None => Ok(()),
        }
    }

    fn mtime(&self, name: &Text, seconds: u64) -> Result<()> {
        let path = self.scratch.path(&name.fill(self.vars)?);
        let time = std::fs::metadata(path).and_then(|meta| meta.modified());
        let since = time.map_err(|e| e.to_string())?.duration_since(UNIX_EPOCH);
        let got = since.map_err(|e| e.to_string())?.as_secs();
        if got == seconds { Ok(()) } else { Err(format!("it is {got}")) }
    }

    fn folder(&self) -> Result<Vec<Vec<u8>>> {
        self.scratch.listing().map_err(|e| e.to_string())
    }

    fn nothing_else(&self, named: &[Text], gone: &[Text]) -> Result<()> {
        let named = self.fill(named)?;
        let gone = self.fill(gone)?;
        let folders: BTreeSet<_> =
            self.folder()?.into_iter().filter(|n| n.ends_with(b"/")).collect();
        let slashed = |name: Vec<u8>| {
            let folder = [name.as_slice(), b"/"].concat();
            if folders.contains(&folder) { folder } else { name }
        };
        let wanted = with_parents([self.given.to_vec(), named].concat()).into_iter().map(slashed);
        let wanted = wanted.filter(|name| !gone.contains(name)).collect();
        same_names("the folder", self.folder()?, wanted)
    }

    fn server(&self, which: Which) -> Result<&Server> {
        let server = self.servers.get(which).copied().and_then(Option::as_ref);
        server.ok_or("this case has no such server".to_owned())
    }

    fn saw(&self, which: Which, times: Option<usize>, pattern: &Text) -> Result<()> {
        let pattern = pattern.fill(self.vars)?;
        let seen = self.server(which)?.transcript().commands();
        let got = seen.iter().filter(|line| fits(&pattern, line)).count();
        match times {
            Some(times) => count("it was seen", got, times),
            None if got > 0 => Ok(()),
            None => Err("it was not seen".to_owned()),
        }
    }

    fn commands(&self, which: Which, list: &[Text]) -> Result<()> {
        let (seen, wanted) = (self.server(which)?.transcript().commands(), self.fill(list)?);
        let all_fit = wanted.iter().zip(&seen).all(|(pattern, line)| fits(pattern, line));
        if seen.len() == wanted.len() && all_fit {
            return Ok(());
        }
        Err(format!("the commands were {}", listed(&seen)))
    }

    fn order(&self, which: Which, list: &[Text]) -> Result<()> {
        let seen = self.server(which)?.transcript().commands();
        let mut rest = seen.iter();
        for pattern in self.fill(list)? {
            if !rest.by_ref().any(|line| fits(&pattern, line)) {
                return Err(format!("`{}` did not come then: {}", show(&pattern), listed(&seen)));
            }
        }
        Ok(())
    }
}

/// Names and the folders they are in.
fn with_parents(names: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut all = BTreeSet::new();
    for name in names {
        let cuts = name.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at + 1);
        all.extend(cuts.filter_map(|cut| name.get(..cut)).map(<[u8]>::to_vec));
        all.insert(name);
    }
    all.into_iter().collect()
}
