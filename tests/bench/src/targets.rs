//! What the tools are meant to reach, and whether they did. Pure: tables in, verdicts out.

use crate::{figures::Spread, record::Table};

/// Places in `FIGURES`.
const WALL: usize = 0;
const CPU: usize = 1;
const PEAK: usize = 2;

/// The round-trip time of the links with small files, in seconds, and their files.
const TRIP: f64 = 0.02;
const FILES: f64 = 500.0;

/// How often a tool is started.
const STARTS: f64 = 100.0;

/// Beginnings of contests without a server, and of those where no file is moved.
const LOCAL: [&str; 2] = ["parse", "startup"];
const LISTS: [&str; 1] = ["list"];

/// One of them.
pub struct Target {
    /// What is wanted, without the number.
    pub text: &'static str,
    /// The number.
    pub bound: Bound,
    figure: fn(&Book<'_>) -> Option<f64>,
}

/// How a figure is judged.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// Not more than that.
    Most(f64),
    /// Not less than that.
    Least(f64),
}

impl Bound {
    fn admits(self, figure: f64) -> bool {
        match self {
            Self::Most(most) => figure <= most,
            Self::Least(least) => figure >= least,
        }
    }

    /// `≤ 0.40`.
    pub fn text(self) -> String {
        match self {
            Self::Most(most) => format!("≤ {most}"),
            Self::Least(least) => format!("≥ {least}"),
        }
    }
}

/// All that was measured.
pub struct Book<'a>(pub &'a [Table]);

const fn most(text: &'static str, most: f64, figure: fn(&Book<'_>) -> Option<f64>) -> Target {
    Target { text, bound: Bound::Most(most), figure }
}

/// In the order of the page.
pub const TARGETS: &[Target] = &[
    most("cold fetch: wall time over curl's", 0.40, |book| book.against("cold", "curl", WALL)),
    most("500 files down, one connection: wall time over the best peer's", 0.65, |book| {
        book.best("get-500-one", WALL)
    }),
    most("500 files down, eight connections: wall time over the best peer's", 0.75, |book| {
        book.best("get-500-eight", WALL)
    }),
    most("500 files up, one connection: wall time over the best peer's", 0.65, |book| {
        book.best("put-500-one", WALL)
    }),
    most("500 files up, eight connections: wall time over the best peer's", 0.75, |book| {
        book.best("put-500-eight", WALL)
    }),
    most("500 files removed, one connection: wall time over the best peer's", 0.65, |book| {
        book.best("rm-500-one", WALL)
    }),
    most("500 files removed, eight connections: wall time over the best peer's", 0.75, |book| {
        book.best("rm-500-eight", WALL)
    }),
    most("down to a pipe: CPU over curl's", 0.30, |book| book.against("get-pipe", "curl", CPU)),
    most("down to a file: CPU over curl's", 0.50, |book| book.against("get-file", "curl", CPU)),
    most("up from a file: CPU over curl's", 0.60, |book| book.against("put-file", "curl", CPU)),
    most("relay: CPU over lftp's", 0.25, |book| book.against("relay", "lftp", CPU)),
    most("relay: CPU over a Python loop's", 0.10, |book| {
        book.against("relay", "python, blocks of 1 KiB", CPU)
    }),
    most("FXP: CPU seconds of the client", 0.1, |book| book.ours("fxp", CPU)),
    most("TLS, down to a file: CPU over the best peer's", 0.80, |book| {
        book.best("tls-get-file", CPU)
    }),
    most("TLS, down to a pipe: CPU over the best peer's", 0.80, |book| {
        book.best("tls-get-pipe", CPU)
    }),
    most("100,000 names: CPU over lftp's", 0.50, |book| book.against("list-100k", "lftp cls", CPU)),
    Target {
        text: "eight segments: times as fast as one connection",
        bound: Bound::Least(7.0),
        figure: |book| Some(book.ours("rate-one", WALL)? / book.ours("rate-eight", WALL)?),
    },
    most("500 files relayed, one connection to each: round trips a file", 4.0, |book| {
        Some(book.ours("relay-500-one", WALL)? / FILES / TRIP)
    }),
    most("from exec to the server and back, ms", 3.0, |book| {
        Some(book.ours("startup-door", WALL)? / STARTS * 1000.0)
    }),
    most("the most memory of any transfer, MiB", 16.0, |book| book.most_memory()),
    most(
        "contests with a server in which we are slower than the best peer beyond noise",
        0.0,
        |book| (!book.0.is_empty()).then(|| book.slower().len() as f64),
    ),
];

