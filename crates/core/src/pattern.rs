//! `* ? [set]` over the characters of names on the server. Pure: listing directories and walking
//! down the components is the caller's work.

use crate::charset::{Charset, Unencodable, Unit};

/// One unit of a path as it was typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Typed {
    /// A character, which may have a meaning in a pattern.
    Char(char),
    /// A byte of the server's, from `%XX` or from text that is not UTF-8; always literal.
    Byte(u8),
}

/// A path of which at least one component is to be matched against names on the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern {
    /// Whether it starts at the root instead of the login directory.
    pub absolute: bool,
    /// What stands between the slashes, never empty; at least one is `Wild`.
    pub components: Vec<Component>,
    /// Whether it ends in a slash, so that only directories are meant.
    pub directory: bool,
}

/// One component of a pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Component {
    /// A name as the server's bytes; it need not be looked up.
    Literal(Vec<u8>),
    /// To be matched against the names in a directory.
    Wild(Glob),
}

impl Pattern {
    /// Reads a path; `None` when nothing in it is wild.
    ///
    /// An unclosed `[` is a plain character, as in the shell.
    pub fn parse(path: &[Typed], charset: Charset) -> Result<Option<Self>, Unencodable> {
        let components = path
            .split(is_slash)
            .filter(|part| !part.is_empty())
            .map(|part| Component::parse(part, charset))
            .collect::<Result<Vec<_>, _>>()?;
        let wild = components.iter().any(|c| matches!(c, Component::Wild(_)));
        Ok(wild.then(|| Self {
            absolute: path.first().is_some_and(is_slash),
            components,
            directory: path.last().is_some_and(is_slash),
        }))
    }
}

impl Pattern {
    /// The pattern for messages, wild cards as they were typed where they can be told.
    pub fn shown(&self) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = self.components.iter().map(Component::shown).collect();
        let mut shown = if self.absolute { b"/".to_vec() } else { Vec::new() };
        shown.extend(parts.join(&b'/'));
        shown
    }
}

impl Component {
    fn shown(&self) -> Vec<u8> {
        match self {
            Self::Literal(name) => name.clone(),
            Self::Wild(glob) => glob.tokens.iter().flat_map(Token::shown).collect(),
        }
    }
}

impl Token {
    fn shown(&self) -> Vec<u8> {
        match self {
            Self::Literal(wire) => wire.clone(),
            Self::One => b"?".to_vec(),
            Self::Many => b"*".to_vec(),
            Self::Set(_) => b"[...]".to_vec(),
        }
    }
}

fn is_slash(unit: &Typed) -> bool {
    matches!(unit, Typed::Char('/') | Typed::Byte(b'/'))
}

/// What was typed as the server's bytes, every character standing for itself.
pub fn literal(typed: &[Typed], charset: Charset) -> Result<Vec<u8>, Unencodable> {
    let mut wire = Vec::with_capacity(typed.len());
    for unit in typed {
        match *unit {
            Typed::Char(c) => charset.encode_char(c, &mut wire)?,
            Typed::Byte(b) => wire.push(b),
        }
    }
    Ok(wire)
}

impl Component {
    fn parse(typed: &[Typed], charset: Charset) -> Result<Self, Unencodable> {
        let tokens = tokens(typed, charset)?;
        Ok(match <[Token; 1]>::try_from(tokens) {
            Ok([Token::Literal(wire)]) => Self::Literal(wire),
            Ok([token]) => Self::Wild(Glob { tokens: vec![token] }),
            Err(tokens) => Self::Wild(Glob { tokens }),
        })
    }
}

fn tokens(typed: &[Typed], charset: Charset) -> Result<Vec<Token>, Unencodable> {
    let mut tokens = Vec::new();
    let (mut rest, mut plain) = (typed, Vec::new());
    while let Some((&first, tail)) = rest.split_first() {
        let Some((token, after)) = special(first, tail, charset)? else {
            plain.push(first);
            rest = tail;
            continue;
        };
        push_literal(&mut tokens, &plain, charset)?;
        plain.clear();
        if !(token == Token::Many && tokens.last() == Some(&Token::Many)) {
            tokens.push(token);
        }
        rest = after;
    }
    push_literal(&mut tokens, &plain, charset)?;
    Ok(tokens)
}

fn push_literal(
    tokens: &mut Vec<Token>,
    plain: &[Typed],
    charset: Charset,
) -> Result<(), Unencodable> {
    if !plain.is_empty() {
        tokens.push(Token::Literal(literal(plain, charset)?));
    }
    Ok(())
}

type Special<'a> = Option<(Token, &'a [Typed])>;

/// The wild token that starts with `first`, and what follows it.
fn special(first: Typed, tail: &[Typed], charset: Charset) -> Result<Special<'_>, Unencodable> {
    Ok(match first {
        Typed::Char('*') => Some((Token::Many, tail)),
        Typed::Char('?') => Some((Token::One, tail)),
        Typed::Char('[') => match split_set(tail) {
            Some((inside, after)) => Some((Token::Set(Set::parse(inside, charset)?), after)),
            None => None,
        },
        _ => None,
    })
}

/// Splits the inside of a set from what follows its `]`; a `]` that comes first is a member.
fn split_set(tail: &[Typed]) -> Option<(&[Typed], &[Typed])> {
    let sign = tail.first().is_some_and(is_negation);
    let first_member = usize::from(sign);
    let close = tail.iter().skip(first_member + 1).position(|u| *u == Typed::Char(']'))?;
    let (inside, after) = tail.split_at_checked(first_member + 1 + close)?;
    Some((inside, after.get(1..)?))
}

