//! JSON objects, one a line (RFC 8259). Only written here, and only flat.

use std::fmt::Write as _;

/// An object that grows member by member.
#[derive(Clone, Debug)]
pub struct Object(String);

impl Default for Object {
    fn default() -> Self {
        Self(String::from("{"))
    }
}

impl Object {
    /// A member of which the value is JSON already; `null` where it is unknown.
    pub fn raw(&mut self, key: &str, value: Option<&str>) {
        let comma = if self.0.ends_with('{') { "" } else { "," };
        // Writing to a String does not fail.
        let _ = write!(self.0, "{comma}\"{key}\":{}", value.unwrap_or("null"));
    }

    /// A text.
    pub fn text(&mut self, key: &str, value: Option<&[u8]>) {
        self.raw(key, value.map(quoted).as_deref());
    }

    /// A name, `shown` as text. Where that is not UTF-8, `KEY_bytes` has what it is in truth, `wire`,
    /// percent-encoded.
    pub fn name(&mut self, key: &str, shown: &[u8], wire: &[u8]) {
        self.text(key, Some(shown));
        if std::str::from_utf8(shown).is_err() {
            self.text(&format!("{key}_bytes"), Some(percent(wire).as_bytes()));
        }
    }

    /// The whole line.
    pub fn line(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }
}

/// A JSON string (RFC 8259 §7). What is not UTF-8 becomes U+FFFD: the bytes stand beside it.
fn quoted(text: &[u8]) -> String {
    let mut json = String::from("\"");
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => json.extend(['\\', c]),
                '\0'..='\x1f' | '\x7f'..='\u{9f}' => {
                    let _ = write!(json, "\\u{:04x}", u32::from(c));
                }
                _ => json.push(c),
            }
        }
        if !chunk.invalid().is_empty() {
            json.push('\u{fffd}');
        }
    }
    json.push('"');
    json
}

fn percent(wire: &[u8]) -> String {
    let mut text = String::new();
    for &byte in wire {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_escaped_and_bytes_stand_beside_what_is_no_text() {
        let mut object = Object::default();
        object.text("a", Some(b"\"\\\x1b\n\xc2\x85\xe4\xb8\xad"));
        object.name("n", b"x\xff", b"x\xff y");
        object.name("m", b"x", b"x");
        object.raw("z", None);
        let line = "{\"a\":\"\\\"\\\\\\u001b\\u000a\\u0085中\",\"n\":\"x\u{fffd}\",\
            \"n_bytes\":\"x%FF%20y\",\"m\":\"x\",\"z\":null}\n";
        assert_eq!(object.line(), line);
    }
}
