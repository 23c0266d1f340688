//! Help and version text from the table of flags. Printing it is the caller's work.

use super::flag::{Spec, Takes, Tool};
use crate::choices;
use crate::error::Outcome;

/// The width of a terminal that nobody made wider.
pub(super) const COLUMNS: usize = 80;

/// Where the text of a flag starts in the brief help, unless its names reach further.
const TEXT_COLUMN: usize = 30;

const ENVIRONMENT: &[(&str, &str)] = &[
    ("FTP_OPTIONS", "Flags before those typed, quoted as for a shell."),
    ("FTP_USER", "The user, if neither the URL nor --user names one."),
    ("FTP_PASSWORD", "The password, if neither the URL nor --password-file gives one."),
    ("FTP_ENCODING", "What --encoding says, where it is not given."),
    ("NETRC", "The netrc file, instead of ~/.netrc."),
    ("ftp_proxy", "The proxy, if --proxy names none; or FTP_PROXY."),
    ("all_proxy", "The same, if that names none; or ALL_PROXY."),
    ("no_proxy", "Servers that are reached without a proxy; or NO_PROXY."),
];

/// Files that every tool looks at.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "~/.netrc",
        "Users and passwords by host, as ftp(1) and curl read them. Only its owner should be able to read it.",
    ),
    (
        "~/.config/ftp-tools/hosts",
        "Flags by host: lines of a name, in which * stands for anything, and the flags that hold there. See ftp-tools(7).",
    ),
];

/// The variables a tool reads.
pub(super) fn environment<A>(
    tool: &Tool<A>,
) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    ENVIRONMENT.iter().chain(tool.environment)
}

/// `-h`: one line a flag.
pub(super) fn short<A>(tool: &Tool<A>) -> String {
    let mut out = head(tool);
    for (title, specs) in tables(tool) {
        out.push_str(&format!("\n{title}:\n"));
        specs.iter().for_each(|spec| out.push_str(&brief(spec)));
    }
    out
}

/// `--help`: everything there is to know.
pub(super) fn long<A>(tool: &Tool<A>) -> String {
    let mut out = head(tool);
    for (title, specs) in tables(tool) {
        out.push_str(&format!("\n{title}:\n"));
        for spec in &specs {
            out.push_str(&format!("  {}\n", names(spec)));
            wrap(&full(spec), 10, &mut out);
        }
    }
    let variables: Vec<_> = environment(tool).copied().collect();
    listed("Environment", &variables, &mut out);
    let codes = Outcome::ALL.map(|(outcome, text)| (outcome.code().to_string(), text));
    let rows: Vec<_> = codes.iter().map(|(code, text)| (code.as_str(), *text)).collect();
    listed("Exit codes", &rows, &mut out);
    out.push_str("\n  Several failures: the highest.\n");
    for section in tool.notes {
        out.push_str(&format!("\n{}:\n", section.title));
        section.lines.iter().for_each(|line| out.push_str(&format!("  {line}\n")));
    }
    out
}

/// `-V`.
pub(super) fn version(name: &str) -> String {
    format!("{name} {}\n", env!("CARGO_PKG_VERSION"))
}

fn head<A>(tool: &Tool<A>) -> String {
    let mut out = format!("{}: {}\n\n", tool.name, tool.summary);
    for (at, form) in tool.usage.iter().enumerate() {
        let title = if at == 0 { "Usage:" } else { "      " };
        out.push_str(&format!("{title} {} {form}\n", tool.name));
    }
    out
}

pub(super) fn tables<A>(tool: &Tool<A>) -> Vec<(&'static str, Vec<Spec>)> {
    let own = tool.own();
    let shared = ("Flags of all five tools", tool.shared());
    if own.is_empty() { vec![shared] } else { vec![("Flags", own), shared] }
}

/// One line for the brief help: names, and the first sentence without its full stop.
pub(super) fn brief(spec: &Spec) -> String {
    let width = TEXT_COLUMN - 4;
    format!("  {:width$}  {}\n", names(spec), first(spec))
}

/// The first sentence of the help, without its full stop.
pub(super) fn first(spec: &Spec) -> &'static str {
    let first = spec.help.split_once(". ").map_or(spec.help, |(first, _)| first);
    first.strip_suffix('.').unwrap_or(first)
}

/// The whole help, with the words that a named value may be.
pub(super) fn full(spec: &Spec) -> String {
    match spec.takes {
        Takes::OneOf("", _) | Takes::MaybeOneOf("", _) => spec.help.to_owned(),
        Takes::OneOf(name, words) | Takes::MaybeOneOf(name, words) => {
            format!("{} {name} is {}.", spec.help, choices::listed(words))
        }
        _ => spec.help.to_owned(),
    }
}

/// `-T, --files-from FILE`; without a short name the long ones still stand below one another.
pub(super) fn names(spec: &Spec) -> String {
    let short = spec.short.map_or_else(|| "    ".to_owned(), |c| format!("-{c}, "));
    let value = match (spec.takes, spec.takes.value_name()) {
        (Takes::Nothing, _) => String::new(),
        (takes, name) if takes.optional() => format!("[={name}]"),
        (_, name) => format!(" {name}"),
    };
    format!("{short}--{}{value}", spec.long)
}

fn listed(title: &str, rows: &[(&str, &str)], out: &mut String) {
    out.push_str(&format!("\n{title}:\n"));
    for (name, text) in rows {
        out.push_str(&format!("  {name:12}  {text}\n"));
    }
}

/// Adds `text` broken between words, each line after `indent` blanks.
fn wrap(text: &str, indent: usize, out: &mut String) {
    let mut column = 0;
    for word in text.split(' ') {
        let wide = word.chars().count();
        if column > 0 && column + 1 + wide <= COLUMNS {
            out.push(' ');
            column += 1 + wide;
        } else {
            let new_line = if column > 0 { "\n" } else { "" };
            out.push_str(&format!("{new_line}{:indent$}", ""));
            column = indent + wide;
        }
        out.push_str(word);
    }
    out.push('\n');
}
