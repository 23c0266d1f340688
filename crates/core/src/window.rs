//! The last bytes of a stream, kept so that what a server lost can be sent again. Pure: a queue of
//! bytes that knows where in the stream it stands.

use std::collections::VecDeque;

/// How many bytes are kept. A broken connection loses what is in our socket's buffer, by default 4
/// MiB at most, and what the server has received and not stored, which is little unless its disk is
/// slow.
pub const WINDOW: usize = 8 * 1024 * 1024;

/// Part of a stream: its last bytes, as far as they fit.
#[derive(Debug, Default)]
pub struct Window {
    /// The offset of the first byte that is kept.
    begin: u64,
    bytes: VecDeque<u8>,
}

impl Window {
    /// An empty window of a stream of which `begin` bytes have passed unseen.
    pub fn starting_at(begin: u64) -> Self {
        Self { begin, bytes: VecDeque::new() }
    }

    /// The offset of the first byte that is kept.
    pub fn begin(&self) -> u64 {
        self.begin
    }

    /// The offset behind the last byte.
    pub fn end(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }

    /// Takes the next bytes of the stream; the oldest are forgotten to make room.
    pub fn push(&mut self, new: &[u8]) {
        let kept = new.len().min(WINDOW);
        let (passed, new) = new.split_at_checked(new.len() - kept).unwrap_or((&[], new));
        let forgotten = (self.bytes.len() + kept).saturating_sub(WINDOW);
        self.bytes.drain(..forgotten.min(self.bytes.len()));
        self.begin += (forgotten + passed.len()) as u64;
        self.make_room(new.len());
        self.bytes.extend(new);
    }

    /// Grows in powers of two, and never beyond [`WINDOW`].
    fn make_room(&mut self, count: usize) {
        let needed = self.bytes.len() + count;
        if needed > self.bytes.capacity() {
            let capacity = needed.next_power_of_two().min(WINDOW);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }

    /// Copies what is kept from offset `from` on into `buffer`; returns how many bytes that were, 0 at
    /// the end. `None` when those bytes are not there: forgotten, or yet to come.
    pub fn copy_from(&self, from: u64, buffer: &mut [u8]) -> Option<usize> {
        let skip = usize::try_from(from.checked_sub(self.begin)?).ok()?;
        if skip > self.bytes.len() {
            return None;
        }
        let (first, second) = self.bytes.as_slices();
        let part = match first.get(skip..) {
            Some(rest) if !rest.is_empty() => rest,
            _ => second.get(skip - first.len()..)?,
        };
        let count = part.len().min(buffer.len());
        buffer.get_mut(..count)?.copy_from_slice(part.get(..count)?);
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes `range` of a stream in which each place tells where it is.
    fn stream(range: std::ops::Range<u64>) -> Vec<u8> {
        range.map(|at| (at % 251) as u8).collect()
    }

    fn all_from(window: &Window, mut from: u64, step: usize) -> Option<Vec<u8>> {
        let (mut all, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            let count = window.copy_from(from, &mut buffer)?;
            if count == 0 {
                return Some(all);
            }
            all.extend_from_slice(&buffer[..count]);
            from += count as u64;
        }
    }

    #[test]
    fn everything_is_there_until_it_is_full() {
        let mut window = Window::default();
        assert_eq!(window.copy_from(0, &mut [0; 4]), Some(0));
        window.push(&stream(0..10));
        window.push(&stream(10..11));
        assert_eq!((window.begin(), window.end()), (0, 11));
        for from in 0..=11 {
            assert_eq!(all_from(&window, from, 3), Some(stream(from..11)), "{from}");
        }
        assert_eq!(window.copy_from(12, &mut [0; 4]), None);
    }

    #[test]
    fn the_oldest_bytes_go_first() {
        let most = WINDOW as u64;
        for piece in [1000, 128 * 1024, WINDOW - 1, WINDOW] {
            let mut window = Window::default();
            let mut end = 0;
            while end < 2 * most + 5 {
                window.push(&stream(end..end + piece as u64));
                end += piece as u64;
            }
            assert_eq!((window.begin(), window.end()), (end - most, end), "{piece}");
            assert_eq!(window.copy_from(end - most - 1, &mut [0]), None);
            assert_eq!(all_from(&window, end - most, 100_000), Some(stream(end - most..end)));
            assert!(window.bytes.capacity() <= WINDOW, "{}", window.bytes.capacity());
        }
    }

    #[test]
    fn a_piece_larger_than_the_window_leaves_its_end() {
        let (most, end) = (WINDOW as u64, WINDOW as u64 + 77);
        let mut window = Window::starting_at(0);
        window.push(&stream(0..end));
        assert_eq!(window.begin(), 77);
        assert_eq!(all_from(&window, 77, 1 << 20), Some(stream(77..end)));
        window.push(&stream(end..end + most + 3));
        assert_eq!(window.begin(), end + 3);
        assert_eq!(all_from(&window, end + 3, 1 << 20), Some(stream(end + 3..end + most + 3)));
    }

    #[test]
    fn it_may_begin_in_the_middle() {
        let mut window = Window::starting_at(1000);
        window.push(&stream(1000..1010));
        assert_eq!((window.begin(), window.end()), (1000, 1010));
        assert_eq!(window.copy_from(999, &mut [0; 4]), None);
        assert_eq!(all_from(&window, 1003, 2), Some(stream(1003..1010)));
    }

    #[test]
    fn little_is_kept_in_little_memory() {
        let mut window = Window::default();
        window.push(&[1; 100]);
        assert!(window.bytes.capacity() <= 128);
    }
}
