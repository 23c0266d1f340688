//! What ftp-pipe is told on its command line.

use std::ffi::OsString;

use ftp_core::choices::{one_of, words};
use ftp_core::cli::{Flag, Operands, Section, SessionArgs, Takes, Tool, keep, on};
use ftp_core::direct::Fxp;
use ftp_core::verify::Verify;

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub urls: Vec<OsString>,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
    pub fxp: Option<Fxp>,
    pub no_clobber: bool,
    pub newer: bool,
    pub keep_time: bool,
    pub verify: Option<Verify>,
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
    environment: &[],
    operands: Operands::Urls,
    story: include_str!("../../../docs/man/ftp-pipe.txt"),
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
    Flag {
        long: "fxp",
        short: None,
        takes: Takes::OneOf("", &words(&FXP)),
        set: |args, mode| keep(&mut args.fxp, one_of(mode, &FXP)),
        help: "Send server to server. auto asks them once and relays what they refuse; never puts in the clear what would be under TLS on the way through here.",
    },
    Flag {
        long: "no-clobber",
        short: Some('n'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_clobber),
        help: "Never replace a file. One that the destination shows before the copy stays; that is no error.",
    },
    Flag {
        long: "newer",
        short: Some('N'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.newer),
        help: "Replace only older files. Those that are older than the source's, or as old and of another size. The time is kept as with -p, where the servers tell it and let it be set.",
    },
    Flag {
        long: "keep-time",
        short: Some('p'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.keep_time),
        help: "Give files the time they have at the source. With MFMT, MDTM or SITE UTIME.",
    },
    Flag {
        long: "verify",
        short: None,
        takes: Takes::MaybeOneOf("ALG", &words(&Verify::CHOICES)),
        set: |args, typed| keep(&mut args.verify, Verify::typed(typed)),
        help: "Compare checksums with the servers. Without ALG by the best that the destination has. A file that differs is removed there.",
    },
];

/// What `--fxp` takes.
const FXP: [(&str, Fxp); 3] = [("auto", Fxp::Auto), ("never", Fxp::Never), ("always", Fxp::Always)];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
