//! How far a run is, for people: bars on a terminal (`--progress`), and one line when SIGUSR1 asks. The
//! only door to indicatif.
//!
//! Everything else that a run prints while bars are shown goes through [`Screen::around`], or it would
//! land in them.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{
    BinaryBytes, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle,
};

use crate::meter::{Meter, Reading, Readings};

/// What is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Bars, on a terminal.
    Bars,
    /// A line now and then.
    Lines,
}

/// What a run is over before is not shown, so that nothing flickers.
const PATIENCE: Duration = Duration::from_millis(400);

/// How often bars move.
const BEAT: Duration = Duration::from_millis(100);

/// How often there is a line.
const LINE_BEAT: Duration = Duration::from_secs(1);

/// How far back the speed is looked at that bars show.
const WINDOW: Duration = Duration::from_secs(5);

/// A file with a bar, and one of which the size is not known.
const BAR: &str = "{prefix:24!} {wide_bar} {msg}";
const COUNT: &str = "{prefix:24!} {msg}";
const NOTHING: &str = "{msg}";

/// Where the run is shown, if it is. All lanes share it.
#[derive(Clone, Debug, Default)]
pub struct Screen(Arc<Mutex<Option<Bars>>>);

impl Screen {
    /// Begins to show what `meter` counts, on stderr. `say` prints a line there.
    pub fn show(&self, meter: &Arc<Meter>, form: Form, say: impl Fn(&str) + Send + 'static) {
        meter.watch();
        let meter = Arc::clone(meter);
        match form {
            Form::Bars => {
                *self.lock() = Some(Bars::default());
                let screen = self.clone();
                thread::spawn(move || screen.keep_drawing(&meter));
            }
            Form::Lines => {
                thread::spawn(move || keep_saying(&meter, say));
            }
        }
    }

    /// Prints something else, with the bars out of the way.
    pub fn around<T>(&self, print: impl FnOnce() -> T) -> T {
        match &*self.lock() {
            Some(bars) => bars.all.suspend(print),
            None => print(),
        }
    }

    /// Takes the bars away for good.
    pub fn close(&self) {
        if let Some(bars) = self.lock().take() {
            let _ = bars.all.clear();
        }
    }

    /// Leaves the bars as they are, since the process dies. They cannot be taken away any more: the
    /// terminal may have echoed a `^C` behind them, and nobody knows where the cursor is then.
    pub fn leave(&self) {
        if let Some(bars) = self.lock().take() {
            std::mem::forget(bars);
            let _ = writeln!(std::io::stderr().lock());
        }
    }

    fn keep_drawing(&self, meter: &Meter) {
        thread::sleep(PATIENCE);
        while self.draw(meter) {
            thread::sleep(BEAT);
        }
    }

