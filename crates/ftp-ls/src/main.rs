//! ftp-ls

fn main() {}
