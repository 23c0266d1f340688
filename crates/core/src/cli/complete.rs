//! Completions for shells, from the table of flags. What a shell needs besides is a file of its own
//! language in `complete/`; it asks `ftp-ls` for names on servers.

mod bash;
mod fish;
mod zsh;

pub(super) use bash::script as bash;
pub(super) use fish::script as fish;
pub(super) use zsh::script as zsh;

use super::flag::{Spec, Takes};
use crate::charset::COMMON_LABELS;

/// What a value is completed with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fill {
    /// Nothing: it is for people to know.
    Nothing,
    /// These words.
    Words(&'static [&'static str]),
    /// Files here.
    Files,
    /// Directories here.
    Folders,
    /// URLs, and the names on their servers.
    Urls,
}

fn fill(spec: &Spec) -> Fill {
    match spec.takes {
        Takes::OneOf(_, words) | Takes::MaybeOneOf(_, words) => Fill::Words(words),
        Takes::Value("FILE") => Fill::Files,
        Takes::Value("DIR") => Fill::Folders,
        Takes::Value("LABEL") => Fill::Words(COMMON_LABELS),
        Takes::Value("URL") => Fill::Urls,
        _ => Fill::Nothing,
    }
}

/// The flags that say how servers are reached and who logs in: `ftp-ls` is given those that stand on
/// the line. A password file is not among them, so that nothing but netrc is read while somebody
/// types.
pub(super) const REACH: [&str; 16] = [
    "user",
    "netrc-file",
    "no-netrc",
    "encoding",
    "active",
    "no-epsv",
    "trust-pasv",
    "proxy",
    "tls",
    "cacert",
    "crlfile",
    "cert",
    "key",
    "insecure",
    "ipv4",
    "ipv6",
];

/// Those of the rows that [`REACH`] names, as two lists: all forms that are whole in one word, with
/// `any` for the value after a `=`, and the forms that have their value in the next word.
fn reach(specs: &[Spec], any: &str) -> (Vec<String>, Vec<String>) {
    let (mut whole, mut before_value) = (Vec::new(), Vec::new());
    for spec in specs.iter().filter(|spec| REACH.contains(&spec.long)) {
        if spec.takes != Takes::Nothing {
            whole.push(format!("--{}={any}", spec.long));
        }
        let alone = spec.takes == Takes::Nothing || spec.takes.optional();
        let list = if alone { &mut whole } else { &mut before_value };
        list.extend(typed(spec));
    }
    (whole, before_value)
}

/// `-o` and `--output`.
fn typed(spec: &Spec) -> impl Iterator<Item = String> {
    let short = spec.short.map(|c| format!("-{c}"));
    short.into_iter().chain([format!("--{}", spec.long)])
}

/// `ftp-get` as part of the name of a function.
fn function(name: &str) -> String {
    name.replace('-', "_")
}
