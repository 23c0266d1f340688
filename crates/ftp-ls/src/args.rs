//! What ftp-ls is told on its command line.

use std::ffi::{OsStr, OsString};

use ftp_core::cli::{Flag, Section, SessionArgs, Takes, Tool, keep, on};
use ftp_core::listing::Kind;

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
    pub classify: bool,
    pub types: Option<Vec<Kind>>,
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
        help: "Show mode, owner, group, size and time too. Times are UTC.",
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
        help: "Print full URLs. Every other tool takes them as they are.",
    },
    Flag {
        long: "json",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.json),
        help: "Print one JSON object a line.",
    },
    Flag {
        long: "classify",
        short: Some('F'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.classify),
        help: "Mark directories with / and links with @.",
    },
    Flag {
        long: "type",
        short: None,
        takes: Takes::Value("TYPES"),
        set: |args, typed| keep(&mut args.types, types(typed)),
        help: "Show only files, dirs or links: f,d,l.",
    },
    Flag {
        long: "null",
        short: Some('0'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.session.null),
        help: "End names in NUL, here and in -T.",
    },
];

/// A list such as `f,d`.
fn types(typed: &OsStr) -> Result<Vec<Kind>, String> {
    let one = |letter: &str| match letter {
        "f" => Ok(Kind::File),
        "d" => Ok(Kind::Dir),
        "l" => Ok(Kind::Link),
        _ => Err("must be f, d or l, or several with commas between".to_owned()),
    };
    typed.to_str().unwrap_or_default().split(',').map(one).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
