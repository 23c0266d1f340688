//! Completions for bash.

use super::{Fill, fill, function, reach, typed};
use crate::cli::flag::{Operands, Spec, Tool};

const COMMON: &str = include_str!("common.bash");
const COMMAND: &str = include_str!("command.bash");

/// The file for `share/bash-completion/completions`; it can be sourced as well.
pub(crate) fn script<A>(tool: &Tool<A>) -> String {
    let (name, function) = (tool.name, function(tool.name));
    let specs: Vec<Spec> = tool.all().collect();
    let flags: Vec<String> = specs.iter().flat_map(typed).collect();
    let (whole, before_value) = reach(&specs, "*");
    let cases: String = specs.iter().filter_map(case).collect();
    let operand = match tool.operands {
        Operands::Urls => "urls",
        Operands::FilesAndUrl => "files_and_urls",
    };
    let (command, first) = match tool.after_dashes {
        Some(_) => (COMMAND, "    if _ftp_tools_command; then return; fi\n"),
        None => ("", ""),
    };
    format!(
        "# Completions of {name} for bash. Made by {name} --generate complete-bash.\n\n{COMMON}{command}\n\
         _{function}() {{\n{first}\
         \x20   local typed cur value quote key reach=()\n\
         \x20   _ftp_tools_line\n\
         \x20   _ftp_tools_reach '{}' '{}'\n\
         \x20   case $key in\n{cases}\
         \x20   *)\n\
         \x20       if [[ $cur == -* ]]; then\n\
         \x20           _ftp_tools_words '{}'\n\
         \x20       else\n\
         \x20           _ftp_tools_{operand}\n\
         \x20       fi\n\
         \x20       ;;\n\
         \x20   esac\n\
         \x20   _ftp_tools_place\n\
         }}\n\n\
         complete -F _{function} {name}\n",
        whole.join("|"),
        before_value.join("|"),
        flags.join(" "),
    )
}

/// What follows a flag with a value: behind a `=`, or, where it must be there, in the next word.
fn case(spec: &Spec) -> Option<String> {
    if spec.takes.value_name().is_empty() {
        return None;
    }
    let mut keys = vec![format!("--{}=", spec.long)];
    if !spec.takes.optional() {
        keys.extend(typed(spec));
    }
    let action = match fill(spec) {
        Fill::Nothing => ":".to_owned(),
        Fill::Words(words) => format!("_ftp_tools_words '{}'", words.join(" ")),
        Fill::Files => "_ftp_tools_files".to_owned(),
        Fill::Folders => "_ftp_tools_folders".to_owned(),
        Fill::Urls => "_ftp_tools_urls".to_owned(),
    };
    Some(format!("    {}) {action} ;;\n", keys.join(" | ")))
}
