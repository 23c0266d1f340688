//! The page of all results. Pure but for `write`: tables in, Markdown out.

use std::{fs, path::Path};

use crate::{
    chart,
    contest::FIGURES,
    figures::ratio,
    place::Place,
    record::{Row, Table},
    say,
    targets::{Book, TARGETS},
    versions,
};

const PAGE: &str = "benchmarks.md";
const CHART: &str = "benchmarks.svg";

const HEAD: &str = "\
# Benchmarks

The tools beside their peers, at the same work, in the same run, on the same machine, run by run in turn. `make bench-docs` measures and
writes this page, `make bench BENCH=relay` measures one workload, `bench --render docs` makes the page of what was measured before. It
needs root for the servers and the link (a TUN device between two network namespaces), `make servers`, and the peers; one that is not
installed is left out. `BENCH_RUNS` (5) sets the runs, `BENCH_MIB` (2048) the size of large files; what is smaller, or has fewer than three
runs, does not get here. The contests that wait for the network for minutes have three runs at most.

![Ratios of wall time and processor time](benchmarks.svg)
";

/// What no measurement says by itself: why some targets are out of reach.
const LIMITS: &str = include_str!("limits.md");

const READING: &str = "\
## Results

Times are medians, the fastest and the slowest run in brackets. CPU is user and system time of the client's processes alone, not of
servers, nor of the `cat` at the other end of a pipe. Memory is the most that one process had. \"Ours / this\" is the ratio of the medians,
and in brackets between what the ratios of single pairs of runs lay; below 1 we take less. Each contender has shown before that it
does the work, or in its first run that it did: the bytes or names are compared. Files lie in memory (tmpfs).
The shell that runs a command needs some 3 MiB itself, so that no smaller figure is seen.
In commands, `$A` and `$B` are the URLs of the servers, `$LOGIN` the user and the password; ours take both from the environment.
lftp runs with `set ftp:ssl-allow no` where there is no TLS.
";

/// Writes the page and its chart to `folder`.
///
/// # Errors
/// The page there has a table that nothing is left of; what the system says.
pub fn write(place: &Place, folder: &Path, keys: &[&str]) -> Result<(), String> {
    let tables: Vec<_> =
        keys.iter().filter_map(|key| Table::kept(&place.scale.results, key)).collect();
    if tables.is_empty() {
        return Err(format!("{}: no results", place.scale.results.display()));
    }
    let path = folder.join(PAGE);
    let old = fs::read_to_string(&path).unwrap_or_default();
    let lost = lost(&old, keys, &tables);
    if !lost.is_empty() {
        let (page, lost) = (path.display(), lost.join(", "));
        return Err(format!("{page} has figures of {lost}, which are to be measured first"));
    }
    let text = page(&place.machine(), &versions::all(place), &tables);
    for (name, text) in [(PAGE, text), (CHART, chart::draw(&tables))] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        say(&format!("{} is written", path.display()))?;
    }
    Ok(())
}

/// Contests that the old page has and the results have not.
fn lost<'a>(old: &str, keys: &[&'a str], tables: &[Table]) -> Vec<&'a str> {
    let is_kept = |key: &&str| tables.iter().any(|table| table.key == **key);
    let is_shown = |key: &&str| old.contains(&mark(key));
    keys.iter().copied().filter(|key| is_shown(key) && !is_kept(key)).collect()
}

/// Names the contest of a heading.
fn mark(key: &str) -> String {
    format!("<a id=\"{key}\"></a>")
}

fn page(machine: &str, versions: &[String], tables: &[Table]) -> String {
    let mut text = format!("{HEAD}\n## Targets\n\n{}", verdicts(&Book(tables)));
    text += &format!("\n{LIMITS}");
    text += &format!("\n## Machine\n\n{machine}.\n\n");
    for version in versions {
        text += &format!("* {version}\n");
    }
    text += &format!("\n{READING}");
    for table in tables {
        text += &section(table);
    }
    text
}

