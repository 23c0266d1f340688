//! `ftp-ls --parse` of a million lines. The peers cut the name out at a column, or at the first blank,
//! which is what one does without a tool, and no more than that: they do not know a directory.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{
    contest::{Contender, Contest, Proof, by},
    names::{OWNERS, Random, write_name},
    place::Place,
    stage::Stage,
};

const LINES: u64 = 1_000_000;

/// Writes line `number` of a listing, the name excepted.
type Facts = fn(&mut dyn Write, number: u64, random: &mut Random) -> io::Result<()>;

/// What is asked of a listing: the key, a word on it, and who gives it.
type Form = (&'static str, &'static str, &'static [Contender]);

const UNIX: &[Form] = &[
    (
        "parse-unix-sorted",
        "names, sorted",
        &[
            by("ftp-ls", "ftp-ls", "ftp-ls --parse <unix.txt"),
            by("cut | sort", "cut", "tr -d '\\r' <unix.txt | cut -b 59- | LC_ALL=C sort"),
        ],
    ),
    (
        "parse-unix",
        "names, as they come",
        &[
            by("ftp-ls -U", "ftp-ls", "ftp-ls --parse -U <unix.txt"),
            by("cut", "cut", "tr -d '\\r' <unix.txt | cut -b 59-"),
        ],
    ),
    (
        "parse-unix-long",
        "long, sorted",
        &[by("ftp-ls -l", "ftp-ls", "ftp-ls --parse -l <unix.txt")],
    ),
];

const MLSD: &[Form] = &[
    (
        "parse-mlsd-sorted",
        "names, sorted",
        &[
            by("ftp-ls", "ftp-ls", "ftp-ls --parse <mlsd.txt"),
            by("cut | sort", "cut", "tr -d '\\r' <mlsd.txt | cut -d ' ' -f 2- | LC_ALL=C sort"),
        ],
    ),
    (
        "parse-mlsd",
        "names, as they come",
        &[
            by("ftp-ls -U", "ftp-ls", "ftp-ls --parse -U <mlsd.txt"),
            by("cut", "cut", "tr -d '\\r' <mlsd.txt | cut -d ' ' -f 2-"),
        ],
    ),
    (
        "parse-mlsd-long",
        "long, sorted",
        &[by("ftp-ls -l", "ftp-ls", "ftp-ls --parse -l <mlsd.txt")],
    ),
];

/// LIST as vsftpd and most others send it.
///
/// # Errors
/// A contender fails, or gives other names.
pub fn unix(place: &Place) -> Result<(), String> {
    parse(place, "unix.txt", unix_facts, UNIX)
}

/// MLSD as ProFTPD sends it.
///
/// # Errors
/// A contender fails, or gives other names.
pub fn mlsd(place: &Place) -> Result<(), String> {
    parse(place, "mlsd.txt", mlsd_facts, MLSD)
}

fn parse(place: &Place, file: &str, facts: Facts, forms: &[Form]) -> Result<(), String> {
    let path = place.here.at(file);
    let bytes = write_listing(&path, facts).map_err(|error| format!("{file}: {error}"))?;
    for (key, form, contenders) in forms {
        let contest = Contest {
            key,
            task: &format!("{LINES} lines of {file}, {:.1} MB: {form}", bytes as f64 / 1e6),
            bytes: Some(bytes),
            around: "{} >/dev/null",
            contenders,
            reset: &|| Ok(()),
            proof: Proof::Lines(LINES),
            notes: &[],
        };
        contest.run(&Stage::new(place))?;
    }
    Ok(())
}

/// Gives back how many bytes it wrote.
fn write_listing(path: &Path, facts: Facts) -> io::Result<u64> {
    let mut out = BufWriter::new(File::create(path)?);
    let (mut random, mut name) = (Random::new(), String::new());
    for number in 0..LINES {
        facts(&mut out, number, &mut random)?;
        write_name(&mut name, number, &mut random);
        write!(out, "{name}\r\n")?;
    }
    out.into_inner()?.metadata().map(|file| file.len())
}

fn unix_facts(out: &mut dyn Write, _: u64, random: &mut Random) -> io::Result<()> {
    let (owner, group) = random.pick(&OWNERS).unwrap_or_default();
    let kind = random.pick(&KINDS).unwrap_or_default();
    let mode = if kind == "dir" { "drwxr-xr-x" } else { "-rw-r--r--" };
    let (size, [_, month, day, hour, minute, _]) = (size(random), moment(random));
    let month = MONTHS.get(usize::from(month) - 1).unwrap_or(&"Jan");
    write!(out, "{mode} {:4} {owner:<8} {group:<8} {size:10} {month} {day:2} ", 1)?;
    // Of one width: the peers count columns.
    match random.pick(&[false, true, true]) {
        Some(true) => write!(out, "{hour:02}:{minute:02} "),
        _ => write!(out, " 2024 "),
    }
}

fn mlsd_facts(out: &mut dyn Write, number: u64, random: &mut Random) -> io::Result<()> {
    let (owner, group) = random.pick(&OWNERS).unwrap_or_default();
    let kind = random.pick(&KINDS).unwrap_or_default();
    let (size, [year, month, day, hour, minute, second]) = (size(random), moment(random));
    write!(out, "modify=20{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02};perm=adfrw;")?;
    write!(out, "size={size};type={kind};unique=801U{number:X};UNIX.group=100;")?;
    write!(out, "UNIX.groupname={group};UNIX.mode=0644;UNIX.owner=1001;UNIX.ownername={owner}; ")
}

/// One directory in eight.
const KINDS: [&str; 8] = ["dir", "file", "file", "file", "file", "file", "file", "file"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Of any number of digits alike, as sizes are.
fn size(random: &mut Random) -> u64 {
    random.next() >> 32 >> (random.next() % 32)
}

/// Year of the century, month, day, hour, minute, second.
fn moment(random: &mut Random) -> [u8; 6] {
    let mut below = |limit: u64| u8::try_from(random.next() % limit).unwrap_or_default();
    [10 + below(16), 1 + below(12), 1 + below(28), below(24), below(60), below(60)]
}
