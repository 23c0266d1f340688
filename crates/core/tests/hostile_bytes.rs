//! The fuzz targets of `fuzz/` that are not about listings, on a stable compiler: over their seeds, over seeds cut anywhere,
//! and over seeds altered by a generator with a fixed seed. What must hold stands in `fuzz/src/bytes.rs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/src/bytes.rs"]
mod bytes;

/// Altered inputs made of each seed; fewer where one takes long.
const MUTATIONS: usize = 3_000;

/// Bytes that mean something somewhere.
const TELLING: &[u8] = b" -;=:/%@()|,.\"\\*?[]\r\n\0\t0123456789+\x80\xFF";

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn alter(input: &mut Vec<u8>, random: &mut fastrand::Rng) {
    let at = random.usize(..=input.len());
    let byte = if random.bool() { TELLING[random.usize(..TELLING.len())] } else { random.u8(..) };
    match random.u8(..16) {
        0 => input.truncate(at),
        1..=4 if at < input.len() => drop(input.remove(at)),
        5..=9 if at < input.len() => input[at] = byte,
        10 => input.extend_from_within(at..),
        _ => input.insert(at, byte),
    }
    input.truncate(64 * 1024);
}

fn play(target: &str, mutations: usize, run: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(seeds.len() >= 2, "{target}");
    let mut random = fastrand::Rng::with_seed(7);
    for seed in &seeds {
        run(seed);
        let mut input = seed.clone();
        for round in 0..mutations {
            if round % 20 == 0 {
                input.clone_from(seed);
            }
            alter(&mut input, &mut random);
            run(&input);
        }
    }
}

fn cut(target: &str, run: fn(&[u8])) {
    for seed in seeds(target) {
        (0..=seed.len()).for_each(|end| run(&seed[..end]));
    }
}

macro_rules! targets {
    ($($name:ident: $run:ident, $mutations:expr;)*) => {$(
        #[test]
        fn $name() {
            cut(stringify!($name), bytes::$run);
            play(stringify!($name), $mutations, bytes::$run);
        }
    )*};
}

targets! {
    reply: read_replies, MUTATIONS;
    passive: read_passive, MUTATIONS;
    features: read_features, MUTATIONS;
    url: read_url, MUTATIONS;
    netrc: read_netrc, MUTATIONS;
    operands: read_operands, MUTATIONS;
    encoding: read_encodings, MUTATIONS / 10;
}

#[test]
fn session() {
    play("session", MUTATIONS / 100, bytes::hold_session);
}
