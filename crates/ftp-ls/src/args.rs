//! What ftp-ls is told on its command line.

use std::ffi::OsString;

use ftp_core::cli::{Flag, Section, SessionArgs, Takes, Tool, on};

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub urls: Vec<OsString>,
    pub long: bool,
    pub all: bool,
    pub recursive: bool,
    pub unsorted: bool,
    pub url: bool,
    pub json: bool,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-ls",
    summary: "list directories of FTP servers",
    usage: &["[FLAGS] URL...", "[FLAGS] -T LIST"],
    flags: FLAGS,
    without: &[],
    session: |args| &mut args.session,
    operand: |args, url| args.urls.push(url),
    after_dashes: None,
    notes: &[Section {
        title: "Examples",
        lines: &[
            "ftp-ls ftp://h/pub/",
            "ftp-ls -l 'ftp://h/pub/*.iso'",
            "ftp-ls --encoding gbk ftp://h/",
            "ftp-ls -u ftp://h/dir/ | xargs ftp-get -d out",
            "ftp-ls -0 ftp://h/dir/ | ftp-get -0 -T - --base ftp://h/dir/ -d out",
            "ftp-ls --json -R ftp://h/ | jq -r 'select(.size > 1000000).url'",
        ],
    }],
};

const FLAGS: &[Flag<Args>] = &[
    Flag {
        long: "long",
        short: Some('l'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.long),
        help: "Show type, mode, owner, group, size and time (UTC) as well.",
    },
    Flag {
        long: "all",
        short: Some('a'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.all),
        help: "Show names that begin with a dot.",
    },
    Flag {
        long: "recursive",
        short: Some('R'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.recursive),
        help: "List whole trees, as paths relative to each URL.",
    },
    Flag {
        long: "unsorted",
        short: Some('U'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.unsorted),
        help: "Print entries as the server sends them, at once.",
    },
    Flag {
        long: "url",
        short: Some('u'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.url),
        help: "Print full URLs, which every other tool takes as they are.",
    },
    Flag {
        long: "json",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.json),
        help: "Print one JSON object a line.",
    },
    Flag {
        long: "null",
        short: Some('0'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.session.null),
        help: "End each name in NUL instead of a line end, in the output and in -T.",
    },
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
