//! Names between what people type and read (UTF-8) and the server's own bytes, and the one way
//! bytes may reach a terminal. What a path is stands in `path`; nothing here reads or writes.
//!
//! The second byte of a GBK, Big5 or Shift_JIS character may be `[`, `\`, `|` or a letter, so
//! wire bytes must never be searched for ASCII. The one exception is `/`: no encoding taken here
//! uses 0x2F inside a longer character.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::Encoding;

mod guess;

pub use guess::Guess;

/// The longest character of any encoding taken here: UTF-8 and gb18030 use four bytes.
const LONGEST: usize = 4;

/// Labels that people are likely to need, for completions: those of the browsers' menus.
pub const COMMON_LABELS: &[&str] = &[
    "auto",
    "utf-8",
    "gbk",
    "gb18030",
    "big5",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-5",
    "iso-8859-7",
    "iso-8859-15",
    "koi8-r",
    "koi8-u",
    "ibm866",
    "macintosh",
];

/// How names are written on the server.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Charset {
    /// Bytes pass through unchanged in both directions.
    #[default]
    Bytes,
    /// An encoding in which ASCII stands for itself.
    Named(&'static Encoding),
    /// Not known before a listing was seen (`--encoding auto`): bytes pass through, and only ASCII
    /// can be sent.
    Auto,
}

/// A label that names no encoding, or one that FTP commands cannot carry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadLabel(String);

impl fmt::Display for BadLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadLabel {}

/// A character that cannot be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unencodable {
    /// The server's encoding does not have it.
    Missing(char),
    /// The server's encoding is not known yet.
    Unknown(char),
}

impl fmt::Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing(c) | Self::Unknown(c)) = *self;
        let (shown, code) = (for_terminal(c.to_string().as_bytes()), u32::from(c));
        match self {
            Self::Missing(_) => {
                write!(f, "the server's encoding cannot carry '{shown}' (U+{code:04X})")
            }
            Self::Unknown(_) => write!(
                f,
                "how the server writes '{shown}' (U+{code:04X}) is not known; name its --encoding"
            ),
        }
    }
}

impl std::error::Error for Unencodable {}

/// A name that cannot be written as another server would.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadName {
    /// It is not valid in the encoding that its own server is said to use.
    NotText(&'static str),
    /// The other server's encoding lacks a character.
    Missing(Unencodable),
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText(encoding) => write!(f, "its name is not valid {encoding}"),
            Self::Missing(Unencodable::Missing(c)) => {
                let (shown, code) = (for_terminal(c.to_string().as_bytes()), u32::from(*c));
                write!(f, "the destination's encoding cannot carry '{shown}' (U+{code:04X})")
            }
            Self::Missing(unknown) => unknown.fmt(f),
        }
    }
}

impl std::error::Error for BadName {}

/// One character of a name, or one byte that is part of none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// A whole character.
    Char(char),
    /// A byte that does not decode, or whose character would not come back as the same bytes.
    Byte(u8),
}

impl Charset {
    /// The encoding that `label` names: any label of the WHATWG Encoding Standard, in any case, or
    /// `auto`.
    ///
    /// Refused is what is not ASCII-compatible, since FTP commands are ASCII (RFC 959 §5.3).
    pub fn for_label(label: &[u8]) -> Result<Self, BadLabel> {
        if label.eq_ignore_ascii_case(b"auto") {
            return Ok(Self::Auto);
        }
        let Some(encoding) = Encoding::for_label(label) else {
            let shown = for_terminal(label);
            return Err(BadLabel(format!(
                "unknown encoding '{shown}'; try auto, utf-8, gbk, big5, shift_jis, euc-kr or windows-1252"
            )));
        };
        if encoding.is_ascii_compatible() {
            return Ok(Self::Named(encoding));
        }
        let instead = match encoding.name() {
            "ISO-2022-JP" => "shift_jis or euc-jp",
            "replacement" => "gbk or euc-kr",
            _ => "utf-8",
        };
        let shown = for_terminal(label);
        Err(BadLabel(format!("FTP commands cannot carry the encoding '{shown}'; try {instead}")))
    }

    /// Whether a server that offers UTF-8 names may be asked for them: the user named no other
    /// encoding.
    pub fn takes_utf8(&self) -> bool {
        match self {
            Self::Bytes | Self::Auto => true,
            Self::Named(encoding) => *encoding == encoding_rs::UTF_8,
        }
    }

