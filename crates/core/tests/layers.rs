//! The direction of imports: a file of the core uses only files listed before it, an outside crate is
//! named only behind its door, and the drawing in `docs/ARCHITECTURE.md` says the same. What the
//! files do is the matter of their own tests.
//!
//! The rules, where they are not plain:
//!
//! * Looked at are paths: `crate::`, `super::`, `self::`, and in a file with a folder of its own those
//!   that begin with one of its children. Comments, strings and `#[cfg(test)]` items do not count. A
//!   method is found with its type, so a call of one is not seen.
//! * A path through a re-export counts for the file that the item is written in.
//! * A file with a folder of its own (`wire/mod.rs`, `url.rs`) and its children are one module: the
//!   parent may use a child, and a child what the parent defines. Between children the order holds.
//! * What goes upwards all the same is in [`KNOTS`], inside one folder, with the reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

mod rust_paths;

use rust_paths::{Core, tokens};

/// The layers, lowest first, and in each the files, lowest first.
const LAYERS: [(&str, &[&str]); 6] = [
    (
        "data",
        &[
            "line.rs",
            "choices.rs",
            "path.rs",
            "secret.rs",
            "time.rs",
            "crlf.rs",
            "charset/guess.rs",
            "charset.rs",
            "reply.rs",
            "pattern.rs",
            "url/read.rs",
            "url.rs",
            "no_proxy.rs",
            "proxy.rs",
            "netrc.rs",
            "window.rs",
            "checksum.rs",
            "json.rs",
        ],
    ),
    (
        "meaning",
        &[
            "error.rs",
            "crowd.rs",
            "hints.rs",
            "newer.rs",
            "names.rs",
            "features.rs",
            "login.rs",
            "listing/entry.rs",
            "listing/fields.rs",
            "listing/mlsd.rs",
            "listing/words.rs",
            "listing/months.rs",
            "listing/totals.rs",
            "listing/ideographs.rs",
            "listing/dates.rs",
            "listing/unix.rs",
            "listing/dos.rs",
            "listing/netware.rs",
            "listing/netpresenz.rs",
            "listing/os2.rs",
            "listing/tandem.rs",
            "listing/vxworks.rs",
            "listing/bare.rs",
            "listing/blocks.rs",
            "listing/numeric_date.rs",
            "listing/eplf.rs",
            "listing/vms/columns.rs",
            "listing/vms.rs",
            "listing/mvs/dataset.rs",
            "listing/mvs/member.rs",
            "listing/mvs/job.rs",
            "listing/mvs.rs",
            "listing/vmcms.rs",
            "listing/os400.rs",
            "listing/reader.rs",
            "listing/roll.rs",
            "listing/record.rs",
            "listing/mod.rs",
        ],
    ),
    (
        "system",
        &[
            "sys/linux.rs",
            "sys/other.rs",
            "sys/folder.rs",
            "sys/portable.rs",
            "sys/signals.rs",
            "sys/mod.rs",
            "place.rs",
            "partial.rs",
            "local.rs",
            "spill.rs",
            "merge.rs",
            "kept.rs",
            "met.rs",
            "producer.rs",
            "ask.rs",
            "ending.rs",
            "waits.rs",
            "rate.rs",
            "pace.rs",
            "meter.rs",
            "seam.rs",
            "flow.rs",
            "copy.rs",
            "fan.rs",
            "rewind.rs",
            "turns.rs",
        ],
    ),
    (
        "wire",
        &[
            "wire/bytechars.rs",
            "wire/trace.rs",
            "wire/tickets.rs",
            "wire/verifiers.rs",
            "wire/revoked.rs",
            "wire/tls.rs",
            "wire/stream.rs",
            "wire/link.rs",
            "wire/control.rs",
            "wire/connect.rs",
            "wire/socks.rs",
            "wire/http_connect.rs",
            "wire/proxied.rs",
            "wire/active.rs",
            "wire/access.rs",
            "wire/knowledge.rs",
            "wire/account.rs",
            "wire/pulse.rs",
            "wire/session.rs",
            "wire/greet.rs",
            "wire/data.rs",
            "wire/list.rs",
            "wire/pair.rs",
            "wire/mod.rs",
        ],
    ),
    (
        "work",
        &[
            "deliver.rs",
            "look.rs",
            "parents.rs",
            "retry.rs",
            "servers.rs",
            "sizes.rs",
            "refusals.rs",
            "pool.rs",
            "resume.rs",
            "segments.rs",
            "begun.rs",
            "stored.rs",
            "resend.rs",
            "stage.rs",
            "relay.rs",
            "site_copy.rs",
            "spread.rs",
            "direct.rs",
            "clock.rs",
            "stamp.rs",
            "verify.rs",
            "endless.rs",
            "walk.rs",
            "expand.rs",
        ],
    ),
    (
        "face",
        &[
            "progress.rs",
            "record.rs",
            "report.rs",
            "cli/values.rs",
            "cli/operands.rs",
            "cli/flag.rs",
            "cli/help.rs",
            "cli/man.rs",
            "cli/complete/bash.rs",
            "cli/complete/zsh.rs",
            "cli/complete/fish.rs",
            "cli/complete.rs",
            "cli/parse.rs",
            "cli/options.rs",
            "cli/session_flags.rs",
            "cli/hosts.rs",
            "cli/faults.rs",
            "cli/mod.rs",
            "prepare/proxies.rs",
            "prepare.rs",
            "sources.rs",
            "workers.rs",
            "face.rs",
        ],
    ),
];

