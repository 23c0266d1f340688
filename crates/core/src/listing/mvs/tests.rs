//! What the lines of MVS are, with and without their headings.

use super::*;
use crate::listing::{Entry, Kind};
use crate::time::iso_utc;

const DATASETS: &str = "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname";
const MEMBERS: &str = " Name     VV.MM   Created       Changed      Size  Init   Mod   Id";
const MODULES: &str =
    " Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode";
const JOBS: &str = "JOBNAME  JOBID    OWNER    STATUS CLASS";
const SPOOL: &str = "         ID  STEPNAME PROCSTEP C DDNAME   BYTE-COUNT";

const SAMPLES: [(&[u8], &str); 6] = [
    (
        include_bytes!("../../../../../tests/listings/mvs-datasets-list.txt"),
        include_str!("../../../../../tests/listings/mvs-datasets-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/mvs-members-list.txt"),
        include_str!("../../../../../tests/listings/mvs-members-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/mvs-modules-list.txt"),
        include_str!("../../../../../tests/listings/mvs-modules-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/mvs-jobs-list.txt"),
        include_str!("../../../../../tests/listings/mvs-jobs-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/mvs-jobs-level-1-list.txt"),
        include_str!("../../../../../tests/listings/mvs-jobs-level-1-list.json"),
    ),
    (
        include_bytes!("../../../../../tests/listings/mvs-spool-list.txt"),
        include_str!("../../../../../tests/listings/mvs-spool-list.json"),
    ),
];

/// The entry that `line` is below `headings`.
fn below<'a>(headings: &[&str], line: &'a str) -> Option<Entry<'a>> {
    let mut reader = Reader::default();
    for heading in headings {
        assert!(reader.read(heading.as_bytes()).is_some(), "{heading}");
    }
    match reader.read(line.as_bytes()) {
        Some(Line::Entry(entry)) => Some(entry),
        _ => None,
    }
}

#[test]
fn data_sets_with_all_columns_need_no_heading() {
    for (line, kind, name) in [
        ("WPTA01 3390   2004/03/04  1    3  FB      80  3125  PO  A.LIB", Kind::Dir, "A.LIB"),
        ("WPTA01 3390   04/03/04  1    3  FB      80  3125  PO-E 'X.A'", Kind::Dir, "'X.A'"),
        ("WPTA01 3390   **NONE**  1   15  VBA  32756 32760  PS  A", Kind::File, "A"),
        ("WPTA01+3390   2004/03/04  1  3  U  0 6144  PS  A", Kind::File, ""),
        ("WPTA01+ 3390  2004/03/04 213000 U  0 6144  PS  A", Kind::File, "A"),
        ("WPTA01 2004/03/04  1  15  3  FB  80  3125  PS-E  A", Kind::File, "A"),
        ("WPTA01 3390   2004/03/04  1  3  NONE 0 0  NONE  A", Kind::Other, "A"),
        ("WPTA01 3390   2004/03/04  1  3  ?  0 0  VS  A", Kind::Other, "A"),
        ("WPTA01 3390   2004/03/04  1  3  FB  80 0  XX  A", Kind::Other, ""),
        ("WPTA01 3390   2004/13/04  1  3  FB  80 0  PS  A", Kind::Other, ""),
        ("WPTA01 3390   2004/03/04  1  3 4 5 FB  80 0  PS  A", Kind::Other, ""),
        ("WPTA01 3390   2004/03/04  FB  80 0  PS  A", Kind::Other, ""),
        ("WPTA01 3390   2004/03/04  1  3  FB  80 0  PS  A B", Kind::Other, ""),
        ("WPTA01 3390   2004/03/04  1  3  FB  80 0  PS  'A", Kind::Other, ""),
        ("WPTA01 3390   2004/03/04  1  3  FB  80 0  PS  A..B", Kind::Other, ""),
        ("WPTA01 3390   2004/03/04  1  3  FB  80 0  PS", Kind::Other, ""),
    ] {
        let expected = (!name.is_empty()).then(|| Entry::new(name.as_bytes(), kind));
        assert_eq!(below(&[], line), expected, "{line}");
    }
}

