//! The table, the parser and the help over a small tool that overrides a shared row.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use super::flag::Row;
use super::*;
use crate::charset::Charset;
use crate::wire::{Active, Family, TlsPolicy};

#[derive(Debug, Default)]
struct Args {
    session: SessionArgs,
    long: bool,
    nul_output: bool,
    depth: Option<OsString>,
    operands: Vec<OsString>,
    command: Vec<OsString>,
}

const TOOL: Tool<Args> = Tool {
    name: "ftp-demo",
    summary: "show what a tool looks like",
    usage: &["[FLAG]... URL...", "[FLAG]... -- COMMAND"],
    flags: &[
        Flag {
            long: "long",
            short: Some('l'),
            takes: Takes::Nothing,
            set: |args, _| on(&mut args.long),
            help: "Print more.",
        },
        Flag {
            long: "depth",
            short: Some('d'),
            takes: Takes::Maybe("N"),
            set: |args, value| keep(&mut args.depth, Ok(value.to_owned())),
            help: "Go down at most N levels.",
        },
        Flag {
            long: "null",
            short: Some('0'),
            takes: Takes::Nothing,
            set: |args, _| {
                args.nul_output = true;
                args.session.null = true;
                Ok(())
            },
            help: "End names in NUL, here and in the list of -T.",
        },
    ],
    without: &["base"],
    session: |args| &mut args.session,
    operand: |args, value| args.operands.push(value),
    after_dashes: None,
    notes: &[Section { title: "Examples", lines: &["ftp-demo -l ftp://HOST/"] }],
    environment: &[],
    operands: Operands::Urls,
    story: "Shows things.\n\n  ftp-demo --long\n",
};

fn parse(words: &[&str]) -> Result<Args, String> {
    let args = ["ftp-demo"].iter().chain(words).map(OsString::from);
    match TOOL.parse(args) {
        Ok(Parsed::Run(args)) => Ok(args),
        Ok(Parsed::Print(text)) => Err(text),
        Err(error) => Err(error.to_string()),
    }
}

fn session(words: &[&str]) -> SessionArgs {
    parse(words).unwrap().session
}

fn error(words: &[&str]) -> String {
    parse(words).map(|args| panic!("{args:?}")).unwrap_or_else(|error| error)
}

#[test]
fn the_table_is_sound() {
    assert_eq!(TOOL.faults(), Vec::<String>::new());
}

#[test]
fn faults_of_a_table_are_found() {
    const ROW: Flag<Args> = Flag {
        long: "user",
        short: Some('v'),
        takes: Takes::Value(""),
        set: |_, _| Ok(()),
        help: "No full stop, and by far too long for the one line that a flag has in -h",
    };
    const BAD: Tool<Args> = Tool {
        flags: &[
            Flag { long: "Ab", short: Some('-'), ..ROW },
            Flag { long: "help", short: None, help: "Fine.", takes: Takes::Nothing, ..ROW },
            ROW,
        ],
        without: &["no-such-row"],
        ..TOOL
    };
    let faults = BAD.faults().join("\n");
    for fault in [
        "--Ab: bad long name",
        "--Ab: bad short name",
        "--user: a value without a name",
        "--user: help without a full stop",
        "--user: no room for the help in one line",
        "verbose clashes with user",
        "help clashes with help",
        "no shared no-such-row",
    ] {
        assert!(faults.contains(fault), "{fault} not in\n{faults}");
    }
}

