//! Plays a scripted control connection: says what the script says, and insists on seeing what
//! it must see. The script itself is read by `script`.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use crate::control::{Control, Incoming};
use crate::door::Door;
use crate::net;
use crate::script::{Action, Manner, Step, Wanted};
use crate::text::{Content, Text, Vars, fits, show};

/// How long a `<?` line is waited for: on loopback what was sent is long there.
const MAYBE: Duration = Duration::from_millis(250);

/// Variables that announce a data port: a line that uses one opens a new door.
const DOORS: &[&str] = &["epsv", "pasv", "port", "hi", "lo", "pasv_port"];

/// Why a dialogue stopped before its last step.
enum Stop {
    /// The script closed or reset the connection.
    Ended,
    /// The client did something else; the sentence says what.
    Wrong(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl From<String> for Stop {
    fn from(error: String) -> Self {
        Self::Wrong(error)
    }
}

struct Player<'v> {
    control: Option<Control>,
    vars: &'v Vars,
    door: Option<Door>,
    announced: Vars,
    data: Option<TcpStream>,
    received: Vec<u8>,
}

/// Plays `steps` on `control`; what goes wrong becomes a problem in the transcript.
pub fn play(control: Control, steps: &[Step], vars: &Vars) {
    let mut player = Player {
        control: Some(control),
        vars,
        door: None,
        announced: Vars::new(),
        data: None,
        received: Vec::new(),
    };
    let outcome = player.steps(steps).and_then(|()| player.part());
    if let (Err(Stop::Wrong(why)), Some(control)) = (outcome, &player.control) {
        control.problem(why);
    }
}

impl Player<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), Stop> {
        for step in steps {
            self.step(step).map_err(|stop| match stop {
                Stop::Wrong(why) => Stop::Wrong(step.line.blame(why)),
                Stop::Ended => Stop::Ended,
            })?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match &step.action {
            Action::Say(text, manner) => self.say(text, *manner)?,
            Action::See(wanted) => self.see(wanted)?,
            Action::MaybeSee(wanted, below) => self.maybe_see(wanted, below)?,
            Action::DataDead => self.announce(Door::dead()?)?,
            Action::DataHole => self.announce(Door::hole()?)?,
            Action::DataSend(content) => self.data_send(content)?,
            Action::DataRecv(count) => self.data_recv(*count)?,
            Action::DataExpects(content) => self.data_expects(content)?,
            Action::DataClose => drop(self.data_taken()?),
            Action::DataReset => net::reset(self.data_taken()?),
            Action::Pause(time) => sleep(*time),
            Action::Close => self.end(Control::close)?,
            Action::Reset => self.end(Control::reset)?,
            Action::Stall => self.stall()?,
        }
        Ok(())
    }

    fn control(&mut self) -> Result<&mut Control, Stop> {
        self.control.as_mut().ok_or(Stop::Ended)
    }

    fn end(&mut self, how: impl FnOnce(Control)) -> Result<(), Stop> {
        self.control.take().map(how);
        Err(Stop::Ended)
    }

    fn stall(&mut self) -> Result<(), Stop> {
        let control = self.control()?;
        control.note("says nothing more");
        while !control.gone() && !control.bounds().stopped() {}
        Err(Stop::Ended)
    }

    fn say(&mut self, text: &Text, manner: Manner) -> Result<(), Stop> {
        if text.uses(DOORS) && self.announced.is_empty() {
            self.announce(Door::listen()?)?;
        }
        let mut vars = self.vars.clone();
        if text.uses(DOORS) {
            vars.append(&mut self.announced);
        }
        let mut bytes = text.fill(&vars)?;
        if manner != Manner::Raw {
            bytes.extend_from_slice(b"\r\n");
        }
        match manner {
            Manner::ByteByByte => self.control()?.say_slowly(&bytes)?,
            Manner::Line | Manner::Raw => self.control()?.say(&bytes)?,
        }
        Ok(())
    }

    fn announce(&mut self, door: Door) -> Result<(), Stop> {
        self.announced = door.vars()?;
        self.door = Some(door);
        Ok(())
    }

    fn see(&mut self, wanted: &Wanted) -> Result<(), Stop> {
        match self.control()?.line() {
            Incoming::Line(line) if self.is(wanted, &line)? => {
                self.saw(&line);
                Ok(())
            }
            Incoming::Line(line) => Err(format!("the client sent `{}`", show(&line)).into()),
            Incoming::Closed => Err("the client closed the connection".to_owned().into()),
            Incoming::Silence => Err("the client sent nothing".to_owned().into()),
        }
    }

    fn maybe_see(&mut self, wanted: &Wanted, below: &[Step]) -> Result<(), Stop> {
        match self.control()?.peek(MAYBE) {
            Some(line) if self.is(wanted, &line)? => {
                self.control()?.line();
                self.saw(&line);
                self.steps(below)
            }
            _ => Ok(()),
        }
    }

    fn is(&self, wanted: &Wanted, line: &[u8]) -> Result<bool, Stop> {
        let text = wanted.text.fill(self.vars)?;
        Ok(if wanted.pattern { fits(&text, line) } else { text == line })
    }

    fn saw(&mut self, line: &[u8]) {
        self.door = Door::announced(line).or(self.door.take());
    }

    /// The data connection, made to stand if it does not yet.
    fn data(&mut self) -> Result<&mut TcpStream, Stop> {
        if self.data.is_none() {
            let door = self.door.take().ok_or("no data port was announced".to_owned())?;
            self.received.clear();
            self.data = Some(door.open(self.control()?).map_err(|e| format!("data: {e}"))?);
        }
        self.data.as_mut().ok_or(Stop::Ended)
    }

    fn data_taken(&mut self) -> Result<TcpStream, Stop> {
        self.data()?;
        self.data.take().ok_or(Stop::Ended)
    }

    fn data_send(&mut self, content: &Content) -> Result<(), Stop> {
        let bytes = content.fill(self.vars)?;
        self.data()?.write_all(&bytes)?;
        self.control()?.note(format!("data sent: {} bytes", bytes.len()));
        Ok(())
    }

    fn data_recv(&mut self, count: Option<u64>) -> Result<(), Stop> {
        let mut received = Vec::new();
        self.data()?.take(count.unwrap_or(u64::MAX)).read_to_end(&mut received)?;
        self.received.append(&mut received);
        let note = format!("data received: {} bytes", self.received.len());
        self.control()?.note(note);
        Ok(())
    }

    fn data_expects(&mut self, content: &Content) -> Result<(), Stop> {
        let wanted = content.fill(self.vars)?;
        if wanted == self.received {
            return Ok(());
        }
        Err(format!("the data received was \"{}\"", show(&self.received)).into())
    }

    /// After the last step only QUIT or the end may come; what else comes was not scripted.
    fn part(&mut self) -> Result<(), Stop> {
        loop {
            match self.control()?.line() {
                Incoming::Line(line) if line.eq_ignore_ascii_case(b"QUIT") => {
                    let _ = self.control()?.say(b"221 Goodbye\r\n");
                }
                Incoming::Line(line) => {
                    return Err(format!("after the last step came `{}`", show(&line)).into());
                }
                Incoming::Closed => return Ok(()),
                Incoming::Silence => return Ok(()),
            }
        }
    }
}
