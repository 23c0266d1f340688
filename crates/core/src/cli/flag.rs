//! The table of flags: parser, help, man page and completions all read the same rows.
//! Walking over what was typed is in `parse`, looking for mistakes in the table in `faults`.

use std::ffi::{OsStr, OsString};

use super::session_flags::{self, SessionArgs};
use crate::choices::words;

/// What a flag takes after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A value, `--flag VALUE` or `--flag=VALUE`; the name stands for it in the help.
    Value(&'static str),
    /// A value that may be left out, `--flag[=VALUE]`; without it `set` is given an empty one.
    Maybe(&'static str),
    /// A value that is one of these words; without a name they stand for it in the help.
    OneOf(&'static str, &'static [&'static str]),
    /// The same, where it may be left out.
    MaybeOneOf(&'static str, &'static [&'static str]),
}

impl Takes {
    /// What stands for the value in the help: its name, or the words it may be. Empty without one.
    pub(super) fn value_name(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::OneOf("", words) | Self::MaybeOneOf("", words) => words.join("|"),
            Self::Value(name) | Self::Maybe(name) => (*name).to_owned(),
            Self::OneOf(name, _) | Self::MaybeOneOf(name, _) => (*name).to_owned(),
        }
    }

    /// Whether the value may be left out.
    pub(super) fn optional(&self) -> bool {
        matches!(self, Self::Maybe(_) | Self::MaybeOneOf(..))
    }
}

/// One row of the table.
pub struct Flag<A: 'static> {
    /// The long name without dashes, unique within the tool.
    pub long: &'static str,
    /// The short name.
    pub short: Option<char>,
    /// What follows it.
    pub takes: Takes,
    /// Writes what was typed into the arguments and does nothing else; the error is the cause
    /// alone, the flag is named before it.
    pub set: fn(&mut A, &OsStr) -> Result<(), String>,
    /// One sentence that fits a line beside the flag, then more for `--help`. Ends in a full stop.
    pub help: &'static str,
}

/// Sets a switch; for the `set` of a row that takes nothing.
pub fn on(field: &mut bool) -> Result<(), String> {
    put(field, Ok(true))
}

/// Keeps a value that was read, over one given before.
pub fn keep<T>(field: &mut Option<T>, read: Result<T, String>) -> Result<(), String> {
    put(field, read.map(Some))
}

/// Replaces a default by a value that was read.
pub fn put<T>(field: &mut T, read: Result<T, String>) -> Result<(), String> {
    *field = read?;
    Ok(())
}

/// A row without its effect: what help, man page, completions and suggestions need.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Spec {
    /// The long name without dashes.
    pub long: &'static str,
    /// The short name.
    pub short: Option<char>,
    /// What follows it.
    pub takes: Takes,
    /// The help text.
    pub help: &'static str,
}

impl<A> Flag<A> {
    /// The row without its effect.
    pub fn spec(&self) -> Spec {
        Spec { long: self.long, short: self.short, takes: self.takes, help: self.help }
    }
}

/// A titled paragraph at the end of `--help`, such as examples.
pub struct Section {
    /// The title without a colon.
    pub title: &'static str,
    /// Lines of at most 78 columns; they are printed as they are, indented by two.
    pub lines: &'static [&'static str],
}

/// What the operands of a tool name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operands {
    /// Files on servers.
    Urls,
    /// Files here, then a URL.
    FilesAndUrl,
}

/// One tool's command line.
pub struct Tool<A: 'static> {
    /// The name of the program.
    pub name: &'static str,
    /// What it does, without a full stop.
    pub summary: &'static str,
    /// The forms of a call, without the program's name.
    pub usage: &'static [&'static str],
    /// The tool's own flags. A shared row with the same long name gives way.
    pub flags: &'static [Flag<A>],
    /// Long names of shared rows that this tool does not offer.
    pub without: &'static [&'static str],
    /// Where the shared rows write.
    pub session: fn(&mut A) -> &mut SessionArgs,
    /// Takes one operand, in the order typed.
    pub operand: fn(&mut A, OsString),
    /// Takes all arguments after a `--`, where they may be a command (ftp-put); else they are
    /// operands like the others.
    pub after_dashes: Option<fn(&mut A, Vec<OsString>)>,
    /// What `--help` says at its end.
    pub notes: &'static [Section],
    /// The DESCRIPTION of the man page: paragraphs with blank lines between.
    pub story: &'static str,
    /// Variables of the environment that this tool alone reads, and what they say.
    pub environment: &'static [(&'static str, &'static str)],
    /// What operands name; completions go by it.
    pub operands: Operands,
}

/// A row that was found, with what it changes.
pub(super) enum Row<A: 'static> {
    Own(&'static Flag<A>),
    Shared(&'static Flag<SessionArgs>),
    ShortHelp,
    LongHelp,
    Version,
    Generate,
}

/// A row that the tools share, whether or not all of them offer it.
pub(super) fn shared(
    is_it: impl Fn(&Flag<SessionArgs>) -> bool,
) -> Option<&'static Flag<SessionArgs>> {
    session_flags::FLAGS.iter().find(|flag| is_it(flag))
}

/// What `--generate` prints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Man,
    Bash,
    Zsh,
    Fish,
}

/// What can be typed for it.
pub(super) const FORMS: [(&str, Form); 4] = [
    ("man", Form::Man),
    ("complete-bash", Form::Bash),
    ("complete-zsh", Form::Zsh),
    ("complete-fish", Form::Fish),
];

/// The rows that print something instead of running the tool.
const BUILT_IN: [Spec; 3] = [
    Spec {
        long: "help",
        short: Some('h'),
        takes: Takes::Nothing,
        help: "Print help, in brief with -h.",
    },
    Spec { long: "version", short: Some('V'), takes: Takes::Nothing, help: "Print the version." },
    Spec {
        long: "generate",
        short: None,
        takes: Takes::OneOf("FORM", &words(&FORMS)),
        help: "Print a man page or shell completions.",
    },
];

impl<A> Tool<A> {
    /// The rows of this tool alone.
    pub fn own(&self) -> Vec<Spec> {
        self.flags.iter().map(Flag::spec).collect()
    }

    /// The rows it shares with the others, without those it replaced or does not offer.
    pub fn shared(&self) -> Vec<Spec> {
        self.shared_flags().map(Flag::spec).chain(BUILT_IN).collect()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Spec> {
        self.own().into_iter().chain(self.shared())
    }

    fn shared_flags(&self) -> impl Iterator<Item = &'static Flag<SessionArgs>> {
        session_flags::FLAGS.iter().filter(|shared| {
            !self.without.contains(&shared.long)
                && self.flags.iter().all(|own| own.long != shared.long)
        })
    }

    pub(super) fn find_long(&self, name: &str) -> Option<Row<A>> {
        match name {
            "help" => return Some(Row::LongHelp),
            "version" => return Some(Row::Version),
            "generate" => return Some(Row::Generate),
            _ => {}
        }
        let own = self.flags.iter().find(|flag| flag.long == name).map(Row::Own);
        own.or_else(|| self.shared_flags().find(|flag| flag.long == name).map(Row::Shared))
    }

    pub(super) fn find_short(&self, name: char) -> Option<Row<A>> {
        match name {
            'h' => return Some(Row::ShortHelp),
            'V' => return Some(Row::Version),
            _ => {}
        }
        let own = self.flags.iter().find(|flag| flag.short == Some(name)).map(Row::Own);
        own.or_else(|| self.shared_flags().find(|flag| flag.short == Some(name)).map(Row::Shared))
    }
}
