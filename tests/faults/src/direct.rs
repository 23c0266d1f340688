//! Two servers under TLS of which one plays the client by CPSV: ftp-pipe has them send to each other.
//! Data connections are between the scripted servers, in the clear; TLS is on the control connections,
//! which is what the tool sees.

use std::net::SocketAddr;
use std::path::Path;

use harness::{Invocation, Scratch, Server, run};

use crate::play::Ground;
use servers::between::Proxy;

/// A destination that takes no foreign address and knows CPSV.
const SINK: &str = "\
> 220 ready
<~ USER *
> 331 password, please
<~ PASS *
> 230 logged in
< NOOP
> 200 PBSZ
< NOOP
> 200 PROT
< TYPE I
> 200 binary
< SIZE b
> 550 none
< MDTM b
> 550 none
< FEAT
> 211-Features:
>  CPSV
>  SIZE
> 211 End
<~ PORT *
> 500 not there
< CPSV
> {pasv}
< STOR b
> 150 send it
data recv
data expects repeat 300000 \"x\"
> 226 done
< SIZE b
> 213 300000
";

/// Plays it.
///
/// # Errors
/// What was not as it should be.
pub fn play(ground: &Ground) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let mut source = Server::auto("file a repeat 300000 \"x\"").map_err(|e| e.to_string())?;
    let mut sink = Server::scripted(&[SINK]).map_err(|e| e.to_string())?;
    let guised =
        |address: SocketAddr| Proxy::before(address, ground.guise.clone()).map(|proxy| proxy.url());
    let urls = [
        format!("{}/a", guised(source.address()).map_err(text)?),
        format!("{}/b", guised(sink.address()).map_err(text)?),
    ];
    let flags = ["-v", "--fxp=always", "--cacert"].map(str::to_owned);
    let words = flags.into_iter().chain([ground.ca.display().to_string()]).chain(urls);
    let scratch = Scratch::new().map_err(text)?;
    let program: &Path = &ground.built.join("ftp-pipe");
    let ran = run(program, &Invocation::new(words), &scratch).map_err(|e| e.to_string())?;
    source.stop();
    sink.stop();
    let said = ran.stderr.escape_ascii().to_string();
    let seen = sink.transcript().commands().join(&b" | "[..]).escape_ascii().to_string();
    match ran.status.success() && said.contains("server to server") {
        true => Ok(()),
        false => Err(format!("{}: {said}; the destination saw {seen}", ran.status)),
    }
}
