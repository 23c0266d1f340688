//! Directories of more entries than memory should take: listed, sorted, walked and matched. All that is kept of
//! one would be well over 64 MiB.

use std::io;
use std::time::Duration;

use super::{Attack, Talk, flooded_for};

/// How many entries: all that a directory may have, where the tools were built to be fast.
const CROWD: u64 = if cfg!(debug_assertions) { 1_000_000 } else { 4_000_000 };

/// How long a tool may take that was not built to be fast, beside others.
const LONG: Duration = Duration::from_secs(400);

/// How long one is watched that has something to do for each of so many entries.
const A_WHILE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 30 });

fn crowd(talk: &mut Talk) -> io::Result<()> {
    talk.list("", CROWD)
}

/// As many as make a directory of that kind worth a file when 64 of them are open.
fn rows_below_rows(talk: &mut Talk) -> io::Result<()> {
    talk.list("type=dir; 0\r\n", 20_000)
}

/// One that must end, and be right.
fn ends(name: &str, arguments: &'static [&'static str]) -> Attack {
    Attack::new(format!("flood/{name}"), move |tools| {
        let ran = flooded_for(LONG, tools, arguments, ("MLSD", crowd))?;
        ran.must(&[0], &[])
    })
}

/// One that goes on for longer than anybody waits for it here.
fn holds(name: &str, arguments: &'static [&'static str]) -> Attack {
    Attack::new(format!("flood/{name}"), move |tools| {
        let ran = flooded_for(A_WHILE, tools, arguments, ("MLSD", crowd))?;
        if ran.killed { ran.must_stay_small() } else { ran.must(&[1, 5], &[]) }
    })
}

pub fn all() -> Vec<Attack> {
    vec![
        ends("millions_of_long_names", &["ftp-ls", "{}/"]),
        ends("millions_of_long_names_in_columns", &["ftp-ls", "-l", "{}/"]),
        ends("millions_of_long_names_by_time", &["ftp-ls", "-t", "-r", "{}/"]),
        ends("millions_of_long_names_in_a_tree", &["ftp-ls", "-R", "{}/"]),
        ends("millions_of_long_names_to_remove", &["ftp-rm", "-rn", "{}/tree"]),
        ends("millions_of_long_names_matched", &["ftp-ls", "{}/n*"]),
        holds("millions_of_long_names_to_get", &["ftp-get", "-R", "-d", "out", "{}/tree"]),
        holds("millions_of_long_names_to_get_4", &["ftp-get", "-P4", "-Rd", "out", "{}/tree"]),
        holds("millions_of_long_names_in_turn", &["ftp-get", "-P4", "{}/n*"]),
        holds("millions_of_long_names_to_pipe", &["ftp-pipe", "-R", "{}/tree", "{}/copy/"]),
        holds("millions_of_long_names_put_off", &["ftp-rm", "-r", "-P4", "{}/n*"]),
        Attack::new("flood/large_directories_inside_each_other", |tools| {
            let arguments = &["ftp-ls", "-R", "{}/"];
            let ran = flooded_for(LONG, tools, arguments, ("MLSD", rows_below_rows))?;
            ran.must(&[1], &["without end"])
        }),
        Attack::new("flood/names_of_20_kib_inside_each_other", |tools| {
            let arguments = &["ftp-ls", "-R", "{}/"];
            let inside = |talk: &mut Talk| talk.list(&format!("type=dir; {:d<20000}\r\n", ""), 1);
            let ran = flooded_for(LONG, tools, arguments, ("MLSD", inside))?;
            ran.must(&[1], &["longer than 32 KiB"])
        }),
        Attack::new("flood/no_room_for_millions_of_long_names", |tools| {
            let arguments = &["TMPDIR=/nowhere ftp-ls", "{}/"];
            let ran = flooded_for(LONG, tools, arguments, ("MLSD", crowd))?;
            ran.must(&[6], &["(-U keeps none): a temporary file in /nowhere, or where TMPDIR says: No such file"])
        }),
    ]
}
