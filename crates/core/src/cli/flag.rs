//! The table of flags: parser, help, man page and completions all read the same rows.
//! Walking over what was typed is in `parse`.

use std::ffi::{OsStr, OsString};

use super::help;
use super::session_flags::{self, SessionArgs};

/// What a flag takes after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A value, `--flag VALUE` or `--flag=VALUE`; the name stands for it in the help.
    Value(&'static str),
    /// A value that may be left out, `--flag[=VALUE]`; without it `set` is given an empty one.
    Maybe(&'static str),
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
}

/// A row that was found, with what it changes.
pub(super) enum Row<A: 'static> {
    Own(&'static Flag<A>),
    Shared(&'static Flag<SessionArgs>),
    ShortHelp,
    LongHelp,
    Version,
}

/// The rows that print something instead of running the tool.
const BUILT_IN: [Spec; 2] = [
    Spec {
        long: "help",
        short: Some('h'),
        takes: Takes::Nothing,
        help: "Print help, in brief with -h.",
    },
    Spec { long: "version", short: Some('V'), takes: Takes::Nothing, help: "Print the version." },
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

impl<A> Tool<A> {
    /// What is wrong with the table, one sentence each, for the tool's own test: names that are
    /// not unique or not legal, values without a name, help that does not fit its line.
    pub fn faults(&self) -> Vec<String> {
        let rows: Vec<Spec> = self.own().into_iter().chain(self.shared()).collect();
        let mut faults: Vec<String> = rows.iter().flat_map(row_faults).collect();
        for (at, row) in rows.iter().enumerate() {
            let before = rows.iter().take(at);
            let clash = |other: &&Spec| {
                other.long == row.long || (row.short.is_some() && other.short == row.short)
            };
            let clashes = before.filter(clash);
            faults.extend(clashes.map(|other| format!("{} clashes with {}", row.long, other.long)));
        }
        let shared = |name: &&&str| session_flags::FLAGS.iter().all(|flag| flag.long != **name);
        faults.extend(self.without.iter().filter(shared).map(|name| format!("no shared {name}")));
        faults
    }
}

fn row_faults(row: &Spec) -> Vec<String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let named = row.long.len() > 1
        && row.long.starts_with(|c: char| c.is_ascii_lowercase())
        && !row.long.ends_with('-')
        && row.long.chars().all(letters);
    let unnamed_value = matches!(row.takes, Takes::Value("") | Takes::Maybe(""));
    [
        (!named, "bad long name"),
        (row.short.is_some_and(|c| !c.is_ascii_alphanumeric()), "bad short name"),
        (unnamed_value, "a value without a name"),
        (!row.help.ends_with('.'), "help without a full stop"),
        (help::brief(row).chars().count() > help::COLUMNS + 1, "no room for the help in one line"),
    ]
    .into_iter()
    .filter(|(wrong, _)| *wrong)
    .map(|(_, fault)| format!("--{}: {fault}", row.long))
    .collect()
}
