//! Runs a folder of cases as a test target: in threads, by name, with output in the form of
//! Rust's own test runner. One case is one test; a new case needs no compiling.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use crate::case::Case;
use crate::messages;
use crate::text::{Result, number};

/// What `cargo test -- ...` asks for.
#[derive(Debug, Default, PartialEq)]
struct Options {
    filters: Vec<String>,
    skip: Vec<String>,
    exact: bool,
    list: bool,
    threads: Option<usize>,
}

impl Options {
    fn parse(args: impl IntoIterator<Item = String>) -> Result<Self> {
        let (mut options, mut args) = (Self::default(), args.into_iter());
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value"));
            match arg.as_str() {
                "--list" => options.list = true,
                "--exact" => options.exact = true,
                "--skip" => options.skip.push(value()?),
                "--test-threads" => options.threads = Some(number(&value()?)?),
                "--format" | "--color" => drop(value()?),
                "--nocapture" | "--no-capture" | "--show-output" | "-q" | "--quiet"
                | "--include-ignored" => {}
                other if other.starts_with("--test-threads=") => {
                    options.threads = Some(number(other.trim_start_matches("--test-threads="))?);
                }
                // Benches and ignored tests: there are none.
                "--bench" | "--ignored" => options.filters.push("\0".to_owned()),
                other if other.starts_with('-') => return Err(format!("unknown flag {other}")),
                _ => options.filters.push(arg),
            }
        }
        Ok(options)
    }

    fn wants(&self, name: &str) -> bool {
        let fits =
            |filter: &String| if self.exact { name == filter } else { name.contains(filter) };
        (self.filters.is_empty() || self.filters.iter().any(fits)) && !self.skip.iter().any(fits)
    }
}

/// Runs every case in `dir` whose name the command line asks for against `exe`, or the program of that name in the
/// folder that `FTP_TOOLS_BIN` names.
///
/// The end is that of a test target: success only if all passed. An empty folder is a failure.
pub fn run_cases(tool: &str, exe: &Path, dir: &Path) -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options, tool, exe, dir))
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(101),
        Err(error) => {
            let _ = writeln!(io::stderr(), "{tool} cases: {error}");
            ExitCode::from(101)
        }
    }
}

/// The variable that names a folder of tools to try, instead of those that cargo has just built.
const ELSEWHERE: &str = "FTP_TOOLS_BIN";

/// The folder of tools to try, where `FTP_TOOLS_BIN` names one.
///
/// # Errors
/// There is no such folder.
pub fn elsewhere() -> Result<Option<PathBuf>> {
    let named = std::env::var_os(ELSEWHERE).filter(|name| !name.is_empty());
    let whole = |name| {
        let name = PathBuf::from(name);
        // Tests of a package run in its folder, and make names folders as seen from the root.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        root.join(&name).canonicalize().map_err(|e| format!("{ELSEWHERE}={}: {e}", name.display()))
    };
    named.map(whole).transpose()
}

/// A case by its name: where it stands, and its text.
struct Named {
    name: String,
    place: PathBuf,
    text: String,
}

/// All that there is of a tool: the folder, and what it says in the table of messages.
fn of_tool(tool: &str, dir: &Path) -> Result<Vec<Named>> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut all = Vec::new();
    for (name, place) in cases(dir)? {
        all.push(Named { name, text: read(&place)?, place });
    }
    let place = dir.join("../../messages.txt");
    for (name, text) in messages::cases(tool, &read(&place)?)? {
        all.push(Named { name, text, place: place.clone() });
    }
    Ok(all)
}

fn run(options: &Options, tool: &str, exe: &Path, dir: &Path) -> Result<bool> {
    let cases = of_tool(tool, dir)?;
    let all = cases.len();
    let wanted: Vec<_> = cases.into_iter().filter(|case| options.wants(&case.name)).collect();
    if options.list {
        return list(&wanted).map(|()| true).map_err(|e| e.to_string());
    }
    let exe = &elsewhere()?.map_or_else(|| exe.to_owned(), |folder| folder.join(tool));
    let suite = Suite { tool, exe, threads: options.threads.unwrap_or_else(default_threads) };
    suite.run(wanted, all).map_err(|e| e.to_string())
}

