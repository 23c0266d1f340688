//! One queue of work for several lanes, each with sessions of its own. It knows what a lane may take
//! and when a lane may ask a server for one more session, not what the work is.
//!
//! The lead is lane 0, the thread that finds the work; it is the first to log in anywhere, so a
//! wrong password is sent once. The other lanes come after it, when there is work for them. A server
//! that turns one of them away is asked for no more sessions in this run: those that are in share
//! the work.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::url::Origin;
use crate::wire::Wants;

/// A piece of work, and the server that it is done at.
#[derive(Debug)]
pub struct Errand<J> {
    /// The server. Where the work needs two, the one that differs between pieces.
    pub origin: Origin,
    /// What its session is wanted for.
    pub wants: Wants,
    /// About how many bytes of memory it takes while it waits: names are as long as a server likes.
    pub bytes: usize,
    /// What to do.
    pub work: J,
}

/// Most bytes of memory that wait for a lane, where the number is bounded, too.
const MOST_WAITING: usize = 4 * 1024 * 1024;

/// One who works: sessions, and what becomes of the work.
pub trait Lane<J>: Send {
    /// What a lane leaves behind.
    type Left: Send;

    /// Another lane like this, with no session yet.
    fn another(&self) -> Self;
    /// Opens the session for work at a server; `false` where there is none to be had. The reason is
    /// nobody's business where others have one; else whoever works there next meets it.
    fn arrive(&mut self, origin: &Origin, wants: Wants) -> bool;
    /// Does one piece of work; `false` when the server is out of reach for this lane by now.
    fn work(&mut self, errand: Errand<J>) -> bool;
    /// Takes leave of the servers.
    fn leave(self) -> Self::Left;
}

/// Most pieces that wait, where their number is not bounded otherwise.
const MOST_PIECES: usize = 4096;

/// The queue, and who is where.
#[derive(Debug)]
pub struct Pool<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
    lanes: usize,
    /// How many pieces may wait.
    room: usize,
}

#[derive(Debug)]
struct State<J> {
    desks: Vec<Desk<J>>,
    /// The number of the next piece: those that came first are done first.
    number: u64,
    /// How much memory all pieces take that wait.
    bytes: usize,
    /// Lanes that wait for work.
    idle: Vec<usize>,
    /// How many lanes besides the lead are at work.
    busy: usize,
    /// No more work will come.
    closed: bool,
    /// None is wanted.
    stopped: bool,
}

/// One server, and the work that waits for it.
#[derive(Debug)]
struct Desk<J> {
    origin: Origin,
    waiting: VecDeque<(u64, Errand<J>)>,
    /// The lanes that have a session there.
    held: Vec<usize>,
    /// How many lanes are on their way to one.
    arriving: usize,
    /// Whether it has turned one of us away.
    full: bool,
}

/// What a lane does next.
enum Turn<J> {
    Do(Errand<J>),
    Arrive(Origin, Wants),
}

impl<J> Desk<J> {
    fn new(origin: Origin) -> Self {
        Self { origin, waiting: VecDeque::new(), held: Vec::new(), arriving: 0, full: false }
    }

    /// Whether `lane` has a session; where no lane has one any more, each is as good.
    fn is_open_to(&self, lane: usize) -> bool {
        self.held.contains(&lane) || (self.held.is_empty() && self.arriving == 0)
    }

    /// Whether there is more work than those can take who are here and idle, or on their way.
    fn needs_one_more(&self, idle: &[usize]) -> bool {
        let free = self.held.iter().filter(|lane| idle.contains(lane)).count();
        !self.full && self.waiting.len() > free + self.arriving
    }
}

impl<J> State<J> {
    fn desk(&mut self, origin: &Origin) -> Option<&mut Desk<J>> {
        let known = self.desks.iter().position(|desk| desk.origin.same_session(origin));
        let place = known.unwrap_or_else(|| {
            self.desks.push(Desk::new(origin.clone()));
            self.desks.len() - 1
        });
        self.desks.get_mut(place)
    }

