//! A directory of a million files on a real vsftpd: `ftp-ls` beside `curl -l | sort`.
//!
//! vsftpd has no MLSD, so ftp-ls reads its LIST, three times as many bytes as curl's NLST.

use std::{fs::File, path::Path};

use servers::{
    brand::Brand,
    cert,
    folder::Folder,
    server::{Ground, PASSWORD, Server, Tls, USER},
};

use crate::{
    contest::Contest,
    names::{Random, write_name},
    place::Place,
};

const FILES: u64 = 1_000_000;

/// Starts the server, fills its folder, measures.
///
/// # Errors
/// The server does not start, a contender fails or gives other names.
pub fn run(place: &Place) -> Result<(), String> {
    let papers = Folder::new("pki").map_err(|error| error.to_string())?;
    let pki = cert::make(&papers).map_err(|error| error.to_string())?;
    let ground =
        Ground { address: "127.0.0.1", within: &[], pki: &pki, most: None, built: &place.built };
    let server = Server::start(Brand::Vsftpd, Tls::Off, &ground)?;
    fill(server.root.path())
        .map_err(|error| format!("{}: {error}", server.root.path().display()))?;
    let url = server.url("/");
    let task = format!("{FILES} files in one directory of vsftpd: names, sorted");
    let ours = format!("ftp-ls {url}");
    let curl = format!("curl -s -l -u {USER}:{PASSWORD} {url}");
    let bytewise = format!("{curl} | LC_ALL=C sort");
    let local = format!("{curl} | sort");
    Contest { task: &task, lines: FILES, bytes: None, ours: &ours, peers: &[&bytewise, &local] }
        .run(place)
}

fn fill(folder: &Path) -> std::io::Result<()> {
    let (mut random, mut name) = (Random::new(), String::new());
    for number in 0..FILES {
        write_name(&mut name, number, &mut random);
        File::create(folder.join(&name))?;
    }
    Ok(())
}
