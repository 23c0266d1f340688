//! The one copy loop: bytes from one end to another, inside the kernel where both ends allow it.
//! It knows nothing of sessions; what an error on either side means is the caller's to say.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use crate::crlf::{Converter, Lines};
use crate::flow::Flow;
use crate::sys::{self, Descriptor, Fast, Pipe, Ready};

/// Bytes asked of the kernel in one call.
const STRIDE: usize = 1024 * 1024;

/// Buffer of the read and write loop, in bytes: above it, more does not help.
const BUFFER: usize = 128 * 1024;

/// One end of a copy.
pub enum End<'a> {
    /// A descriptor whose bytes are the file's bytes.
    Plain(BorrowedFd<'a>),
    /// Bytes that this process has to encrypt or decrypt.
    Opaque(&'a mut dyn ReadWrite),
    /// Bytes that somebody wants to see on their way. A source only.
    Input(&'a mut dyn Read),
}

/// What can be read and written.
pub trait ReadWrite: Read + Write {
    /// The next bytes, at most as many as `buffer` holds; none at the end. They are in `buffer`, or
    /// where they lie already, which saves a copy, and come again until [`Self::consume`].
    ///
    /// # Errors
    /// Those of reading.
    fn chunk<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        read_into(self, buffer)
    }

    /// The first `count` bytes of the chunk are done with.
    fn consume(&mut self, _count: usize) {}
}

impl ReadWrite for TcpStream {}

/// What one read puts into `buffer`.
///
/// # Errors
/// Those of reading.
pub fn read_into<'a>(
    from: &mut (impl Read + ?Sized),
    buffer: &'a mut [u8],
) -> io::Result<&'a [u8]> {
    let count = from.read(buffer)?;
    Ok(buffer.get(..count).unwrap_or(&[]))
}

/// Which side broke; the other is in order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The end that was read.
    Source,
    /// The end that was written.
    Sink,
}

/// A copy that stopped before the end of its source.
#[derive(Debug)]
pub struct CopyError {
    /// Which side broke.
    pub side: Side,
    /// How it broke; `WouldBlock` when the timeout of a socket ran out.
    pub error: io::Error,
    /// Bytes read from the source and written before.
    pub moved: u64,
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after {} bytes: {}", self.side, self.moved, self.error)
    }
}

/// Copies until `source` ends, or has given more bytes than `flow` lets through; returns the bytes
/// read from it.
///
/// # Errors
/// Says which side broke when one does, and how far it came.
pub fn copy(mut source: End<'_>, mut sink: End<'_>, mut flow: Flow<'_>) -> Result<u64, CopyError> {
    let mut moved = 0;
    if flow.is_unseen()
        && let (End::Plain(from), End::Plain(to)) = (&source, &sink)
        && let Some(route) = Route::between(from, to)
    {
        match route.travel(*from, *to, (&mut moved, &flow)) {
            Ok(Arrived::AtTheEnd) => return Ok(moved),
            Ok(Arrived::HereOnly) => {}
            Err((side, error)) => return Err(CopyError { side, error, moved }),
        }
    }
    by_hand(&mut source, &mut sink, (&mut moved, &mut flow))
        .map_err(|(side, error)| CopyError { side, error, moved })?;
    Ok(moved)
}

type Broken = (Side, io::Error);

/// How far the kernel took us.
enum Arrived {
    /// The source has ended, or has given more than it should.
    AtTheEnd,
    /// The kernel cannot go on here; nothing is lost, read and write do the rest.
    HereOnly,
}

/// How the kernel can move bytes between two descriptors.
enum Route {
    /// One of the two is a pipe.
    Splice {
        /// It is the one that is written.
        into_pipe: bool,
    },
    /// From a file to a socket.
    SendFile,
    /// Between sockets, or to a file: through a pipe of ours.
    Through(Pipe),
}