    /// The name of the encoding; `None` when bytes pass through.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Bytes | Self::Auto => None,
            Self::Named(encoding) => Some(encoding.name()),
        }
    }

    /// What `wire`, a name as this server writes it, is on a server that writes as `other` says. Where
    /// no encoding is named that is UTF-8.
    ///
    /// # Errors
    /// The name is not valid here, or has a character that cannot be carried there.
    pub fn recode<'a>(&self, wire: &'a [u8], other: Self) -> Result<Cow<'a, [u8]>, BadName> {
        if *self == other || wire.is_ascii() {
            return Ok(Cow::Borrowed(wire));
        }
        let text = self.show(wire);
        if std::str::from_utf8(&text).is_err() || !self.comes_back(wire) {
            return Err(BadName::NotText(self.name().unwrap_or("UTF-8")));
        }
        other.encode(&text).map(Cow::Owned).map_err(BadName::Missing)
    }

    /// What `typed` is on the wire. Bytes that are not UTF-8 pass unchanged.
    pub fn encode(&self, typed: &[u8]) -> Result<Vec<u8>, Unencodable> {
        let mut wire = Vec::with_capacity(typed.len());
        for chunk in typed.utf8_chunks() {
            self.encode_text(chunk.valid(), &mut wire)?;
            wire.extend_from_slice(chunk.invalid());
        }
        Ok(wire)
    }

    fn encode_text(&self, text: &str, wire: &mut Vec<u8>) -> Result<(), Unencodable> {
        if let Self::Named(encoding) = self
            && !text.contains(FOLDED)
        {
            let (bytes, _, replaced) = encoding.encode(text);
            if !replaced {
                wire.extend_from_slice(&bytes);
                return Ok(());
            }
        }
        text.chars().try_for_each(|c| self.encode_char(c, wire))
    }

    /// Appends one typed character to `wire`.
    pub fn encode_char(&self, typed: char, wire: &mut Vec<u8>) -> Result<(), Unencodable> {
        let mut buf = [0; LONGEST];
        let text = typed.encode_utf8(&mut buf);
        let Self::Named(encoding) = self else {
            if *self == Self::Auto && !typed.is_ascii() {
                return Err(Unencodable::Unknown(typed));
            }
            wire.extend_from_slice(text.as_bytes());
            return Ok(());
        };
        let (bytes, _, replaced) = encoding.encode(text);
        if replaced || (bytes.is_ascii() && !typed.is_ascii()) {
            return Err(Unencodable::Missing(typed));
        }
        wire.extend_from_slice(&bytes);
        Ok(())
    }

    /// What `wire` is as UTF-8, such that `encode` turns it back into the same bytes.
    ///
    /// Sequences that do not decode, or would not come back, are shown as their raw bytes. Where
    /// even that is read back as something else (stray bytes that happen to be UTF-8) the whole
    /// name is raw; `comes_back` tells, and a percent-encoded URL still names it.
    pub fn show<'a>(&self, wire: &'a [u8]) -> Cow<'a, [u8]> {
        let Self::Named(encoding) = self else { return Cow::Borrowed(wire) };
        match encoding.decode_without_bom_handling_and_without_replacement(wire) {
            Some(Cow::Borrowed(_)) => return Cow::Borrowed(wire),
            Some(Cow::Owned(text)) if self.is_text_of(text.as_bytes(), wire) => {
                return Cow::Owned(text.into_bytes());
            }
            _ => {}
        }
        let text = self.show_by_units(wire);
        if self.is_text_of(&text, wire) { Cow::Owned(text) } else { Cow::Borrowed(wire) }
    }

    /// Whether what `show` gives for `wire` is sent as the same bytes again.
    pub fn comes_back(&self, wire: &[u8]) -> bool {
        let plain = !matches!(self, Self::Named(_)) || wire.is_ascii();
        plain || self.is_text_of(&self.show(wire), wire)
    }

    fn is_text_of(&self, text: &[u8], wire: &[u8]) -> bool {
        self.encode(text).is_ok_and(|back| back == wire)
    }

    fn show_by_units(&self, wire: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(wire.len() * 2);
        for (unit, _) in self.units(wire) {
            match unit {
                Unit::Char(c) => {
                    text.extend_from_slice(c.encode_utf8(&mut [0; LONGEST]).as_bytes())
                }
                Unit::Byte(b) => text.push(b),
            }
        }
        text
    }

    /// The characters of `wire`, each with the number of its bytes; without an encoding they are
    /// read as UTF-8 where that is valid.
    pub fn units<'a>(&self, wire: &'a [u8]) -> impl Iterator<Item = (Unit, usize)> + use<'a> {
        let charset = *self;
        let mut rest = wire;
        std::iter::from_fn(move || {
            let (unit, used) = charset.first_unit(rest)?;
            rest = rest.get(used..).unwrap_or_default();
            Some((unit, used))
        })
    }

    /// The first character of `wire` and the number of its bytes; `None` at the end.
    fn first_unit(&self, wire: &[u8]) -> Option<(Unit, usize)> {
        let &first = wire.first()?;
        if first.is_ascii() {
            return Some((Unit::Char(char::from(first)), 1));
        }
        let found = (1..=LONGEST).find_map(|len| Some((self.one_char(wire.get(..len)?)?, len)));
        Some(found.map_or((Unit::Byte(first), 1), |(c, len)| (Unit::Char(c), len)))
    }

    /// The one character that `bytes` are, if they are one and it comes back as the same bytes.
    fn one_char(&self, bytes: &[u8]) -> Option<char> {
        let text = match self {
            Self::Bytes | Self::Auto => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
            Self::Named(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)?
            }
        };
        let mut chars = text.chars();
        let only = chars.next().filter(|_| chars.next().is_none())?;
        if *self == Self::Auto {
            return Some(only);
        }
        let mut back = Vec::with_capacity(LONGEST);
        self.encode_char(only, &mut back).ok()?;
        (back == bytes).then_some(only)
    }
}

/// The yen sign and the overline, which the WHATWG encoders of Shift_JIS and EUC-JP fold into
/// `\` and `~`: that would be another name.
const FOLDED: [char; 2] = ['\u{a5}', '\u{203e}'];

/// `shown` made fit for a terminal and for one line: control characters, bidirectional overrides,
/// invisible characters and bytes that are not UTF-8 become visible (`\n`, `\x1b`, `\u{202e}`).
///
/// For people only: a backslash stays as it is, so this cannot be undone.
pub fn for_terminal(shown: &[u8]) -> String {
    let mut out = String::with_capacity(shown.len());
    for chunk in shown.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_visible(c, &mut out));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

fn push_visible(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        _ if c.is_control() || is_unseen(c) => out.extend(c.escape_unicode()),
        _ => out.push(c),
    }
}

/// Characters that take no room, break the line or turn its direction (Unicode TR 36 §3.6).
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;
