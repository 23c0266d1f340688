//! The one oracle: what may be left after a run, whatever the fault was.

use crate::cell::{Cell, Job, Must};
use crate::play::{Left, OLD, content};

/// How a cell ended that ended well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Exit code 0, and all bytes are there.
    Survived,
    /// A true exit code, and nothing wrong under the final name.
    Failed,
}

/// Judges a run.
///
/// # Errors
/// What is wrong about it.
pub fn judge(cell: &Cell, left: &Left) -> Result<Verdict, String> {
    let wrong = |what: String| Err(format!("{what}\n    stderr: {}", left.stderr));
    if left.source.as_ref().is_some_and(|source| *source != content()) {
        return wrong("the source was touched".into());
    }
    if let Some(litter) = left.litter.iter().find(|name| *name != "src") {
        return wrong(format!("{litter} was left"));
    }
    match (left.code, cell.must()) {
        (Some(0), Must::Fail) => wrong("it survived what it must not".into()),
        (Some(0), _) => whole(cell, left).map(|()| Verdict::Survived).or_else(wrong),
        (Some(code @ (1 | 3 | 4 | 5 | 6)), Must::Survive) => {
            wrong(format!("exit code {code} where it must survive"))
        }
        (Some(1 | 3 | 4 | 5 | 6), _) => nothing_wrong(cell, left)
            .and_then(|()| match left.stderr.is_empty() {
                true => Err("it failed without a word".into()),
                false => Ok(Verdict::Failed),
            })
            .or_else(wrong),
        (code, _) => wrong(format!("exit code {code:?}")),
    }
}

fn whole(cell: &Cell, left: &Left) -> Result<(), String> {
    let got = match cell.job {
        Job::GetStdout => Some(&left.stdout),
        _ => left.result.as_ref(),
    };
    match got {
        Some(got) if *got == content() => Ok(()),
        Some(got) => Err(format!("exit code 0 with {} wrong bytes", got.len())),
        None => Err("exit code 0 and no file".into()),
    }
}

/// What is left after a failure. A file that is replaced only when it is whole keeps its old bytes, and so
/// does one that the server never opened. Of one that was written in place some bytes may be there, or
/// nothing, if the message says so.
fn nothing_wrong(cell: &Cell, left: &Left) -> Result<(), String> {
    let keeps_old = matches!(cell.job, Job::GetFile | Job::PutAtomic) || !left.wrote;
    let whole = content();
    match (cell.job, &left.result) {
        (Job::GetStdout, _) => match whole.starts_with(&left.stdout) {
            true => Ok(()),
            false => Err("stdout has what is not in the file".into()),
        },
        (_, Some(result)) if result == OLD => Ok(()),
        (_, None) if keeps_old => Err("the old file is gone".into()),
        (_, None) if left.says(&["--atomic"]) => Ok(()),
        (_, None) => Err("the old file is gone, and no word of it".into()),
        (_, Some(result)) if keeps_old || !whole.starts_with(result) => {
            Err(format!("{} bytes under the final name", result.len()))
        }
        (_, Some(_)) if left.says(&["--atomic", "incomplete"]) => Ok(()),
        (_, Some(result)) => {
            Err(format!("{} bytes under the final name, and no word of it", result.len()))
        }
    }
}

impl Left {
    /// Whether the messages have one of these words.
    fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.stderr.contains(word))
    }
}
