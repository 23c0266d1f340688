//! What the tests of several formats ask of their parsers alike.

/// Reads every line of each sample, which must be as many entries as its JSON has lines.
pub(in crate::listing) fn every_line_is_an_entry(
    samples: &[(&[u8], &str)],
    reads: fn(&[u8]) -> bool,
) {
    for (sample, expected) in samples {
        let read = sample.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r"));
        let lines: Vec<_> = read.flatten().collect();
        for line in &lines {
            assert!(reads(line), "{}", line.escape_ascii());
        }
        assert_eq!(lines.len(), expected.lines().count());
    }
}

/// Cuts every line of each sample at every byte, and puts each of `bytes` in every place.
pub(in crate::listing) fn cut_and_altered(
    samples: &[(&[u8], &str)],
    bytes: &[u8],
    mut read: impl FnMut(&[u8], &[u8]),
) {
    for line in samples.iter().flat_map(|(sample, _)| sample.split(|&b| b == b'\n')) {
        for (at, &byte) in (0..line.len()).flat_map(|at| bytes.iter().map(move |b| (at, b))) {
            let mut altered = line.to_vec();
            altered[at] = byte;
            read(&altered, &line[..at]);
        }
    }
}
