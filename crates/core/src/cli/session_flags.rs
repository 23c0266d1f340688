//! The flags that all five tools share, and what was typed for them. Nothing is resolved here:
//! no file is opened, no environment read, no host looked up.

use std::ffi::OsStr;
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::flag::{Flag, Takes, keep, on, put};
use super::parse::UsageError;
use super::values::{
    TLS, active, base, bytes_a_second, charset, command, command_text, count, file, lanes, timeout,
};
use crate::charset::Charset;
use crate::choices::{When, one_of, words};
use crate::proxy::Proxy;
use crate::secret::Secret;
use crate::wire::{Active, Family, TlsPolicy};

/// What was typed for the shared flags, checked one by one.
#[derive(Clone, Debug)]
pub struct SessionArgs {
    /// `--user`: as typed, without CR, LF and NUL, not yet in the server's encoding.
    pub user: Option<Vec<u8>>,
    /// `--password-file`; `-` is stdin.
    pub password_file: Option<PathBuf>,
    /// `--ask-password`.
    pub ask_password: bool,
    /// `--netrc-file`.
    pub netrc_file: Option<PathBuf>,
    /// `--no-netrc`.
    pub no_netrc: bool,
    /// `--account`: the answer to reply 332, without CR, LF and NUL.
    pub account: Option<Secret>,
    /// `--encoding`; see `effective_charset`.
    pub encoding: Option<Charset>,
    /// `-g`: wild cards in URLs are plain characters.
    pub no_glob: bool,
    /// `--active`: the server connects to us.
    pub active: Option<Active>,
    /// `--no-epsv`: PASV and PORT only.
    pub no_epsv: bool,
    /// `--trust-pasv`: connect to the host in a PASV answer.
    pub trust_pasv: bool,
    /// `--proxy`: the proxy, or none at all; the outer `None` when not given, so that the
    /// environment decides.
    pub proxy: Option<Option<Proxy>>,
    /// `--tls`; `None` when not given, so that the scheme decides.
    pub tls: Option<TlsPolicy>,
    /// `--cacert`: PEM file of roots instead of the system's.
    pub cacert: Option<PathBuf>,
    /// `--crlfile`: file of revocation lists.
    pub crlfile: Option<PathBuf>,
    /// `--cert`: PEM file of the client's certificate chain.
    pub cert: Option<PathBuf>,
    /// `--key`: PEM file of the client's key; never without `cert`.
    pub key: Option<PathBuf>,
    /// `-k`: accept any certificate.
    pub insecure: bool,
    /// `-4` or `-6`, whichever came last.
    pub family: Family,
    /// `--timeout`: the bound of every single wait; from a millisecond to a million seconds.
    pub timeout: Duration,
    /// `--retries`: how many tries in a row to mend a broken transfer may bring nothing.
    pub retries: u32,
    /// `-P`: how many files are worked on at once; at most 64.
    pub parallel: NonZeroU32,
    /// `--quote`: commands to send after login, in order; not empty, without CR, LF and NUL.
    pub quote: Vec<Vec<u8>>,
    /// `--no-size-check`: the sizes that a server tells are not the numbers of bytes it sends.
    pub no_size_check: bool,
    /// `--no-pipeline`: one command at a time.
    pub no_pipeline: bool,
    /// `-T`: where to read operands; `-` is stdin.
    pub files_from: Option<PathBuf>,
    /// `-0`: the operands in that list end in NUL instead of a line end.
    pub null: bool,
    /// `--base`: the URL, as typed, that the names in that list are below.
    pub base: Option<Vec<u8>>,
    /// `--keep-alive`: how long the control connection may be silent during a transfer.
    pub keep_alive: Option<Duration>,
    /// `--limit-rate`, in bytes a second; 0 is no limit.
    pub limit_rate: u64,
    /// `--min-rate`, in bytes a second; 0 is none.
    pub min_rate: u64,
    /// `--progress`.
    pub progress: When,
    /// `--json`.
    pub json: bool,
    /// `-q`.
    pub quiet: bool,
    /// How often `-v` was given: 1 says what is done, 2 traces the protocol.
    pub verbose: u8,
}

