//! What became of one file, as an object of `--json`. `docs/JSON.md` has its form.

use std::time::Duration;

use crate::json::Object;

/// How it ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// It was done.
    Done,
    /// Nothing had to be done, or was to be.
    Skipped,
    /// It was not.
    Failed,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// What became of one file.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Its URL; `None` where the trouble is not with a file.
    pub url: Option<&'a [u8]>,
    /// The other end: a local path, or the URL of the destination.
    pub path: Option<&'a [u8]>,
    /// Bytes that were moved.
    pub bytes: Option<u64>,
    /// How long that took.
    pub time: Duration,
    /// How it ended.
    pub status: Status,
    /// Why not.
    pub error: Option<&'a str>,
    /// What it was verified by: `sha256:` and the sum.
    pub checksum: Option<&'a str>,
}

impl Record<'_> {
    /// The object, its line end included.
    pub fn line(&self) -> String {
        let mut object = Object::default();
        object.text("url", self.url);
        match self.path {
            Some(path) => object.name("path", path, path),
            None => object.raw("path", None),
        }
        object.raw("bytes", self.bytes.map(|bytes| bytes.to_string()).as_deref());
        object.raw("seconds", Some(&format!("{:.3}", self.time.as_secs_f64())));
        object.text("status", Some(self.status.word().as_bytes()));
        object.text("error", self.error.map(str::as_bytes));
        object.text("checksum", self.checksum.map(str::as_bytes));
        object.line()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_there() {
        let record = Record {
            url: Some(b"ftp://h/a"),
            path: Some(b"a\xff"),
            bytes: Some(5),
            time: Duration::from_millis(1500),
            status: Status::Done,
            error: None,
            checksum: Some("crc32:00000000"),
        };
        let line = "{\"url\":\"ftp://h/a\",\"path\":\"a\u{fffd}\",\"path_bytes\":\"a%FF\",\"bytes\":5,\
            \"seconds\":1.500,\"status\":\"done\",\"error\":null,\"checksum\":\"crc32:00000000\"}\n";
        assert_eq!(record.line(), line);
    }
}
