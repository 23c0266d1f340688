//! A server that answers as FTP wants it, but for what an attack does in its place: it may say, send and flood as
//! it likes, which the scripted server's language has no words for.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an attack does with a command line; `false` leaves it to the server. The first line is empty: it
/// stands for the connection, which wants a greeting.
pub type Answer = dyn Fn(&mut Talk, &str) -> io::Result<bool> + Send + Sync;

/// One control connection.
pub struct Talk {
    pub control: TcpStream,
    listener: Option<TcpListener>,
    /// Where the client waits for us, in active mode.
    pub client: Option<SocketAddr>,
}

/// Serves for as long as this process lives.
pub fn serve(
    answer: impl Fn(&mut Talk, &str) -> io::Result<bool> + Send + Sync + 'static,
) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let answer: Arc<Answer> = Arc::new(answer);
    thread::spawn(move || {
        for control in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || talk(control, &*answer));
        }
    });
    Ok(address)
}

fn talk(control: TcpStream, answer: &Answer) -> io::Result<()> {
    control.set_read_timeout(Some(PATIENCE))?;
    control.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(control.try_clone()?);
    let mut talk = Talk { control, listener: None, client: None };
    let mut line = String::new();
    loop {
        if !answer(&mut talk, line.trim_end())? {
            talk.properly(line.trim_end())?;
        }
        line.clear();
        let mut bytes = Vec::new();
        if lines.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        line.push_str(&String::from_utf8_lossy(&bytes));
    }
}

impl Talk {
    /// Says a line.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.control.write_all(format!("{text}\r\n").as_bytes())
    }

    /// Says `piece` over and over, `count` times or until nobody listens.
    pub fn flood(&mut self, piece: &[u8], count: usize) -> io::Result<()> {
        flood(&mut self.control, piece, count)
    }

    /// The data connection, once the client has made it or waits for it.
    pub fn data(&mut self) -> io::Result<TcpStream> {
        let data = match (&self.listener, self.client) {
            (Some(listener), _) => listener.accept()?.0,
            (None, Some(client)) => TcpStream::connect(client)?,
            (None, None) => return Err(io::ErrorKind::NotConnected.into()),
        };
        data.set_write_timeout(Some(PATIENCE))?;
        Ok(data)
    }

    /// A transfer from here to there, of `piece` over and over.
    pub fn send(&mut self, piece: &[u8], count: usize) -> io::Result<()> {
        self.say("150 here it comes")?;
        let sent = self.data().and_then(|mut data| flood(&mut data, piece, count));
        self.say(if sent.is_ok() { "226 done" } else { "426 broken" })
    }

    /// A listing of `count` entries by MLSD, each of a name of 60 bytes, in no order. Where there is a `first`,
    /// it stands before them.
    pub fn list(&mut self, first: &str, count: u64) -> io::Result<()> {
        self.say("150 here it comes")?;
        let sent = self.data().and_then(|mut data| entries(&mut data, first, count));
        self.say(if sent.is_ok() { "226 done" } else { "426 broken" })
    }

    fn properly(&mut self, line: &str) -> io::Result<()> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "" => self.say("220 ready"),
            "USER" => self.say("331 password"),
            "PASS" => self.say("230 in"),
            "TYPE" | "OPTS" | "PBSZ" | "PROT" | "NOOP" => self.say("200 fine"),
            "FEAT" => self.say("211-Features\r\n MLST type*;size*;\r\n211 End"),
            "PWD" => self.say("257 \"/\""),
            "CWD" => self.say("250 there"),
            "MLST" => self.say(&format!("250-\r\n type=dir; {argument}\r\n250 End")),
            "QUIT" => self.say("221 bye"),
            "EPSV" => {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                let port = listener.local_addr()?.port();
                self.listener = Some(listener);
                self.say(&format!("229 go (|||{port}|)"))
            }
            "PORT" => {
                self.client = address(argument);
                self.say("200 fine")
            }
            _ => self.say("500 unknown"),
        }
    }
}

fn entries(to: &mut TcpStream, first: &str, count: u64) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(256 * 1024, to);
    to.write_all(first.as_bytes())?;
    for number in 0..count {
        let mixed = number.wrapping_mul(2_654_435_761) % 4_294_967_296;
        write!(to, "type=file;size={number};modify=20240102030405;UNIX.owner=somebody; ")?;
        write!(to, "n{mixed:010}-{:-<48}\r\n", "a-long-name-for-a-file")?;
    }
    to.flush()
}

/// Writes `piece` over and over, many at once.
pub fn flood(to: &mut TcpStream, piece: &[u8], count: usize) -> io::Result<()> {
    let at_once = (256 * 1024 / piece.len().max(1)).max(1);
    let block = piece.repeat(at_once);
    let mut left = count;
    while left > 0 {
        let now = left.min(at_once);
        to.write_all(block.get(..now * piece.len()).unwrap_or(&block))?;
        left -= now;
    }
    Ok(())
}

fn address(argument: &str) -> Option<SocketAddr> {
    let numbers: Vec<u8> = argument.split(',').filter_map(|n| n.parse().ok()).collect();
    match numbers[..] {
        [a, b, c, d, high, low] => Some(([a, b, c, d], u16::from_be_bytes([high, low])).into()),
        _ => None,
    }
}
