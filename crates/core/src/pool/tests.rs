//! What lanes do, with sessions that are none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::charset::Charset;
use crate::url::Address;

/// What all lanes of a test see.
#[derive(Default)]
struct Scene {
    done: Mutex<Vec<u32>>,
    lanes: AtomicUsize,
    /// How many further lanes find a place.
    places: AtomicUsize,
}

struct Tester<'s> {
    scene: &'s Scene,
    number: usize,
    /// Loses its server with this piece.
    loses: Option<u32>,
}

impl Lane<u32> for Tester<'_> {
    type Left = usize;

    fn another(&self) -> Self {
        let number = 1 + self.scene.lanes.fetch_add(1, Ordering::SeqCst);
        Self { scene: self.scene, number, loses: self.loses }
    }

    fn arrive(&mut self, _: &Origin, _: Wants) -> bool {
        let one_less = |places: usize| places.checked_sub(1);
        self.scene.places.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }

    fn work(&mut self, errand: Errand<u32>) -> bool {
        std::thread::sleep(Duration::from_millis(2));
        self.scene.done.lock().unwrap().push(errand.work);
        self.loses != Some(errand.work)
    }

    fn leave(self) -> usize {
        self.number
    }
}

fn errand(host: &str, work: u32) -> Errand<u32> {
    let url = format!("ftp://{host}/x");
    let origin = Address::parse(url.as_bytes(), Charset::Bytes, false).unwrap().origin;
    Errand { origin, wants: Wants::default(), bytes: 0, work }
}

fn offer(pool: &Pool<u32>, pieces: u32) {
    for work in 0..pieces {
        let host = if work % 3 == 0 { "a" } else { "b" };
        assert!(pool.offer(errand(host, work), |_| true).is_none());
    }
}

/// All pieces that the lanes did, in order of their numbers.
fn run(scene: &Scene, loses: Option<u32>, find: impl FnOnce(&Pool<u32>)) -> Vec<u32> {
    let pool = Pool::new(4, 100);
    let (lead, others) = pool.run(Tester { scene, number: 0, loses }, |_| find(&pool));
    assert_eq!((lead, others), (0, vec![1, 2, 3]));
    let mut done = std::mem::take(&mut *scene.done.lock().unwrap());
    done.sort_unstable();
    done
}

#[test]
fn each_piece_is_done_once_however_many_lanes_find_a_place() {
    for places in 0..4 {
        let scene = Scene { places: places.into(), ..Scene::default() };
        let done = run(&scene, None, |pool| offer(pool, 50));
        assert_eq!(done, (0..50).collect::<Vec<_>>());
    }
}

#[test]
fn a_lane_that_loses_its_server_leaves_the_rest_to_others_even_the_last_one() {
    for (places, pieces) in [(0, 20), (2, 20), (2, 1)] {
        let scene = Scene { places: places.into(), ..Scene::default() };
        let done = run(&scene, Some(0), |pool| offer(pool, pieces));
        assert_eq!(done, (0..pieces).collect::<Vec<_>>());
    }
}

#[test]
fn what_the_lead_must_do_itself_comes_back() {
    let alone = Pool::new(1, 100);
    assert!(alone.offer(errand("a", 1), |_| unreachable!()).is_some());
    let full = Pool::new(2, 1);
    assert!(full.offer(errand("a", 1), |_| true).is_none());
    assert!(full.offer(errand("a", 2), |_| true).is_some());
    let refused = Pool::new(2, 1);
    assert!(refused.offer(errand("a", 1), |_| false).is_some());
}

#[test]
fn all_that_was_offered_is_done_when_the_lead_has_caught_up() {
    let scene = Scene { places: 3.into(), ..Scene::default() };
    let pool = Pool::new(4, 100);
    pool.run(Tester { scene: &scene, number: 0, loses: None }, |lead| {
        for round in 1..4 {
            offer(&pool, 10);
            pool.catch_up(lead);
            assert_eq!(scene.done.lock().unwrap().len(), 10 * round);
        }
    });
}

#[test]
fn what_waits_is_dropped_when_nobody_wants_it() {
    let scene = Scene::default();
    let done = run(&scene, None, |pool| {
        pool.offer(errand("a", 1), |_| true);
        pool.stop();
        assert!(pool.offer(errand("a", 2), |_| true).is_none());
    });
    assert_eq!(done, []);
}

#[test]
fn what_waits_longest_is_overdue_when_much_waits() {
    let pool = Pool::new(2, usize::MAX);
    let most = u32::try_from(MOST_PIECES).unwrap();
    offer(&pool, most - 1);
    assert!(pool.overdue(&errand("a", 0).origin).is_none());
    assert!(pool.offer(errand("a", most), |_| true).is_none());
    assert!(pool.overdue(&errand("b", 0).origin).is_none());
    assert_eq!(pool.overdue(&errand("a", 0).origin).unwrap().work, 0);
    assert!(pool.offer(errand("a", most + 1), |_| true).is_none());
    assert_eq!(pool.overdue(&errand("b", 0).origin).unwrap().work, 1);
}

#[test]
fn names_that_wait_are_weighed() {
    let pool = Pool::new(2, 100);
    let heavy = |work| Errand { bytes: MOST_WAITING, ..errand("a", work) };
    assert!(pool.offer(heavy(0), |_| true).is_none());
    assert_eq!(pool.offer(heavy(1), |_| true).unwrap().work, 1);
    assert_eq!(pool.overdue(&errand("a", 0).origin).unwrap().work, 0);
    assert!(pool.offer(heavy(2), |_| true).is_none());
}

#[test]
fn who_hands_out_too_much_waits_for_the_lanes_and_not_for_ever() {
    let pool = Pool::new(2, usize::MAX);
    offer(&pool, u32::try_from(MOST_PIECES).unwrap());
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            pool.overdue(&errand("a", 0).origin).unwrap();
        });
        pool.let_some_go();
    });
    assert!(begun.elapsed() >= Duration::from_millis(100));
    assert!(pool.offer(errand("a", 0), |_| true).is_none());
    pool.let_some_go();
    pool.stop();
    pool.let_some_go();
}
