//! Reads the dialogue of one control connection: the lines below a `server:` line.
//! Playing it is the work of `dialogue`.

use std::time::Duration;

use crate::lines::Line;
use crate::text::{Content, Result, Text, number, words};

/// How bytes are said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// `>`: with CRLF, in one segment.
    Line,
    /// `>>`: as written, without CRLF.
    Raw,
    /// `>.`: with CRLF, one byte a segment.
    ByteByByte,
}

/// What a command line is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The line, byte for byte.
    pub text: Text,
    /// `~`: `*` stands for any bytes.
    pub pattern: bool,
}

/// One step of a dialogue.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `>`
    Say(Text, Manner),
    /// `<`
    See(Wanted),
    /// `<?`: with the steps indented below it, done only if the line was seen.
    MaybeSee(Wanted, Vec<Step>),
    /// `data dead`: the next port announced refuses.
    DataDead,
    /// `data hole`: the next port announced answers nothing.
    DataHole,
    /// `data send CONTENT`
    DataSend(Content),
    /// `data recv` to the end, or `data recv N` bytes.
    DataRecv(Option<u64>),
    /// `data expects CONTENT`: all that was received since the connection stands.
    DataExpects(Content),
    /// `data close`
    DataClose,
    /// `data reset`
    DataReset,
    /// `pause 50ms`
    Pause(Duration),
    /// `close`
    Close,
    /// `reset`
    Reset,
    /// `stall`: says nothing more until the client leaves.
    Stall,
}

/// A step and the line it stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The line, for messages.
    pub line: Line,
    /// What to do.
    pub action: Action,
}

/// Reads the steps of a block; deeper lines belong to the `<?` above them.
///
/// # Errors
/// A line that is not understood.
pub fn parse(lines: &[Line]) -> Result<Vec<Step>> {
    let (mut steps, mut rest) = (Vec::new(), lines);
    while let Some((line, after)) = rest.split_first() {
        let deeper = after.iter().take_while(|below| below.indent > line.indent).count();
        let (below, after) = after.split_at_checked(deeper).unwrap_or((after, &[]));
        let action = action(&line.text, parse(below)?).map_err(|e| line.blame(e))?;
        steps.push(Step { line: line.clone(), action });
        rest = after;
    }
    Ok(steps)
}

fn action(text: &str, below: Vec<Step>) -> Result<Action> {
    let (sign, payload) = text.split_once(' ').unwrap_or((text, ""));
    let wanted = |pattern| Text::line(payload).map(|text| Wanted { text, pattern });
    let action = match sign {
        "<?" => return Ok(Action::MaybeSee(wanted(false)?, below)),
        "<?~" | "<~?" => return Ok(Action::MaybeSee(wanted(true)?, below)),
        "<" => Action::See(wanted(false)?),
        "<~" => Action::See(wanted(true)?),
        ">" => Action::Say(Text::line(payload)?, Manner::Line),
        ">>" => Action::Say(Text::line(payload)?, Manner::Raw),
        ">." => Action::Say(Text::line(payload)?, Manner::ByteByByte),
        "data" => data(payload)?,
        _ => breaks(sign, payload)?,
    };
    if below.is_empty() { Ok(action) } else { Err("only a <? line has lines below it".to_owned()) }
}

fn breaks(word: &str, payload: &str) -> Result<Action> {
    match (word, payload) {
        ("close", "") => Ok(Action::Close),
        ("reset", "") => Ok(Action::Reset),
        ("stall", "") => Ok(Action::Stall),
        ("pause", time) => duration(time).map(Action::Pause),
        _ => Err("unknown step".to_owned()),
    }
}

fn data(payload: &str) -> Result<Action> {
    let words = words(payload)?;
    let (first, rest) = words.split_first().ok_or("data what?")?;
    match (first.keyword(), rest) {
        ("dead", []) => Ok(Action::DataDead),
        ("hole", []) => Ok(Action::DataHole),
        ("close", []) => Ok(Action::DataClose),
        ("reset", []) => Ok(Action::DataReset),
        ("recv", []) => Ok(Action::DataRecv(None)),
        ("recv", [count]) => number(count.keyword()).map(|n| Action::DataRecv(Some(n))),
        ("send", rest) => Content::parse(rest).map(Action::DataSend),
        ("expects", rest) => Content::parse(rest).map(Action::DataExpects),
        _ => Err("unknown data step".to_owned()),
    }
}

/// Reads a time such as `50ms` or `2s`.
///
/// # Errors
/// No unit, or no number.
pub fn duration(source: &str) -> Result<Duration> {
    if let Some(count) = source.strip_suffix("ms") {
        return number(count).map(Duration::from_millis);
    }
    let count =
        source.strip_suffix('s').ok_or(format!("{source:?} is no time such as 50ms or 2s"))?;
    number(count).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::lines;

    #[test]
    fn every_kind_of_step_is_read() {
        let source = "> 220 a\n>> raw\n>. slow\n< USER a\n<~ PORT *\n<? EPSV\n  > 500\n<?~ OPTS *\n\
            data dead\ndata hole\ndata send \"a\" repeat 2 \"b\"\ndata recv\ndata recv 5\n\
            data expects \"x\"\ndata close\ndata reset\npause 50ms\npause 2s\nclose\nreset\nstall\n";
        let steps = parse(&lines(source).unwrap()).unwrap();
        assert_eq!(steps.len(), 20);
        assert!(matches!(&steps[5].action, Action::MaybeSee(_, below) if below.len() == 1));
    }

    #[test]
    fn unknown_steps_are_errors() {
        for source in
            ["data", "data sned \"x\"", "halt", "pause 5", "> 220\n  > 220", "<! A", "data recv x"]
        {
            assert!(parse(&lines(source).unwrap()).is_err(), "{source}");
        }
    }
}
