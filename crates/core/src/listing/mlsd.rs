//! MLSD and MLST lines: facts and a name (RFC 3659 §7). The one format that was made for machines.
//! Which facts to ask for (OPTS MLST) is not decided here.

use std::borrow::Cow;

use memchr::memchr;

use super::entry::{Entry, Kind, Role, Stamp};
use super::fields::{decimal, octal};
use crate::time::parse_timeval;

/// One line of a listing that may be MLSD, without its line end; `None` when it is not in that
/// format. The name is everything after the one space that ends the facts, blanks at its ends
/// included.
pub fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    let (facts, name) = split(line)?;
    let facts = Facts::parse(facts)?;
    (!name.is_empty()).then(|| facts.entry(name))
}

/// One line of what is known to be an answer to MLSD, without its line end. The facts may be none at
/// all, a space and then the name (RFC 3659 §7.2), and a fact that is malformed is passed over; but a
/// line that begins with words and no fact is no entry.
pub fn mlsd_line(line: &[u8]) -> Option<Entry<'_>> {
    let (text, name) = split(line)?;
    let facts =
        if text.is_empty() || text == b";" { Facts::default() } else { Facts::passing_over(text)? };
    (!name.is_empty()).then(|| facts.entry(name))
}

/// The entry in an MLST reply, given raw with all its lines (RFC 3659 §7.2): the line led by a
/// blank (two at libunftp), or by `250-`, which old servers send. Its name may be a whole path.
pub fn mlst_reply(reply: &[u8]) -> Option<Entry<'_>> {
    let lines = || reply.split(|&b| b == b'\n');
    lines()
        .filter(|line| line.starts_with(b" "))
        .find_map(mlst_line)
        .or_else(|| lines().filter_map(|line| line.strip_prefix(b"250-")).find_map(mlst_line))
}

/// The line inside an MLST reply, as received or without its line end and the blank that leads it.
pub fn mlst_line(line: &[u8]) -> Option<Entry<'_>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // No fact begins with a blank, so any number of them can only be the reply's.
    parse_line(line.trim_ascii_start())
}

/// Cuts a line into its facts and its name, at the first space. Facts have none by the RFC, but
/// ProFTPD with `FactsOptions UseSlink` sends link targets as they are, and names of owners too: a
/// space in one must not pass for the end of the facts.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr(b' ', line)?;
    let (facts, name) = (line.get(..space)?, line.get(space + 1..)?);
    if facts.ends_with(b";") {
        return Some((facts, name));
    }
    let last = facts.rsplit(|&b| b == b';').next()?;
    let spacious: [&[u8]; 5] = [
        b"type=OS.unix=slink:",
        b"UNIX.owner=",
        b"UNIX.group=",
        b"UNIX.ownername=",
        b"UNIX.groupname=",
    ];
    let end = spacious
        .iter()
        .find_map(|fact| strip_prefix_nocase(last, fact))
        .and_then(|_| memchr::memmem::find(name, b"; "))
        .map(|at| space + 1 + at + 1);
    match end {
        Some(end) => Some((line.get(..end)?, line.get(end + 1..)?)),
        None => Some((facts, name)),
    }
}

/// The facts of one line that mean something to us, still in the server's words.
#[derive(Default)]
struct Facts<'a> {
    class: Option<&'a [u8]>,
    size: Option<&'a [u8]>,
    dir_size: Option<&'a [u8]>,
    modify: Option<&'a [u8]>,
    mode: Option<&'a [u8]>,
    owner: Named<'a>,
    group: Named<'a>,
    unique: Option<&'a [u8]>,
}

/// Who, in up to three facts. ProFTPD sends both number and name, Pure-FTPd the number alone.
#[derive(Default)]
struct Named<'a> {
    name: Option<&'a [u8]>,
    either: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
}

impl<'a> Named<'a> {
    fn best(self) -> Option<Cow<'a, [u8]>> {
        let present = |value: &&[u8]| !value.is_empty();
        let best = self.name.filter(present).or(self.either.filter(present)).or(self.id);
        best.filter(present).map(Cow::Borrowed)
    }
}

impl<'a> Facts<'a> {
    /// Reads `fact=value;` over and over; the last `;` may be missing. `None` if a part has no `=`,
    /// or there is none at all: then the line is in some other format.
    fn parse(text: &'a [u8]) -> Option<Self> {
        let mut facts = Self::default();
        let mut rest = text.strip_suffix(b";").unwrap_or(text);
        loop {
            let end = memchr(b';', rest).unwrap_or(rest.len());
            let part = rest.get(..end)?;
            let equals = memchr(b'=', part).filter(|&at| at > 0)?;
            facts.put(part.get(..equals)?, part.get(equals + 1..)?);
            match rest.get(end + 1..) {
                Some(more) => rest = more,
                None => return Some(facts),
            }
        }
    }

    /// Reads the facts that are well formed; `None` if not even one has a `=`.
    fn passing_over(text: &'a [u8]) -> Option<Self> {
        let mut facts = Self::default();
        memchr(b'=', text)?;
        for part in text.split(|&b| b == b';') {
            if let Some((name, value)) = memchr(b'=', part).and_then(|at| part.split_at_checked(at))
            {
                facts.put(name, value.strip_prefix(b"=")?);
            }
        }
        Some(facts)
    }