impl Default for SessionArgs {
    fn default() -> Self {
        Self {
            user: None,
            password_file: None,
            ask_password: false,
            netrc_file: None,
            no_netrc: false,
            account: None,
            encoding: None,
            no_glob: false,
            active: None,
            no_epsv: false,
            trust_pasv: false,
            proxy: None,
            tls: None,
            cacert: None,
            crlfile: None,
            cert: None,
            key: None,
            insecure: false,
            family: Family::Any,
            timeout: Duration::from_secs(30),
            retries: 3,
            parallel: NonZeroU32::MIN,
            quote: Vec::new(),
            no_size_check: false,
            no_pipeline: false,
            files_from: None,
            null: false,
            base: None,
            keep_alive: None,
            limit_rate: 0,
            min_rate: 0,
            progress: When::Auto,
            json: false,
            quiet: false,
            verbose: 0,
        }
    }
}

impl SessionArgs {
    /// These, and where they say nothing, what a server's own flags say.
    pub fn or_those_of_host(&self, host: &Self) -> Self {
        let default = Self::default();
        let key = if self.cert.is_some() { &self.key } else { &host.key };
        Self {
            user: self.user.clone().or_else(|| host.user.clone()),
            encoding: self.encoding.or(host.encoding),
            active: self.active.clone().or_else(|| host.active.clone()),
            no_epsv: self.no_epsv || host.no_epsv,
            trust_pasv: self.trust_pasv || host.trust_pasv,
            tls: self.tls.or(host.tls),
            cacert: self.cacert.clone().or_else(|| host.cacert.clone()),
            crlfile: self.crlfile.clone().or_else(|| host.crlfile.clone()),
            cert: self.cert.clone().or_else(|| host.cert.clone()),
            key: key.clone(),
            insecure: self.insecure || host.insecure,
            family: if self.family == default.family { host.family } else { self.family },
            timeout: if self.timeout == default.timeout { host.timeout } else { self.timeout },
            keep_alive: self.keep_alive.or(host.keep_alive),
            quote: [host.quote.as_slice(), &self.quote].concat(),
            no_size_check: self.no_size_check || host.no_size_check,
            no_pipeline: self.no_pipeline || host.no_pipeline,
            ..self.clone()
        }
    }

    /// Why two of the flags given cannot be meant together.
    pub(super) fn conflict(&self) -> Option<&'static str> {
        if self.key.is_some() && self.cert.is_none() {
            return Some("--key needs --cert");
        }
        if self.limit_rate > 0 && self.min_rate > self.limit_rate {
            return Some("--min-rate is more than --limit-rate allows");
        }
        if self.no_netrc && self.netrc_file.is_some() {
            return Some("--no-netrc and --netrc-file exclude each other");
        }
        if self.active.is_some() && matches!(self.proxy, Some(Some(_))) {
            return Some("--active and --proxy exclude each other: servers connect to no proxy");
        }
        if self.ask_password && self.password_file.is_some() {
            return Some("--ask-password and --password-file exclude each other");
        }
        None
    }
}

/// The encoding to use: `--encoding`, else `env`, the value of `FTP_ENCODING` (empty is unset),
/// else bytes as they are.
pub fn effective_charset(args: &SessionArgs, env: Option<&OsStr>) -> Result<Charset, UsageError> {
    let label = env.filter(|label| !label.is_empty());
    match (args.encoding, label) {
        (Some(charset), _) => Ok(charset),
        (None, Some(label)) => Charset::for_label(label.as_bytes())
            .map_err(|why| UsageError(format!("FTP_ENCODING: {why}"))),
        (None, None) => Ok(Charset::Bytes),
    }
}

