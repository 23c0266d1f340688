//! What ftp-get is told on its command line.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroU32;
use std::path::PathBuf;

use ftp_core::cli::{Flag, Section, SessionArgs, Takes, Tool, keep, lanes, on};

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub urls: Vec<OsString>,
    pub output: Option<PathBuf>,
    pub remote_name: bool,
    pub directory: Option<PathBuf>,
    pub recursive: bool,
    pub ascii: bool,
    pub no_clobber: bool,
    pub continues: bool,
    pub segments: Option<NonZeroU32>,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-get",
    summary: "copy files from FTP servers to stdout or to local files",
    usage: &[
        "[FLAGS] URL...",
        "[FLAGS] -o FILE URL",
        "[FLAGS] -d DIR [-R] URL...",
        "[FLAGS] -T LIST",
    ],
    flags: FLAGS,
    without: &[],
    session: |args| &mut args.session,
    operand: |args, url| args.urls.push(url),
    after_dashes: None,
    notes: &[Section {
        title: "Examples",
        lines: &[
            "ftp-get ftp://h/pub/a.txt | less",
            "ftp-get -O ftp://h/pub/a.iso",
            "ftp-get -d logs 'ftp://h/var/log/*.gz'",
            "ftp-get -R -d backup ftp://h/site/",
            "ftp-ls -u ftp://h/dir/ | xargs ftp-get -d out",
            "ftp-get ftp://a/x | ftp-put ftp://b/x",
        ],
    }],
};

const FLAGS: &[Flag<Args>] = &[
    Flag {
        long: "output",
        short: Some('o'),
        takes: Takes::Value("FILE"),
        set: |args, file| keep(&mut args.output, path(file)),
        help: "Write to FILE; - is stdout. The file appears only when it is complete.",
    },
    Flag {
        long: "remote-name",
        short: Some('O'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.remote_name),
        help: "Save under the remote name, here.",
    },
    Flag {
        long: "directory",
        short: Some('d'),
        takes: Takes::Value("DIR"),
        set: |args, dir| keep(&mut args.directory, path(dir)),
        help: "Save under the remote name below DIR. It is made if need be. With --base, the directories of the names below it are kept.",
    },
    Flag {
        long: "recursive",
        short: Some('R'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.recursive),
        help: "Save whole trees, as cp -R does.",
    },
    Flag {
        long: "ascii",
        short: Some('a'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.ascii),
        help: "Transfer as text: line ends become LF here.",
    },
    Flag {
        long: "continue",
        short: Some('c'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.continues),
        help: "Go on where an earlier run stopped. A broken download is kept, and used if the file on the server has the size and time it had, and the same bytes at that place.",
    },
    Flag {
        long: "no-clobber",
        short: Some('n'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_clobber),
        help: "Never replace a file. One that is there stays; that is no error.",
    },
    Flag {
        long: "segments",
        short: None,
        takes: Takes::Value("N"),
        set: |args, number| keep(&mut args.segments, lanes(number)),
        help: "Fetch each large file over N connections. Where the server allows that; only to files, not to stdout.",
    },
];

fn path(typed: &OsStr) -> Result<PathBuf, String> {
    if typed.is_empty() { Err("an empty name".into()) } else { Ok(typed.into()) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
