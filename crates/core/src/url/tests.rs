//! URLs read, refused, printed and read back.

use super::*;
use crate::pattern::Component;

fn parse(typed: &str) -> Result<Address, BadUrl> {
    Address::parse(typed.as_bytes(), Charset::Bytes, true)
}

fn error(typed: &str) -> String {
    parse(typed).unwrap_err().to_string()
}

fn path_of(address: &Address) -> &[u8] {
    match &address.target {
        Target::Path(path) => path.as_bytes(),
        other => panic!("no path: {other:?}"),
    }
}

fn gbk() -> Charset {
    Charset::for_label(b"gbk").unwrap()
}

#[test]
fn origins() {
    for (typed, shown) in [
        ("ftp://h/x", "ftp://h:21"),
        ("FTP://Example.org", "ftp://Example.org:21"),
        ("ftps://h/", "ftps://h:990"),
        ("ftpes://h/", "ftpes://h:21"),
        ("ftp://u:p@h:2121/x", "ftp://h:2121"),
        ("ftp://h:/x", "ftp://h:21"),
        ("ftp://[::1]:2121/x", "ftp://[::1]:2121"),
        ("ftp://[fe80::1%25eth0]/x", "ftp://[fe80::1%eth0]:21"),
        ("ftp://u@[::1]/x", "ftp://[::1]:21"),
        ("ftp://127.0.0.1/x", "ftp://127.0.0.1:21"),
    ] {
        assert_eq!(parse(typed).unwrap().origin.shown(), shown, "{typed}");
    }
    assert_eq!(parse("ftp://[::1]/x").unwrap().origin.host, "::1");
}

#[test]
fn users_and_passwords() {
    for (typed, user, password) in [
        ("ftp://h/a@b:c", None, None),
        ("ftp://u@h/", Some(&b"u"[..]), None),
        ("ftp://u:@h/", Some(b"u"), Some(&b""[..])),
        ("ftp://u:p:q@h/", Some(b"u"), Some(b"p:q")),
        ("ftp://u@work:p@ss@h/", Some(b"u@work"), Some(b"p@ss")),
        ("ftp://%75%40:%ff%2F@h/", Some(b"u@"), Some(b"\xff/")),
        ("ftp://中:中@h/", Some(b"\xd6\xd0"), Some(b"\xd6\xd0")),
    ] {
        let origin = Address::parse(typed.as_bytes(), gbk(), true).unwrap().origin;
        assert_eq!(origin.user.as_deref(), user, "{typed}");
        assert_eq!(origin.password.as_ref().map(Secret::expose), password, "{typed}");
        assert!(!format!("{origin:?}").contains("p:q"));
    }
}

#[test]
fn paths() {
    for (typed, path, ascii) in [
        ("ftp://h", &b""[..], None),
        ("ftp://h/", b"", None),
        ("ftp://h/a/b/", b"a/b/", None),
        ("ftp://h//a", b"/a", None),
        ("ftp://h/%2Fa", b"/a", None),
        ("ftp://h/%2F/a", b"//a", None),
        ("ftp://h/a#b c%20", b"a#b c ", None),
        ("ftp://h/%2A%3F%5Bx]", b"*?[x]", None),
        ("ftp://h/a[b", b"a[b", None),
        ("ftp://h/100%25", b"100%", None),
        ("ftp://h/%ff\u{e9}", b"\xff\xc3\xa9", None),
        ("ftp://h/a;type=a", b"a", Some(true)),
        ("ftp://h/a;type=I", b"a", Some(false)),
        ("ftp://h/a%3Btype=a", b"a;type=a", None),
        ("ftp://h/a;type=x/b", b"a;type=x/b", None),
        ("ftp://h/a;b", b"a;b", None),
    ] {
        let address = parse(typed).unwrap();
        assert_eq!(path_of(&address), path, "{typed}");
        assert_eq!(address.ascii, ascii, "{typed}");
    }
    let recoded = Address::parse("ftp://h/中%ff\u{8b5f}*".as_bytes(), gbk(), false).unwrap();
    assert_eq!(path_of(&recoded).get(..3), Some(&b"\xd6\xd0\xff"[..]));
    let raw = Address::parse(b"ftp://h/\xff\xd6", Charset::Bytes, true).unwrap();
    assert_eq!(path_of(&raw), b"\xff\xd6");
}

#[test]
fn wild_paths_are_patterns() {
    for typed in ["ftp://h/*", "ftp://h/a?b", "ftp://h//x/[ab]/y/", "ftp://h/*;type=a"] {
        assert!(matches!(parse(typed).unwrap().target, Target::Glob(_)), "{typed}");
        let plain = Address::parse(typed.as_bytes(), Charset::Bytes, false).unwrap();
        assert!(matches!(plain.target, Target::Path(_)), "{typed}");
    }
    let Target::Glob(pattern) = parse("ftp://h/%2Fa%2A/*/").unwrap().target else { panic!() };
    assert!(pattern.absolute && pattern.directory);
    assert_eq!(pattern.components.first(), Some(&Component::Literal(b"a*".to_vec())));
}