#[test]
fn every_shared_flag_writes_its_field() {
    assert_eq!(session(&["--user", "ann@work"]).user.as_deref(), Some(&b"ann@work"[..]));
    assert_eq!(session(&["--password-file=-"]).password_file, Some("-".into()));
    assert_eq!(session(&["--netrc-file", "n"]).netrc_file, Some("n".into()));
    assert!(session(&["--no-netrc"]).no_netrc);
    assert_eq!(session(&["--account=a"]).account.unwrap().expose(), b"a");
    assert_eq!(session(&["--encoding", "GBK"]).encoding.and_then(|c| c.name()), Some("GBK"));
    assert!(session(&["-g"]).no_glob && session(&["--no-glob"]).no_glob);
    assert!(session(&["--no-epsv"]).no_epsv);
    assert!(session(&["--trust-pasv"]).trust_pasv);
    assert_eq!(session(&["--tls=try"]).tls, Some(TlsPolicy::Try));
    assert_eq!(session(&["--tls", "require"]).tls, Some(TlsPolicy::Require));
    assert_eq!(session(&["--cacert", "c"]).cacert, Some("c".into()));
    assert_eq!(session(&["--crlfile=l"]).crlfile, Some("l".into()));
    let client = session(&["--cert", "c", "--key", "k"]);
    assert_eq!((client.cert, client.key), (Some("c".into()), Some("k".into())));
    assert!(session(&["-k"]).insecure);
    assert_eq!(session(&["-4"]).family, Family::V4);
    assert_eq!(session(&["-46"]).family, Family::V6);
    assert_eq!(session(&["--ipv6", "--ipv4"]).family, Family::V4);
    assert_eq!(session(&["--timeout", "1.5"]).timeout, Duration::from_millis(1500));
    assert_eq!(session(&["--quote", "A b", "--quote", "C"]).quote, [&b"A b"[..], b"C"]);
    assert!(session(&["--no-pipeline"]).no_pipeline);
    assert_eq!(session(&["-T-"]).files_from, Some("-".into()));
    assert!(session(&["-q"]).quiet);
    assert_eq!(session(&["-vv"]).verbose, 2);
    assert_eq!(session(&["-v", "--verbose", "-v"]).verbose, 3);
    let plain = session(&[]);
    assert_eq!(plain.timeout, Duration::from_secs(30));
    assert_eq!((plain.tls, plain.family, plain.verbose), (None, Family::Any, 0));
}

#[test]
fn rows_of_the_tool_replace_shared_ones() {
    let args = parse(&["-0"]).unwrap();
    assert!(args.nul_output && args.session.null);
    assert!(parse(&["--null"]).unwrap().nul_output);
    assert!(error(&["--base", "ftp://h"]).starts_with("unknown flag --base"));
    const WITH_BASE: Tool<Args> = Tool { without: &[], ..TOOL };
    let typed = ["x", "--base", "ftp://h/d"].map(OsString::from);
    let Ok(Parsed::Run(args)) = WITH_BASE.parse(typed) else { panic!() };
    assert_eq!(args.session.base.as_deref(), Some(&b"ftp://h/d"[..]));
}

#[test]
fn operands_keep_their_order_and_their_bytes() {
    let args = parse(&["b", "-l", "a", "-", "--", "-l", "--"]).unwrap();
    assert_eq!(args.operands, ["b", "a", "-", "-l", "--"]);
    let raw = OsString::from_vec(b"\xff\xfe".to_vec());
    let Ok(Parsed::Run(args)) = TOOL.parse(["x".into(), raw.clone()]) else { panic!() };
    assert_eq!(args.operands, [raw]);
}

#[test]
fn dashes_start_a_command_where_the_tool_says_so() {
    const PRODUCER: Tool<Args> =
        Tool { after_dashes: Some(|args, command| args.command = command), ..TOOL };
    for (typed, operands, command) in [
        (&["x", "url", "--", "sh", "-c", "--"][..], &["url"][..], &["sh", "-c", "--"][..]),
        (&["x", "-l", "--", "-l"], &[], &["-l"]),
        (&["x", "--user", "--", "url"], &["url"], &[]),
        (&["x", "url", "--"], &["url"], &[]),
    ] {
        let Ok(Parsed::Run(args)) = PRODUCER.parse(typed.iter().map(OsString::from)) else {
            panic!("{typed:?}")
        };
        assert_eq!(
            (args.operands.as_slice(), args.command.as_slice()),
            (
                operands.iter().map(OsString::from).collect::<Vec<_>>().as_slice(),
                command.iter().map(OsString::from).collect::<Vec<_>>().as_slice(),
            )
        );
    }
}

