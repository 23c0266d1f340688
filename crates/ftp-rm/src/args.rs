//! What ftp-rm is told on its command line.

use std::ffi::OsString;

use ftp_core::cli::{Flag, Operands, Section, SessionArgs, Takes, Tool, on};

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub urls: Vec<OsString>,
    pub force: bool,
    pub recursive: bool,
    pub directories: bool,
    pub dry_run: bool,
    pub no_preserve_root: bool,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-rm",
    summary: "remove files and directories from FTP servers",
    usage: &["[FLAGS] URL...", "[FLAGS] -T LIST"],
    flags: FLAGS,
    without: &["keep-alive", "limit-rate", "no-size-check", "progress"],
    session: |args| &mut args.session,
    operand: |args, url| args.urls.push(url),
    after_dashes: None,
    environment: &[],
    operands: Operands::Urls,
    story: include_str!("../../../docs/man/ftp-rm.txt"),
    notes: &[Section {
        title: "Examples",
        lines: &[
            "ftp-rm ftp://h/tmp/a.txt",
            "ftp-rm 'ftp://h/tmp/*.bak'",
            "ftp-rm -r ftp://h/old/",
            "ftp-rm -rn ftp://h/old/        what would go",
            "ftp-ls -0 ftp://h/tmp/ | ftp-rm -f -0 -T - --base ftp://h/tmp/",
        ],
    }],
};

const FLAGS: &[Flag<Args>] = &[
    Flag {
        long: "force",
        short: Some('f'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.force),
        help: "Take a missing file for no error.",
    },
    Flag {
        long: "recursive",
        short: Some('r'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.recursive),
        help: "Remove directories with all that is in them.",
    },
    Flag {
        long: "dir",
        short: Some('d'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.directories),
        help: "Remove empty directories too.",
    },
    Flag {
        long: "dry-run",
        short: Some('n'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.dry_run),
        help: "Only print what would be removed, one path a line.",
    },
    Flag {
        long: "no-preserve-root",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_preserve_root),
        help: "Allow the root to go. The same holds for the login directory.",
    },
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
