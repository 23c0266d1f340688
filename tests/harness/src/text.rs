//! The one quoting language of case files: words, strings, `\xNN` escapes and `{variables}`.
//! What a word means is not decided here.

use std::collections::BTreeMap;
use std::str::Chars;

/// What goes wrong in a test is told to a person, so a sentence is enough.
pub type Result<T> = std::result::Result<T, String>;

/// The values of `{variables}` while a case runs.
pub type Vars = BTreeMap<&'static str, Vec<u8>>;

/// Every variable a case may use; an unknown `{word}` is an error, never left as it is.
const KNOWN: &[&str] =
    &["host", "host2", "dir", "refused", "epsv", "pasv", "port", "hi", "lo", "pasv_port"];

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Bytes(Vec<u8>),
    Var(&'static str),
}

/// Bytes with holes: what a string of a case file stands for once its variables are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text(Vec<Piece>);

/// One word of a line. `quoted` tells the string `"repeat"` from the keyword `repeat`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    /// The word without its quotes.
    pub text: Text,
    /// Whether any part of it stood in quotes.
    pub quoted: bool,
}

impl Text {
    /// Reads a whole line: escapes and variables count, blanks and quotes stand for themselves.
    ///
    /// # Errors
    /// An unknown escape or variable.
    pub fn line(source: &str) -> Result<Self> {
        let (mut text, mut chars) = (Self::default(), source.chars());
        while let Some(c) = chars.next() {
            text.take(c, &mut chars)?;
        }
        Ok(text)
    }

    /// Puts the values in.
    ///
    /// # Errors
    /// A variable that has no value at this place.
    pub fn fill(&self, vars: &Vars) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Bytes(raw) => bytes.extend_from_slice(raw),
                Piece::Var(name) => {
                    let value = vars.get(name).ok_or(format!("{{{name}}} has no value here"))?;
                    bytes.extend_from_slice(value);
                }
            }
        }
        Ok(bytes)
    }

    /// Whether one of `names` is among its variables.
    pub fn uses(&self, names: &[&str]) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Var(name) if names.contains(name)))
    }

    /// The word as UTF-8, when it has no variables: for keywords and numbers.
    pub fn plain(&self) -> &str {
        match self.0.as_slice() {
            [Piece::Bytes(raw)] => str::from_utf8(raw).unwrap_or(""),
            _ => "",
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Piece::Bytes(raw)) => raw.extend_from_slice(bytes),
            _ => self.0.push(Piece::Bytes(bytes.to_vec())),
        }
    }

    fn push_char(&mut self, c: char) {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Takes one character that may begin an escape or a variable.
    fn take(&mut self, c: char, rest: &mut Chars<'_>) -> Result<()> {
        match c {
            '\\' => self.push(&[escape(rest)?]),
            '{' => self.brace(rest)?,
            _ => self.push_char(c),
        }
        Ok(())
    }

    /// `{word}` is a variable; any other brace is a brace, since expected JSON is full of them.
    fn brace(&mut self, rest: &mut Chars<'_>) -> Result<()> {
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '2')
        };
        match rest.as_str().split_once('}') {
            Some((name, after)) if is_name(name) => {
                let known = KNOWN.iter().find(|known| **known == name);
                self.0.push(Piece::Var(known.ok_or(format!("unknown variable {{{name}}}"))?));
                *rest = after.chars();
            }
            _ => self.push(b"{"),
        }
        Ok(())
    }
}

fn escape(rest: &mut Chars<'_>) -> Result<u8> {
    match rest.next() {
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        Some('0') => Ok(0),
        Some(c @ ('\\' | '"' | '\'' | ' ' | '{' | '#')) => {
            u8::try_from(c).map_err(|e| e.to_string())
        }
        Some('x') => {
            let hex: String = rest.by_ref().take(2).collect();
            let two = hex.len() == 2 && hex.bytes().all(|b| b.is_ascii_hexdigit());
            let byte = u8::from_str_radix(&hex, 16).ok().filter(|_| two);
            byte.ok_or(format!("\\x{hex} is not a byte"))
        }
        other => Err(format!("unknown escape \\{}", other.map_or(String::new(), String::from))),
    }
}

/// Cuts a line into words as a shell does: blanks part them, `"..."` knows escapes and variables,
/// `'...'` is literal.
///
/// # Errors
/// An open quote, an unknown escape or variable.
pub fn words(source: &str) -> Result<Vec<Word>> {
    let (mut done, mut open, mut chars) = (Vec::new(), None::<Word>, source.chars());
    while let Some(c) = chars.next() {
        match c {
            ' ' => done.extend(open.take()),
            '"' => open.get_or_insert_default().double_quoted(&mut chars)?,
            '\'' => open.get_or_insert_default().single_quoted(&mut chars)?,
            _ => open.get_or_insert_default().text.take(c, &mut chars)?,
        }
    }
    done.extend(open);
    Ok(done)
}

impl Word {
    fn double_quoted(&mut self, chars: &mut Chars<'_>) -> Result<()> {
        self.quoted = true;
        loop {
            match chars.next() {
                Some('"') => return Ok(()),
                Some(c) => self.text.take(c, chars)?,
                None => return Err("a \" is not closed".to_owned()),
            }
        }
    }

