//! `embedded-ftpd ROOT [CERT KEY]`: a real FTP server (libunftp) for tests where only cargo is at hand.
//!
//! It serves the folder ROOT on a free port of 127.0.0.1, prints that port as one line, and ends when
//! its stdin closes, so it cannot outlive the test that started it. With CERT and KEY (PEM files) it
//! offers `AUTH TLS` too. It is no server for anything but tests: the password is in the source.

use std::{
    env,
    io::Write,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use libunftp::{
    ServerBuilder,
    options::{ActivePassiveMode, Binder},
};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpSocket, TcpStream},
};
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};
use unftp_sbe_fs::Filesystem;

const USER: &str = "test";
const PASSWORD: &str = "secret";

/// What the command line asked for.
struct Offer {
    root: PathBuf,
    tls: Option<(PathBuf, PathBuf)>,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let offer = Arc::new(offer(env::args_os().skip(1).map(PathBuf::from).collect())?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    tokio::select! {
        ended = accept(listener, offer) => ended,
        closed = stdin_closed() => closed,
    }
}

fn offer(args: Vec<PathBuf>) -> Result<Offer> {
    let (root, tls) = match args.as_slice() {
        [root] => (root, None),
        [root, cert, key] => (root, Some((cert.clone(), key.clone()))),
        _ => bail!("usage: embedded-ftpd ROOT [CERT KEY]"),
    };
    if !root.is_dir() {
        bail!("{}: not a directory", root.display());
    }
    Ok(Offer { root: root.clone(), tls })
}

async fn stdin_closed() -> Result<()> {
    let mut nothing = [0; 64];
    while tokio::io::stdin().read(&mut nothing).await? > 0 {}
    Ok(())
}

async fn accept(listener: TcpListener, offer: Arc<Offer>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let offer = Arc::clone(&offer);
        tokio::spawn(async move {
            if let Err(error) = serve(stream, &offer).await {
                let _ = writeln!(std::io::stderr(), "embedded-ftpd: {error:#}");
            }
        });
    }
}

/// Serves one control connection. libunftp's own `listen` wants a fixed port, which two test runs
/// would fight over; with `service` the listener is ours and the port is the system's choice.
async fn serve(stream: TcpStream, offer: &Offer) -> Result<()> {
    let root = offer.root.clone();
    // The generator cannot report an error, so the folder is opened (and judged) before it.
    Filesystem::new(&root).with_context(|| root.display().to_string())?;
    let open = move || match Filesystem::new(&root) {
        Ok(files) => files,
        Err(error) => panic!("{}: {error}", root.display()),
    };
    let mut server = ServerBuilder::with_authenticator(Box::new(open), Arc::new(OneUser))
        .active_passive_mode(ActivePassiveMode::ActiveAndPassive)
        .binder(AnyPort);
    if let Some((cert, key)) = &offer.tls {
        server = server.ftps(cert, key);
    }
    server.build()?.service(stream).await?;
    Ok(())
}

/// Knows one user; everybody else, anonymous included, is refused.
#[derive(Debug)]
struct OneUser;

#[async_trait]
impl Authenticator for OneUser {
    async fn authenticate(
        &self,
        username: &str,
        creds: &Credentials,
    ) -> Result<Principal, AuthenticationError> {
        if username == USER && creds.password.as_deref() == Some(PASSWORD) {
            return Ok(Principal { username: username.to_owned() });
        }
        Err(AuthenticationError::BadPassword)
    }
}

/// Binds data connections to the address of the control connection and a port of the system's choice:
/// libunftp's own choice is random, with ten tries, which fails when many tests run at once.
#[derive(Debug)]
struct AnyPort;

#[async_trait]
impl Binder for AnyPort {
    async fn bind(
        &mut self,
        local: IpAddr,
        _passive_ports: RangeInclusive<u16>,
    ) -> std::io::Result<TcpSocket> {
        let socket = if local.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.bind(SocketAddr::new(local, 0))?;
        Ok(socket)
    }
}
