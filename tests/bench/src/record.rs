//! Results as they are kept: a file a contest in `target/bench`, fields between tabs, so that a
//! page can be made of all of them when one was measured again.

use std::{fs, path::Path};

use crate::{
    contest::{Contender, FIGURES},
    figures::Spread,
    measure::{self, Taken},
};

/// What a contest gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The contest.
    pub key: String,
    /// What was done.
    pub task: String,
    /// What stood around each script.
    pub around: String,
    /// Who was not on this machine.
    pub absent: Vec<String>,
    /// What there is to say besides.
    pub notes: Vec<String>,
    /// Ours first.
    pub rows: Vec<Row>,
}

/// A contender and its runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// See `Contender`.
    pub name: String,
    /// The line it ran.
    pub script: String,
    /// One entry a run.
    pub runs: Vec<Taken>,
}

impl Row {
    /// With no runs yet.
    pub fn of(one: &Contender) -> Self {
        Self { name: one.name.to_owned(), script: one.script.to_owned(), runs: Vec::new() }
    }

    /// Whether it is one of our tools.
    pub fn is_ours(&self) -> bool {
        self.name.starts_with("ftp-")
    }

    /// Wall seconds, CPU seconds or peak MiB, by its place in `FIGURES`.
    pub fn spread(&self, figure: usize) -> Spread {
        let figure = FIGURES.get(figure).copied().unwrap_or(|_| f64::NAN);
        Spread::of(self.runs.iter().map(figure))
    }
}

impl Table {
    /// The peer with the least median of that figure.
    pub fn best(&self, figure: usize) -> Option<&Row> {
        let peers = self.rows.iter().filter(|row| !row.is_ours());
        let median = |row: &Row| row.spread(figure).median();
        peers.min_by(|one, other| median(one).total_cmp(&median(other)))
    }

    /// As text.
    pub fn write(&self) -> String {
        let mut text = format!("task\t{}\naround\t{}\n", self.task, self.around);
        for name in &self.absent {
            text += &format!("absent\t{name}\n");
        }
        for note in &self.notes {
            text += &format!("note\t{note}\n");
        }
        for row in &self.rows {
            text += &format!("row\t{}\t{}\n", row.name, row.script);
            for run in &row.runs {
                text += &format!("run\t{}\n", measure::write(run));
            }
        }
        text
    }

    /// What `write` wrote; `None` if it did not.
    pub fn read(key: &str, text: &str) -> Option<Self> {
        let mut table = Self { key: key.to_owned(), ..Self::default() };
        for line in text.lines() {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["task", task] => table.task = (*task).to_owned(),
                ["around", around] => table.around = (*around).to_owned(),
                ["absent", name] => table.absent.push((*name).to_owned()),
                ["note", note] => table.notes.push((*note).to_owned()),
                ["row", name, script] => {
                    let (name, script) = ((*name).to_owned(), (*script).to_owned());
                    table.rows.push(Row { name, script, runs: Vec::new() });
                }
                ["run", run] => table.rows.last_mut()?.runs.push(measure::read(run)?),
                _ => return None,
            }
        }
        table.rows.iter().all(|row| !row.runs.is_empty()).then_some(table)
    }

    /// Writes it to `folder`.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(format!("{}.tsv", self.key));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, self.write()))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What was kept there under that key, if anything.
    pub fn kept(folder: &Path, key: &str) -> Option<Self> {
        let text = fs::read_to_string(folder.join(format!("{key}.tsv"))).ok()?;
        Self::read(key, &text)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Two contenders, one run each.
    pub fn sample(key: &str) -> Table {
        let row = |name: &str, run| Row {
            name: name.to_owned(),
            script: format!("{name} $A/x"),
            runs: vec![measure::read(run).unwrap()],
        };
        Table {
            key: key.to_owned(),
            task: "a task".to_owned(),
            around: "{} | cat".to_owned(),
            absent: vec!["wget".to_owned()],
            notes: vec!["a note".to_owned()],
            rows: vec![
                row("ftp-get", "100000 20000 4096"),
                row("curl", "400000 40000 8192"),
                row("lftp", "200000 80000 8192"),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let table = sample("cold");
        assert_eq!(Table::read("cold", &table.write()), Some(table.clone()));
        assert_eq!(Table::read("cold", "run\t1 2 3\n"), None);
        assert_eq!(Table::read("cold", "row\tcurl\tcurl x\n"), None);
    }

    #[test]
    fn the_best_peer_depends_on_the_figure() {
        let table = sample("cold");
        let best = |figure| table.best(figure).map(|row| row.name.as_str());
        assert_eq!((best(0), best(1)), (Some("lftp"), Some("curl")));
    }
}
