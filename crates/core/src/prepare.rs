//! From what was typed to what a run works with: the environment and the files that the command
//! line names are read here, once, before any server is talked to.
//!
//! An error that is a `Failure` is one of a file, with an exit code of its own; any other means that
//! the command line is wrong.

mod proxies;

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};

use crate::ask;
use crate::charset::Charset;
use crate::cli::{
    HostFlags, OPTIONS, SessionArgs, effective_charset, flags_of, read_hosts, split_list,
};
use crate::ending::Ending;
use crate::error::{Cause, Failure};
use crate::netrc;
use crate::rate::Rate;
use crate::report::Report;
use crate::secret::Secret;
use crate::servers::Servers;
use crate::sys;
use crate::url::{Address, Origin, Scheme, Target};
use crate::waits::Waits;
use crate::wire::{Access, Credentials, Names, TlsOptions, TlsPolicy, TlsTrust, Trace};

/// Most bytes read from a list of operands.
const MAX_LIST: u64 = 1 << 30;

/// Most bytes read from a netrc or password file, or the one with the hosts' flags.
const MAX_PRIVATE: u64 = 1 << 20;

/// Names the factor by which tests make the fixed waits shorter.
const TEST_PACE: &str = "FTP_TOOLS_TEST_PACE";

/// The charset of a run: `--encoding`, else `FTP_ENCODING`.
///
/// # Errors
/// An unknown label.
pub fn charset(args: &SessionArgs) -> anyhow::Result<Charset> {
    Ok(effective_charset(args, env::var_os("FTP_ENCODING").as_deref())?)
}

/// A report that speaks as loud as the flags say.
pub fn report(tool: &'static str, args: &SessionArgs, charset: Charset) -> Report {
    let report = Report::new(tool, charset, args.quiet, args.verbose > 0).with_json(args.json);
    if args.insecure {
        report.done("--insecure: whoever answers is taken for the server");
    }
    if from_env(OPTIONS).is_some() {
        report.done(&format!("{OPTIONS} is set: its flags come first"));
    }
    report
}

/// An operand of the command line or of a list.
#[derive(Clone, Debug)]
pub struct Operand {
    /// What it addresses.
    pub address: Address,
    /// For an item of a list with `--base`: the path below it, the server's bytes, so that a tree
    /// can be rebuilt from it.
    pub below: Option<Vec<u8>>,
}

/// The operands of a run as addresses: those of the command line, then those of the list that
/// `-T` names, below `--base` where there is one.
///
/// # Errors
/// Anything that is no URL, an empty line in the list, or a list that cannot be read.
pub fn operands(
    args: &SessionArgs,
    typed: &[OsString],
    charset: Charset,
) -> anyhow::Result<Vec<Operand>> {
    one_use_of_stdin(args, false)?;
    let hosts = hosts()?;
    let at = |url: &[u8]| match Address::parse(url, Charset::Bytes, false) {
        Ok(address) if !hosts.is_empty() => charset_at(args, charset, &hosts, &address.origin.host),
        _ => charset,
    };
    let mut found = Vec::new();
    for operand in typed {
        let charset = at(operand.as_bytes());
        found.push(Operand { address: address(args, operand.as_bytes(), charset)?, below: None });
    }
    let base_charset = args.base.as_deref().map_or(charset, at);
    let base = args.base.as_deref().map(|base| place(base, base_charset)).transpose()?;
    for name in listed(args)? {
        found.push(match &base {
            Some(base) => {
                let address = base.below(&name, base_charset)?;
                Operand { address, below: base_charset.encode(&name).ok() }
            }
            None => Operand { address: address(args, &name, at(&name))?, below: None },
        });
    }
    Ok(found)
}

fn address(args: &SessionArgs, typed: &[u8], charset: Charset) -> anyhow::Result<Address> {
    Ok(Address::parse(typed, charset, !args.no_glob)?)
}

/// One URL in which wild cards mean nothing: a destination, or the base of a list.
///
/// # Errors
/// Anything that is no URL.
pub fn place(typed: &[u8], charset: Charset) -> anyhow::Result<Address> {
    let address = Address::parse(typed, charset, false)?;
    let unread = matches!(address.target, Target::Unread(_));
    ensure!(!unread, "a place for files needs a named --encoding, auto cannot tell it beforehand");
    Ok(address)
}

/// The items of the list that `-T` names.
///
/// # Errors
/// A list that cannot be read, or one with an empty item.
pub fn listed(args: &SessionArgs) -> anyhow::Result<Vec<Vec<u8>>> {
    let Some(file) = &args.files_from else { return Ok(Vec::new()) };
    let list = read(file, MAX_LIST).map_err(|error| unreadable(file, error))?;
    split_list(&list, args.null)
        .map(|item| item.map(<[u8]>::to_vec))
        .collect::<Result<_, _>>()
        .with_context(|| file.display().to_string())
}

