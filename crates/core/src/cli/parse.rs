//! From what was typed to a tool's arguments, row by row. Whether the flags fit together is
//! decided by the tool's plan; only what no tool can mean is refused here.

use std::ffi::{OsStr, OsString};
use std::fmt;

use lexopt::{Arg, Parser};

use super::flag::{FORMS, Flag, Form, Row, Spec, Takes, Tool, shared};
use super::{complete, help, man};
use crate::charset::for_terminal;
use crate::choices::one_of;

/// The variable whose flags come before those of the command line.
pub const VARIABLE: &str = "FTP_OPTIONS";

/// What a command line asks for.
#[derive(Debug)]
pub enum Parsed<A> {
    /// Run the tool.
    Run(A),
    /// Print this on stdout, line end included, and be done.
    Print(String),
}

/// A wrong command line (exit code 2), as one line fit for a terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UsageError(pub(super) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

impl<A: Default> Tool<A> {
    /// Reads a command line as `std::env::args_os` gives it, the program's name first.
    ///
    /// Help and version win over what follows them, not over an error before them.
    pub fn parse(&self, args: impl IntoIterator<Item = OsString>) -> Result<Parsed<A>, UsageError> {
        self.parse_after(Vec::new(), args)
    }

    /// The same, after the words of `FTP_OPTIONS`: what is typed comes later, so it wins.
    pub fn parse_after(
        &self,
        options: Vec<OsString>,
        args: impl IntoIterator<Item = OsString>,
    ) -> Result<Parsed<A>, UsageError> {
        let mut parsed = A::default();
        self.take_options(options, &mut parsed)
            .map_err(|UsageError(why)| UsageError(format!("{VARIABLE}: {why}")))?;
        let mut parser = Parser::from_iter(args);
        while !self.took_command(&mut parser, &mut parsed) {
            let Some(arg) = parser.next().map_err(explain)? else { break };
            let row = match arg {
                Arg::Value(operand) => {
                    (self.operand)(&mut parsed, operand);
                    continue;
                }
                Arg::Long(name) => self.find_long(name).ok_or_else(|| self.unknown_long(name))?,
                Arg::Short(name) => self.find_short(name).ok_or_else(|| unknown_short(name))?,
            };
            match row {
                Row::Own(flag) => apply(flag, &mut parsed, &mut parser)?,
                Row::Shared(flag) => apply(flag, (self.session)(&mut parsed), &mut parser)?,
                Row::ShortHelp => return Ok(Parsed::Print(help::short(self))),
                Row::LongHelp => return Ok(Parsed::Print(help::long(self))),
                Row::Generate => return self.generated(&mut parser).map(Parsed::Print),
                Row::Version => return Ok(Parsed::Print(help::version(self.name))),
            }
        }
        match (self.session)(&mut parsed).conflict() {
            Some(why) => Err(UsageError(why.to_owned())),
            None => Ok(Parsed::Run(parsed)),
        }
    }

    /// Flags alone may stand there. One that all five share and this tool does not offer says nothing to
    /// it, so that one setting serves them all.
    fn take_options(&self, options: Vec<OsString>, parsed: &mut A) -> Result<(), UsageError> {
        let mut parser = Parser::from_args(options);
        while let Some(arg) = parser.next().map_err(explain)? {
            let row = match arg {
                Arg::Value(_) => None,
                Arg::Long(name) => Some(
                    self.find_long(name)
                        .or_else(|| shared(|flag| flag.long == name).map(Row::Shared))
                        .ok_or_else(|| self.unknown_long(name))?,
                ),
                Arg::Short(name) => Some(
                    self.find_short(name)
                        .or_else(|| shared(|flag| flag.short == Some(name)).map(Row::Shared))
                        .ok_or_else(|| unknown_short(name))?,
                ),
            };
            match row {
                Some(Row::Own(flag)) => apply(flag, parsed, &mut parser)?,
                Some(Row::Shared(flag)) => apply(flag, (self.session)(parsed), &mut parser)?,
                _ => return Err(UsageError("only flags that say how can stand there".into())),
            }
        }
        match (self.session)(parsed).ask_password {
            true => Err(UsageError("--ask-password belongs on the command line".into())),
            false => Ok(()),
        }
    }

    fn generated(&self, parser: &mut Parser) -> Result<String, UsageError> {
        let value = value_of("generate", "FORM", parser)?;
        let form =
            one_of(&value, &FORMS).map_err(|why| UsageError(format!("--generate: {why}")))?;
        Ok(match form {
            Form::Man => man::page(self),
            Form::Bash => complete::bash(self),
            Form::Zsh => complete::zsh(self),
            Form::Fish => complete::fish(self),
        })
    }