#[test]
fn values_that_may_be_left_out() {
    assert_eq!(parse(&["--depth", "3"]).unwrap().operands, ["3"]);
    for (typed, depth) in [("--depth=3", "3"), ("--depth", ""), ("-d3", "3"), ("-d=3", "3")] {
        assert_eq!(parse(&[typed]).unwrap().depth, Some(depth.into()), "{typed}");
    }
}

#[test]
fn addresses_and_ports_for_active_mode() {
    for (typed, address, ports) in [
        ("--active", None, None),
        ("--active=192.0.2.1", Some("192.0.2.1"), None),
        ("--active=::1", Some("::1"), None),
        ("--active=[::1]", Some("::1"), None),
        ("--active=192.0.2.1:5000-5010", Some("192.0.2.1"), Some(5000..=5010)),
        ("--active=[::1]:1-1", Some("::1"), Some(1..=1)),
        ("--active=:5000-65535", None, Some(5000..=65535)),
    ] {
        let address = address.map(|text| text.parse().unwrap());
        assert_eq!(session(&[typed]).active, Some(Active { address, ports }), "{typed}");
    }
    for bad in ["host", "192.0.2.1:20", "192.0.2.1:9-8", ":0-5", ":+1-5", ":1-65536", ":", "[::1"] {
        assert!(error(&[&format!("--active={bad}")]).starts_with("--active: must be"), "{bad}");
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    for (words, message) in [
        (&["--encodng=gbk"][..], "unknown flag --encodng; did you mean --encoding?"),
        (&["--verb"], "unknown flag --verb; did you mean --verbose?"),
        (&["--hepl"], "unknown flag --hepl; did you mean --help?"),
        (&["--xyzzy"], "unknown flag --xyzzy"),
        (&["--no"], "unknown flag --no"),
        (
            &["--proxy=ftp://u:s3cret@h"],
            "--proxy: FTP proxies are not spoken to; known are socks5:// and http://",
        ),
        (
            &["--proxy=h", "--active"],
            "--active and --proxy exclude each other: servers connect to no proxy",
        ),
        (&["-lx"], "unknown flag -x"),
        (&["-\u{1b}"], "unknown flag -\\x1b"),
        (&["--a\n\u{202e}"], "unknown flag --a\\n\\u{202e}"),
        (&["--user"], "--user needs a value: --user NAME"),
        (&["-T"], "--files-from needs a value: --files-from FILE"),
        (&["--quiet=secret"], "--quiet takes no value"),
        (&["-q=secret"], "-q takes no value"),
        (&["--timeout", "0"], "--timeout: must be a number of seconds from 0.001 to 1000000"),
        (&["--timeout=nan"], "--timeout: must be a number of seconds from 0.001 to 1000000"),
        (&["--timeout=-1"], "--timeout: must be a number of seconds from 0.001 to 1000000"),
        (&["--timeout=inf"], "--timeout: must be a number of seconds from 0.001 to 1000000"),
        (&["--timeout=1e-9"], "--timeout: must be a number of seconds from 0.001 to 1000000"),
        (&["--tls=yes"], "--tls: must be off, try or require"),
        (&["--quote", "A\r\nDELE x"], "--quote: CR, LF and NUL cannot be sent"),
        (&["--quote="], "--quote: an empty command"),
        (&["--account=hush\n"], "--account: CR, LF and NUL cannot be sent"),
        (&["--cacert="], "--cacert: an empty file name"),
        (&["--crlfile="], "--crlfile: an empty file name"),
        (
            &["--encoding=utf-16"],
            "--encoding: FTP commands cannot carry the encoding 'utf-16'; \
                                  try utf-8",
        ),
        (&["--key", "k"], "--key needs --cert"),
        (&["--no-netrc", "--netrc-file=x"], "--no-netrc and --netrc-file exclude each other"),
    ] {
        assert_eq!(error(words), message);
    }
    assert!(!error(&[&format!("--{}", "a".repeat(100_000))]).contains("mean"));
}

#[test]
fn the_encoding_flag_wins_over_the_environment() {
    let gbk = session(&["--encoding=gbk"]);
    let none = session(&[]);
    let name = |args: &SessionArgs, env: Option<&str>| {
        effective_charset(args, env.map(OsStr::new)).map(|charset| charset.name())
    };
    assert_eq!(name(&gbk, Some("nonsense")), Ok(Some("GBK")));
    assert_eq!(name(&none, Some("big5")), Ok(Some("Big5")));
    assert_eq!(effective_charset(&none, None), Ok(Charset::Bytes));
    assert_eq!(effective_charset(&none, Some(OsStr::new(""))), Ok(Charset::Bytes));
    let error = effective_charset(&none, Some(OsStr::from_bytes(b"\xff"))).unwrap_err();
    assert!(error.to_string().starts_with("FTP_ENCODING: unknown encoding '\\xff'"));
}

#[test]
fn help_and_version() {
    let brief = error(&["-lh", "--nonsense"]);
    assert!(brief.starts_with("ftp-demo: show what a tool looks like\n\nUsage: ftp-demo [FLAG]"));
    assert!(brief.contains("\n  -l, --long                  Print more\n"));
    assert!(
        brief.contains("\n  -T, --files-from FILE       Read operands from FILE, one a line\n")
    );
    assert!(!brief.contains("--base"));
    assert_eq!(brief.matches("--null").count(), 1);
    let long = error(&["--help"]);
    for part in
        ["\nEnvironment:\n", "\nExit codes:\n  0 ", "FTP_ENCODING", "\nExamples:\n  ftp-demo"]
    {
        assert!(long.contains(part), "{part} not in\n{long}");
    }
    for line in brief.lines().chain(long.lines()) {
        assert!(line.chars().count() <= 80 && line.trim_end() == line, "{line:?}");
    }
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in TOOL.own().iter().chain(&TOOL.shared()) {
        assert!(words(&long).contains(row.help), "{}", row.long);
    }
    assert_eq!(error(&["-V"]), format!("ftp-demo {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(error(&["--version"]), error(&["-V"]));
}

fn after(options: &str, words: &[&str]) -> Result<SessionArgs, String> {
    let args = ["ftp-demo"].iter().chain(words).map(OsString::from);
    let options = crate::cli::options(Some(options.as_ref())).map_err(|error| error.to_string())?;
    match TOOL.parse_after(options, args) {
        Ok(Parsed::Run(args)) => Ok(args.session),
        Ok(Parsed::Print(text)) => Err(text),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn flags_of_the_environment_come_first() {
    let args = after("--user 'a b' -v --retries=7 # not this", &["--retries", "1", "-v"]).unwrap();
    assert_eq!((args.user, args.retries, args.verbose), (Some(b"a b".to_vec()), 1, 2));
    assert_eq!(after("", &[]).unwrap().retries, 3);
    for (options, why) in [
        ("--user 'a", "FTP_OPTIONS: a quote or backslash without its end"),
        ("ftp://u:secret@h/", "FTP_OPTIONS: only flags that say how can stand there"),
        ("--help", "FTP_OPTIONS: only flags that say how can stand there"),
        ("-- x", "FTP_OPTIONS: only flags that say how can stand there"),
        ("--nothing", "FTP_OPTIONS: unknown flag --nothing"),
        ("--retries", "FTP_OPTIONS: --retries needs a value: --retries N"),
        ("--ask-password", "FTP_OPTIONS: --ask-password belongs on the command line"),
    ] {
        assert_eq!(after(options, &[]).unwrap_err(), why, "{options}");
    }
}

#[test]
fn a_shared_flag_that_a_tool_does_not_offer_may_stand_in_the_environment() {
    const LESS: Tool<Args> = Tool { without: &["limit-rate", "parallel"], ..TOOL };
    let options = || ["--limit-rate=1m", "-P", "2"].map(OsString::from).to_vec();
    assert!(LESS.parse_after(options(), ["x".into()]).is_ok());
    assert!(LESS.parse(["x".into(), "-P".into(), "2".into()]).is_err());
}

#[test]
fn every_row_of_the_help_can_be_typed() {
    for row in TOOL.own().iter().chain(&TOOL.shared()) {
        assert!(TOOL.find_long(row.long).is_some(), "{}", row.long);
        assert!(row.short.is_none_or(|c| TOOL.find_short(c).is_some()), "{}", row.long);
    }
    assert!(matches!(TOOL.find_short('0'), Some(Row::Own(_))));
}

#[test]
fn what_can_be_generated() {
    let page = error(&["--generate", "man"]);
    for part in [
        ".Dt FTP-DEMO 1\n",
        ".Nm\n[FLAG]... URL...\n",
        ".It Fl d , Fl -depth Ns Op = Ns Ar N\nGo down at most N levels.\n",
        ".It Fl T , Fl -files\\-from Ar FILE\nRead operands from FILE, one a line.\n\\- is stdin.\n",
        ".Bd -literal -offset indent\nftp\\-demo \\-\\-long\n.Ed\n",
        ".It 4\nLogin refused.\n",
        ".It Ev NETRC\n",
    ] {
        assert!(page.contains(part), "{part} not in\n{page}");
    }
    let bash = error(&["--generate=complete-bash"]);
    assert!(bash.contains("    --tls= | --tls) _ftp_tools_words 'off try require' ;;\n"), "{bash}");
    let zsh = error(&["--generate=complete-zsh"]);
    assert!(
        zsh.contains("'*--tls=[Explicit TLS on ftp\\:// URLs]:off|try|require:(off try require)'")
    );
    let fish = error(&["--generate=complete-fish"]);
    assert!(fish.contains("complete -c ftp-demo -s d -l depth -f -d 'Go down at most N levels'\n"));
    let wrong = error(&["--generate=html"]);
    let right = "must be man, complete-bash, complete-zsh or complete-fish";
    assert_eq!(wrong, format!("--generate: {right}"));
}

#[test]
fn flags_in_the_text_that_are_none_are_found() {
    const WRONG: Tool<Args> =
        Tool { story: "With --long and --longer (--depth), or --, so.\n", ..TOOL };
    assert_eq!(WRONG.faults(), ["the text names --longer, which is no flag"]);
}

#[test]
fn flags_that_completions_pass_on_are_rows() {
    for name in super::complete::REACH {
        assert!(TOOL.shared().iter().any(|row| row.long == name), "{name}");
    }
}

#[test]
fn labels_that_completions_offer_can_be_typed() {
    for label in crate::charset::COMMON_LABELS {
        assert!(session(&["--encoding", label]).encoding.is_some(), "{label}");
    }
}

/// The page that is written by hand has the exit codes of the enum.
#[test]
fn the_page_of_all_tools_has_every_exit_code() {
    let page = include_str!("../../../../docs/man/ftp-tools.7");
    for (outcome, text) in crate::error::Outcome::ALL {
        assert!(page.contains(&format!(".It {}\n{text}\n", outcome.code())), "{text}");
    }
}

/// As lexopt tests itself: whatever is typed, the parser ends and does not panic.
#[test]
fn basic_fuzz() {
    const WORDS: [&[u8]; 26] = [
        b"",
        b"-",
        b"--",
        b"---",
        b"a",
        b"-l",
        b"-vvq",
        b"-d",
        b"-d=",
        b"-0T",
        b"-T",
        b"-h",
        b"-V",
        b"-=",
        b"--=",
        b"--user",
        b"--user=",
        b"--quiet=x",
        b"--active",
        b"--active=:",
        b"--timeout",
        b"1e400",
        b"-\xff",
        b"--\xff=\xff",
        "-é".as_bytes(),
        b"--he",
    ];
    const PRODUCER: Tool<Args> =
        Tool { after_dashes: Some(|args, command| args.command = command), ..TOOL };
    let word = |at: usize| OsString::from_vec(WORDS[at % WORDS.len()].to_vec());
    for length in 0..=3_u32 {
        for at in 0..WORDS.len().pow(length) {
            let digit = |place: u32| word(at / WORDS.len().pow(place));
            let typed: Vec<OsString> = (0..length).map(digit).collect();
            let _ = TOOL.parse(std::iter::once("x".into()).chain(typed.clone()));
            let _ = PRODUCER.parse(typed);
        }
    }
}
