//! What ftp-pipe is told on its command line.

use std::ffi::OsString;

use ftp_core::cli::{Flag, Section, SessionArgs, Takes, Tool, on};

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub urls: Vec<OsString>,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-pipe",
    summary: "copy files from FTP server to FTP server, through memory only",
    usage: &["[FLAGS] SRC DST", "[FLAGS] [-R] SRC... DST/", "[FLAGS] -T LIST DST/"],
    flags: FLAGS,
    without: &[],
    session: |args| &mut args.session,
    operand: |args, url| args.urls.push(url),
    after_dashes: None,
    notes: &[Section {
        title: "Examples",
        lines: &[
            "ftp-pipe ftp://a/pub/x.iso ftp://b/mirror/x.iso",
            "ftp-pipe 'ftp://a/pub/*.iso' ftp://b/mirror/",
            "ftp-pipe -R ftp://a/site ftp://b/backup/",
            "ftp-pipe -m ftp://a/x ftp://b/new/folder/",
        ],
    }],
};

const FLAGS: &[Flag<Args>] = &[
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
        help: "Make missing directories at the destination.",
    },
    Flag {
        long: "ascii",
        short: Some('a'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.ascii),
        help: "Transfer as text on both sides.",
    },
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
