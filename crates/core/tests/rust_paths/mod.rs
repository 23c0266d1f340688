//! The paths that Rust files name, and the files they lead to: as much of Rust's grammar as that
//! needs. What must hold of them is in `layers`.

use std::collections::{BTreeMap, BTreeSet};

/// A module's place in the crate: `["wire", "link"]`.
type Module = Vec<String>;

/// The files of a crate, in their order.
pub struct Core {
    sources: Vec<Source>,
    /// What modules re-export: module and name, and the path behind it.
    exports: BTreeMap<(Module, String), Vec<String>>,
}

struct Source {
    file: String,
    module: Module,
    tokens: Vec<String>,
}

impl Core {
    /// The files with their text, lowest first.
    pub fn new(files: impl Iterator<Item = (String, String)>) -> Self {
        let sources: Vec<Source> = files
            .map(|(file, text)| Source {
                module: module(&file),
                tokens: without_tests(tokens(&text)),
                file,
            })
            .collect();
        let mut core = Self { sources, exports: BTreeMap::new() };
        core.exports = core.sources.iter().flat_map(|source| core.exports_of(source)).collect();
        core
    }

    /// Imports of a file that is listed later: from, to.
    pub fn upwards(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (place, source) in self.sources.iter().enumerate() {
            let later = &self.sources[place + 1..];
            let used = self.uses(source).into_iter();
            let upwards = used.filter(|used| {
                later.iter().any(|file| file.file == used.file) && !are_family(source, used)
            });
            found.extend(upwards.map(|used| (source.file.clone(), used.file.clone())));
        }
        found
    }

    /// The files in which a word stands.
    pub fn files_with(&self, word: &str) -> impl Iterator<Item = &str> {
        let holds = move |source: &&Source| source.tokens.iter().any(|token| token == word);
        self.sources.iter().filter(holds).map(|source| source.file.as_str())
    }

    /// Whether these words stand one after the other in a file.
    pub fn has_sequence(&self, file: &str, words: &[&str]) -> bool {
        let tokens = &self.source(file).tokens;
        tokens.windows(words.len()).any(|window| window == words)
    }

    /// What a file uses, in the order of the files: those of its own folder by their names, other
    /// folders as a whole.
    pub fn uses_in_words(&self, file: &str) -> String {
        let source = self.source(file);
        let used = self.uses(source);
        let mut words: Vec<String> = Vec::new();
        for other in self.sources.iter().filter(|s| used.iter().any(|u| u.file == s.file)) {
            let word = if other.module.first() == source.module.first() {
                other.module.last().cloned()
            } else {
                other.module.first().cloned()
            };
            words.extend(word.filter(|word| !words.contains(word)));
        }
        if words.is_empty() { "nothing".to_owned() } else { words.join(" ") }
    }

    fn source(&self, file: &str) -> &Source {
        self.sources.iter().find(|source| source.file == file).unwrap()
    }

    fn uses(&self, source: &Source) -> Vec<&Source> {
        let mut found: BTreeSet<usize> = BTreeSet::new();
        for path in self.paths(source) {
            let whole = || format!("{}: {} leads nowhere", source.file, path.join("::"));
            let place = self.resolve(&path, 8).unwrap_or_else(|| panic!("{}", whole()));
            found.insert(place);
        }
        let others = found.into_iter().map(|place| &self.sources[place]);
        others.filter(|other| other.file != source.file).collect()
    }