/// Layers that do no I/O and know no clock.
const PURE: [&str; 2] = ["data", "meaning"];

/// Imports that go upwards, inside one folder: from, to. A knot that is untied must go from here.
const KNOTS: [(&str, &str); 2] = [
    // A tool's table holds the rows that all tools share, which are rows like its own.
    ("cli/flag.rs", "cli/session_flags.rs"),
    // A session opens itself, and opens itself again when its TLS tickets have run out.
    ("wire/session.rs", "wire/greet.rs"),
];

/// Outside crates, and where alone they may be named; memchr may be named everywhere.
const DOORS: [(&str, &str); 16] = [
    ("suppaftp", "wire/"),
    ("rustls", "wire/"),
    ("rustls_native_certs", "wire/"),
    ("rustix", "sys/"),
    ("signal_hook", "sys/"),
    ("tempfile", "spill.rs"),
    ("sha2", "checksum.rs"),
    ("zeroize", "secret.rs"),
    ("indicatif", "progress.rs"),
    ("lexopt", "cli/"),
    ("shlex", "cli/options.rs cli/hosts.rs"),
    ("rpassword", "ask.rs"),
    ("encoding_rs", "charset.rs charset/guess.rs"),
    ("chardetng", "charset/guess.rs"),
    ("fastrand", "local.rs retry.rs stage.rs"),
    ("anyhow", "prepare.rs face.rs"),
];

const TOOLS: [&str; 5] = ["ftp-ls", "ftp-get", "ftp-put", "ftp-rm", "ftp-pipe"];

fn at(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn order() -> Vec<&'static str> {
    LAYERS.iter().flat_map(|(_, files)| files.iter().copied()).collect()
}

fn core() -> Core {
    Core::new(order().into_iter().map(|file| (file.to_owned(), text(&at("src").join(file)))))
}

/// All Rust files below `folder`, as paths relative to it.
fn rust_files(folder: &Path, below: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            found.extend(rust_files(&path, &format!("{name}/")));
        } else if name.ends_with(".rs") {
            found.insert(name);
        }
    }
    found
}

#[test]
fn every_file_has_its_place() {
    let mut files = rust_files(&at("src"), "");
    // `tests.rs` in a folder holds tests alone; `lib.rs` has no code.
    files.retain(|file| file != "lib.rs" && !file.ends_with("/tests.rs"));
    let listed: BTreeSet<String> = order().into_iter().map(str::to_owned).collect();
    assert_eq!(listed.len(), order().len(), "a file is listed twice");
    let missing: Vec<_> = files.difference(&listed).collect();
    assert!(missing.is_empty(), "give these a place in LAYERS and in the drawing: {missing:?}");
    let gone: Vec<_> = listed.difference(&files).collect();
    assert!(gone.is_empty(), "these are listed and not there: {gone:?}");
}