/// The rows, in the order of the help.
pub(super) const FLAGS: &[Flag<SessionArgs>] = &[
    Flag {
        long: "user",
        short: None,
        takes: Takes::Value("NAME"),
        set: |args, value| keep(&mut args.user, command_text(value)),
        help: "Log in as NAME. A user in the URL wins; without either, FTP_USER, then \
               netrc, then anonymous.",
    },
    Flag {
        long: "password-file",
        short: None,
        takes: Takes::Value("FILE"),
        set: |args, value| keep(&mut args.password_file, file(value)),
        help: "Read the password from the first line of FILE. - is stdin. A password in the URL \
               wins; without either, FTP_PASSWORD, then netrc.",
    },
    Flag {
        long: "ask-password",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.ask_password),
        help: "Ask for the password, on the terminal. Once for the whole run; it is for the user of the URL, \
               --user or FTP_USER.",
    },
    Flag {
        long: "netrc-file",
        short: None,
        takes: Takes::Value("FILE"),
        set: |args, value| keep(&mut args.netrc_file, file(value)),
        help: "Use FILE instead of NETRC or ~/.netrc.",
    },
    Flag {
        long: "no-netrc",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_netrc),
        help: "Read no netrc file.",
    },
    Flag {
        long: "account",
        short: None,
        takes: Takes::Value("NAME"),
        set: |args, value| keep(&mut args.account, command_text(value).map(Secret::new)),
        help: "Answer a server that asks for an account.",
    },
    Flag {
        long: "encoding",
        short: None,
        takes: Takes::Value("LABEL"),
        set: |args, value| keep(&mut args.encoding, charset(value)),
        help: "How names are written on the server. Any label of the WHATWG Encoding Standard, \
               such as gbk or windows-1252; names are typed and shown as UTF-8. With auto it is found out \
               from all names listed. Without it, and \
               without FTP_ENCODING, bytes pass unchanged.",
    },
    Flag {
        long: "no-glob",
        short: Some('g'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_glob),
        help: "Take * ? and [ in URLs as plain characters.",
    },
    Flag {
        long: "active",
        short: None,
        takes: Takes::Maybe("ADDR[:LOW-HIGH]"),
        set: |args, value| keep(&mut args.active, active(value)),
        help: "Let the server connect to us. It is told ADDR, else the address of the control \
               connection, and a port from LOW to HIGH.",
    },
    Flag {
        long: "no-epsv",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_epsv),
        help: "Use PASV and PORT, never EPSV and EPRT.",
    },
    Flag {
        long: "trust-pasv",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.trust_pasv),
        help: "Connect to the host a PASV answer names. By default it is ignored, and the host \
               of the control connection is used.",
    },
    Flag {
        long: "proxy",
        short: None,
        takes: Takes::Value("PROXY"),
        set: |args, value| keep(&mut args.proxy, Proxy::parse(value.as_bytes())),
        help: "Reach servers through PROXY. That is socks5://HOST:PORT, or http://HOST:PORT for \
               CONNECT, with USER:PASSWORD@ before HOST where it wants them; 1080 is the default \
               port. It looks up the names of servers, and leads to data connections, too. Without \
               this flag ftp_proxy, then all_proxy name one; direct is none at all. Servers in \
               no_proxy are reached without any.",
    },
    Flag {
        long: "tls",
        short: None,
        takes: Takes::OneOf("", &words(&TLS)),
        set: |args, value| keep(&mut args.tls, one_of(value, &TLS)),
        help: "Explicit TLS on ftp:// URLs. The same as ftpes:// with require; try goes on \
               without it where the server has none.",
    },
    Flag {
        long: "cacert",
        short: None,
        takes: Takes::Value("FILE"),
        set: |args, value| keep(&mut args.cacert, file(value)),
        help: "Trust the authorities in FILE (PEM), no others. The certificate of a server may stand in \
               it, too.",
    },
    Flag {
        long: "crlfile",
        short: None,
        takes: Takes::Value("FILE"),
        set: |args, value| keep(&mut args.crlfile, file(value)),
        help: "Refuse certificates that the lists in FILE revoke. PEM or DER. Each authority up to the \
               trusted one must have a list there that is not out of date; with --insecure none is \
               looked at.",
    },
    Flag {
        long: "cert",
        short: None,
        takes: Takes::Value("FILE"),
        set: |args, value| keep(&mut args.cert, file(value)),
        help: "Show the server the certificate in FILE. PEM, with the chain.",
    },
    Flag {
        long: "key",
        short: None,
        takes: Takes::Value("FILE"),
        set: |args, value| keep(&mut args.key, file(value)),
        help: "The key of that certificate. PEM; without it the key is looked for in the file of \
               --cert.",
    },
    Flag {
        long: "insecure",
        short: Some('k'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.insecure),
        help: "Accept any certificate.",
    },
    Flag {
        long: "ipv4",
        short: Some('4'),
        takes: Takes::Nothing,
        set: |args, _| put(&mut args.family, Ok(Family::V4)),
        help: "Use IPv4 only. With a proxy, on the way to it.",
    },
    Flag {
        long: "ipv6",
        short: Some('6'),
        takes: Takes::Nothing,
        set: |args, _| put(&mut args.family, Ok(Family::V6)),
        help: "Use IPv6 only. With a proxy, on the way to it.",
    },
    Flag {
        long: "timeout",
        short: None,
        takes: Takes::Value("SECS"),
        set: |args, value| put(&mut args.timeout, timeout(value)),
        help: "Wait at most SECS for the server. This bounds each single wait, not the whole \
               run; fractions are allowed, the default is 30.",
    },
    Flag {
        long: "retries",
        short: None,
        takes: Takes::Value("N"),
        set: |args, value| put(&mut args.retries, count(value)),
        help: "Try N times to mend a broken transfer. Tries that bring bytes do not count; the \
               default is 3, 0 gives up at once.",
    },
    Flag {
        long: "keep-alive",
        short: None,
        takes: Takes::Value("SECS"),
        set: |args, value| keep(&mut args.keep_alive, timeout(value)),
        help: "Send NOOP during transfers, every SECS. For firewalls that drop a control connection on which nothing is said; some servers answer it late or never, which is allowed for.",
    },
    Flag {
        long: "limit-rate",
        short: None,
        takes: Takes::Value("BYTES"),
        set: |args, value| put(&mut args.limit_rate, bytes_a_second(value)),
        help: "Move at most BYTES a second. All connections together; k, m and g are powers of 1024, \
               0 is no limit.",
    },
    Flag {
        long: "min-rate",
        short: None,
        takes: Takes::Value("BYTES"),
        set: |args, value| put(&mut args.min_rate, bytes_a_second(value)),
        help: "Break off below BYTES a second. That is the average over 30 s of waiting for the server; \
               the connection counts as broken, and is mended. 0, the default, bears any.",
    },
    Flag {
        long: "parallel",
        short: Some('P'),
        takes: Takes::Value("N"),
        set: |args, value| put(&mut args.parallel, lanes(value)),
        help: "Work on N files at once. Over as many connections; where the server allows fewer, \
               fewer do. What goes to stdout keeps its order.",
    },
    Flag {
        long: "quote",
        short: None,
        takes: Takes::Value("CMD"),
        set: |args, value| command(value).map(|cmd| args.quote.push(cmd)),
        help: "Send CMD after login. It goes out as typed; may be given several times.",
    },
    Flag {
        long: "no-size-check",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_size_check),
        help: "Accept a file whatever size the server reports. For servers that keep records and \
               count other bytes than they send. A transfer that was cut short is then noticed only \
               if the server says so.",
    },
    Flag {
        long: "no-pipeline",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.no_pipeline),
        help: "Send one command at a time.",
    },
    Flag {
        long: "files-from",
        short: Some('T'),
        takes: Takes::Value("FILE"),
        set: |args, value| keep(&mut args.files_from, file(value)),
        help: "Read operands from FILE, one a line. - is stdin.",
    },
    Flag {
        long: "null",
        short: Some('0'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.null),
        help: "The list of -T is separated by NUL.",
    },
    Flag {
        long: "base",
        short: None,
        takes: Takes::Value("URL"),
        set: |args, value| keep(&mut args.base, base(value)),
        help: "The list of -T holds names below URL. They are taken as they are, without %XX and \
               wild cards.",
    },
    Flag {
        long: "progress",
        short: None,
        takes: Takes::OneOf("", &words(&When::CHOICES)),
        set: |args, value| put(&mut args.progress, one_of(value, &When::CHOICES)),
        help: "Show how far transfers are, on stderr. With auto, which is the default, by a bar for each connection when \
               stderr is a terminal and no data go to stdout, or to a file there; always writes a line a second where it is none. \
               SIGUSR1 asks for one line in any case.",
    },
    Flag {
        long: "json",
        short: None,
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.json),
        help: "Print a JSON object for each file on stdout. One a line, with url, path, bytes, seconds, status (done, skipped \
               or failed), error and checksum.",
    },
    Flag {
        long: "quiet",
        short: Some('q'),
        takes: Takes::Nothing,
        set: |args, _| on(&mut args.quiet),
        help: "Print no messages; the exit code tells.",
    },
    Flag {
        long: "verbose",
        short: Some('v'),
        takes: Takes::Nothing,
        set: |args, _| {
            args.verbose = args.verbose.saturating_add(1);
            Ok(())
        },
        help: "Say what is done; -vv traces the protocol. On stderr, with secrets masked.",
    },
];
