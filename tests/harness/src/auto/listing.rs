//! How the built-in server writes listings: LIST as Unix or DOS, MLSD, NLST.
//! Which entries are listed is decided by the session.

use super::tree::{Kind, Node};

/// The forms of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Style {
    /// `ls -l`
    #[default]
    Unix,
    /// `DIR` of Windows
    Dos,
    /// RFC 3659
    Mlsd,
    /// Names alone
    Names,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// One line of a listing, with its CRLF. `size` is what is told of a file.
pub fn line(style: Style, name: &[u8], node: &Node, size: Option<usize>) -> Vec<u8> {
    let facts = match style {
        Style::Unix => unix(node, size.unwrap_or(0)),
        Style::Dos => dos(node, size.unwrap_or(0)),
        Style::Mlsd => format!("{} ", facts(node, size)),
        Style::Names => String::new(),
    };
    let mut line = [facts.as_bytes(), name].concat();
    if let (Kind::Link(target), Style::Unix) = (&node.kind, style) {
        line.extend_from_slice(b" -> ");
        line.extend_from_slice(target);
    }
    line.extend_from_slice(b"\r\n");
    line
}

/// The facts of RFC 3659, each with its semicolon. `size` is what is told of a file.
pub fn facts(node: &Node, size: Option<usize>) -> String {
    let kind = match &node.kind {
        Kind::File(_) => {
            let size = size.map_or(String::new(), |size| format!("size={size};"));
            format!("type=file;{size}")
        }
        Kind::Dir => "type=dir;".to_owned(),
        Kind::Link(target) => format!("type=OS.unix=slink:{};", crate::text::show(target)),
    };
    format!("{kind}modify={};UNIX.mode=0{:o};", text(&node.mtime), node.mode)
}

fn unix(node: &Node, size: usize) -> String {
    let (letter, size) = match &node.kind {
        Kind::File(_) => ('-', size),
        Kind::Dir => ('d', 4096),
        Kind::Link(target) => ('l', target.len()),
    };
    let bits: String = (0..9).map(|bit| permission(node.mode, bit)).collect();
    let time = Time::of(node);
    let month = MONTHS.get(time.month.saturating_sub(1)).unwrap_or(&"Jan");
    format!(
        "{letter}{bits}   1 ftp      ftp      {size:>12} {month} {:>2}  {} ",
        time.day, time.year
    )
}

fn permission(mode: u32, bit: u32) -> char {
    let letter = match bit % 3 {
        0 => 'r',
        1 => 'w',
        _ => 'x',
    };
    if mode & (0o400 >> bit) == 0 { '-' } else { letter }
}

fn dos(node: &Node, size: usize) -> String {
    let time = Time::of(node);
    let (hour, half) = (time.hour % 12, if time.hour < 12 { "AM" } else { "PM" });
    let hour = if hour == 0 { 12 } else { hour };
    let size = match &node.kind {
        Kind::File(_) => format!("{size:>20}"),
        Kind::Dir | Kind::Link(_) => format!("{:<20}", "      <DIR>"),
    };
    let (year, month, day, minute) = (time.year % 100, time.month, time.day, time.minute);
    format!("{month:02}-{day:02}-{year:02}  {hour:02}:{minute:02}{half} {size} ")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or("")
}

struct Time {
    year: usize,
    month: usize,
    day: usize,
    hour: usize,
    minute: usize,
}

impl Time {
    fn of(node: &Node) -> Self {
        let part = |at: std::ops::Range<usize>| {
            node.mtime.get(at).and_then(|digits| text(digits).parse().ok()).unwrap_or(1)
        };
        Self {
            year: part(0..4),
            month: part(4..6),
            day: part(6..8),
            hour: part(8..10),
            minute: part(10..12),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_writes_its_line() {
        let (file, dir) = (Node::new(Kind::File(b"hello".to_vec())), Node::new(Kind::Dir));
        for (style, node, expected) in [
            (
                Style::Unix,
                &file,
                "-rw-r--r--   1 ftp      ftp                 5 Jan  2  2024 n\r\n",
            ),
            (Style::Unix, &dir, "drwxr-xr-x   1 ftp      ftp              4096 Jan  2  2024 n\r\n"),
            (Style::Dos, &file, "01-02-24  03:04AM                    5 n\r\n"),
            (Style::Dos, &dir, "01-02-24  03:04AM       <DIR>          n\r\n"),
            (Style::Mlsd, &file, "type=file;size=5;modify=20240102030405;UNIX.mode=0644; n\r\n"),
            (Style::Mlsd, &dir, "type=dir;modify=20240102030405;UNIX.mode=0755; n\r\n"),
            (Style::Names, &dir, "n\r\n"),
        ] {
            assert_eq!(text(&line(style, b"n", node, Some(5))), expected);
        }
    }
}