#[test]
fn data_sets_without_columns_need_one() {
    for (line, kind, name) in [
        ("Migrated                                           A.OLD", Kind::File, "A.OLD"),
        ("ARCIVE Not Direct Access Device                    A.OLDER", Kind::File, "A.OLDER"),
        ("TAPE07 Not Mounted                                 A.TAPE", Kind::File, "A.TAPE"),
        ("Pseudo Directory                                   SUB", Kind::Dir, "SUB"),
        ("Error determining attributes                       'X.Y'", Kind::Other, "'X.Y'"),
        ("WPTA01 3390                                   VSAM A.KSDS", Kind::Other, "A.KSDS"),
        ("                                              GDG  A.GEN", Kind::Other, "A.GEN"),
        ("VSAM A", Kind::Other, "A"),
    ] {
        assert_eq!(below(&[DATASETS], line), Some(Entry::new(name.as_bytes(), kind)), "{line}");
        assert_eq!(below(&[], line), None, "{line}");
    }
    for line in ["Migrated", "Migrated yesterday", "No such A", "A B C VSAM D", "Not Mounted A"] {
        assert_eq!(below(&[DATASETS], line), None, "{line}");
    }
}

#[test]
fn members() {
    let line = " TBTOOL    01.12 2002/09/12 2004/11/26 19:54    51    28     0 KIL001";
    let got = below(&[], line).unwrap();
    assert_eq!((&*got.name, got.owner.as_deref()), (&b"TBTOOL"[..], Some(&b"KIL001"[..])));
    assert_eq!(iso_utc(got.modified.unwrap().seconds).to_string(), "2004-11-26T19:54:00Z");
    assert_eq!((got.kind, got.size), (Kind::File, None));
    let old = below(&[], "$README   01.10 89/04/13 89/04/14 16:02    33    29     0").unwrap();
    assert_eq!(iso_utc(old.modified.unwrap().seconds).to_string(), "1989-04-14T16:02:00Z");
    assert_eq!(old.owner, None);
    for line in [" PLAIN", "PLAIN   ", " #1@2$3"] {
        let name = line.trim_ascii().as_bytes();
        assert_eq!(below(&[MEMBERS], line), Some(Entry::new(name, Kind::File)), "{line}");
        assert_eq!(below(&[], line), None, "{line}");
    }
    for line in [
        "  PLAIN",
        " small",
        " NINECHARS",
        " 1DIGIT",
        " TWO WORDS",
        "TBTOOL  1.12 2002/09/12 2004/11/26 19:54    51    28     0 KIL001",
        "TBTOOL 01.12 2002/09/12 2004/11/26 19:54    51    28     0 KIL001 X",
        "TBTOOL 01.12 2002/09/12 2004/11/26 19:54    51    28",
        "TBTOOL 01.12 2002/09/12 2004/11/26 51    28     0 KIL001",
    ] {
        assert_eq!(below(&[MEMBERS], line), None, "{line}");
    }
}

#[test]
fn load_modules() {
    let line = " EZALIBS   00001D90 000C0B          00 FO             RN RU            31    ANY";
    assert_eq!(below(&[MODULES], line), Some(Entry::new(b"EZALIBS", Kind::File)));
    assert_eq!(below(&[], line), None);
    let line = " EZALIAS   001D90   000C0B EZALIBS  01 FO   RN RU  24    24";
    let got = below(&[MODULES], line).unwrap();
    assert_eq!((got.kind, got.target.as_deref()), (Kind::Link, Some(&b"EZALIBS"[..])));
    for line in [
        " EZALIBS",
        " EZALIBS   00001D90 000C0B",
        " EZALIBS   00001D9X 000C0B          00 FO",
        " EZALIBS   00001D90 000C0B  a b     00 FO",
        " EZALIBS   00001D90 000C0B          00 fo",
    ] {
        assert_eq!(below(&[MODULES], line), None, "{line}");
    }
}

