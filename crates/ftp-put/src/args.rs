//! What ftp-put is told on its command line.

use std::ffi::{OsStr, OsString};

use ftp_core::choices::words;
use ftp_core::cli::{Flag, Operands, Section, SessionArgs, Takes, Tool, keep, on};
use ftp_core::verify::Verify;

/// What was typed.
#[derive(Debug, Default)]
pub struct Args {
    pub session: SessionArgs,
    pub operands: Vec<OsString>,
    pub append: bool,
    pub recursive: bool,
    pub parents: bool,
    pub ascii: bool,
    pub atomic: bool,
    pub continues: bool,
    pub size: Option<u64>,
    pub no_clobber: bool,
    pub newer: bool,
    pub keep_time: bool,
    pub chmod: Option<u32>,
    pub verify: Option<Verify>,
    /// What stood after `--`, if that was there.
    pub after_dashes: Option<Vec<OsString>>,
}

pub const TOOL: Tool<Args> = Tool {
    name: "ftp-put",
    summary: "copy stdin or local files to an FTP server",
    usage: &[
        "[FLAGS] URL",
        "[FLAGS] FILE URL",
        "[FLAGS] [-R] FILE... URL/",
        "[FLAGS] -T LIST URL/",
        "[FLAGS] URL -- COMMAND [ARGUMENT...]",
    ],
    flags: FLAGS,
    without: &["no-glob", "base"],
    session: |args| &mut args.session,
    operand: |args, operand| args.operands.push(operand),
    after_dashes: Some(|args, words| args.after_dashes = Some(words)),
    environment: &[],
    operands: Operands::FilesAndUrl,
    story: include_str!("../../../docs/man/ftp-put.txt"),
    notes: &[
        Section {
            title: "Examples",
            lines: &[
                "tar cz site | ftp-put --atomic ftp://h/backup/site.tgz",
                "ftp-put report.pdf ftp://h/inbox/",
                "ftp-put -m a.txt b.txt ftp://h/new/folder/",
                "ftp-put -R site ftp://h/www/",
                "find . -name '*.log' -print0 | ftp-put -0 -T - ftp://h/logs/",
                "ftp-get ftp://a/x | ftp-put ftp://b/x",
                "ftp-put ftp://h/db.sql -- pg_dump db",
            ],
        },
        Section {
            title: "Commands",
            lines: &[
                "With URL -- COMMAND the output of the command is put under a temporary",
                "name, and gets the name in the URL only if the command exits with 0. Else",
                "nothing is left, and the exit code is 6.",
            ],
        },
    ],
};

const FLAGS: &[Flag<Args>] = &[
    Flag {
        long: "append",
        short: Some('A'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.append),
        help: "Append to the file on the server.",
    },
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
        help: "Make missing directories on the server.",
    },
    Flag {
        long: "ascii",
        short: Some('a'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.ascii),
        help: "Transfer as text: line ends become CRLF on the way.",
    },
    Flag {
        long: "continue",
        short: Some('c'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.continues),
        help: "Go on where an earlier run stopped. What the server has counts if its last bytes are the file's; a broken upload is left there for the next run.",
    },
    Flag {
        long: "no-clobber",
        short: Some('n'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_clobber),
        help: "Never replace a file. One that the server shows before the upload stays; that is no error.",
    },
    Flag {
        long: "newer",
        short: Some('N'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.newer),
        help: "Replace only older files. Those that are older than the one here, or as old and of another size. The time is kept as with -p, where the server lets it be set.",
    },
    Flag {
        long: "keep-time",
        short: Some('p'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.keep_time),
        help: "Give files on the server the time they have here. With MFMT, MDTM or SITE UTIME.",
    },
    Flag {
        long: "chmod",
        short: None,
        takes: Takes::Value("MODE"),
        set: |args, mode| keep(&mut args.chmod, octal(mode)),
        help: "Set the permissions of files, in octal such as 640. With --atomic before they get their names.",
    },
    Flag {
        long: "verify",
        short: None,
        takes: Takes::MaybeOneOf("ALG", &words(&Verify::CHOICES)),
        set: |args, typed| keep(&mut args.verify, Verify::typed(typed)),
        help: "Compare checksums with the server. Without ALG by the best that the server has. A file that differs is removed there.",
    },
    Flag {
        long: "atomic",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.atomic),
        help: "Upload under a temporary name, then rename. What fails leaves what was there before.",
    },
    Flag {
        long: "size",
        short: None,
        takes: Takes::Value("BYTES"),
        set: |args, value| keep(&mut args.size, bytes(value)),
        help: "Fail unless the input has so many bytes. It guards against a command that breaks in the middle of its output.",
    },
];

fn octal(typed: &OsStr) -> Result<u32, String> {
    let digits = typed.to_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let mode = digits.and_then(|text| u32::from_str_radix(text, 8).ok());
    mode.filter(|&mode| mode <= 0o7777).ok_or_else(|| "must be octal, such as 640".to_owned())
}

fn bytes(typed: &OsStr) -> Result<u64, String> {
    let number = typed.to_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    number.and_then(|text| text.parse().ok()).ok_or_else(|| "must be a number of bytes".to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sound() {
        assert_eq!(super::TOOL.faults(), Vec::<String>::new());
    }
}
