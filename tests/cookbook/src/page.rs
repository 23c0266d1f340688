//! A page of documentation: which blocks are recipes, and what the comments around them say.
//!
//! A comment that is not understood is an error, and so is a recipe that nothing checks: neither may turn
//! a test into none.

use std::collections::BTreeMap;
use std::mem;

/// When TLS begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Begins {
    /// With the first byte.
    AtOnce,
    /// When it is asked for.
    Asked,
}

/// A block that is run, and all that belongs to it.
#[derive(Debug, Default, PartialEq)]
pub struct Recipe {
    /// Page, line and heading.
    pub name: String,
    /// What the reader sees.
    pub script: String,
    /// A script that makes what the recipe finds.
    pub given: String,
    /// A script that fails unless the recipe did what it says.
    pub then: String,
    /// Blocks that a reader saves under a name: name and content.
    pub files: Vec<(String, String)>,
    /// Hosts that have a scripted server instead of the embedded one, and its lines.
    pub scripted: BTreeMap<String, String>,
    /// Hosts that have TLS, and refuse a login without.
    pub secured: BTreeMap<String, Begins>,
}

/// Reads the recipes of a page, in their order.
///
/// # Errors
/// The place of a comment or block that is not as it should be.
pub fn recipes(page: &str, text: &str) -> Result<Vec<Recipe>, String> {
    let mut reader = Reader::default();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let rest = lines.by_ref().map(|(line, _)| line);
        let taken = if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = rest.take_while(|line| *line != "```").collect();
            reader.block(language, &block, &format!("{page}:{number}"))
        } else if let Some(begun) = line.strip_prefix("<!--") {
            reader.comment(&comment(begun, rest))
        } else if line.starts_with('#') {
            reader.heading(line)
        } else {
            Ok(())
        };
        taken.map_err(|why| format!("{page}:{number}: {why}"))?;
    }
    reader.heading("").map_err(|why| format!("{page}: at its end: {why}"))?;
    match reader.done.iter().find(|recipe| recipe.then.is_empty()) {
        Some(recipe) => Err(format!("{}: no `then` checks it", recipe.name)),
        None => Ok(reader.done),
    }
}

/// The text of a comment, to its `-->`.
fn comment<'a>(begun: &'a str, rest: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in std::iter::once(begun).chain(rest) {
        if let Some((last, _)) = line.split_once("-->") {
            text.push_str(last);
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[derive(Debug, Default)]
struct Reader {
    heading: String,
    /// What was said of the block that is to come.
    next: Recipe,
    /// The name under which the next block of another language is saved.
    file: Option<String>,
    done: Vec<Recipe>,
}

impl Reader {
    fn heading(&mut self, line: &str) -> Result<(), String> {
        line.trim_start_matches('#').trim().clone_into(&mut self.heading);
        if self.next != Recipe::default() || self.file.is_some() {
            return Err("what stands before it belongs to no block".to_owned());
        }
        Ok(())
    }

    fn block(&mut self, language: &str, lines: &[&str], place: &str) -> Result<(), String> {
        let text = lines.iter().map(|line| format!("{line}\n")).collect();
        match (language, self.file.take()) {
            ("sh", None) => {
                let name = format!("{place} {}", self.heading);
                self.done.push(Recipe { name, script: text, ..mem::take(&mut self.next) });
            }
            ("sh", Some(_)) => return Err("a script is run, not saved".to_owned()),
            ("", _) => return Err("a block has a language".to_owned()),
            (_, Some(file)) => self.next.files.push((file, text)),
            (_, None) => {}
        }
        Ok(())
    }

    fn comment(&mut self, text: &str) -> Result<(), String> {
        let (what, body) = text.split_once(':').ok_or("a comment without `:`")?;
        let words: Vec<&str> = what.split_whitespace().collect();
        match words.as_slice() {
            ["given"] => self.next.given.push_str(body),
            ["file"] => self.file = Some(body.trim().to_owned()),
            ["server", host] => drop(self.next.scripted.insert((*host).into(), body.into())),
            ["tls"] => drop(self.next.secured.insert(body.trim().to_owned(), Begins::Asked)),
            ["then"] => self.then(body)?,
            _ => return Err(format!("`{}` is not known", what.trim())),
        }
        Ok(())
    }

    fn then(&mut self, body: &str) -> Result<(), String> {
        match self.done.last_mut() {
            Some(recipe) if recipe.then.is_empty() => body.clone_into(&mut recipe.then),
            _ => return Err("a `then` without a recipe".to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_belong_to_the_block_between_them() {
        let text = "# Page\n\n## One\n<!-- tls: b.example -->\n<!-- file: Makefile -->\n```make\nall:\n```\n\
            <!-- server a.example:\nwithout REST\n-->\n<!-- given: touch x -->\n\
            ```sh\nftp-ls\n```\n<!-- then: test x\ntest y -->\n```text\nno recipe\n```\n";
        let found = recipes("p.md", text).unwrap();
        let expected = Recipe {
            name: "p.md:13 One".to_owned(),
            script: "ftp-ls\n".to_owned(),
            given: " touch x ".to_owned(),
            then: " test x\ntest y ".to_owned(),
            files: vec![("Makefile".to_owned(), "all:\n".to_owned())],
            scripted: BTreeMap::from([("a.example".to_owned(), "\nwithout REST\n".to_owned())]),
            secured: BTreeMap::from([("b.example".to_owned(), Begins::Asked)]),
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn what_would_test_nothing_is_an_error() {
        for (text, why) in [
            ("```sh\nftp-ls\n```\n", "no `then`"),
            ("<!-- than: x -->\n", "not known"),
            ("<!-- then: x -->\n", "without a recipe"),
            ("<!-- given: x -->\n# Next\n", "belongs to no block"),
            ("<!-- given: x -->\n", "belongs to no block"),
            ("```\nftp-ls\n```\n", "language"),
        ] {
            let error = recipes("p.md", text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
