//! A pipe or terminal that can be rewound a little: what was read of it last is kept, so that an
//! upload can go on at what the server has.
//!
//! From a pipe to a plain socket bytes stay inside the kernel: tee(2) gives pipes of ours the same
//! pages before they are passed on. Everything else, and everything once something was sent again,
//! goes through memory and a [`Window`].

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

use crate::copy::{CopyError, End, Side, copy};
use crate::flow::Flow;
use crate::seam::SAMPLE;
use crate::sys::{self, Descriptor, Fast, Pipe, Ready};
use crate::window::{WINDOW, Window};

/// How many pipes of ours there are at most; each holds 1 MiB where the system lets it.
const MOST_PIPES: usize = 8;

/// A full pipe has at least so many bytes in it, or tee is not worth its while: the producer writes in
/// small pieces, each of which takes a place in the pipe, or the system gives no large pipes.
const LEAST: usize = WINDOW / MOST_PIPES / 2;

/// A stream of which the last bytes are kept.
#[derive(Debug)]
pub struct Rewindable<'a> {
    source: BorrowedFd<'a>,
    /// How many bytes were read from the source.
    taken: u64,
    /// The offset of the next byte to give out.
    at: u64,
    /// Whether the source has ended; a terminal would begin anew.
    ended: bool,
    window: Window,
    /// The last bytes while they are inside the kernel; then the window is empty.
    copies: Option<Copies>,
    /// The first bytes, which tell the stream from others when they are no longer among the last.
    head: Vec<u8>,
}

impl<'a> Rewindable<'a> {
    /// Begins where `source` stands, which is byte 0 from now on.
    pub fn new(source: BorrowedFd<'a>) -> Self {
        let is_pipe = sys::descriptor(&source) == Descriptor::Pipe;
        if is_pipe {
            sys::widen(&source);
        }
        let copies = is_pipe.then(Copies::default);
        let (window, head) = (Window::default(), Vec::new());
        Self { source, taken: 0, at: 0, ended: false, window, copies, head }
    }

    /// How many bytes were read from the source by now.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The first byte that can be given out again.
    pub fn begin(&self) -> u64 {
        match &self.copies {
            Some(copies) => self.taken - copies.length(),
            None => self.window.begin(),
        }
    }

    /// The first bytes, where they cannot be given out again.
    pub fn head(&self) -> &[u8] {
        match &self.copies {
            Some(copies) => &copies.head,
            None => &self.head,
        }
    }

    /// Goes back to byte `to`; `false` when it is not kept.
    ///
    /// # Errors
    /// What the kernel kept cannot be read.
    pub fn rewind(&mut self, to: u64) -> io::Result<bool> {
        if to < self.begin() || to > self.taken {
            return Ok(false);
        }
        // A pipe of ours may hold more than was passed on, so that nothing can be put behind it.
        self.leave_kernel()?;
        self.at = to;
        Ok(true)
    }

    /// From now on bytes go through memory.
    fn leave_kernel(&mut self) -> io::Result<()> {
        let begin = self.begin();
        if let Some(mut copies) = self.copies.take() {
            self.head = std::mem::take(&mut copies.head);
            self.window = Window::starting_at(begin);
            copies.pour_into(&mut self.window)?;
            if begin == 0 {
                self.head = vec![0; SAMPLE];
                let count = self.window.copy_from(0, &mut self.head).unwrap_or(0);
                self.head.truncate(count);
            }
        }
        Ok(())
    }

