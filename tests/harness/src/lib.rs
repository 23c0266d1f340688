//! A scripted FTP server and the runner of the tools, for tests only.
//!
//! In scope: cases as data (`tests/cases`, written as `tests/README.md` says), the built-in
//! server with faults, and both as a library for tests in plain Rust. Out of scope: TLS, real
//! servers, and anything the tools themselves need.
//!
//! The files, lowest first; each uses only those before it: `text` (the quoting language), `net`, `proxy`,
//! `transcript`, `control`, `lines`, `door`, `script`, `dialogue`, `auto`, `server`, `scratch`,
//! `invoke`, `expect`, `case`, `messages`, `suite`; `killed` uses none of them.
//!
//! ```
//! use harness::{Invocation, Scratch, Server, run};
//!
//! let mut server = Server::auto("file a.txt \"hello\"\nfault on PASS: reply 530 no").unwrap();
//! let scratch = Scratch::new().unwrap();
//! let url = format!("ftp://{}/a.txt", server.address());
//! let ran = run("echo".as_ref(), &Invocation::new([url]), &scratch).unwrap();
//! server.stop();
//! assert!(ran.status.success());
//! assert_eq!(server.transcript().commands().len(), 0);
//! ```

mod auto;
mod case;
mod control;
mod dialogue;
mod door;
mod expect;
mod invoke;
mod killed;
mod lines;
mod messages;
mod net;
mod proxy;
mod schema;
mod scratch;
mod script;
mod server;
mod suite;
mod text;
mod transcript;

pub use auto::tree::{Kind, Node, Tree};
pub use case::Case;
pub use invoke::{Invocation, Ran, run};
pub use killed::{Killed, content};
pub use proxy::{Harm, Manners, Proxy};
pub use scratch::Scratch;
pub use server::Server;
pub use suite::{cases, elsewhere, run_cases};
pub use transcript::{Event, Transcript};
