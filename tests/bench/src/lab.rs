//! Servers for a workload, near or far, and the files it begins and ends with.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::Path,
};

use servers::{
    brand::Brand,
    cert::{self, Pki},
    folder::Folder,
    guarded::Guarded,
    netns::{self, Namespaces},
    server::{Ground, Server, Tls},
};

use crate::{place::Place, stage::Stage};

/// How many small files a workload has, and how long each is.
pub const FILES: usize = 500;
/// See `FILES`.
pub const SMALL: usize = 4096;
/// Half the round-trip time of the links, in ms.
pub const ONE_WAY_MS: u32 = 10;

/// A certificate, and where servers are started from.
pub struct Lab<'a> {
    /// Where the work is done.
    pub place: &'a Place,
    /// The certificates.
    pub pki: Pki,
    _papers: Folder,
}

impl<'a> Lab<'a> {
    /// Makes the certificate.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(place: &'a Place) -> Result<Self, String> {
        let papers = Folder::new("pki").map_err(|error| error.to_string())?;
        let pki = cert::make(&papers).map_err(|error| error.to_string())?;
        Ok(Self { place, pki, _papers: papers })
    }

    /// A server on a loopback address.
    ///
    /// # Errors
    /// It does not come up.
    pub fn near(&self, brand: Brand, tls: Tls, address: &str) -> Result<Server, String> {
        Server::start(brand, tls, &self.ground(address, &[]))
    }

    /// A vsftpd in the server's namespace, whose data connections have so many bytes a second.
    ///
    /// # Errors
    /// It does not come up.
    pub fn far(&self, link: &Link, rate: Option<u32>) -> Result<Server, String> {
        let within = ["ip", "netns", "exec", &link.spaces.server];
        let ground = Ground { rate, ..self.ground("0.0.0.0", &within) };
        Server::start(Brand::Vsftpd, Tls::Off, &ground)
    }

    fn ground<'g>(&'g self, address: &'g str, within: &'g [&'g str]) -> Ground<'g> {
        let built = &self.place.built;
        Ground { address, within, pki: &self.pki, most: None, rate: None, built }
    }
}

/// A network with latency. It has to outlive its servers.
pub struct Link {
    spaces: Namespaces,
    _link: Guarded,
}

impl Link {
    /// With so many milliseconds one way.
    ///
    /// # Errors
    /// What the namespaces and the link say; they need root.
    pub fn new(place: &Place, one_way_ms: u32) -> Result<Self, String> {
        let spaces = Namespaces::new()?;
        let link = spaces.join(&place.built, one_way_ms)?;
        Ok(Self { spaces, _link: link })
    }

    /// On the client's side, `$A` being a server at the other end.
    pub fn stage<'a>(&self, place: &'a Place, server: &Server) -> Stage<'a> {
        Stage::new(place).within(&self.spaces.client).server("A", server, netns::SERVER)
    }
}

/// Makes `folder` an empty one, open to all.
///
/// # Errors
/// What the system says.
pub fn clear(parent: &Folder, folder: &str) -> Result<(), String> {
    let path = parent.at(folder);
    if path.exists() {
        fs::remove_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    parent.mkdir(folder)
}

/// Writes the small files, `f001` and so on, all different, to an empty `folder`.
///
/// # Errors
/// What the system says.
pub fn plant(parent: &Folder, folder: &str) -> Result<(), String> {
    clear(parent, folder)?;
    (1..=FILES)
        .try_for_each(|number| parent.write(format!("{folder}/{}", name(number)), content(number)))
}

/// Whether `folder` has the small files and nothing else.
///
/// # Errors
/// It has not.
pub fn is_planted(parent: &Folder, folder: &str) -> Result<(), String> {
    (1..=FILES).try_for_each(|number| {
        let path = format!("{folder}/{}", name(number));
        let same = parent.read(&path)? == content(number);
        same.then_some(()).ok_or_else(|| format!("{path} has other bytes"))
    })?;
    holds(parent, folder, FILES)
}

/// Whether `folder` has just so many entries.
///
/// # Errors
/// It has more or fewer.
pub fn holds(parent: &Folder, folder: &str, count: usize) -> Result<(), String> {
    let found = fs::read_dir(parent.at(folder)).map_err(|error| format!("{folder}: {error}"))?;
    let found = found.count();
    if found == count { Ok(()) } else { Err(format!("{folder} has {found} entries, not {count}")) }
}

/// The name of a small file.
pub fn name(number: usize) -> String {
    format!("f{number:03}")
}

fn content(number: usize) -> Vec<u8> {
    let line = format!("{number:07}\n");
    line.bytes().cycle().take(SMALL).collect()
}

/// Writes a large file: no two blocks alike, so that no order but the right one passes.
///
/// # Errors
/// What the system says.
pub fn write_large(path: &Path, bytes: u64) -> Result<(), String> {
    write_blocks(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn write_blocks(path: &Path, bytes: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut random = crate::names::Random::new();
    let noise: Vec<u8> = (0..8192).flat_map(|_| random.next().to_le_bytes()).collect();
    for number in 0..bytes / noise.len() as u64 {
        out.write_all(&number.to_le_bytes())?;
        out.write_all(noise.get(8..).unwrap_or_default())?;
    }
    out.flush()
}

/// Takes memory for so many bytes of files and gives it back. A virtual machine gets a page of memory
/// from its host when it touches it first, which takes longer than to copy it; whoever runs next would
/// pay for that, and nobody else.
///
/// # Errors
/// What the system says.
pub fn warm(folder: &Folder, bytes: u64) -> Result<(), String> {
    let path = folder.at("warm");
    let block = vec![0; 1 << 20];
    let fill = || {
        let mut out = File::create(&path)?;
        (0..bytes >> 20).try_for_each(|_| out.write_all(&block))?;
        fs::remove_file(&path)
    };
    fill().map_err(|error| format!("{}: {error}", path.display()))
}

/// Whether both files have the same bytes.
///
/// # Errors
/// They have not, or cannot be read.
pub fn are_same(one: &Path, other: &Path) -> Result<(), String> {
    let said = |error: io::Error| format!("{}: {error}", other.display());
    let [mut first, mut second] =
        [File::open(one).map_err(said)?, File::open(other).map_err(said)?];
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let read = first.read(&mut left).map_err(said)?;
        let there = right.get_mut(..read.max(1)).unwrap_or_default();
        if read == 0 {
            return match second.read(there).map_err(said)? {
                0 => Ok(()),
                _ => Err(format!("{} is too long", other.display())),
            };
        }
        second.read_exact(there).map_err(said)?;
        if left.get(..read) != Some(&*there) {
            return Err(format!("{} has other bytes", other.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_files_are_told_from_others() {
        let folder = Folder::new("planted").unwrap();
        plant(&folder, "in").unwrap();
        is_planted(&folder, "in").unwrap();
        folder.write("in/f007", "other").unwrap();
        assert_eq!(is_planted(&folder, "in"), Err("in/f007 has other bytes".to_owned()));
    }

    #[test]
    fn a_large_file_is_told_from_a_shorter_and_a_longer_one() {
        let folder = Folder::new("large").unwrap();
        for (name, mib) in [("a", 3), ("b", 2), ("c", 3)] {
            write_large(&folder.at(name), mib << 20).unwrap();
        }
        are_same(&folder.at("a"), &folder.at("c")).unwrap();
        assert!(are_same(&folder.at("a"), &folder.at("b")).is_err());
        assert!(are_same(&folder.at("b"), &folder.at("a")).is_err());
    }
}