    fn single_quoted(&mut self, chars: &mut Chars<'_>) -> Result<()> {
        self.quoted = true;
        loop {
            match chars.next() {
                Some('\'') => return Ok(()),
                Some(c) => self.text.push_char(c),
                None => return Err("a ' is not closed".to_owned()),
            }
        }
    }

    /// The keyword this is, or "" when it is a string.
    pub fn keyword(&self) -> &str {
        if self.quoted { "" } else { self.text.plain() }
    }
}

/// The content of a file or stream: strings one after the other, `repeat N "..."` among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content(Vec<(usize, Text)>);

impl Content {
    /// Reads the words of a content.
    ///
    /// # Errors
    /// Anything but strings and `repeat N STRING`.
    pub fn parse(words: &[Word]) -> Result<Self> {
        let (mut parts, mut rest) = (Vec::new(), words);
        loop {
            rest = match rest {
                [] => return Ok(Self(parts)),
                [repeat, times, string, rest @ ..] if repeat.keyword() == "repeat" => {
                    parts.push((number(times.keyword())?, string.text.clone()));
                    rest
                }
                [string, rest @ ..] if string.quoted => {
                    parts.push((1, string.text.clone()));
                    rest
                }
                [word, ..] => return Err(format!("expected a string, found {:?}", word.keyword())),
            }
        }
    }

    /// The bytes themselves.
    ///
    /// # Errors
    /// A variable that has no value at this place.
    pub fn fill(&self, vars: &Vars) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for (times, text) in &self.0 {
            bytes.extend_from_slice(&text.fill(vars)?.repeat(*times));
        }
        Ok(bytes)
    }
}

/// Reads a decimal number.
///
/// # Errors
/// Anything else, quoted in the message.
pub fn number<N: std::str::FromStr>(source: &str) -> Result<N> {
    source.parse().map_err(|_| format!("{source:?} is not a number"))
}

/// Shows bytes so that a case file could hold them: one line, no control characters.
pub fn show(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => shown.push_str("\\n"),
                '\r' => shown.push_str("\\r"),
                '\\' => shown.push_str("\\\\"),
                c if c.is_control() => shown.extend(c.encode_utf8(&mut [0; 4]).bytes().map(hex)),
                c => shown.push(c),
            }
        }
        shown.extend(chunk.invalid().iter().copied().map(hex));
    }
    shown
}

fn hex(byte: u8) -> String {
    format!("\\x{byte:02x}")
}

/// Whether `pattern`, in which `*` stands for any bytes, fits the whole of `bytes`.
pub fn fits(pattern: &[u8], bytes: &[u8]) -> bool {
    match pattern {
        [] => bytes.is_empty(),
        [b'*', rest @ ..] => {
            (0..=bytes.len()).any(|cut| fits(rest, bytes.get(cut..).unwrap_or(&[])))
        }
        [first, rest @ ..] => {
            bytes.split_first().is_some_and(|(b, tail)| b == first && fits(rest, tail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(source: &str) -> Vec<Vec<u8>> {
        let vars = Vars::from([("host", b"127.0.0.1:21".to_vec())]);
        words(source).unwrap().iter().map(|word| word.text.fill(&vars).unwrap()).collect()
    }

    #[test]
    fn words_are_cut_as_a_shell_cuts_them() {
        let table: &[(&str, &[&[u8]])] = &[
            ("a  b", &[b"a", b"b"]),
            (
                r#"ftp://{host}/"x y"\xff '' '\x{host}'"#,
                &[b"ftp://127.0.0.1:21/x y\xff", b"", b"\\x{host}"],
            ),
            (r#"{"json":1} {} \{host}"#, &[b"{json:1}", b"{}", b"{host}"]),
            (r#""a\r\n\0\"" caf\xe9 é"#, &[b"a\r\n\0\"", b"caf\xe9", "é".as_bytes()]),
        ];
        for (source, expected) in table {
            assert_eq!(filled(source), *expected, "{source}");
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for source in ["\"open", "'open", r"\q", r"\x4", r"\xzz", "{hots}", "\\"] {
            assert!(words(source).is_err(), "{source}");
        }
        for source in ["bare", "repeat x \"a\"", "repeat 2"] {
            assert!(Content::parse(&words(source).unwrap()).is_err(), "{source}");
        }
    }

    #[test]
    fn content_repeats() {
        let content = Content::parse(&words(r#""ab" repeat 3 "x" "\n""#).unwrap()).unwrap();
        assert_eq!(content.fill(&Vars::new()).unwrap(), b"abxxx\n");
    }

    #[test]
    fn shown_bytes_read_back_as_themselves() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(Text::line(&show(&all)).unwrap().fill(&Vars::new()).unwrap(), all);
    }

    #[test]
    fn a_star_fits_anything() {
        for (pattern, bytes, fit) in [
            ("PASS *", "PASS x", true),
            ("PASS *", "PASS", false),
            ("*a*", "bab", true),
            ("a", "ab", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), bytes.as_bytes()), fit, "{pattern} {bytes}");
        }
    }
}
