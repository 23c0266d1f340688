//! ftp-pipe

fn main() {}