    fn is_over(&self) -> bool {
        self.closed && self.waiting() == 0
    }

    /// Whether more waits than should where no room bounds it.
    fn is_much(&self) -> bool {
        self.waiting() >= MOST_PIECES || self.bytes >= MOST_WAITING
    }

    fn waiting(&self) -> usize {
        self.desks.iter().map(|desk| desk.waiting.len()).sum()
    }

    /// The oldest piece that `lane` can do, or a server to go to for one.
    fn turn(&mut self, lane: usize) -> Option<Turn<J>> {
        let idle = &self.idle;
        let may = |desk: &&mut Desk<J>| desk.is_open_to(lane) || desk.needs_one_more(idle);
        let age = |desk: &&mut Desk<J>| desk.waiting.front().map(|(number, _)| *number);
        let waits = self.desks.iter_mut().filter(|desk| !desk.waiting.is_empty());
        let desk = waits.filter(may).min_by_key(age)?;
        if desk.is_open_to(lane) {
            let (_, errand) = desk.waiting.pop_front()?;
            self.bytes = self.bytes.saturating_sub(errand.bytes);
            return Some(Turn::Do(errand));
        }
        desk.arriving += 1;
        let wants = desk.waiting.front().map(|(_, errand)| errand.wants).unwrap_or_default();
        Some(Turn::Arrive(desk.origin.clone(), wants))
    }
}