fn verdicts(book: &Book<'_>) -> String {
    let mut text = "| target | wanted | measured | |\n|---|---|---|---|\n".to_owned();
    for target in TARGETS {
        let (figure, verdict) = match target.judge(book) {
            Some((figure, true)) => (format!("{figure:.2}"), "met"),
            Some((figure, false)) => (format!("{figure:.2}"), "**missed**"),
            None => (String::new(), "not measured"),
        };
        text += &format!("| {} | {} | {figure} | {verdict} |\n", target.text, target.bound.text());
    }
    let slower = book.slower();
    if !slower.is_empty() {
        let links: Vec<_> = slower.iter().map(|key| format!("[{key}](#{key})")).collect();
        text += &format!("\nSlower than the best peer beyond noise: {}.\n", links.join(", "));
    }
    text
}

fn section(table: &Table) -> String {
    let mut text = format!("\n### {}{}\n\n", mark(&table.key), table.task);
    text += "| | wall, s | CPU, s | memory, MiB | ours / this: wall | CPU |\n";
    text += "|---|---|---|---|---|---|\n";
    for (number, row) in table.rows.iter().enumerate() {
        text += &line(row, table.rows.first().filter(|_| number > 0));
    }
    if !table.absent.is_empty() {
        text += &format!("\nNot installed, and left out: {}.\n", table.absent.join(", "));
    }
    for note in &table.notes {
        text += &format!("\n{note}.\n");
    }
    text + &commands(table)
}

/// A contender's figures, and how ours compare.
fn line(row: &Row, ours: Option<&Row>) -> String {
    let [wall, cpu, peak] = [0, 1, 2].map(|figure| row.spread(figure));
    let digits = if wall.median() < 10.0 { 3 } else { 1 };
    let ratios = match (ours, FIGURES) {
        (Some(ours), [wall, cpu, _]) => {
            [wall, cpu].map(|figure| format!("{:.2}", ratio(&ours.runs, &row.runs, figure)))
        }
        _ => [String::new(), String::new()],
    };
    format!(
        "| {} | {wall:.digits$} | {cpu:.3} | {:.1} | {} |\n",
        row.name.replace('|', "\\|"),
        peak.most(),
        ratios.join(" | ")
    )
}

fn commands(table: &Table) -> String {
    let scripts: Vec<_> =
        table.rows.iter().map(|row| table.around.replace("{}", &row.script)).collect();
    format!("\n```sh\n{}\n```\n", scripts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::sample;

    #[test]
    fn a_section_has_figures_ratios_and_commands() {
        let text = section(&sample("cold"));
        for wanted in [
            "### <a id=\"cold\"></a>a task\n",
            "| ftp-get | 0.100 (0.100–0.100) | 0.020 (0.020–0.020) | 4.0 |  |  |\n",
            "| 8.0 | 0.25 (0.25–0.25) | 0.50 (0.50–0.50) |\n",
            "left out: wget.\n",
            "\na note.\n",
            "\nlftp $A/x | cat\n",
        ] {
            assert!(text.contains(wanted), "{wanted:?} is not in {text}");
        }
    }

    #[test]
    fn the_page_says_what_is_met_and_what_is_not_measured() {
        let text = page("a machine", &["curl 1".to_owned()], &[sample("cold")]);
        assert!(text.contains("| cold fetch: wall time over curl's | ≤ 0.4 | 0.25 | met |"));
        assert!(text.contains("| relay: CPU over lftp's | ≤ 0.25 |  | not measured |"));
        assert!(text.contains("a machine.\n\n* curl 1\n"));
    }

    #[test]
    fn a_page_is_not_written_over_figures_that_are_gone() {
        let old = page("", &[], &[sample("cold"), sample("relay")]);
        assert_eq!(lost(&old, &["cold", "relay", "fxp"], &[sample("cold")]), ["relay"]);
        assert!(lost(&old, &["cold", "relay"], &[sample("cold"), sample("relay")]).is_empty());
    }
}
