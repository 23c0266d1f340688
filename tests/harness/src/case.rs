//! A case file: one behaviour of one tool as data. Reads it, runs it, compares, and tells all
//! about a failure.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::auto::setup::Setup;
use crate::control::Bounds;
use crate::expect::{Evidence, Expect};
use crate::invoke::{self, Invocation};
use crate::lines::{Block, blocks};
use crate::net::RefusingPort;
use crate::scratch::Scratch;
use crate::script;
use crate::server::{Bound, Role, Server};
use crate::text::{Content, Result, Text, Vars, Word, number, show, words};

/// How long the servers listen before they answer when flights are counted: far more than a
/// loopback round trip takes, even on a busy machine.
const SETTLE: Duration = Duration::from_millis(40);

/// What is there before the run.
#[derive(Debug)]
enum Given {
    File(Text, Content),
    Dir(Text),
    Link(Text, Text),
    Mode(Text, u32),
}

/// A case that was understood.
#[derive(Debug)]
pub struct Case {
    run: Vec<Word>,
    stdin: Option<Content>,
    stdin_file: Option<(OsString, u64)>,
    env: Vec<Text>,
    given: Vec<Given>,
    signal: Option<(Signal, Duration)>,
    stdout_closes: Option<u64>,
    stdout_closed: bool,
    stdin_null: bool,
    stdout_null: bool,
    timeout: Duration,
    roles: [Option<Role>; 2],
    /// Ends that are right; one of them has to hold.
    ends: Vec<Expect>,
}

impl Case {
    /// Reads a case file.
    ///
    /// # Errors
    /// A line that is not understood, with its number; nothing is ever skipped.
    pub fn parse(source: &str) -> Result<Self> {
        let blocks = blocks(source)?;
        let wanted = |name: &str| blocks.iter().find(|block| block.head.key_value().0 == name);
        wanted("expect").ok_or("no `expect:`")?;
        let mut case = Self {
            run: words(wanted("run").ok_or("no `run:`")?.head.key_value().1)?,
            stdin: None,
            stdin_file: None,
            env: Vec::new(),
            given: Vec::new(),
            signal: None,
            stdout_closes: None,
            stdout_closed: false,
            stdin_null: false,
            stdout_null: false,
            timeout: Duration::from_secs(10),
            roles: [None, None],
            ends: Vec::new(),
        };
        let mut once = Vec::new();
        for block in &blocks {
            let key = block.head.key_value().0;
            let several = matches!(key, "server" | "server2" | "env" | "expect");
            if once.contains(&key) && !several {
                return Err(block.head.blame("said twice"));
            }
            once.push(key);
            case.block(block).map_err(|e| block.head.blame(e))?;
        }
        Ok(case)
    }

    fn block(&mut self, block: &Block) -> Result<()> {
        let (key, value) = block.head.key_value();
        match (key, value) {
            ("server", "") => return self.dialogue(0, block),
            ("server2", "") => return self.dialogue(1, block),
            ("auto", "") => return self.auto(0, block),
            ("auto2", "") => return self.auto(1, block),
            ("expect", "") => {
                self.ends.push(Expect::parse(&block.body)?);
                return Ok(());
            }
            _ if !block.body.is_empty() => return Err("this has no lines below it".to_owned()),
            _ => {}
        }
        let value = words(value)?;
        let (word, name) = key.split_once(' ').unwrap_or((key, ""));
        match (word, words(name)?.as_slice(), value.as_slice()) {
            ("run", [], [_, ..]) => {}
            ("stdin", [], content) => self.stdin = Some(Content::parse(content)?),
            ("stdin-file", [], [name, from, begin]) if from.keyword() == "from" => {
                self.stdin_file = Some((name.keyword().into(), number(begin.keyword())?));
            }
            ("env", [], [pair]) => self.env.push(pair.text.clone()),
            ("file", [name], content) => {
                self.given.push(Given::File(name.text.clone(), Content::parse(content)?));
            }
            ("dir", [name], []) => self.given.push(Given::Dir(name.text.clone())),
            ("link", [name], [target]) => {
                self.given.push(Given::Link(name.text.clone(), target.text.clone()));
            }
            ("mode", [name], [octal]) => {
                let mode = u32::from_str_radix(octal.keyword(), 8).map_err(|e| e.to_string())?;
                self.given.push(Given::Mode(name.text.clone(), mode));
            }
            ("timeout", [], [time]) => self.timeout = script::duration(time.keyword())?,
            ("stdout-closed", [], []) => self.stdout_closed = true,
            ("stdin-null", [], []) => self.stdin_null = true,
            ("stdout-null", [], []) => self.stdout_null = true,
            ("stdout-closes-after", [], [bytes]) => {
                self.stdout_closes = Some(number(bytes.keyword())?);
            }
            ("signal", [], [name, after, time]) if after.keyword() == "after" => {
                self.signal = Some((signal(name.keyword())?, script::duration(time.keyword())?));
            }
            _ => return Err("unknown line".to_owned()),
        }
        Ok(())
    }