impl Route {
    fn between(from: &BorrowedFd<'_>, to: &BorrowedFd<'_>) -> Option<Self> {
        match (sys::descriptor(from), sys::descriptor(to)) {
            (Descriptor::Other, _) | (_, Descriptor::Other) => None,
            (_, Descriptor::Pipe) => {
                sys::widen(to);
                Some(Self::Splice { into_pipe: true })
            }
            (Descriptor::Pipe, _) => {
                sys::widen(from);
                Some(Self::Splice { into_pipe: false })
            }
            (Descriptor::File, Descriptor::Socket) => {
                sys::narrow_on_loopback(to);
                Some(Self::SendFile)
            }
            (Descriptor::Socket, _) => Pipe::new().ok().map(Self::Through),
            (Descriptor::File, Descriptor::File) => None,
        }
    }

    fn travel(
        &self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        (moved, flow): (&mut u64, &Flow<'_>),
    ) -> Result<Arrived, Broken> {
        while *moved <= flow.most {
            let (before, stride) = (*moved, flow.step(STRIDE, *moved));
            let ahead = look_ahead(&from, before, flow).map_err(|error| (Side::Source, error))?;
            let fast = match self {
                Self::Splice { into_pipe } => patiently(from, to, (*into_pipe, stride))?,
                Self::SendFile => {
                    sys::send_file(&from, &to, stride).map_err(|error| (Side::Sink, error))?
                }
                Self::Through(pipe) => match through(pipe, from, to, (moved, stride))? {
                    Some(fast) => fast,
                    None => return Ok(Arrived::HereOnly),
                },
            };
            match fast {
                Fast::Moved(0) => return Ok(Arrived::AtTheEnd),
                Fast::Moved(_) if matches!(self, Self::Through(_)) => {}
                Fast::Moved(count) => *moved += count as u64,
                Fast::Unsupported => return Ok(Arrived::HereOnly),
            }
            sample(&ahead, before, *moved, flow);
            flow.passed(*moved - before);
        }
        Ok(Arrived::AtTheEnd)
    }
}

/// The next bytes of a socket, which stay there, as many as are wanted for a sample: what moves inside the kernel
/// cannot be seen otherwise.
///
/// # Errors
/// Those of reading.
pub fn look_ahead(from: &BorrowedFd<'_>, moved: u64, flow: &Flow<'_>) -> io::Result<Vec<u8>> {
    let mut ahead = vec![0; flow.wants_sample(moved)];
    if !ahead.is_empty() {
        let count = sys::peek(from, &mut ahead)?;
        ahead.truncate(count);
    }
    Ok(ahead)
}

/// Gives `flow` as much of what was looked at ahead as has passed since.
fn sample(ahead: &[u8], before: u64, moved: u64, flow: &Flow<'_>) {
    let passed = usize::try_from(moved.saturating_sub(before)).unwrap_or(usize::MAX);
    flow.sample(before, ahead.get(..passed).unwrap_or(ahead));
}

/// One pipeful from `from` to `to`; `None` when the kernel took it in but would not give it out,
/// in which case it was written by hand.
fn through(
    pipe: &Pipe,
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    (moved, stride): (&mut u64, usize),
) -> Result<Option<Fast>, Broken> {
    let stride = stride.min(pipe.size);
    let taken = sys::splice(&from, &pipe.into, stride).map_err(|error| (Side::Source, error))?;
    let Fast::Moved(count) = taken else { return Ok(Some(taken)) };
    let emptied = empty(pipe, to, count, moved)?;
    Ok(emptied.then_some(taken))
}

/// Moves what is in our pipe on to `to`; `false` when the kernel would not (a file opened for
/// append takes no splice), in which case it was written by hand.
fn empty(
    pipe: &Pipe,
    to: BorrowedFd<'_>,
    mut count: usize,
    moved: &mut u64,
) -> Result<bool, Broken> {
    while count > 0 {
        match sys::splice(&pipe.out, &to, count).map_err(|error| (Side::Sink, error))? {
            Fast::Moved(0) => return Err((Side::Sink, io::ErrorKind::WriteZero.into())),
            Fast::Moved(some) => {
                count = count.saturating_sub(some);
                *moved += some as u64;
            }
            Fast::Unsupported => {
                let mut rest = vec![0; count];
                read_exact(pipe.out.as_fd(), &mut rest).map_err(|error| (Side::Source, error))?;
                let mut sink = End::Plain(to);
                sink.write_all(&rest).map_err(|error| (Side::Sink, error))?;
                *moved += count as u64;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn read_exact(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<()> {
    End::Plain(fd).read_exact(buffer)
}

/// One splice with a pipe at one end. A pipe that somebody made non-blocking is waited for; a
/// socket that gave nothing within its timeout is the side that broke.
fn patiently(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    (into_pipe, stride): (bool, usize),
) -> Result<Fast, Broken> {
    loop {
        let error = match sys::splice(&from, &to, stride) {
            Ok(fast) => return Ok(fast),
            Err(error) => error,
        };
        let blocked = error.kind() == io::ErrorKind::WouldBlock;
        if blocked && into_pipe && !is_ready(to, Ready::Write) {
            let _ = sys::wait(&to, Ready::Write, None);
        } else if blocked && !into_pipe && !is_ready(from, Ready::Read) {
            let _ = sys::wait(&from, Ready::Read, None);
        } else {
            let reader_left = error.kind() == io::ErrorKind::BrokenPipe;
            let side = if into_pipe && !reader_left { Side::Source } else { Side::Sink };
            return Err((side, error));
        }
    }
}

fn is_ready(fd: BorrowedFd<'_>, ready: Ready) -> bool {
    sys::wait(&fd, ready, Some(std::time::Duration::ZERO)).unwrap_or(true)
}

fn by_hand(
    source: &mut End<'_>,
    sink: &mut End<'_>,
    (moved, flow): (&mut u64, &mut Flow<'_>),
) -> Result<(), Broken> {
    let (mut buffer, mut converted) = (vec![0; flow.step(BUFFER, 0)], Vec::new());
    let mut converter = Converter::new(flow.lines);
    while *moved <= flow.most {
        buffer.truncate(flow.step(BUFFER, *moved));
        let chunk = match source.chunk(&mut buffer) {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let _ = sink.flush();
                return Err((Side::Source, error));
            }
        };
        let count = chunk.len();
        if let Some(tap) = &mut flow.tap {
            tap(*moved, chunk);
        }
        flow.sample(*moved, chunk);
        let out = if flow.lines == Lines::Keep {
            chunk
        } else {
            converted.clear();
            converter.feed(chunk, &mut converted);
            if count == 0 {
                converter.finish(&mut converted);
            }
            &converted
        };
        sink.write_all(out).map_err(|error| (Side::Sink, error))?;
        if count == 0 {
            break;
        }
        source.consume(count);
        *moved += count as u64;
        flow.passed(count as u64);
    }
    sink.flush().map_err(|error| (Side::Sink, error))
}

impl ReadWrite for End<'_> {
    fn chunk<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        match self {
            Self::Opaque(stream) => stream.chunk(buffer),
            other => read_into(other, buffer),
        }
    }

    fn consume(&mut self, count: usize) {
        if let Self::Opaque(stream) = self {
            stream.consume(count);
        }
    }
}

impl Read for End<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(fd) => unhurried(*fd, Ready::Read, || sys::read(fd, buffer)),
            Self::Opaque(stream) => stream.read(buffer),
            Self::Input(stream) => stream.read(buffer),
        }
    }
}

impl Write for End<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(fd) => unhurried(*fd, Ready::Write, || sys::write(fd, bytes)),
            Self::Opaque(stream) => stream.write(bytes),
            Self::Input(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) | Self::Input(_) => Ok(()),
            Self::Opaque(stream) => stream.flush(),
        }
    }
}