    /// All paths of a file, from the root of the crate.
    fn paths(&self, source: &Source) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let word = |at: usize| source.tokens.get(at).map(String::as_str);
        for at in 0..source.tokens.len() {
            let inside = at > 0 && word(at - 1) == Some("::");
            let first = word(at).unwrap_or_default();
            let leads = word(at + 1) == Some("::") || (at > 0 && word(at - 1) == Some("use"));
            let begins =
                matches!(first, "crate" | "super" | "self") || self.is_child(source, first);
            if !inside && leads && begins {
                let mut named = Vec::new();
                tree(&source.tokens, at, Vec::new(), &mut named);
                found.extend(named.into_iter().map(|path| self.absolute(source, path.segments)));
            }
        }
        found
    }

    fn is_child(&self, source: &Source, name: &str) -> bool {
        self.sources
            .iter()
            .any(|other| is_parent(source, other) && other.module.ends_with(&[name.into()]))
    }

    fn absolute(&self, source: &Source, segments: Vec<String>) -> Vec<String> {
        let mut base = source.module.clone();
        let mut rest = segments.into_iter().peekable();
        if rest.next_if(|first| first == "crate").is_some() {
            base.clear();
        }
        rest.next_if(|first| first == "self");
        while rest.next_if(|first| first == "super").is_some() {
            base.pop();
        }
        base.extend(rest.filter(|last| last != "self"));
        base
    }

    /// The file that a path leads to; the depth bounds re-exports of re-exports.
    fn resolve(&self, path: &[String], depth: usize) -> Option<usize> {
        let (length, place) = (1..=path.len()).rev().find_map(|length| {
            let place = self.sources.iter().position(|s| s.module == path[..length])?;
            Some((length, place))
        })?;
        let (module, rest) = path.split_at(length);
        let exported =
            rest.first().and_then(|name| self.exports.get(&(module.to_vec(), name.clone())));
        match exported.filter(|_| depth > 0) {
            Some(target) => self.resolve(target, depth - 1),
            None => Some(place),
        }
    }

    /// The names that a file re-exports from files of the crate.
    fn exports_of(&self, source: &Source) -> Vec<((Module, String), Vec<String>)> {
        let mut named = Vec::new();
        for (at, window) in source.tokens.windows(2).enumerate() {
            // `pub use`, and `pub(super) use`.
            if matches!([window[0].as_str(), window[1].as_str()], ["pub" | ")", "use"]) {
                tree(&source.tokens, at + 2, Vec::new(), &mut named);
            }
        }
        let ours = named.into_iter().filter(|path| {
            let first = path.segments[0].as_str();
            matches!(first, "crate" | "super" | "self") || self.is_child(source, first)
        });
        ours.map(|path| ((source.module.clone(), path.name), self.absolute(source, path.segments)))
            .collect()
    }
}

fn module(file: &str) -> Module {
    let stem = file.trim_end_matches(".rs").trim_end_matches("/mod");
    stem.split('/').map(str::to_owned).collect()
}

fn is_parent(parent: &Source, child: &Source) -> bool {
    child.module.len() == parent.module.len() + 1 && child.module.starts_with(&parent.module)
}

fn are_family(one: &Source, other: &Source) -> bool {
    is_parent(one, other) || is_parent(other, one)
}

/// One path of a `use` or an expression.
struct Named {
    segments: Vec<String>,
    /// The name it goes by: its last segment, or what stands behind `as`.
    name: String,
}

/// Reads the path, or the tree of paths, that begins at `at`; returns where it ends.
fn tree(tokens: &[String], mut at: usize, mut path: Vec<String>, out: &mut Vec<Named>) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", String::as_str);
    loop {
        match word(at) {
            "{" => {
                at += 1;
                while !matches!(word(at), "}" | "") {
                    at = tree(tokens, at, path.clone(), out).max(at + 1);
                }
                return at + 1;
            }
            segment if is_word(segment) || segment == "*" => path.push(segment.to_owned()),
            // `::<` ends a path, as does a comma between two.
            _ if path.is_empty() || word(at.saturating_sub(1)) != "::" => return at,
            _ => {
                out.push(Named { name: path.last().cloned().unwrap_or_default(), segments: path });
                return at;
            }
        }
        at += 1;
        if word(at) != "::" {
            break;
        }
        at += 1;
    }
    let (name, end) = match word(at) {
        "as" => (word(at + 1), at + 2),
        _ => (path.last().map_or("", String::as_str), at),
    };
    out.push(Named { name: name.to_owned(), segments: path });
    end
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Takes every item behind `#[cfg(test)]` out.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut rest) = (Vec::new(), tokens.as_slice());
    while let Some((first, after)) = rest.split_first() {
        if rest.iter().take(MARK.len()).eq(MARK.iter()) {
            rest = after_item(&rest[MARK.len()..]);
        } else {
            kept.push(first.clone());
            rest = after;
        }
    }
    kept
}