    fn role(&mut self, which: usize) -> Result<&mut Role> {
        let role = self.roles.get_mut(which).ok_or("no such server")?;
        Ok(role.get_or_insert_default())
    }

    fn dialogue(&mut self, which: usize, block: &Block) -> Result<()> {
        let steps = script::parse(&block.body)?;
        self.role(which)?.dialogues.push(steps);
        Ok(())
    }

    fn auto(&mut self, which: usize, block: &Block) -> Result<()> {
        self.role(which)?.auto = Some(Setup::parse(&block.body)?);
        Ok(())
    }

    /// Runs `exe`, which is the tool the case must name, and compares.
    ///
    /// # Errors
    /// The report of what differed.
    pub fn run(mut self, tool: &str, exe: &Path) -> Result<()> {
        if self.run.first().map(Word::keyword) != Some(tool) {
            return Err(format!("`run:` must begin with {tool}"));
        }
        let scratch = Scratch::new().map_err(|e| format!("no scratch folder: {e}"))?;
        let (mut servers, vars, _refusing) = self.servers(&scratch).map_err(|e| e.to_string())?;
        self.prepare(&scratch, &vars)?;
        let given = scratch.listing().map_err(|e| e.to_string())?;
        let invocation = self.invocation(&vars)?;
        let ran = invoke::run(exe, &invocation, &scratch)
            .map_err(|e| format!("cannot run {tool}: {e}"))?;
        servers.iter_mut().flatten().for_each(Server::stop);
        let [first, second] = &servers;
        let evidence = Evidence {
            tool,
            ran: &ran,
            servers: [first, second],
            scratch: &scratch,
            given: &given,
            vars: &vars,
        };
        let differences = self.differences(&evidence);
        if differences.is_empty() {
            Ok(())
        } else {
            Err(report(&differences, &invocation, &evidence))
        }
    }

    fn servers(
        &mut self,
        scratch: &Scratch,
    ) -> std::io::Result<([Option<Server>; 2], Vars, RefusingPort)> {
        let refusing = RefusingPort::hold()?;
        let bound = [Bound::new()?, Bound::new()?];
        let [host, host2] = bound.each_ref().map(|b| b.address().to_string().into_bytes());
        let vars = Vars::from([
            ("host", host),
            ("host2", host2),
            ("refused", format!("127.0.0.1:{}", refusing.port).into_bytes()),
            ("dir", scratch.dir().as_os_str().as_bytes().to_vec()),
        ]);
        let [first, second] = bound;
        let mut bounds = Bounds::new(self.timeout);
        if self.ends.iter().any(Expect::counts_flights) {
            bounds.settle = SETTLE;
        }
        let start = |bound, role: &mut Option<Role>| {
            let bounds = Bounds { stop: std::sync::Arc::default(), ..bounds.clone() };
            Server::start(bound, role.take().unwrap_or_default(), bounds, vars.clone())
        };
        let [role, role2] = &mut self.roles;
        let second = role2.is_some().then(|| start(second, role2));
        Ok(([Some(start(first, role)), second], vars, refusing))
    }

