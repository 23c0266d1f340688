//! What ftp-pipe is told on its command line.

use std::ffi::OsString;

use ftp_core::charset::Charset;
use ftp_core::choices::{one_of, words};
use ftp_core::cli::{Flag, Operands, Section, SessionArgs, Takes, Tool, encoding, keep, on, put};
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
    pub continues: bool,
    pub atomic: bool,
    pub moves: bool,
    pub links: Links,
    /// More destinations.
    pub to: Vec<OsString>,
    pub source_encoding: Option<Charset>,
    pub sink_encoding: Option<Charset>,
}

/// What becomes of links in a tree.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Links {
    /// The file that a link leads to is copied. A server lets nobody make links.
    #[default]
    Follow,
    /// They are left out.
    Skip,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-pipe",
    summary: "copy files from FTP server to FTP server, through memory only",
    usage: &["[FLAGS] SRC DST [--to DST]...", "[FLAGS] [-R] SRC... DST/", "[FLAGS] -T LIST DST/"],
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
            "ftp-pipe --src-encoding gbk --dst-encoding utf-8 -R ftp://a/tree ftp://b/",
            "ftp-pipe ftp://a/x.iso ftp://b/ --to ftp://c/ --to ftp://d/",
            "ftp-pipe --move --verify 'ftp://a/out/*' ftp://b/in/",
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
    Flag {
        long: "continue",
        short: Some('c'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.continues),
        help: "Go on with what an earlier run left. What the destination has of a file counts when its end is the source's; what a failed run leaves stays there.",
    },
    Flag {
        long: "atomic",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.atomic),
        help: "Give files their names when they are whole. Until then they are at the destination under a temporary name; a failed copy leaves nothing, and the old file stays.",
    },
    Flag {
        long: "move",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.moves),
        help: "Remove each file at the source once it is copied. Only when every destination has shown by its size or checksum that it is whole. With -R empty directories go, too.",
    },
    Flag {
        long: "links",
        short: None,
        takes: Takes::OneOf("", &words(&LINKS)),
        set: |args, what| put(&mut args.links, one_of(what, &LINKS)),
        help: "What becomes of links in trees. follow, the default, copies the file that a link leads to.",
    },
    Flag {
        long: "to",
        short: None,
        takes: Takes::Value("URL"),
        set: |args, url| {
            args.to.push(url.to_owned());
            Ok(())
        },
        help: "Copy to this destination, too. May be repeated: files are read once and written to all. One that fails is reported, and the others go on.",
    },
    Flag {
        long: "src-encoding",
        short: None,
        takes: Takes::Value("LABEL"),
        set: |args, label| keep(&mut args.source_encoding, encoding(label)),
        help: "How names are written at the source. Instead of --encoding; where the two sides differ names are recoded, and one that cannot be is refused.",
    },
    Flag {
        long: "dst-encoding",
        short: None,
        takes: Takes::Value("LABEL"),
        set: |args, label| keep(&mut args.sink_encoding, encoding(label)),
        help: "How names are written at the destinations. Instead of --encoding. Where only the source's is named this is UTF-8.",
    },
];

/// What `--fxp` takes.
const FXP: [(&str, Fxp); 3] = [("auto", Fxp::Auto), ("never", Fxp::Never), ("always", Fxp::Always)];

/// What `--links` takes.
const LINKS: [(&str, Links); 2] = [("follow", Links::Follow), ("skip", Links::Skip)];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
