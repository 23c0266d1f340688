//! What ftp-put is told on its command line.

use std::ffi::OsString;

use ftp_core::cli::{Flag, Section, SessionArgs, Takes, Tool, on};

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub operands: Vec<OsString>,
    pub append: bool,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-put",
    summary: "copy stdin or local files to an FTP server",
    usage: &[
        "[FLAGS] URL",
        "[FLAGS] FILE URL",
        "[FLAGS] [-R] FILE... URL/",
        "[FLAGS] -T LIST URL/",
    ],
    flags: FLAGS,
    without: &["no-glob", "base"],
    session: |args| &mut args.session,
    operand: |args, operand| args.operands.push(operand),
    after_dashes: None,
    notes: &[Section {
        title: "Examples",
        lines: &[
            "tar cz site | ftp-put ftp://h/backup/site.tgz",
            "ftp-put report.pdf ftp://h/inbox/",
            "ftp-put -m a.txt b.txt ftp://h/new/folder/",
            "ftp-put -R site ftp://h/www/",
            "find . -name '*.log' -print0 | ftp-put -0 -T - ftp://h/logs/",
            "ftp-get ftp://a/x | ftp-put ftp://b/x",
        ],
    }],
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
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