    /// Takes everything after a `--` that starts a command, if that is what comes next.
    fn took_command(&self, parser: &mut Parser, args: &mut A) -> bool {
        let (Some(take), Some(mut raw)) = (self.after_dashes, parser.try_raw_args()) else {
            return false;
        };
        if raw.next_if(|arg| arg == "--").is_none() {
            return false;
        }
        take(args, raw.collect());
        true
    }

    fn unknown_long(&self, name: &str) -> UsageError {
        let hint = nearest(name, self.all()).map(|near| format!("; did you mean --{near}?"));
        let shown = for_terminal(name.as_bytes());
        UsageError(format!("unknown flag --{shown}{}", hint.unwrap_or_default()))
    }
}

/// What `words` say, of which each is a flag that `row` knows by its long or its short name, or the value
/// of one.
pub(super) fn flags_alone<T: Default + 'static>(
    words: Vec<OsString>,
    row: impl Fn(Option<&str>, Option<char>) -> Option<&'static Flag<T>>,
) -> Result<T, UsageError> {
    let (mut parser, mut parsed) = (Parser::from_args(words), T::default());
    while let Some(arg) = parser.next().map_err(explain)? {
        let (typed, row) = match arg {
            Arg::Value(_) => {
                return Err(UsageError("only flags can stand behind the pattern".into()));
            }
            Arg::Long(name) => (format!("--{name}"), row(Some(name), None)),
            Arg::Short(name) => (format!("-{name}"), row(None, Some(name))),
        };
        let typed = for_terminal(typed.as_bytes());
        let flag = row.ok_or_else(|| UsageError(format!("{typed} has no place here")))?;
        apply(flag, &mut parsed, &mut parser)?;
    }
    Ok(parsed)
}

fn unknown_short(name: char) -> UsageError {
    UsageError(format!("unknown flag -{}", for_terminal(name.to_string().as_bytes())))
}

fn apply<T>(flag: &Flag<T>, target: &mut T, parser: &mut Parser) -> Result<(), UsageError> {
    let value = match flag.takes {
        Takes::Nothing => OsString::new(),
        takes if takes.optional() => parser.optional_value().unwrap_or_default(),
        takes => value_of(flag.long, &takes.value_name(), parser)?,
    };
    (flag.set)(target, OsStr::new(&value))
        .map_err(|why| UsageError(format!("--{}: {}", flag.long, for_terminal(why.as_bytes()))))
}

fn value_of(long: &str, name: &str, parser: &mut Parser) -> Result<OsString, UsageError> {
    parser.value().map_err(|_| UsageError(format!("--{long} needs a value: --{long} {name}")))
}

/// A value is never repeated here: it may be a password given to the wrong flag.
fn explain(error: lexopt::Error) -> UsageError {
    UsageError(match error {
        lexopt::Error::UnexpectedValue { option, .. } => {
            format!("{} takes no value", for_terminal(option.as_bytes()))
        }
        other => for_terminal(other.to_string().as_bytes()),
    })
}

/// No flag is longer than this, so no suggestion is worth the time for a longer word.
const LONGEST_NAME: usize = 32;

/// The long name that `typed` is most likely meant to be: the only one it begins, or the nearest
/// within a third of its letters, rounded up.
fn nearest(typed: &str, known: impl Iterator<Item = Spec>) -> Option<&'static str> {
    if typed.len() > LONGEST_NAME {
        return None;
    }
    let names: Vec<&str> = known.map(|spec| spec.long).collect();
    let mut begun = names.iter().filter(|name| typed.len() > 1 && name.starts_with(typed));
    if let (Some(only), None) = (begun.next(), begun.next()) {
        return Some(only);
    }
    if let Some(swapped) = names.iter().find(|name| is_swapped(typed.as_bytes(), name.as_bytes())) {
        return Some(swapped);
    }
    let near = names.into_iter().map(|name| (distance(typed.as_bytes(), name.as_bytes()), name));
    let (edits, name) = near.min_by_key(|(edits, _)| *edits)?;
    (edits <= typed.len().div_ceil(3)).then_some(name)
}

/// Whether two letters that stand side by side have changed places.
fn is_swapped(a: &[u8], b: &[u8]) -> bool {
    let differ: Vec<usize> = (0..a.len()).filter(|&at| a.get(at) != b.get(at)).collect();
    let [first, second] = *differ.as_slice() else { return false };
    a.len() == b.len()
        && second == first + 1
        && a.get(first) == b.get(second)
        && a.get(second) == b.get(first)
}

/// How many letters must be added, removed or changed (Levenshtein).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &left) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), i + 1);
        let mut before = i + 1;
        for (cell, &right) in row.iter_mut().skip(1).zip(b) {
            let cost = (diagonal + usize::from(left != right)).min(before + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, cost);
            before = cost;
        }
    }
    row.last().copied().unwrap_or_default()
}
