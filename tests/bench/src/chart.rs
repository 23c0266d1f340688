//! The chart: for each contest two bars, wall time and processor time of ours over the best peer's, on
//! a scale that begins at 0. Pure: tables in, SVG out, for light and dark pages.

use crate::record::{Row, Table};

const WIDTH: f64 = 960.0;
/// Where bars begin; labels stand before.
const LEFT: f64 = 360.0;
/// Where the longest bar ends; figures stand behind.
const RIGHT: f64 = 740.0;
const TOP: f64 = 70.0;
const STEP: f64 = 38.0;

/// A longer bar is cut here; its figure is true.
const MOST: f64 = 1.5;

const TICKS: [f64; 6] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25];

const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.small { font-size: 11px; fill: #57606a }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.one { stroke: #cf222e; stroke-width: 1.5 }
.wall { fill: #0969da }
.cpu { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .wall { fill: #4493f8 } .cpu { fill: #3fb950 } .one { stroke: #f85149 }
}
";

/// The two figures of a contest that are drawn: their place in `FIGURES`, class and word.
const BARS: [(usize, &str, &str); 2] = [(0, "wall", "wall"), (1, "cpu", "CPU")];

/// Draws it. Contests without peers are left out.
pub fn draw(tables: &[Table]) -> String {
    let drawn: Vec<_> = tables.iter().filter(|table| table.best(0).is_some()).collect();
    let bottom = TOP + STEP * drawn.len() as f64;
    let height = bottom + 30.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>Ours over the best peer, wall time and processor time</title>\n<style>\n{STYLE}</style>\n"
    );
    text += &label(12.0, 24.0, "title", "Ours over the best peer: shorter is better");
    text += &legend();
    for tick in TICKS {
        text += &grid(tick, bottom);
    }
    for (number, table) in drawn.iter().enumerate() {
        text += &contest(table, TOP + STEP * number as f64);
    }
    text + "</svg>\n"
}

fn legend() -> String {
    let wall =
        format!("{}{}", bar(12.0, 36.0, 12.0, "wall"), label(30.0, 46.0, "small", "wall time"));
    let cpu = bar(100.0, 36.0, 12.0, "cpu");
    let words = "CPU time of the client; each over the peer that needs least of it";
    wall + &cpu + &label(118.0, 46.0, "small", words)
}

fn grid(tick: f64, bottom: f64) -> String {
    let (x, class) = (place(tick), if (tick - 1.0).abs() < 0.01 { "one" } else { "grid" });
    let top = TOP - 6.0;
    let line = format!(
        "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\n"
    );
    line + &middle(x, bottom + 16.0, &format!("{tick}"))
}

fn contest(table: &Table, top: f64) -> String {
    let (name, place) = table.task.split_once(", ").unwrap_or((&table.task, ""));
    let mut text = label(12.0, top + 12.0, "", name) + &label(12.0, top + 26.0, "small", place);
    for (number, (figure, class, word)) in BARS.into_iter().enumerate() {
        let (Some(ours), Some(peer)) = (table.rows.first(), table.best(figure)) else { continue };
        let ratio = over(ours, peer, figure);
        let (y, end) = (top + 2.0 + 13.0 * number as f64, self::place(ratio));
        let said = format!("{ratio:.2} {word}, {}", peer.name);
        text += &bar(LEFT, y, end - LEFT, class);
        text += &label(RIGHT + 10.0, y + 10.0, "small", &said);
    }
    text
}

fn over(ours: &Row, peer: &Row, figure: usize) -> f64 {
    ours.spread(figure).median() / peer.spread(figure).median()
}

/// Where a ratio is on the scale.
fn place(ratio: f64) -> f64 {
    LEFT + ratio.clamp(0.0, MOST) / MOST * (RIGHT - LEFT)
}

fn bar(x: f64, y: f64, width: f64, class: &str) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"11\" rx=\"2\"/>\n"
    )
}

fn label(x: f64, y: f64, class: &str, text: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", escape(text))
}

fn middle(x: f64, y: f64, text: &str) -> String {
    format!("<text class=\"small\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{y}\">{text}</text>\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::sample;

    #[test]
    fn bars_are_as_long_as_their_ratios_say() {
        assert!((place(0.0) - LEFT).abs() < 0.01);
        assert!((place(9.0) - RIGHT).abs() < 0.01);
        assert!((place(0.5) - LEFT - (place(1.0) - LEFT) / 2.0).abs() < 0.01);
    }

    #[test]
    fn a_contest_has_a_bar_for_each_figure_with_its_best_peer() {
        let svg = draw(&[sample("cold")]);
        for wanted in ["0.50 wall, lftp", "0.50 CPU, curl", "class=\"cpu\"", "a task"] {
            assert!(svg.contains(wanted), "{wanted} is not in {svg}");
        }
        assert!(svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_contest_without_peers_is_not_drawn() {
        let mut table = sample("cold");
        table.rows.truncate(1);
        assert!(!draw(&[table]).contains("a task"));
        assert_eq!(escape("a < b & `c`"), "a &lt; b &amp; c");
    }
}