impl<J: Send> Pool<J> {
    /// `lanes` is how many work at once, the lead included; `room` how many pieces may wait.
    pub fn new(lanes: usize, room: usize) -> Self {
        let (desks, idle) = (Vec::new(), Vec::new());
        let state =
            State { desks, number: 0, bytes: 0, idle, busy: 0, closed: false, stopped: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), lanes: lanes.max(1), room }
    }

    /// Whether the lead works alone: everything it offers comes back to it.
    pub fn is_alone(&self) -> bool {
        self.lanes == 1
    }

    /// Leaves a piece of work to whoever is free. It comes back when the lead should do it itself: it
    /// is alone, too much waits already, or `arrive`, which opens the lead's own session, fails.
    pub fn offer(
        &self,
        errand: Errand<J>,
        arrive: impl FnOnce(Wants) -> bool,
    ) -> Option<Errand<J>> {
        if self.is_alone() {
            return Some(errand);
        }
        let known = |state: &mut State<J>| {
            state.desk(&errand.origin).is_some_and(|desk| desk.full || desk.held.contains(&LEAD))
        };
        if !known(&mut self.state()) {
            if !arrive(errand.wants) {
                return Some(errand);
            }
            if let Some(desk) = self.state().desk(&errand.origin) {
                desk.held.push(LEAD);
            }
        }
        let mut state = self.state();
        let is_bounded = self.room < usize::MAX;
        let is_full = state.waiting() >= self.room || is_bounded && state.bytes >= MOST_WAITING;
        if is_full {
            return Some(errand);
        }
        if state.stopped {
            return None;
        }
        state.number += 1;
        state.bytes += errand.bytes;
        let number = state.number;
        let Some(desk) = state.desk(&errand.origin) else { return Some(errand) };
        desk.waiting.push_back((number, errand));
        self.changed.notify_all();
        None
    }

    /// Waits until no more pieces wait than should, or for a second: whoever hands out one a second more
    /// fills no memory, and nobody waits for ever for lanes that are gone.
    pub fn let_some_go(&self) {
        for _ in 0..100 {
            if !self.state().is_much() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The piece that has waited longest, for the lead to do with its session at `origin`, where so much waits
    /// that no more should. Work that must be begun in order is begun so: when what is due is at another
    /// server there is none.
    pub fn overdue(&self, origin: &Origin) -> Option<Errand<J>> {
        let mut state = self.state();
        let is_much = state.is_much();
        let number = |desk: &&mut Desk<J>| desk.waiting.front().map(|(number, _)| *number);
        let desks = state.desks.iter_mut().filter(|desk| is_much && !desk.waiting.is_empty());
        let due = desks.min_by_key(number).filter(|desk| desk.origin.same_session(origin))?;
        let (_, errand) = due.waiting.pop_front()?;
        state.bytes = state.bytes.saturating_sub(errand.bytes);
        Some(errand)
    }

    /// Drops what waits: it is for nobody any more. What is being done goes on.
    pub fn stop(&self) {
        let mut state = self.state();
        state.desks.iter_mut().for_each(|desk| desk.waiting.clear());
        state.bytes = 0;
        state.stopped = true;
        self.changed.notify_all();
    }

    /// Lets `lead` find the work in `find`, and do with the others what is then still waiting.
    /// Returns what the lead left, and what the others did.
    pub fn run<L: Lane<J>>(
        &self,
        mut lead: L,
        find: impl FnOnce(&mut L),
    ) -> (L::Left, Vec<L::Left>) {
        let helpers: Vec<L> = (1..self.lanes).map(|_| lead.another()).collect();
        thread::scope(|scope| {
            let closing = Closing(self);
            let threads: Vec<_> = (1..)
                .zip(helpers)
                .map(|(number, lane)| scope.spawn(move || self.help(number, lane)))
                .collect();
            find(&mut lead);
            drop(closing);
            self.serve(LEAD, &mut lead, State::is_over);
            let ends = threads.into_iter().map(thread::ScopedJoinHandle::join);
            let left = ends.map(|end| end.unwrap_or_else(|panic| resume_unwind(panic)));
            (lead.leave(), left.collect())
        })
    }

    fn help<L: Lane<J>>(&self, number: usize, mut lane: L) -> L::Left {
        self.serve(number, &mut lane, State::is_over);
        lane.leave()
    }

    /// Lets the lead work until everything that it offered is done.
    pub fn catch_up<L: Lane<J>>(&self, lead: &mut L) {
        self.serve(LEAD, lead, |state| state.waiting() == 0 && state.busy == 0);
    }

    /// Works until there is nothing left to do.
    fn serve<L: Lane<J>>(&self, number: usize, lane: &mut L, over: fn(&State<J>) -> bool) {
        while let Some(turn) = self.next(number, over) {
            match turn {
                Turn::Do(errand) => {
                    let origin = errand.origin.clone();
                    let in_reach = lane.work(errand);
                    self.did(number, &origin, in_reach);
                }
                Turn::Arrive(origin, wants) => {
                    let came = lane.arrive(&origin, wants);
                    self.arrived(number, &origin, came);
                }
            }
        }
    }

    fn next(&self, lane: usize, over: fn(&State<J>) -> bool) -> Option<Turn<J>> {
        let mut state = self.state();
        loop {
            if let Some(turn) = state.turn(lane) {
                let does = lane != LEAD && matches!(turn, Turn::Do(_));
                state.busy += usize::from(does);
                return Some(turn);
            }
            if over(&state) {
                // What the others wait for will not come, either.
                self.changed.notify_all();
                return None;
            }
            state.idle.push(lane);
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle.retain(|&idle| idle != lane);
        }
    }

    fn arrived(&self, lane: usize, origin: &Origin, came: bool) {
        let mut state = self.state();
        if let Some(desk) = state.desk(origin) {
            desk.arriving -= 1;
            if came {
                desk.held.push(lane);
            } else {
                desk.full = true;
            }
        }
        self.changed.notify_all();
    }

    /// A piece is done. A lane that lost its server leaves the work there to those who still have it.
    fn did(&self, lane: usize, origin: &Origin, in_reach: bool) {
        let mut state = self.state();
        state.busy -= usize::from(lane != LEAD);
        if let Some(desk) = state.desk(origin).filter(|_| !in_reach) {
            desk.held.retain(|&held| held != lane);
            desk.full = true;
        }
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lane that finds the work.
const LEAD: usize = 0;

/// Says that no more work will come, also when finding it ended in a panic.
struct Closing<'p, J: Send>(&'p Pool<J>);

impl<J: Send> Drop for Closing<'_, J> {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