    /// `false` when there is nothing to draw on any more.
    fn draw(&self, meter: &Meter) -> bool {
        let mut bars = self.lock();
        bars.as_mut().map(|bars| bars.draw(meter.read())).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Bars>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep_saying(meter: &Meter, say: impl Fn(&str)) {
    loop {
        thread::sleep(LINE_BEAT);
        say(&status(&meter.read()));
    }
}

/// One bar for each connection that moves something, and one for all.
#[derive(Debug)]
struct Bars {
    all: MultiProgress,
    slots: Vec<Slot>,
    total: Option<(ProgressBar, Pace)>,
}

#[derive(Debug)]
struct Slot {
    bar: ProgressBar,
    /// Which transfer it shows.
    number: Option<u64>,
    pace: Pace,
}

impl Default for Bars {
    fn default() -> Self {
        let target = ProgressDrawTarget::stderr();
        Self { all: MultiProgress::with_draw_target(target), slots: Vec::new(), total: None }
    }
}

impl Bars {
    fn draw(&mut self, readings: Readings) {
        let under_way = &readings.under_way;
        for slot in &mut self.slots {
            if !under_way.iter().any(|reading| slot.number == Some(reading.number)) {
                slot.number = None;
            }
        }
        for reading in under_way {
            let place = self.place_of(reading);
            if let Some(slot) = self.slots.get_mut(place) {
                slot.show(reading);
            }
        }
        self.slots.iter().filter(|slot| slot.number.is_none()).for_each(Slot::clear);
        if self.slots.len() > 1 || readings.ended > 0 {
            self.draw_total(&readings);
        }
    }

    /// The bar that shows a transfer, a free one, or a new one.
    fn place_of(&mut self, reading: &Reading) -> usize {
        let number = Some(reading.number);
        let found = self.slots.iter().position(|slot| slot.number == number);
        let free = || self.slots.iter().position(|slot| slot.number.is_none());
        let place = found.or_else(free).unwrap_or(self.slots.len());
        if place == self.slots.len() {
            let bar = self.all.insert(place, ProgressBar::no_length());
            self.slots.push(Slot { bar, number: None, pace: Pace::default() });
        }
        place
    }

    fn draw_total(&mut self, readings: &Readings) {
        let (bar, pace) = self.total.get_or_insert_with(|| {
            let bar = ProgressBar::no_length().with_style(style(COUNT));
            (self.all.add(bar), Pace::default())
        });
        let speed = pace.at(readings.time, readings.moved);
        bar.set_prefix(match readings.ended {
            1 => "1 file done".to_owned(),
            files => format!("{files} files done"),
        });
        bar.set_message(format!("{} {}/s", BinaryBytes(readings.moved), BinaryBytes(speed)));
    }
}

impl Slot {
    fn show(&mut self, reading: &Reading) {
        if self.number != Some(reading.number) {
            self.number = Some(reading.number);
            self.pace = Pace::default();
            self.bar.set_style(style(if reading.total.is_some() { BAR } else { COUNT }));
            self.bar.set_prefix(tail(&reading.name));
        }
        let (speed, done) = (self.pace.at(reading.time, reading.moved), reading.done());
        let speed_text = format!("{}/s", BinaryBytes(speed));
        self.bar.set_position(done);
        self.bar.set_message(match reading.total {
            Some(total) => {
                self.bar.set_length(total);
                let (done, left) = (BinaryBytes(done), left(total.saturating_sub(done), speed));
                format!("{done}/{} {speed_text} {left}", BinaryBytes(total))
            }
            None => format!("{} {speed_text}", BinaryBytes(done)),
        });
    }

    fn clear(&self) {
        self.bar.set_style(style(NOTHING));
        self.bar.set_message("");
    }
}

/// When there were how many bytes, for the speed of the last seconds.
#[derive(Debug, Default)]
struct Pace(VecDeque<(Duration, u64)>);

impl Pace {
    /// Bytes a second, now that there are `moved` at `time`; both begin at 0.
    fn at(&mut self, time: Duration, moved: u64) -> u64 {
        if self.0.is_empty() {
            self.0.push_back((Duration::ZERO, 0));
        }
        self.0.push_back((time, moved));
        while self.0.get(1).is_some_and(|(then, _)| *then + WINDOW <= time) {
            self.0.pop_front();
        }
        let (then, before) = self.0.front().copied().unwrap_or_default();
        speed(moved.saturating_sub(before), time.saturating_sub(then))
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// The last part of a name, which is what tells files apart.
fn tail(name: &str) -> String {
    name.trim_end_matches('/').rsplit('/').next().unwrap_or(name).to_owned()
}

/// How far everything is, in one line.
pub fn status(readings: &Readings) -> String {
    let under_way = &readings.under_way;
    let files = match (under_way.as_slice(), readings.ended) {
        ([only], 0) => return one(only),
        ([], _) => "nothing under way".to_owned(),
        (some, _) => some.iter().map(one).collect::<Vec<_>>().join("; "),
    };
    let (ended, moved) = (readings.ended, BinaryBytes(readings.moved));
    let transfers = if ended == 1 { "transfer" } else { "transfers" };
    let speed = rate(readings.moved, readings.time);
    format!("{files}; {ended} {transfers} ended; {moved} in all, {speed}")
}

fn one(reading: &Reading) -> String {
    let Reading { name, moved, total, time, .. } = reading;
    let (done, per_second) = (reading.done(), speed(*moved, *time));
    let done_text = BinaryBytes(done);
    let Some(total) = *total else {
        return format!("{name}: {done_text} of an unknown size, {}/s", BinaryBytes(per_second));
    };
    let percent = u128::from(done) * 100 / u128::from(total.max(1));
    let left = left(total.saturating_sub(done), per_second);
    let total = BinaryBytes(total);
    let speed = BinaryBytes(per_second);
    format!("{name}: {done_text} of {total} ({percent}%), {speed}/s, {left} left")
}

/// How long `bytes` take at `speed`.
fn left(bytes: u64, speed: u64) -> String {
    match (bytes, bytes.checked_div(speed)) {
        (0, _) => "0s".to_owned(),
        (_, Some(seconds)) => format!("{:#}", HumanDuration(Duration::from_secs(seconds))),
        (_, None) => "unknown".to_owned(),
    }
}

/// Bytes a second; a time too short to be measured counts as a millisecond.
fn speed(bytes: u64, time: Duration) -> u64 {
    (bytes as f64 / time.as_secs_f64().max(0.001)) as u64
}

/// How fast that was.
pub fn rate(bytes: u64, time: Duration) -> String {
    format!("{}/s", BinaryBytes(speed(bytes, time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(total: Option<u64>) -> Reading {
        let time = Duration::from_secs(2);
        Reading { number: 0, name: "a/b".into(), moved: 2048, begin: 1024, total, time }
    }

    #[test]
    fn a_line_says_how_far_and_how_long() {
        let one = |total| Readings { under_way: vec![reading(total)], ..Readings::default() };
        for (readings, line) in [
            (one(Some(4096)), "a/b: 3.00 KiB of 4.00 KiB (75%), 1.00 KiB/s, 1s left"),
            (one(Some(0)), "a/b: 3.00 KiB of 0 B (307200%), 1.00 KiB/s, 0s left"),
            (one(None), "a/b: 3.00 KiB of an unknown size, 1.00 KiB/s"),
            (
                Readings { ended: 1, moved: 5, time: Duration::from_secs(5), ..one(None) },
                "a/b: 3.00 KiB of an unknown size, 1.00 KiB/s; 1 transfer ended; 5 B in all, 1 B/s",
            ),
            (Readings::default(), "nothing under way; 0 transfers ended; 0 B in all, 0 B/s"),
        ] {
            assert_eq!(status(&readings), line);
        }
        let still = Reading { moved: 0, ..reading(Some(4096)) };
        assert_eq!(super::one(&still), "a/b: 1.00 KiB of 4.00 KiB (25%), 0 B/s, unknown left");
    }

    #[test]
    fn the_speed_is_that_of_the_last_seconds() {
        let (mut pace, second) = (Pace::default(), Duration::from_secs);
        assert_eq!(pace.at(Duration::ZERO, 0), 0);
        assert_eq!(pace.at(second(1), 100), 100);
        assert_eq!(pace.at(second(5), 500), 100);
        assert_eq!(pace.at(second(10), 500), 0);
        assert_eq!(pace.at(second(11), 1000), 83);
    }

    #[test]
    fn every_template_is_one() {
        for template in [BAR, COUNT, NOTHING] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
        assert_eq!(
            (tail("a/b.iso"), tail("a/"), tail("x")),
            ("b.iso".into(), "a".into(), "x".into())
        );
    }

    #[test]
    fn each_transfer_has_a_bar_and_keeps_it() {
        let mut bars = Bars {
            all: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            ..Bars::default()
        };
        let at = |number, moved| Reading { number, moved, ..reading(Some(9999)) };
        let numbers = |bars: &Bars| bars.slots.iter().map(|slot| slot.number).collect::<Vec<_>>();
        let with = |under_way| Readings { under_way, ..Readings::default() };
        bars.draw(with(vec![at(0, 5)]));
        assert!(bars.total.is_none());
        bars.draw(with(vec![at(0, 5), at(1, 7)]));
        assert_eq!(numbers(&bars), [Some(0), Some(1)]);
        assert!(bars.total.is_some());
        bars.draw(with(vec![at(1, 8), at(2, 1)]));
        assert_eq!(numbers(&bars), [Some(2), Some(1)]);
        assert_eq!(bars.slots[1].bar.position(), 1024 + 8);
        bars.draw(with(vec![at(2, 2)]));
        assert_eq!(numbers(&bars), [Some(2), None]);
    }
}