/// A pipe or terminal that somebody made non-blocking is waited for; only sockets have timeouts.
fn unhurried(
    fd: BorrowedFd<'_>,
    ready: Ready,
    mut call: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    loop {
        match call() {
            Err(error)
                if error.kind() == io::ErrorKind::WouldBlock
                    && sys::descriptor(&fd) != Descriptor::Socket =>
            {
                sys::wait(&fd, ready, None)?;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Seek, SeekFrom};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * 31 % 251) as u8).collect()
    }

    fn sockets() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    fn scratch() -> File {
        tempfile::tempfile().unwrap()
    }

    fn content(mut file: &File) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn feed(mut socket: TcpStream, bytes: Vec<u8>) -> thread::JoinHandle<()> {
        thread::spawn(move || socket.write_all(&bytes).unwrap())
    }

    #[test]
    fn socket_to_file_moves_every_byte() {
        for length in [0, 1, 3_000_001] {
            let (near, far) = sockets();
            let feeder = feed(far, pattern(length));
            let file = scratch();
            let moved =
                copy(End::Plain(near.as_fd()), End::Plain(file.as_fd()), Lines::Keep.into())
                    .unwrap();
            feeder.join().unwrap();
            assert_eq!(moved, length as u64);
            assert_eq!(content(&file), pattern(length));
        }
    }

    #[test]
    fn a_file_opened_for_append_takes_no_splice_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, b"before").unwrap();
        let file = File::options().append(true).open(&path).unwrap();
        let (near, far) = sockets();
        let feeder = feed(far, pattern(2_000_003));
        copy(End::Plain(near.as_fd()), End::Plain(file.as_fd()), Lines::Keep.into()).unwrap();
        feeder.join().unwrap();
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(whole.len(), 6 + 2_000_003);
        assert_eq!(whole[6..], pattern(2_000_003));
    }

    #[test]
    fn socket_to_socket_and_file_to_socket() {
        let mut file = scratch();
        file.write_all(&pattern(2_500_000)).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let (up_near, up_far) = sockets();
        let (down_near, mut down_far) = sockets();
        let sender = thread::spawn(move || {
            copy(End::Plain(file.as_fd()), End::Plain(up_near.as_fd()), Lines::Keep.into()).unwrap()
        });
        let relay = thread::spawn(move || {
            copy(End::Plain(up_far.as_fd()), End::Plain(down_near.as_fd()), Lines::Keep.into())
                .unwrap()
        });
        let mut got = Vec::new();
        down_far.read_to_end(&mut got).unwrap();
        assert_eq!(sender.join().unwrap(), 2_500_000);
        assert_eq!(relay.join().unwrap(), 2_500_000);
        assert_eq!(got, pattern(2_500_000));
    }

    #[test]
    fn the_side_that_broke_is_named() {
        let (near, far) = sockets();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let feeder = thread::spawn(move || {
            let _ = (&far).write_all(&pattern(100_000));
        });
        let end = copy(End::Plain(near.as_fd()), End::Plain(writer.as_fd()), Lines::Keep.into());
        assert_eq!(end.unwrap_err().side, Side::Sink);
        drop(near);
        feeder.join().unwrap();

        let (near, _far) = sockets();
        near.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
        let (_reader, writer) = std::io::pipe().unwrap();
        let end = copy(End::Plain(near.as_fd()), End::Plain(writer.as_fd()), Lines::Keep.into());
        let broken = end.unwrap_err();
        assert_eq!((broken.side, broken.error.kind()), (Side::Source, io::ErrorKind::WouldBlock));
    }

    #[test]
    fn ascii_goes_through_the_converter() {
        let (near, far) = sockets();
        let feeder = feed(far, b"a\r\nb\r\n".to_vec());
        let file = scratch();
        let moved = copy(End::Plain(near.as_fd()), End::Plain(file.as_fd()), Lines::ToLocal.into())
            .unwrap();
        feeder.join().unwrap();
        assert_eq!((moved, content(&file)), (6, b"a\nb\n".to_vec()));
    }

    #[test]
    fn a_source_that_gives_more_than_it_should_is_not_read_on() {
        for lines in [Lines::Keep, Lines::ToWire] {
            let endless = File::open("/dev/zero").unwrap();
            let (mut reader, writer) = std::io::pipe().unwrap();
            let drain = thread::spawn(move || reader.read_to_end(&mut Vec::new()).unwrap());
            let moved = copy(
                End::Plain(endless.as_fd()),
                End::Plain(writer.as_fd()),
                Flow { most: 10, ..lines.into() },
            );
            drop(writer);
            let moved = moved.unwrap();
            assert!(moved > 10 && moved as usize <= STRIDE + BUFFER, "{moved}");
            drain.join().unwrap();
        }
    }
}
