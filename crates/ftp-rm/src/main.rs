//! ftp-rm

fn main() {}
