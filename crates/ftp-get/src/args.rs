//! What ftp-get is told on its command line.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroU32;
use std::path::PathBuf;

use ftp_core::choices::words;
use ftp_core::cli::{Flag, Operands, Section, SessionArgs, Takes, Tool, keep, lanes, on};
use ftp_core::verify::Verify;

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
    pub newer: bool,
    pub keep_time: bool,
    pub range: Option<Range>,
    pub verify: Option<Verify>,
}

/// What `--range` asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Range {
    /// From the first of these bytes to the second, both counted from 0 and both included; `None` is
    /// the end of the file.
    From(u64, Option<u64>),
    /// So many bytes at the end of the file.
    Last(u64),
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
    environment: &[],
    operands: Operands::Urls,
    story: include_str!("../../../docs/man/ftp-get.txt"),
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
        long: "newer",
        short: Some('N'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.newer),
        help: "Replace only older files. Those that are older than the server's, or as old and of another size. It implies -p, so that the next run can tell.",
    },
    Flag {
        long: "keep-time",
        short: Some('p'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.keep_time),
        help: "Give files the time they have on the server. Directories of a tree too, where the server's listing tells it in UTC.",
    },
    Flag {
        long: "range",
        short: None,
        takes: Takes::Value("A-B"),
        set: |args, typed| keep(&mut args.range, range(typed)),
        help: "Fetch the bytes A to B only, counted from 0. 100- is all from byte 100 on, -500 the last 500 bytes.",
    },
    Flag {
        long: "verify",
        short: None,
        takes: Takes::MaybeOneOf("ALG", &words(&Verify::CHOICES)),
        set: |args, typed| keep(&mut args.verify, Verify::typed(typed)),
        help: "Compare checksums with the server. Without ALG by the best that the server has. A file that differs is not kept.",
    },
    Flag {
        long: "segments",
        short: None,
        takes: Takes::Value("N"),
        set: |args, number| keep(&mut args.segments, lanes(number)),
        help: "Fetch each large file over N connections. Where the server allows that; only to files, not to stdout.",
    },
];

fn range(typed: &OsStr) -> Result<Range, String> {
    let bad = || "must be a range of bytes such as 0-99, 100- or -500".to_owned();
    let (from, to) = typed.to_str().and_then(|text| text.split_once('-')).ok_or_else(bad)?;
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<u64>().map_err(|_| bad()),
        false => Err(bad()),
    };
    match (from, to) {
        ("", "") => Err(bad()),
        ("", last) => number(last).map(Range::Last),
        (from, "") => Ok(Range::From(number(from)?, None)),
        (from, to) => match (number(from)?, number(to)?) {
            (from, to) if from <= to => Ok(Range::From(from, Some(to))),
            _ => Err("ends before it begins".to_owned()),
        },
    }
}

fn path(typed: &OsStr) -> Result<PathBuf, String> {
    if typed.is_empty() { Err("an empty name".into()) } else { Ok(typed.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        assert_eq!(TOOL.faults(), Vec::<String>::new());
    }

    #[test]
    fn ranges_are_those_of_http() {
        for (typed, expected) in [
            ("0-99", Some(Range::From(0, Some(99)))),
            ("7-7", Some(Range::From(7, Some(7)))),
            ("100-", Some(Range::From(100, None))),
            ("-500", Some(Range::Last(500))),
            ("18446744073709551615-", Some(Range::From(u64::MAX, None))),
            ("18446744073709551616-", None),
            ("9-3", None),
            ("-", None),
            ("", None),
            ("5", None),
            ("1-2-3", None),
            ("+1-2", None),
            ("1-2,4-5", None),
        ] {
            assert_eq!(range(OsStr::new(typed)).ok(), expected, "{typed}");
        }
    }
}
