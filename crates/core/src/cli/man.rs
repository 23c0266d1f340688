//! The man page of a tool, in mdoc, from the table of flags. What no table holds stands in
//! `docs/man`.

use super::flag::{Spec, Takes, Tool};
use super::help;
use crate::error::Outcome;

/// When the pages were last changed in more than the version; mdoc wants to know.
const DATE: &str = "November 26, 2026";

/// Pages that belong together, as SEE ALSO lists them.
const PAGES: [(&str, u8); 6] = [
    ("ftp-get", 1),
    ("ftp-ls", 1),
    ("ftp-pipe", 1),
    ("ftp-put", 1),
    ("ftp-rm", 1),
    ("ftp-tools", 7),
];

/// The whole page.
pub(super) fn page<A>(tool: &Tool<A>) -> String {
    let mut out = head(tool);
    out.push_str(".Sh DESCRIPTION\n");
    prose(tool.story.lines(), &mut out);
    for section in tool.notes.iter().filter(|section| !is_examples(section.title)) {
        out.push_str(&format!(".Ss {}\n", section.title));
        prose(section.lines.iter().copied(), &mut out);
    }
    out.push_str(".Sh OPTIONS\n");
    for (title, specs) in help::tables(tool) {
        out.push_str(&format!(".Ss {title}\n"));
        tagged(specs.iter().map(|spec| (tag(spec), help::full(spec))), &mut out);
    }
    facts(tool, &mut out);
    for section in tool.notes.iter().filter(|section| is_examples(section.title)) {
        out.push_str(".Sh EXAMPLES\n");
        literal(section.lines, &mut out);
    }
    see_also(tool.name, &mut out);
    out
}

fn is_examples(title: &str) -> bool {
    title == "Examples"
}

fn head<A>(tool: &Tool<A>) -> String {
    let (name, version) = (tool.name, env!("CARGO_PKG_VERSION"));
    let mut out = format!(
        ".\\\" Made by {name} --generate man.\n.Dd {DATE}\n.Dt {} 1\n.Os ftp-tools {version}\n\
         .Sh NAME\n.Nm {name}\n.Nd {}\n.Sh SYNOPSIS\n",
        name.to_ascii_uppercase(),
        escaped(tool.summary)
    );
    for form in tool.usage {
        out.push_str(&format!(".Nm\n{}\n", line(form)));
    }
    out
}

/// Environment, files and exit status: the same lists as in the help.
fn facts<A>(tool: &Tool<A>, out: &mut String) {
    out.push_str(".Sh ENVIRONMENT\n");
    let variables = help::environment(tool);
    tagged(variables.map(|(name, text)| (format!("Ev {name}"), (*text).to_owned())), out);
    out.push_str(".Sh FILES\n");
    tagged(help::FILES.iter().map(|(name, text)| (format!("Pa {name}"), (*text).to_owned())), out);
    out.push_str(".Sh EXIT STATUS\n");
    let codes = Outcome::ALL.iter();
    tagged(codes.map(|(outcome, text)| (outcome.code().to_string(), capital(text))), out);
    out.push_str(".Pp\nSeveral failures: the highest.\n");
}

/// A sentence of words: `login refused` becomes `Login refused.`
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// A list of terms, each a line of mdoc, and what they mean.
fn tagged(items: impl Iterator<Item = (String, String)>, out: &mut String) {
    out.push_str(".Bl -tag -width Ds\n");
    for (tag, text) in items {
        out.push_str(&format!(".It {tag}\n"));
        prose([text.as_str()].into_iter(), out);
    }
    out.push_str(".El\n");
}

/// `Fl o , Fl -output Ar FILE`.
fn tag(spec: &Spec) -> String {
    let short = spec.short.map(|c| format!("Fl {c} , ")).unwrap_or_default();
    let value = escaped(&spec.takes.value_name());
    let value = match spec.takes {
        Takes::Nothing => String::new(),
        _ if spec.takes.optional() => format!(" Ns Op = Ns Ar {value}"),
        _ => format!(" Ar {value}"),
    };
    format!("{short}{}{value}", long_flag(spec.long))
}

/// A long flag as mdoc has it.
pub(super) fn long_flag(long: &str) -> String {
    format!("Fl -{}", escaped(long))
}

/// Text: an empty line ends a paragraph, lines that begin with two blanks are printed as they are.
fn prose<'a>(lines: impl Iterator<Item = &'a str>, out: &mut String) {
    let (mut shown, mut ended): (Vec<&str>, bool) = (Vec::new(), false);
    for text in lines {
        if let Some(code) = text.strip_prefix("  ") {
            shown.push(code);
            ended = false;
            continue;
        }
        literal(&std::mem::take(&mut shown), out);
        if std::mem::replace(&mut ended, text.is_empty()) {
            out.push_str(".Pp\n");
        }
        sentences(text, out);
    }
    literal(&shown, out);
}

/// Each sentence begins a line, so that its end is known as one.
fn sentences(text: &str, out: &mut String) {
    for sentence in text.split_inclusive(". ").filter(|sentence| !sentence.is_empty()) {
        out.push_str(&line(sentence.trim_end()));
        out.push('\n');
    }
}

fn literal(lines: &[&str], out: &mut String) {
    if lines.is_empty() {
        return;
    }
    out.push_str(".Bd -literal -offset indent\n");
    lines.iter().for_each(|text| out.push_str(&format!("{}\n", line(text))));
    out.push_str(".Ed\n");
}

/// A line of text that no macro can be read in.
fn line(text: &str) -> String {
    let guard = if text.starts_with(['.', '\'']) { "\\&" } else { "" };
    format!("{guard}{}", escaped(text))
}

/// Characters as they are typed: roff would make a hyphen of `-`, and quotes of the others.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '~' => out.push_str("\\(ti"),
            '^' => out.push_str("\\(ha"),
            _ => out.push(c),
        }
    }
    out
}

fn see_also(name: &str, out: &mut String) {
    out.push_str(".Sh SEE ALSO\n");
    let others: Vec<_> = PAGES.iter().filter(|(page, _)| *page != name).collect();
    for (at, (page, section)) in others.iter().enumerate() {
        let comma = if at + 1 < others.len() { " ," } else { "" };
        out.push_str(&format!(".Xr {page} {section}{comma}\n"));
    }
}
