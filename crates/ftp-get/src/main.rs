//! ftp-get

fn main() {}
