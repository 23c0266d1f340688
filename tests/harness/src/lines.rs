//! A case file as lines and blocks: indentation, comments, continued strings.
//! What the lines mean is read by `case`, `script` and `auto`.

use crate::text::Result;

/// One line that is neither blank nor a comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Where it stands in the file, from 1.
    pub number: usize,
    /// How many blanks it begins with.
    pub indent: usize,
    /// The rest; blanks at its end stay only in what is said and seen (`>` and `<`).
    pub text: String,
}

/// A line without indentation and the indented lines below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The line.
    pub head: Line,
    /// What belongs to it.
    pub body: Vec<Line>,
}

impl Line {
    /// Puts the line's number in front of what is wrong with it.
    pub fn blame(&self, error: impl std::fmt::Display) -> String {
        format!("line {}: {}: {error}", self.number, self.text)
    }

    /// Splits `keyword: value`; a line without a colon has no value.
    pub fn key_value(&self) -> (&str, &str) {
        let (key, value) = self.text.split_once(':').unwrap_or((&self.text, ""));
        (key, value.trim_start())
    }
}

/// Cuts a file, or the body of a block, into its lines.
///
/// # Errors
/// A tab in the indentation: nobody can see how far it goes.
pub fn lines(source: &str) -> Result<Vec<Line>> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, raw) in source.lines().enumerate() {
        let text = raw.trim_start_matches(' ');
        if text.trim_end().is_empty() || text.starts_with('#') {
            continue;
        }
        let is_wire = text.starts_with(['<', '>']);
        let text = if is_wire { text } else { text.trim_end() }.to_owned();
        let line =
            Line { number: index + 1, indent: raw.len() - raw.trim_start_matches(' ').len(), text };
        match lines.last_mut() {
            _ if line.text.starts_with('\t') => {
                return Err(line.blame("indent with blanks, not tabs"));
            }
            Some(open) if line.indent > 0 && line.text.starts_with(['"', '\'']) => {
                open.text.push(' ');
                open.text.push_str(&line.text);
            }
            _ => lines.push(line),
        }
    }
    Ok(lines)
}

/// Groups a file's lines into blocks.
///
/// # Errors
/// The first line is indented.
pub fn blocks(source: &str) -> Result<Vec<Block>> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in lines(source)? {
        match blocks.last_mut() {
            _ if line.indent == 0 => blocks.push(Block { head: line, body: Vec::new() }),
            Some(block) => block.body.push(line),
            None => return Err(line.blame("the first line is indented")),
        }
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_their_lines_and_strings_go_on() {
        let source = "# why\nrun: a\nserver:\n  > 220 x \n  <? A\n    > 1\nexpect:\n  stdout: \"a\"\n    \"b\"  \n";
        let blocks = blocks(source).unwrap();
        let shape: Vec<_> = blocks.iter().map(|b| (b.head.text.as_str(), b.body.len())).collect();
        assert_eq!(shape, [("run: a", 0), ("server:", 3), ("expect:", 1)]);
        assert_eq!(blocks[1].body[0].text, "> 220 x ");
        assert_eq!((blocks[1].body[2].indent, blocks[1].body[2].number), (4, 6));
        assert_eq!(blocks[2].body[0].key_value(), ("stdout", "\"a\" \"b\""));
    }

    #[test]
    fn what_cannot_be_placed_is_an_error() {
        assert!(blocks("  > 220\n").is_err());
        assert!(blocks("server:\n\t> 220\n").is_err());
    }
}