impl Target {
    /// What was measured, and whether that is good enough; `None` without figures.
    pub fn judge(&self, book: &Book<'_>) -> Option<(f64, bool)> {
        let figure = (self.figure)(book).filter(|figure| figure.is_finite())?;
        Some((figure, self.bound.admits(figure)))
    }
}

impl Book<'_> {
    fn table(&self, key: &str) -> Option<&Table> {
        self.0.iter().find(|table| table.key == key)
    }

    fn spread(&self, key: &str, figure: usize) -> Option<Spread> {
        self.table(key)?.rows.first().map(|row| row.spread(figure))
    }

    fn ours(&self, key: &str, figure: usize) -> Option<f64> {
        self.spread(key, figure).map(|spread| spread.median())
    }

    fn against(&self, key: &str, peer: &str, figure: usize) -> Option<f64> {
        let peer = self.table(key)?.rows.iter().find(|row| row.name == peer)?;
        Some(self.ours(key, figure)? / peer.spread(figure).median())
    }

    fn best(&self, key: &str, figure: usize) -> Option<f64> {
        let best = self.table(key)?.best(figure)?;
        Some(self.ours(key, figure)? / best.spread(figure).median())
    }

    /// Contests with a server.
    fn remote(&self) -> impl Iterator<Item = &Table> {
        self.0.iter().filter(|table| !begins(&table.key, &LOCAL))
    }

    fn most_memory(&self) -> Option<f64> {
        let transfers = self.remote().filter(|table| !begins(&table.key, &LISTS));
        let peaks = transfers.filter_map(|table| table.rows.first());
        peaks.map(|row| row.spread(PEAK).most()).max_by(f64::total_cmp)
    }

    /// Contests in which our median is above the best peer's slowest run.
    pub fn slower(&self) -> Vec<&str> {
        let is_slower = |table: &&Table| {
            let best = table.best(WALL).map(|row| row.spread(WALL).most());
            let ours = self.ours(&table.key, WALL);
            ours.zip(best).is_some_and(|(ours, best)| ours > best)
        };
        self.remote().filter(is_slower).map(|table| table.key.as_str()).collect()
    }
}

fn begins(key: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| key.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::sample;

    #[test]
    fn targets_are_met_missed_or_without_figures() {
        let tables = [sample("cold"), sample("get-500-one"), sample("get-500-eight")];
        let book = Book(&tables);
        let judged: Vec<_> = TARGETS.iter().take(4).map(|target| target.judge(&book)).collect();
        // curl takes 0.4 s, lftp 0.2 s, ours 0.1 s.
        let wanted = [Some((0.25, true)), Some((0.5, true)), Some((0.5, true)), None];
        assert_eq!(judged, wanted);
        let missed = Target { bound: Bound::Least(1.0), ..most("", 0.0, |_| Some(0.5)) };
        assert_eq!(missed.judge(&book), Some((0.5, false)));
    }

    #[test]
    fn slower_is_what_no_run_of_the_best_peer_reaches() {
        let mut tables = [sample("cold"), sample("relay"), sample("parse-unix")];
        assert!(Book(&tables).slower().is_empty());
        for table in &mut tables {
            table.rows.rotate_left(1);
            table.rows[0].name = "ftp-pipe".to_owned();
            table.rows[2].name = "wget".to_owned();
        }
        assert_eq!(Book(&tables).slower(), ["cold", "relay"]);
    }

    #[test]
    fn memory_is_of_transfers_alone() {
        let mut other = sample("list-1m");
        other.rows[0].runs[0].peak = 1 << 20;
        assert_eq!(Book(&[sample("cold"), other]).most_memory(), Some(4.0));
    }
}
