//! Completions for fish.

use super::{Fill, fill, reach};
use crate::cli::flag::{Operands, Spec, Takes, Tool};
use crate::cli::help;

const COMMON: &str = include_str!("common.fish");
const COMMAND: &str = include_str!("command.fish");

/// The file for `share/fish/vendor_completions.d`; it can be sourced as well.
pub(crate) fn script<A>(tool: &Tool<A>) -> String {
    let name = tool.name;
    let specs: Vec<Spec> = tool.all().collect();
    let (whole, before_value) = reach(&specs, "*");
    let patterns = |list: Vec<String>| list.iter().map(|word| quoted(word)).collect::<Vec<_>>();
    let files = match tool.operands {
        Operands::Urls => format!("complete -c {name} -f\n"),
        Operands::FilesAndUrl => String::new(),
    };
    let (command, operand) = match tool.after_dashes {
        Some(_) => (
            COMMAND,
            format!(
                "complete -c {name} -n 'not __ftp_tools_has_command' -a '(__ftp_tools_urls)'\n\
                 complete -c {name} -n __ftp_tools_has_command -a '(__ftp_tools_command)'\n"
            ),
        ),
        None => ("", format!("complete -c {name} -a '(__ftp_tools_urls)'\n")),
    };
    let rows: String = specs.iter().map(|spec| row(name, spec)).collect();
    format!(
        "# Completions of {name} for fish. Made by {name} --generate complete-fish.\n\n\
         set -g __ftp_tools_whole {}\n\
         set -g __ftp_tools_before_value {}\n\n\
         {COMMON}{command}\n{files}{rows}{operand}",
        patterns(whole).join(" "),
        patterns(before_value).join(" "),
    )
}

fn row(name: &str, spec: &Spec) -> String {
    let short = spec.short.map(|c| format!(" -s {c}")).unwrap_or_default();
    let must = match spec.takes {
        Takes::Nothing => "",
        _ if spec.takes.optional() => " -f",
        _ if fill(spec) == Fill::Files => " -r -F",
        _ => " -x",
    };
    let words = match fill(spec) {
        Fill::Nothing | Fill::Files => String::new(),
        Fill::Words(words) => format!(" -a '{}'", words.join(" ")),
        Fill::Folders => " -a '(__fish_complete_directories)'".to_owned(),
        Fill::Urls => " -a '(__ftp_tools_urls)'".to_owned(),
    };
    let text = quoted(help::first(spec));
    format!("complete -c {name}{short} -l {}{must}{words} -d {text}\n", spec.long)
}

/// A string in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