    fn prepare(&self, scratch: &Scratch, vars: &Vars) -> Result<()> {
        for given in &self.given {
            let made = match given {
                Given::File(name, content) => scratch.put(&name.fill(vars)?, &content.fill(vars)?),
                Given::Dir(name) => std::fs::create_dir_all(scratch.path(&name.fill(vars)?)),
                Given::Link(name, target) => {
                    let target = OsString::from_vec(target.fill(vars)?);
                    std::os::unix::fs::symlink(target, scratch.path(&name.fill(vars)?))
                }
                Given::Mode(name, mode) => std::fs::set_permissions(
                    scratch.path(&name.fill(vars)?),
                    Permissions::from_mode(*mode),
                ),
            };
            made.map_err(|e| format!("cannot prepare the folder: {e}"))?;
        }
        Ok(())
    }

    fn invocation(&self, vars: &Vars) -> Result<Invocation> {
        let args = self.run.iter().skip(1).map(|word| word.text.fill(vars));
        let env = self.env.iter().map(|pair| {
            let pair = pair.fill(vars)?;
            let at = pair.iter().position(|b| *b == b'=').ok_or("env: needs NAME=VALUE")?;
            let (name, value) = pair.split_at_checked(at).ok_or("env: needs NAME=VALUE")?;
            Ok((name.to_vec(), value.strip_prefix(b"=").unwrap_or(value).to_vec()))
        });
        Ok(Invocation {
            args: args.collect::<Result<_>>()?,
            env: env.collect::<Result<_>>()?,
            stdin: self.stdin.as_ref().map(|content| content.fill(vars)).transpose()?,
            stdin_file: self.stdin_file.clone(),
            signal: self.signal,
            stdout_closes: self.stdout_closes,
            stdout_closed: self.stdout_closed,
            stdin_null: self.stdin_null,
            stdout_null: self.stdout_null,
            timeout: self.timeout,
        })
    }

    fn differences(&self, evidence: &Evidence<'_>) -> Vec<String> {
        // What is told is the end that came nearest.
        let ends = self.ends.iter().map(|end| end.differences(evidence));
        let mut differences = ends.min_by_key(Vec::len).unwrap_or_default();
        if evidence.ran.hung {
            differences.insert(0, format!("it hung: killed after {:?}", self.timeout));
        }
        if evidence.ran.stderr.windows(11).any(|part| part == b"panicked at") {
            differences.insert(0, "it panicked".to_owned());
        }
        for server in evidence.servers.into_iter().flatten() {
            differences.extend(server.transcript().problems());
        }
        differences
    }
}

fn signal(name: &str) -> Result<Signal> {
    match name {
        "INT" => Ok(Signal::INT),
        "TERM" => Ok(Signal::TERM),
        "HUP" => Ok(Signal::HUP),
        "USR1" => Ok(Signal::USR1),
        _ => Err(format!("unknown signal {name:?}")),
    }
}

fn report(differences: &[String], invocation: &Invocation, evidence: &Evidence<'_>) -> String {
    let mut text = "what differed:\n".to_owned();
    let mut add = |part: String| text.push_str(&part);
    differences.iter().for_each(|line| add(format!("  {line}\n")));
    let args: Vec<_> = invocation.args.iter().map(|arg| format!("'{}'", show(arg))).collect();
    add(format!("command: {} {}\n", evidence.tool, args.join(" ")));
    invocation.env.iter().for_each(|(n, v)| add(format!("env: {}={}\n", show(n), show(v))));
    add(format!("ended: {} after {:?}\n", evidence.ran.end(), evidence.ran.elapsed));
    add(format!("stdout:\n{}", shown_lines(&evidence.ran.stdout)));
    add(format!("stderr:\n{}", shown_lines(&evidence.ran.stderr)));
    for (number, server) in evidence.servers.into_iter().flatten().enumerate() {
        let flights = server.transcript().flights();
        add(format!("server {} ({flights} flights):\n{}", number + 1, server.transcript()));
        let paths = server.tree().paths();
        paths.iter().for_each(|path| add(format!("  holds {}\n", show(path))));
    }
    let folder = evidence.scratch.listing().unwrap_or_default();
    let names: Vec<_> = folder.iter().map(|name| show(name)).collect();
    add(format!("folder: {}\n", names.join(" ")));
    text
}

/// Output as lines that cannot harm a terminal, the beginning of it when it is long.
fn shown_lines(bytes: &[u8]) -> String {
    let lines = bytes.split_inclusive(|b| *b == b'\n').take(40);
    lines.map(|line| format!("  {}\n", show(line.get(..400).unwrap_or(line)))).collect()
}