#[test]
fn jobs_and_spool_files() {
    for (headings, line, name) in [
        (
            &[JOBS][..],
            "USER1A   JOB00079 USER1    OUTPUT A        RC=0000 5 spool files",
            "JOB00079",
        ),
        (&[JOBS], "USER1A   J0123456 USER1    INPUT  A", "J0123456"),
        (&[JOBS], "USER1A   JOB00079 USER1    DANCED A", ""),
        (&[JOBS], "USER1A   JOB0079  USER1    OUTPUT A", ""),
        (&[], "USER3     JOB06427  OUTPUT    3 Spool Files", "JOB06427"),
        (&[], "SYSLOGD   STC06427  ACTIVE", "STC06427"),
        (&[], "USER3     JOB06427  OUTPUT    3 Spools", ""),
        (&[], "USER1A   JOB00079 USER1    OUTPUT A", ""),
    ] {
        let got = below(headings, line).map(|entry| entry.name.into_owned());
        assert_eq!(got.unwrap_or_default(), name.as_bytes(), "{line}");
    }
    let job = "USER1A   JOB00079 USER1    OUTPUT A        RC=0000";
    let line = "         012 STEP1    PROC     H SYSPRINT      1200";
    let got = below(&[JOBS, job, "--------", SPOOL], line).unwrap();
    assert_eq!((&*got.name, got.size), (&b"JOB00079.12"[..], Some(1200)));
    for line in ["012 STEP1    PROC     H SYSPRINT      many", "012 SYSPRINT 5", "3 spool files"] {
        assert_eq!(below(&[JOBS, job, SPOOL], line), None, "{line}");
    }
    assert_eq!(below(&[SPOOL], "         012 STEP1 H SYSPRINT 1200"), None, "no job");
}

#[test]
fn headings() {
    for (line, table) in [
        (DATASETS, Table::Datasets),
        ("Volume Referred Ext Tracks Used Recfm Lrecl BlkSz Dsorg Dsname", Table::Datasets),
        (MEMBERS, Table::Members),
        (MODULES, Table::Modules),
        (JOBS, Table::Jobs),
        (SPOOL, Table::SpoolFiles),
    ] {
        assert_eq!(heading(line.as_bytes()), Some(table), "{line}");
    }
    for line in ["", "Volume Dsname", "Volume", "Name Size", "Volume in drive C has no label", JOBS]
    {
        assert_eq!(heading(line.as_bytes()).is_some(), line == JOBS, "{line}");
    }
}

#[test]
fn other_formats_are_none() {
    for line in [
        "",
        "total 12",
        "README",
        "550 No data sets found.",
        "-rw-r--r-- 1 me me 5 Feb 29  2024 x",
        "02-29-24  12:34PM  5 x",
        "PROFILE  EXEC  V  84  120  1  2024-02-29 12:34:56 191",
        "ANN 100 02/29/24 12:34:56 *STMF x",
    ] {
        assert_eq!(Reader::default().read(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn every_line_of_the_samples_is_known() {
    for (sample, expected) in SAMPLES {
        let (mut reader, mut entries) = (Reader::default(), 0);
        for line in sample.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            let line = line.strip_suffix(b"\r").unwrap();
            match reader.read(line) {
                Some(Line::Entry(_)) => entries += 1,
                Some(_) => {}
                None => panic!("{}", line.escape_ascii()),
            }
        }
        assert_eq!(entries, expected.lines().count());
    }
}

#[test]
fn cut_and_altered_lines_are_harmless() {
    for (sample, _) in SAMPLES {
        let mut reader = Reader::default();
        for line in sample.split(|&b| b == b'\n') {
            let places = 0..line.len();
            for (at, byte) in places.flat_map(|at| b" /.:'-9A\0\xFF".map(|byte| (at, byte))) {
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
