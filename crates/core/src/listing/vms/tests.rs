//! What a VMS listing's lines are, alone and after one another.

use super::*;

const SAMPLES: [(&[u8], &str); 4] = [
    (
        include_bytes!("../../../../../tests/listings/vms-ucx-list.txt"),
        include_str!("../../../../../tests/listings/vms-ucx-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/vms-multinet-list.txt"),
        include_str!("../../../../../tests/listings/vms-multinet-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/vms-cmu-list.txt"),
        include_str!("../../../../../tests/listings/vms-cmu-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/vms-hp-list.txt"),
        include_str!("../../../../../tests/listings/vms-hp-list.json"),
    ),
];

fn entry(line: &str) -> Entry<'_> {
    match Reader::default().read(line.as_bytes()) {
        Some(Line::Entry(entry)) => entry,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn names_and_kinds() {
    for (text, name, kind, role) in [
        ("LOGIN.COM;3", "LOGIN.COM;3", Kind::File, Role::Child),
        ("SUB.DIR;1", "SUB", Kind::Dir, Role::Child),
        ("two^_words.dir;1", "two^_words", Kind::Dir, Role::Child),
        ("MAKEFILE.;12", "MAKEFILE.;12", Kind::File, Role::Child),
        (".DIR;1", ".DIR;1", Kind::File, Role::Child),
        ("A.DIR;1;2", "A.DIR;1;2", Kind::File, Role::Child),
        ("[SMITH.SRC]A.C;1", "A.C;1", Kind::File, Role::Child),
        ("DKA0:[SMITH]B.DIR;1", "B", Kind::Dir, Role::Child),
        ("000000.DIR;1", "000000", Kind::Dir, Role::Itself),
        ("a[1].txt;1", "a[1].txt;1", Kind::File, Role::Child),
    ] {
        let line = format!("{text}  1/4  1-JAN-2024 10:00");
        let got = entry(&line);
        assert_eq!((&*got.name, got.kind, got.role), (name.as_bytes(), kind, role), "{text}");
        assert_eq!(got.size, None);
    }
}

#[test]
fn a_name_without_version_needs_all_columns() {
    let whole = "README.TXT  1  1-JAN-2024 10:00 [STAFF,SMITH] (RWED,RWED,RE,)";
    assert_eq!(&*entry(whole).name, b"README.TXT");
    for line in ["README.TXT  1  1-JAN-2024 10:00", "README.TXT  1  1-JAN-2024 10:00 [A,B]"] {
        assert_eq!(Reader::default().read(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn columns_on_the_next_line() {
    let mut reader = Reader::default();
    for name in ["A-LONG-NAME.TXT;1", "SUB.DIR;1"] {
        assert_eq!(reader.read(name.as_bytes()), Some(Line::Noise));
        assert!(reader.pending());
        let Some(Line::Entry(entry)) = reader.read(b"     2/4   1-JAN-2024 10:00:00 [X]") else {
            panic!("no entry: {name}");
        };
        assert!(name.as_bytes().starts_with(&entry.name));
        assert_eq!(entry.owner.as_deref(), Some(&b"X"[..]));
        assert!(!reader.pending());
    }
    assert_eq!(reader.read(b"           (RWED,RWED,RE,)"), Some(Line::Noise));
    assert_eq!(reader.read(b"           (RWED,RWED,RE,)"), None);
}

#[test]
fn a_name_without_columns_is_not_forgotten() {
    let mut reader = Reader::default();
    assert_eq!(reader.read(b"LOST.TXT;1"), Some(Line::Noise));
    assert_eq!(reader.read(b""), None);
    assert!(reader.pending());
    assert!(matches!(reader.read(b"B.TXT;1 1 1-JAN-2024 10:00"), Some(Line::Entry(_))));
    assert!(reader.pending());
    assert_eq!(Reader::default().read(b"     2/4   1-JAN-2024 10:00:00 [X]"), None);
}

#[test]
fn a_name_that_never_ends_is_not_kept() {
    let mut reader = Reader::default();
    let name = [&[b'A'; MOST_NAME][..], b".TXT;1"].concat();
    assert_eq!((reader.read(&name), reader.pending()), (None, false));
}

#[test]
fn headings() {
    for line in [
        "Directory DISK$USER:[SMITH.SRC]",
        "Directory of DISK$USER:[SMITH]*.*;*",
        "DISK$USER:[SMITH]",
        "[SMITH]",
        "Total of 3 files, 12/20 blocks.",
        "Total of 1 file, 1 block.",
        "Total of 31 blocks in 7 files.",
        "Grand total of 2 directories, 5 files, 24KB/1.5MB",
        "%DIRECT-W-NOFILES, no files found",
    ] {
        assert_eq!(Reader::default().read(line.as_bytes()), Some(Line::Noise), "{line}");
    }
    for line in ["Directory listing", "Directory [A] of B", "Total of all files", "Total of 3 men"]
    {
        assert_eq!(Reader::default().read(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn other_formats_are_none() {
    for line in [
        "",
        "total 12",
        "LOGIN.COM",
        "a;1",
        "a file;1",
        "dir/name.txt;1",
        "LOGIN.COM;123456",
        "LOGIN.COM; 1 1-JAN-2024 10:00",
        ";1 1 1-JAN-2024 10:00",
        "LOGIN.COM;1 1",
        "%RMS-E-FNF, file not found",
        "550 %RMS-E-FNF, file not found",
        "-rw-r--r-- 1 me me 5 Feb 29  2024 x.y;1",
        "02-29-24  12:34PM  5 x.y;1",
        "type=file; x.y;1 5 1-JAN-2024 10:00",
    ] {
        assert_eq!(Reader::default().read(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn every_line_of_the_samples_is_known() {
    for (sample, expected) in SAMPLES {
        let (mut reader, mut entries) = (Reader::default(), 0);
        for line in sample.split(|&b| b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match reader.read(line) {
                Some(Line::Entry(_)) => entries += 1,
                Some(_) => {}
                None => assert!(line.is_empty(), "{}", line.escape_ascii()),
            }
        }
        assert_eq!((entries, reader.pending()), (expected.lines().count(), false));
    }
}

#[test]
fn cut_and_altered_lines_are_harmless() {
    for (sample, _) in SAMPLES {
        let mut reader = Reader::default();
        for line in sample.split(|&b| b == b'\n') {
            let places = 0..line.len();
            for (at, byte) in places.flat_map(|at| b" ;.[](,:/%9\0\xFF".map(|byte| (at, byte))) {
                let mut altered = line.to_vec();
                altered[at] = byte;
                let got = reader.read(&altered);
                let nameless = matches!(got, Some(Line::Entry(entry)) if entry.name.is_empty());
                assert!(!nameless, "{}", altered.escape_ascii());
                reader.read(&line[..at]);
            }
            reader.read(line);
        }
    }
}
