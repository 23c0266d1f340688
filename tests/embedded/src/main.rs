//! `embedded-ftpd ROOT [ADDRESS]`: a real FTP server (libunftp) for tests where only cargo is at hand.
//!
//! It serves the folder ROOT on a free port of ADDRESS (127.0.0.1), prints that port as one line, and ends when
//! its stdin closes, so it cannot outlive the test that started it. It offers no TLS, since libunftp 0.24
//! reads what follows `AUTH TLS` as a command in one login of twenty. It is no server for anything but
//! tests: the password is in the source.

use std::{
    env,
    io::Write,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
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

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let (root, address) = told(&env::args().skip(1).collect::<Vec<_>>())?;
    let listener = TcpListener::bind((address, 0)).await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    tokio::select! {
        ended = accept(listener, root) => ended,
        closed = stdin_closed() => closed,
    }
}

fn told(args: &[String]) -> Result<(PathBuf, IpAddr)> {
    let (root, address) = match args {
        [root] => (root, "127.0.0.1"),
        [root, address] => (root, address.as_str()),
        _ => bail!("usage: embedded-ftpd ROOT [ADDRESS]"),
    };
    ensure!(Path::new(root).is_dir(), "{root}: not a directory");
    Ok((root.into(), address.parse().with_context(|| address.to_owned())?))
}

async fn stdin_closed() -> Result<()> {
    let mut nothing = [0; 64];
    while tokio::io::stdin().read(&mut nothing).await? > 0 {}
    Ok(())
}

async fn accept(listener: TcpListener, root: PathBuf) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let root = root.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, root).await {
                let _ = writeln!(std::io::stderr(), "embedded-ftpd: {error:#}");
            }
        });
    }
}

/// Serves one control connection. libunftp's own `listen` wants a fixed port, which two test runs
/// would fight over; with `service` the listener is ours and the port is the system's choice.
async fn serve(stream: TcpStream, root: PathBuf) -> Result<()> {
    // The generator cannot report an error, so the folder is opened (and judged) before it.
    Filesystem::new(&root).with_context(|| root.display().to_string())?;
    let open = move || match Filesystem::new(&root) {
        Ok(files) => files,
        Err(error) => panic!("{}: {error}", root.display()),
    };
    ServerBuilder::with_authenticator(Box::new(open), Arc::new(OneUser))
        .active_passive_mode(ActivePassiveMode::ActiveAndPassive)
        .binder(AnyPort)
        .build()?
        .service(stream)
        .await?;
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
