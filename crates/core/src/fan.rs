//! One source, several sinks: bytes are read once and written to all. Where all ends are plain they
//! stay inside the kernel, and tee(2) gives each sink the same pages. A sink that breaks is left out
//! from then on; the slowest one that is left sets the pace.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use crate::copy::{CopyError, End, ReadWrite, Side, copy, look_ahead};
use crate::flow::Flow;
use crate::sys::{self, Descriptor, Fast, Pipe};

/// Bytes written at once that did not go through the kernel's own ways.
const BUFFER: usize = 128 * 1024;

/// One of the sinks.
struct Branch<'a> {
    end: End<'a>,
    /// How it broke, if it did.
    broken: Option<io::Error>,
}

/// The sinks of one copy.
pub struct Fan<'a>(Vec<Branch<'a>>);

impl<'a> Fan<'a> {
    /// To all of `ends`.
    pub fn new(ends: impl IntoIterator<Item = End<'a>>) -> Self {
        Self(ends.into_iter().map(|end| Branch { end, broken: None }).collect())
    }

    /// How each of them broke, in their order; `None` for those that did not.
    pub fn broken(self) -> Vec<Option<io::Error>> {
        self.0.into_iter().map(|branch| branch.broken).collect()
    }

    /// As [`copy`], to all of them. The sinks as a whole are broken when the last of them is.
    ///
    /// # Errors
    /// Those of [`copy`].
    pub fn copy(&mut self, source: End<'_>, flow: Flow<'_>) -> Result<u64, CopyError> {
        let mut moved = 0;
        if flow.is_unseen()
            && let End::Plain(from) = &source
            && self.is_plain(from)
            && let Ok(mut kernel) = Kernel::new(self.0.len())
        {
            match kernel.travel(from.as_fd(), self, (&mut moved, &flow)) {
                Ok(true) => return Ok(moved),
                Ok(false) => {}
                Err((side, error)) => return Err(CopyError { side, error, moved }),
            }
        }
        let rest = copy(source, End::Opaque(self), flow);
        rest.map(|rest| moved + rest)
            .map_err(|broken| CopyError { moved: moved + broken.moved, ..broken })
    }

    fn is_plain(&self, from: &BorrowedFd<'_>) -> bool {
        let socket = |fd: &BorrowedFd<'_>| sys::descriptor(fd) == Descriptor::Socket;
        let plain = |branch: &Branch<'_>| matches!(&branch.end, End::Plain(fd) if socket(fd));
        socket(from) && self.0.iter().all(plain)
    }

    fn living(&mut self) -> impl Iterator<Item = (usize, &mut Branch<'a>)> {
        self.0.iter_mut().enumerate().filter(|(_, branch)| branch.broken.is_none())
    }

    /// An error when none of them is left.
    fn alive(&self) -> io::Result<()> {
        let any = self.0.iter().any(|branch| branch.broken.is_none());
        if any { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }
}

impl Write for Fan<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (_, branch) in self.living() {
            branch.broken = branch.end.write_all(bytes).err();
        }
        self.alive().map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        for (_, branch) in self.living() {
            branch.broken = branch.end.flush().err();
        }
        self.alive()
    }
}

impl ReadWrite for Fan<'_> {}

impl Read for Fan<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// The pipes through which bytes go inside the kernel.
struct Kernel {
    /// What was read, for the last sink.
    trunk: Pipe,
    /// The same pages, for each of the others.
    twigs: Vec<Pipe>,
}

impl Kernel {
    fn new(sinks: usize) -> io::Result<Self> {
        let twigs = (1..sinks).map(|_| Pipe::new()).collect::<Result<_, _>>()?;
        Ok(Self { trunk: Pipe::new()?, twigs })
    }

