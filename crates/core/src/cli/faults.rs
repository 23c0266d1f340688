//! What is wrong with a table of flags, and with what is made of it. For the tools' own tests.

use super::flag::{Spec, Takes, Tool};
use super::session_flags;
use super::{complete, help, man};

/// How a text writes a long flag.
type Spelling = fn(&str) -> String;

impl<A> Tool<A> {
    /// What is wrong with the table, one sentence each, for the tool's own test: names that are
    /// not unique or not legal, values without a name, help that does not fit its line, flags that
    /// the help, the man page or a completion lacks, and flags in the prose that there are not.
    pub fn faults(&self) -> Vec<String> {
        let rows: Vec<Spec> = self.all().collect();
        let mut faults: Vec<String> = rows.iter().flat_map(row_faults).collect();
        for (at, row) in rows.iter().enumerate() {
            let before = rows.iter().take(at);
            let clash = |other: &&Spec| {
                other.long == row.long || (row.short.is_some() && other.short == row.short)
            };
            let clashes = before.filter(clash);
            faults.extend(clashes.map(|other| format!("{} clashes with {}", row.long, other.long)));
        }
        let shared = |name: &&&str| session_flags::FLAGS.iter().all(|flag| flag.long != **name);
        faults.extend(self.without.iter().filter(shared).map(|name| format!("no shared {name}")));
        faults.extend(self.lacking(&rows));
        faults.extend(self.made_up(&rows));
        faults
    }

    /// Rows that a text made from the table does not have.
    fn lacking(&self, rows: &[Spec]) -> Vec<String> {
        let forms: [(&str, String, Spelling); 6] = [
            ("-h", help::short(self), |long| format!("--{long}")),
            ("--help", help::long(self), |long| format!("--{long}")),
            ("the man page", man::page(self), man::long_flag),
            ("bash", complete::bash(self), |long| format!("--{long}")),
            ("zsh", complete::zsh(self), |long| format!("--{long}")),
            ("fish", complete::fish(self), |long| format!("-l {long}")),
        ];
        let mut faults = Vec::new();
        for (form, text, spelt) in &forms {
            let missing = rows.iter().filter(|row| !has_word(text, &spelt(row.long)));
            faults.extend(missing.map(|row| format!("--{} is not in {form}", row.long)));
        }
        faults
    }

    /// Long flags in the prose, the help and the examples that are none.
    fn made_up(&self, rows: &[Spec]) -> Vec<String> {
        let helps = rows.iter().map(|row| row.help);
        let texts = helps.chain([self.story]);
        let flags = texts.flat_map(str::split_whitespace).filter_map(|word| {
            let name = word.trim_start_matches('(').strip_prefix("--")?;
            let end = name.find(|c: char| !c.is_ascii_lowercase() && c != '-');
            name.get(..end.unwrap_or(name.len())).filter(|name| !name.is_empty())
        });
        let unknown = flags.filter(|name| rows.iter().all(|row| row.long != *name));
        unknown.map(|name| format!("the text names --{name}, which is no flag")).collect()
    }
}

/// Whether `word` stands in `text` and is not the beginning of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    text.split(word).skip(1).any(|rest| !goes_on(rest) && !rest.starts_with("\\-"))
}

fn row_faults(row: &Spec) -> Vec<String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let named = row.long.len() > 1
        && row.long.starts_with(|c: char| c.is_ascii_lowercase())
        && !row.long.ends_with('-')
        && row.long.chars().all(letters);
    let unnamed_value = row.takes != Takes::Nothing && row.takes.value_name().is_empty();
    [
        (!named, "bad long name"),
        (row.short.is_some_and(|c| !c.is_ascii_alphanumeric()), "bad short name"),
        (unnamed_value, "a value without a name"),
        (!row.help.ends_with('.'), "help without a full stop"),
        (help::brief(row).chars().count() > help::COLUMNS + 1, "no room for the help in one line"),
    ]
    .into_iter()
    .filter(|(wrong, _)| *wrong)
    .map(|(_, fault)| format!("--{}: {fault}", row.long))
    .collect()
}
