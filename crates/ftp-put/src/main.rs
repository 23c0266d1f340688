//! ftp-put

fn main() {}