#[test]
fn imports_point_downwards() {
    let core = core();
    let upwards: BTreeSet<_> = core.upwards().into_iter().collect();
    let knots = KNOTS.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    let wrong: Vec<_> = upwards.difference(&knots).collect();
    assert!(wrong.is_empty(), "a file uses one that is listed after it: {wrong:?}");
    let untied: Vec<_> = knots.difference(&upwards).collect();
    assert!(untied.is_empty(), "these knots are untied; take them off the list: {untied:?}");
    for (from, to) in KNOTS {
        assert_eq!(from.split_once('/').map(|f| f.0), to.split_once('/').map(|t| t.0));
    }
}

#[test]
fn outside_crates_stay_behind_their_doors() {
    let core = core();
    for (krate, door) in DOORS {
        let named: Vec<_> = core.files_with(krate).collect();
        let inside = |file: &str| door.split(' ').any(|door| file.starts_with(door));
        let wrong: Vec<_> = named.iter().filter(|file| !inside(file)).collect();
        assert!(wrong.is_empty(), "{krate} is named outside {door}: {wrong:?}");
        assert!(!named.is_empty(), "{krate} is named nowhere");
    }
}

#[test]
fn the_tools_name_none_of_them() {
    for tool in TOOLS {
        let src = at("..").join(tool).join("src");
        let files = rust_files(&src, "");
        assert!(files.contains("main.rs"), "{tool} has no main.rs");
        for file in files {
            let tokens = tokens(&text(&src.join(&file)));
            for (krate, _) in DOORS.iter().filter(|(krate, _)| *krate != "anyhow") {
                assert!(!tokens.iter().any(|t| t == krate), "{tool}: {file} names {krate}");
            }
        }
    }
}

#[test]
fn the_lower_layers_do_no_io() {
    let core = core();
    let pure = LAYERS.iter().filter(|(layer, _)| PURE.contains(layer)).flat_map(|(_, f)| *f);
    for file in pure {
        for word in ["TcpStream", "TcpListener", "ToSocketAddrs", "Instant", "SystemTime"] {
            assert!(core.files_with(word).all(|found| found != *file), "{file} names {word}");
        }
        for module in ["fs", "env", "process", "thread"] {
            assert!(!core.has_sequence(file, &["std", "::", module]), "{file} names std::{module}");
        }
    }
}

/// The lines of the drawing: a file and what stands behind its arrow.
fn drawing() -> Vec<(String, String)> {
    let page = text(&at("../../docs/ARCHITECTURE.md"));
    let lines = page.lines().filter_map(|line| {
        let (before, uses) = line.split_once('←')?;
        let file = before.split_whitespace().next().filter(|word| word.ends_with(".rs"))?;
        Some((file.to_owned(), uses.trim().to_owned()))
    });
    lines.collect()
}

#[test]
fn the_drawing_has_the_same_order() {
    let drawn: Vec<_> = drawing().into_iter().map(|(file, _)| file).collect();
    assert_eq!(drawn, order());
}

#[test]
fn the_drawing_says_what_each_file_uses() {
    let core = core();
    let drawn: BTreeMap<_, _> = drawing().into_iter().collect();
    let wrong: Vec<String> = order()
        .into_iter()
        .filter(|file| drawn.get(*file) != Some(&core.uses_in_words(file)))
        .map(|file| format!("{file} ← {}", core.uses_in_words(file)))
        .collect();
    assert!(wrong.is_empty(), "docs/ARCHITECTURE.md must say:\n{}", wrong.join("\n"));
}

#[test]
fn the_root_names_every_module_in_this_order_and_has_no_code() {
    let root = text(&at("src/lib.rs"));
    let code: Vec<_> = root.lines().filter(|l| !l.starts_with("//!") && !l.is_empty()).collect();
    assert!(code.iter().all(|l| l.starts_with("pub mod ") && l.ends_with(';')), "{code:?}");
    let mut modules: Vec<&str> = Vec::new();
    for file in order() {
        let module = file.split(['/', '.']).next().unwrap();
        if modules.last() != Some(&module) {
            modules.push(module);
        }
    }
    let named = root.split("[`").skip(1).filter_map(|rest| rest.split_once("`]")).map(|n| n.0);
    let named = named.map(|name| name.trim_start_matches("mod@"));
    assert_eq!(named.collect::<Vec<_>>(), modules);
}