fn unreadable(file: &Path, error: io::Error) -> Failure {
    Failure::new(file.as_os_str().as_bytes(), Cause::Local(error))
}

/// Reads a file whole, which must have less than `most` bytes; `-` is stdin.
fn read(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = match file.as_os_str().as_bytes() {
        b"-" => io::stdin().lock().take(most).read_to_end(&mut bytes)?,
        _ => File::open(file)?.take(most).read_to_end(&mut bytes)?,
    };
    if length as u64 == most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// A file that passwords stand in.
struct Private {
    text: Secret,
    /// Others than its owner may read or write it. Pipes have no such question.
    is_open: bool,
}

impl Private {
    fn read(file: &Path) -> io::Result<Self> {
        let text = Secret::new(read(file, MAX_PRIVATE)?);
        let found = (file != Path::new("-")).then(|| std::fs::metadata(file)).transpose()?;
        let is_open = found.is_some_and(|found| found.is_file() && found.mode() & 0o066 != 0);
        Ok(Self { text, is_open })
    }

    /// Why a password in it is not used.
    fn exposed(file: &Path) -> io::Error {
        let file = file.display();
        io::Error::other(format!("holds a password and is open to others: chmod 600 {file}"))
    }
}

/// Checks that stdin is wanted for one thing at most; `data` tells whether the tool itself reads it.
///
/// # Errors
/// Two things that would each get half of it.
pub fn one_use_of_stdin(args: &SessionArgs, data: bool) -> anyhow::Result<()> {
    let files = [&args.password_file, &args.netrc_file, &args.files_from];
    let named = files.iter().filter(|file| file.as_deref() == Some(Path::new("-"))).count();
    ensure!(named + usize::from(data) <= 1, "stdin can be read for one thing only");
    Ok(())
}

/// The servers of a run, none of them connected to yet. `origins` are those that will be needed:
/// certificates are read only where one of them may use TLS, and `report` is told which of them have flags of
/// their own.
///
/// # Errors
/// A certificate or password file that cannot be read, or a proxy that cannot be meant.
pub fn servers<'o>(
    args: &SessionArgs,
    charset: Charset,
    origins: impl IntoIterator<Item = &'o Origin>,
    report: &Report,
) -> anyhow::Result<Servers> {
    sys::seal();
    let (hosts, origins) = (hosts()?, origins.into_iter().collect::<Vec<_>>());
    let common = access(args, charset, &origins)?;
    let mut own: Vec<(String, Arc<Access>)> = Vec::new();
    for origin in &origins {
        let Some(line) = flags_of(&hosts, &origin.host) else { continue };
        if own.iter().any(|(host, _)| host.eq_ignore_ascii_case(&origin.host)) {
            continue;
        }
        report.done(&format!("{}: with the flags of {}", origin.shown(), line.place));
        let charset = charset_at(args, charset, &hosts, &origin.host);
        let its = access(&args.or_those_of_host(&line.args), charset, &[origin])?;
        // What the run counts and ends is one for all.
        let Access { rate, meter, ending, .. } = common.clone();
        own.push((origin.host.clone(), Arc::new(Access { rate, meter, ending, ..its })));
    }
    let credentials = Arc::new(logins(args, charset, hosts)?);
    Ok(Servers::new(Arc::new(common), credentials).with_own(own))
}

/// The charset at `host`: that of the run, unless nobody named one and the host's own flags do.
fn charset_at(args: &SessionArgs, charset: Charset, hosts: &[HostFlags], host: &str) -> Charset {
    let named = args.encoding.is_some() || from_env("FTP_ENCODING").is_some();
    let own = flags_of(hosts, host).and_then(|line| line.args.encoding);
    own.filter(|_| !named).unwrap_or(charset)
}

/// The charset at the host of a URL; that of the run where this is none.
///
/// # Errors
/// The file with the hosts' own flags cannot be read.
pub fn charset_of(args: &SessionArgs, url: &[u8]) -> anyhow::Result<Charset> {
    let charset = charset(args)?;
    Ok(match Address::parse(url, Charset::Bytes, false) {
        Ok(address) => charset_at(args, charset, &hosts()?, &address.origin.host),
        Err(_) => charset,
    })
}

