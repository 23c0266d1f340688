//! What ftp-put is told on its command line.

use std::ffi::{OsStr, OsString};

use ftp_core::cli::{Flag, Section, SessionArgs, Takes, Tool, keep, on};

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub operands: Vec<OsString>,
    pub append: bool,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
    pub atomic: bool,
    pub continues: bool,
    pub size: Option<u64>,
    /// What stood after `--`, if that was there.
    pub after_dashes: Option<Vec<OsString>>,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-put",
    summary: "copy stdin or local files to an FTP server",
    usage: &[
        "[FLAGS] URL",
        "[FLAGS] FILE URL",
        "[FLAGS] [-R] FILE... URL/",
        "[FLAGS] -T LIST URL/",
        "[FLAGS] URL -- COMMAND [ARGUMENT...]",
    ],
    flags: FLAGS,
    without: &["no-glob", "base"],
    session: |args| &mut args.session,
    operand: |args, operand| args.operands.push(operand),
    after_dashes: Some(|args, words| args.after_dashes = Some(words)),
    notes: &[
        Section {
            title: "Examples",
            lines: &[
                "tar cz site | ftp-put --atomic ftp://h/backup/site.tgz",
                "ftp-put report.pdf ftp://h/inbox/",
                "ftp-put -m a.txt b.txt ftp://h/new/folder/",
                "ftp-put -R site ftp://h/www/",
                "find . -name '*.log' -print0 | ftp-put -0 -T - ftp://h/logs/",
                "ftp-get ftp://a/x | ftp-put ftp://b/x",
                "ftp-put ftp://h/db.sql -- pg_dump db",
            ],
        },
        Section {
            title: "Commands",
            lines: &[
                "With URL -- COMMAND the output of the command is put under a temporary",
                "name, and gets the name in the URL only if the command exits with 0. Else",
                "nothing is left, and the exit code is 6.",
            ],
        },
    ],
};

const FLAGS: &[Flag<Args>] = &[
    Flag {
        long: "append",
        short: Some('A'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.append),
        help: "Append to the file on the server.",
    },
    Flag {
        long: "recursive",
        short: Some('R'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.recursive),
        help: "Copy directories with all that is in them.",
    },
    Flag {
        long: "make-parents",
        short: Some('m'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.parents),
        help: "Make missing directories on the server.",
    },
    Flag {
        long: "ascii",
        short: Some('a'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.ascii),
        help: "Transfer as text: line ends become CRLF on the way.",
    },
    Flag {
        long: "continue",
        short: Some('c'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.continues),
        help: "Go on where an earlier run stopped. What the server has counts if its last bytes are the file's; a broken upload is left there for the next run.",
    },
    Flag {
        long: "atomic",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.atomic),
        help: "Upload under a temporary name, then rename. What fails leaves what was there before.",
    },
    Flag {
        long: "size",
        short: None,
        takes: Takes::Value("BYTES"),
        set: |args, value| keep(&mut args.size, bytes(value)),
        help: "Fail unless the input has so many bytes. It guards against a command that breaks in the middle of its output.",
    },
];

fn bytes(typed: &OsStr) -> Result<u64, String> {
    let number = typed.to_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    number.and_then(|text| text.parse().ok()).ok_or_else(|| "must be a number of bytes".to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