#[test]
fn what_cannot_be_used_is_said_in_one_line() {
    for (typed, message) in [
        ("HOST/x", "HOST/x: not a URL; did you mean ftp://HOST/x?"),
        ("ftp:/h/x", "ftp:/h/x: not a URL; did you mean ftp://h/x?"),
        ("u:pw@h/x", "u:***@h/x: not a URL; did you mean ftp://u:***@h/x?"),
        ("/etc", "/etc: not a URL; an address looks like ftp://HOST/PATH"),
        ("", ": not a URL; an address looks like ftp://HOST/PATH"),
        ("http://h/", "http://h/: unknown scheme http; known are ftp, ftps and ftpes"),
        ("ftp:///x", "ftp:///x: missing host; an address looks like ftp://HOST/PATH"),
        ("ftp://u:p@:21/", "ftp://u:***@:21/: missing host; an address looks like ftp://HOST/PATH"),
        ("ftp://[::g]/", "ftp://[::g]/: bad IPv6 address in [ ]"),
        ("ftp://[::1/", "ftp://[::1/: bad IPv6 address in [ ]"),
    ] {
        assert_eq!(error(typed), message);
    }
    for (typed, part) in [
        ("ftp://h:0/", "bad port"),
        ("ftp://h:65536/", "bad port"),
        ("ftp://h:+21/", "bad port"),
        ("ftp://[::1]x/", "bad IPv6"),
        ("ftp://::1/", "brackets"),
        ("ftp://h%41/", "bad host"),
        ("ftp://h?x", "bad host"),
        ("ftp://b\u{fc}cher.example/", "punycode"),
        ("ftp://h/%zz", "write %25"),
        ("ftp://h/%4", "write %25"),
        ("ftp://h/%+1", "write %25"),
        ("ftp://%@h/", "the user: a % must"),
        ("ftp://u:50%@h/", "the password: a % must"),
        ("ftp://h/a%0Db", "the path holds a CR (%0D)"),
        ("ftp://h/a%0a*", "the path holds an LF (%0A)"),
        ("ftp://h/a\nb", "the path holds an LF (%0A)"),
        ("ftp://u%00@h/", "the user holds a NUL (%00)"),
        ("ftp://u:a%0D%0ADELE x@h/", "the password holds a CR (%0D)"),
        ("ftp://h/a;type=d", "write %3B"),
    ] {
        let said = error(typed);
        assert!(said.contains(part) && !said.contains('\n'), "{said}");
    }
    let lacking = Address::parse("ftp://h/😀".as_bytes(), gbk(), true).unwrap_err();
    assert!(lacking.to_string().ends_with("cannot carry '😀' (U+1F600)"));
}

#[test]
fn no_message_holds_a_password() {
    for typed in [
        "ftp://u:hunter2@h:x/",
        "ftp://u:hunter2/x@h/",
        "ftp://u:hun/ter2@h/",
        "ftp://u:hunter2%@h/",
        "ftp://u:hunter2\u{1f600}@h/",
        "ftp://u:a@hunter2@/",
        "http://u:hunter2@h/",
        "u:hunter2@h/",
        "u:hunter2/1@h/",
        "ftp://u:hunter2@b\u{fc}/",
    ] {
        let said = Address::parse(typed.as_bytes(), gbk(), true).unwrap_err();
        assert!(!said.to_string().contains("ter2"), "{said}");
        assert!(!format!("{said:?}").contains("ter2"), "{said:?}");
    }
    for plain in ["ftp://h/a@b", "ftp://h:21/a@b:c", "ftp://[::1]/a@b", "ftp://u@h/x"] {
        assert_eq!(redacted(plain.as_bytes()), plain.as_bytes());
    }
}

