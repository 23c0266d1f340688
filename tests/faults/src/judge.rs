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

/// After a failure the final name is nobody's, or the old file's where nothing had begun. A file that
/// is replaced only when it is whole keeps its old bytes.
fn nothing_wrong(cell: &Cell, left: &Left) -> Result<(), String> {
    let keeps_old = matches!(cell.job, Job::GetFile | Job::PutAtomic);
    match (cell.job, &left.result) {
        (Job::GetStdout, _) => match content().starts_with(&left.stdout) {
            true => Ok(()),
            false => Err("stdout has what is not in the file".into()),
        },
        (_, Some(result)) if result == OLD => Ok(()),
        (_, None) if !keeps_old => Ok(()),
        (_, None) => Err("the old file is gone".into()),
        (_, Some(result)) => Err(format!("{} bytes under the final name", result.len())),
    }
}