    /// Until the source ends; `false` where the kernel cannot go on, and nothing is lost.
    fn travel(
        &mut self,
        from: BorrowedFd<'_>,
        fan: &mut Fan<'_>,
        (moved, flow): (&mut u64, &Flow<'_>),
    ) -> Result<bool, (Side, io::Error)> {
        loop {
            let stride = flow.step(self.trunk.size, *moved);
            let ahead = look_ahead(&from, *moved, flow).map_err(|error| (Side::Source, error))?;
            let taken = sys::splice(&from, &self.trunk.into, stride);
            let count = match taken.map_err(|error| (Side::Source, error))? {
                Fast::Moved(0) => return Ok(true),
                Fast::Moved(count) => count,
                Fast::Unsupported => return Ok(false),
            };
            let spread = self.spread(fan, count).map_err(|error| (Side::Sink, error))?;
            flow.sample(*moved, ahead.get(..count).unwrap_or(&ahead));
            *moved += count as u64;
            fan.alive().map_err(|error| (Side::Sink, error))?;
            if !spread {
                return Ok(false);
            }
            flow.passed(count as u64);
        }
    }

    /// Gives `count` bytes in the trunk to all; `false` where that took read and write.
    fn spread(&mut self, fan: &mut Fan<'_>, count: usize) -> io::Result<bool> {
        let mut others = fan.living().collect::<Vec<_>>();
        let last = others.pop();
        let mut stuck = None;
        for ((place, branch), twig) in others.into_iter().zip(&mut self.twigs) {
            if !copy_pages(&self.trunk, twig, count)? {
                stuck = Some(place);
                break;
            }
            branch.empty(twig, count)?;
        }
        match (stuck, last) {
            (Some(place), _) => return self.by_hand(fan, place, count).map(|()| false),
            (None, Some((_, branch))) => branch.empty(&mut self.trunk, count)?,
            (None, None) => {}
        }
        Ok(true)
    }

    /// What is in the trunk, from memory to those from `place` on: the kernel gave no copy of it.
    fn by_hand(&mut self, fan: &mut Fan<'_>, place: usize, count: usize) -> io::Result<()> {
        let mut rest = vec![0; count.min(BUFFER)];
        let mut left = count;
        while left > 0 {
            let room = rest.len().min(left);
            let Some(chunk) = rest.get_mut(..room) else { break };
            End::Plain(self.trunk.out.as_fd()).read_exact(chunk)?;
            for (_, branch) in fan.living().filter(|(at, _)| *at >= place) {
                branch.broken = branch.end.write_all(chunk).err();
            }
            left -= room;
        }
        Ok(())
    }
}

/// Whether `to`, which is empty, has the `count` bytes of `from` now as well.
fn copy_pages(from: &Pipe, to: &mut Pipe, count: usize) -> io::Result<bool> {
    match sys::tee(&from.out, &to.into, count)? {
        Fast::Moved(copied) if copied == count => Ok(true),
        Fast::Moved(0) | Fast::Unsupported => Ok(false),
        Fast::Moved(_) => {
            // A part is no use: a pipe is read from its beginning only.
            *to = Pipe::new()?;
            Ok(false)
        }
    }
}

impl Branch<'_> {
    /// Takes the `count` bytes that are in `pipe`, which is empty afterwards.
    fn empty(&mut self, pipe: &mut Pipe, count: usize) -> io::Result<()> {
        let End::Plain(to) = &self.end else { return Err(io::ErrorKind::Unsupported.into()) };
        self.broken = empty(pipe, *to, count).err();
        if self.broken.is_some() {
            *pipe = Pipe::new()?;
        }
        Ok(())
    }
}

/// Moves `count` bytes out of a pipe.
fn empty(pipe: &Pipe, to: BorrowedFd<'_>, mut count: usize) -> io::Result<()> {
    while count > 0 {
        match sys::splice(&pipe.out, &to, count)? {
            Fast::Moved(0) => return Err(io::ErrorKind::WriteZero.into()),
            Fast::Moved(some) => count = count.saturating_sub(some),
            Fast::Unsupported => return Err(io::ErrorKind::Unsupported.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;
    use crate::crlf::Lines;

    fn sockets() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * 31 % 251) as u8).collect()
    }

    /// Sends a pattern through a fan to sinks of which the one at `leaves` goes away early; returns what
    /// the others got, and who broke.
    fn fan_out(length: usize, sinks: usize, leaves: Option<usize>, opaque: bool) -> Vec<bool> {
        let (from, mut feed) = sockets();
        let feeder = thread::spawn(move || feed.write_all(&pattern(length)).unwrap());
        let (mut near, far): (Vec<_>, Vec<_>) = (0..sinks).map(|_| sockets()).unzip();
        let readers: Vec<_> = (0..)
            .zip(far)
            .map(|(at, mut far)| {
                thread::spawn(move || {
                    let mut got = Vec::new();
                    match leaves == Some(at) {
                        true => drop(far),
                        false => drop(far.read_to_end(&mut got).unwrap()),
                    }
                    got
                })
            })
            .collect();
        let mut fan = match opaque {
            true => Fan::new(near.iter_mut().map(|socket| End::Opaque(socket))),
            false => Fan::new(near.iter().map(|socket| End::Plain(socket.as_fd()))),
        };
        let moved = fan.copy(End::Plain(from.as_fd()), Lines::Keep.into()).unwrap();
        assert_eq!(moved, length as u64);
        let broken = fan.broken().iter().map(Option::is_some).collect();
        drop(near);
        feeder.join().unwrap();
        for (at, reader) in (0..).zip(readers) {
            let got = reader.join().unwrap();
            assert!(leaves == Some(at) || got == pattern(length), "sink {at} got {}", got.len());
        }
        broken
    }

    #[test]
    fn every_sink_gets_every_byte() {
        for opaque in [false, true] {
            for length in [0, 1, 5_000_001] {
                assert_eq!(fan_out(length, 3, None, opaque), [false; 3]);
            }
            assert_eq!(fan_out(1_000_000, 1, None, opaque), [false]);
        }
    }

    #[test]
    fn a_sink_that_leaves_does_not_hold_up_the_others() {
        for opaque in [false, true] {
            for leaves in 0..3 {
                let broken = fan_out(20_000_000, 3, Some(leaves), opaque);
                assert!(
                    (0..).zip(&broken).all(|(at, &broke)| broke == (at == leaves)),
                    "{broken:?}"
                );
            }
        }
    }

    #[test]
    fn the_copy_ends_when_nobody_is_left() {
        let (from, mut feed) = sockets();
        let feeder = thread::spawn(move || feed.write_all(&pattern(50_000_000)));
        let (near, far) = sockets();
        drop(far);
        let mut fan = Fan::new([End::Plain(near.as_fd())]);
        let broken = fan.copy(End::Plain(from.as_fd()), Lines::Keep.into()).unwrap_err();
        assert_eq!(broken.side, Side::Sink);
        drop(from);
        assert!(feeder.join().unwrap().is_err());
    }
}