    /// Keeps one fact. Fact names have no case (RFC 3659 §7.5); unknown ones are ignored.
    fn put(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        let slot = match name.len() {
            4 if is(b"type") => &mut self.class,
            4 if is(b"size") => &mut self.size,
            4 if is(b"sizd") => &mut self.dir_size,
            6 if is(b"modify") => &mut self.modify,
            6 if is(b"unique") => &mut self.unique,
            8 if is(b"UNIX.uid") => &mut self.owner.id,
            8 if is(b"UNIX.gid") => &mut self.group.id,
            9 if is(b"UNIX.mode") => &mut self.mode,
            10 if is(b"UNIX.owner") => &mut self.owner.either,
            10 if is(b"UNIX.group") => &mut self.group.either,
            14 if is(b"UNIX.ownername") => &mut self.owner.name,
            14 if is(b"UNIX.groupname") => &mut self.group.name,
            _ => return,
        };
        *slot = Some(value);
    }

    fn entry(self, name: &'a [u8]) -> Entry<'a> {
        let (kind, role, target) = match self.class {
            Some(class) => class_of(class),
            // `type` may be switched off; a size without it is a file's, a sizd a directory's.
            None if self.size.is_some() => (Kind::File, Role::Child, None),
            None if self.dir_size.is_some() => (Kind::Dir, Role::Child, None),
            None => (Kind::Other, Role::Child, None),
        };
        let mut entry = Entry::new(name, kind);
        if role != Role::Child {
            entry.role = role;
        }
        entry.target = target.map(Cow::Borrowed);
        entry.size = self.size.or(self.dir_size).and_then(decimal);
        let modified = self.modify.and_then(parse_timeval);
        entry.modified = modified.map(|seconds| Stamp { seconds, utc: true });
        entry.mode = self.mode.and_then(octal).map(|mode| mode & 0o7777);
        entry.owner = self.owner.best();
        entry.group = self.group.best();
        entry.unique = self.unique.filter(|id| !id.is_empty()).map(Cow::Borrowed);
        entry
    }
}

/// What the `type` fact says: kind, role, and a link's target if it is there.
fn class_of(class: &[u8]) -> (Kind, Role, Option<&[u8]>) {
    let is = |known: &[u8]| class.eq_ignore_ascii_case(known);
    if is(b"file") {
        return (Kind::File, Role::Child, None);
    }
    if is(b"dir") {
        return (Kind::Dir, Role::Child, None);
    }
    if is(b"cdir") {
        return (Kind::Dir, Role::Itself, None);
    }
    if is(b"pdir") {
        return (Kind::Dir, Role::Parent, None);
    }
    let unix = strip_prefix_nocase(class, b"OS.unix=").unwrap_or(class);
    if let Some(target) = strip_prefix_nocase(unix, b"slink:") {
        // Pure-FTPd sends `slink:` with nothing behind it.
        return (Kind::Link, Role::Child, Some(target).filter(|t| !t.is_empty()));
    }
    let links: [&[u8]; 3] = [b"symlink", b"slink", b"link"];
    let link = links.iter().any(|known| unix.eq_ignore_ascii_case(known));
    (if link { Kind::Link } else { Kind::Other }, Role::Child, None)
}

fn strip_prefix_nocase<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: &str) -> Entry<'_> {
        parse_line(line.as_bytes()).unwrap()
    }

    #[test]
    fn all_facts_of_a_proftpd_line() {
        let line = "modify=20240229123456;perm=adfr;size=9;type=file;unique=FE00U98E7D6;\
            UNIX.group=0;UNIX.groupname=staff;UNIX.mode=02644;UNIX.owner=7;UNIX.ownername=me; s";
        let mut whole = Entry::new(b"s", Kind::File);
        whole.size = Some(9);
        whole.modified = Some(Stamp { seconds: 1_709_210_096, utc: true });
        whole.mode = Some(0o2644);
        whole.owner = Some(b"me"[..].into());
        whole.group = Some(b"staff"[..].into());
        whole.unique = Some(b"FE00U98E7D6"[..].into());
        assert_eq!(entry(line), whole);
    }

    #[test]
    fn the_name_is_all_after_the_first_space() {
        for (line, name) in [
            ("type=file;  two leading", " two leading"),
            ("type=file; trailing ", "trailing "),
            ("type=file; a;size=1; b", "a;size=1; b"),
            ("type=file;  ", " "),
            ("TYPE=FILE; /whole/path", "/whole/path"),
            ("type=file no semicolon", "no semicolon"),
            ("X.y=a=b;type=file; odd fact", "odd fact"),
        ] {
            assert_eq!(entry(line).name, name.as_bytes(), "{line}");
            assert_eq!(entry(line).kind, Kind::File, "{line}");
        }
    }

    #[test]
    fn types() {
        use Kind::{Dir, File, Link, Other};
        use Role::{Child, Itself, Parent};
        for (facts, kind, role, target) in [
            ("type=file;", File, Child, None),
            ("type=Dir;", Dir, Child, None),
            ("type=cdir;", Dir, Itself, None),
            ("type=pdir;", Dir, Parent, None),
            ("type=OS.unix=symlink;", Link, Child, None),
            ("type=OS.unix=slink:;", Link, Child, None),
            ("Type=os.UNIX=slink:/a/b;", Link, Child, Some("/a/b")),
            ("type=OS.unix=chr-1/3;", Other, Child, None),
            ("type=unknown;", Other, Child, None),
            ("perm=r;", Other, Child, None),
            ("size=3;", File, Child, None),
            ("sizd=3;", Dir, Child, None),
        ] {
            let line = format!("{facts} x");
            let entry = entry(&line);
            assert_eq!((entry.kind, entry.role), (kind, role), "{facts}");
            assert_eq!(entry.target.as_deref(), target.map(str::as_bytes), "{facts}");
        }
    }

    #[test]
    fn a_link_target_with_a_space_does_not_end_the_facts() {
        let got = entry("size=4;type=OS.unix=slink:a b;UNIX.mode=0777; my link; x");
        assert_eq!(got.target.as_deref(), Some(&b"a b"[..]));
        assert_eq!((got.name.as_ref(), got.mode), (&b"my link; x"[..], Some(0o777)));
    }

    #[test]
    fn an_owner_with_a_space_does_not_end_the_facts() {
        let got = entry("type=file;UNIX.groupname=Domain Users;UNIX.mode=0644; a; b");
        assert_eq!(got.group.as_deref(), Some(&b"Domain Users"[..]));
        assert_eq!((got.name.as_ref(), got.mode), (&b"a; b"[..], Some(0o644)));
    }

    #[test]
    fn what_only_a_known_answer_may_hold() {
        for (line, kind, size, name) in [
            (" name only", Kind::Other, None, "name only"),
            ("  leading", Kind::Other, None, " leading"),
            ("; x", Kind::Other, None, "x"),
            ("=x; n", Kind::Other, None, "n"),
            ("=x;size=3; n", Kind::File, Some(3), "n"),
            ("type=file;;size=3; n", Kind::File, Some(3), "n"),
            ("type=file;odd;size=3; n", Kind::File, Some(3), "n"),
            ("type=dir;size=4096; n", Kind::Dir, Some(4096), "n"),
            ("type=OS.name=type;media-type=text/plain;lang=en;create=x; n", Kind::Other, None, "n"),
            (
                "charset=utf-8;TYPE=file;perm=;size=123456789012345678901234567890; n",
                Kind::File,
                None,
                "n",
            ),
        ] {
            let got = mlsd_line(line.as_bytes()).unwrap_or_else(|| panic!("no entry: {line}"));
            assert_eq!((got.kind, got.size), (kind, size), "{line}");
            assert_eq!(got.name, name.as_bytes(), "{line}");
        }
        for line in
            ["", " ", "x", "total 12", "type=file;", "type=file; ", "ls: x: denied", "a;b; x"]
        {
            assert_eq!(mlsd_line(line.as_bytes()), None, "{line}");
        }
        assert_eq!(mlsd_line(b"size=1;type=cdir; ."), parse_line(b"size=1;type=cdir; ."));
    }

    #[test]
    fn dot_is_the_directory_itself_whatever_its_type() {
        assert_eq!(entry("type=dir; .").role, Role::Itself);
        assert_eq!(entry("type=dir; ..").role, Role::Parent);
        assert_eq!(entry("type=cdir; /pub").role, Role::Itself);
    }

    #[test]
    fn a_bad_value_is_unknown_and_the_name_stays() {
        let got = entry("type=file;size=-1;modify=20241301000000;UNIX.mode=9;UNIX.uid=;unique=; n");
        assert_eq!(got, Entry::new(b"n", Kind::File));
        assert_eq!(entry("size=18446744073709551616; n").size, None);
        assert_eq!(entry("size=18446744073709551615; n").size, Some(u64::MAX));
        assert_eq!(entry("UNIX.mode=0100644; n").mode, Some(0o644));
    }

    #[test]
    fn other_formats_are_none() {
        for line in
            ["", " ", " x", "type=file;", "type=file; ", "total 12", "; x", "a=b;; x", "=b; x"]
        {
            assert_eq!(parse_line(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn mlst_replies() {
        let whole = b"250-Start of list for a=b;c=d; e\r\n type=file;size=5; /a b \r\n250 End\r\n";
        let got = mlst_reply(whole).unwrap();
        assert_eq!((got.name.as_ref(), got.size), (&b"/a b "[..], Some(5)));
        let old = mlst_reply(b"250-Begin\r\n250-type=dir; /x\r\n250 End").unwrap();
        assert_eq!((old.name.as_ref(), old.kind), (&b"/x"[..], Kind::Dir));
        assert_eq!(mlst_reply(b"250- Listing\r\n  type=dir; /\r\n250 End\r\n").unwrap().size, None);
        assert_eq!(mlst_reply(b"550 no such file\r\n"), None);
    }
}
