//! Reads a file as an `auto:` block gives it: its name, options and content.

use crate::text::{Content, Result, Vars, Word};

use super::tree::{Kind, Node, resolve};

/// What a word stands for.
///
/// # Errors
/// A variable: there are none in these blocks.
pub fn bytes(word: &Word) -> Result<Vec<u8>> {
    word.text.fill(&Vars::new())
}

/// A path from the root, whatever the login directory is.
///
/// # Errors
/// As for `bytes`.
pub fn path(word: &Word) -> Result<Vec<u8>> {
    Ok(resolve(b"/", &bytes(word)?))
}

/// A content.
///
/// # Errors
/// Anything but strings and `repeat N STRING`, or nothing at all.
pub fn content(words: &[Word]) -> Result<Vec<u8>> {
    match words {
        [] => Err("no content".to_owned()),
        words => Content::parse(words)?.fill(&Vars::new()),
    }
}

/// `[mtime=YYYYMMDDHHMMSS] [mode=0644] CONTENT`.
///
/// # Errors
/// Another option, or no such content.
pub fn file(words: &[Word]) -> Result<Node> {
    let options = words.iter().take_while(|word| word.keyword().contains('=')).count();
    let (options, content) = words.split_at_checked(options).ok_or("no content")?;
    let mut node = Node::new(Kind::File(self::content(content)?));
    for option in options {
        match option.keyword().split_once('=') {
            Some(("mtime", time)) => node.mtime = time.as_bytes().to_vec(),
            Some(("mode", mode)) => {
                node.mode = u32::from_str_radix(mode, 8).map_err(|e| e.to_string())?;
            }
            _ => return Err(format!("unknown option {:?}", option.keyword())),
        }
    }
    Ok(node)
}
