//! Runs the blocks of the documentation as a reader would, each in a folder of its own,
//! against servers on loopback. Words on the command line are parts of recipes' names; without any, all are
//! run. How a page says what a recipe needs and must have done is in tests/README.md.
//!
//! ```text
//! page     a page of documentation: its recipes         ← nothing
//! mapping  the commands of from-curl-lftp.md            ← page
//! tree     the files of the scripted server, as files   ← nothing
//! hosts    the hosts a page names, and their servers    ← tree
//! shell    runs a script with a bound                   ← nothing
//! play     one recipe                                   ← page hosts shell
//! ```

#![allow(missing_docs, reason = "a program of the tests, nobody's library")]

mod hosts;
mod mapping;
mod page;
mod play;
mod shell;
mod tree;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use servers::verdict::Verdict;

use crate::page::Recipe;
use crate::play::play;

/// The pages whose `sh` blocks are run.
const PAGES: [&str; 4] = ["README.md", "README.zh-CN.md", "docs/cookbook.md", "docs/scaling.md"];

/// The page whose tables hold commands.
const MAPPING: &str = "docs/from-curl-lftp.md";

/// Fewer recipes than that, and a page was not read to its end.
const LEAST: usize = 220;

fn main() -> ExitCode {
    match run(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cookbook: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<bool, String> {
    let me = env::current_exe().map_err(|error| error.to_string())?;
    let built = me.parent().map(PathBuf::from).ok_or("in no folder")?;
    let recipes = recipes(words)?;
    let mut verdict = Verdict::default();
    for recipe in &recipes {
        verdict.count(&recipe.name, play(recipe, &built)).map_err(|e| e.to_string())?;
    }
    if words.is_empty() && recipes.len() < LEAST {
        let why = format!("{} recipes, there must be {LEAST}", recipes.len());
        verdict.count("the pages", Err(why)).map_err(|e| e.to_string())?;
    }
    verdict.close().map_err(|error| error.to_string())
}

/// The recipes of all pages whose names have one of the words in them.
fn recipes(words: &[String]) -> Result<Vec<Recipe>, String> {
    let mut all = Vec::new();
    for page in PAGES {
        all.extend(page::recipes(page, &read(page)?)?);
    }
    all.extend(mapping::recipes(MAPPING, &read(MAPPING)?)?);
    all.retain(|recipe| words.is_empty() || words.iter().any(|w| recipe.name.contains(w)));
    Ok(all)
}

fn read(page: &str) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(page)).map_err(|e| format!("{page}: {e}"))
}