/// The lines of `ftp-tools/hosts` in the directory for configuration; none where there is no such file.
fn hosts() -> anyhow::Result<Vec<HostFlags>> {
    let named = from_env("XDG_CONFIG_HOME").map(path_from).filter(|path| path.is_absolute());
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".config"));
    let Some(folder) = named.or_else(home) else { return Ok(Vec::new()) };
    let file = folder.join("ftp-tools/hosts");
    match read(&file, MAX_PRIVATE) {
        Ok(_) if others_may_write(&file) => Err(unreadable(&file, writable(&file)).into()),
        Ok(text) => Ok(read_hosts(&file.display().to_string(), &text)?),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Vec::new()),
            _ => Err(unreadable(&file, error).into()),
        },
    }
}

/// Whether another user may have written the file: it can switch the checks of TLS off, and send commands.
fn others_may_write(file: &Path) -> bool {
    let ours = sys::user();
    std::fs::metadata(file).is_ok_and(|found| {
        let is_strange = found.uid() != ours && found.uid() != 0;
        found.is_file() && (is_strange || found.mode() & 0o022 != 0)
    })
}

fn writable(file: &Path) -> io::Error {
    let file = file.display();
    io::Error::other(format!("others may write to this file: run chmod go-w {file}"))
}

fn access(args: &SessionArgs, charset: Charset, origins: &[&Origin]) -> anyhow::Result<Access> {
    let proxies = proxies::find(args, origins, from_env).map_err(anyhow::Error::msg)?;
    let tls = args.tls.unwrap_or_default();
    let secure = tls != TlsPolicy::Off || origins.iter().any(|origin| origin.scheme != Scheme::Ftp);
    let trust = if secure { Some(trust(args)?) } else { None };
    let access = Access {
        tls,
        trust,
        active: args.active.clone(),
        epsv: !args.no_epsv,
        trust_pasv: args.trust_pasv,
        proxies,
        names: Arc::new(Names::of(args.family)),
        timeout: args.timeout,
        waits: from_env(TEST_PACE).map(|pace| Waits::scaled(&pace)).unwrap_or_default(),
        keep_alive: args.keep_alive,
        rate: (args.limit_rate > 0).then(|| Arc::new(Rate::new(args.limit_rate))),
        min_rate: args.min_rate,
        meter: Arc::default(),
        checks_sizes: !args.no_size_check,
        retries: args.retries,
        ending: Ending::default(),
        pipeline: !args.no_pipeline,
        quotes: args.quote.clone(),
        charset,
        trace: Trace {
            on: args.verbose > 1 && !args.quiet,
            tells: args.verbose > 0 && !args.quiet,
        },
    };
    Ok(access)
}

fn trust(args: &SessionArgs) -> anyhow::Result<TlsTrust> {
    let identity = args.cert.clone().map(|cert| {
        let key = args.key.clone().unwrap_or_else(|| cert.clone());
        (cert, key)
    });
    let options = TlsOptions {
        authorities: args.cacert.clone(),
        revoked: args.crlfile.clone(),
        identity,
        insecure: args.insecure,
    };
    Ok(TlsTrust::load(&options).map_err(|cause| Failure::new(Vec::new(), cause))?)
}

/// What is known of logins before any URL is looked at.
struct Known {
    charset: Charset,
    /// From `--user`, with the flag's name, or from the environment.
    user: Option<(Vec<u8>, &'static str)>,
    password: Option<(Secret, &'static str)>,
    account: Option<Secret>,
    /// Who is who at which host.
    hosts: Vec<HostFlags>,
    /// The netrc file's name and content.
    netrc: Option<(PathBuf, Private)>,
}

/// Credentials come from the URL, flags, the environment and netrc, in this order, and are
/// anonymous in the end.
fn logins(
    args: &SessionArgs,
    charset: Charset,
    hosts: Vec<HostFlags>,
) -> anyhow::Result<impl Fn(&Origin) -> Result<Credentials, Cause> + use<>> {
    let password = match &args.password_file {
        Some(file) => {
            let Private { text, is_open } =
                Private::read(file).map_err(|error| unreadable(file, error))?;
            if is_open {
                return Err(unreadable(file, Private::exposed(file)).into());
            }
            let line = text.expose().split(|&b| b == b'\n').next().unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            Some((Secret::new(line.to_vec()), "--password-file"))
        }
        None if args.ask_password => {
            let typed =
                ask::password().map_err(|error| unreadable(Path::new("/dev/tty"), error))?;
            Some((typed, "--ask-password"))
        }
        None => from_env("FTP_PASSWORD").map(|text| (Secret::new(text), "FTP_PASSWORD")),
    };
    let user = match &args.user {
        Some(user) => Some((user.clone(), "--user")),
        None => from_env("FTP_USER").map(|user| (user, "FTP_USER")),
    };
    let (account, netrc) = (args.account.clone(), netrc_text(args)?);
    let known = Known { charset, user, password, account, hosts, netrc };
    Ok(move |origin: &Origin| known.find(origin))
}

fn from_env(name: &str) -> Option<Vec<u8>> {
    env::var_os(name).filter(|value| !value.is_empty()).map(OsString::into_vec)
}

/// A netrc file that the user named must be there; the one in the home directory need not.
fn netrc_text(args: &SessionArgs) -> anyhow::Result<Option<(PathBuf, Private)>> {
    if args.no_netrc {
        return Ok(None);
    }
    let named = args.netrc_file.clone().or_else(|| from_env("NETRC").map(path_from));
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".netrc"));
    let Some(file) = named.clone().or_else(home) else { return Ok(None) };
    match Private::read(&file) {
        Ok(text) => Ok(Some((file, text))),
        Err(error) if named.is_some() => Err(unreadable(&file, error).into()),
        // Nobody asked for the one in HOME, which may be /dev/null.
        Err(_) => Ok(None),
    }
}

