//! The tables of docs/from-curl-lftp.md: each command of ours in them is a recipe. It has to end well, and to print
//! something or to change a file, here or on a server. What the others' commands do is not tried.

use crate::page::{Begins, Recipe};

/// The hosts.
const FTP: &str = "ftp.example.org";
const B: &str = "b.example";

/// What all of them find.
const GIVEN: &str = include_str!("mapping.sh");

/// All files and directories, as a text. `list` is the same for all, and comes later.
const SNAPSHOT: &str = "snapshot() { (cd .. && find here ftp a b c -type d && \
    find here ftp a b c -type f ! -name list -exec stat -c '%n %a %s %Y' {} + -exec cksum {} +) | sort; }\n";

/// Commands that cannot end well on a machine with no other, and why.
const LEFT_OUT: [(&str, &str); 3] = [
    ("--active=192.0.2.1:", "no address of this machine"),
    ("--quote CMD", "stands for any command"),
    ("SITE UMASK", "not known to the scripted server"),
];

/// The recipes of the page, in their order.
///
/// # Errors
/// A command that is to be left out is not there, or there twice.
pub fn recipes(page: &str, text: &str) -> Result<Vec<Recipe>, String> {
    let rows = text.lines().zip(1..).filter_map(|(line, number)| Some((ours(line)?, number)));
    let all = rows.flat_map(|(cell, number)| commands(&cell).into_iter().map(move |c| (c, number)));
    let is_left_out = |text: &str| LEFT_OUT.iter().any(|(part, _)| text.contains(part));
    let (out, tried): (Vec<_>, Vec<_>) = all.partition(|(command, _)| is_left_out(command));
    if out.len() != LEFT_OUT.len() {
        let (was, is) = (LEFT_OUT.len(), out.len());
        return Err(format!("{page}: {was} commands are to be left out, {is} were"));
    }
    Ok(tried.iter().map(|(command, number)| recipe(page, *number, command)).collect())
}

/// The last cell of a row of a table with two columns.
fn ours(line: &str) -> Option<String> {
    let row = line.strip_prefix("| ")?.strip_suffix(" |")?.replace("\\|", "\0");
    let (_, ours) = row.split_once(" | ")?;
    (!ours.contains(" | ")).then(|| ours.replace('\0', "|"))
}

/// The commands among what stands between backquotes.
fn commands(cell: &str) -> Vec<String> {
    let is_ours = |text: &&str| {
        ["ls", "get", "put", "rm", "pipe"].iter().any(|tool| text.contains(&format!("ftp-{tool} ")))
    };
    cell.split('`').skip(1).step_by(2).filter(is_ours).map(str::to_owned).collect()
}

fn recipe(page: &str, number: usize, command: &str) -> Recipe {
    let host = || FTP.to_owned();
    let quoted = command.replace('\'', "'\\''");
    Recipe {
        name: format!("{page}:{number} {command}"),
        // Without --cacert the system's authorities count, and this variable names them.
        script: format!("export SSL_CERT_FILE=ca.pem\n{}\n", with_hosts(command)),
        given: format!("line='{quoted}'\n{GIVEN}{SNAPSHOT}snapshot >../before\n"),
        then: format!("{SNAPSHOT}test -s $out || ! snapshot | cmp -s - ../before\n"),
        files: vec![("list".to_owned(), with_hosts("ftp://h/x\nftp://h/y\n"))],
        scripted: [(host(), String::new()), (B.to_owned(), String::new())].into(),
        secured: begins(command).map(|begins| (host(), begins)).into_iter().collect(),
    }
}

/// The command with hosts that run, instead of `h` and `b`.
fn with_hosts(command: &str) -> String {
    let proxy = command.replace("://h:", "://proxy.example.org:");
    proxy.replace("://h/", &format!("://{FTP}/")).replace("://b/", &format!("://{B}/"))
}

fn begins(command: &str) -> Option<Begins> {
    let has = |text| command.contains(text);
    let asked = (has("ftpes://") || has("--tls=require")).then_some(Begins::Asked);
    if has("ftps://") { Some(Begins::AtOnce) } else { asked }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_ours_are_taken_from_their_column() {
        let row = "| `a \\| ftp-get x` | `ftp-get ftp://h/x \\| zcat`, or `timeout 1 ftp-ls ftp://h/`; not `&` |";
        let found = commands(&ours(row).unwrap());
        assert_eq!(found, ["ftp-get ftp://h/x | zcat", "timeout 1 ftp-ls ftp://h/"]);
        assert_eq!(ours("| a | b | `ftp-get x` |"), None);
        assert_eq!(commands(&ours("| a | `~/.config/ftp-tools/hosts` |").unwrap()), [""; 0]);
    }
}