#[test]
fn a_mistyped_url_shows_no_password() {
    for (typed, shown) in [
        ("ftp:/u:hunter2@h/x", "ftp:/u:***@h/x"),
        (" ftp://u:hunter2@h/x", " ftp://u:***@h/x"),
        ("u:hunter2@h/x", "u:***@h/x"),
        ("h:21/x", "h:21/x"),
    ] {
        assert_eq!(redacted(typed.as_bytes()), shown.as_bytes(), "{typed}");
        let error = parse(typed).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn sessions_are_shared_only_where_all_is_equal() {
    let same = |a: &str, b: &str| parse(a).unwrap().origin.same_session(&parse(b).unwrap().origin);
    assert!(same("ftp://u:p@HOST/a", "ftp://u:p@host:21/b"));
    for other in ["ftps://u:p@h/", "ftp://v:p@h/", "ftp://u:q@h/", "ftp://u@h/", "ftp://u:p@h:22/"]
    {
        assert!(!same("ftp://u:p@h/", other), "{other}");
    }
}

#[test]
fn printed_urls() {
    for (typed, printed) in [
        ("ftp://u:secret@h:2121/a b'\"中/", "ftp://u@h:2121/a%20b%27%22%E4%B8%AD/"),
        ("ftps://h//x", "ftps://h/%2Fx"),
        ("ftp://a%40b@h", "ftp://a%40b@h/"),
        ("ftp://[fe80::1%25e]:990/", "ftp://[fe80::1%25e]:990/"),
        ("ftp://h//", "ftp://h/%2F"),
    ] {
        let address = parse(typed).unwrap();
        let path = RemotePath::new(path_of(&address).to_vec()).unwrap();
        assert_eq!(address.origin.url_of(&path), printed.as_bytes());
    }
}

/// A fixed sequence of bytes (xorshift), the same in every run.
fn noise(mut seed: u64) -> impl Iterator<Item = u8> {
    std::iter::repeat_with(move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_be_bytes()[0]
    })
}

#[test]
fn any_path_reads_back_from_its_url() {
    let origin = parse("ftp://u%20@h:2121/").unwrap().origin;
    let mut noise = noise(11).filter(|b| !matches!(b, 0 | b'\r' | b'\n'));
    for round in 0..4000 {
        let mut raw: Vec<u8> = noise.by_ref().take(round % 24).collect();
        for (at, special) in [(3, b'/'), (5, b';'), (7, b'*')] {
            raw.iter_mut().skip(at).step_by(at + 4).for_each(|b| *b = special);
        }
        if round % 3 == 0 {
            raw.insert(0, b'/');
        }
        let path = RemotePath::new(raw).unwrap();
        let url = origin.url_of(&path);
        for charset in [Charset::Bytes, gbk()] {
            let back = Address::parse(&url, charset, true).unwrap();
            assert_eq!(back.target, Target::Path(path.clone()));
            assert!(back.origin.same_session(&origin));
        }
    }
}

#[test]
fn names_below_a_base() {
    let below = |base: &str, name: &str| {
        let base = Address::parse(base.as_bytes(), gbk(), true).unwrap();
        base.below(name.as_bytes(), gbk())
    };
    for (base, name, path) in [
        ("ftp://h", "a%41*", &b"a%41*"[..]),
        ("ftp://h/d", "中", b"d/\xd6\xd0"),
        ("ftp://h//d/", "a/b/", b"/d/a/b/"),
        ("ftp://h//", "..a", b"/..a"),
    ] {
        assert_eq!(path_of(&below(base, name).unwrap()), path);
    }
    for (base, name, message) in [
        ("ftp://h/", "/etc", "/etc: is not below the base URL"),
        ("ftp://h/", "a/../b", "a/../b: is not below the base URL"),
        ("ftp://h/", "", ": an empty name"),
        ("ftp://h/*", "a", "a: the base URL must name one directory, not a pattern"),
        ("ftp://h/", "a\nb", "a\\nb: the name holds an LF (%0A), which no FTP command can carry"),
    ] {
        assert_eq!(below(base, name).unwrap_err().to_string(), message);
    }
}

#[test]
fn local_names_are_no_urls() {
    for (typed, expected) in [
        ("ftp://h", true),
        ("FTPS://h", true),
        ("http://h", true),
        ("a.txt", false),
        ("./ftp://x", false),
        ("://x", false),
        ("C:/x", false),
    ] {
        assert_eq!(Address::looks_like_url(typed.as_bytes()), expected, "{typed}");
    }
}

#[test]
fn cut_and_altered_urls_do_not_panic() {
    let whole = "ftpes://us%65r:p%40@[fe80::1%25e]:2121//d/%2Fa[!x-z]*?;type=a".as_bytes();
    let mut noise = noise(5);
    for cut in 0..=whole.len() {
        let _ = Address::parse(&whole[..cut], gbk(), true);
        let _ = redacted(&whole[..cut]);
        for _ in 0..50 {
            let mut altered = whole.to_vec();
            if let Some(byte) = altered.get_mut(cut) {
                *byte = noise.next().unwrap_or_default();
            }
            let _ = Address::parse(&altered, gbk(), true);
            let _ = redacted(&altered);
        }
    }
}

/// Found by fuzzing: `%` and `%25` mean the same, and the longer one is printed.
#[test]
fn the_longest_zone_can_be_read_again() {
    let of = |length: usize| parse(&format!("ftp://[fe80::1%{}]/a", "z".repeat(length - 8)));
    let address = of(255).unwrap();
    let Target::Path(path) = &address.target else { panic!("{address:?}") };
    let printed = address.origin.url_of(path);
    let again = Address::parse(&printed, Charset::Bytes, true).unwrap();
    assert_eq!(again.origin.host, address.origin.host);
    assert!(of(256).is_err());
}
