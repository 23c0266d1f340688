//! What is under way in a run: which files, how far, how fast. Only counted here; showing it is the
//! business of `progress`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts the transfers of a run, all its connections together.
#[derive(Debug)]
pub struct Meter {
    watched: AtomicBool,
    under_way: Mutex<Vec<Arc<Count>>>,
    begun: AtomicU64,
    ended: AtomicU64,
    moved: AtomicU64,
    began: Instant,
}

#[derive(Debug)]
struct Count {
    number: u64,
    name: String,
    begin: u64,
    total: Option<u64>,
    moved: AtomicU64,
    since: Instant,
}

/// One transfer under way. It ends when this is dropped.
#[derive(Debug)]
pub struct Gauge {
    meter: Arc<Meter>,
    count: Arc<Count>,
}

/// What is known of a transfer when it begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// How the file is called on a terminal.
    pub name: String,
    /// The byte it begins with.
    pub begin: u64,
    /// Bytes of the whole file, where that is known.
    pub total: Option<u64>,
}

/// How far a transfer is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reading {
    /// Which transfer of the run this is.
    pub number: u64,
    /// How its file is called on a terminal.
    pub name: String,
    /// Bytes that this connection has moved.
    pub moved: u64,
    /// Bytes of the file that were there before.
    pub begin: u64,
    /// Bytes of the whole file, where that is known.
    pub total: Option<u64>,
    /// Since it began.
    pub time: Duration,
}

/// How far the run is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Readings {
    /// The transfers under way, the oldest first.
    pub under_way: Vec<Reading>,
    /// How many have ended, well or not.
    pub ended: u64,
    /// Bytes that all of them have moved.
    pub moved: u64,
    /// Since the run began.
    pub time: Duration,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            watched: AtomicBool::default(),
            under_way: Mutex::default(),
            begun: AtomicU64::default(),
            ended: AtomicU64::default(),
            moved: AtomicU64::default(),
            began: Instant::now(),
        }
    }
}

impl Meter {
    /// From now on somebody looks all the time, so that it is worth a question how large files are.
    pub fn watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Whether somebody looks all the time.
    pub fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Begins to count a transfer.
    pub fn begin(self: &Arc<Self>, start: Start) -> Gauge {
        let Start { name, begin, total } = start;
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let (moved, since) = (AtomicU64::new(0), Instant::now());
        let count = Arc::new(Count { number, name, begin, total, moved, since });
        self.lock().push(Arc::clone(&count));
        Gauge { meter: Arc::clone(self), count }
    }

    /// How far everything is now.
    pub fn read(&self) -> Readings {
        let under_way = self.lock().iter().map(|count| count.read()).collect();
        Readings {
            under_way,
            ended: self.ended.load(Ordering::Relaxed),
            moved: self.moved.load(Ordering::Relaxed),
            time: self.began.elapsed(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Count>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn read(&self) -> Reading {
        Reading {
            number: self.number,
            name: self.name.clone(),
            moved: self.moved.load(Ordering::Relaxed),
            begin: self.begin,
            total: self.total,
            time: self.since.elapsed(),
        }
    }
}

impl Reading {
    /// Bytes of the file that are where they should be.
    pub fn done(&self) -> u64 {
        self.begin.saturating_add(self.moved)
    }
}

impl Gauge {
    /// So many bytes have passed.
    pub fn passed(&self, count: u64) {
        self.count.moved.fetch_add(count, Ordering::Relaxed);
        self.meter.moved.fetch_add(count, Ordering::Relaxed);
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        let mut under_way = self.meter.lock();
        under_way.retain(|count| !Arc::ptr_eq(count, &self.count));
        self.meter.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(name: &str, begin: u64) -> Start {
        Start { name: name.into(), begin, total: Some(100) }
    }

    #[test]
    fn transfers_come_and_go_and_their_bytes_stay() {
        let meter = Arc::new(Meter::default());
        let (one, two) = (meter.begin(start("a", 0)), meter.begin(start("b", 40)));
        one.passed(10);
        two.passed(5);
        two.passed(1);
        let read = meter.read();
        let far = |r: &Reading| (r.name.clone(), r.begin, r.moved, r.total);
        let a = ("a".to_owned(), 0, 10, Some(100));
        let b = ("b".to_owned(), 40, 6, Some(100));
        assert_eq!(read.under_way.iter().map(far).collect::<Vec<_>>(), [a, b.clone()]);
        drop(one);
        let read = meter.read();
        assert_eq!(read.under_way.iter().map(far).collect::<Vec<_>>(), [b]);
        assert_eq!((read.ended, read.moved), (1, 16));
        let three = meter.begin(start("c", 0));
        let numbers: Vec<_> = meter.read().under_way.iter().map(|r| r.number).collect();
        assert_eq!(numbers, [1, 2]);
        drop((two, three));
        assert_eq!(meter.read().ended, 3);
    }
}
