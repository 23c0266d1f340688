//! Completions for zsh.

use super::{Fill, fill, function, reach, typed};
use crate::cli::flag::{Operands, Spec, Takes, Tool};
use crate::cli::help;

const COMMON: &str = include_str!("common.zsh");
const COMMAND: &str = include_str!("command.zsh");

/// The file for `share/zsh/site-functions`; it can be sourced as well.
pub(crate) fn script<A>(tool: &Tool<A>) -> String {
    let (name, function) = (tool.name, function(tool.name));
    let specs: Vec<Spec> = tool.all().collect();
    let rows: String = specs.iter().map(row).collect();
    let (whole, before_value) = reach(&specs, "*");
    let operands = match tool.operands {
        Operands::Urls => "'*:URL:_ftp_tools_urls'",
        Operands::FilesAndUrl => "'*:FILE or URL:_ftp_tools_files_and_urls'",
    };
    let (command, first) = match tool.after_dashes {
        Some(_) => (COMMAND, "    if _ftp_tools_command; then return; fi\n"),
        None => ("", ""),
    };
    format!(
        "#compdef {name}\n# Made by {name} --generate complete-zsh.\n\n{COMMON}{command}\n\
         _{function}() {{\n{first}\
         \x20   local ftp_tools_whole='({})' ftp_tools_before_value='({})'\n\
         \x20   _arguments -s -S : \\\n{rows}        {operands}\n\
         }}\n\n\
         if [[ $funcstack[1] == _{name} ]]; then\n\
         \x20   _{function} \"$@\"\n\
         else\n\
         \x20   compdef _{function} {name}\n\
         fi\n",
        whole.join("|"),
        before_value.join("|"),
    )
}

/// One argument of `_arguments`. Every flag may be given several times.
fn row(spec: &Spec) -> String {
    let (short, long) = match spec.takes {
        Takes::Nothing => ("", ""),
        _ if spec.takes.optional() => ("-", "=-"),
        _ => ("+", "="),
    };
    let names: Vec<String> = typed(spec)
        .map(|name| format!("{name}{}", if name.starts_with("--") { long } else { short }))
        .collect();
    let names = match names.as_slice() {
        [one] => format!("'*{one}"),
        several => format!("'*'{{{}}}'", several.join(",")),
    };
    format!("        {names}[{}]{}' \\\n", escaped(help::first(spec)), value(spec))
}

/// `:FILE:_files`.
fn value(spec: &Spec) -> String {
    if spec.takes == Takes::Nothing {
        return String::new();
    }
    let colons = if spec.takes.optional() { "::" } else { ":" };
    let action = match fill(spec) {
        Fill::Nothing => " ".to_owned(),
        Fill::Words(words) => format!("({})", words.join(" ")),
        Fill::Files => "_files".to_owned(),
        Fill::Folders => "_path_files -/".to_owned(),
        Fill::Urls => "_ftp_tools_urls".to_owned(),
    };
    format!("{colons}{}:{action}", escaped(&spec.takes.value_name()))
}

/// Text inside a specification in single quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' => out.push_str("'\\''"),
            '\\' | ':' | '[' | ']' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}
