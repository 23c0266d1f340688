//! The table of messages: situations, and what a tool says in them. Each becomes a case.

use crate::text::{Result, words};

/// The cases of `tool` in the table: name and text.
///
/// # Errors
/// An entry without `says`, or one that is not understood.
pub fn cases(tool: &str, table: &str) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for entry in format!("\n{table}").split("\n== ").skip(1) {
        let (situation, text) = entry.split_once('\n').unwrap_or((entry, ""));
        let is_ours = text.lines().any(|line| {
            line.strip_prefix("run: ").is_some_and(|run| run.split(' ').next() == Some(tool))
        });
        if is_ours {
            let case = case(text).map_err(|why| format!("{situation}: {why}"))?;
            all.push((name(situation), case));
        }
    }
    Ok(all)
}

fn name(situation: &str) -> String {
    let word = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = situation.chars().filter(|c| *c != ',').map(word).collect();
    format!("message_{name}")
}

fn case(text: &str) -> Result<String> {
    let (before, says) = text.split_once("\nsays ").ok_or("no `says`")?;
    let (code, said) = says.trim_end().split_once(": ").ok_or("`says` has no words")?;
    if said.contains('\n') {
        return Err("something stands behind `says`".to_owned());
    }
    words(said)?;
    let mut case = format!("{before}\nexpect:\n  exit: {code}\n  stderr-lines: 1\n");
    for word in said.split("\" \"") {
        case += &format!("  stderr-has: \"{}\"\n", word.trim_matches('"'));
    }
    Ok(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_becomes_a_case_of_its_tool() {
        let table = "Words.\n\n== One, two\nrun: t x\nauto:\n  a\nsays 4: \"5 3\" \"x\"\n\n== Other\nrun: u\nsays 1: \"x\"\n";
        let text = "run: t x\nauto:\n  a\nexpect:\n  exit: 4\n  stderr-lines: 1\n  stderr-has: \"5 3\"\n  stderr-has: \"x\"\n";
        assert_eq!(cases("t", table).unwrap(), [("message_one_two".to_owned(), text.to_owned())]);
        assert!(cases("t", "== One\nrun: t\n").is_err());
        assert!(cases("t", "== One\nrun: t\nsays 4\n").is_err());
    }
}
