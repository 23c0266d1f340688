//! What ftp-ls is told on its command line.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use ftp_core::choices::{When, one_of, words};
use ftp_core::cli::{Flag, Operands, Section, SessionArgs, Takes, Tool, keep, on, put};
use ftp_core::listing::{By, Kind};
use ftp_core::time::parse_iso;

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub urls: Vec<OsString>,
    pub long: bool,
    pub all: bool,
    pub directory: bool,
    pub recursive: bool,
    /// `-t`, `-S` or `-U`, whichever came last.
    pub by: By,
    pub reverse: bool,
    pub human: bool,
    pub calibrate: bool,
    pub raw: bool,
    pub parse: bool,
    /// `--now`, in seconds since the epoch.
    pub now: Option<i64>,
    pub url: bool,
    pub json: bool,
    pub classify: bool,
    pub color: When,
    pub types: Option<Vec<Kind>>,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-ls",
    summary: "list directories of FTP servers",
    usage: &["[FLAGS] URL...", "[FLAGS] -T LIST", "--parse [FLAGS] < LISTING"],
    flags: FLAGS,
    without: &["keep-alive", "limit-rate", "no-size-check", "parallel", "progress"],
    session: |args| &mut args.session,
    operand: |args, url| args.urls.push(url),
    after_dashes: None,
    environment: &[
        ("LS_COLORS", "The colours of names, as dircolors(1) makes it."),
        ("NO_COLOR", "Not empty: no colours, unless --color asks for them."),
        ("TERM", "dumb is a terminal without colours."),
    ],
    operands: Operands::Urls,
    story: include_str!("../../../docs/man/ftp-ls.txt"),
    notes: &[Section {
        title: "Examples",
        lines: &[
            "ftp-ls ftp://h/pub/",
            "ftp-ls -l 'ftp://h/pub/*.iso'",
            "ftp-ls --encoding gbk ftp://h/",
            "ftp-ls -u ftp://h/dir/ | xargs ftp-get -d out",
            "ftp-ls -0 ftp://h/dir/ | ftp-get -0 -T - --base ftp://h/dir/ -d out",
            "ftp-ls --json -R ftp://h/ | jq -r 'select(.size > 1000000).url'",
            "curl -s ftp://h/pub/ | ftp-ls --parse --json",
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
        long: "directory",
        short: Some('d'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.directory),
        help: "List directories themselves, not what is in them.",
    },
    Flag {
        long: "by-time",
        short: Some('t'),
        takes: Takes::Nothing,
        set: |args, _| put(&mut args.by, Ok(By::Time)),
        help: "Sort by time, newest first.",
    },
    Flag {
        long: "by-size",
        short: Some('S'),
        takes: Takes::Nothing,
        set: |args, _| put(&mut args.by, Ok(By::Size)),
        help: "Sort by size, largest first.",
    },
    Flag {
        long: "unsorted",
        short: Some('U'),
        takes: Takes::Nothing,
        set: |args, _| put(&mut args.by, Ok(By::Arrival)),
        help: "Print entries as the server sends them, at once.",
    },
    Flag {
        long: "reverse",
        short: Some('r'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.reverse),
        help: "Turn the order round.",
    },
    Flag {
        long: "human",
        short: Some('H'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.human),
        help: "With -l, print sizes such as 1.2K.",
    },
    Flag {
        long: "calibrate",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.calibrate),
        help: "Insist on UTC: learn the server's clock by MDTM. \
               LIST shows times on the server's own clock. With -l and --json one file's MDTM tells \
               the offset where the server offers it; with this flag not knowing is an error.",
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
        help: "Mark directories /, links @, programs *.",
    },
    Flag {
        long: "color",
        short: None,
        takes: Takes::MaybeOneOf("WHEN", &words(&When::CHOICES)),
        set: |args, typed| put(&mut args.color, color(typed)),
        help: "Colour names by LS_COLORS. auto, the default, does so on a terminal, unless NO_COLOR is \
               set. Without WHEN always. Coloured names are escaped as for a terminal.",
    },
    Flag {
        long: "type",
        short: None,
        takes: Takes::OneOf("", &words(&KINDS)),
        set: |args, typed| keep(&mut args.types, types(typed)),
        help: "Show only files, dirs or links. Several with commas between: f,d.",
    },
    Flag {
        long: "raw",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.raw),
        help: "Print the listing as the server sends it.",
    },
    Flag {
        long: "parse",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.parse),
        help: "Read a raw listing from stdin; no server is asked. \
               URLs are those below --base.",
    },
    Flag {
        long: "now",
        short: None,
        takes: Takes::Value("TIME"),
        set: |args, typed| keep(&mut args.now, now(typed)),
        help: "With --parse, the time of the listing. \
               Dates that name no year are within the twelve months before. TIME is in UTC, such as \
               2024-02-29T12:34:56Z or 2024-02-29.",
    },
    Flag {
        long: "null",
        short: Some('0'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.session.null),
        help: "End names in NUL, here and in -T.",
    },
];

fn now(typed: &OsStr) -> Result<i64, String> {
    let time = parse_iso(typed.as_bytes());
    time.ok_or_else(|| "must be a time such as 2024-02-29T12:34:56Z or 2024-02-29".to_owned())
}

fn color(typed: &OsStr) -> Result<When, String> {
    if typed.is_empty() { Ok(When::Always) } else { one_of(typed, &When::CHOICES) }
}

/// What `--type` takes.
const KINDS: [(&str, Kind); 3] = [("f", Kind::File), ("d", Kind::Dir), ("l", Kind::Link)];

/// A list such as `f,d`.
fn types(typed: &OsStr) -> Result<Vec<Kind>, String> {
    let letters = typed.to_str().unwrap_or_default().split(',');
    let kinds = letters.map(|letter| one_of(OsStr::new(letter), &KINDS)).collect::<Result<_, _>>();
    kinds.map_err(|why| format!("{why}, or several with commas between"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
