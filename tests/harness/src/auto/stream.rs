//! The bytes of one data connection: how fast they move, and what happens on the way.
//! Which bytes they are, and what is said around them, is decided by `transfer`.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use super::fault::Harm;
use super::session::Session;
use super::tree::Node;

/// What is read at once.
const CHUNK: usize = 64 * 1024;

/// Bytes that move at a pace wait after each part of a second.
const PARTS: usize = 20;

impl Session {
    /// Sends `bytes`.
    pub(super) fn pour(&self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        let mut sent = 0;
        self.moved(0, 0);
        while let Some(step) = self.step(sent, bytes.len()) {
            stream.write_all(bytes.get(sent..sent + step).unwrap_or(&[]))?;
            sent += step;
            self.moved(sent, step);
        }
        Ok(())
    }

    /// Receives `limit` bytes, or all until the client ends.
    pub(super) fn draw(&self, mut stream: &TcpStream, limit: usize) -> (Vec<u8>, io::Result<()>) {
        let (mut received, mut chunk) = (Vec::new(), vec![0; CHUNK]);
        self.moved(0, 0);
        while let Some(step) = self.step(received.len(), limit) {
            let room = chunk.get_mut(..step).unwrap_or(&mut []);
            match stream.read(room) {
                Ok(0) => break,
                Ok(count) => {
                    received.extend_from_slice(room.get(..count).unwrap_or(&[]));
                    self.moved(received.len(), count);
                }
                Err(error) => return (received, Err(error)),
            }
        }
        (received, Ok(()))
    }

    /// How many bytes move at once behind the first `moved`; `None` behind the last.
    fn step(&self, moved: usize, end: usize) -> Option<usize> {
        let pace = self.pace().map_or(CHUNK, |pace| (pace / PARTS).clamp(1, CHUNK));
        let next = self.puts().map(|(after, ..)| after).filter(|after| *after > moved).min();
        let step = next.map_or(end, |next| next.min(end)).saturating_sub(moved).min(pace);
        (step > 0).then_some(step)
    }

    /// Waits as the pace wants it, and lets files take their names.
    fn moved(&self, moved: usize, step: usize) {
        for (_, path, node) in self.puts().filter(|(after, ..)| *after == moved) {
            self.shared.tree().put(path, node.clone());
        }
        if let Some(pace) = self.pace().filter(|_| !self.control.bounds().stopped()) {
            sleep(Duration::from_secs(1).mul_f64(step as f64 / pace.max(1) as f64));
        }
    }

    /// The files that take a name after so many bytes.
    fn puts(&self) -> impl Iterator<Item = (usize, &Vec<u8>, &Node)> {
        self.strikes.iter().filter_map(|strike| match (&strike.harm, strike.after) {
            (Harm::Put(path, node), Some(after)) => Some((after, path, node)),
            _ => None,
        })
    }

    fn pace(&self) -> Option<usize> {
        self.strikes.iter().find_map(|strike| match strike.harm {
            Harm::Pace(bytes) => Some(bytes),
            _ => None,
        })
    }
}
