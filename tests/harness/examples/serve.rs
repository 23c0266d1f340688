//! Runs a built-in server by hand: `cargo run -p harness --example serve -- FILE`, where FILE
//! holds the lines of an `auto:` block. It prints its address, serves until stdin ends, and then
//! prints what it said and saw.

use std::io::{self, Read, Write};

use harness::Server;

fn main() -> io::Result<()> {
    let file = std::env::args().nth(1).ok_or(io::Error::other("usage: serve FILE"))?;
    let mut server = Server::auto(&std::fs::read_to_string(file)?).map_err(io::Error::other)?;
    writeln!(io::stdout(), "{}", server.address())?;
    io::stdin().read_to_end(&mut Vec::new())?;
    server.stop();
    write!(io::stdout(), "{}", server.transcript())
}