    /// Passes bytes on inside the kernel, until the source ends or has given more than `most`;
    /// `false` when it goes no further and the rest is for read and write.
    fn pass_on(
        &mut self,
        to: BorrowedFd<'_>,
        (moved, flow): (&mut u64, &Flow<'_>),
    ) -> Result<bool, Broken> {
        while *moved <= flow.most {
            let before = *moved;
            let Some(copies) = &mut self.copies else { return Ok(false) };
            match copies.duplicate(self.source).map_err(|error| (Side::Source, error))? {
                Fast::Moved(0) => {
                    self.ended = true;
                    return Ok(true);
                }
                Fast::Moved(count) if self.follow(to, count, moved)? => {
                    flow.passed(*moved - before);
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Passes on the `left` bytes of which there is a copy now; `false` where the kernel will not.
    fn follow(
        &mut self,
        to: BorrowedFd<'_>,
        mut left: usize,
        moved: &mut u64,
    ) -> Result<bool, Broken> {
        while left > 0 {
            let passed = sys::splice(&self.source, &to, left).map_err(|e| (Side::Sink, e))?;
            let Fast::Moved(count) = passed else { return Ok(false) };
            if count == 0 {
                // Somebody else reads our pipe.
                return Err((Side::Source, io::ErrorKind::UnexpectedEof.into()));
            }
            if let Some(copies) = &mut self.copies {
                copies.keep(count);
            }
            self.taken += count as u64;
            self.at = self.taken;
            *moved += count as u64;
            left = left.saturating_sub(count);
        }
        Ok(true)
    }
}

type Broken = (Side, io::Error);

impl Read for Rewindable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.leave_kernel()?;
        if self.at < self.taken {
            let again = self.window.copy_from(self.at, buffer);
            let count = again.ok_or_else(|| io::Error::other("the bytes to repeat are gone"))?;
            self.at += count as u64;
            return Ok(count);
        }
        if self.ended {
            return Ok(0);
        }
        let count = End::Plain(self.source).read(buffer)?;
        let new = buffer.get(..count).unwrap_or(&[]);
        if self.head.len() as u64 == self.taken {
            self.head.extend(new.iter().take(SAMPLE - self.head.len().min(SAMPLE)));
        }
        self.window.push(new);
        self.taken += count as u64;
        self.at = self.taken;
        self.ended = count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

/// [`copy()`] from a stream that is kept.
///
/// # Errors
/// Says which side broke when one does, and how far it came.
pub fn copy_kept(
    source: &mut Rewindable<'_>,
    sink: End<'_>,
    flow: Flow<'_>,
) -> Result<u64, CopyError> {
    let mut moved = 0;
    if flow.is_unseen()
        && flow.rate.is_none()
        && flow.beat.is_none()
        && let End::Plain(to) = &sink
    {
        match source.pass_on(*to, (&mut moved, &flow)) {
            Ok(true) => return Ok(moved),
            Ok(false) => {}
            Err((side, error)) => return Err(CopyError { side, error, moved }),
        }
    }
    match copy(End::Input(source), sink, Flow { most: flow.most.saturating_sub(moved), ..flow }) {
        Ok(more) => Ok(moved + more),
        Err(broken) => Err(CopyError { moved: moved + broken.moved, ..broken }),
    }
}

/// The last bytes of a pipe, in pipes of our own that share its pages.
#[derive(Debug, Default)]
struct Copies {
    held: VecDeque<Held>,
    /// The first bytes, once their pipe has gone.
    head: Vec<u8>,
}

#[derive(Debug)]
struct Held {
    pipe: Pipe,
    /// How many of the bytes in it were passed on. Behind them may be some that were not, and that
    /// the source will give again.
    length: usize,
}

impl Copies {
    fn length(&self) -> u64 {
        self.held.iter().map(|held| held.length as u64).sum()
    }

    /// Waits for bytes and lets the newest pipe have them, too; the source keeps them.
    fn duplicate(&mut self, source: BorrowedFd<'_>) -> io::Result<Fast> {
        if self.held.is_empty() && !self.make_room() {
            return Ok(Fast::Unsupported);
        }
        let mut waited = false;
        while let Some(newest) = self.held.back() {
            match sys::tee(&source, &newest.pipe.into, newest.pipe.size) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            // When there are bytes it is our pipe that has no room.
            if !waited {
                waited = sys::wait(&source, Ready::Read, None)?;
            } else if newest.length < LEAST || !self.make_room() {
                break;
            }
        }
        Ok(Fast::Unsupported)
    }

    /// An empty pipe for what comes next; the oldest goes. `false` when there is none to be had.
    fn make_room(&mut self) -> bool {
        if self.held.len() >= MOST_PIPES
            && let Some(oldest) = self.held.pop_front()
            && self.head.is_empty()
        {
            self.head = vec![0; oldest.length.min(SAMPLE)];
            if End::Plain(oldest.pipe.out.as_fd()).read_exact(&mut self.head).is_err() {
                return false;
            }
        }
        let made = Pipe::new().map(|pipe| self.held.push_back(Held { pipe, length: 0 }));
        made.is_ok()
    }

    fn keep(&mut self, count: usize) {
        if let Some(newest) = self.held.back_mut() {
            newest.length += count;
        }
    }

    fn pour_into(self, window: &mut Window) -> io::Result<()> {
        let mut buffer = Vec::new();
        for Held { pipe, length } in self.held {
            buffer.resize(length, 0);
            End::Plain(pipe.out.as_fd()).read_exact(&mut buffer)?;
            window.push(&buffer);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{PipeWriter, Write, pipe};
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;
    use crate::crlf::Lines;

    /// Byte `at` of the stream of these tests, which tells where it is.
    fn byte(at: usize) -> u8 {
        ((at >> 16) ^ (at >> 8) ^ at) as u8
    }

    fn stream(range: std::ops::Range<usize>) -> Vec<u8> {
        range.map(byte).collect()
    }

    /// A socket pair of the system's own: between two TCP sockets the kernel may hold more than the
    /// window does.
    fn sockets() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    fn feed(mut writer: PipeWriter, length: usize) -> thread::JoinHandle<()> {
        thread::spawn(move || writer.write_all(&stream(0..length)).unwrap())
    }

    /// Reads so many bytes and resets the connection; returns them.
    fn receive(far: UnixStream, most: usize) -> thread::JoinHandle<Vec<u8>> {
        thread::spawn(move || {
            let mut got = Vec::new();
            far.take(most as u64).read_to_end(&mut got).unwrap();
            got
        })
    }

    fn send(source: &mut Rewindable<'_>, to: &UnixStream) -> Result<u64, CopyError> {
        copy_kept(source, End::Plain(to.as_fd()), Lines::Keep.into())
    }

    #[test]
    fn a_whole_stream_stays_in_the_kernel() {
        for length in [0, 1, 3_000_001, 20_000_000] {
            let (reader, writer) = pipe().unwrap();
            let feeder = feed(writer, length);
            let (near, far) = sockets();
            let got = receive(far, usize::MAX);
            let mut source = Rewindable::new(reader.as_fd());
            assert_eq!(send(&mut source, &near).unwrap(), length as u64);
            drop(near);
            feeder.join().unwrap();
            assert!(got.join().unwrap() == stream(0..length), "{length}");
            assert_eq!(source.taken(), length as u64);
            let copies = source.copies.as_ref().unwrap();
            assert!(copies.held.len() <= MOST_PIPES && copies.length() <= WINDOW as u64);
            let begin = source.begin();
            assert!(source.rewind(begin).unwrap());
            let mut again = Vec::new();
            source.read_to_end(&mut again).unwrap();
            assert!(again == stream(begin as usize..length), "{length}");
            assert!(length < 7_000_000 && begin == 0 || length - begin as usize >= WINDOW / 2);
        }
    }

    #[test]
    fn breaks_in_a_row_lose_nothing() {
        let length = 12_345_678;
        let (reader, writer) = pipe().unwrap();
        let feeder = feed(writer, length);
        let mut source = Rewindable::new(reader.as_fd());
        let mut stored = Vec::new();
        for most in [5_000_000, 10, 1_000_000, 3_000_000, usize::MAX] {
            let (near, far) = sockets();
            let got = receive(far, most);
            let sent = send(&mut source, &near);
            drop(near);
            assert_eq!(sent.is_ok(), most == usize::MAX);
            stored.extend(got.join().unwrap());
            assert!(source.taken() >= stored.len() as u64);
            let (begin, taken) = (source.begin(), source.taken());
            let had = stored.len() as u64;
            assert!(source.rewind(had).unwrap(), "{most}: {had} of {taken}, kept from {begin}");
        }
        feeder.join().unwrap();
        assert!(stored == stream(0..length));
    }

    #[test]
    fn what_was_forgotten_and_what_did_not_come_yet_is_refused() {
        let (reader, writer) = pipe().unwrap();
        let feeder = feed(writer, 2 * WINDOW);
        let mut source = Rewindable::new(reader.as_fd());
        assert!(!source.rewind(1).unwrap());
        io::copy(&mut source, &mut io::sink()).unwrap();
        feeder.join().unwrap();
        let (begin, end) = (WINDOW as u64, 2 * WINDOW as u64);
        assert_eq!((source.begin(), source.taken()), (begin, end));
        for (to, kept) in [(0, false), (begin - 1, false), (begin, true), (end, true)] {
            assert_eq!(source.rewind(to).unwrap(), kept, "{to}");
        }
        assert!(!source.rewind(end + 1).unwrap());
    }

    /// Each takes a place in a pipe, so that little would be kept of them there.
    #[test]
    fn small_pieces_go_through_memory() {
        let (reader, mut writer) = pipe().unwrap();
        let (near, mut far) = sockets();
        let pieces = 400;
        let feeder = thread::spawn(move || {
            for at in 0..pieces {
                let piece = stream(at * 100..(at + 1) * 100);
                writer.write_all(&piece).unwrap();
                let mut seen = [0; 100];
                far.read_exact(&mut seen).unwrap();
                assert_eq!(seen, *piece);
            }
        });
        let mut source = Rewindable::new(reader.as_fd());
        assert_eq!(send(&mut source, &near).unwrap(), 100 * pieces as u64);
        feeder.join().unwrap();
        assert!(source.copies.is_none());
        assert_eq!(source.begin(), 0);
        assert!(source.rewind(0).unwrap());
        let mut again = Vec::new();
        source.read_to_end(&mut again).unwrap();
        assert!(again == stream(0..100 * pieces));
    }

    #[test]
    fn a_socket_is_kept_in_memory() {
        let (from, mut feeder) = sockets();
        let feeding = thread::spawn(move || feeder.write_all(&stream(0..1_000_000)).unwrap());
        let mut source = Rewindable::new(from.as_fd());
        let (near, far) = sockets();
        let got = receive(far, usize::MAX);
        assert_eq!(send(&mut source, &near).unwrap(), 1_000_000);
        drop(near);
        feeding.join().unwrap();
        assert!(got.join().unwrap() == stream(0..1_000_000));
        assert!(source.copies.is_none() && source.rewind(999).unwrap());
    }
}
