//! Real FTP servers for tests: starts them, runs the five tools against them, tells what went wrong.
//!
//! In scope: vsftpd, ProFTPD, Pure-FTPd, pyftpdlib and the embedded libunftp, plain and with TLS, each
//! on loopback (or in a network namespace of ours) over a scratch folder. Not in scope: faults on
//! purpose, which the scripted server of package `harness` plays.
//!
//! ```text
//! folder   scratch folders                                ← nothing
//! guarded  a process that cannot outlive us               ← nothing
//! cert     a CA and a certificate                         ← nothing
//! between  a plain server under TLS, or cut               ← nothing
//! server   a running server: address, folder, limits      ← folder guarded
//! brand/*  how each server is configured and started      ← server cert folder guarded
//! fleet    every server and variant by name               ← brand
//! tools    runs a tool, checks code, stdout and stderr    ← server folder
//! netns    two network namespaces and the link            ← guarded
//! proxy    how each proxy is started                      ← server folder guarded
//! cases/*  what must hold on every server                 ← server tools folder
//! verdict  counts and prints                              ← nothing
//! ```

pub mod between;
pub mod brand;
pub mod cases;
pub mod cert;
pub mod fleet;
pub mod folder;
pub mod guarded;
pub mod netns;
pub mod proxy;
pub mod server;
pub mod tools;
pub mod verdict;