/// What follows the item that begins here: it ends at a `;`, or where its braces close.
fn after_item(tokens: &[String]) -> &[String] {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return &tokens[at + 1..],
            _ => continue,
        }
        if depth == 0 {
            return &tokens[at + 1..];
        }
    }
    &[]
}

/// Words, `::` and single marks. Comments are gone, and so is what strings and characters hold.
pub fn tokens(text: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let used = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => block_comment(rest),
            _ if rest.starts_with("::") => 2,
            '"' => string(rest),
            '\'' => character(rest),
            _ if is_word(rest) => {
                let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let end = word.unwrap_or(rest.len());
                raw_string(rest, end).unwrap_or(end)
            }
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(used);
        let silent = token.starts_with(char::is_whitespace) || token.starts_with("//");
        if !silent && !token.starts_with("/*") && !token.contains(['"', '\'']) {
            found.push(token.to_owned());
        }
        rest = after;
    }
    found
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let step = if rest.starts_with("/*") || rest.starts_with("*/") { 2 } else { 1 };
        depth += i32::from(rest.starts_with("/*")) - i32::from(rest.starts_with("*/"));
        at += if step == 1 { rest.chars().next().map_or(1, char::len_utf8) } else { 2 };
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// `r"..."`, `br#"..."#` and the like, whose prefix ends at `end`.
fn raw_string(text: &str, end: usize) -> Option<usize> {
    let (prefix, rest) = text.split_at(end);
    let marks = rest.len() - rest.trim_start_matches('#').len();
    let body = rest.trim_start_matches('#').strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(marks));
    let inside = body.find(&close).map_or(body.len(), |at| at + close.len());
    matches!(prefix, "r" | "br" | "cr").then_some(end + marks + 1 + inside)
}

/// A character, or the `'` of a lifetime alone.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => {
            text.get(3..).and_then(|rest| rest.find('\'')).map_or(1, |at| at + 4)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[test]
fn only_code_is_read() {
    let code = "use a::b; // c\n/* d /* e */ f */ g(\"h \\\" i\", r#\"j\" k\"#, 'l', '\\'', b'\\\\', x::<'m>)";
    let words: Vec<_> = tokens(code).into_iter().filter(|token| is_word(token)).collect();
    assert_eq!(words, ["use", "a", "b", "g", "b", "x", "m"]);
    let tested = "a #[cfg(test)] mod t { use x; { } } b #[cfg(test)] mod tests; c";
    assert_eq!(without_tests(tokens(tested)), ["a", "b", "c"]);
}

#[test]
fn an_import_of_a_later_file_is_found_through_braces_aliases_and_re_exports() {
    let core = |low: &str, a: &str| {
        let files = [
            ("low.rs", low),
            ("dir/a.rs", a),
            ("dir/b.rs", "pub struct B;"),
            ("dir/mod.rs", "mod a; mod b; pub use b::{B, B as C};"),
            ("top.rs", "use crate::dir::B;"),
        ];
        Core::new(files.into_iter().map(|(file, text)| (file.to_owned(), text.to_owned())))
    };
    let edge = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
    for (low, a, upwards) in [
        ("", "", vec![]),
        ("use crate::dir::C;", "", edge("low.rs", "dir/b.rs")),
        ("use crate::{dir::{self as d}};", "", edge("low.rs", "dir/mod.rs")),
        ("fn f() { g(crate::top::h::<u8>()) }", "", edge("low.rs", "top.rs")),
        ("#[cfg(test)] mod tests { use crate::top; }", "", vec![]),
        ("", "use super::b::B;", edge("dir/a.rs", "dir/b.rs")),
        ("", "use super::B;", edge("dir/a.rs", "dir/b.rs")),
        ("", "use super::Own; use crate::low::x;", vec![]),
    ] {
        assert_eq!(core(low, a).upwards(), upwards, "{low} {a}");
    }
    assert_eq!(core("", "").uses_in_words("top.rs"), "dir");
    assert_eq!(core("", "use crate::low::x;").uses_in_words("dir/a.rs"), "low");
}
