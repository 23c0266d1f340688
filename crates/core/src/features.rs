//! What a server says it can do: the FEAT reply (RFC 2389 §3.2). What to do about it is for the
//! session to decide; a server may well do more than it says.

/// Lines kept of one reply; real servers send about thirty.
const MOST_LINES: usize = 256;

/// The features of a server. Names are compared without regard to case (RFC 2389 §2.2).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Features {
    /// MLSD and MLST (RFC 3659 §7). Pure-FTPd names MLSD as well as MLST, others only one.
    pub mlst: bool,
    /// Names in UTF-8 (RFC 2640); wants `OPTS UTF8 ON` on some servers.
    pub utf8: bool,
    /// SIZE (RFC 3659 §4).
    pub size: bool,
    /// MDTM (RFC 3659 §3).
    pub mdtm: bool,
    /// REST in stream mode (RFC 3659 §5): transfers can be resumed.
    pub rest_stream: bool,
    /// EPSV (RFC 2428).
    pub epsv: bool,
    /// EPRT (RFC 2428).
    pub eprt: bool,
    /// Paths are put together with `/` (RFC 3659 §6).
    pub tvfs: bool,
    /// MFMT: the time of a file can be set.
    pub mfmt: bool,
    /// PRET, before a passive data connection: distributed servers (DrFTPD).
    pub pret: bool,
    lines: Vec<Vec<u8>>,
}

impl Features {
    /// Reads the raw 211 reply, all its lines as received. Any other bytes give no features.
    pub fn parse(reply: &[u8]) -> Self {
        let lines = reply.split(|&b| b == b'\n').filter_map(feature).take(MOST_LINES);
        let mut found = Self { lines: lines.map(<[u8]>::to_vec).collect(), ..Self::default() };
        found.mlst = found.has(b"MLST") || found.has(b"MLSD");
        found.utf8 = found.has(b"UTF8") || found.has(b"UTF-8");
        found.size = found.has(b"SIZE");
        found.mdtm = found.has(b"MDTM");
        found.rest_stream = found.has(b"REST STREAM");
        found.epsv = found.has(b"EPSV");
        found.eprt = found.has(b"EPRT");
        found.tvfs = found.has(b"TVFS");
        found.mfmt = found.has(b"MFMT");
        found.pret = found.has(b"PRET");
        found
    }

    /// Whether a line of the reply is `name`, or is `name` and parameters (`REST STREAM`, `HASH`).
    pub fn has(&self, name: &[u8]) -> bool {
        self.parameters(name).is_some()
    }

    /// What follows `name` on its line: the facts after `MLST`, the algorithms after `HASH`.
    /// Empty when nothing does, `None` when the server does not name the feature.
    pub fn parameters(&self, name: &[u8]) -> Option<&[u8]> {
        self.lines.iter().find_map(|line| {
            let (head, rest) = line.split_at_checked(name.len())?;
            let ends = rest.is_empty() || rest.starts_with(b" ");
            (ends && head.eq_ignore_ascii_case(name)).then(|| rest.trim_ascii_start())
        })
    }
}

/// The feature on one line of the reply. The lines at its ends, `211-Features:` and `211 End`,
/// are words for people; between them some servers lead each line with `211-` and no blank.
fn feature(line: &[u8]) -> Option<&[u8]> {
    let text = match line {
        [b'2', b'1', b'1', b'-', rest @ ..] => rest,
        [b' ' | b'\t', rest @ ..] => rest,
        _ => return None,
    };
    // Feature lines are the server's tokens, never names: blanks at their ends mean nothing.
    let text = text.trim_ascii();
    (!text.is_empty() && !text.ends_with(b":")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFTPD: &[u8] =
        b"211-Features:\r\n CLNT\r\n EPRT\r\n EPSV\r\n LANG C.UTF-8*\r\n MDTM\r\n\
        \x20MFMT\r\n MLST modify*;perm*;size*;type*;\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n UTF8\r\n\
        211 End\r\n";
    const VSFTPD: &[u8] = b"211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n\
        \x20SIZE\r\n TVFS\r\n211 End\r\n";

    #[test]
    fn every_feature_named_is_found() {
        let all = Features::parse(PROFTPD);
        assert!(all.mlst && all.utf8 && all.size && all.mdtm && all.rest_stream);
        assert!(all.epsv && all.eprt && all.tvfs && all.mfmt && !all.pret);
        assert_eq!(all.parameters(b"mlst"), Some(&b"modify*;perm*;size*;type*;"[..]));
        assert_eq!(all.parameters(b"SIZE"), Some(&b""[..]));
        assert_eq!(all.parameters(b"HASH"), None);
    }

    #[test]
    fn vsftpd_has_neither_mlsd_nor_utf8() {
        let some = Features::parse(VSFTPD);
        assert!(!some.mlst && !some.utf8 && !some.mfmt && some.rest_stream && some.has(b"pasv"));
    }

    #[test]
    fn lines_led_by_the_code_and_other_case_count_too() {
        let odd = Features::parse(b"211-Extensions supported:\n211-size\n211-Rest Stream\n211 END");
        assert!(odd.size && odd.rest_stream && !odd.mdtm);
        assert!(!odd.has(b"END") && !odd.has(b"Extensions"));
    }

    #[test]
    fn a_longer_word_is_another_feature() {
        let none =
            Features::parse(b"211-x:\r\n SIZES\r\n MLSTX\r\n REST\r\n XMDTM\r\n211 SIZE\r\n");
        assert!(!none.size && !none.mlst && !none.rest_stream && !none.mdtm);
    }

    #[test]
    fn any_bytes_are_harmless() {
        for whole in [PROFTPD, VSFTPD, b"500 what?\r\n", b"\n\n\n", b"211-\n \n\xFF\n"] {
            for cut in 0..=whole.len() {
                let found = Features::parse(&whole[..cut]);
                assert!(found.lines.iter().all(|line| !line.is_empty()), "cut at {cut}");
            }
        }
        let flood = b" X\n".repeat(10 * MOST_LINES);
        assert_eq!(Features::parse(&flood).lines.len(), MOST_LINES);
    }
}
