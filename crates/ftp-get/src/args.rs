//! What ftp-get is told on its command line.

use std::ffi::OsString;
use std::path::PathBuf;

use ftp_core::cli::{Flag, Section, SessionArgs, Takes, Tool};

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
        set: |args, file| {
            args.output = Some(file.into());
            Ok(())
        },
        help: "Write to FILE, which appears only when it is complete; - is stdout.",
    },
    Flag {
        long: "remote-name",
        short: Some('O'),
        takes: Takes::Nothing,
        set: |args, _| {
            args.remote_name = true;
            Ok(())
        },
        help: "Save under the remote name in the current directory.",
    },
    Flag {
        long: "directory",
        short: Some('d'),
        takes: Takes::Value("DIR"),
        set: |args, dir| {
            args.directory = Some(dir.into());
            Ok(())
        },
        help: "Save under the remote name below DIR, which is made if need be. \
            With --base, the directories of the names below it are kept.",
    },
    Flag {
        long: "recursive",
        short: Some('R'),
        takes: Takes::Nothing,
        set: |args, _| {
            args.recursive = true;
            Ok(())
        },
        help: "Save whole trees, as cp -R does; below DIR with -d.",
    },
    Flag {
        long: "ascii",
        short: Some('a'),
        takes: Takes::Nothing,
        set: |args, _| {
            args.ascii = true;
            Ok(())
        },
        help: "Transfer as text: line ends become LF here.",
    },
];