fn path_from(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes))
}

impl Known {
    fn find(&self, origin: &Origin) -> Result<Credentials, Cause> {
        let own = flags_of(&self.hosts, &origin.host).and_then(|line| line.args.user.as_ref());
        let named = self.user.as_ref().map(|(user, from)| (user, *from));
        let typed = named.or_else(|| own.map(|user| (user, "the hosts file")));
        let typed = typed.map(|(user, from)| Ok::<_, Cause>((self.wire(user)?, from)));
        let user = match &origin.user {
            Some(user) => Some((user.clone(), "the URL")),
            None => typed.transpose()?,
        };
        let entry = self.netrc.as_ref().and_then(|(file, text)| {
            let wanted = user.as_ref().map(|(user, _)| user.as_slice());
            let login = netrc::lookup(text.text.expose(), &origin.host, wanted)?;
            Some((file, text.is_open, login))
        });
        let in_netrc = entry.as_ref().map(|(.., login)| login.clone()).unwrap_or_default();
        let account = self.account.clone().or(in_netrc.account);
        let password = match (&origin.password, &self.password) {
            (Some(password), _) => Some((password.clone(), "the URL".to_owned())),
            (None, Some((password, from))) if user.is_some() => {
                Some((password.clone(), (*from).to_owned()))
            }
            _ => in_netrc.password.zip(entry.as_ref().map(|(file, ..)| file.display().to_string())),
        };
        let is_from_netrc =
            origin.password.is_none() && (self.password.is_none() || user.is_none());
        let user = user.map(|(user, _)| user).or(in_netrc.login);
        let is_secret = password.is_some() && user.as_ref().is_some_and(|user| !is_anonymous(user));
        if let Some((file, true, _)) = entry.filter(|_| is_from_netrc && is_secret) {
            let why = format!("{} {}", file.display(), Private::exposed(file));
            return Err(Cause::Local(io::Error::other(why)));
        }
        match (user, password) {
            (Some(user), Some((password, source))) => safe(user, password, account, source),
            (Some(user), None) if !is_anonymous(&user) => Err(Cause::NoPassword(user)),
            (user, _) => Ok(Credentials {
                source: self.why_anonymous(user.is_some()),
                user: user.unwrap_or_else(|| b"anonymous".to_vec()),
                password: Secret::new(b"anonymous@example.com".to_vec()),
                account,
            }),
        }
    }

    fn why_anonymous(&self, is_typed: bool) -> String {
        match &self.password {
            _ if is_typed => "with an address as the password".to_owned(),
            None => "since no user was given; --user, FTP_USER or ~/.netrc names one".to_owned(),
            Some((_, from)) => {
                format!("since {from} came without a user; --user or FTP_USER names one")
            }
        }
    }

    fn wire(&self, user: &[u8]) -> Result<Vec<u8>, Cause> {
        self.charset.encode(user).map_err(|bad| Cause::Operand(bad.to_string()))
    }
}

fn is_anonymous(user: &[u8]) -> bool {
    user.eq_ignore_ascii_case(b"anonymous") || user.eq_ignore_ascii_case(b"ftp")
}

/// Nothing with a line end in it may reach a command line, wherever it came from.
fn safe(
    user: Vec<u8>,
    password: Secret,
    account: Option<Secret>,
    source: String,
) -> Result<Credentials, Cause> {
    let unsafe_in = |bytes: &[u8]| bytes.iter().any(|b| matches!(b, 0 | b'\r' | b'\n'));
    let in_account = account.as_ref().is_some_and(|account| unsafe_in(account.expose()));
    if unsafe_in(&user) || unsafe_in(password.expose()) || in_account {
        return Err(Cause::Operand(format!("a line end or NUL in the login from {source}")));
    }
    Ok(Credentials { user, password, account, source: format!("password from {source}") })
}