fn default_threads() -> usize {
    // Cases wait far more than they work.
    thread::available_parallelism().map_or(2, NonZero::get) * 3
}

/// The cases of a folder: name and path, sorted.
///
/// # Errors
/// The folder cannot be read, is empty, or holds something that is no case.
pub fn cases(dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        match (name, path.extension().is_some_and(|ext| ext == "ftp")) {
            (Some(name), true) => found.push((name.to_owned(), path)),
            _ => return Err(format!("{} is no case", path.display())),
        }
    }
    found.sort();
    if found.is_empty() { Err(format!("{} holds no case", dir.display())) } else { Ok(found) }
}

fn list(cases: &[Named]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    cases.iter().try_for_each(|case| writeln!(out, "{}: test", case.name))
}

struct Suite<'a> {
    tool: &'a str,
    exe: &'a Path,
    threads: usize,
}

impl Suite<'_> {
    fn run(&self, cases: Vec<Named>, all: usize) -> io::Result<bool> {
        let (start, count) = (Instant::now(), cases.len());
        let mut out = io::stdout().lock();
        writeln!(out, "\nrunning {count} tests")?;
        let failures = self.run_all(cases, &mut out)?;
        for (name, report) in &failures {
            writeln!(out, "\n---- {name} ----\n{report}")?;
        }
        if !failures.is_empty() {
            writeln!(out, "\nfailures:")?;
        }
        failures.iter().try_for_each(|(name, _)| writeln!(out, "    {name}"))?;
        let (bad, out_of) = (failures.len(), all - count);
        writeln!(
            out,
            "\ntest result: {}. {} passed; {bad} failed; 0 ignored; 0 measured; {out_of} filtered out; \
             finished in {:.2}s\n",
            if bad == 0 { "ok" } else { "FAILED" },
            count - bad,
            start.elapsed().as_secs_f32()
        )?;
        Ok(bad == 0)
    }

    fn run_all(
        &self,
        cases: Vec<Named>,
        out: &mut impl Write,
    ) -> io::Result<Vec<(String, String)>> {
        let queue = Mutex::new(VecDeque::from(cases));
        let (done, results) = mpsc::channel();
        let work = |done: mpsc::Sender<_>| {
            let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            while let Some(case) = next() {
                let result = self.run_one(&case);
                let _ = done.send((case.name, result));
            }
        };
        thread::scope(|scope| {
            for done in vec![done; self.threads.max(1)] {
                let work = &work;
                scope.spawn(move || work(done));
            }
            collect(results, out)
        })
    }

    fn run_one(&self, Named { place, text, .. }: &Named) -> Result<()> {
        Case::parse(text)
            .and_then(|case| case.run(self.tool, self.exe))
            .map_err(|report| format!("case: {}\n{report}", place.display()))
    }
}

/// Prints each result as it comes and gives back what failed, by name.
fn collect(
    results: mpsc::Receiver<(String, Result<()>)>,
    out: &mut impl Write,
) -> io::Result<Vec<(String, String)>> {
    let mut failures = Vec::new();
    for (name, result) in results {
        writeln!(out, "test {name} ... {}", if result.is_ok() { "ok" } else { "FAILED" })?;
        failures.extend(result.err().map(|report| (name, report)));
    }
    failures.sort();
    Ok(failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Result<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn filters_choose_by_name() {
        for (line, name, wanted) in [
            ("", "resume_works", true),
            ("resume other", "resume_works", true),
            ("other", "resume_works", false),
            ("--exact resume", "resume_works", false),
            ("--skip works", "resume_works", false),
            ("--nocapture --test-threads=2", "resume_works", true),
            ("--ignored", "resume_works", false),
        ] {
            assert_eq!(options(line).unwrap().wants(name), wanted, "{line}");
        }
        assert!(options("--frobnicate").is_err() && options("--test-threads x").is_err());
    }
}
