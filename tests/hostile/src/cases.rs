//! The scripted cases that are about hostile servers: those whose names say so, and those that were there before.

use std::path::Path;

use harness::{Case, cases};

use crate::{Attack, Tools};

const TOOLS: [&str; 5] = ["ftp-ls", "ftp-get", "ftp-put", "ftp-rm", "ftp-pipe"];

/// What begins the names of others, or stands in them.
const OLDER: &[&str] = &[
    "120_before",
    "answers_out_of_order",
    "bytes_before_the_tls",
    "command_does_not_get_the_password",
    "command_inherits_no_socket",
    "crlf_in_a_path",
    "data_cut_short",
    "dead_epsv_port",
    "directory_that_lists_itself",
    "encoding_that_commands_cannot_carry",
    "endless_",
    "epsv_answered_before",
    "escapes_names_as_for_a_terminal",
    "file_that_changed_between",
    "foreign_pasv_host",
    "greeting_line_that_looks",
    "late_reply_is_not",
    "link_is_removed_not_followed",
    "link_that_mlsd_calls",
    "links_are_not_followed",
    "lies_about_rest",
    "names_that_leave",
    "names_with_slashes",
    "nul_in_a_path",
    "nul_separated_list",
    "parallel_files_of_one_name",
    "parse_of_rubbish",
    "parse_passes_over",
    "parse_refuses",
    "parse_takes_sizes_beyond",
    "parse_takes_unix_sizes_beyond",
    "password_never_shows",
    "range_of_the_end_needs_size",
    "refused_tls_sends_no_password",
    "replies_split",
    "reply_without_text",
    "stalled_",
    "swallowing_epsv",
    "too_many_wrong_passwords",
    "tree_without_end",
    "truncated_listing",
    "two_files_of_one_name",
    "wrong_password",
];

pub fn all() -> Result<Vec<Attack>, String> {
    let mut attacks = Vec::new();
    for tool in TOOLS {
        let folder = format!("{}/../cases/{tool}", env!("CARGO_MANIFEST_DIR"));
        let hostile = |name: &str| {
            name.starts_with("hostile_") || OLDER.iter().any(|part| name.contains(part))
        };
        let found = cases(Path::new(&folder))?.into_iter().filter(|(name, _)| hostile(name));
        attacks.extend(found.map(|(name, path)| {
            let play = move |tools: &Tools| played(tool, &tools.path(tool), &path);
            Attack::new(format!("{tool}/{name}"), play)
        }));
    }
    Ok(attacks)
}

fn played(tool: &str, exe: &Path, case: &Path) -> Result<(), String> {
    let source = std::fs::read_to_string(case).map_err(|e| e.to_string())?;
    Case::parse(&source)?.run(tool, exe)
}
