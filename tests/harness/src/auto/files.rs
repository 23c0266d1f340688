//! The commands of the built-in server that look at files and change them, without a data
//! connection. The files themselves are in `tree`.

use super::listing;
use super::session::{Flow, Session};
use super::setup::Renames;
use super::tree::{Kind, Node, Tree, parent};

impl Session {
    pub(super) fn change(&mut self, verb: &str, arg: &[u8]) -> Flow {
        let path = self.path(arg);
        let text = match verb {
            "MKD" => make_dir(&mut self.shared.tree(), &path),
            "RMD" => remove_dir(&mut self.shared.tree(), &path),
            "DELE" => delete(&mut self.shared.tree(), &path),
            "RNFR" if self.shared.tree().get(&path).is_some() => {
                self.rename_from = Some(path);
                b"350 to what?".to_vec()
            }
            "RNTO" => match self.rename_from.take() {
                Some(from) => self.rename(&from, &path),
                None => b"503 RNFR first".to_vec(),
            },
            _ => b"550 no such file".to_vec(),
        };
        self.reply(text)
    }

    fn rename(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut tree = self.shared.tree();
        match self.shared.setup.renames {
            Renames::Lie if tree.get(to).is_some() => b"250 renamed".to_vec(),
            Renames::Refuse if tree.get(to).is_some() => {
                b"553 Cannot create a file when that file already exists.".to_vec()
            }
            _ => rename(&mut tree, from, to),
        }
    }

    pub(super) fn facts(&mut self, verb: &str, arg: &[u8]) -> Flow {
        let text = match verb {
            "SITE" | "MFMT" => self.set_fact(verb, arg),
            "SIZE" if self.ascii => b"550 SIZE not allowed in ASCII mode".to_vec(),
            _ => {
                let path = self.path(arg);
                let tree = self.shared.tree();
                let path = if verb == "MLST" { path } else { tree.follow(&path) };
                let told = |node| fact(verb, &path, node, self.shared.setup.sizes.told(verb, node));
                tree.get(&path).map_or(b"550 no such file".to_vec(), told)
            }
        };
        self.reply(text)
    }

    fn set_fact(&mut self, verb: &str, arg: &[u8]) -> Vec<u8> {
        let arg = match verb {
            "SITE" => arg.strip_prefix(b"CHMOD ").unwrap_or(&[]),
            _ => arg,
        };
        let mut parts = arg.splitn(2, |b| *b == b' ');
        let (value, name) = (parts.next().unwrap_or(&[]), parts.next().unwrap_or(&[]));
        let mode = str::from_utf8(value).ok().and_then(|v| u32::from_str_radix(v, 8).ok());
        let path = self.path(name);
        let mut tree = self.shared.tree();
        match (tree.get_mut(&path), mode) {
            (Some(node), _) if verb == "MFMT" => {
                node.mtime = value.to_vec();
                [b"213 Modify=", value, b"; ", name].concat()
            }
            (Some(node), Some(mode)) => {
                node.mode = mode;
                b"200 mode set".to_vec()
            }
            _ => b"550 no such file or SITE command".to_vec(),
        }
    }
}

fn fact(verb: &str, path: &[u8], node: &Node, size: Option<usize>) -> Vec<u8> {
    match (verb, &node.kind) {
        ("MLST", _) => {
            let facts = listing::facts(node, size);
            [b"250-Listing\r\n ", facts.as_bytes(), b" ", path, b"\r\n250 End"].concat()
        }
        ("SIZE", Kind::File(_)) => {
            size.map_or("550 no size".to_owned(), |size| format!("213 {size}")).into_bytes()
        }
        ("MDTM", Kind::File(_)) => [b"213 ", node.mtime.as_slice()].concat(),
        _ => b"550 not a plain file".to_vec(),
    }
}

fn make_dir(tree: &mut Tree, path: &[u8]) -> Vec<u8> {
    if tree.get(path).is_some() {
        return b"550 file exists".to_vec();
    }
    if !tree.is_dir(&parent(path)) {
        return b"550 no such directory".to_vec();
    }
    tree.put(path, Node::new(Kind::Dir));
    quoted(path, "created")
}

fn remove_dir(tree: &mut Tree, path: &[u8]) -> Vec<u8> {
    if !tree.get(path).is_some_and(|node| node.kind == Kind::Dir) {
        return b"550 no such directory".to_vec();
    }
    if !tree.children(path).is_empty() || path == b"/" {
        return b"550 directory not empty".to_vec();
    }
    tree.remove(path);
    b"250 removed".to_vec()
}

fn delete(tree: &mut Tree, path: &[u8]) -> Vec<u8> {
    match tree.get(path).map(|node| &node.kind) {
        None => b"550 no such file".to_vec(),
        Some(Kind::Dir) => b"550 is a directory".to_vec(),
        Some(_) => {
            tree.remove(path);
            b"250 deleted".to_vec()
        }
    }
}

fn rename(tree: &mut Tree, from: &[u8], to: &[u8]) -> Vec<u8> {
    if !tree.is_dir(&parent(to)) || tree.is_dir(to) {
        return b"553 cannot rename to that".to_vec();
    }
    tree.rename(from, to);
    b"250 renamed".to_vec()
}

/// `257 "path" text`, quotes in the path doubled (RFC 959, appendix II).
pub fn quoted(path: &[u8], text: &str) -> Vec<u8> {
    let path = path.split(|b| *b == b'"').collect::<Vec<_>>().join(&b"\"\""[..]);
    [b"257 \"", path.as_slice(), b"\" ", text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_path_are_doubled() {
        assert_eq!(quoted(b"/a\"b", "x"), b"257 \"/a\"\"b\" x");
    }
}
