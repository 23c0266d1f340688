//! Entries beyond memory come back as those in memory do.

use super::*;
use crate::listing::Stamp;

fn all(mut found: InOrder) -> Vec<Entry<'static>> {
    let mut entries = Vec::new();
    while let Some(entry) = found.next_entry().unwrap() {
        entries.push(entry.into_owned());
    }
    entries
}

/// `count` entries with names, sizes and times that come again.
fn entries(count: u32) -> Vec<Entry<'static>> {
    let entry = |number: u32| {
        let mixed = number.wrapping_mul(2_654_435_761);
        let name = format!("file {}{}", mixed % 4000, "x".repeat(mixed as usize % 50));
        let mut entry = Entry::new(name.as_bytes(), Kind::File).into_owned();
        entry.size = (!mixed.is_multiple_of(7)).then_some(u64::from(mixed % 1000));
        let seconds = i64::from(mixed % 999);
        entry.modified = (!mixed.is_multiple_of(5)).then_some(Stamp { seconds, utc: false });
        entry.mode = Some(number & 0o7777);
        entry
    };
    (0..count).map(entry).collect()
}

fn kept(entries: &[Entry<'_>], by: By, reverse: bool) -> Kept {
    let mut kept = Kept { full: 200_000, ..Kept::new(by, reverse) };
    for entry in entries {
        kept.push(&entry.name, entry).unwrap();
    }
    kept
}

fn sorted(mut entries: Vec<Entry<'static>>, by: By, reverse: bool) -> Vec<Entry<'static>> {
    let seconds = |entry: &Entry<'_>| entry.modified.map(|stamp| stamp.seconds);
    match by {
        By::Arrival => {}
        By::Name => entries.sort_by(|a, b| a.name.cmp(&b.name)),
        By::Size => entries.sort_by(|a, b| b.size.cmp(&a.size).then(a.name.cmp(&b.name))),
        By::Time => {
            entries.sort_by(|a, b| seconds(b).cmp(&seconds(a)).then(a.name.cmp(&b.name)));
        }
    }
    if reverse {
        entries.reverse();
    }
    entries
}

#[test]
fn more_than_memory_takes_is_sorted_as_less_is() {
    let given = entries(20_000);
    for by in [By::Name, By::Time, By::Size, By::Arrival] {
        for reverse in [false, true] {
            let kept = kept(&given, by, reverse);
            assert!(kept.runs.as_ref().is_some_and(|(_, runs)| runs.len() > 1));
            let found = all(kept.in_order(ROOM).unwrap());
            assert!(found == sorted(given.clone(), by, reverse), "{by:?} {reverse}");
        }
    }
}

#[test]
fn little_makes_no_file_unless_it_has_no_room() {
    let given = entries(1000);
    for (room, has_file) in [(ROOM, false), (0, true)] {
        let found = kept(&given, By::Name, false).in_order(room).unwrap();
        assert_eq!(found.held() == 0, has_file);
        assert!(all(found) == sorted(given.clone(), By::Name, false));
    }
    assert!(all(Kept::new(By::Name, true).in_order(0).unwrap()).is_empty());
}

#[test]
fn texts_as_long_as_a_line_come_back() {
    let long = |byte| Entry::new(&[byte; 60_000], Kind::Dir).into_owned();
    let given: Vec<_> = (b'a'..=b'z').map(long).collect();
    let kept = kept(&given, By::Name, true);
    assert!(kept.has_folders());
    assert!(all(kept.in_order(0).unwrap()) == sorted(given, By::Name, true));
}

#[test]
fn the_clock_is_set_in_the_file_too() {
    let given = entries(10);
    for room in [0, ROOM] {
        let mut kept = kept(&given, By::Arrival, false);
        kept.set_clock(60);
        for (found, sent) in all(kept.in_order(room).unwrap()).iter().zip(&given) {
            let moved = |stamp: Stamp| Stamp { seconds: stamp.seconds + 60, utc: true };
            assert_eq!(found.modified, sent.modified.map(moved));
        }
    }
}

#[test]
fn an_allowance_ends() {
    let given = entries(3);
    let mut kept = Kept::within(Allowance { entries: 2, bytes: 1000 }, By::Name, false);
    let mut push = |entry: &Entry<'_>| kept.push(&entry.name, entry).is_ok();
    assert_eq!(given.iter().map(&mut push).collect::<Vec<_>>(), [true, true, false]);
    let mut kept = Kept::within(Allowance { entries: 2, bytes: 1 }, By::Name, false);
    let mut push = |entry: &Entry<'_>| kept.push(&entry.name, entry).is_ok();
    assert_eq!(given.iter().map(&mut push).collect::<Vec<_>>(), [true, false, false]);
}