fn is_negation(unit: &Typed) -> bool {
    matches!(unit, Typed::Char('!' | '^'))
}

/// One component with wild cards.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Glob {
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Token {
    /// Bytes that must be there, ending where a character ends.
    Literal(Vec<u8>),
    /// Any one character.
    One,
    /// Any number of characters.
    Many,
    /// One character out of a set.
    Set(Set),
}

impl Glob {
    /// Whether `name`, the server's bytes, matches as a whole.
    ///
    /// A leading dot must be typed, and `.` and `..` never match, so `.*` is safe to remove. The
    /// work is at most the length of the name times that of the pattern.
    pub fn matches(&self, name: &[u8], charset: Charset) -> bool {
        let hidden = name.starts_with(b".");
        if matches!(name, b"." | b"..") || (hidden && !self.wants_hidden()) {
            return false;
        }
        self.matches_units(&Name::new(name, charset))
    }

    /// Whether a leading dot was typed, so that names which begin with one can match.
    pub fn wants_hidden(&self) -> bool {
        matches!(self.tokens.first(), Some(Token::Literal(l)) if l.starts_with(b"."))
    }

    /// Only the last `*` is ever tried again: what matched before it can stay where it is.
    fn matches_units(&self, name: &Name<'_>) -> bool {
        let (mut token, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let step = match self.tokens.get(token) {
                None if at == name.units.len() => return true,
                None => None,
                Some(Token::Many) => {
                    retry = Some((token + 1, at));
                    Some(at)
                }
                Some(one) => name.after(one, at),
            };
            (token, at) = match (step, retry) {
                (Some(next), _) => (token + 1, next),
                (None, Some((after_star, from))) if from < name.units.len() => {
                    retry = Some((after_star, from + 1));
                    (after_star, from + 1)
                }
                _ => return false,
            };
        }
    }
}

/// A name cut into characters.
struct Name<'a> {
    bytes: &'a [u8],
    units: Vec<Unit>,
    /// Where each character starts, and the end of the name.
    starts: Vec<usize>,
}

impl<'a> Name<'a> {
    fn new(bytes: &'a [u8], charset: Charset) -> Self {
        let (mut units, mut starts, mut end) = (Vec::new(), vec![0], 0);
        for (unit, used) in charset.units(bytes) {
            units.push(unit);
            end += used;
            starts.push(end);
        }
        Self { bytes, units, starts }
    }

    /// Where the match of `token` at character `at` ends; `None` when it does not match.
    fn after(&self, token: &Token, at: usize) -> Option<usize> {
        match token {
            Token::Literal(wire) => {
                let start = *self.starts.get(at)?;
                let rest = self.bytes.get(start..)?;
                let end = rest.starts_with(wire).then_some(start + wire.len())?;
                self.starts.binary_search(&end).ok()
            }
            Token::Set(set) => set.holds(*self.units.get(at)?).then_some(at + 1),
            Token::One | Token::Many => self.units.get(at).map(|_| at + 1),
        }
    }
}

/// The inside of `[...]`.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Set {
    negated: bool,
    /// First and last of each range; a single member is a range of one.
    ranges: Vec<(Unit, Unit)>,
}

/// A member of a set, or the `-` that may make a range of its neighbours.
#[derive(Clone, Copy)]
enum Member {
    Unit(Unit),
    Dash,
}

impl Member {
    fn unit(self) -> Unit {
        match self {
            Self::Unit(unit) => unit,
            Self::Dash => Unit::Char('-'),
        }
    }
}

impl Set {
    fn parse(inside: &[Typed], charset: Charset) -> Result<Self, Unencodable> {
        let negated = inside.first().is_some_and(is_negation);
        let members = members(inside.get(usize::from(negated)..).unwrap_or_default(), charset)?;
        let (mut rest, mut ranges) = (members.as_slice(), Vec::new());
        loop {
            rest = match rest {
                [] => return Ok(Self { negated, ranges }),
                [first, Member::Dash, last, tail @ ..] => {
                    ranges.push((first.unit(), last.unit()));
                    tail
                }
                [one, tail @ ..] => {
                    ranges.push((one.unit(), one.unit()));
                    tail
                }
            };
        }
    }

    fn holds(&self, unit: Unit) -> bool {
        self.ranges.iter().any(|&(first, last)| within(first, unit, last)) != self.negated
    }
}

fn within(first: Unit, unit: Unit, last: Unit) -> bool {
    match (first, unit, last) {
        (Unit::Char(first), Unit::Char(c), Unit::Char(last)) => (first..=last).contains(&c),
        (Unit::Byte(first), Unit::Byte(b), Unit::Byte(last)) => (first..=last).contains(&b),
        _ => false,
    }
}

/// Escaped bytes that follow one another are read together: they may be one character.
fn members(typed: &[Typed], charset: Charset) -> Result<Vec<Member>, Unencodable> {
    let mut members = Vec::with_capacity(typed.len());
    for run in typed.chunk_by(|a, b| matches!((a, b), (Typed::Byte(_), Typed::Byte(_)))) {
        match run {
            [Typed::Char('-')] => members.push(Member::Dash),
            [Typed::Char(c)] => {
                charset.encode_char(*c, &mut Vec::new())?;
                members.push(Member::Unit(Unit::Char(*c)));
            }
            _ => {
                let wire = literal(run, charset)?;
                members.extend(charset.units(&wire).map(|(unit, _)| Member::Unit(unit)));
            }
        }
    }
    Ok(members)
}

#[cfg(test)]
mod tests;
